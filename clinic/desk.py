"""What patients ask of the desk, and what became of it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from clinic import audit
from clinic.access import Actor
from clinic.models import DeskTask, User


class AlreadyDone(Exception):
    """Carries a sentence fit for the person at the desk."""


@transaction.atomic
def ask(
    *,
    kind: str,
    patient_uid: uuid.UUID | None,
    patient_name: str,
    subject_kind: str,
    subject_uid: uuid.UUID,
    subject_version: int,
    subject_at: datetime,
    zone: str,
    note: str,
    by: Actor,
    now: datetime,
) -> DeskTask:
    """Ask a person at the desk to do something about a subject.

    Asking twice, before anyone has seen to it, is asking once.
    """
    task, asked = DeskTask.objects.get_or_create(
        kind=DeskTask.Kind(kind),
        subject_uid=subject_uid,
        subject_version=subject_version,
        done_at=None,
        defaults={
            "patient_uid": patient_uid,
            "patient_name": patient_name[:200],
            "subject_kind": subject_kind,
            "subject_at": subject_at,
            "zone": zone,
            "note": note[:500],
            "asked_at": now,
        },
    )
    if asked:
        audit.record("desk_task.asked", by=by, now=now, subject=task, patient_uid=patient_uid, detail={"kind": kind})
    return task


@transaction.atomic
def finish(*, task_uid: uuid.UUID, outcome: str, by: User, now: datetime) -> DeskTask:
    """Somebody has seen to it."""
    task = DeskTask.objects.select_for_update().get(uid=task_uid)
    if task.done_at is not None:
        raise AlreadyDone("Someone else has seen to this already.")
    task.done_at, task.done_by, task.outcome = now, by, outcome[:500]
    task.save(update_fields=["done_at", "done_by", "outcome"])
    audit.record(
        "desk_task.done", by=by, now=now, subject=task, patient_uid=task.patient_uid, detail={"kind": task.kind}
    )
    return task


def reopen_for(*, subject_uid: uuid.UUID, version: int, becomes: int, closed_at: datetime, outcome: str) -> int:
    """What overtook them was taken back: what `close_for` closed then is asked of the desk again."""
    mine = DeskTask.objects.about(subject_uid).filter(subject_version=version)
    mine.filter(done_at=closed_at, done_by__isnull=True, outcome=outcome).update(done_at=None, outcome="")
    return mine.update(subject_version=becomes)


def close_for(*, subject_uid: uuid.UUID, outcome: str, now: datetime) -> int:
    """What was asked about the subject has been overtaken by events."""
    overtaken = (DeskTask.Kind.MOVE_WANTED, DeskTask.Kind.CALL_PATIENT)
    moot = DeskTask.objects.about(subject_uid).open().filter(kind__in=overtaken)
    return moot.update(done_at=now, outcome=outcome)
