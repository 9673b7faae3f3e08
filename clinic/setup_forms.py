"""First start: one short form a page."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from clinic.forms import TimeInput, TonusForm, to_e164
from clinic.models import Discipline, Role, User
from clinic.money import SYMBOLS
from clinic.office_forms import ZoneField, country_field

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_ROOMS = 30
#: As a closing time: the midnight that ends the day.
MIDNIGHT = time(0)


class CodeForm(TonusForm):
    """The code that the start printed: only who runs the server has it."""

    code = forms.CharField(
        label="Set-up code",
        max_length=60,
        help_text="It was printed where Tonus was started.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class ClinicStep(TonusForm):
    name = forms.CharField(label="Name of the clinic", max_length=120)
    country = country_field()
    currency = forms.ChoiceField(choices=[(code, code) for code in SYMBOLS], help_text="For prices and invoices.")
    phone = forms.CharField(
        max_length=30,
        required=False,
        help_text="Patients see it in messages and on invoices.",
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(label="E-mail", max_length=254, required=False)

    def clean(self) -> dict[str, Any]:
        """A number without + is read as of the country chosen beside it: there is no clinic yet."""
        data = super().clean() or self.cleaned_data
        if data.get("phone"):
            try:
                data["phone"] = to_e164(data["phone"], data.get("country"))
            except ValidationError as refusal:
                self.add_error("phone", refusal)
        return data


class LocationStep(TonusForm):
    name = forms.CharField(
        label="Name of the location", max_length=80, help_text="Such as the street or the part of town."
    )
    zone = ZoneField(help_text="Type a city, such as New_York or Berlin. All times are shown in this zone.")
    address_line = forms.CharField(label="Address", max_length=160, required=False)
    city = forms.CharField(max_length=80, required=False)
    region = forms.CharField(label="State or region", max_length=60, required=False)
    postal_code = forms.CharField(max_length=16, required=False)


class HoursStep(TonusForm):
    """Opening hours, a day a line; an empty line is a closed day."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, day in enumerate(WEEKDAYS):
            works = number < 5
            for which, hour in (("opens", time(8)), ("closes", time(18))):
                self.fields[f"{which}_{number}"] = forms.TimeField(
                    label=f"{day} {which}",
                    required=False,
                    initial=hour if works else None,
                    widget=TimeInput(attrs={"class": "form-control"}),
                )

    def lines(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        return [(day, self[f"opens_{n}"], self[f"closes_{n}"]) for n, day in enumerate(WEEKDAYS)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for number, day in enumerate(WEEKDAYS):
            opens, closes = data.get(f"opens_{number}"), data.get(f"closes_{number}")
            if self.errors.keys() & {f"opens_{number}", f"closes_{number}"}:
                continue
            if (opens is None) != (closes is None):
                missing = "opens" if opens is None else "closes"
                self.add_error(f"{missing}_{number}", f"{day}: give both times, or none when closed.")
            elif opens is not None and closes is not None and closes != MIDNIGHT and opens >= closes:
                self.add_error(f"closes_{number}", f"{day}: closing comes after opening.")
        if not self.errors and all(value is None for value in data.values()):
            raise ValidationError("Open on at least one day.")
        return data


class RoomsStep(TonusForm):
    rooms = forms.CharField(
        label="Treatment rooms",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=2_000,
        help_text="One a line, such as Room 1. You can add more later.",
    )

    def clean_rooms(self) -> str:
        names = [line.strip() for line in self.cleaned_data["rooms"].splitlines() if line.strip()]
        if not names:
            raise ValidationError("Name at least one room.")
        if len(names) > MOST_ROOMS:
            raise ValidationError(f"At most {MOST_ROOMS} rooms here; add the others later.")
        if any(len(name) > 60 for name in names):
            raise ValidationError("A room's name has at most 60 characters.")
        if len({name.casefold() for name in names}) < len(names):
            raise ValidationError("Two rooms have the same name.")
        return "\n".join(names)


class OwnerStep(TonusForm):
    """The first owner. The password is asked for last and kept by nothing in between."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label="Your e-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        max_length=256,
        help_text="At least 12 characters. Three or four words that do not belong together are good.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    also = forms.MultipleChoiceField(
        label="You also",
        required=False,
        choices=[(Role.ADMIN.value, "work at the front desk"), (Role.THERAPIST.value, "treat patients")],
        widget=forms.CheckboxSelectMultiple,
    )
    discipline = forms.ChoiceField(label="What you practise", choices=[("", "—"), *Discipline.choices], required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if Role.THERAPIST in data.get("also", []) and not data.get("discipline"):
            self.add_error("discipline", "Say what you practise.")
        if data.get("password"):
            user = User(email=data.get("email", ""), name=data.get("name", ""))
            try:
                password_validation.validate_password(data["password"], user)
            except ValidationError as refusal:
                self.add_error("password", refusal)
        return data
