"""When a location is open and who is there on some days: every rule and everything that interrupts it, in one query.

Also whether any group meets or any time is held then: mostly neither, and then nobody need ask for them. What is
found is in whole seconds since 1970, as everything that the diary is drawn from (`scheduling.diary_rows`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from clinic import prepared
from clinic.models import Location
from scheduling import wallclock
from scheduling.intervals import Interval, Spans
from scheduling.models import Absence
from scheduling.models.resources import LONGEST_CLAIM
from scheduling.wallclock import Rule


@dataclass(frozen=True)
class Away:
    """A practitioner is not there, and why in a word."""

    span: Interval[int]
    label: str


@dataclass
class Presence:
    opening: Spans[int]
    #: By practitioner: when they work while the location is open, and beyond that by extra hours.
    works: dict[int, Spans[int]] = field(default_factory=dict)
    away: defaultdict[int, list[Away]] = field(default_factory=lambda: defaultdict(list))
    has_groups: bool = False
    has_holds: bool = False


#: What makes a `Rule`.
_Raw = tuple[int, time, time, date, date | None]

#: Tagged rows: kind, whose, a weekly rule (weekday, from, until, first day, last day) or a span, and a word.
_RULES = """
SELECT 'open', NULL::bigint, weekday, opens, closes, valid_from, valid_to, NULL::bigint, NULL::bigint, ''
  FROM scheduling_openinghours WHERE location_id = %(place)s AND valid_from <= %(last)s
   AND (valid_to IS NULL OR valid_to >= %(first)s)
UNION ALL
SELECT 'works', w.practitioner_id, weekday, opens, closes, valid_from, valid_to, NULL, NULL, ''
  FROM scheduling_workinghours w JOIN clinic_practitioner p ON p.id = w.practitioner_id AND p.is_active
 WHERE w.location_id = %(place)s AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to >= %(first)s)
UNION ALL
SELECT 'shut', NULL, NULL, NULL, NULL, starts_on, ends_on, NULL, NULL, ''
  FROM scheduling_closure WHERE location_id = %(place)s AND starts_on <= %(last)s AND ends_on >= %(first)s
UNION ALL
SELECT 'extra', x.practitioner_id, NULL, NULL, NULL, NULL, NULL, extract(epoch FROM x.starts_at)::bigint,
       extract(epoch FROM x.ends_at)::bigint, ''
  FROM scheduling_extrahours x JOIN clinic_practitioner p ON p.id = x.practitioner_id AND p.is_active
 WHERE x.location_id = %(place)s AND x.starts_at < %(end)s AND x.ends_at > %(start)s
UNION ALL
SELECT 'away', practitioner_id, NULL, NULL, NULL, NULL, NULL, extract(epoch FROM starts_at)::bigint,
       extract(epoch FROM ends_at)::bigint, kind
  FROM scheduling_absence WHERE starts_at < %(end)s AND ends_at > %(start)s
UNION ALL
(SELECT 'groups', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '' FROM scheduling_groupsession
  WHERE location_id = %(place)s AND starts_at > %(start)s - %(longest)s AND starts_at < %(end)s LIMIT 1)
UNION ALL
(SELECT 'holds', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '' FROM scheduling_hold
  WHERE location_id = %(place)s AND starts_at > %(start)s - %(longest)s AND starts_at < %(end)s LIMIT 1)
"""


def of(location: Location, days: Sequence[date], span: Interval[datetime]) -> Presence:
    """What holds at the location on these days, which lie side by side and fill the span."""
    opening: list[Rule] = []
    weekly: dict[int, list[_Raw]] = defaultdict(list)
    extra: dict[int, list[Interval[int]]] = defaultdict(list)
    away: defaultdict[int, list[Away]] = defaultdict(list)
    shut: set[date] = set()
    besides: set[str] = set()
    facts: dict[str, Any] = {"place": location.pk, "first": days[0], "last": days[-1], "longest": LONGEST_CLAIM}
    with prepared.ask(_RULES, {**facts, "start": span.start, "end": span.end}) as cursor:
        for kind, who, weekday, opens, closes, first, last, start, end, why in cursor.fetchall():
            if kind == "open":
                opening.append(Rule(weekday, opens, closes, first, last))
            elif kind == "works":
                weekly[who].append((weekday, opens, closes, first, last))
            elif kind == "shut":
                shut.update(wallclock.days(max(first, days[0]), min(last, days[-1])))
            elif kind == "extra":
                extra[who].append(Interval(start, end))
            elif kind in ("groups", "holds"):
                besides.add(kind)
            else:
                away[who].append(Away(Interval(start, end), Absence.Kind(why).label))
    tz = location.tz
    is_open = wallclock.open_spans(opening, [day for day in days if day not in shut], tz)
    found = Presence(_seconds(is_open), away=away, has_groups="groups" in besides, has_holds="holds" in besides)
    # Most people keep the same hours: each set of rules is reckoned once. None: it says nothing of these days.
    known: dict[tuple[_Raw, ...], Spans[int] | None] = {}
    for who in weekly.keys() | extra.keys():
        rules = tuple(weekly[who])
        if rules not in known:
            holding = [rule for rule in (Rule(*raw) for raw in rules) if any(rule.holds_on(day) for day in days)]
            known[rules] = _seconds(wallclock.open_spans(holding, days, tz) & is_open) if holding else None
        usual = known[rules]
        if extra[who]:
            found.works[who] = (usual or Spans()) | Spans.of(extra[who])
        elif usual is not None:
            found.works[who] = usual
    return found


def _seconds(spans: Spans[datetime]) -> Spans[int]:
    return Spans(tuple(Interval(int(part.start.timestamp()), int(part.end.timestamp())) for part in spans))
