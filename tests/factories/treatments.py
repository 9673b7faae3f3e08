"""Episodes, plans and notes for tests: one call each, only what the test speaks of."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clinic.models import Practitioner, User
from patients import care_team  # noqa: F401 -- tests join people to a care team by it
from patients.models import Allergy, AllergyStatus, Condition, Injury, Medication, Patient
from tests.factories import people
from treatments import bodychart, episodes, notes, plans
from treatments.body.marks import Mark, fingerprint
from treatments.models import DiagnosisCode, Episode, Exercise, Intervention, Plan, SessionNote

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)


def a_patient(**facts: Any) -> Patient:
    defaults = {"given_name": "Ana", "family_name": "Núñez", "born_on": date(1980, 5, 1), "registered_at": NOW}
    return Patient.objects.create(**(defaults | facts))


def a_practitioner(**facts: str) -> Practitioner:
    people.a_location()
    return Practitioner.objects.get(user=people.a_therapist(**facts))


def an_injury(patient: Patient, **facts: Any) -> Injury:
    defaults = {
        "cause": "lifting",
        "mechanism": "Lifted a washing machine",
        "body_part": "low back",
        "happened_on": TODAY - timedelta(days=12),
        "happened_precision": "day",
        "recorded_at": NOW,
    }
    return Injury.objects.create(patient=patient, **(defaults | facts))


def a_medication(patient: Patient, name: str = "Cyclobenzaprine", *classes: str, **facts: Any) -> Medication:
    return Medication.objects.create(
        patient=patient,
        name=name,
        drug_classes=list(classes or ("muscle_relaxant",)),
        recorded_at=NOW,
        **({"dose_as_ordered": "5 mg at night", "prescriber": "Dr. Okafor"} | facts),
    )


def a_condition(patient: Patient, name: str, **facts: Any) -> Condition:
    return Condition.objects.create(patient=patient, name=name, recorded_at=NOW, **facts)


def an_allergy(patient: Patient, substance: str, **facts: Any) -> Allergy:
    made = Allergy.objects.create(patient=patient, substance=substance, recorded_at=NOW, **facts)
    Patient.objects.filter(pk=patient.pk).update(allergy_status=AllergyStatus.LISTED)
    patient.refresh_from_db()
    return made


def a_code(code: str = "M62.830", description: str = "Muscle spasm of back", **facts: Any) -> DiagnosisCode:
    defaults = {
        "description": description,
        "is_billable": True,
        "words": description.lower(),
        "weight": len(description),
        "valid_from": date(2025, 10, 1),
    }
    return DiagnosisCode.objects.get_or_create(code=code, defaults=defaults | facts)[0]


def an_episode(patient: Patient | None = None, *, by: User | None = None, **facts: Any) -> Episode:
    """Known cause, twelve days old, active spasm in the left low back, diagnosed: ready for a plan."""
    patient = patient or a_patient()
    by = by or people.front_desk()
    wanted = {"diagnosed": True, "tissue_state": "active_spasm"} | facts
    diagnosed, tissue = wanted.pop("diagnosed"), wanted.pop("tissue_state")
    defaults = {
        "title": "Back spasms since lifting",
        "cause": "lifting",
        "mechanism": "Lifted a washing machine",
        "onset_on": TODAY - timedelta(days=12),
        "regions": ["low_back_left"],
    }
    episode = episodes.begin(patient=patient, by=by, now=NOW, **(defaults | wanted))
    if diagnosed:
        a_diagnosis(episode, by=by)
    if tissue != "unknown":
        episode = episodes.examine(episode, tissue_state=tissue, regions=episode.regions, by=by, now=NOW)
    return episode


def a_diagnosis(episode: Episode, code: str = "M62.830", *, by: User | None = None) -> Any:
    return episodes.diagnose(
        episode,
        code=a_code(code, "Muscle spasm of back" if code == "M62.830" else code),
        diagnosed_on=TODAY,
        diagnosed_by="Dr. Okafor",
        by=by or people.front_desk(),
        now=NOW,
    )


def a_referral(episode: Episode, **facts: Any) -> Any:
    defaults = {
        "provider_name": "Dr. Okafor",
        "dated_on": TODAY,
        "asks_for": "Massage and physical therapy",
        "sessions_authorised": 12,
    }
    return episodes.refer(episode, by=people.front_desk(), now=NOW, **(defaults | facts))


def a_massage(technique: str = "neuromuscular", **facts: Any) -> plans.MassagePart:
    defaults: dict[str, Any] = {"minutes": 45, "sessions": 6, "days_between": 3, "regions": ("low_back_left",)}
    return plans.MassagePart(technique=technique, **(defaults | facts))


def some_exercises(*slugs: str) -> plans.ExercisePart:
    chosen = Exercise.objects.filter(slug__in=slugs or ("bridge", "bird-dog"))
    return plans.ExercisePart(30, 4, 7, tuple(plans.Dose(e, 3, 10, 4) for e in chosen))


def a_proposal(**facts: Any) -> plans.Proposal:
    defaults: dict[str, Any] = {"review_on": TODAY + timedelta(days=28), "massages": (a_massage(),)}
    return plans.Proposal(**(defaults | facts))


def a_plan(
    episode: Episode | None = None, *, author: Practitioner | None = None, accepted: bool = True, **facts: Any
) -> Plan:
    episode = episode or an_episode()
    author = author or a_practitioner()
    plan = plans.propose(episode, author=author, proposal=a_proposal(**facts), by=author.user, now=NOW, today=TODAY)
    if accepted:
        plan = plans.accept(plan, consented_on=TODAY, by=author.user, now=NOW, today=TODAY)
    return plan


def an_accepted_part(patient: Patient, *, author: Practitioner, sessions: int, days_between: int) -> Intervention:
    """The massage of an accepted plan, as it is booked from."""
    plan = a_plan(
        an_episode(patient), author=author, massages=(a_massage(sessions=sessions, days_between=days_between),)
    )
    return Intervention.objects.select_related("plan__episode").get(plan=plan)


def a_note(plan: Plan | None = None, *, author: Practitioner | None = None, **facts: Any) -> SessionNote:
    """A draft of a visit an hour ago."""
    plan = plan or a_plan(author=author)
    author = author or plan.author
    defaults: dict[str, Any] = {
        "patient": plan.patient,
        "plan": plan,
        "practitioner": author,
        "visit_uid": uuid.uuid4(),
        "service_at": NOW - timedelta(hours=1),
        "zone": "America/New_York",
        "by": author.user,
        "now": NOW,
    }
    return notes.start(**(defaults | facts))


def some_content(**facts: Any) -> notes.Content:
    exercise = Exercise.objects.get(slug="bridge")
    defaults: dict[str, Any] = {
        "subjective": "Two spasms since last time, turning in bed.",
        "objective": "Tone high left of L4.",
        "assessment": "Spasm is giving way.",
        "next_steps": "Same again in four days.",
        "response": "Walks upright.",
        "pain_before": 6,
        "pain_after": 3,
        "spasms_since_last": 2,
        "techniques": (notes.Applied("neuromuscular", "low_back_left", 30, 3),),
        "exercises": (notes.Done(exercise, 3, 10, ""),),
    }
    return notes.Content(**(defaults | facts))


def a_written_note(plan: Plan | None = None, **facts: Any) -> SessionNote:
    note = a_note(plan, **facts)
    return notes.save_draft(note, content=some_content(), revision=note.revision, by=note.author.user, now=NOW)


def some_marks() -> list[Mark]:
    return [
        Mark("low_back_upper_left", "pain", 6, "When turning"),
        Mark("low_back_upper_left", "spasm", 4),
        Mark("knee_back_right", "scar"),
        Mark("nowhere", "numbness"),
    ]


def a_signed_note(plan: Plan | None = None, *, marks: Sequence[Mark] = (), **facts: Any) -> SessionNote:
    note = a_written_note(plan, **facts)
    bodychart.save(note, marks=marks, seen="", by=note.author.user, now=NOW)
    return notes.sign(note, revision=note.revision, marks=fingerprint(marks), by=note.author.user, now=NOW)
