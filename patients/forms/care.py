"""Who treats the patient."""

from __future__ import annotations

from typing import Any

from django import forms

from clinic.forms import TonusForm
from clinic.models import Practitioner
from patients.models import CareTeamMember, Patient


class AssignForm(TonusForm):
    """A practitioner who does not treat the patient yet."""

    practitioner = forms.ModelChoiceField(queryset=Practitioner.objects.none(), to_field_name="uid", empty_label="—")

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        treating = CareTeamMember.objects.current().for_patient(patient).values("practitioner")
        field = self.fields["practitioner"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Practitioner.objects.active().by_name().exclude(pk__in=treating)


class ReviewForm(TonusForm):
    """What an owner says about a record that was opened with a reason."""

    note = forms.CharField(
        label="Note", max_length=300, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
