"""Services, rooms, devices, hours, absences and closures, as typed by whoever runs the clinic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as wall_time
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from clinic import time
from clinic.forms import DateInput, TimeInput, TonusForm, TonusModelForm, WordsField
from clinic.models import Location, Practitioner
from scheduling import wallclock
from scheduling.forms.booking import ByUid
from scheduling.models import Absence, Closure, Device, Room, Service, Weekday
from scheduling.models.hours import Weekly
from scheduling.models.resources import BUFFERS, CELL_MINUTES

#: How many stretches a day can have: one break.
PARTS = 2


class ServiceForm(TonusModelForm):
    class Meta:
        model = Service
        fields: ClassVar = [
            "name", "discipline", "technique", "skill", "minutes", "seats", "needs_room", "room_feature", "device_kind",
            *BUFFERS, "colour", "billing_code",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in (*BUFFERS, "seats"):
            self.fields[name].required = False
        technique: Any = self.fields["technique"]
        technique.choices = [("", "None in particular"), *(choice for choice in technique.choices if choice[0])]

    @property
    def buffers(self) -> list[forms.BoundField]:
        """For the template: what comes before and after the visit, two of each kind of resource."""
        return [self[name] for name in BUFFERS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in BUFFERS:
            data[name] = data.get(name) or 0
        data["seats"] = data.get("seats") or 1
        for name in ("minutes", *BUFFERS):
            if data.get(name) is not None and data[name] % CELL_MINUTES:
                self.add_error(name, "Minutes come in fives: 30, 45, 60.")
        of_room = (data.get("room_feature"), data.get("minutes_before"), data.get("minutes_after"))
        if not data.get("needs_room") and any(of_room):
            self.add_error("needs_room", "Without a room there is nothing to clean and no feature to need.")
        if not (data.get("device_kind") or "").strip() and (data.get("device_before") or data.get("device_after")):
            self.add_error("device_kind", "Without a device there is nothing to set up or to clean.")
        for name in ("skill", "room_feature"):
            data[name] = " ".join((data.get(name) or "").lower().split())
        return data


class RoomForm(TonusModelForm):
    features = WordsField(required=False, max_length=300, help_text="Separated by commas: table, gym, mirror.")

    class Meta:
        model = Room
        fields: ClassVar = ["location", "name", "features"]


class DeviceForm(TonusModelForm):
    class Meta:
        model = Device
        fields: ClassVar = ["location", "name", "kind", "count"]


class WeekForm(TonusForm):
    """A week of hours: for each day up to two stretches, from a first day on."""

    valid_from = forms.DateField(widget=DateInput(), label="From which day on?")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["valid_from"].initial = today
        for day in Weekday:
            for part in range(PARTS):
                for edge in ("opens", "closes"):
                    label = f"{day.label} {'from' if edge == 'opens' else 'until'}{' again' if part else ''}"
                    self.fields[f"{edge}_{day}_{part}"] = forms.TimeField(
                        required=False, widget=TimeInput(), label=label
                    )

    def days(self) -> Iterator[tuple[str, list[tuple[forms.BoundField, forms.BoundField]]]]:
        """For the template: each day with its pairs of fields."""
        for day in Weekday:
            yield day.label, [(self[f"opens_{day}_{n}"], self[f"closes_{day}_{n}"]) for n in range(PARTS)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("valid_from") and data["valid_from"] < self.today:
            self.add_error("valid_from", "Hours of the past stay as they were. Choose today or later.")
        for day in Weekday:
            self._check_day(data, day)
        return data

    def _check_day(self, data: dict[str, Any], day: Weekday) -> None:
        last: wall_time | None = None
        for part in range(PARTS):
            opens, closes = data.get(f"opens_{day}_{part}"), data.get(f"closes_{day}_{part}")
            if (opens is None) != (closes is None):
                missing = "closes" if closes is None else "opens"
                if f"{missing}_{day}_{part}" not in self.errors:
                    self.add_error(f"{missing}_{day}_{part}", "Both times are needed, or neither.")
            elif opens is not None and closes is not None:
                if closes <= opens and closes != wall_time(0):
                    self.add_error(f"closes_{day}_{part}", "Ends before it begins.")
                if last is not None and opens < last:
                    self.add_error(f"opens_{day}_{part}", "Begins before the first stretch ends.")
                last = closes if closes != wall_time(0) else wall_time(23, 59)

    def stretches(self) -> list[tuple[int, wall_time, wall_time]]:
        data = self.cleaned_data
        return [
            (int(day), data[f"opens_{day}_{part}"], data[f"closes_{day}_{part}"])
            for day in Weekday
            for part in range(PARTS)
            if data.get(f"opens_{day}_{part}") is not None
        ]


def initial_week(rules: Iterable[Weekly]) -> dict[str, wall_time]:
    """The form's values for rules that hold now: the first two stretches of each day."""
    values: dict[str, wall_time] = {}
    seen: dict[int, int] = {}
    for rule in sorted(rules, key=lambda r: (r.weekday, r.opens)):
        part = seen.get(rule.weekday, 0)
        if part < PARTS:
            values[f"opens_{rule.weekday}_{part}"] = rule.opens
            values[f"closes_{rule.weekday}_{part}"] = rule.closes
        seen[rule.weekday] = part + 1
    return values


