"""The sender: takes due messages out of the outbox and hands each one over at most once.

    claim (lease, last look)  →  stage (MAIL, RCPT)  →  COMMIT handing_over  →  DATA  →  COMMIT accepted

Killed before the middle commit, nothing has left: the message is claimed again. Killed after it, nobody can
know: it becomes `unknown` and a person decides. Guarantees and their proofs: docs/algorithms/outbox.md.
"""

from __future__ import annotations

import logging
import random
import time as machine
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When

from clinic import breaker, channels, claiming, handing_over, links, opt_outs
from clinic.access import SYSTEM
from clinic.channels import Channel, Down, Envelope, Refused, Uncertain
from clinic.claiming import Claimed, InHand
from clinic.messaging_states import WANTS_A_PERSON, Reason, State, check_transition
from clinic.models import Clinic, OptOut, OutboundMessage
from clinic.wording import spoken

log = logging.getLogger(__name__)

#: With less of the lease left it is renewed before the next message.
MARGIN = timedelta(seconds=10)
#: Waits of a message after refusals: this, doubled each time, never more than the last; a quarter more or less.
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

    def count(self, state: str, many: int = 1) -> None:
        if many:
            self.by_state[state] = self.by_state.get(state, 0) + many


@dataclass
class _Round:
    """One run over one channel: the line it keeps, and how it fares."""

    line: Channel
    clinic: Clinic | None
    clock: Clock
    until: datetime
    result: Delivered
    refusals: int = 0
    #: Whether the channel was away when this run began to try it.
    is_try: bool = False


def deliver_due(*, now: datetime, limit: int = 100, channel: str = "") -> Delivered:
    """Hand over what is due, up to `limit` a channel. Safe to run anywhere, any number of times at once."""
    return _deliver(now, seconds=600, batch=limit, channel=channel, once=True)


def deliver_all(*, now: datetime, seconds: float = 45, batch: int = 200, channel: str = "") -> Delivered:
    """Batch after batch until nothing is due or the time is up; on one channel, or on all in turn."""
    return _deliver(now, seconds=seconds, batch=batch, channel=channel, once=False)


def _deliver(now: datetime, *, seconds: float, batch: int, channel: str, once: bool) -> Delivered:
    """The channels in turn, a batch each, over lines that are kept for the whole run."""
    clock, result = running_from(now), Delivered()
    lines, clinic = channels.open_channels(), Clinic.objects.first()
    rounds = [
        _Round(line, clinic, clock, now + timedelta(seconds=seconds), result)
        for name, line in sorted(lines.items())
        if channel in ("", name)
    ]
    try:
        while rounds:
            rounds = [turn for turn in rounds if _batch(turn, batch) and not once]
    finally:
        for line in lines.values():
            line.close()
    if result.claimed:
        log.info("outbox: claimed %d, %s", result.claimed, result.by_state)
    return result


def _batch(turn: _Round, limit: int) -> bool:
    """One batch of one channel; whether there may be more to do at once."""
    now = turn.clock()
    if now >= turn.until:
        return False
    claimed = claiming.claim(now=now, limit=limit, channel=turn.line.name)
    turn.result.claimed += claimed.looked_at
    for state, many in claimed.ended.items():
        turn.result.count(state, many)
    return _hand_over_all(claimed, turn) and claimed.turn is not None and claimed.looked_at >= claimed.turn.most


def _hand_over_all(claimed: Claimed, turn: _Round) -> bool:
    """Each in its turn; False when the channel is away or the time is up, and the rest went back."""
    if claimed.turn is None:
        return False
    turn.is_try = claimed.turn.is_try
    for index, hand in enumerate(claimed.going):
        rest = [other.message for other in claimed.going[index:]]
        _pace(claimed.turn.begins_at + claimed.turn.apart * index, turn)
        now = turn.clock()
        if now >= turn.until:
            _put_all_back(rest, turn, detail="")
            return False
        if hand.message.lease_until is None or now + MARGIN > hand.message.lease_until:
            claiming.renew(claimed.going[index:], now)
        try:
            state = _hand_over_one(hand, turn)
        except Down as down:
            again = breaker.failed(turn.line.name, detail=str(down), now=turn.clock())
            log.warning("outbox: %s is away (%s), %d wait until %s", turn.line.name, down, len(rest), again)
            _put_all_back(rest, turn, detail=str(down))
            return False
        if state is not None:
            turn.result.count(state)
    return True


