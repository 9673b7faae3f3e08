"""Visits are called off and moved while their reminders leave, by real transactions: no stale message leaves. P2(c).

After the commit of the change no hand-over of what it stopped begins; what had begun before it is told as such.
"""

from __future__ import annotations

import random
import threading
import time as machine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from clinic import handing_over, messaging
from clinic import time as clocks
from clinic.claiming import InHand
from clinic.messaging_states import NEVER_LEFT, STOPPABLE, State
from clinic.models import OutboundMessage
from scheduling import booking, words
from scheduling.models import Appointment
from scheduling.rules import EVERY_WARNING
from tests.factories import scheduling as make
from tests.factories.scheduling import NEW_YORK

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]
TIMES = [50, pytest.param(1000, marks=pytest.mark.long)]
SENDERS = 2


@dataclass
class Handed:
    uid: str
    text: str
    at: datetime


class Judge:
    """A channel that remembers when each message began to leave, and what it said."""

    name = "email"
    handed: list[Handed]

    def __init__(self, handed: list[Handed]) -> None:
        self.handed = handed

    def stage(self, envelope: Any) -> None:
        self.staged = envelope
        machine.sleep(random.uniform(0, 0.08))  # as long as a change takes

    def back_out(self) -> None:
        """Nothing was said."""

    def hand_over(self) -> str:
        self.handed.append(Handed(self.staged.message_id, self.staged.text, clocks.now()))
        machine.sleep(0.001)
        return "taken"

    def close(self) -> None:
        """Nothing to hang up."""


@dataclass
class Changed:
    visit: Appointment
    #: As its reminder would say it.
    was: str
    #: When the change had been committed.
    at: datetime


def visits_due_now(count: int) -> tuple[Any, list[Appointment]]:
    """Each by a practitioner of its own hour, at an address of its own or shared by two; their reminders are due."""
    place = make.a_small_clinic(practitioners=4, rooms=4)
    first = clocks.now().astimezone(NEW_YORK).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=3)
    visits = []
    for number in range(count):
        patient = make.a_reachable_patient(email=f"p{number - number % 3 % 2}@patients.example")
        day, rest = divmod(number, 32)
        who, hour = divmod(rest, 8)
        starts_at = (first + timedelta(days=day, hours=hour)).astimezone(UTC)
        visits.append(
            make.a_visit(place, starts_at, patient=patient, practitioner=place.practitioners[who], now=clocks.now())
        )
    OutboundMessage.objects.exclude(purpose="visit_reminder").delete()
    now = clocks.now()
    OutboundMessage.objects.update(due_at=now, next_try_at=now)
    return place, visits


def race(count: int, monkeypatch: Any) -> tuple[list[Handed], list[Changed], list[str]]:
    """Senders deliver while the desk changes one visit after the other, each close to when its message leaves."""
    monkeypatch.setattr("scheduling.due.Hours.hold", lambda *_: True)  # at whatever hour this runs
    place, visits = visits_due_now(count)
    handed: list[Handed] = []
    changes: list[Changed] = []
    wrong: list[str] = []
    over = threading.Event()
    monkeypatch.setattr("clinic.channels.open_channels", lambda: {"email": Judge(handed)})

    def send() -> None:
        while not over.is_set():
            messaging.deliver_due(now=clocks.now(), limit=10)
            machine.sleep(0.002)

    def change() -> None:
        left = {visit.uid: visit for visit in visits}
        while len(changes) < count // 2 and (visit := _about_to_leave(left)):
            _change(visit, place, changes)
        while OutboundMessage.objects.waiting().filter(subject_version=1).exists():
            machine.sleep(0.01)
        over.set()

    def run(work: Any) -> None:
        try:
            work()
        except Exception as error:
            wrong.append(repr(error))
            over.set()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in [send] * SENDERS + [change]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(1200)
    return handed, changes, wrong


def _about_to_leave(left: dict[Any, Appointment]) -> Appointment | None:
    """Of the visits that were not changed yet one whose message a sender has in hand, or will have next."""
    waiting = OutboundMessage.objects.filter(subject_uid__in=left, state__in=STOPPABLE, subject_version=1)
    uids = list(waiting.order_by("state", "pk").values_list("subject_uid", flat=True)[:6])
    return left.pop(random.choice(uids)) if uids else None


def _change(visit: Appointment, place: Any, changes: list[Changed]) -> None:
    was = words.when(visit.starts_at, visit.location.tz)
    visit = Appointment.objects.for_verb().get(pk=visit.pk)
    if visit.pk % 2:
        booking.cancel(appointment=visit, reason="ill", side="patient", by=place.desk, now=clocks.now())
    else:
        to = visit.starts_at + timedelta(days=200)
        booking.move(appointment=visit, starts_at=to, by=place.desk, now=clocks.now(), despite=EVERY_WARNING)
    changes.append(Changed(visit, was, clocks.now()))


def stale(handed: list[Handed], changes: list[Changed]) -> list[Handed]:
    """What began to leave after a visit that it names had been changed."""
    by_address = dict(OutboundMessage.objects.values_list("uid", "to_address"))
    found = []
    for change in changes:
        mine = change.visit.patient.survivor.email
        named = (one for one in handed if change.was in one.text and by_address.get(_uid(one)) == mine)
        # A message is handed over after its step was committed: what was committed before the change may leave.
        found += [one for one in named if one.at > change.at and _began(one) > change.at]
    return found


def _uid(one: Handed) -> UUID:
    return UUID(one.uid)


def _began(one: Handed) -> datetime:
    began = OutboundMessage.objects.values_list("handing_over_at", flat=True).get(uid=one.uid)
    return began or one.at


@pytest.mark.parametrize("times", TIMES)
def test_no_stale_message_leaves_however_visits_change_while_their_reminders_do(times: int, monkeypatch: Any) -> None:
    handed, changes, wrong = race(times * 2, monkeypatch)
    assert wrong == []
    assert len(changes) >= times // 5
    assert handed
    assert len({one.uid for one in handed}) == len(handed), "sent twice"
    assert stale(handed, changes) == []
    stopped = {str(uid) for uid in OutboundMessage.objects.filter(state=State.SUPPRESSED).values_list("uid", flat=True)}
    assert not stopped & {one.uid for one in handed}
    assert not OutboundMessage.objects.filter(handing_over_at__isnull=True).exclude(state__in=NEVER_LEFT).exists()


def test_the_race_is_real_when_a_message_leaves_without_being_asked_once_more(monkeypatch: Any) -> None:
    """Planted: whatever was once claimed is handed over. Then stale messages leave, and the judge sees them."""

    def begin(hand: InHand, token: str, *, now: datetime) -> bool:
        OutboundMessage.objects.filter(pk=hand.message.pk).update(
            state=State.HANDING_OVER, handing_over_at=now, lease_until=now + handing_over.LEASE, reason="",
            settled_at=None, said_by_uid=None,
        )  # fmt: skip
        hand.message.state = State.HANDING_OVER
        return True

    monkeypatch.setattr(handing_over, "begin", begin)
    slow = Judge.stage
    monkeypatch.setattr(Judge, "stage", lambda self, envelope: (slow(self, envelope), machine.sleep(0.02))[0])
    handed, changes, _ = race(60, monkeypatch)
    assert stale(handed, changes)
