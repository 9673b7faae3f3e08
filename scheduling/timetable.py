"""Free times of many practitioners over many days on one sheet: a row for each person, a column for each day.

What stands in a field is not every start but every stretch of them: "09:00–10:30" says that the visit can begin at
each quarter of an hour from nine to half past ten. Nothing is left out, and four weeks of fifty people fit a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from clinic.models import Practitioner
from scheduling import availability, cells, wallclock
from scheduling.availability import Ask


@dataclass(frozen=True)
class Timetable:
    """A sheet, its head and its rows ready to be written, and how many starts it holds."""

    head: SafeString
    rows: SafeString
    starts: int


def timetable(ask: Ask, people: Sequence[Practitioner], *, link: str) -> Timetable:
    """All free starts of these people within the span; each stretch leads to `link` followed by its pick.

    Written without a template: a month of fifty people is fourteen hundred fields, and as many steps of a loop there
    took longer than reading and reckoning together.
    """
    land = availability.ground(ask)
    masks = availability.starts(ask, land)
    days = list(wallclock.days_touching(ask.span, land.tz))
    step = ask.step // cells.MINUTES
    edges = [land.ruler.cell(wallclock.day_span(day, land.tz).start) for day in days]
    begins = [f"<td{_class(day)}>" for day in days]
    words: dict[int, tuple[str, str]] = {}

    def said(cell: int) -> tuple[str, str]:
        if cell not in words:
            at = land.ruler.instant(cell)
            words[cell] = (f"{at.astimezone(land.tz):%H:%M}", f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}")
        return words[cell]

    written = []
    for person in people:
        anchor = f'<a href="{link}{person.uid}@'
        fields = begins.copy()
        column = 0
        for first, last in stretches(masks.get(person.pk, 0), step):
            while column + 1 < len(edges) and first >= edges[column + 1]:
                column += 1
            clock, pick = said(first)
            until = "" if first == last else f"–{said(last)[0]}"
            fields[column] += f'{anchor}{pick}">{clock}{until}</a>'
        name = escape(person.user.name)
        written.append(f'<tr><th scope="row">{name}</th>{"</td>".join(fields)}</td></tr>')
    head = "".join(map(_head, days))
    return Timetable(mark_safe(head), mark_safe("".join(written)), sum(mask.bit_count() for mask in masks.values()))


def stretches(mask: int, step: int) -> Iterable[tuple[int, int]]:
    """The set bits of the mask, those that are one step apart taken together: the first and the last of each run."""
    firsts = cells.cells(mask & ~(mask << step))
    lasts = cells.cells(mask & ~(mask >> step))
    return zip(firsts, lasts, strict=True)


def _head(day: date) -> str:
    return f'<th scope="col">{day:%a} <span class="timetable-date">{day.day} {day:%b}</span></th>'


def _class(day: date) -> str:
    return ' class="timetable-weekend"' if day.weekday() > 4 else ""
