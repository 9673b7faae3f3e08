"""A patient presses a button while the desk changes the same visit: one wins, nobody waits for ever."""

from __future__ import annotations

import random
import threading
from collections import Counter
from functools import partial

import pytest
from django.db import close_old_connections, connection

from clinic import links
from clinic.links import Purpose
from clinic.models import ActionLink, DeskTask
from patients import consent
from portal import answers
from portal.answers import AlreadyAnswered
from scheduling import booking
from scheduling.booking import BookingRefused
from scheduling.models import Appointment
from scheduling.states import Status
from tests.factories.scheduling import NOW, a_patient, a_small_clinic, a_visit, local

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*verbs) -> list[str]:
    """Run the verbs in threads of their own, started together; what each came to."""
    gate, came_to = threading.Barrier(len(verbs)), [""] * len(verbs)

    def run(place: int) -> None:
        try:
            gate.wait(10)
            verbs[place]()
            came_to[place] = "done"
        except (AlreadyAnswered, BookingRefused) as refusal:
            came_to[place] = type(refusal).__name__
        except Exception as error:
            came_to[place] = repr(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    close_old_connections()
    return came_to


@pytest.fixture
def place():
    return a_small_clinic()


def a_linked_visit(place) -> tuple[Appointment, ActionLink]:
    patient = a_patient(email="ana@patients.example", preferred_channel="email")
    consent.record(patient=patient, channel="email", given=True, by=place.desk, now=NOW)
    visit = a_visit(place, local(27, 14), patient=patient)
    links.issue(
        purpose=Purpose.VISIT,
        subject_uid=visit.uid,
        subject_version=visit.version,
        expires_at=visit.starts_at,
        now=NOW,
    )
    return visit, ActionLink.objects.get(subject_uid=visit.uid)


def test_of_two_presses_at_the_same_moment_one_has_an_effect(place):
    for _ in range(10):
        visit, link = a_linked_visit(place)
        came_to = at_once(*[partial(answers.ask_to_move, link=link, note="", now=NOW)] * 4)
        assert Counter(came_to) == {"done": 1, "AlreadyAnswered": 3}
        assert DeskTask.objects.filter(subject_uid=visit.uid).count() == 1
        booking.cancel(appointment=visit, by=place.desk, now=NOW, reason="next round")


@pytest.mark.parametrize("desk_does", ["cancel", "move", "withdraw"])
def test_a_press_and_the_desk_at_the_same_moment_end_in_one_order_or_the_other(place, desk_does):
    for _ in range(10):
        visit, link = a_linked_visit(place)
        verbs = {
            "cancel": lambda v=visit: booking.cancel(appointment=v, by=place.desk, now=NOW, reason="ill"),
            "move": lambda v=visit: booking.move(appointment=v, starts_at=local(27, 16), by=place.desk, now=NOW),
            "withdraw": lambda v=visit: consent.record(
                patient=v.patient, channel="email", given=False, by=place.desk, now=NOW
            ),
        }
        press = random.choice([answers.confirm, partial(answers.cancel, reason="")])
        came_to = at_once(partial(press, link=link, now=NOW), verbs[desk_does])
        assert set(came_to) <= {"done", "AlreadyAnswered", "BookingRefused"}
        assert "done" in came_to
        now_it_is = Appointment.objects.get(pk=visit.pk)
        if now_it_is.status == Status.BOOKED:
            booking.cancel(appointment=now_it_is, by=place.desk, now=NOW, reason="next round")
