"""Who is away from now on, and what the desk decides about each touched visit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic import time
from clinic.forms import DateInput, TimeInput, TonusForm
from clinic.models import Location, Practitioner
from scheduling.forms.booking import Pick
from scheduling.models import Absence
from scheduling.resettling import Decisions, Move
from scheduling.touched import Cause
from scheduling.visits import BookingRefused


class AwayForm(TonusForm):
    """Away from now on: for the rest of the day, until a time, or until a day."""

    kind = forms.ChoiceField(
        choices=Absence.Kind.choices, label="Why", initial=Absence.Kind.ILLNESS, widget=forms.RadioSelect
    )
    until = forms.ChoiceField(
        choices=[
            ("today", "The rest of today"),
            ("time", "Until a time today"),
            ("day", "Until a day, that day included"),
        ],
        widget=forms.RadioSelect,
        initial="today",
        label="For how long?",
    )
    to_time = forms.TimeField(required=False, widget=TimeInput(), label="Until which time?")
    last_day = forms.DateField(required=False, widget=DateInput(), label="Until which day?")

    def __init__(self, *args: Any, location: Location, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.location, self.now = location, now.replace(second=0, microsecond=0)

    def clean(self) -> dict[str, Any]:
        """Fills `ends_at`."""
        data = super().clean() or self.cleaned_data
        today = time.local_day(self.now, self.location.tz)
        end = None
        if data.get("until") == "today":
            end = time.first_instant(today + timedelta(days=1), self.location.tz)
        elif data.get("until") == "time":
            end = self._at(data)
        elif data.get("until") == "day":
            end = self._after(data)
        if end is not None and end <= self.now:
            self.add_error("to_time" if data["until"] == "time" else "last_day", "That is past already.")
        data["ends_at"] = end
        return data

    def _at(self, data: dict[str, Any]) -> datetime | None:
        if not data.get("to_time"):
            if "to_time" not in self.errors:
                self.add_error("to_time", "Until which time?")
            return None
        try:
            return time.at_wall(time.local_day(self.now, self.location.tz), data["to_time"], self.location.tz)
        except time.InGap as gap:
            self.add_error("to_time", str(gap))
            return None

    def _after(self, data: dict[str, Any]) -> datetime | None:
        last = data.get("last_day")
        if not last:
            if "last_day" not in self.errors:
                self.add_error("last_day", "Until which day?")
            return None
        if (last - time.local_day(self.now, self.location.tz)).days > 731:
            self.add_error("last_day", "That is more than two years ahead.")
            return None
        return time.first_instant(last + timedelta(days=1), self.location.tz)


def choices_in(data: Mapping[str, str]) -> dict[str, str]:
    """By the uid of a visit or a group: what was chosen for it, whatever else stands in the address or the form."""
    found = {}
    for name, value in data.items():
        try:
            found[str(uuid.UUID(name))] = value[:120]
        except ValueError:
            continue
    return found


def decisions_in(data: Mapping[str, str], cause: Cause, *, now: datetime) -> Decisions:
    """What the desk decided, about what still stands there. Raises BookingRefused when somebody was faster."""
    chosen = choices_in(data)
    if only := data.get("only"):
        chosen = {uid: value for uid, value in chosen.items() if uid == only}
    chosen = {uid: value for uid, value in chosen.items() if value not in ("", "leave")}
    visits = {str(visit.uid): visit for visit in cause.visits(now).for_page().filter(uid__in=list(chosen))}
    sessions = {str(one.uid): one for one in cause.sessions(now)}
    if gone := chosen.keys() - visits.keys() - sessions.keys():
        several = "visits were" if len(gone) > 1 else "visit was"
        raise BookingRefused(f"{len(gone)} {several} placed by somebody else meanwhile. Look again.", stale=True)
    for uid, visit in visits.items():
        seen = data.get(f"version-{uid}", "")
        if seen.isdigit():
            visit.version = int(seen)
    picks = {uid: _pick(value) for uid, value in chosen.items() if uid in visits and value not in ("call", "off")}
    people = {
        one.uid: one
        for one in Practitioner.objects.active()
        .select_related("user")
        .filter(uid__in=[pick.practitioner for pick in picks.values()])
    }
    if any(pick.practitioner not in people for pick in picks.values()):
        raise BookingRefused("That practitioner no longer takes visits.")
    return Decisions(
        moves=[Move(visits[uid], people[pick.practitioner], pick.starts_at) for uid, pick in picks.items()],
        off=[visits[uid] for uid, value in chosen.items() if uid in visits and value == "off"],
        calls=[visits[uid] for uid, value in chosen.items() if uid in visits and value == "call"],
        sessions_off=[sessions[uid] for uid, value in chosen.items() if uid in sessions and value == "off"],
    )


def _pick(value: str) -> Pick:
    try:
        return Pick.parse(value)
    except ValidationError:
        raise BookingRefused("Choose one of the places that are offered.") from None
