"""Fields that several forms of this room share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import DateInput
from treatments.npi import is_npi
from treatments.regions import Region

#: Nobody who is treated here was referred before this day.
EARLIEST = date(1900, 1, 1)


class PastDay(forms.DateField):
    """A day that has come: not in the future, not before living memory."""

    widget = DateInput

    def __init__(self, *, today: date, **kwargs: Any) -> None:
        self.today = today
        kwargs.setdefault("widget", DateInput(attrs={"max": today.isoformat()}))
        super().__init__(**kwargs)
        self.error_messages["invalid"] = "Enter a day, such as 2026-11-24."

    def clean(self, value: Any) -> date | None:
        day = super().clean(value)
        if day is None:
            return None
        if day > self.today:
            raise ValidationError("That day is still to come.")
        if day < EARLIEST:
            raise ValidationError("That is too long ago.")
        return day


class DayToCome(forms.DateField):
    """A day from today on, within a few years."""

    def __init__(self, *, today: date, years: int = 3, **kwargs: Any) -> None:
        self.today, self.latest = today, date(today.year + years, 12, 31)
        kwargs.setdefault("widget", DateInput(attrs={"min": today.isoformat()}))
        super().__init__(**kwargs)
        self.error_messages["invalid"] = "Enter a day, such as 2026-11-24."

    def clean(self, value: Any) -> date | None:
        day = super().clean(value)
        if day is not None and day < self.today:
            raise ValidationError("That day is past.")
        if day is not None and day > self.latest:
            raise ValidationError("That is too far ahead.")
        return day


class NpiField(forms.CharField):
    """A provider's NPI, with its check digit; empty when not known."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", "NPI")
        kwargs.setdefault("max_length", 14)
        kwargs.setdefault("help_text", "Ten digits, if known")
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        typed = super().clean(value).replace(" ", "").replace("-", "")
        if typed and not is_npi(typed):
            raise ValidationError("That is not an NPI: ten digits, the last of which checks the others.")
        return typed


class RegionsField(forms.MultipleChoiceField):
    """Regions of the body, drawn as one line per place with a box for each side."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", "Regions")
        super().__init__(choices=Region.choices, widget=forms.CheckboxSelectMultiple, **kwargs)
        self.error_messages["invalid_choice"] = "Choose regions from the list."


def whole_number(
    label: str, least: int, most: int, *, required: bool = True, widget: Any = None, **kwargs: Any
) -> forms.IntegerField:
    """A count within bounds that a phone shows a number pad for."""
    sentence = f"Enter a whole number from {least} to {most}."
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=required,
        error_messages={"invalid": sentence, "min_value": sentence, "max_value": sentence},
        widget=widget or forms.NumberInput(attrs={"inputmode": "numeric"}),
        **kwargs,
    )


class PlainFields:
    """Fields that a template draws itself, in rows and grids: their widgets carry the house's look."""

    fields: dict[str, forms.Field]
    #: Whether a field says inside itself what it is for, because its label is only heard.
    hints = False

    def dress_fields(self) -> None:
        for field in self.fields.values():
            widget = field.widget
            if isinstance(widget, (forms.CheckboxInput, forms.CheckboxSelectMultiple, forms.RadioSelect)):
                look = "form-check-input"
            else:
                look = "form-select" if isinstance(widget, forms.Select) else "form-control"
            if self.hints and look == "form-control":
                widget.attrs.setdefault("placeholder", field.label or "")
            widget.attrs["class"] = f"{widget.attrs.get('class', '')} {look}".strip()


def blank_first(choices: Iterable[tuple[str, Any]], label: str = "Choose …") -> list[tuple[str, Any]]:
    return [("", label), *choices]
