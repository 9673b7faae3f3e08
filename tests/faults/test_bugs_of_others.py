"""Defects that others had in their reminders, each as a test that would have found it; clocks that leap. P2(e-g)."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection

from clinic import channels, handing_over, last_look, messaging
from clinic import time as clocks
from clinic.channels import Refused
from clinic.messaging_states import Reason, State
from clinic.models import OutboundMessage
from patients import consent
from patients.models import ContactConsent, Patient
from scheduling import booking, due, reminders
from scheduling.models import Appointment, MessageRule
from scheduling.rules import EVERY_WARNING
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db
AT = local(27, 10)
DUE = AT - timedelta(days=1)


@pytest.fixture
def place() -> Any:
    return make.a_small_clinic(practitioners=4, rooms=4)


def somebody(number: int, **facts: Any) -> Patient:
    return make.a_reachable_patient(email=f"p{number}@patients.example", **facts)


def book(place: Any, patient: Patient, starts_at: datetime = AT, number: int = 0) -> Appointment:
    return booking.book(
        patient=patient, service=place.service, practitioner=place.practitioners[number], location=place.location,
        starts_at=starts_at, by=place.desk, now=NOW, despite=EVERY_WARNING,
    )  # fmt: skip


def tick(at: datetime) -> None:
    """All that beat rings for."""
    messaging.sweep(now=at)
    reminders.plan_missing(now=at)
    messaging.deliver_all(now=at)


def reminded() -> Counter[str]:
    """How many reminders reached each address."""
    return Counter(letter.to[0] for letter in mail.outbox if "reminder" in letter.subject.lower())


def state_of(visit: Appointment) -> OutboundMessage:
    return OutboundMessage.objects.get(subject_uid=visit.uid, subject_version=visit.version, purpose="visit_reminder")


# -- Five bugs of OpenEMR, and one of Cal.com --------------------------------------------------------------


def test_openemr_11477_a_reminder_is_not_sent_again_every_hour_of_the_day(place: Any) -> None:
    book(place, somebody(1))
    for hour in range(0, 60, 2):
        tick(NOW + timedelta(hours=hour))
    assert list(reminded().values()) == [1]


def test_openemr_11480_no_occurrence_of_a_series_is_reminded_of_again_at_each_tick(place: Any) -> None:
    patient = somebody(1)
    visits = [book(place, patient, AT + timedelta(days=7 * week)) for week in range(4)]
    for hour in range(0, 24 * 28, 8):
        tick(NOW + timedelta(hours=hour))
    assert list(reminded().values()) == [4]
    assert [state_of(visit).state for visit in visits] == [State.ACCEPTED] * 4


def test_one_patient_without_an_address_does_not_stop_the_reminders_of_all_after_them(place: Any) -> None:
    people = [somebody(number) for number in range(4)]
    visits = [book(place, patient, number=number) for number, patient in enumerate(people)]
    messaging.deliver_all(now=NOW)
    Patient.objects.filter(pk=people[1].pk).update(email="", preferred_channel="none")
    OutboundMessage.objects.filter(subject_uid=visits[2].uid).update(to_address="no address at all")
    Patient.objects.filter(pk=people[2].pk).update(email="no address at all")
    messaging.deliver_all(now=DUE)
    ends = [state_of(visit).state for visit in visits]
    assert ends == [State.ACCEPTED, State.SUPPRESSED, State.FAILED, State.ACCEPTED]


def test_a_reminder_that_failed_is_not_marked_as_sent_and_somebody_is_told(place: Any, monkeypatch: Any) -> None:
    visit = book(place, somebody(1))
    messaging.deliver_all(now=NOW)

    class Refusing:
        name = "email"

        def stage(self, _envelope: Any) -> None:
            raise Refused("smtp 552", for_good=True)

        def close(self) -> None:
            """Nothing to hang up."""

    monkeypatch.setattr("clinic.channels.open_channels", lambda: {"email": Refusing()})
    messaging.deliver_all(now=DUE)
    row = state_of(visit)
    assert (row.state, row.provider_id, row.accepted_at, row.needs_person) == (State.FAILED, "", None, True)


def test_a_crash_between_sending_and_writing_it_down_sends_nothing_twice(place: Any, monkeypatch: Any) -> None:
    visit = book(place, somebody(1))
    messaging.deliver_all(now=NOW)
    mail.outbox.clear()

    def crash(*_: Any, **__: Any) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(handing_over, "accepted", crash)
        with pytest.raises(KeyboardInterrupt):
            messaging.deliver_all(now=DUE)
    for hour in range(1, 20):
        tick(DUE + timedelta(hours=hour))
    assert sum(reminded().values()) == 1
    row = state_of(visit)
    assert (row.state, row.reason, row.needs_person) == (State.UNKNOWN, Reason.WORKER_LOST, True)


def test_cal_com_7232_however_many_visits_are_called_off_at_once_none_is_reminded_of(place: Any) -> None:
    visits = [book(place, somebody(day), AT + timedelta(days=day)) for day in range(101)]
    for visit in visits:
        booking.cancel(appointment=visit, reason="closed", side="patient", by=place.desk, now=NOW)
    for day in range(0, 102, 5):
        messaging.deliver_all(now=DUE + timedelta(days=day))
    assert not reminded()


# -- Faults of P2, planted: what stands in their way is there ---------------------------------------------


def test_consent_that_is_looked_at_only_at_planning_is_noticed(place: Any, monkeypatch: Any) -> None:
    """Two walls: taking it back stops what is pending, and the last look asks again. Without both the mail leaves."""
    visit = book(place, somebody(1))
    messaging.deliver_all(now=NOW)
    mail.outbox.clear()

    def no_more() -> None:
        said = ContactConsent.objects.get(patient=visit.patient)
        ContactConsent.objects.create(
            patient=visit.patient, channel="email", given=False, source=said.source, wording="no",
            wording_version="1", recorded_at=NOW + timedelta(hours=1),
        )  # fmt: skip

    no_more()  # behind the back of all that would stop what is pending
    messaging.deliver_all(now=DUE)
    assert (state_of(visit).reason, len(mail.outbox)) == (Reason.OPTED_OUT, 0)
    OutboundMessage.objects.filter(pk=state_of(visit).pk).update(state=State.PLANNED, reason="", settled_at=None)
    monkeypatch.setattr(last_look, "_GUARDS", [])
    messaging.deliver_all(now=DUE)
    assert len(mail.outbox) == 1


def test_reminders_that_are_told_apart_by_their_visit_alone_are_noticed(place: Any, monkeypatch: Any) -> None:
    """With one key for all reminders of a visit the second rule's is lost; the diary knows that it was asked for."""
    first = MessageRule.objects.in_force().of("visit_reminder").first()
    assert first is not None
    second = MessageRule.objects.get(pk=first.pk)
    second.pk, second.uid, second.minutes = None, uuid.uuid4(), first.minutes * 2
    second.save(force_insert=True)
    far = local(30, 10)
    kept = book(place, somebody(1), far)
    assert OutboundMessage.objects.filter(subject_uid=kept.uid, purpose="visit_reminder").count() == 2
    monkeypatch.setattr(due, "occasion_of", lambda _: "a reminder")
    lost = book(place, somebody(2), far, number=1)
    assert OutboundMessage.objects.filter(subject_uid=lost.uid, purpose="visit_reminder").count() == 1


