"""The sum of a day: all that fell due, and what became of each; it has to add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from clinic.messaging_states import OPEN, TAKEN, Channel, Reason, State
from clinic.models import OutboundMessage

#: A message this long past its time has not just been overtaken by the tick.
OVERDUE = timedelta(minutes=15)


@dataclass(frozen=True)
class Reckoning:
    """All that fell due in a period, by what became of it."""

    due: int
    by_state: dict[str, int]
    #: Should have been settled by now and is not: the sender is away or stuck.
    overdue: int = 0
    needing_a_person: int = 0

    @property
    def sent(self) -> int:
        return sum(self.by_state.get(state, 0) for state in TAKEN)

    @property
    def unknown(self) -> int:
        return self.by_state.get(State.UNKNOWN, 0)

    @property
    def not_sent(self) -> int:
        return self.by_state.get(State.SUPPRESSED, 0) + self.by_state.get(State.FAILED, 0)

    @property
    def waiting(self) -> int:
        return sum(self.by_state.get(state, 0) for state in OPEN)

    @property
    def balances(self) -> bool:
        """Every message is in exactly one state that we know: due = sent + not sent + unknown + waiting."""
        return self.due == self.sent + self.not_sent + self.unknown + self.waiting


def reconcile(*, since: datetime, until: datetime, now: datetime) -> Reckoning:
    """Add up what fell due in [since, until). Counts the whole and the parts apart, so that they can disagree."""
    due = OutboundMessage.objects.filter(due_at__gte=since, due_at__lt=until)
    late = Q(state__in=OPEN, due_at__lt=now - OVERDUE)
    whole = due.aggregate(
        all=Count("pk"),
        overdue=Count("pk", filter=late),
        person=Count("pk", filter=Q(needs_person=True, resolved_at__isnull=True, too_late_at__gt=now)),
    )
    parts: Iterable[tuple[str, int]] = due.order_by().values_list("state").annotate(Count("pk"))
    return Reckoning(due=whole["all"], by_state=dict(parts), overdue=whole["overdue"], needing_a_person=whole["person"])


@dataclass(frozen=True)
class Day:
    """A day's sum for each channel and together, and why what was not sent was not."""

    channels: dict[str, Reckoning]
    #: (state, reason, how many), the most frequent first.
    reasons: list[tuple[State, Reason, int]]

    @property
    def together(self) -> Reckoning:
        sums: dict[str, int] = {}
        for one in self.channels.values():
            for state, count in one.by_state.items():
                sums[state] = sums.get(state, 0) + count
        return Reckoning(sum(one.due for one in self.channels.values()), sums)


def of_day(*, since: datetime, until: datetime) -> Day:
    """What fell due in [since, until), by channel. Two queries: the whole and the parts are counted apart."""
    due = OutboundMessage.objects.filter(due_at__gte=since, due_at__lt=until).order_by()
    whole = dict(due.values_list("channel").annotate(Count("pk")))
    parts = list(due.values_list("channel", "state", "reason").annotate(Count("pk")))
    by_channel: dict[str, dict[str, int]] = {channel: {} for channel in Channel}
    why: dict[tuple[State, Reason], int] = {}
    for channel, state, reason, count in parts:
        mine = by_channel[channel]
        mine[state] = mine.get(state, 0) + count
        if reason:
            key = State(state), Reason(reason)
            why[key] = why.get(key, 0) + count
    return Day(
        channels={channel: Reckoning(whole.get(channel, 0), by_channel[channel]) for channel in Channel},
        reasons=[(*key, count) for key, count in sorted(why.items(), key=lambda item: (-item[1], item[0]))],
    )
