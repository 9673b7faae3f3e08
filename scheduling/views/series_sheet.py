"""The sheet of dates that is looked at before a series is booked or changed: what was decided about each, so far.

Nothing is stored: each decided date is a hidden field of the form, so that the sheet works without scripts, and
whatever is refused comes back with everything that was decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from datetime import time as wall_time
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from clinic import time
from clinic.models import Location, Practitioner
from clinic.requests import StaffRequest
from scheduling import outlook
from scheduling.forms.booking import Pick
from scheduling.outlook import Common, Row, Wanted

LEFT, SKIPPED = "left", "skipped"
#: How each verdict reads, and its picture.
VERDICTS = {
    "free": ("Free", "check2"),
    "busy": ("Conflict", "exclamation-triangle"),
    "outside": ("Outside hours", "clock"),
    "closed": ("Closed", "door-closed"),
    "away": ("Away", "person-dash"),
    "skipped": ("No such time", "clock"),
    "blocked": ("Not possible", "x-circle"),
    "ask": ("Against the plan", "journal-medical"),
    "left": ("Left out", "dash-circle"),
}


@dataclass
class Sheet:
    """The dates as decided, the button that was pressed, and what is wrong with what was typed."""

    location: Location
    wanted: list[Wanted]
    act: str = ""
    #: Number of the date → a sentence.
    errors: dict[int, str] = field(default_factory=dict)
    #: Number of the date → what was typed, when it is wrong.
    typed: dict[int, dict[str, str]] = field(default_factory=dict)
    #: Numbers of dates about which something was decided.
    decided: set[int] = field(default_factory=set)

    def look(self, common: Common, *, now: datetime) -> list[Row]:
        """How the dates stand; and what a button for several of them does, which needs to know that first."""
        rows = outlook.look(common, self.wanted, now=now)
        if self.act == "fix:all":
            fixes = {row.wanted.number: row.fixes[0] for row in rows if not row.is_settled and row.fixes}
            for number, fix in fixes.items():
                self.decide(number, starts_at=fix.starts_at, practitioner=fix.practitioner, is_skipped=False)
        elif self.act == "read:all" or self.act.startswith("read:"):
            for row in rows:
                if row.unread and self.act in ("read:all", f"read:{row.wanted.number}"):
                    read = row.wanted.despite | {finding.rule for finding in row.unread}
                    self.decide(row.wanted.number, despite=read)
        else:
            return rows
        return outlook.look(common, self.wanted, now=now)

    def decide(self, number: int, **facts: Any) -> None:
        self.wanted = [replace(one, **facts) if one.number == number else one for one in self.wanted]
        self.decided.add(number)

    def lines(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """What the template shows of each date."""
        return [self._line(row) for row in rows]

    def _line(self, row: Row) -> dict[str, Any]:
        wanted, label = row.wanted, VERDICTS[row.verdict]
        pick = str(Pick(wanted.practitioner.uid, wanted.starts_at, tuple(sorted(wanted.despite))))
        wall = wanted.starts_at.astimezone(self.location.tz)
        state = ",".join([LEFT] * wanted.is_left_out + [SKIPPED] * wanted.is_skipped)
        typed = {"practitioner": str(wanted.practitioner.uid), "day": f"{wall:%Y-%m-%d}", "time": f"{wall:%H:%M}"}
        return {
            "row": row,
            "number": wanted.number,
            "token": f"{wanted.number}|{pick}|{state}" if wanted.number in self.decided else "",
            "label": label[0],
            "icon": label[1],
            "fixes": [{"fix": fix, "pick": str(Pick(fix.practitioner.uid, fix.starts_at))} for fix in row.fixes],
            "error": self.errors.get(wanted.number, ""),
            "typed": typed | self.typed.get(wanted.number, {}),
        }


def read(request: StaffRequest, wanted: Sequence[Wanted], location: Location) -> Sheet:
    """The dates with what was decided before, and with the button that was pressed now."""
    sheet = Sheet(location, list(wanted), act=request.POST.get("act", "")[:200])
    numbers = {one.number for one in wanted}
    people = _people(request)
    for token in request.POST.getlist("row")[: len(numbers)]:
        number, pick, state = _parsed(token)
        if number in numbers and pick is not None and pick.practitioner in people:
            _choose(sheet, number, pick, people[pick.practitioner], set(state.split(",")))
    verb, _, rest = sheet.act.partition(":")
    which, _, value = rest.partition(":")
    number = int(which) if which.isdecimal() and len(which) < 4 else 0
    if number in numbers:
        if verb in ("leave", "keep"):
            sheet.decide(number, is_left_out=verb == "leave")
        elif verb == "fix" and (pick := _pick(value)) and pick.practitioner in people:
            _choose(sheet, number, pick, people[pick.practitioner], set())
        elif verb == "hand":
            _by_hand(request, sheet, number, people)
    return sheet


def _choose(sheet: Sheet, number: int, pick: Pick, who: Practitioner, states: set[str]) -> None:
    sheet.decide(
        number,
        starts_at=pick.starts_at,
        practitioner=who,
        despite=frozenset(pick.despite),
        is_left_out=LEFT in states,
        is_skipped=SKIPPED in states,
    )


def _by_hand(request: StaffRequest, sheet: Sheet, number: int, people: dict[UUID, Practitioner]) -> None:
    typed = {name: request.POST.get(f"hand-{number}-{name}", "")[:40] for name in ("practitioner", "day", "time")}
    try:
        who = people.get(UUID(typed["practitioner"]))
        at = time.at_wall(date.fromisoformat(typed["day"]), wall_time.fromisoformat(typed["time"]), sheet.location.tz)
    except time.InGap as gap:
        who, at = None, None
        sheet.errors[number] = str(gap)
    except (ValueError, OverflowError):
        who, at = None, None
    if at is None or who is None:
        sheet.errors.setdefault(number, "Choose a day, a time and with whom.")
        sheet.typed[number] = typed
        return
    sheet.decide(number, starts_at=at, practitioner=who, despite=frozenset(), is_left_out=False, is_skipped=False)


def _parsed(token: str) -> tuple[int, Pick | None, str]:
    number, _, rest = token[:300].partition("|")
    pick, _, state = rest.partition("|")
    return (int(number) if number.isdecimal() and len(number) < 4 else 0), _pick(pick), state


def _pick(text: str) -> Pick | None:
    try:
        return Pick.parse(text)
    except ValidationError:
        return None


def _people(request: StaffRequest) -> dict[UUID, Practitioner]:
    """Whoever is named anywhere in the form. One query."""
    named: set[UUID] = set()
    texts = [token.partition("|")[2] for token in request.POST.getlist("row")[:200]]
    texts.append(request.POST.get("act", "").split(":", 2)[-1])
    for text in texts:
        if pick := _pick(text.partition("|")[0]):
            named.add(pick.practitioner)
    for name, value in request.POST.items():
        if name.startswith("hand-") and name.endswith("-practitioner"):
            try:
                named.add(UUID(str(value)))
            except ValueError:
                continue
    if not named:
        return {}
    return {one.uid: one for one in Practitioner.objects.select_related("user").filter(uid__in=named)}
