"""The front desk's one page for a new patient: everything that is asked, quick to type.

Lists are typed one entry a line ("Penicillin - rash", "Appendix 2011"); what needs more detail gets it on the
patient's page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.forms import BaseFormSet, formset_factory

from clinic.forms import PhoneField, TonusForm
from patients import dates
from patients.dates import NotADay
from patients.forms.fields import LinesField, RoughDayField, month_comes_first, set_today
from patients.forms.particulars import ConsentForm, ParticularsForm
from patients.models import AllergyStatus, Cause, Channel, DrugClass, Relationship
from patients.registration import Intake

_WHEN_AT_THE_END = re.compile(r"^(?P<what>.+?)[\s,(–-]+(?P<when>(?:\S+\s+){0,2}\d{4})\)?$")
_REACTION = re.compile(r"\s+[-–—:]\s*|\s*[–—:]\s+|\s*\(")


class IntakeForm(TonusForm):
    """Everything besides who the patient is."""

    emergency_name = forms.CharField(label="Name", max_length=120, required=False)
    emergency_relationship = forms.CharField(label="Who they are", max_length=60, required=False)
    emergency_phone = PhoneField(label="Telephone", required=False)

    injury_cause = forms.ChoiceField(label="Cause", choices=[("", "—"), *Cause.choices], required=False)
    injury_when = RoughDayField(label="When", required=False)
    injury_where = forms.CharField(label="Where it hurts", max_length=120, required=False)
    injury_mechanism = forms.CharField(
        label="What happened",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="In the patient's words.",
    )

    allergy_status = forms.ChoiceField(
        label="Allergies", choices=AllergyStatus.choices, initial=AllergyStatus.NOT_ASKED, widget=forms.RadioSelect
    )
    allergies = LinesField(label="Which", required=False, help_text="One a line, with what it does: Penicillin – rash.")
    conditions = LinesField(label="Conditions", required=False, help_text="One a line: High blood pressure 2015.")
    surgeries = LinesField(label="Operations", required=False, help_text="One a line: Appendix 2011.")

    payer_name = forms.CharField(label="Insurer", max_length=120, required=False)
    member_id = forms.CharField(label="Member number", max_length=60, required=False)
    group_number = forms.CharField(label="Group number", max_length=60, required=False)
    relationship = forms.ChoiceField(
        label="Insured person", choices=Relationship.choices, initial=Relationship.SELF, required=False
    )
    subscriber_name = forms.CharField(label="Name of the insured", max_length=120, required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        set_today(self, today)

    def clean_surgeries(self) -> list[dict[str, Any]]:
        return [{"name": what, "done": when} for what, when in map(self._dated, self.cleaned_data["surgeries"])]

    def clean_conditions(self) -> list[dict[str, Any]]:
        return [{"name": what, "since": when} for what, when in map(self._dated, self.cleaned_data["conditions"])]

    def clean_allergies(self) -> list[dict[str, Any]]:
        entries = []
        for line in self.cleaned_data["allergies"]:
            substance, *reaction = _REACTION.split(line, maxsplit=1)
            if len(substance) > 120:
                raise forms.ValidationError("A substance is no longer than 120 letters.")
            entries.append({"substance": substance, "reaction": reaction[0].rstrip(")") if reaction else ""})
        return entries

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        self._check_emergency(typed)
        if not typed.get("injury_cause") and any(typed.get(f"injury_{part}") for part in ("where", "mechanism")):
            self.add_error("injury_cause", "Choose the cause; “Not known” is an answer too.")
        status, listed = typed.get("allergy_status"), typed.get("allergies")
        if status == AllergyStatus.LISTED and not listed and "allergies" not in self.errors:
            self.add_error("allergies", "Name the allergy, or say that none are known.")
        if status == AllergyStatus.NONE_KNOWN and listed:
            self.add_error("allergy_status", "Allergies are named below: choose “Listed”.")
        if any(typed.get(name) for name in ("payer_name", "member_id", "group_number", "subscriber_name")):
            for name in ("payer_name", "member_id"):
                if not typed.get(name):
                    self.add_error(name, "Needed to bill the insurance.")
            if typed.get("relationship") not in {"", None, Relationship.SELF} and not typed.get("subscriber_name"):
                self.add_error("subscriber_name", "Whose insurance is it? Type the name of the insured.")
        return typed

    def _check_emergency(self, typed: dict[str, Any]) -> None:
        parts = {name: typed.get(f"emergency_{name}") for name in ("name", "relationship", "phone")}
        if any(parts.values()):
            for name in ("name", "phone"):
                if not parts[name] and f"emergency_{name}" not in self.errors:
                    self.add_error(f"emergency_{name}", "Needed to reach them.")

    def _dated(self, line: str) -> tuple[str, dates.RoughDay]:
        """ "Appendix 2011" is an operation and a year; a year ahead of today is part of the name."""
        if found := _WHEN_AT_THE_END.match(line):
            for when in _endings(found["when"]):
                try:
                    rough = dates.parse(when, month_first=month_comes_first())
                except NotADay:
                    continue
                if rough.on and rough.on <= self.today:
                    return line[: line.rindex(when)].rstrip(" ,(–-"), rough
        return line, dates.NOTHING_KNOWN


def _endings(words: str) -> list[str]:
    """The whole text, then without its first word, then without two."""
    parts = words.split()
    return [" ".join(parts[i:]) for i in range(len(parts))]


class MedicationRowForm(TonusForm):
    """One drug as ordered."""

    name = forms.CharField(label="Drug", max_length=200, required=False)
    dose_as_ordered = forms.CharField(label="Dose as ordered", max_length=200, required=False)
    prescriber = forms.CharField(label="Prescriber", max_length=120, required=False)
    drug_class = forms.ChoiceField(label="Class", choices=[("", "By its name"), *DrugClass.choices], required=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if not typed.get("name") and any(typed.get(other) for other in ("dose_as_ordered", "prescriber", "drug_class")):
            self.add_error("name", "Which drug?")
        return typed


MedicationRows: type[BaseFormSet] = formset_factory(MedicationRowForm, extra=3, max_num=10, absolute_max=10)


class RegistrationForms:
    """The page's forms as one: valid together, and together the arguments of registration.register."""

    def __init__(self, data: Mapping[str, Any] | None, *, today: date, country: str) -> None:
        self.particulars = ParticularsForm(data, today=today, country=country)
        self.consent = ConsentForm(data)
        self.intake = IntakeForm(data, today=today)
        self.medication = MedicationRows(data, prefix="medication")
        self._not_the_same_as = data.getlist("not_the_same_as") if hasattr(data, "getlist") else []  # type: ignore[union-attr]

    @property
    def every(self) -> list[forms.BaseForm]:
        return [self.particulars, self.consent, self.intake, *self.medication.forms]

    def is_valid(self) -> bool:
        validity = [form.is_valid() for form in self.every]  # every form, so that all sentences are shown at once
        return self._preferred_channel_is_agreed_to() and all(validity) and self.medication.is_valid()

    @property
    def has_errors(self) -> bool:
        return any(form.is_bound and form.errors for form in self.every) or bool(self.page_errors)

    @property
    def page_errors(self) -> list[str]:
        """What is wrong with the page rather than with a field."""
        broken = self.medication.is_bound and self.medication.non_form_errors()
        return ["Part of the page did not arrive. Look through it and send it again."] if broken else []

    def _preferred_channel_is_agreed_to(self) -> bool:
        """A channel cannot be preferred without having been agreed to."""
        channel = self.particulars.cleaned_data.get("preferred_channel")
        name = f"consent_{channel}"
        if channel in {Channel.EMAIL, Channel.SMS} and self.consent.cleaned_data.get(name) != "yes":
            self.consent.add_error(name, "Read out the words and ask. Without a yes, choose “No messages” above.")
            return False
        return True

    def arguments(self) -> dict[str, Any]:
        """What registration.register takes."""
        return {**self.particulars.said(), "intake": self._intake()}

    def _intake(self) -> Intake:
        said = self.intake.cleaned_data
        emergency = {name: said[f"emergency_{name}"] for name in ("name", "relationship", "phone")}
        injury = {
            "cause": said["injury_cause"],
            "happened": said["injury_when"],
            "body_part": said["injury_where"],
            "mechanism": said["injury_mechanism"],
        }
        cover = {
            name: said[name] for name in ("payer_name", "member_id", "group_number", "relationship", "subscriber_name")
        }
        cover["relationship"] = cover["relationship"] or Relationship.SELF
        return Intake(
            consents=self.consent.consents(),
            emergency_contacts=[emergency] if emergency["name"] else [],
            injuries=[injury] if injury["cause"] else [],
            conditions=said["conditions"],
            surgeries=said["surgeries"],
            allergy_status=AllergyStatus.LISTED if said["allergies"] else said["allergy_status"],
            allergies=said["allergies"],
            medication=[_drug(row.cleaned_data) for row in self.medication.forms if row.cleaned_data.get("name")],
            coverages=[cover] if cover["payer_name"] else [],
            not_the_same_as=_uids(self._not_the_same_as),
        )


def _drug(row: dict[str, Any]) -> dict[str, Any]:
    classes = [row["drug_class"]] if row["drug_class"] else None
    return {
        "name": row["name"],
        "dose_as_ordered": row["dose_as_ordered"],
        "prescriber": row["prescriber"],
        "drug_classes": classes,
    }


def _uids(texts: list[str]) -> frozenset[UUID]:
    uids = set()
    for text in texts[:50]:
        try:
            uids.add(UUID(text))
        except ValueError:
            continue
    return frozenset(uids)