def _pace(slot: datetime, turn: _Round) -> None:
    """Wait for the slot, where the provider takes only so many a second."""
    if (wait := (slot - turn.clock()).total_seconds()) > 0:
        machine.sleep(wait)


def _hand_over_one(hand: InHand, turn: _Round) -> State | None:
    """One message from claimed to an end or back to planned; None when it was taken out of our hands."""
    message, now = hand.message, turn.clock()
    if now >= message.too_late_at:
        return settle(message, State.SUPPRESSED, now=now, reason=Reason.TOO_LATE)
    token = links.new_token() if message.link_purpose else ""
    try:
        turn.line.stage(_envelope(message, token, turn))
    except Refused as refusal:
        return _refused(message, refusal, turn)
    if not handing_over.begin(hand, token, now=turn.clock()):
        turn.line.back_out()
        return put_back(message, now=turn.clock(), detail="", wait=False)
    try:
        provider_id = turn.line.hand_over()
    except Refused as refusal:
        return _refused(message, refusal, turn)
    except Uncertain as lost:
        return settle(message, State.UNKNOWN, now=turn.clock(), reason=Reason.CONNECTION_LOST, detail=str(lost))
    known = handing_over.surely(lambda: handing_over.accepted(message, provider_id=provider_id, now=turn.clock()))
    _answered(turn)
    return State.ACCEPTED if known else None


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
        link_label=spoken(message.language).label(message.link_purpose),
        unsubscribe=opt_outs.link_of(message),
    )


def _refused(message: OutboundMessage, refusal: Refused, turn: _Round) -> State | None:
    """The server does not have it: for good it has failed, for now it is tried again later."""
    now = turn.clock()
    if refusal.for_good:
        _answered(turn)
        if refusal.reason == Reason.OPTED_OUT:
            return _wants_no_more(message, refusal, now)
        return settle(message, State.FAILED, now=now, reason=refusal.reason, detail=refusal.detail)
    turn.refusals += 1
    state = put_back(message, now=now, detail=refusal.detail)
    if turn.is_try or turn.refusals >= TOO_MANY_REFUSALS:
        raise Down(refusal.detail)
    return state


def _wants_no_more(message: OutboundMessage, refusal: Refused, now: datetime) -> State | None:
    """The provider was told so by the phone itself: from now on we know it too."""
    opt_outs.record(
        channel=message.channel, address=message.to_address, source=OptOut.Source.PROVIDER, by=SYSTEM, now=now
    )
    return settle(message, State.SUPPRESSED, now=now, reason=Reason.OPTED_OUT, detail=refusal.detail)


def _answered(turn: _Round) -> None:
    """The server is there: what it said of this message, it said of none before."""
    turn.refusals = 0
    if turn.is_try:
        turn.is_try = False
        breaker.answered(turn.line.name)


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
) -> State | None:
    """Write down how it ended, other than well. None: the sweeper or a cancellation came first."""
    check_transition(message.state, state)
    changes: dict[str, object] = {
        "state": state,
        "reason": reason,
        "detail": detail[:60],
        "settled_at": now,
        "lease_until": None,
        "needs_person": _unless_void() if reason in WANTS_A_PERSON else False,
    }
    if state == State.SUPPRESSED:
        changes["handing_over_at"] = None
    return state if _held(message).update(**changes) else None


def _unless_void() -> Case:
    """Nobody needs to be told of what was stopped while we were handing it over."""
    return Case(When(void_reason="", then=Value(True)), default=Value(False))


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


def _put_all_back(batch: Sequence[OutboundMessage], turn: _Round, *, detail: str) -> None:
    """What was only claimed is due again as it was: nothing was tried with it."""
    mine = [message for message in batch if message.state == State.CLAIMED]
    if mine:
        held = OutboundMessage.objects.filter(
            pk__in=[message.pk for message in mine],
            state=State.CLAIMED,
            lease_until__in={message.lease_until for message in mine},
        )
        back = held.update(state=State.PLANNED, lease_until=None, detail=detail[:60], next_try_at=turn.clock())
        turn.result.count(State.PLANNED, back)


def wait_after(attempt: int) -> timedelta:
    """5 s, 10 s, 20 s … 15 min, each a quarter more or less, so that not all come back at once."""
    base = min(FIRST_WAIT * 2 ** min(attempt - 1, 20), LONGEST_WAIT)
    return base * random.uniform(0.75, 1.25)  # noqa: S311 -- spreads load, hides nothing
