"""The lists on a patient's record, one entry each: what it is called, its form, its verbs, who may see and write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic.access import Can
from clinic.models import User
from patients import allergies, contacts, cover, history, medication, records
from patients.forms import facts
from patients.models import (
    Allergy,
    Condition,
    Coverage,
    EmergencyContact,
    Identifier,
    Injury,
    Medication,
    OfPatient,
    Surgery,
)


@dataclass(frozen=True)
class Section:
    """One list of facts."""

    kind: str
    title: str
    one: str
    model: type[Any]
    form: type[facts.FactForm]
    add: Callable[..., OfPatient]
    can_see: Can
    can_record: Can
    empty: str
    order: str
    void: Callable[..., OfPatient] = records.void

    @property
    def template(self) -> str:
        """How a row of this list looks."""
        return f"patients/facts/{self.kind}.html"

    @property
    def urls(self) -> dict[str, str]:
        return {move: f"patients:{self.kind}_{move}" for move in ("add", "correct", "void")}

    def rows(self, patient: Any, user: User, now: datetime) -> list[Any]:
        """The standing entries of the person, in the order they are read; none to who may not see them."""
        found = self.model.objects.for_patient(patient).visible_to(user, self.can_see, now=now)
        return list(getattr(found, self.order)())


CLINICAL = {
    section.kind: section
    for section in (
        Section(
            kind="injury", title="Injuries", one="an injury", model=Injury, form=facts.InjuryForm,
            add=history.add_injury, can_see=Can.SEE_HISTORY, can_record=Can.RECORD_HISTORY,
            empty="How it began: the cause is what the plan is chosen for.", order="newest_first",
        ),
        Section(
            kind="allergy", title="Allergies", one="an allergy", model=Allergy, form=facts.AllergyForm,
            add=allergies.add, void=allergies.void, can_see=Can.SEE_HISTORY, can_record=Can.RECORD_HISTORY,
            empty="", order="worst_first",
        ),
        Section(
            kind="medication", title="Medication", one="a drug", model=Medication, form=facts.MedicationForm,
            add=medication.add, can_see=Can.SEE_HISTORY, can_record=Can.RECORD_HISTORY,
            empty="What the patient takes, as the prescriber ordered it.", order="newest_first",
        ),
        Section(
            kind="condition", title="Conditions", one="a condition", model=Condition, form=facts.ConditionForm,
            add=history.add_condition, can_see=Can.SEE_HISTORY, can_record=Can.RECORD_HISTORY,
            empty="Illnesses and states that treatment has to mind.", order="newest_first",
        ),
        Section(
            kind="surgery", title="Operations", one="an operation", model=Surgery, form=facts.SurgeryForm,
            add=history.add_surgery, can_see=Can.SEE_HISTORY, can_record=Can.RECORD_HISTORY,
            empty="Operations, and what they left in the body.", order="newest_first",
        ),
    )
}  # fmt: skip
PARTICULARS = {
    section.kind: section
    for section in (
        Section(
            kind="emergency", title="In an emergency, call", one="a person to call", model=EmergencyContact,
            form=facts.EmergencyContactForm, add=contacts.add, can_see=Can.SEE_PATIENTS,
            can_record=Can.REGISTER_PATIENTS, empty="Whom to call when something happens.", order="in_order",
        ),
        Section(
            kind="coverage", title="Insurance", one="insurance cover", model=Coverage, form=facts.CoverageForm,
            add=cover.add_coverage, can_see=Can.SEE_PATIENTS, can_record=Can.REGISTER_PATIENTS,
            empty="Who pays, and under which member number.", order="in_order",
        ),
        Section(
            kind="identifier", title="Other numbers", one="a number", model=Identifier, form=facts.IdentifierForm,
            add=cover.add_identifier, can_see=Can.SEE_PATIENTS, can_record=Can.REGISTER_PATIENTS,
            empty="Numbers other places know the patient by.", order="in_order",
        ),
    )
}  # fmt: skip
EVERY = CLINICAL | PARTICULARS