# -- Beats, workers, brokers and clocks -------------------------------------------------------------------


@pytest.mark.parametrize(
    "leap", [timedelta(hours=-2), timedelta(hours=2), timedelta(days=1)], ids=["back two hours", "on two", "on a day"]
)
def test_a_clock_that_leaps_while_messages_go_out_doubles_and_loses_none(
    place: Any, monkeypatch: Any, leap: timedelta
) -> None:
    visits = [book(place, somebody(number), number=number) for number in range(4)]
    messaging.deliver_all(now=NOW)
    mail.outbox.clear()
    line = channels.open_channels()["email"].__class__
    hand_over, leapt = line.hand_over, []

    def leaping(self: Any) -> str:
        if len(mail.outbox) == 1 and not leapt:
            leapt.append(True)  # another process, whose clock has leapt already, comes by
            messaging.sweep(now=DUE + leap)
            messaging.deliver_all(now=DUE + leap)
        return str(hand_over(self))

    monkeypatch.setattr(line, "hand_over", leaping)
    messaging.deliver_all(now=DUE)
    assert leapt
    for hours in (0, 1, 2, 3, 30):
        tick(DUE + leap + timedelta(hours=hours))
    assert set(reminded().values()) == {1}
    rows = [state_of(visit) for visit in visits]
    left = [row for row in rows if row.state != State.ACCEPTED]
    assert {row.reason for row in left} <= {Reason.TOO_LATE, Reason.OVER}, "lost without a word"
    assert not left or leap >= timedelta(hours=20)


def test_without_a_broker_run_due_plans_and_sends_all_that_is_due(place: Any, settings: Any, monkeypatch: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(clocks, "now", lambda: DUE)
    visits = [book(place, somebody(number), number=number) for number in range(3)]
    OutboundMessage.objects.all().delete()
    call_command("run_due")
    assert set(reminded().values()) == {1}
    assert {state_of(visit).state for visit in visits} == {State.ACCEPTED}


@pytest.mark.django_db(transaction=True)
def test_two_beats_and_five_workers_at_once_plan_and_send_each_reminder_once(place: Any, monkeypatch: Any) -> None:
    visits = [book(place, somebody(n), AT + timedelta(hours=n // 4), number=n % 4) for n in range(12)]
    OutboundMessage.objects.all().delete()
    all_due = DUE + timedelta(hours=2)
    monkeypatch.setattr(clocks, "now", lambda: DUE)
    gate, wrong = threading.Barrier(7), []

    def beat() -> None:
        for _ in range(3):
            reminders.plan_missing(now=DUE)
            messaging.sweep(now=DUE)

    def worker() -> None:
        for _ in range(6):
            messaging.deliver_all(now=all_due)

    def run(work: Any) -> None:
        try:
            gate.wait(10)
            work()
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in [beat] * 2 + [worker] * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    messaging.deliver_all(now=all_due)
    assert OutboundMessage.objects.count() == len(visits)
    assert [state_of(visit).state for visit in visits] == [State.ACCEPTED] * 12
    assert sorted(reminded().values()) == [1] * 12
    assert consent.agreed(visits[0].patient) == {"email": True}
