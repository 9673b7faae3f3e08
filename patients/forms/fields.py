"""Fields that read what people at a desk type: rough days, birthdays, lists of one entry a line."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic.models import Clinic
from patients import dates
from patients.dates import NotADay, RoughDay

#: Where the month is written before the day.
MONTH_FIRST = {"US", "PH", "PR", "GU", "VI", "AS", "MP", "FM", "PW", "MH"}
LONGEST_LINE, MOST_LINES = 200, 30


def month_comes_first() -> bool:
    """Whether the clinic's country writes 03/07 for March 7."""
    return (Clinic.objects.values_list("country", flat=True).first() or "US") in MONTH_FIRST


class RoughDayField(forms.CharField):
    """A day as far as it is known: "2019", "March 2019", "12 Mar 2019"; cleaned to a RoughDay, never in the future."""

    today: date | None = None

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 30)
        kwargs.setdefault("help_text", "As far as it is known: 12 Mar 2019, Mar 2019 or 2019.")
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        try:
            rough = dates.parse(typed, month_first=month_comes_first()) if typed else dates.NOTHING_KNOWN
        except NotADay as sentence:
            raise ValidationError(str(sentence)) from None
        if self.today and rough.on and rough.on > self.today:
            raise ValidationError("That is in the future.")
        return rough

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, RoughDay) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class BirthdayField(forms.CharField):
    """A date of birth, typed in any of the usual ways; cleaned to a date."""

    today: date | None = None

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 30)
        kwargs.setdefault("label", "Date of birth")
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off", "placeholder": "e.g. 7 Mar 1984"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        try:
            rough = dates.parse(typed, month_first=month_comes_first())
        except NotADay as sentence:
            raise ValidationError(str(sentence).replace("; or only Mar 2019 or 2019", "")) from None
        if rough.precision != dates.DAY:
            raise ValidationError("The day, month and year are needed: 7 Mar 1984, 03/07/1984 or 1984-03-07.")
        if self.today and rough.on and rough.on > self.today:
            raise ValidationError("The date of birth is in the future.")
        return rough.on

    def prepare_value(self, value: Any) -> Any:
        return f"{value.day} {value:%b %Y}" if isinstance(value, date) else value


class LinesField(forms.CharField):
    """One entry a line, empty lines left out; cleaned to a list of strings."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_LINE * MOST_LINES)
        rows = kwargs.pop("rows", 2)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows, "autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        lines = [" ".join(line.split()) for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"No more than {MOST_LINES} lines, please.")
        if any(len(line) > LONGEST_LINE for line in lines):
            raise ValidationError(f"One of the lines is longer than {LONGEST_LINE} letters.")
        return lines


def set_today(form: forms.BaseForm, today: date | None) -> None:
    """Tell the fields of a form which day it is: nothing asks a clock below the edge."""
    for field in form.fields.values():
        if isinstance(field, RoughDayField | BirthdayField):
            field.today = today
