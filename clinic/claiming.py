"""Taking due messages out of the outbox for one lease, and the last look at them in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from clinic import breaker, last_look
from clinic.last_look import Answer, Later, Opens, Say, Stop
from clinic.messaging_states import WANTS_A_PERSON, Channel, Reason, State
from clinic.models import OutboundMessage

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinic.breaker import Turn

#: How long a sender may hold what it has only claimed: soon after it dies another one has it. Renewed while it goes on;
#: from the third attempt on twice as long each, up to eight times, so that a server too slow for it gets it in the end.
LEASE = timedelta(seconds=15)


@dataclass
class InHand:
    """A claimed message as this sender has it, with what the last look found besides its words."""

    message: OutboundMessage
    opens: tuple[Opens, ...] = ()
    #: Asked once more when it is let go; see last_look.Say.
    holds: Callable[[], bool] | None = None

    @property
    def is_simple(self) -> bool:
        """It speaks of nothing but its own subject."""
        return self.holds is None and not self.opens


@dataclass
class Claimed:
    """What one sender has in hand, until its lease ends."""

    going: list[InHand] = field(default_factory=list)
    #: How many were due and looked at.
    looked_at: int = 0
    #: What became of those that do not go.
    ended: dict[str, int] = field(default_factory=dict)
    turn: Turn | None = None


@transaction.atomic
def claim(*, now: datetime, limit: int, channel: str = Channel.EMAIL) -> Claimed:
    """Take up to `limit` due messages of one channel. What another sender has in hand is passed over.

    Senders claim for a channel one after the other, so of messages that belong together none is seen alone.
    """
    claimed = Claimed(turn=breaker.enter(channel, now=now, limit=limit))
    while claimed.turn and not claimed.going:
        free = OutboundMessage.objects.due(now, channel).select_for_update(skip_locked=True)
        batch = list(free[: claimed.turn.most])
        if not batch:
            break
        claimed.looked_at += len(batch)
        _split_again([message.uid for message in batch if message.attempt])
        answers = last_look.look(batch, now)
        claimed.going = _end_and_keep(batch, answers, claimed, now)
        _take(claimed.going, now)
        breaker.begin(channel, claimed.turn, len(claimed.going), now=now)
    return claimed


def _split_again(leaders: Collection[UUID]) -> None:
    """What these said for others in an attempt that failed is looked at anew, by itself."""
    if leaders:
        OutboundMessage.objects.said_by(leaders).update(
            state=State.PLANNED, reason="", settled_at=None, said_by_uid=None
        )


def _end_and_keep(
    batch: Sequence[OutboundMessage], answers: Mapping[UUID, Answer], claimed: Claimed, now: datetime
) -> list[InHand]:
    """Write down what does not go, and what is said otherwise; the others in their order."""
    going: list[InHand] = []
    said: set[UUID] = set()
    changed: list[tuple[OutboundMessage, dict[str, Any]]] = []
    for message in batch:
        answer = answers.get(message.uid, Say())
        if isinstance(answer, Say):
            if message.uid in said:
                continue
            changed += [(message, new)] if (new := answer.changes(message)) else []
            said |= _say_as_well(message, answer, now)
            going.append(InHand(message, answer.opens, answer.holds))
        else:
            state = _end(message, answer, now)
            claimed.ended[state] = claimed.ended.get(state, 0) + 1
    going = [hand for hand in going if hand.message.uid not in said]
    _write(changed)
    return going


def _say_as_well(leader: OutboundMessage, answer: Say, now: datetime) -> set[UUID]:
    others = [other for other in answer.with_ if other.uid != leader.uid]
    if others:
        OutboundMessage.objects.filter(pk__in=[other.pk for other in others]).update(
            state=State.SUPPRESSED,
            reason=Reason.DUPLICATE_CONTACT,
            settled_at=now,
            said_by_uid=leader.uid,
            needs_person=False,
        )
    return {other.uid for other in others}


def _end(message: OutboundMessage, answer: Stop | Later, now: datetime) -> State:
    row = OutboundMessage.objects.filter(pk=message.pk)
    if isinstance(answer, Later) and answer.at < message.too_late_at:
        row.update(next_try_at=answer.at)
        return State.PLANNED
    stop = answer if isinstance(answer, Stop) else Stop(Reason.QUIET_HOURS)
    wanted = stop.reason in WANTS_A_PERSON if stop.needs_person is None else stop.needs_person
    row.update(state=State.SUPPRESSED, reason=stop.reason, settled_at=now, needs_person=wanted)
    return State.SUPPRESSED


def _write(changed: Sequence[tuple[OutboundMessage, dict[str, Any]]]) -> None:
    """Other words, another address: one statement for those in which the same columns change."""
    alike: dict[tuple[str, ...], list[OutboundMessage]] = {}
    for message, new in changed:
        for name, value in new.items():
            setattr(message, name, value)
        alike.setdefault(tuple(sorted(new)), []).append(message)
    for names, messages in alike.items():
        OutboundMessage.objects.bulk_update(messages, names)


def _take(going: Sequence[InHand], now: datetime) -> None:
    for longer in {_longer(hand.message.attempt) for hand in going}:
        mine = [hand.message for hand in going if _longer(hand.message.attempt) == longer]
        lease_until = now + LEASE * longer
        OutboundMessage.objects.filter(pk__in=[message.pk for message in mine]).update(
            state=State.CLAIMED, attempt=F("attempt") + 1, lease_until=lease_until
        )
        for message in mine:
            message.state, message.attempt, message.lease_until = State.CLAIMED, message.attempt + 1, lease_until


def _longer(attempt: int) -> int:
    return int(2 ** min(max(attempt - 1, 0), 3))


def renew(hands: Sequence[InHand], now: datetime) -> None:
    """Hold what is still ours for another lease."""
    held = {hand.message.lease_until for hand in hands}
    for longer in {_longer(hand.message.attempt - 1) for hand in hands}:
        mine = [hand.message for hand in hands if _longer(hand.message.attempt - 1) == longer]
        lease_until = now + LEASE * longer
        # By the lease too: what another sender has claimed since has another one.
        OutboundMessage.objects.filter(
            pk__in=[message.pk for message in mine], state=State.CLAIMED, lease_until__in=held
        ).update(lease_until=lease_until)
        for message in mine:
            message.lease_until = lease_until
