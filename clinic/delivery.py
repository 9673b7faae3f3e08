"""The sender: takes due messages out of the outbox and hands each one over at most once.

    claim (lease, attempt)  →  stage (MAIL, RCPT)  →  COMMIT handing_over  →  DATA  →  COMMIT accepted

Killed before the middle commit, nothing has left: the message is claimed again. Killed after it, nobody can
know: it becomes `unknown` and a person decides. Guarantees and their proofs: docs/algorithms/outbox.md.
"""

from __future__ import annotations

import logging
import random
import time as machine
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, F, QuerySet, Value, When

from clinic import channels, links
from clinic.channels import Channel, Down, Envelope, Refused, Uncertain
from clinic.links import Purpose
from clinic.messaging_states import WANTS_A_PERSON, Reason, State, check_transition
from clinic.models import Clinic, OutboundMessage

log = logging.getLogger(__name__)

#: How long a sender may hold what it claimed; longer than the slowest server takes for one message.
LEASE = timedelta(minutes=3)
#: Of the lease, what must be left to begin handing over.
MARGIN = timedelta(minutes=1)
#: Waits after refusals: this, doubled each time, never more than the last; jittered by a quarter.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=15)
#: So many refusals for now in a row mean that the server is unwell, not the addresses.
TOO_MANY_REFUSALS = 3

Clock = Callable[[], datetime]


def running_from(now: datetime) -> Clock:
    """The caller's clock, moved on by what has really passed: a batch may take a while."""
    started = machine.monotonic()
    return lambda: now + timedelta(seconds=machine.monotonic() - started)


@dataclass
class Delivered:
    """What one run did, in counts; fit for a log."""

    claimed: int = 0
    by_state: dict[str, int] = field(default_factory=dict)

    def count(self, state: str) -> None:
        self.by_state[state] = self.by_state.get(state, 0) + 1


@dataclass
class _Round:
    """One run over one channel: the line it keeps, and how it fares."""

    line: Channel
    clinic: Clinic | None
    clock: Clock
    result: Delivered
    refusals: int = 0


def deliver_due(*, now: datetime, limit: int = 100) -> Delivered:
    """Claim what is due, up to `limit`, and hand it over. Safe to run anywhere, any number of times at once."""
    clock, result = running_from(now), Delivered()
    batch = claim(now=now, limit=limit)
    result.claimed = len(batch)
    if not batch:
        return result
    lines = channels.open_channels()
    clinic = Clinic.objects.first()
    try:
        for name in sorted({message.channel for message in batch}):
            mine = [message for message in batch if message.channel == name]
            if name in lines:
                _deliver(mine, _Round(lines[name], clinic, clock, result))
            else:
                _put_back(mine, clock(), detail="channel not configured", result=result)
    finally:
        for line in lines.values():
            line.close()
    log.info("outbox: claimed %d, %s", result.claimed, result.by_state)
    return result


def deliver_all(*, now: datetime, seconds: float = 45, batch: int = 100) -> Delivered:
    """Batch after batch until nothing is due or the time is up."""
    clock, total = running_from(now), Delivered()
    until = now + timedelta(seconds=seconds)
    while clock() < until:
        done = deliver_due(now=clock(), limit=batch)
        total.claimed += done.claimed
        for state, count in done.by_state.items():
            total.by_state[state] = total.by_state.get(state, 0) + count
        if done.claimed < batch:
            break
    return total


@transaction.atomic
def claim(*, now: datetime, limit: int) -> list[OutboundMessage]:
    """Take up to `limit` due messages for one lease; what another sender has in hand is passed over."""
    batch = list(OutboundMessage.objects.due(now).select_for_update(skip_locked=True)[:limit])
    lease_until = now + LEASE
    OutboundMessage.objects.filter(pk__in=[message.pk for message in batch]).update(
        state=State.CLAIMED, attempt=F("attempt") + 1, lease_until=lease_until
    )
    for message in batch:
        message.state, message.attempt, message.lease_until = State.CLAIMED, message.attempt + 1, lease_until
    return batch


def _deliver(batch: list[OutboundMessage], turn: _Round) -> None:
    for index, message in enumerate(batch):
        rest = batch[index:]
        if message.lease_until is None or turn.clock() + MARGIN > message.lease_until:
            _put_back(rest, turn.clock(), detail="lease nearly over", result=turn.result, wait=False)
            return
        try:
            state = _deliver_one(message, turn)
        except Down as down:
            log.warning("outbox: %s is away (%s), %d wait", turn.line.name, down, len(rest))
            _put_back(rest, turn.clock(), detail=str(down), result=turn.result)
            return
        if state is not None:
            turn.result.count(state)


