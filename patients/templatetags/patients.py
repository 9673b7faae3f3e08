"""What the patient header shows on every page about a patient."""

from __future__ import annotations

from dataclasses import dataclass, field

from django import template
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models.functions import JSONObject
from django.template.context import Context

from clinic import audit
from clinic.access import Can
from clinic.models import Location
from patients import allergies, medication
from patients.models import Allergy, AllergyStatus, Condition, Medication, Patient

register = template.Library()


@dataclass(frozen=True)
class HeaderFacts:
    """Whether this reader treats the patient, and what hands-on work must know at first glance."""

    in_care: bool = False
    allergies: list[Allergy] = field(default_factory=list)
    allergies_not_asked: bool = False
    none_known: bool = False
    cautions: list[str] = field(default_factory=list)


@register.simple_tag(takes_context=True)
def header_facts(context: Context, patient: Patient) -> HeaderFacts:
    """Allergies and cautions, for who may read the history; nothing clinical for anyone else. One statement.

    Whoever is shown the header has looked: pages that say nothing of a look themselves are on record by this.
    """
    request = context["request"]
    audit.viewed_once("patient.header", by=request.user, now=request.now, patient_uid=patient.uid)
    visible = Patient.objects.visible_to(request.user, Can.SEE_HISTORY, now=request.now).filter(pk=patient.pk)
    person = patient.survivor
    found = visible.values_list(
        ArraySubquery(Allergy.objects.for_patient(person).worst_first().values(said=_said("substance", "reaction"))),
        ArraySubquery(
            Condition.objects.for_patient(person).current().exclude(caution="").order_by("pk")
            .values(said=_said("name", "caution"))
        ),
        ArraySubquery(
            Medication.objects.for_patient(person).current().order_by("pk").values(said=_said("name", "drug_classes"))
        ),
    ).first()  # fmt: skip
    if found is None:
        return HeaderFacts()
    listed, minded, taken = found
    return HeaderFacts(
        in_care=True,
        allergies=[Allergy(**one) for one in listed],
        allergies_not_asked=allergies.status_of(person, listed) == AllergyStatus.NOT_ASKED,
        none_known=allergies.status_of(person, listed) == AllergyStatus.NONE_KNOWN,
        cautions=[f"{one['name']}: {one['caution']}" for one in minded]
        + medication.cautions([Medication(**one) for one in taken]),
    )


def _said(*fields: str) -> JSONObject:
    return JSONObject(**{field: field for field in fields})


@register.simple_tag
def house_zone() -> Location | None:
    """Where the clinic's clocks hang, for pages that speak of no one place: its first location in use."""
    return Location.objects.active().order_by("pk").first()
