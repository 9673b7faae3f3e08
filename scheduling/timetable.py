"""Free times of many practitioners over many days on one sheet: a row for each person, a column for each day.

What stands in a field is not every start but every stretch of them: "09:00–10:30" says that the visit can begin at
each quarter of an hour from nine to half past ten. Nothing is left out, and four weeks of fifty people fit a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from django.utils.safestring import SafeString, mark_safe

from clinic.models import Practitioner
from scheduling import availability, cells, wallclock
from scheduling.availability import Ask


@dataclass(frozen=True)
class Stretch:
    """Free starts that follow each other, from the first to the last."""

    first: int
    last: int


@dataclass(frozen=True)
class Row:
    """One practitioner: a field for each day, ready to be written, and how many starts there are."""

    practitioner: Practitioner
    fields: list[SafeString]
    starts: int


@dataclass(frozen=True)
class Timetable:
    days: list[date]
    rows: list[Row]
    starts: int


def timetable(ask: Ask, people: Sequence[Practitioner], *, link: str) -> Timetable:
    """All free starts of these people within the span; each stretch leads to `link` followed by its pick."""
    land = availability.ground(ask)
    masks = availability.starts(ask, land)
    days = list(wallclock.days_touching(ask.span, land.tz))
    step = ask.step // cells.MINUTES
    edges = [(land.ruler.cell(wallclock.day_span(day, land.tz).start), _class(day)) for day in days]
    words: dict[int, tuple[str, str]] = {}

    def said(cell: int) -> tuple[str, str]:
        if cell not in words:
            at = land.ruler.instant(cell)
            words[cell] = (f"{at.astimezone(land.tz):%H:%M}", f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}")
        return words[cell]

    rows = []
    for person in people:
        mask = masks.get(person.pk, 0)
        by_day: list[list[str]] = [[] for _ in days]
        column = 0
        for part in stretches(mask, step):
            while column + 1 < len(edges) and part.first >= edges[column + 1][0]:
                column += 1
            (clock, pick), (until, _) = said(part.first), said(part.last)
            more = "" if part.first == part.last else f"–{until}"
            by_day[column].append(f'<a href="{link}{person.uid}@{pick}">{clock}{more}</a>')
        fields = [mark_safe(f"<td{kind}>{''.join(links)}</td>") for links, (_, kind) in zip(by_day, edges, strict=True)]
        rows.append(Row(person, fields, mask.bit_count()))
    return Timetable(days, rows, sum(row.starts for row in rows))


def stretches(mask: int, step: int) -> Iterable[Stretch]:
    """The set bits of the mask, those that are one step apart taken together."""
    firsts = cells.cells(mask & ~(mask << step))
    lasts = cells.cells(mask & ~(mask >> step))
    return map(Stretch, firsts, lasts)


def _class(day: date) -> str:
    return ' class="timetable-weekend"' if day.weekday() > 4 else ""
