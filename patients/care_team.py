"""Who treats a patient, and the glass that may be broken in need: who belongs may open the clinical record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from clinic import audit, messaging
from clinic.access import Actor, Can
from clinic.messaging import Draft, Recipient, Subject
from clinic.messaging_states import Channel as MailChannel
from clinic.messaging_states import MessagePurpose
from clinic.models import AuditEvent, Location, Practitioner, User
from patients import records
from patients.models import BreakGlass, CareTeamMember, GlassReview, Joining, Patient
from patients.persons import Person

#: How long a broken glass stays open.
OPEN_FOR = timedelta(minutes=60)
NOTICE = """Hello {owner},

{who} opened the record of a patient outside their care on {when}, with a reason.

Whose record it was, why, and whether somebody has looked into it:
{address}
"""


class CareRefused(Exception):
    """Carries a sentence fit for the person who asked."""


class AlreadyReviewed(CareRefused):
    """Somebody has said so before: nothing more is to be done."""


@transaction.atomic
def join(*, patient: Patient, practitioner: Practitioner, why: str, by: Actor, now: datetime) -> CareTeamMember:
    """The practitioner treats this patient from now on; who already does, stays as they are."""
    member = _current(patient, practitioner)
    if member is not None:
        return member
    patient = records.lock(patient)
    member = _current(patient, practitioner)
    if member is not None:
        return member
    member, event = _new(patient, practitioner, why=why, by=by, now=now)
    member.save(force_insert=True)
    audit.write(event)
    return member


def joining(
    person: Person, practitioner: Practitioner, *, why: str, by: Actor, now: datetime
) -> tuple[CareTeamMember, AuditEvent] | tuple[()]:
    """What `join` writes, for the caller to write, about a person whose record is locked; nothing for who is on it."""
    if practitioner.pk in person.treated_by:
        return ()
    person.treated_by.add(practitioner.pk)
    return _new(person.patient, practitioner, why=why, by=by, now=now)


def _new(
    patient: Patient, practitioner: Practitioner, *, why: str, by: Actor, now: datetime
) -> tuple[CareTeamMember, AuditEvent]:
    member = CareTeamMember(
        patient=patient,
        practitioner=practitioner,
        why=Joining(why),
        joined_at=now,
        joined_by=records.staff(by),
    )
    event = audit.event(
        "care_team.joined",
        by=by,
        now=now,
        subject=member,
        patient_uid=patient.uid,
        detail={"practitioner": str(practitioner.uid), "why": why},
    )
    return member, event


@transaction.atomic
def leave(*, patient: Patient, practitioner: Practitioner, by: User, now: datetime) -> None:
    """The practitioner treats this patient no longer, under whichever record of the person they joined."""
    records.lock(patient)
    current = CareTeamMember.objects.current().for_patient(patient).filter(practitioner=practitioner)
    for member in current.select_related("patient"):
        member.left_at, member.left_by = now, by
        member.save(update_fields=["left_at", "left_by"])
        audit.record(
            "care_team.left",
            by=by,
            now=now,
            subject=member,
            patient_uid=member.patient.uid,
            detail={"practitioner": str(practitioner.uid)},
        )


@transaction.atomic
def break_glass(*, patient: Patient, reason: str, by: User, now: datetime) -> BreakGlass:
    """Open a record outside one's care for an hour, for a reason the owner will read."""
    if not by.can(Can.BREAK_GLASS):
        raise CareRefused("Only who treats patients may open a record this way.")
    if len(reason.strip()) < 5:
        raise CareRefused("Say why you need to open this record; the owner reads it.")
    glass = BreakGlass.objects.create(
        patient=records.lock(patient), opened_by=by, reason=reason.strip(), opened_at=now, expires_at=now + OPEN_FOR
    )
    audit.record(
        "record.opened_with_reason", by=by, now=now, subject=glass, patient_uid=patient.uid, reason=reason.strip()
    )
    _tell_owners(glass, by=by, now=now)
    return glass


@transaction.atomic
def review(*, glass_uid: UUID, note: str = "", by: User, now: datetime) -> GlassReview:
    """An owner has read who opened a record and why. Said once; nobody says it of themselves while another could."""
    glass = BreakGlass.objects.select_related("patient", "opened_by").get(uid=glass_uid)
    if not by.can(Can.SEE_AUDIT):
        raise CareRefused("Only an owner reviews who opened a record.")
    if glass.opened_by_id == by.pk and User.objects.owners().exclude(pk=by.pk).exists():
        raise CareRefused("You opened this record yourself: another owner reviews it.")
    made, is_new = GlassReview.objects.get_or_create(
        glass=glass, defaults={"reviewed_at": now, "reviewed_by": by, "note": note.strip()}
    )
    if not is_new:
        raise AlreadyReviewed(f"{made.reviewed_by} has reviewed it already.")
    audit.record("record.opening_reviewed", by=by, now=now, subject=glass, patient_uid=glass.patient.uid, reason=note)
    return made


def _tell_owners(glass: BreakGlass, *, by: User, now: datetime) -> None:
    """A mail to each owner, in this transaction. Whose record it was and why stand on the page, not in the mail."""
    place = Location.objects.active().order_by("pk").first()
    when = f"{now.astimezone(place.tz if place else UTC):%a %d %b %Y, %H:%M}"
    address = f"{settings.PUBLIC_URL}{reverse('patients:opened')}"
    drafts = [
        Draft(
            purpose=MessagePurpose.RECORD_OPENED,
            occasion=str(owner.uid),
            about=Subject(kind="patients.breakglass", uid=glass.uid),
            to=Recipient(channel=MailChannel.EMAIL, name=owner.name, address=owner.email),
            title="A record was opened with a reason",
            text=NOTICE.format(owner=owner.get_short_name(), who=by.name, when=when, address=address),
            due_at=now,
            too_late_at=now + timedelta(days=7),
        )
        for owner in User.objects.owners()
    ]
    messaging.enqueue(*drafts, now=now)


def is_in_care(patient: Patient, practitioner: Practitioner) -> bool:
    """Whether the practitioner belongs to the person's care team."""
    return _current(patient, practitioner) is not None


def _current(patient: Patient, practitioner: Practitioner) -> CareTeamMember | None:
    return CareTeamMember.objects.current().for_patient(patient).filter(practitioner=practitioner).first()
