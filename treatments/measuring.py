"""Taking a measure: answers in, a score out, written once. A wrong one is struck out and taken again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from clinic.access import Actor
from clinic.models import User
from patients import records
from patients.models import Patient
from patients.records import RecordRefused
from treatments.models import Episode, LicensedForm, Measurement, MeasureRequest
from treatments.outcomes import scoring
from treatments.outcomes.measures import MEASURES
from treatments.outcomes.scoring import NotScorable

#: What a form fills in, by measure: plain values that keep well as JSON.
Answers = Mapping[str, Any]


class MeasureRefused(Exception):
    """Carries a sentence fit for whoever answers."""


def score(measure: str, answers: Answers) -> Decimal:
    """The score of these answers. Raises NotScorable."""
    match measure:
        case "nprs" | "groc":
            return scoring.scale(measure, answers.get("answer"))
        case "rmdq":
            return scoring.rmdq(answers.get("ticked", ()))
        case "psfs":
            rated = [(str(name), rating) for name, rating in answers.get("activities", ())]
            if len({name.casefold() for name, _ in rated}) < len(rated):
                raise NotScorable("Name each activity once.")
            return scoring.psfs(dict(rated))
        case "odi":
            if "sections" in answers:
                return scoring.odi_sections(answers["sections"])
            if answers.get("percent") is not None:
                return scoring.scale_percent(answers["percent"])
            if answers.get("points") is None:
                raise NotScorable("Enter the points, or the score in per cent.")
            return scoring.odi(answers["points"], answers.get("answered") or scoring.ODI_SECTIONS)
        case "rom":
            return scoring.rom(answers.get("degrees"))
    raise NotScorable("That is not measured here.")


def sendable() -> list[str]:
    """What a patient can answer by link: also a licensed form, as long as the clinic has one in use."""
    own = LicensedForm.objects.in_use()
    return [slug for slug, measure in MEASURES.items() if measure.can_be_sent or slug in own]


@transaction.atomic
def take(
    *,
    patient: Patient,
    measure: str,
    answers: Answers,
    detail: str = "",
    episode: Episode | None = None,
    request: MeasureRequest | None = None,
    taken_at: datetime,
    by: Actor,
    now: datetime,
) -> Measurement:
    """Write down one score with its answers."""
    if episode is not None and episode.patient.root_id != patient.root_id:
        raise MeasureRefused("That episode is another patient's.")
    if taken_at > now:
        raise MeasureRefused("That day is still to come.")
    try:
        value = score(measure, answers)
    except NotScorable as sentence:
        raise MeasureRefused(str(sentence)) from sentence
    return records.add(
        Measurement,
        patient=patient,
        episode=episode,
        measure=measure,
        detail=detail,
        taken_at=taken_at,
        value=value,
        answers=dict(answers),
        request=request,
        by=by,
        now=now,
    )


def strike(measurement: Measurement, *, reason: str, by: User, now: datetime) -> Measurement:
    """What was never true; it stays readable, with the reason, and off the curve."""
    try:
        return records.void(measurement, reason=reason, by=by, now=now)
    except RecordRefused as refusal:
        raise MeasureRefused(str(refusal)) from refusal


def activities_of(patient: Patient, episode: Episode | None) -> list[str]:
    """The activities the patient named last, to be rated again; none before the first time."""
    known = Measurement.objects.for_patient(patient).standing().filter(measure="psfs", episode=episode)
    last = known.newest_first().first()
    return [name for name, _ in last.answers["activities"]] if last else []
