"""Which new places disturb least, for all touched visits at once. Pure. See docs/algorithms/booking.md.

Each visit has options with what they take and what they cost. `assign` gives every visit one of its options or none,
so that no two take the same thing at the same time and the costs add up to the least.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import accumulate, combinations
from operator import or_

from scheduling.cells import cells

#: What each kind of disturbance weighs: data, so that a clinic can weigh otherwise.
WEIGHTS = {
    "another_known": 30,
    "another": 60,
    "who_they_asked_for": -20,
    "another_time": 70,
    "each_day": 12,
    "each_hour_of_the_day": 4,
    "earlier": 20,
    "not_their_language": 120,
    "not_as_they_like_it": 40,
}
#: No farther away counts more than this many days.
FARTHEST_DAYS = 30
#: What it costs to find no place: more than any place.
NO_PLACE = 1000
#: How many steps a search may take; what was best by then is taken.
STEPS = 5_000


@dataclass(frozen=True)
class Facts:
    """How a place differs from the one that the patient expects."""

    same_person: bool
    known: bool
    asked_for: bool
    speaks: bool
    likes_the_time: bool
    same_time: bool
    days_away: int
    #: By how much the hour of the day differs, in minutes.
    clock_shift: int
    earlier: bool
    #: Minutes of useless gaps that it leaves in a diary.
    waste: int = 0


def cost(facts: Facts) -> int:
    """The same time with somebody they know, then with a skilled colleague, then soon with the same, then near."""
    w, total = WEIGHTS, facts.waste // 10
    if not facts.same_person:
        total += w["another_known"] if facts.known else w["another"]
        total += w["who_they_asked_for"] if facts.asked_for else 0
    if not facts.same_time:
        total += w["another_time"] + w["each_day"] * min(facts.days_away, FARTHEST_DAYS)
        total += w["each_hour_of_the_day"] * facts.clock_shift // 60
        total += w["earlier"] if facts.earlier else 0
    total += 0 if facts.speaks else w["not_their_language"]
    total += 0 if facts.likes_the_time else w["not_as_they_like_it"]
    return total


@dataclass(frozen=True)
class Taking:
    """One thing, from and until when, buffers included: a practitioner, a room, a seat of a device, the patient."""

    thing: Hashable
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Spaced:
    """A session of a part of a plan, and how many days the plan wants between two of them."""

    part: int
    day: int
    apart: int


@dataclass(frozen=True)
class Option:
    """A place that a visit could have."""

    practitioner: int
    starts_at: datetime
    cost: int
    takes: tuple[Taking, ...] = ()
    session: Spaced | None = field(default=None)

    def excludes(self, other: Option) -> bool:
        """Whether two visits cannot have both."""
        if any(
            mine.thing == theirs.thing and mine.start < theirs.end and theirs.start < mine.end
            for mine in self.takes
            for theirs in other.takes
        ):
            return True
        mine, theirs = self.session, other.session
        return (
            mine is not None
            and theirs is not None
            and mine.part == theirs.part
            and abs(mine.day - theirs.day) < mine.apart
        )


def assign(wants: Sequence[Sequence[Option]], *, steps: int = STEPS) -> list[Option | None]:
    """For each visit one of its options or None: the least total cost, none counting NO_PLACE.

    Certain to be least unless a group of visits that compete takes more than `steps`; then the best found.
    """
    board = _Board.of(wants)
    chosen: list[Option | None] = [None] * len(wants)
    for group in board.groups():
        for visit, option in board.solve(group, steps).items():
            chosen[visit] = board.options[option]
    return chosen


@dataclass
class _Board:
    """All options numbered through, each visit's cheapest first; sets of options are bits of an integer."""

    options: list[Option]
    #: Per visit: the bits of its options.
    of_visit: list[int]
    whose: list[int]
    #: Per option: the bits of those that it rules out, of other visits.
    rules_out: list[int]

    @classmethod
    def of(cls, wants: Sequence[Sequence[Option]]) -> _Board:
        options: list[Option] = []
        whose: list[int] = []
        of_visit: list[int] = []
        for visit, theirs in enumerate(wants):
            ranked = sorted((o for o in theirs if o.cost < NO_PLACE), key=lambda o: (o.cost, o.starts_at))
            of_visit.append(((1 << len(ranked)) - 1) << len(options))
            options.extend(ranked)
            whose.extend([visit] * len(ranked))
        board = cls(options, of_visit, whose, [0] * len(options))
        board._rule_out_what_meets()
        board._rule_out_what_is_too_close()
        for number, visit in enumerate(whose):
            board.rules_out[number] &= ~of_visit[visit]
        return board

    def _rule_out_what_meets(self) -> None:
        """Two options that take one thing at one time. In order of their start, those that run when one begins are
        known from a heap, and those that begin while it runs lie between two places of that order."""
        by_thing: dict[Hashable, list[tuple[datetime, datetime, int]]] = defaultdict(list)
        for number, option in enumerate(self.options):
            for taking in option.takes:
                by_thing[taking.thing].append((taking.start, taking.end, number))
        for rows in by_thing.values():
            rows.sort()
            starts = [start for start, _, _ in rows]
            before = [0, *accumulate((1 << number for _, _, number in rows), or_)]
            running: list[tuple[datetime, int]] = []
            for start, end, number in rows:
                while running and running[0][0] <= start:
                    heappop(running)
                begun = before[bisect_left(starts, end)] & ~before[bisect_left(starts, start)]
                self.rules_out[number] |= begun
                for _, earlier in running:
                    self.rules_out[number] |= 1 << earlier
                heappush(running, (end, number))

    def _rule_out_what_is_too_close(self) -> None:
        """Sessions of one part of a plan keep their distance."""
        by_part: dict[int, list[int]] = defaultdict(list)
        for number, option in enumerate(self.options):
            if option.session:
                by_part[option.session.part].append(number)
        for numbers in by_part.values():
            for one, other in combinations(numbers, 2):
                if self.options[one].excludes(self.options[other]):
                    self.rules_out[one] |= 1 << other
                    self.rules_out[other] |= 1 << one

    def groups(self) -> list[list[int]]:
        """Visits that compete, directly or through others; each group can be solved by itself."""
        wanted = [0] * len(self.of_visit)
        for option, visit in enumerate(self.whose):
            wanted[visit] |= self.rules_out[option]
        left, groups = set(range(len(self.of_visit))), []
        while left:
            group, edge = set(), {left.pop()}
            while edge:
                group |= edge
                edge = {w for v in edge for w in left if wanted[v] & self.of_visit[w]}
                left -= edge
            groups.append(sorted(group))
        return groups

    def solve(self, group: list[int], steps: int) -> dict[int, int]:
        """Branch and bound: the bound lets every visit have its cheapest option that is not ruled out yet."""
        best: dict[int, int] = {}
        least = NO_PLACE * len(group) + 1
        left = steps

        def search(todo: frozenset[int], alive: int, spent: int, taken: dict[int, int]) -> None:
            nonlocal best, least, left
            left -= 1
            if spent + sum(self._cheapest(visit, alive) for visit in todo) >= least:
                return
            if not todo:
                best, least = dict(taken), spent
                return
            visit = min(todo, key=lambda v: ((alive & self.of_visit[v]).bit_count(), v))
            rest = todo - {visit}
            for option in cells(alive & self.of_visit[visit]):
                if left <= 0:
                    break
                taken[visit] = option
                search(rest, alive & ~self.rules_out[option], spent + self.options[option].cost, taken)
                del taken[visit]
            if left > 0 or not best:
                search(rest, alive, spent + NO_PLACE, taken)

        search(frozenset(group), sum(self.of_visit[visit] for visit in group), 0, {})
        return best

    def _cheapest(self, visit: int, alive: int) -> int:
        open_ = alive & self.of_visit[visit]
        return self.options[(open_ & -open_).bit_length() - 1].cost if open_ else NO_PLACE
