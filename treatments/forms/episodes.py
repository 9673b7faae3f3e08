"""Forms about an episode: its cause, what was found, the diagnosis, the referral."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from clinic.forms import DateInput, TonusForm
from patients.models import Cause, Document, Patient
from treatments import diagnoses
from treatments.forms.fields import NpiField, PastDay, RegionsField, blank_first, whole_number
from treatments.models import DiagnosisCode, TissueState


class EpisodeForm(TonusForm):
    """Why the patient comes, as told."""

    title = forms.CharField(max_length=120, label="Trouble", help_text="Such as: Back spasms since lifting")
    cause = forms.ChoiceField(choices=Cause.choices, initial=Cause.UNKNOWN)
    mechanism = forms.CharField(
        max_length=500, required=False, label="What happened", widget=forms.Textarea(attrs={"rows": 2})
    )
    regions = RegionsField()
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["onset_on"] = PastDay(today=today, required=False, label="Began on")
        self.order_fields(["title", "cause", "onset_on", "mechanism", "regions", "revision"])


class ExamineForm(TonusForm):
    """What hands and eyes found."""

    tissue_state = forms.ChoiceField(
        label="Tissue state", choices=blank_first(c for c in TissueState.choices if c[0] != TissueState.UNKNOWN)
    )
    regions = RegionsField()
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ReasonForm(TonusForm):
    """Why something ends or is struck out."""

    reason = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)


class DiagnosisForm(TonusForm):
    """A doctor's diagnosis. `q` is what was typed to find it, `code` the one that was chosen."""

    q = forms.CharField(
        max_length=200, required=False, label="Diagnosis", help_text="By words or by code: spasm of back, M62.8"
    )
    code = forms.CharField(max_length=12, required=False)
    diagnosed_by = forms.CharField(max_length=120, label="Diagnosed by")
    provider_npi = NpiField()

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["diagnosed_on"] = PastDay(today=today, label="On")

    def clean(self) -> dict[str, Any]:
        """The chosen code; or the only one that what was typed can mean."""
        cleaned = super().clean() or {}
        chosen = str(cleaned.get("code", "")).strip().upper()
        if not chosen and cleaned.get("q"):
            found = diagnoses.search(cleaned["q"]).codes
            chosen = found[0].code if len(found) == 1 else ""
        code = DiagnosisCode.objects.choosable().filter(code=chosen).first() if chosen else None
        if code is None:
            self.add_error("q", "Choose one of the codes below." if cleaned.get("q") else "Say what was diagnosed.")
        cleaned["code"] = code
        return cleaned


class ReferralForm(TonusForm):
    """What a doctor asks for, and the paper it came on."""

    provider_name = forms.CharField(max_length=120, label="Referring doctor")
    provider_npi = NpiField()
    asks_for = forms.CharField(
        max_length=500,
        label="Asks for",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="In the doctor's words, such as: massage and physical therapy, 12 sessions",
    )
    sessions_authorised = whole_number("Sessions authorised", 1, 200, required=False)
    expires_on = forms.DateField(required=False, label="Expires on", widget=DateInput())
    document = forms.ModelChoiceField(
        queryset=Document.objects.none(), required=False, label="Document on file", empty_label="None"
    )
    upload = forms.FileField(required=False, label="Or add it now", help_text="PDF, JPEG or PNG")

    def __init__(self, *args: Any, patient: Patient, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["dated_on"] = PastDay(today=today, label="Dated")
        documents = self.fields["document"]
        documents.queryset = Document.objects.for_patient(patient).newest_first()  # type: ignore[attr-defined]
        documents.to_field_name = "uid"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        dated, expires = cleaned.get("dated_on"), cleaned.get("expires_on")
        if dated and expires and expires < dated:
            self.add_error("expires_on", "A referral cannot expire before its date.")
        if expires and dated and (expires - dated).days > 5 * 366:
            self.add_error("expires_on", "That is too far ahead.")
        if cleaned.get("document") and cleaned.get("upload"):
            self.add_error("upload", "Choose a document on file or add a new one, not both.")
        return cleaned
