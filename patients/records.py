"""The three moves of every list on a patient's record: add to it, correct it, void it.

Modules named for the nouns (allergies, medication, history, cover, contacts) call these and add their own rules.
A correction is made in place, so that whatever points at a fact goes on pointing at it; what it said before stays
in its history (docs/adr/0011-facts-are-corrected-in-place.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, models, transaction

from clinic import audit
from clinic.access import Actor
from clinic.forms import check_revision
from clinic.models import User
from patients import changes
from patients.models import OfPatient, Patient

Fact = TypeVar("Fact", bound=OfPatient)


class RecordRefused(Exception):
    """Carries a sentence fit for the person at the desk."""


#: What the triggers of 0002_guards refuse, in words; check constraints bring their own.
REFUSALS = {
    "none_known_means_no_allergy_is_listed": "Allergies are listed. Strike them out before saying none are known.",
    "listed_means_an_allergy_is_listed": "Name the allergy, or say that none are known.",
    "merge_ends_at_a_survivor": "One of the two records has been merged into another meanwhile.",
}


def staff(by: Actor) -> User | None:
    """Who is written beside a row: a member of staff, or nobody when the patient or Tonus itself acts."""
    return by if isinstance(by, User) else None


def lock(patient: Patient) -> Patient:
    """Queue up behind anyone else writing on this person's record; the record that stands for the person, reread."""
    locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    while locked.merged_into_id:
        locked = Patient.objects.select_for_update(no_key=True).get(pk=locked.merged_into_id)
    return locked


def uids_of(patient: Patient) -> list[UUID]:
    """Of this person's record and of those merged into it: messages may still bear any of them."""
    return list(Patient.objects.family(patient.survivor).values_list("uid", flat=True))


@contextmanager
def explained(model: type[models.Model]) -> Iterator[None]:
    """What a constraint refuses, as a sentence; what none of ours refuses stays an error."""
    sentences = REFUSALS | {
        str(c.name): str(c.violation_error_message)
        for c in model._meta.constraints
        if c.violation_error_message != c.default_violation_error_message
    }
    try:
        with transaction.atomic():
            yield
    except IntegrityError as exc:
        name = getattr(getattr(exc.__cause__, "diag", None), "constraint_name", None)
        if name not in sentences:
            raise
        raise RecordRefused(sentences[name]) from exc


@transaction.atomic
def add(model: type[Fact], *, patient: Patient, by: Actor, now: datetime, **values: Any) -> Fact:
    """Write a new fact on the person's record."""
    patient = lock(patient)
    fact = model(patient=patient, recorded_at=now, recorded_by=staff(by), **values)
    with explained(model):
        fact.save()
    _say("added", fact, by=by, now=now)
    return fact


@transaction.atomic
def correct(fact: Fact, *, revision: int | None = None, by: Actor, now: datetime, **values: Any) -> Fact:
    """Put right what a fact says. With `revision`, only if it still says what the typist saw."""
    fact = _reread(fact)
    if revision is not None and revision != fact.revision:
        check_revision(fact, revision, fields=changes.since(fact, revision))
    if all(getattr(fact, name) == value for name, value in values.items()):
        return fact
    for name, value in values.items():
        setattr(fact, name, value)
    fact.revision += 1
    with explained(type(fact)):
        fact.save(update_fields=[*values, "revision"])
    _say("corrected", fact, by=by, now=now, detail={"fields": sorted(values)})
    return fact


@transaction.atomic
def void(fact: Fact, *, reason: str, by: User, now: datetime) -> Fact:
    """Strike a fact that was never true. It stays readable in the changes, with the reason."""
    fact = _reread(fact)
    if not reason.strip():
        raise RecordRefused("Say why it is struck out.")
    fact.voided_at, fact.voided_by, fact.void_reason = now, by, reason.strip()
    fact.revision += 1
    fact.save(update_fields=["voided_at", "voided_by", "void_reason", "revision"])
    _say("voided", fact, by=by, now=now, reason=reason)
    return fact


def _reread(fact: Fact) -> Fact:
    """Under the patient's lock; a voided fact takes no more writing."""
    lock(fact.patient)
    fact = type(fact)._default_manager.select_related("patient").get(pk=fact.pk)
    if fact.is_void:
        raise RecordRefused("This entry has been struck out meanwhile.")
    return fact


def _say(done: str, fact: OfPatient, **said: Any) -> None:
    audit.record(f"{fact._meta.model_name}.{done}", subject=fact, patient_uid=fact.patient.uid, **said)
