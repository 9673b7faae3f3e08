"""Promise P1 while the house falls down: desks book, move, call off and take back, and web workers are killed.

What was answered with "booked" is there afterwards; what was cut short is there wholly or not at all.
"""

from __future__ import annotations

import http.client
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections

from scheduling.models import Appointment
from tests.concurrency.served import (
    DONE,
    Browser,
    Served,
    book,
    deadlocks,
    from_now,
    half_written,
    move,
    overlaps,
    patients_in_two_places,
    signed_in,
    wish,
)
from tests.factories import people
from tests.factories import scheduling as make

pytestmark = pytest.mark.django_db(transaction=True)

DESKS = 16


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = Served(tmp_path, workers=4, threads=8)
    yield running
    running.stop()


@pytest.fixture
def place() -> SimpleNamespace:
    place = make.a_small_clinic(practitioners=3, rooms=3)
    place.patients = [make.a_reachable_patient(family_name=f"Silva{n}") for n in range(60)]
    place.desks = [signed_in(people.front_desk(name=f"Desk {n}")) for n in range(DESKS)]
    return place


class Busy(threading.Thread):
    """One desk that books, moves, calls off and takes back at random until it is told to stop."""

    def __init__(self, served: Served, place: Any, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.served, self.place, self.stop = served, place, stop
        self.number = number
        self.rnd = random.Random(number)
        self.answers: Counter[int] = Counter()
        #: Forms whose answer was "booked".
        self.booked: list[str] = []
        self.cut = 0

    def run(self) -> None:
        browser = Browser(self.served, self.place.desks[self.number])
        try:
            while not self.stop.is_set():
                try:
                    self.answers[self.act(browser)] += 1
                except (OSError, http.client.HTTPException):
                    self.cut += 1
                    browser = Browser(self.served, self.place.desks[self.number])
        finally:
            connections.close_all()

    def act(self, browser: Browser) -> int:
        at = from_now(self.rnd.randrange(2, 12), self.rnd.randrange(9, 16), self.rnd.choice((0, 15, 30, 45)))
        chance = self.rnd.random()
        if chance < 0.5:
            who = self.rnd.choice(self.place.practitioners)
            form = wish(self.place, self.rnd.choice(self.place.patients), at, who=who)
            status, _ = book(browser, form)
            if status in DONE:
                self.booked.append(str(form["request_key"]))
            return status
        visit = Appointment.objects.for_verb().order_by("?").first()
        if visit is None:
            return 0
        if chance < 0.75:
            return move(browser, visit, at)[0]
        if chance < 0.9:
            fields = {"side": "clinic", "reason": "Because", "version": visit.version}
            return browser.post(f"/schedule/visit/{visit.uid}/cancel/", fields)[0]
        return browser.post(f"/schedule/visit/{visit.uid}/undo/", {})[0]


@pytest.mark.parametrize("seconds", [6, pytest.param(120, marks=pytest.mark.long)])
def test_workers_killed_every_two_seconds_lose_nothing_and_leave_nothing_half_done(
    served: Served, place: Any, seconds: int
) -> None:
    before, stop = deadlocks(), threading.Event()
    desks = [Busy(served, place, number, stop) for number in range(DESKS)]
    for desk in desks:
        desk.start()
    until = time.monotonic() + seconds
    for number in itertools.count():
        time.sleep(2)
        if time.monotonic() >= until:
            break
        served.kill_a_worker(number)
    stop.set()
    for desk in desks:
        desk.join(60)
    answers = sum((desk.answers for desk in desks), Counter[int]())
    assert {status for status in answers if status >= 500} == set(), answers
    assert sum(answers[status] for status in DONE) > seconds
    promised = {key for desk in desks for key in desk.booked}
    kept = {
        str(key) for key in Appointment.objects.filter(request_key__in=promised).values_list("request_key", flat=True)
    }
    assert promised - kept == set()
    assert (overlaps(), patients_in_two_places(), half_written(), deadlocks() - before) == (0, 0, 0, 0)
