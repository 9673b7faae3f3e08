"""What patients said about being sent messages: per channel, in which words, when, and to whom they said it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from clinic import audit, messaging
from clinic.access import Actor
from clinic.messaging_states import Reason
from patients import records
from patients.models import Channel, ConsentSource, ContactConsent, Patient
from patients.records import RecordRefused

#: The words that are read out or shown. A changed wording gets a new version; what was shown stays in each row.
WORDING_VERSION = "2026-11"
WORDING = {
    Channel.EMAIL: "The clinic may send me e-mail about my visits: confirmations, reminders and changes. E-mail can be "
    "read by others on the way. I can take this back at any time.",
    Channel.SMS: "The clinic may send me text messages about my visits: confirmations, reminders and changes. Message "
    "rates may apply. I can take this back at any time by replying STOP or by telling the clinic.",
}


@transaction.atomic
def record(
    *,
    patient: Patient,
    channel: str,
    given: bool,
    source: str = ConsentSource.DESK,
    wording: str = "",
    wording_version: str = "",
    by: Actor,
    now: datetime,
) -> ContactConsent:
    """Write down one yes or no. The newest of a channel counts; older ones stay."""
    patient = records.lock(patient)
    if channel not in WORDING:
        raise RecordRefused("Consent is asked for e-mail or text messages.")
    said = ContactConsent.objects.create(
        patient=patient,
        channel=channel,
        given=given,
        source=source,
        wording=wording or WORDING[Channel(channel)],
        wording_version=wording_version or WORDING_VERSION,
        recorded_at=now,
        recorded_by=records.staff(by),
    )
    audit.record(
        "consent.given" if given else "consent.refused",
        by=by,
        now=now,
        subject=said,
        patient_uid=patient.uid,
        detail={"channel": channel, "source": source},
    )
    if not given:
        messaging.void_for_patient(
            patient_uids=records.uids_of(patient), channel=channel, reason=Reason.OPTED_OUT, now=now
        )
    return said


def standing(patient: Patient) -> dict[str, ContactConsent]:
    """The newest word of the person on each channel, over all records that are this person.

    Each says as `stopped_at` since when the number or address of that channel wants no more messages, if it does.
    """
    newest: dict[str, ContactConsent] = {}
    for said in ContactConsent.objects.for_patient(patient).newest_first().with_stops():
        newest.setdefault(said.channel, said)
    return newest


def agreed(patient: Patient) -> dict[str, bool]:
    """Whether the newest word on each channel is yes; a channel that was never asked about is missing.

    A number or address that wants no more is a no, whoever said so and whatever was agreed to since.
    """
    return {channel: _stands(said) for channel, said in standing(patient).items()}


def agreed_of(people: Iterable[Patient]) -> dict[int, dict[str, bool]]:
    """The same of many people at once, by the id of the record that stands for each: one statement."""
    roots = {person.root_id for person in people}
    root = Coalesce("patient__merged_into_id", "patient_id")
    newest = (
        ContactConsent.objects.with_stops()
        .annotate(root=root)
        .filter(Q(patient__in=roots) | Q(patient__merged_into__in=roots))
        .order_by("root", "channel", "-recorded_at", "-pk")
        .distinct("root", "channel")
    )
    found: dict[int, dict[str, bool]] = {}
    rows = newest.values_list("root", "channel", "given", "stopped_at")
    for person, channel, given, stopped_at in rows:
        found.setdefault(person, {})[channel] = given and stopped_at is None
    return found


def _stands(said: ContactConsent) -> bool:
    return said.given and said.stopped_at is None  # type: ignore[attr-defined]


def may_contact(patient: Patient, channel: str) -> bool:
    """Whether the patient's newest word on this channel is yes, there is an address, and the record is in use."""
    patient = patient.survivor
    address = {Channel.EMAIL: patient.email, Channel.SMS: patient.phone}.get(Channel(channel), "")
    if not address or patient.deactivated_at is not None:
        return False
    said = standing(patient).get(channel)
    return said is not None and _stands(said)
