"""Booking, moving and calling off, as typed at the desk."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from clinic import time
from clinic.forms import DateInput, TimeInput, TonusForm
from clinic.models import Location, Practitioner
from scheduling.models import Appointment, GroupSession, Room, Service
from scheduling.models.resources import LONGEST_VISIT
from scheduling.named import Named
from scheduling.states import Side


@dataclass(frozen=True)
class Pick:
    """What a button of an offered time carries: with whom, when, and which warnings were read."""

    practitioner: uuid.UUID
    starts_at: datetime
    despite: tuple[str, ...] = ()

    def __str__(self) -> str:
        warnings = f"!{','.join(self.despite)}" if self.despite else ""
        return f"{self.practitioner}@{self.starts_at.astimezone(UTC):%Y-%m-%dT%H:%M}Z{warnings}"

    @classmethod
    def parse(cls, text: str) -> Pick:
        who, _, rest = text.partition("@")
        at, _, warnings = rest.partition("!")
        try:
            start = datetime.strptime(at, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
            return cls(uuid.UUID(who), start, tuple(w for w in warnings.split(",") if w))
        except ValueError:
            raise ValidationError("Choose one of the times that are offered.") from None


class PickField(forms.CharField):
    """The button that was pressed."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        return Pick.parse(typed) if typed else None


class ByUid(forms.ModelChoiceField):
    """A choice whose value is a random id, so that numbers of rows stand in no page."""

    #: The one that was named, when it was read already and may be chosen.
    at_hand: Any = None

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        super().__init__(queryset, to_field_name="uid", **kwargs)

    def to_python(self, value: Any) -> Any:
        if self.at_hand is not None and str(self.at_hand.uid) == str(value):
            return self.at_hand
        try:
            return super().to_python(value)
        except (ValidationError, ValueError, TypeError):
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from None


class AmongField(forms.Field):
    """One of some things that are at hand, by its random id; asks the database nothing."""

    among: Iterable[Any] = ()

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        found = next((one for one in self.among if str(one.uid) == str(value)), None)
        if found is None:
            raise ValidationError("Choose one of those that are offered.")
        return found


class TimeForm(TonusForm):
    """When and with whom: by the button of an offered time, or typed."""

    pick = PickField(required=False, max_length=200)
    practitioner = ByUid(Practitioner.objects.none(), required=False, label="With", empty_label="Choose …")
    day = forms.DateField(required=False, widget=DateInput(), label="Day")
    time = forms.TimeField(required=False, widget=TimeInput(), label="Time")
    second_time = forms.BooleanField(
        required=False,
        label="The second time the clock shows it",
        help_text="The clocks go back that night, so this time comes twice.",
        widget=forms.HiddenInput,
    )
    minutes = forms.IntegerField(required=False, min_value=5, max_value=LONGEST_VISIT, label="Minutes")
    room = ByUid(Room.objects.none(), required=False, label="Room", empty_label="Any suitable")

    def __init__(self, *args: Any, location: Location, named: Named | None = None, **kwargs: Any) -> None:
        """With `named`, what the form names has been read: nothing else can be chosen, and `offer` is left to do."""
        super().__init__(*args, **kwargs)
        self.location, self.named = location, named or Named()
        if named is None:
            self.offer()
            return
        who, room = named.practitioner, named.room
        if who is not None and who.is_active:
            cast("ByUid", self.fields["practitioner"]).at_hand = who
        if room is not None and room.is_active and room.location_id == location.pk:
            cast("ByUid", self.fields["room"]).at_hand = room

    def offer(self) -> None:
        """Fill the lists to choose from."""
        people = Practitioner.objects.active().filter(working_hours__location=self.location).distinct()
        rooms = Room.objects.active().filter(location=self.location)
        cast("ByUid", self.fields["practitioner"]).queryset = people.by_name()
        cast("ByUid", self.fields["room"]).queryset = rooms.order_by("name")

    def clean(self) -> dict[str, Any]:
        """Fills `starts_at`, `who` and `despite`, whichever way they were said."""
        data = super().clean() or self.cleaned_data
        if pick := data.get("pick"):
            data["who"] = self._picked(pick)
            data["starts_at"], data["despite"] = pick.starts_at, pick.despite
            if data["who"] is None:
                self.add_error(None, "That practitioner is not known here.")
            return data
        data["despite"], data["who"] = (), data.get("practitioner")
        for name, sentence in (("practitioner", "With whom?"), ("day", "Which day?"), ("time", "At what time?")):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        if data.get("day") and data.get("time"):
            data["starts_at"] = self._instant(data)
        return data

    def _picked(self, pick: Pick) -> Practitioner | None:
        who = self.named.practitioner
        if who is not None and who.uid == pick.practitioner:
            return who
        return Practitioner.objects.select_related("user").filter(uid=pick.practitioner).first()

    def _instant(self, data: dict[str, Any]) -> datetime | None:
        """The wall-clock time as an instant; a time that no clock shows is refused, one shown twice is asked about."""
        day, wall, tz = data["day"], data["time"], self.location.tz
        try:
            first, second = (time.at_wall(day, wall, tz, fold=fold) for fold in (0, 1))
        except time.InGap as gap:
            self.add_error("time", str(gap))
            return None
        except OverflowError:
            self.add_error("day", "That day is too far away.")
            return None
        if first != second and not data.get("second_time"):
            self.fields["second_time"].widget = forms.CheckboxInput()
        return second if data.get("second_time") else first


