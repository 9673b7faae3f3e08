"""Whose public holidays, of which year; and which of them are taken over."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from clinic.forms import TonusForm
from scheduling import public_holidays
from scheduling.models import HolidayCalendar
from scheduling.public_holidays import Holiday

#: This year and the next two: farther ahead laws change.
YEARS = 3


class CalendarForm(TonusForm):
    """In the address of the page: looking writes nothing. What cannot be falls back to what is known of the place."""

    country = forms.ChoiceField(label="Country")
    subdivision = forms.ChoiceField(label="State or region", required=False)
    year = forms.TypedChoiceField(label="Year", coerce=int)

    def __init__(self, typed: Any, *, known: HolidayCalendar, today: date) -> None:
        years = [today.year + n for n in range(YEARS)]
        countries = dict(public_holidays.countries())
        country = typed.get("country") if typed.get("country") in countries else known.country
        parts = dict(public_holidays.subdivisions(country))
        part = typed.get("subdivision", known.subdivision if country == known.country else "")
        year = typed.get("year") if typed.get("year") in map(str, years) else str(today.year)
        super().__init__({"country": country, "subdivision": part if part in parts else "", "year": year})
        fields: Any = self.fields
        fields["country"].choices = [("", "Choose …"), *countries.items()]
        fields["subdivision"].choices = [("", "The whole country"), *parts.items()]
        fields["year"].choices = [(n, str(n)) for n in years]
        if not parts:
            del self.fields["subdivision"]

    def holidays(self) -> list[Holiday]:
        """The days of this place and year; none until a country is chosen."""
        if not self.is_valid():
            return []
        facts = self.cleaned_data
        return public_holidays.of_year(facts["country"], facts.get("subdivision", ""), facts["year"])


class TakeOverForm(TonusForm):
    """The days that were ticked, of those that were shown."""

    days = forms.TypedMultipleChoiceField(
        coerce=date.fromisoformat, widget=forms.CheckboxSelectMultiple, label="Closed on",
        error_messages={
            "required": "Tick the days on which this location is closed.",
            "invalid_choice": "One of these days is no holiday of that place and year. Look at the list again.",
        },
    )  # fmt: skip

    def __init__(self, *args: Any, among: list[Holiday], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.among = {one.day: one for one in among}
        days: Any = self.fields["days"]
        days.choices = [(day.isoformat(), one.name) for day, one in self.among.items()]

    def chosen(self) -> list[Holiday]:
        return [self.among[day] for day in sorted(self.cleaned_data["days"])]
