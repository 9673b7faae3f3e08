"""All hours that bear on one visit, read in one trip: every booking asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic import prepared
from clinic.models import Location, Practitioner
from scheduling import wallclock
from scheduling.intervals import Interval, Spans
from scheduling.wallclock import Rule

_ALL = """
SELECT 'work', weekday, opens, closes, valid_from, valid_to, NULL::timestamptz, NULL::timestamptz, ''
  FROM scheduling_workinghours
 WHERE practitioner_id = %(who)s AND location_id = %(place)s
   AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to >= %(first)s)
UNION ALL
SELECT 'open', weekday, opens, closes, valid_from, valid_to, NULL, NULL, ''
  FROM scheduling_openinghours
 WHERE location_id = %(place)s AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to >= %(first)s)
UNION ALL
SELECT 'shut', NULL, NULL, NULL, starts_on, ends_on, NULL, NULL, name
  FROM scheduling_closure WHERE location_id = %(place)s AND starts_on <= %(last)s AND ends_on >= %(first)s
UNION ALL
SELECT 'extra', NULL, NULL, NULL, NULL, NULL, starts_at, ends_at, ''
  FROM scheduling_extrahours
 WHERE practitioner_id = %(who)s AND location_id = %(place)s AND starts_at < %(end)s AND ends_at > %(start)s
UNION ALL
SELECT 'away', NULL, NULL, NULL, NULL, NULL, starts_at, ends_at, ''
  FROM scheduling_absence WHERE practitioner_id = %(who)s AND starts_at < %(end)s AND ends_at > %(start)s
"""


@dataclass(frozen=True)
class HoursThen:
    """Around one visit: when the practitioner works, when the location is open, who is away, why it is shut."""

    works: Spans[datetime]
    open: Spans[datetime]
    away: bool
    #: The closure of the day on which the visit begins.
    closure: str | None


def around(who: Practitioner, place: Location, visit: Interval[datetime]) -> HoursThen:
    """Weekly and extra hours of this practitioner there; extra hours count on a closed day too. One query."""
    days = list(wallclock.days_touching(visit, place.tz))
    asked: dict[str, Any] = {
        "who": who.pk, "place": place.pk, "first": days[0], "last": days[-1], "start": visit.start, "end": visit.end,
    }  # fmt: skip
    rules: dict[str, list[Rule]] = {"work": [], "open": []}
    spans: dict[str, list[Interval[datetime]]] = {"extra": [], "away": []}
    closures: dict[object, str] = {}
    with prepared.ask(_ALL, asked) as cursor:
        for what, weekday, opens, closes, first, last, start, end, name in cursor.fetchall():
            if what in rules:
                rules[what].append(Rule(weekday, opens, closes, first, last))
            elif what in spans:
                spans[what].append(Interval(start, end))
            else:
                closures |= dict.fromkeys((day for day in days if first <= day <= last), name)
    extra = Spans.of(spans["extra"])
    return HoursThen(
        works=wallclock.open_spans(rules["work"], days, place.tz) | extra,
        open=wallclock.open_spans(rules["open"], [day for day in days if day not in closures], place.tz) | extra,
        away=bool(spans["away"]),
        closure=closures.get(days[0]),
    )
