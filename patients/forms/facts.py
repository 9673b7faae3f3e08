"""One form for each list on the record: `said()` are the arguments of the verb, `columns()` of a correction."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import DateInput, PhoneField, TonusForm, TonusModelForm
from patients.dates import RoughDay
from patients.forms.fields import BirthdayField, RoughDayField, set_today
from patients.models import (
    Allergy,
    Condition,
    Coverage,
    DrugClass,
    EmergencyContact,
    Identifier,
    Injury,
    Medication,
    Relationship,
    Surgery,
)


class FactForm(TonusModelForm):
    """A fact about a patient. Rough days are one field on the page and two columns in the table."""

    #: The rough days of the form by name.
    rough: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if instance is not None:
            kwargs["initial"] = {name: getattr(instance, name) for name in self.rough} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.today = today
        set_today(self, today)

    def said(self) -> dict[str, Any]:
        """What was typed, as the noun's verb takes it."""
        return {name: value for name, value in self.cleaned_data.items() if name != "revision"}

    def columns(self) -> dict[str, Any]:
        """What was typed, as the table has it."""
        said = self.said()
        for name in self.rough:
            rough: RoughDay = said.pop(name)
            said[f"{name}_on"], said[f"{name}_precision"] = rough.on, rough.precision
        return said


class InjuryForm(FactForm):
    rough = ("happened",)
    happened = RoughDayField(label="When", required=False)

    class Meta:
        model = Injury
        fields = ("cause", "happened", "body_part", "mechanism")
        widgets: ClassVar = {"mechanism": forms.Textarea(attrs={"rows": 2})}
        help_texts: ClassVar = {"mechanism": "In the patient's words: lifting a washing machine, felt it go."}

    field_order = ("cause", "happened", "body_part", "mechanism")


class ConditionForm(FactForm):
    rough = ("since",)
    since = RoughDayField(label="Since", required=False)

    class Meta:
        model = Condition
        fields = ("name", "caution", "resolved_on")
        widgets: ClassVar = {"resolved_on": DateInput()}
        labels: ClassVar = {"resolved_on": "Over since"}
        help_texts: ClassVar = {
            "caution": "Shown in the patient's header: osteoporosis, no deep pressure.",
            "resolved_on": "Empty while it lasts.",
        }

    field_order = ("name", "since", "resolved_on", "caution")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        over, since = typed.get("resolved_on"), typed.get("since")
        if over and over > self.today:
            self.add_error("resolved_on", "That is in the future.")
        elif over and since and since.on and over < since.on:
            self.add_error("resolved_on", "It cannot have ended before it began.")
        return typed


class SurgeryForm(FactForm):
    rough = ("done",)
    done = RoughDayField(label="When", required=False)

    class Meta:
        model = Surgery
        fields = ("name", "implant")
        help_texts: ClassVar = {"implant": "What it left in the body: plates, screws, a joint, a pacemaker."}

    field_order = ("name", "done", "implant")


class AllergyForm(FactForm):
    class Meta:
        model = Allergy
        fields = ("substance", "kind", "reaction", "severity")


class MedicationForm(FactForm):
    rough = ("started",)
    started = RoughDayField(label="Since", required=False)
    drug_classes = forms.MultipleChoiceField(
        label="Class",
        choices=DrugClass.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Left empty, it is set by the drug's name where that is known.",
    )

    class Meta:
        model = Medication
        fields = ("name", "drug_classes", "dose_as_ordered", "prescriber")
        help_texts: ClassVar = {"dose_as_ordered": "As the order says, word for word: 5 mg at night."}

    field_order = ("name", "dose_as_ordered", "prescriber", "started", "drug_classes")


class StopMedicationForm(TonusForm):
    """The patient takes it no more."""

    ended_on = forms.DateField(label="Last taken on", widget=DateInput())
    reason = forms.CharField(label="Why", max_length=200, required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"ended_on": today}, **kwargs)
        self.today = today

    def clean_ended_on(self) -> date:
        ended: date = self.cleaned_data["ended_on"]
        if ended > self.today:
            raise ValidationError("That is in the future.")
        return ended


class IdentifierForm(FactForm):
    class Meta:
        model = Identifier
        fields = ("kind", "value", "issuer")


class CoverageForm(FactForm):
    subscriber_born_on = BirthdayField(label="Their date of birth", required=False)

    class Meta:
        model = Coverage
        fields = (
            "payer_name", "plan_name", "member_id", "group_number", "priority", "valid_from", "valid_to",
            "relationship", "subscriber_name", "subscriber_born_on",
        )  # fmt: skip
        widgets: ClassVar = {"valid_from": DateInput(), "valid_to": DateInput()}

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("relationship") not in {None, Relationship.SELF} and not typed.get("subscriber_name"):
            self.add_error("subscriber_name", "Whose insurance is it? Type the name of the insured.")
        starts, ends = typed.get("valid_from"), typed.get("valid_to")
        if starts and ends and ends < starts:
            self.add_error("valid_to", "Cover cannot end before it begins.")
        return typed


class EmergencyContactForm(FactForm):
    phone = PhoneField(label="Telephone")

    class Meta:
        model = EmergencyContact
        fields = ("name", "relationship", "phone")


class ReasonForm(TonusForm):
    """Why: for whatever is struck out, deactivated, merged or opened."""

    reason = forms.CharField(label="Why", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, label: str = "Why", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label