class ClosureForm(TonusModelForm):
    class Meta:
        model = Closure
        fields: ClassVar = ["name", "starts_on", "ends_on"]
        widgets: ClassVar = {"starts_on": DateInput(), "ends_on": DateInput()}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", "The last day lies before the first.")
        return data


@dataclass(frozen=True)
class Away:
    starts_at: datetime
    ends_at: datetime


class ExtraHoursForm(TonusForm):
    """Once, beyond the weekly hours: a day, from and until, on the clock of the location."""

    extra_day = forms.DateField(widget=DateInput(), label="Day")
    extra_from = forms.TimeField(widget=TimeInput(), label="From")
    extra_until = forms.TimeField(widget=TimeInput(), label="Until", help_text="00:00 is the end of that day.")
    extra_reason = forms.CharField(max_length=80, required=False, label="What for")

    def __init__(self, *args: Any, location: Location, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.location, self.today = location, today

    def clean_extra_day(self) -> date:
        day: date = self.cleaned_data["extra_day"]
        if day < self.today:
            raise ValidationError("That day is past.")
        if day > self.today + timedelta(days=731):
            raise ValidationError("That is more than two years ahead.")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        day, opens, closes = (data.get(name) for name in ("extra_day", "extra_from", "extra_until"))
        if day is None or opens is None or closes is None:
            return data
        if closes <= opens and closes != wall_time(0):
            self.add_error("extra_until", "Ends before it begins.")
            return data
        span = wallclock.hours_on(day, opens, closes, self.location.tz)
        if span is None:
            self.add_error("extra_from", "No clock shows these hours that day: the clocks go forward then.")
            return data
        data["span"] = span
        return data


class AbsenceForm(TonusForm):
    """Away from a day (or a time) to a day (or a time), on the clock of the location."""

    practitioner = ByUid(Practitioner.objects.active().by_name(), label="Who", empty_label="Choose …")
    kind = forms.ChoiceField(choices=Absence.Kind.choices, label="Why")
    first_day = forms.DateField(widget=DateInput(), label="First day")
    from_time = forms.TimeField(widget=TimeInput(), required=False, label="From", help_text="Empty: all day.")
    last_day = forms.DateField(widget=DateInput(), required=False, label="Last day", help_text="Empty: the same.")
    to_time = forms.TimeField(widget=TimeInput(), required=False, label="Until", help_text="Empty: to its end.")

    def __init__(self, *args: Any, location: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.location = location

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("first_day"):
            return data
        tz, first = self.location.tz, data["first_day"]
        last = data.get("last_day") or first
        try:
            start = (
                time.at_wall(first, data["from_time"], tz) if data.get("from_time") else time.first_instant(first, tz)
            )
            end = (
                time.at_wall(last, data["to_time"], tz)
                if data.get("to_time")
                else time.first_instant(last + timedelta(days=1), tz)
            )
        except time.InGap as gap:
            raise ValidationError(str(gap)) from None
        except OverflowError:
            raise ValidationError("That is too far away.") from None
        if end <= start:
            raise ValidationError("The absence ends before it begins.")
        if end - start > timedelta(days=731):
            raise ValidationError("That is longer than two years.")
        data["away"] = Away(start, end)
        return data