class OnTopForm(TimeForm):
    """A time that may be had on top of who has it, by the button for that and with a reason."""

    squeeze = PickField(required=False, max_length=200)
    overbook = forms.CharField(required=False, max_length=200, label="Why it is squeezed in")

    def clean(self) -> dict[str, Any]:
        """Only the button for it overbooks; a reason that is typed beside another button counts for nothing."""
        if squeezed := self.cleaned_data.get("squeeze"):
            self.cleaned_data["pick"] = squeezed
            if not self.cleaned_data.get("overbook") and "overbook" not in self.errors:
                self.add_error("overbook", "Say why this visit is put on top of another.")
        else:
            self.cleaned_data["overbook"] = ""
        return super().clean()


class BookForm(OnTopForm):
    """A visit to be."""

    service = AmongField(label="Service", widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=200, label="Note for the desk")
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, services: Iterable[Service], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].among = services  # type: ignore[attr-defined]


class MoveForm(OnTopForm):
    """Another time or place for a visit, or for a group's session."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, visit: Appointment | GroupSession, **kwargs: Any) -> None:
        super().__init__(*args, location=visit.location, **kwargs)
        people = Practitioner.objects.active().filter(discipline=visit.service.discipline)
        self.fields["practitioner"].queryset = people.by_name()  # type: ignore[attr-defined]
        self.fields["room"].empty_label = "The same, or another that is free"  # type: ignore[attr-defined]


class CancelForm(TonusForm):
    """Who calls a visit off, and why."""

    side = forms.ChoiceField(
        choices=[(Side.PATIENT, "The patient"), (Side.CLINIC, "The clinic")],
        widget=forms.RadioSelect,
        label="Who calls it off?",
        initial=Side.PATIENT,
    )
    reason = forms.CharField(max_length=200, label="Why?", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    knows = forms.BooleanField(
        required=False,
        label="The patient knows already",
        help_text="Otherwise, when the clinic calls it off, they get a message, or the desk is asked to call.",
    )
    companions = forms.MultipleChoiceField(
        label="Of the same errand, call off as well", widget=forms.CheckboxSelectMultiple, required=False
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, others: Sequence[Appointment] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not others:
            del self.fields["companions"]
            return
        field = cast("forms.MultipleChoiceField", self.fields["companions"])
        field.choices = [(str(one.uid), self.describe(one)) for one in others]
        if not self.is_bound:
            field.initial = [str(one.uid) for one in others]

    @staticmethod
    def describe(one: Appointment) -> str:
        return f"{one.starts_at.astimezone(one.location.tz):%H:%M} {one.service.name} with {one.practitioner.user.name}"
