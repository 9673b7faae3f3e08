"""Groups as they are set up and joined at the desk."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic import time
from clinic.forms import DateInput, TimeInput, TonusForm
from clinic.models import Location, Practitioner
from scheduling.forms.booking import ByUid
from scheduling.models import GroupSession, Room, Service
from scheduling.models.groups import GroupSessionQuerySet

MOST_WEEKS = 26


class SessionForm(TonusForm):
    """One session of a group, or the same one week after week."""

    service = ByUid(Service.objects.none(), label="Group", empty_label="Choose …")
    practitioner = ByUid(Practitioner.objects.none(), label="With", empty_label="Choose …")
    day = forms.DateField(widget=DateInput())
    time = forms.TimeField(widget=TimeInput())
    weeks = forms.IntegerField(
        min_value=1, max_value=MOST_WEEKS, initial=1, label="How many weeks running?", help_text="1: this once."
    )
    seats = forms.IntegerField(required=False, min_value=1, max_value=50, help_text="Empty: as the service says.")
    room = ByUid(Room.objects.none(), required=False, empty_label="Any suitable")
    despite = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, location: Location, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.location, self.today = location, today
        self.fields["service"].queryset = Service.objects.active().filter(seats__gt=1).by_name()  # type: ignore[attr-defined]
        people = Practitioner.objects.active().filter(working_hours__location=location).distinct()
        self.fields["practitioner"].queryset = people.by_name()  # type: ignore[attr-defined]
        self.fields["room"].queryset = Room.objects.active().filter(location=location).order_by("name")  # type: ignore[attr-defined]

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not self.today <= day <= self.today + timedelta(days=731):
            raise ValidationError("Choose today or a day within two years.")
        return day

    def clean(self) -> dict[str, Any]:
        """Fills `starts_at`: one instant a week, at the same time on the wall."""
        data = super().clean() or self.cleaned_data
        if data.get("day") and data.get("time") and data.get("weeks"):
            try:
                data["starts_at"] = [self._at(data["day"] + timedelta(weeks=n), data) for n in range(data["weeks"])]
            except time.InGap as gap:
                self.add_error("time", str(gap))
        data["despite"] = tuple(word for word in (data.get("despite") or "").split(",") if word)
        return data

    def _at(self, day: date, data: dict[str, Any]) -> datetime:
        return time.at_wall(day, data["time"], self.location.tz)


class JoinForm(TonusForm):
    """A seat for one patient."""

    #: The button of a session; after a `!` the warnings that were read.
    session = forms.CharField(max_length=200, error_messages={"required": "Choose a session."})
    note = forms.CharField(required=False, max_length=200, label="Note for the desk")
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, among: GroupSessionQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.among = among

    def clean_session(self) -> GroupSession:
        uid, _, rules = self.cleaned_data["session"].partition("!")
        self.despite = tuple(rule for rule in rules.split(",") if rule)
        try:
            found = self.among.filter(uid=uuid.UUID(uid)).first()
        except ValueError:
            found = None
        if found is None:
            raise ValidationError("That session is not to be had any more. Choose one that is listed.")
        return found


class SeatsForm(TonusForm):
    seats = forms.IntegerField(min_value=1, max_value=50)


class CallOffForm(TonusForm):
    reason = forms.CharField(max_length=200, label="Why? The patients may ask.")
