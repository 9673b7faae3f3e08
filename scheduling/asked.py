"""What a patient's one word is about: the visits of which the clinic last wrote to that number. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

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

    With `unconfirmed`, the last message of which a visit has yet to be confirmed, if there is one. Not to be known are
    the last message when its visit was changed since, and two read at one sitting about different people.
    """
    told = _told_of(number, now)
    if not told:
        coming = list(awaited_of(people, now)) if people else []
        return Asked(coming[:1], is_ambiguous=len(_persons(coming)) > 1)
    wanted = [one for one in told if not unconfirmed or one.is_stale or one.is_unconfirmed] or told
    last = wanted[0]
    at_one_sitting = [one for one in wanted[1:] if last.at - one.at < AT_ONE_SITTING]
    others = {person for one in at_one_sitting for person in _persons(one.visits)} - _persons(last.visits)
    return Asked(last.visits, is_ambiguous=last.is_stale or bool(others))


@dataclass(frozen=True)
class _Told:
    """One message as it was read: the visits that it names and that still are as it says."""

    at: datetime
    visits: Sequence[Appointment]

    @property
    def is_stale(self) -> bool:
        """What it says of its visits is no longer so, and nothing else was said since."""
        return not self.visits

    @property
    def is_unconfirmed(self) -> bool:
        return any(visit.confirmed_at is None for visit in self.visits)


def _told_of(number: str, now: datetime) -> list[_Told]:
    """What this number was told of visits that are still to come, newest first; each visit by its last message."""
    sent = OutboundMessage.objects.filter(
        channel=Channel.SMS,
        to_address=number,
        due_at__gt=now - REMEMBERED,
        subject_kind="scheduling.appointment",
        handing_over_at__gt=now - REMEMBERED,
    )
    leaders = list(sent.exclude(state=State.FAILED).order_by("-handing_over_at", "-pk")[:LOOKED_AT])
    rows = [*leaders, *OutboundMessage.objects.said_by([leader.uid for leader in leaders])]
    to_come = {visit.uid: visit for visit in _awaited(now).filter(uid__in=[row.subject_uid for row in rows])}
    told: list[_Told] = []
    named: set[UUID] = set()
    for leader in leaders:
        mine = [row for row in rows if leader.uid in (row.uid, row.said_by_uid) and row.subject_uid in to_come]
        as_said = {row.subject_uid for row in mine if to_come[row.subject_uid].version == row.subject_version}
        if as_said or {row.subject_uid for row in mine} - named:
            visits = sorted((to_come[uid] for uid in as_said), key=lambda visit: (visit.starts_at, visit.pk))
            told.append(_Told(leader.handing_over_at or leader.due_at, visits))
        named |= {row.subject_uid for row in mine}
    return told


def _persons(visits: Sequence[Appointment]) -> set[int]:
    return {visit.patient.root_id for visit in visits}


def _awaited(now: datetime) -> AppointmentQuerySet:
    return Appointment.objects.awaited().filter(starts_at__gt=now).for_telling()


def _records(people: Sequence[Patient]) -> list[int]:
    """Theirs, and those merged into them."""
    roots = [patient.pk for patient in people]
    return list(Patient.objects.filter(Q(pk__in=roots) | Q(merged_into__in=roots)).values_list("pk", flat=True))
