"""Whose notes somebody else vouches for as well, and the second signature itself: a row beside the locked note."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from clinic import audit
from clinic.models import Practitioner, User
from treatments import vouching
from treatments.models import CoSignature, SessionNote, Supervision


class CoSigningRefused(Exception):
    """Carries a sentence fit for who asked."""


@transaction.atomic
def agree(*, practitioner: Practitioner, cosigner: Practitioner, by: User, now: datetime) -> Supervision:
    """From now on what the practitioner signs waits for the cosigner, or another cosigner of theirs."""
    if practitioner.pk == cosigner.pk:
        raise CoSigningRefused("Nobody co-signs their own notes.")
    Practitioner.objects.select_for_update(no_key=True).get(pk=practitioner.pk)
    if Supervision.objects.current().filter(practitioner=practitioner, cosigner=cosigner).exists():
        raise CoSigningRefused(f"{cosigner} co-signs for {practitioner} already.")
    made = Supervision.objects.create(practitioner=practitioner, cosigner=cosigner, began_at=now, began_by=by)
    audit.record("supervision.began", by=by, now=now, subject=made, detail=_who(made))
    return made


@transaction.atomic
def end(supervision: Supervision, *, by: User, now: datetime) -> None:
    """From now on this cosigner is not needed. What waits for nobody else any more no longer waits."""
    found = Supervision.objects.select_for_update(of=("self",)).for_list().get(pk=supervision.pk)
    if found.ended_at is None:
        found.ended_at, found.ended_by = now, by
        found.save(update_fields=["ended_at", "ended_by"])
        audit.record("supervision.ended", by=by, now=now, subject=found, detail=_who(found))


def _who(supervision: Supervision) -> dict[str, str]:
    return {"practitioner": str(supervision.practitioner.uid), "cosigner": str(supervision.cosigner.uid)}


def in_force() -> list[Supervision]:
    """Each says how many notes wait for it: `waiting`."""
    waits = Q(practitioner__notes__needs_cosignature=True, practitioner__notes__cosignature__isnull=True)
    return list(Supervision.objects.current().for_list().annotate(waiting=Count("practitioner__notes", filter=waits)))


def waiting_for_nobody() -> int:
    """Notes that wait though nobody is asked any more: a cosigner has to be named again."""
    asked = Supervision.objects.current().values("practitioner")
    return SessionNote.objects.waiting_for_cosignature().exclude(author__in=asked).count()


def may_cosign(note: SessionNote, *, by: User) -> bool:
    me = by.practitioner_or_none
    return bool(me and note.waits_for_cosignature and SessionNote.objects.to_cosign(me).filter(pk=note.pk).exists())


@transaction.atomic
def cosign(note: SessionNote, *, remark: str = "", by: User, now: datetime) -> CoSignature:
    """Vouch for a signed note as well, exactly as it reads now."""
    me = by.practitioner_or_none
    found = SessionNote.objects.with_parts().select_for_update(of=("self",), no_key=True).get(pk=note.pk)
    if found.cosigned is not None:
        raise CoSigningRefused(f"{found.cosigned.signed_by} has co-signed it already.")
    if me is None or not SessionNote.objects.to_cosign(me).filter(pk=found.pk).exists():
        raise CoSigningRefused("This note does not wait for your co-signature.")
    if not vouching.is_intact(found):
        raise CoSigningRefused("This is not what was signed. Tell whoever runs this computer.")
    try:
        made = CoSignature.objects.create(
            note=found, signed_at=now, signed_by=by, digest=found.digest, remark=remark.strip()
        )
    except IntegrityError as exc:
        raise CoSigningRefused("Somebody else has co-signed it a moment ago.") from exc
    audit.record(
        "note.cosigned", by=by, now=now, subject=found, patient_uid=found.patient.uid,
        detail={"digest": found.digest, "row": vouching.digest_of_cosignature(made)},
    )  # fmt: skip
    return made
