"""What patients answer by link: I am coming, I am not, I need another time. Each link answers once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import TextChoices

from clinic import links
from clinic.access import LinkActor
from clinic.models import ActionLink, DeskTask
from scheduling import booking, notices
from scheduling.booking import BookingRefused
from scheduling.models import Appointment
from scheduling.states import Side, Status

#: A second press of the same button within this is met with the answer to the first.
SAME_PRESS = timedelta(minutes=10)


class Answer(TextChoices):
    CONFIRM = "confirm", "Confirmed"
    CANCEL = "cancel", "Cancelled"
    MOVE = "move", "Asked for another time"


class AlreadyAnswered(Exception):
    """The link was used a moment ago."""


def visit_of(link: ActionLink) -> Appointment | None:
    """The visit, if it still is what the link was made for."""
    return Appointment.objects.for_page().filter(uid=link.subject_uid, version=link.subject_version).first()


def can_answer(visit: Appointment, now: datetime) -> bool:
    return visit.status == Status.BOOKED and now < visit.starts_at


def is_same_press(link: ActionLink, answer: Answer, now: datetime) -> bool:
    return link.used_for == answer and link.used_at is not None and now - link.used_at < SAME_PRESS


@transaction.atomic
def confirm(*, link: ActionLink, now: datetime) -> Appointment:
    """The patient will come."""
    visit = booking.confirm(appointment=_wanted(link), by=LinkActor(link.uid), now=now, version=link.subject_version)
    _use_up(link, Answer.CONFIRM, now)
    return visit


@transaction.atomic
def cancel(*, link: ActionLink, reason: str, now: datetime) -> Appointment:
    """The patient will not come: the time is free at once, and the desk is told."""
    by = LinkActor(link.uid)
    visit = booking.cancel(
        appointment=_wanted(link),
        by=by,
        now=now,
        side=Side.PATIENT,
        reason=reason[:200],
        version=link.subject_version,
    )
    _use_up(link, Answer.CANCEL, now)
    notices.ask_the_desk(DeskTask.Kind.VISIT_CANCELLED, visit, visit.patient.survivor, reason, by=by, now=now)
    return visit


@transaction.atomic
def ask_to_move(*, link: ActionLink, note: str, now: datetime) -> Appointment:
    """The patient needs another time. The visit stays as it is until the desk has found one."""
    visit = Appointment.objects.select_for_update(no_key=True, of=("self",)).for_page().get(pk=_wanted(link).pk)
    if visit.version != link.subject_version or not can_answer(visit, now):
        raise BookingRefused("This visit was changed a moment ago.", stale=True)
    _use_up(link, Answer.MOVE, now)
    by = LinkActor(link.uid)
    notices.ask_the_desk(DeskTask.Kind.MOVE_WANTED, visit, visit.patient.survivor, note, by=by, now=now)
    return visit


def _wanted(link: ActionLink) -> Appointment:
    return Appointment.objects.get(uid=link.subject_uid)


def _use_up(link: ActionLink, answer: Answer, now: datetime) -> None:
    """After the visit is locked: whoever cancels at the desk takes the locks in the same order."""
    if not links.use(link, used_for=answer, now=now):
        raise AlreadyAnswered