def _deliver_one(message: OutboundMessage, turn: _Round) -> State | None:
    """One message from claimed to an end or back to planned; None when it was taken out of our hands."""
    now = turn.clock()
    if now >= message.too_late_at:
        return settle(message, State.SUPPRESSED, now=now, reason=Reason.TOO_LATE)
    token = links.new_token() if message.link_purpose else ""
    try:
        turn.line.stage(_envelope(message, token, turn))
    except Refused as refusal:
        return _refused(message, refusal, turn)
    if not _begin_hand_over(message, token, now=turn.clock()):
        turn.line.back_out()
        return None
    try:
        provider_id = turn.line.hand_over()
    except Refused as refusal:
        return _refused(message, refusal, turn)
    except Uncertain as lost:
        return settle(message, State.UNKNOWN, now=turn.clock(), reason=Reason.CONNECTION_LOST, detail=str(lost))
    turn.refusals = 0
    return _surely(lambda: settle(message, State.ACCEPTED, now=turn.clock(), provider_id=provider_id))


@transaction.atomic
def _begin_hand_over(message: OutboundMessage, token: str, *, now: datetime) -> bool:
    """Commit that the content goes out next, and that its link works from now on.

    False: it was stopped, or another sender has it, so it must not leave. The fence: of a cancellation and
    this, whoever comes second waits for the row and then finds it changed.
    """
    mine = OutboundMessage.objects.filter(
        pk=message.pk, state=State.CLAIMED, attempt=message.attempt, lease_until__gt=now
    )
    if not mine.update(state=State.HANDING_OVER, handing_over_at=now):
        return False
    message.state, message.handing_over_at = State.HANDING_OVER, now
    if message.link_purpose and message.link_expires_at:
        links.issue(
            purpose=message.link_purpose,
            subject_uid=message.subject_uid,
            subject_version=message.subject_version,
            message_uid=message.uid,
            expires_at=message.link_expires_at,
            now=now,
            token=token,
        )
    return True


def _envelope(message: OutboundMessage, token: str, turn: _Round) -> Envelope:
    link = links.url_for(token, message.link_purpose) if token else ""
    return Envelope(
        message_id=message.message_id,
        to_name=message.to_name,
        to_address=message.to_address,
        sender_name=turn.clinic.sender if turn.clinic else "",
        title=message.title,
        text=message.text.replace("{link}", link),
        html=message.html.replace("{link}", link),
        language=message.language,
        at=turn.clock(),
        calendar=message.calendar,
        link_label=links.LABELS.get(Purpose(message.link_purpose), "Open") if message.link_purpose else "Open",
    )


def _refused(message: OutboundMessage, refusal: Refused, turn: _Round) -> State | None:
    """The server does not have it: for good it has failed, for now it is tried again later."""
    now = turn.clock()
    if refusal.for_good:
        return settle(message, State.FAILED, now=now, reason=refusal.reason, detail=refusal.detail)
    turn.refusals += 1
    state = put_back(message, now=now, detail=refusal.detail)
    if turn.refusals >= TOO_MANY_REFUSALS:
        raise Down(refusal.detail)
    return state


# -- Steps, each fenced by the attempt that was claimed ------------------------------------------------


def _held(message: OutboundMessage) -> QuerySet[OutboundMessage]:
    """The row, if this sender still has it in hand."""
    return OutboundMessage.objects.filter(pk=message.pk, state=message.state, attempt=message.attempt)


def settle(
    message: OutboundMessage,
    state: State,
    *,
    now: datetime,
    reason: str = "",
    detail: str = "",
    provider_id: str = "",
) -> State | None:
    """Write down how it ended. None: it was no longer ours (the sweeper or a cancellation came first)."""
    check_transition(message.state, state)
    changes: dict[str, object] = {
        "state": state,
        "reason": reason,
        "detail": detail[:60],
        "settled_at": now,
        "lease_until": None,
        "needs_person": _unless_void() if reason in WANTS_A_PERSON else False,
    }
    if state == State.ACCEPTED:
        changes |= {"accepted_at": now, "provider_id": provider_id}
    if state == State.SUPPRESSED:
        changes["handing_over_at"] = None
    if _held(message).update(**changes):
        return state
    return State.ACCEPTED if state == State.ACCEPTED and _known_after_all(message, changes) else None


