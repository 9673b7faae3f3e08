"""How the diary's columns and cells look: strings joined by hand, each text escaped once.

Not a template, alone of all pages: a week of everybody has hundreds of cards, and Django's templates spent 40 ms on
what takes 1 here (docs/adr/0050-the-diary-is-drawn-from-rows-without-a-template.md). The page around it is a template
as any other. Whatever somebody has typed goes through `self.text[...]`; nothing else may carry it into the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date
from html import escape

from django.utils.safestring import SafeString, mark_safe

from clinic.templatetags.tonus import icon
from scheduling.daygrid import Card, Column
from scheduling.diary import Board, Cell, Diary, Row, Week, weekday
from scheduling.diary_rows import Entry, Group, Held, Person, Room, Visit
from scheduling.states import Status
from scheduling.wallclock import Clock

#: The state of a visit as a mark with a name; booked and not confirmed has none.
MARKS = {
    Status.ARRIVED.value: icon("person-check-fill", "has arrived"),
    Status.IN_SESSION.value: icon("play-circle-fill", "in session"),
    Status.COMPLETED.value: icon("check-circle-fill", "completed"),
    Status.NO_SHOW.value: icon("person-x", "did not come"),
}
CONFIRMED = icon("check2", "confirmed")
MANY, WAITS, AWAY, ARRIVES, LEAVES = (
    icon(name) for name in ("people-fill", "hourglass-split", "calendar-x", "person-check", "person-dash")
)
_TODAY = ' class="wk-today"'
GRIP = '<span class="dg-grip" aria-hidden="true"></span>'


@dataclass(frozen=True)
class Addresses:
    """Where links lead: each is asked for once. In those of one thing `%s` stands for its random id."""

    visit: str
    drop: str
    arrive: str
    group: str
    group_drop: str
    away: str
    diary: str
    week: str
    book: str


@dataclass(frozen=True)
class Sheet:
    """What is asked for beside what is drawn, and what whoever looks may do."""

    to: Addresses
    #: Random id.
    location: str
    day: date
    today: date
    is_week: bool = False
    by_rooms: bool = False
    can_book: bool = False
    #: "Has arrived" is offered.
    can_step: bool = False
    #: "Is away from now on" is offered.
    can_send_away: bool = False


class _Text(dict[str, str]):
    """Escaped, once for each text: most of them come again."""

    def __missing__(self, typed: str) -> str:
        safe = self[typed] = escape(typed)
        return safe


@dataclass
class Drawing:
    board: Board
    sheet: Sheet
    text: _Text = field(default_factory=_Text)

    def __post_init__(self) -> None:
        self.clock, self.instant = self.board.clock, Clock(UTC, "%Y-%m-%dT%H:%MZ")
        self.person, self.room, self.services = self.board.person, self.board.room, self.board.services
        self.here = f"&amp;location={self.sheet.location}"

    # -- A day side by side, or a week of one --------------------------------------------------------------

    def columns(self, columns: Iterable[Column], *, rows: int) -> str:
        return "".join(self._column(column, rows) for column in columns)

    def _column(self, column: Column, rows: int) -> str:
        sheet, heading = self.sheet, self.text[column.heading]
        whose = " data-nowhere"
        if column.practitioner:
            whose = f' data-who="{column.practitioner.uid}"'
        elif column.room:
            whose = f' data-room="{column.room.uid}"'
        is_today = " dg-col-today" if sheet.is_week and column.day == sheet.today else ""
        shades = "".join(f'<span class="dg-shade r{one.row} n{one.rows}"></span>' for one in column.shades)
        away = "".join(f'<span class="dg-away r{b.row} n{b.rows}">{self.text[b.label]}</span>' for b in column.away)
        now = f'<span class="dg-now r{column.now_row}" aria-hidden="true"></span>' if column.now_row else ""
        return (
            f'<section class="dg-col{is_today}" aria-label="{heading}" data-column="{heading}"'
            f' data-begins="{column.begins}"{whose}>\n<h2 class="dg-head">{self._head(column)}</h2>\n'
            f'<div class="dg-track dg-lanes-{column.lanes}"><span class="dg-end r{rows}"></span>\n{shades}{away}'
            f"{self._gaps(column)}\n{self._cards(column)}\n{now}</div>\n</section>\n"
        )

    def _head(self, column: Column) -> str:
        sheet, to, heading = self.sheet, self.sheet.to, self.text[column.heading]
        head, who, room = heading, column.practitioner, column.room
        if sheet.is_week:
            by = "&amp;by=rooms" if sheet.by_rooms else ""
            head = f'<a href="{to.diary}?day={column.day.isoformat()}{self.here}{by}">{heading}</a>'
        elif who or room:
            head = f'<a href="{self._week_of(who, room)}">{heading}</a>'
        if who and sheet.can_send_away and not sheet.is_week:
            head += (
                f'<a class="dg-head-do" href="{to.away % who.uid}" title="Is away from now on">{LEAVES}'
                f'<span class="visually-hidden">{heading} is away from now on</span></a>'
            )
        if column.away_words:
            return f'{head}<small class="dg-head-away">{AWAY} {self.text[column.away_words]}</small>'
        return f"{head}<small>{self.text[column.sub]}</small>" if column.sub else head

    def _week_of(self, who: Person | None, room: Room | None) -> str:
        whose = f"practitioner={who.uid}" if who else f"by=rooms&amp;room={room.uid}" if room else ""
        return f"{self.sheet.to.week}?day={self.sheet.day.isoformat()}&amp;{whose}{self.here}"

    def _gaps(self, column: Column) -> str:
        """Free stretches as links to booking, for who may book."""
        who, room = column.practitioner, column.room
        if not self.sheet.can_book or not (who or room):
            return ""
        whose = f"practitioner={who.uid}&amp;at={who.uid}@" if who else f"room={room.uid}&amp;when=" if room else ""
        href = f"{self.sheet.to.book}?location={self.sheet.location}&amp;{whose}"
        label = f"Book {self.text[column.heading]} at"
        clock, instant = self.clock, self.instant
        return "\n".join(
            f'<a class="dg-gap r{row} n{rows}" href="{href}{instant[begins]}" tabindex="-1"'
            f' aria-label="{label} {clock[begins]}"><span>{clock[begins]}</span></a>'
            for row, rows, begins in column.gaps
        )

    # -- Cards -----------------------------------------------------------------------------------------------

    def _cards(self, column: Column) -> str:
        return "\n".join(self._card(card) + self._around(card) for card in column.cards)

    def _card(self, card: Card) -> str:
        match card.entry:
            case Visit() as visit:
                return self._visit(card, visit)
            case Group() as group:
                return self._group(card, group)
            case Held() as held:
                return self._held(card, held)

    def _around(self, card: Card) -> str:
        """What comes before and after: nobody can be booked there either."""
        before, after = ("Made ready", "Cleaning") if self.sheet.by_rooms else ("Preparing", "Charting")
        lead = f'<span class="dg-tail n{card.lead} r{card.row - card.lead}" title="{before}"></span>'
        tail = f'<span class="dg-tail n{card.tail} r{card.row + card.rows}" title="{after}"></span>'
        return (lead if card.lead else "") + (tail if card.tail else "")

    def _classes(self, card: Card, kind: str) -> str:
        colour, size = self.services[card.entry.service_id].colour, ""
        if card.is_tight or card.is_snug:
            size = " is-tight" if card.is_tight else " is-snug"
        lane = f" lane-{card.lane}" if card.lanes > 1 else ""
        return f"dg-card {kind} hue-{colour}{size} r{card.row} n{card.rows}{lane}"

    def _visit(self, card: Card, visit: Visit) -> str:
        """Its state is said in words and by a mark, never by colour alone."""
        sheet, to, name = self.sheet, self.sheet.to, self.text[visit.name]
        over, can_move = visit.is_overbooked, sheet.can_book and visit.can_be_moved
        classes = self._classes(card, f"is-{visit.status}{' is-overbooked' if over else ''}")
        squeezed = '<em class="dg-over">over</em>' if over and card.is_tight else ""
        overbooked = '<em class="dg-over">Overbooked</em> · ' if over else ""
        arrive = (
            f'<button type="submit" class="dg-arrive" form="steps" formaction="{to.arrive % visit.uid}" tabindex="-1"'
            f' title="Has arrived">{ARRIVES}<span class="visually-hidden">{name} has arrived</span></button>'
            if sheet.can_step and visit.status == Status.BOOKED
            else ""
        )
        return (
            f'<div class="{classes}">\n<a class="dg-open" href="{to.visit % visit.uid}" tabindex="-1"'
            f' draggable="false"{self._in_hand(to.drop, visit) if can_move else ""}>\n'
            f'<span class="dg-card-line"><span class="dg-time">{self.clock[visit.begins]}</span>'
            f' <strong>{name}</strong>{squeezed}\n<span class="dg-mark">{_mark(visit)}</span>\n</span>\n'
            f'<span class="dg-card-more">{overbooked}{self._beside(visit, " · ")}'
            f"{self.text[self.services[visit.service_id].name]}"
            f'<span class="visually-hidden">, until {self.clock[visit.ends]}</span></span>\n'
            f"</a>\n{arrive}{GRIP if can_move else ''}</div>"
        )

    def _group(self, card: Card, group: Group) -> str:
        """A group's session: one card, however many come."""
        to, can_move = self.sheet.to, self.sheet.can_book and group.begins > self.board.now
        return (
            f'<div class="{self._classes(card, "is-group")}">\n<a class="dg-open" href="{to.group % group.uid}"'
            f' tabindex="-1" draggable="false"{self._in_hand(to.group_drop, group) if can_move else ""}>\n'
            f'<span class="dg-card-line"><span class="dg-time">{self.clock[group.begins]}</span>'
            f" <strong>{self.text[self.services[group.service_id].name]}</strong>"
            f' <span class="dg-mark">{MANY}</span></span>\n'
            f'<span class="dg-seats tabular">{group.taken} of {group.seats}<span class="visually-hidden">'
            f" seats taken, until {self.clock[group.ends]}</span></span>\n"
            f'<span class="dg-card-more">{self._beside(group)}</span>\n</a>\n{GRIP if can_move else ""}</div>'
        )

    def _held(self, card: Card, held: Held) -> str:
        """A time that is held for somebody: nobody else can have it until it runs out."""
        return (
            f'<div class="{self._classes(card, "is-held")}">\n<span class="dg-card-line"><span class="dg-time">'
            f'{self.clock[held.begins]}</span> <strong>Held</strong> <span class="dg-mark">{WAITS}</span></span>\n'
            f'<span class="dg-card-more">for {self.text[held.name]} until {self.clock[held.runs_out]}</span>\n</div>'
        )

    def _in_hand(self, drop: str, entry: Visit | Group) -> str:
        """What the script needs to move it."""
        who = f' data-with="{self.person[entry.practitioner_id].uid}"' if self.sheet.by_rooms else ""
        return (
            f' data-drop="{drop % entry.uid}" data-version="{entry.version}" data-at="{entry.begins}"'
            f' data-minutes="{entry.minutes}"{who}'
        )

    def _beside(self, entry: Entry, then: str = "") -> str:
        """By people: in which room; by rooms: with whom."""
        if self.sheet.by_rooms:
            return self.text[self.person[entry.practitioner_id].name] + then
        room = self.room.get(entry.room_id or 0)
        return self.text[room.name] + then if room else ""

    # -- A week of everybody ---------------------------------------------------------------------------------

    def heads(self, days: Iterable[date]) -> str:
        by, to = "&amp;by=rooms" if self.sheet.by_rooms else "", self.sheet.to.diary
        return "".join(
            f'<th scope="col"{_TODAY if day == self.sheet.today else ""}>'
            f'<a href="{to}?day={day.isoformat()}{self.here}{by}">{weekday(day)}</a></th>'
            for day in days
        )

    def rows(self, rows: Iterable[Row]) -> str:
        return "".join(self._row(row) for row in rows)

    def _row(self, row: Row) -> str:
        heading = self.text[row.heading]
        if row.practitioner or row.room:
            heading = f'<a href="{self._week_of(row.practitioner, row.room)}">{heading}</a>'
        whose = f"&amp;practitioner={row.practitioner.uid}" if row.practitioner else ""
        if row.room:
            whose = f"&amp;by=rooms&amp;room={row.room.uid}"
        cells = "".join(self._cell(cell, whose) for cell in row.cells)
        return f'<tr>\n<th scope="row">{heading}</th>\n{cells}</tr>\n'

    def _cell(self, cell: Cell, whose: str) -> str:
        classes = ("" if cell.is_open else "wk-shut") + (" wk-today" if cell.day == self.sheet.today else "")
        parts = [f'<span class="wk-away">{AWAY} {self.text[cell.away]}</span>'] if cell.away else []
        parts += [self._chip(entry) for entry in cell.entries]
        if cell.has_room:
            day = f"{self.sheet.to.diary}?day={cell.day.isoformat()}{self.here}{whose}"
            parts.append(f'<a class="wk-free" href="{day}">{cell.free_words} free</a>')
        elif cell.is_full:
            parts.append('<span class="wk-full">full</span>')
        inside = "\n".join(parts)
        return f'<td class="{classes}">\n{inside}\n</td>\n'

    def _chip(self, entry: Entry) -> str:
        """One line: when and who; what does not fit is cut off the name, never off the state."""
        service, to = self.services[entry.service_id], self.sheet.to
        time = f'<span class="dg-time">{self.clock[entry.begins]}</span>'
        match entry:
            case Visit():
                squeezed, over = "", ""
                if entry.is_overbooked:
                    squeezed, over = " is-overbooked", ' <em class="dg-over">over</em>'
                return (
                    f'<a class="wk-chip hue-{service.colour} is-{entry.status}{squeezed}"'
                    f' href="{to.visit % entry.uid}">{time} '
                    f'<span class="wk-name">{self.text[entry.name]}</span>{over}{_mark(entry)}</a>'
                )
            case Group():
                return (
                    f'<a class="wk-chip is-group hue-{service.colour}" href="{to.group % entry.uid}">{time} {MANY}'
                    f' <span class="wk-name">{self.text[service.name]}</span>'
                    f' <span class="wk-count">{entry.taken} of {entry.seats}</span></a>'
                )
            case Held():
                return (
                    f'<span class="wk-chip is-held hue-{service.colour}">{time}'
                    f' <span class="wk-name">held until {self.clock[entry.runs_out]}</span></span>'
                )


def _mark(visit: Visit) -> str:
    if visit.status == Status.BOOKED:
        return CONFIRMED if visit.is_confirmed else ""
    return MARKS[visit.status]


def columns(diary: Diary, sheet: Sheet) -> SafeString:
    """The columns of a day, or of one's week."""
    return mark_safe(Drawing(diary, sheet).columns(diary.columns, rows=diary.area.rows))


def table(week: Week, sheet: Sheet) -> tuple[SafeString, SafeString]:
    """A week of everybody: the days at the head of its table, and its lines."""
    drawing = Drawing(week, sheet)
    return mark_safe(drawing.heads(week.days)), mark_safe(drawing.rows(week.rows))
