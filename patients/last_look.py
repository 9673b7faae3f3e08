"""The last look at every message to a patient: do they still agree, is it their address, have they had enough today?

See clinic.last_look. Consent that is taken back stops messages in its own transaction; this is the second wall, and
the first for what was changed on the record of somebody else: a number that opted out, two records that became one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Q

from clinic import last_look
from clinic.last_look import Answer, Say, Stop
from clinic.messaging_states import Channel, MessagePurpose, Reason, State
from clinic.models import Clinic, OutboundMessage
from patients import consent
from patients.models import Patient

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What answers somebody goes whatever they said before: it is how they learn that they were heard.
ANSWERS = frozenset({MessagePurpose.REPLY})
#: What nobody waits for: of these a phone gets only so many a day.
UNASKED = frozenset(
    {
        MessagePurpose.VISIT_REMINDER,
        MessagePurpose.RECALL,
        MessagePurpose.PLAN_REVIEW,
        MessagePurpose.EXERCISE_NUDGE,
        MessagePurpose.INVOICE,
    }
)
A_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class _Known:
    """Who the messages are for, as they are now."""

    people: Mapping[UUID, Patient]
    agreed: Mapping[int, Mapping[str, bool]]


def look(batch: Sequence[OutboundMessage], now: datetime) -> dict[UUID, Answer]:  # noqa: ARG001 -- a last look
    """What must not go any more, and what goes to another address. Two queries, one more when there is such a one."""
    mine = [message for message in batch if message.patient_uid and message.purpose not in ANSWERS]
    known = _read({message.patient_uid for message in mine if message.patient_uid})
    answers: dict[UUID, Answer] = {}
    for message in mine:
        patient = known.people.get(message.patient_uid) if message.patient_uid else None
        if patient is not None and (answer := _answer(message, patient, known)):
            answers[message.uid] = answer
    return answers | _taken_already(mine, answers)


def _read(uids: Iterable[UUID]) -> _Known:
    found = Patient.objects.filter(uid__in=uids).select_related("merged_into")
    people = {patient.uid: patient.survivor for patient in found}
    return _Known(people, consent.agreed_of(people.values()) if people else {})


def _answer(message: OutboundMessage, patient: Patient, known: _Known) -> Answer | None:
    """None: it goes as it is."""
    if patient.deactivated_at is not None or patient.preferred_channel not in Channel.values:
        return Stop(Reason.OPTED_OUT)
    address = {Channel.EMAIL: patient.email, Channel.SMS: patient.phone}[Channel(message.channel)][:254]
    if not address:
        return Stop(Reason.NO_ADDRESS)
    said = known.agreed.get(patient.pk, {}).get(message.channel)
    if not said:
        return Stop(Reason.NO_CONSENT if said is None else Reason.OPTED_OUT)
    return Say(to_address=address) if address != message.to_address else None


def _taken_already(mine: Sequence[OutboundMessage], answers: Mapping[UUID, Answer]) -> dict[UUID, Answer]:
    """What goes to another address, where the same has been planned already."""
    anew = [message for message in mine if isinstance(answers.get(message.uid), Say)]
    if not anew:
        return {}
    about = OutboundMessage.objects.filter(subject_uid__in=[message.subject_uid for message in anew])
    key = ("subject_uid", "subject_version", "purpose", "occasion", "channel", "to_address")
    taken = set(about.values_list(*key))
    found: dict[UUID, Answer] = {}
    for message in anew:
        said = answers[message.uid]
        there = (*(getattr(message, name) for name in key[:-1]), said.to_address if isinstance(said, Say) else "")
        if there in taken:
            found[message.uid] = Stop(Reason.DUPLICATE_CONTACT)
    return found


def count_texts(going: Sequence[OutboundMessage], now: datetime) -> dict[UUID, Answer]:
    """Of text messages that nobody asked for, those that are more than a phone may get in a day. No query without."""
    texts = [message for message in going if message.channel == Channel.SMS and message.purpose in UNASKED]
    clinic = Clinic.objects.first() if texts else None
    if clinic is None:
        return {}
    lately = OutboundMessage.objects.filter(
        Q(handing_over_at__gt=now - A_DAY) | Q(state=State.CLAIMED),
        channel=Channel.SMS,
        to_address__in={message.to_address for message in texts},
        due_at__gt=now - 8 * A_DAY,
    ).exclude(Q(purpose__in=ANSWERS) | Q(state=State.FAILED))
    had = Counter(dict(lately.order_by().values_list("to_address").annotate(Count("pk"))))
    found: dict[UUID, Answer] = {}
    for message in texts:
        if had[message.to_address] >= clinic.texts_a_day:
            found[message.uid] = Stop(Reason.TOO_MANY)
        else:
            had[message.to_address] += 1
    return found


last_look.register_guard(look, first=True)
last_look.register_limit(count_texts)
