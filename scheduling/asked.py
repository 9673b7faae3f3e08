"""What a patient's one word is about: the visits of which the clinic last wrote to that number. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.db.models.functions import Reverse

from clinic.messaging_states import Channel, MessagePurpose, State
from clinic.models import OutboundMessage
from patients.models import Patient
from scheduling.models import Appointment

if TYPE_CHECKING:
    from clinic.models.messages import OutboundMessageQuerySet
    from scheduling.models.appointments import AppointmentQuerySet

#: How long after a message a word can still be an answer to it.
REMEMBERED = timedelta(days=60)
#: Messages of which a person may have read both before they answer.
AT_ONE_SITTING = timedelta(hours=12)
#: So many messages back are looked at.
LOOKED_AT = 20


@dataclass(frozen=True)
class Asked:
    """The visits that a word is about, or that nobody can know which it means."""

    visits: Sequence[Appointment] = ()
    is_ambiguous: bool = False

    def first_of_each(self) -> list[Appointment]:
        """The first visit of each person."""
        firsts: dict[int, Appointment] = {}
        for visit in self.visits:
            firsts.setdefault(visit.patient.root_id, visit)
        return list(firsts.values())


def people_at(number: str) -> list[Patient]:
    """Whose number it is: a family may share one. Read by the index of reversed numbers."""
    backwards = number[::-1]
    mine = Patient.objects.annotate(backwards=Reverse("phone")).filter(backwards=backwards, phone=number)
    return list(mine.active().order_by("pk"))


def names(people: Sequence[Patient]) -> str:
    return " or ".join(patient.display_name for patient in people)[:200]


def told(visit: Appointment) -> str:
    local = visit.starts_at.astimezone(visit.location.tz)
    return f"{visit.patient.survivor.greeting_name}, {local:%a} {local.day} {local:%b, %H:%M}"


def next_of(people: Sequence[Patient], now: datetime) -> Appointment | None:
    """The next visit of any of them."""
    return awaited_of(people, now).first() if people else None


def awaited_of(people: Sequence[Patient], now: datetime) -> AppointmentQuerySet:
    """Their visits to come, the next first."""
    return _awaited(now).filter(patient__in=_records(people))


def answers_to(number: str, *, since: datetime) -> OutboundMessageQuerySet:
    return OutboundMessage.objects.filter(
        channel=Channel.SMS, to_address=number, due_at__gt=since, purpose=MessagePurpose.REPLY
    )


def about(number: str, people: Sequence[Patient], *, now: datetime, unconfirmed: bool = False) -> Asked:
    """The visits of the last message to this number; without one, the next visit of the one person who has it.

    With `unconfirmed`, the last message of which a visit has yet to be confirmed, if there is one. Two messages read
    at one sitting about visits of different people are ambiguous.
    """
    groups = _told_of(number, now)
    if not groups:
        coming = list(awaited_of(people, now)) if people else []
        several = len({visit.patient.root_id for visit in coming}) > 1
        return Asked(coming[:1], is_ambiguous=several)
    wanted = [(at, visits) for at, visits in groups if not unconfirmed or any(not v.confirmed_at for v in visits)]
    at, visits = (wanted or groups)[0]
    mine = {visit.patient.root_id for visit in visits}
    others = {v.patient.root_id for other, told in wanted[1:] if at - other < AT_ONE_SITTING for v in told} - mine
    return Asked(visits, is_ambiguous=bool(others))


def _told_of(number: str, now: datetime) -> list[tuple[datetime, list[Appointment]]]:
    """What this number was told of, newest first: when, and the visits that still are as they were said to be."""
    sent = OutboundMessage.objects.filter(
        channel=Channel.SMS,
        to_address=number,
        due_at__gt=now - REMEMBERED,
        subject_kind="scheduling.appointment",
        handing_over_at__gt=now - REMEMBERED,
    )
    leaders = list(sent.exclude(state=State.FAILED).order_by("-handing_over_at", "-pk")[:LOOKED_AT])
    rows = [*leaders, *OutboundMessage.objects.said_by([leader.uid for leader in leaders])]
    standing = _awaited(now).filter(uid__in=[row.subject_uid for row in rows])
    found = {(visit.uid, visit.version): visit for visit in standing}
    groups = []
    for leader in leaders:
        keys = [(row.subject_uid, row.subject_version) for row in rows if leader.uid in (row.uid, row.said_by_uid)]
        visits = sorted((found[key] for key in keys if key in found), key=lambda visit: (visit.starts_at, visit.pk))
        if visits and leader.handing_over_at:
            groups.append((leader.handing_over_at, visits))
    return groups


def _awaited(now: datetime) -> AppointmentQuerySet:
    return Appointment.objects.awaited().filter(starts_at__gt=now).for_telling()


def _records(people: Sequence[Patient]) -> list[int]:
    """Theirs, and those merged into them."""
    roots = [patient.pk for patient in people]
    return list(Patient.objects.filter(Q(pk__in=roots) | Q(merged_into__in=roots)).values_list("pk", flat=True))
