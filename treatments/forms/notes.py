"""Small forms around notes: a late one, an addendum, a co-signature, snippets, who co-signs, a private note."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import TimeInput, TonusForm
from clinic.models import Practitioner
from clinic.time import InGap, at_wall
from treatments.forms.fields import PastDay
from treatments.models import Plan


class LateNoteForm(TonusForm):
    """A session that was not booked, or is written down later: when it happened, and for which plan."""

    service_time = forms.TimeField(label="At", widget=TimeInput())
    plan = forms.ModelChoiceField(
        queryset=Plan.objects.none(), required=False, empty_label="No plan", to_field_name="uid"
    )

    def __init__(self, *args: Any, patient: Any, now: datetime, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tz, self.now = ZoneInfo(zone), now
        today: date = now.astimezone(self.tz).date()
        self.fields["service_on"] = PastDay(today=today, label="Session on", initial=today)
        plans = Plan.objects.for_patient(patient).accepted().select_related("episode").newest_first()
        self.fields["plan"].queryset = plans  # type: ignore[attr-defined]
        if len(plans) == 1:  # without its plan the note is of no trouble, and no rule speaks
            self.initial.setdefault("plan", plans[0].uid)
        self.order_fields(["service_on", "service_time", "plan"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        day, wall = cleaned.get("service_on"), cleaned.get("service_time")
        if day and wall:
            try:
                cleaned["service_at"] = at_wall(day, wall, self.tz)
            except InGap as gap:
                raise ValidationError({"service_time": str(gap)}) from None
            if cleaned["service_at"] > self.now:
                self.add_error("service_time", "That time is still to come.")
        return cleaned


class AddendumForm(TonusForm):
    text = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 3}), label="What is added")
    reason = forms.CharField(max_length=200, label="Why", widget=forms.TextInput(attrs={"autocomplete": "off"}))


class CoSignForm(TonusForm):
    remark = forms.CharField(
        max_length=300, required=False, label="Remark, if any", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class SnippetForm(TonusForm):
    short = forms.SlugField(
        max_length=20,
        label="Short name",
        help_text="Small letters, digits and dashes; typed with a dot before it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"invalid": "Only small letters, digits and dashes."},
    )
    text = forms.CharField(max_length=1000, label="What is inserted", widget=forms.Textarea(attrs={"rows": 3}))
    for_all = forms.TypedChoiceField(
        label="For",
        choices=[("", "me"), ("1", "everybody here")],
        coerce=bool,
        empty_value=False,  # type: ignore[arg-type]
        required=False,
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_short(self) -> str:
        short = self.cleaned_data["short"]
        if short != short.lower() or "_" in short or short.startswith("-"):
            raise ValidationError("Only small letters, digits and dashes.")
        return str(short)


class SupervisionForm(TonusForm):
    practitioner = forms.ModelChoiceField(
        queryset=Practitioner.objects.none(), to_field_name="uid", label="Notes of", empty_label="Choose …"
    )
    cosigner = forms.ModelChoiceField(
        queryset=Practitioner.objects.none(), to_field_name="uid", label="are co-signed by", empty_label="Choose …"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("practitioner", "cosigner"):
            self.fields[name].queryset = Practitioner.objects.active().by_name()  # type: ignore[attr-defined]


class OpenPrivateForm(TonusForm):
    reason = forms.CharField(
        max_length=300, label="Why you need to read it", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
