"""Measures, questions and diaries for tests: one call each."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from clinic import links
from clinic.links import Purpose
from clinic.models import ActionLink, Practitioner
from patients import care_team
from patients.models import Joining, Patient
from tests.factories import people
from tests.factories import treatments as make
from tests.factories.treatments import NOW
from treatments import asking, measuring, spasms
from treatments.models import Measurement, MeasureRequest, SpasmDiary, SpasmEntry

ANSWERS: dict[str, Any] = {
    "nprs": {"answer": 7},
    "groc": {"answer": 3},
    "rmdq": {"ticked": [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23]},
    "psfs": {"activities": [["Walking", 4], ["Lifting my son", 2], ["Sleeping through", 6]]},
    "odi": {"points": 16, "answered": 9},
    "rom": {"degrees": 40},
}


def a_therapist_of(patient: Patient) -> Practitioner:
    """A therapist who has this patient in their care."""
    one = make.a_practitioner()
    care_team.join(patient=patient, practitioner=one, why=Joining.ASSIGNED, by=people.front_desk(), now=NOW)
    return one


def a_measurement(
    patient: Patient, measure: str = "nprs", answers: Any = None, *, by: Any, days_ago: int = 0, **facts: Any
) -> Measurement:
    options: dict[str, Any] = {"taken_at": NOW - timedelta(days=days_ago), "now": NOW}
    if measure == "rom":
        options["detail"] = "lumbar_flexion"
    said = ANSWERS[measure] if answers is None else answers
    return measuring.take(patient=patient, measure=measure, answers=said, by=by, **(options | facts))


def a_course(patient: Patient, *scores: int, by: Any, every: int = 7, **facts: Any) -> list[Measurement]:
    """Pain, the oldest first, the last one today."""
    return [
        a_measurement(patient, "nprs", {"answer": n}, by=by, days_ago=every * (len(scores) - 1 - i), **facts)
        for i, n in enumerate(scores)
    ]


def some_questions(patient: Patient, *measures: str, by: Any, now: datetime = NOW, **facts: Any) -> MeasureRequest:
    return asking.ask(patient=patient, measures=measures or ("nprs",), by=by, now=now, **facts)


def a_diary(patient: Patient, *, by: Any, days_ago: int = 0) -> SpasmDiary:
    return spasms.open_for(patient, by=by, now=NOW - timedelta(days=days_ago))


def token_for(subject: MeasureRequest | SpasmDiary, **changes: Any) -> str:
    purpose = Purpose.MEASURES if isinstance(subject, MeasureRequest) else Purpose.SPASM_DIARY
    facts = {"purpose": purpose, "subject_uid": subject.uid, "expires_at": NOW + timedelta(days=14), "now": NOW}
    return links.issue(**(facts | changes))


def link_for(diary: SpasmDiary, **changes: Any) -> ActionLink:
    return ActionLink.objects.get(digest=links.digest_of(token_for(diary, **changes)))


def a_spasm(link: ActionLink, *, severity: int = 5, at: datetime = NOW, key: uuid.UUID | None = None) -> SpasmEntry:
    return spasms.note(link=link, severity=severity, key=key or uuid.uuid4(), now=at)
