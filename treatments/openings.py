"""A note that its author keeps private is opened by an owner for an hour, with a reason that the author reads."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from clinic import audit
from clinic.access import Can
from clinic.models import User
from treatments.models import NoteOpening, SessionNote
from treatments.states import NotePrivacy

#: As long as a broken glass stays open.
OPEN_FOR = timedelta(minutes=60)


class OpeningRefused(Exception):
    """Carries a sentence fit for the owner."""


@transaction.atomic
def open_note(note: SessionNote, *, reason: str, by: User, now: datetime) -> NoteOpening:
    """Open one private note. Nobody else's eyes are opened by it, and nothing else of the record."""
    if not by.can(Can.OPEN_PRIVATE_NOTES):
        raise OpeningRefused("Only an owner may open a private note.")
    if note.privacy != NotePrivacy.PRIVATE or not note.is_signed:
        raise OpeningRefused("This note is not kept private.")
    if len(reason.strip()) < 5:
        raise OpeningRefused("Say why you need to open this note; its author reads it.")
    made = NoteOpening.objects.create(
        note=note, patient=note.patient, opened_by=by, reason=reason.strip(), opened_at=now, expires_at=now + OPEN_FOR
    )
    audit.record(
        "private_note.opened", by=by, now=now, subject=note, patient_uid=note.patient.uid, reason=reason.strip()
    )
    return made


def is_open(note: SessionNote, *, to: User, now: datetime) -> bool:
    return NoteOpening.objects.open_at(now).filter(note=note, opened_by=to).exists()
