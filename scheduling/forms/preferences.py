"""When a patient would rather come, as said at the desk."""

from __future__ import annotations

from typing import Any

from django import forms

from clinic.forms import TimeInput, TonusForm
from clinic.models import Practitioner
from scheduling.forms.booking import ByUid
from scheduling.models import TimePreference, Weekday


class PreferenceForm(TonusForm):
    weekdays = forms.TypedMultipleChoiceField(
        choices=Weekday.choices, coerce=int, required=False, widget=forms.CheckboxSelectMultiple, label="On",
        help_text="None ticked: any day.",
    )  # fmt: skip
    earliest = forms.TimeField(required=False, widget=TimeInput(), label="Not before")
    latest = forms.TimeField(required=False, widget=TimeInput(), label="Over by")
    practitioner = ByUid(Practitioner.objects.active().by_name(), required=False, label="With", empty_label="Anybody")
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @classmethod
    def initial_of(cls, said: TimePreference | None) -> dict[str, Any]:
        if said is None:
            return {"revision": 1}
        return {
            "weekdays": said.weekdays, "earliest": said.earliest, "latest": said.latest,
            "practitioner": said.practitioner.uid if said.practitioner else None, "revision": said.revision,
        }  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("earliest") and data.get("latest") and data["latest"] <= data["earliest"]:
            self.add_error("latest", "The hours end before they begin.")
        return data
