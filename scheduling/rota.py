"""Who works when at a location and when it is open: every rule and exception of a span, read in one statement.

Composed by hand because it is asked with every question about free times, and once for each of its five tables the
composing took longer than the reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from clinic import prepared
from clinic.models import Location
from scheduling import cells, wallclock
from scheduling.intervals import Interval, Spans
from scheduling.wallclock import Rule

_SQL = """
SELECT found.* FROM (
WITH able AS MATERIALIZED (
  SELECT id FROM clinic_practitioner
  WHERE is_active AND discipline = ANY(%(disciplines)s) AND skills @> %(skills)s::varchar[]
    AND (%(people)s::bigint[] IS NULL OR id = ANY(%(people)s::bigint[]))
)
SELECT 'open'::text, NULL::bigint, weekday, opens, closes, valid_from, valid_to, NULL::timestamptz, NULL::timestamptz
  FROM scheduling_openinghours
  WHERE location_id = %(location)s AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to >= %(first)s)
UNION ALL
SELECT 'shut', NULL, NULL, NULL, NULL, starts_on, ends_on, NULL, NULL
  FROM scheduling_closure WHERE location_id = %(location)s AND starts_on <= %(last)s AND ends_on >= %(first)s
UNION ALL
SELECT 'works', practitioner_id, weekday, opens, closes, valid_from, valid_to, NULL, NULL
  FROM scheduling_workinghours JOIN able ON able.id = practitioner_id
  WHERE location_id = %(location)s AND valid_from <= %(last)s AND (valid_to IS NULL OR valid_to >= %(first)s)
    AND weekday = ANY(%(weekdays)s)
UNION ALL
SELECT 'extra', practitioner_id, NULL, NULL, NULL, NULL, NULL, starts_at, ends_at
  FROM scheduling_extrahours JOIN able ON able.id = practitioner_id
  WHERE location_id = %(location)s AND starts_at < %(end)s AND ends_at > %(start)s
UNION ALL
SELECT 'away', practitioner_id, NULL, NULL, NULL, NULL, NULL, starts_at, ends_at
  FROM scheduling_absence JOIN able ON able.id = practitioner_id
  WHERE starts_at < %(end)s AND ends_at > %(start)s
) AS found
"""


@dataclass
class Rota:
    """What was read, for the local days that the span touches."""

    location: Location
    days: list[date]
    opening: list[Rule] = field(default_factory=list)
    shut: set[date] = field(default_factory=set)
    #: Practitioner → weekly rules, hours beyond them, and times away.
    working: dict[int, list[Rule]] = field(default_factory=lambda: defaultdict(list))
    extra: list[tuple[int, datetime, datetime]] = field(default_factory=list)
    away: list[tuple[int, datetime, datetime]] = field(default_factory=list)

    def opened(self) -> Spans[datetime]:
        """When the location is open, closures taken out."""
        days = [day for day in self.days if day not in self.shut]
        return wallclock.open_spans(self.opening, days, self.location.tz)

    def people(self, ruler: cells.Ruler) -> dict[int, int]:
        """Practitioner → the cells in which they work: within the location's hours, or beyond both by extra hours."""
        place = bits(ruler, self.opened())
        found: dict[int, int] = {}
        known: dict[tuple[Rule, ...], int] = {}
        for who, rules in self.working.items():
            key = tuple(rules)
            if key not in known:
                known[key] = bits(ruler, wallclock.open_spans(rules, self.days, self.location.tz)) & place
            found[who] = known[key]
        for who, start, end in self.extra:
            found[who] = found.get(who, 0) | ruler.inner(start, end)
        for who, start, end in self.away:
            if who in found:
                found[who] &= ~ruler.outer(start, end)
        return found


def read(
    location: Location,
    span: Interval[datetime],
    *,
    disciplines: Collection[str],
    skill: str = "",
    practitioners: Collection[int] | None = None,
) -> Rota:
    """Of active practitioners of these disciplines with this skill, or only of those named. One query."""
    rota = Rota(location, list(wallclock.days_touching(span, location.tz)))
    asked: dict[str, Any] = {
        "location": location.pk,
        "disciplines": list(disciplines),
        "skills": [skill] if skill else [],
        "people": None if practitioners is None else list(practitioners),
        "first": rota.days[0],
        "last": rota.days[-1],
        "weekdays": list({day.weekday() for day in rota.days}),
        "start": span.start,
        "end": span.end,
    }
    with prepared.ask(_SQL, asked) as cursor:
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    for kind, who, weekday, opens, closes, first, last, start, end in rows:
        if kind == "works":
            rota.working[who].append(Rule(weekday, opens, closes, first, last))
        elif kind == "open":
            rota.opening.append(Rule(weekday, opens, closes, first, last))
        elif kind == "shut":
            rota.shut.update(wallclock.days(max(first, rota.days[0]), min(last, rota.days[-1])))
        else:
            (rota.extra if kind == "extra" else rota.away).append((who, start, end))
    return rota


def bits(ruler: cells.Ruler, spans: Spans[datetime]) -> int:
    """The cells that lie wholly in one of the spans."""
    return cells.union(ruler.inner(part.start, part.end) for part in spans)
