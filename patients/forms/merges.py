"""Which of two records of one person stays, and why they are one."""

from __future__ import annotations

from typing import Any

from django import forms

from clinic.forms import TonusForm
from patients.models import Patient


class MergeForm(TonusForm):
    """The record that stays keeps its particulars; the other becomes another name of it."""

    survivor = forms.ChoiceField(label="Which record stays?", widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Why are they the same person?", max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, one: Patient, two: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["survivor"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(p.uid), f"{p.number_label}, {p.full_name}") for p in (one, two)]
        field.initial = str(min(one, two, key=lambda p: p.registered_at).uid)