def _unless_void() -> Case:
    """Nobody needs to be told of what was stopped while we were handing it over."""
    return Case(When(void_reason="", then=Value(True)), default=Value(False))


def _known_after_all(message: OutboundMessage, changes: dict[str, object]) -> int:
    """The sender was only slow: what the sweeper gave up as unknown was accepted."""
    given_up = OutboundMessage.objects.filter(
        pk=message.pk, state=State.UNKNOWN, attempt=message.attempt, resolved_at__isnull=True
    )
    return given_up.update(**changes)


@transaction.atomic
def put_back(message: OutboundMessage, *, now: datetime, detail: str, wait: bool = True) -> State | None:
    """Plan it again, later and later; unless it was stopped meanwhile or would come too late."""
    row = _held(message).select_for_update().first()
    if row is None:
        return None
    row.detail, row.lease_until, row.handing_over_at = detail[:60], None, None
    row.next_try_at = now + wait_after(row.attempt) if wait else now
    _revoke_what_was_not_sent(row, now)
    if row.void_reason:
        row.state, row.reason, row.settled_at = State.SUPPRESSED, row.void_reason, now
    elif row.next_try_at >= row.too_late_at:
        row.state, row.reason, row.settled_at = State.SUPPRESSED, Reason.TOO_LATE, now
        row.needs_person = True
    else:
        row.state = State.PLANNED
    check_transition(message.state, row.state)
    row.save()
    return State(row.state)


def _revoke_what_was_not_sent(message: OutboundMessage, now: datetime) -> None:
    if message.link_purpose:
        links.revoke_of_message(message.uid, now)


def _put_back(
    batch: list[OutboundMessage], now: datetime, *, detail: str, result: Delivered, wait: bool = True
) -> None:
    for message in batch:
        if message.state == State.CLAIMED and (state := put_back(message, now=now, detail=detail, wait=wait)):
            result.count(state)


def wait_after(attempt: int) -> timedelta:
    """5 s, 10 s, 20 s … 15 min, each a quarter more or less, so that not all come back at once."""
    base = min(FIRST_WAIT * 2 ** min(attempt - 1, 20), LONGEST_WAIT)
    return base * random.uniform(0.75, 1.25)  # noqa: S311 -- spreads load, hides nothing


#: Waits while the database is away and we hold an answer of the server that must not be lost.
_PATIENCE = (0.2, 0.5, 1, 2, 4, 8)


def _surely(step: Callable[[], State | None]) -> State | None:
    """Write down what we know even if the database goes away for a moment: else it would count as unknown."""
    for wait in _PATIENCE:
        try:
            return step()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            log.warning("outbox: the database is away, what was accepted waits to be written down")
            connection.close()
            machine.sleep(wait)
    return step()


# -- After the fact ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Swept:
    """What the sweeper found."""

    reclaimed: int
    unknown: int
    too_late: int


@transaction.atomic
def sweep(*, now: datetime) -> Swept:
    """Deal with what senders left behind when their lease ended, and with what has become too late."""
    free = OutboundMessage.objects.select_for_update(skip_locked=True)
    over = list(free.in_hand().filter(lease_until__lte=now).values_list("pk", "state", "void_reason"))
    stale = list(free.due(now).filter(too_late_at__lte=now).values_list("pk", flat=True))
    reclaimed = _rows(pk for pk, state, _ in over if state == State.CLAIMED)
    moot = _rows(pk for pk, state, void in over if state == State.HANDING_OVER and void)
    unknown = _rows(pk for pk, state, void in over if state == State.HANDING_OVER and not void)
    found = Swept(
        reclaimed=reclaimed.update(state=State.PLANNED, lease_until=None, next_try_at=now),
        unknown=moot.update(**_unknown(now, needs_person=False)) + unknown.update(**_unknown(now, needs_person=True)),
        too_late=_rows(stale).update(state=State.SUPPRESSED, reason=Reason.TOO_LATE, settled_at=now, needs_person=True),
    )
    if over or stale:
        log.warning("outbox: %s", found)
    return found


def _rows(pks: Iterable[int]) -> QuerySet[OutboundMessage]:
    return OutboundMessage.objects.filter(pk__in=list(pks))


def _unknown(now: datetime, *, needs_person: bool) -> dict[str, object]:
    return {
        "state": State.UNKNOWN,
        "reason": Reason.WORKER_LOST,
        "settled_at": now,
        "lease_until": None,
        "needs_person": needs_person,
    }
