"""Senders killed with SIGKILL at random moments: nothing is lost, nothing is sent twice. Promise P2.

The judge is the log of the SMTP server, compared with the ledger by Message-ID.
"""

from __future__ import annotations

import collections
import random
import time as machine
from datetime import timedelta

import pytest
from django.db import connection, transaction

from clinic import messaging, time
from clinic.messaging_states import Reason, State
from clinic.models import Clinic, OutboundMessage
from tests.factories.messages import many_messages
from tests.factories.sink import Sink
from tests.faults import senders

pytestmark = pytest.mark.django_db(transaction=True)


class Crew:
    """Some senders; any of them can be killed, and another takes its place at once."""

    def __init__(self, sink: Sink, *, size: int = 2, plant: str = "") -> None:
        self._context = senders.context()
        settings = connection.settings_dict
        self._database = {key: settings[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
        self._sink, self._plant = sink, plant
        self.kills = 0
        self.members = [self._start() for _ in range(size)]

    def _start(self):
        args = (self._database, self._sink.port, self._plant)
        process = self._context.Process(target=senders.run, args=args, daemon=True)
        process.start()
        return process

    def kill_one(self) -> None:
        place = random.randrange(len(self.members))
        self.members[place].kill()
        self.members[place].join(10)
        self.kills += 1
        self.members[place] = self._start()

    def cut_all(self) -> None:
        """The database ends every session but ours, as when it is killed and comes back."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        self.kills += 1

    def dismiss(self) -> None:
        for process in self.members:
            process.kill()
        for process in self.members:
            process.join(10)


def states() -> collections.Counter[str]:
    return collections.Counter(OutboundMessage.objects.values_list("state", flat=True))


def wait_until_settled(*, seconds: float) -> None:
    until = machine.monotonic() + seconds
    while OutboundMessage.objects.waiting().exists() and machine.monotonic() < until:
        machine.sleep(0.05)


def send_all(sink: Sink, *, messages: int, kills: int, plant: str = "") -> Crew:
    """Deliver so many messages with so many kills on the way; returns when the ledger has settled.

    Every fourth time it is the database that ends all sessions at once.
    """
    many_messages(messages, now=time.now())
    crew = Crew(sink, plant=plant)
    try:
        sink.wait_for(3, seconds=20)
        every = messages / (kills + 1)
        for kill in range(1, kills + 1):
            sink.wait_for(int(every * kill * 0.9), seconds=5)
            machine.sleep(random.uniform(0, 0.03))
            crew.cut_all() if not plant and kill % 4 == 0 else crew.kill_one()
        wait_until_settled(seconds=20)
    finally:
        crew.dismiss()
    messaging.sweep(now=time.now() + timedelta(minutes=5))
    assert not OutboundMessage.objects.in_hand().exists()
    return crew


@pytest.fixture
def sink():
    Clinic.objects.create(name="Riverside")
    with Sink(delay=0.004) as server:
        yield server


def compare(sink: Sink) -> tuple[set[str], set[str], list[str]]:
    """(accepted in our ledger, unknown in our ledger, what the server got more than once)."""
    ledger = {str(uid): state for uid, state in OutboundMessage.objects.values_list("uid", "state")}
    twice = [uid for uid, count in collections.Counter(sink.log).items() if count > 1]
    accepted = {uid for uid, state in ledger.items() if state == State.ACCEPTED}
    unknown = {uid for uid, state in ledger.items() if state == State.UNKNOWN}
    return accepted, unknown, twice


def check_the_books(sink: Sink, crew: Crew, *, messages: int) -> None:
    """Every message in one end; the server's log and the ledger agree one to one; unknown at most once a kill."""
    accepted, unknown, twice = compare(sink)
    assert twice == []
    assert accepted | unknown == {str(uid) for uid in OutboundMessage.objects.values_list("uid", flat=True)}
    assert accepted <= set(sink.log)
    assert set(sink.log) - accepted <= unknown
    assert len(unknown) <= crew.kills
    assert OutboundMessage.objects.unknown().filter(needs_person=True).count() == len(unknown)
    whole = messaging.reconcile(since=time.now() - timedelta(1), until=time.now() + timedelta(1), now=time.now())
    assert whole.balances
    assert (whole.due, whole.waiting) == (messages, 0)


def test_of_three_hundred_messages_none_is_lost_and_none_is_sent_twice_by_ten_killed_senders(sink):
    crew = send_all(sink, messages=300, kills=10)
    assert crew.kills == 10
    check_the_books(sink, crew, messages=300)


@pytest.mark.parametrize("plant", ["mark_after_send", "resend_on_lease"])
def test_the_judge_notices_a_sender_that(sink, plant):
    """A test that cannot fail proves nothing: with either fault the server gets messages twice."""
    sink.delay = 0.02
    send_all(sink, messages=60, kills=8, plant=plant)
    _, _, twice = compare(sink)
    assert twice


@pytest.mark.parametrize("plant", ["", "no_fence"])
def test_no_stale_message_leaves_after_a_cancellation_whatever_the_moment(sink, plant):
    """Each cancellation hits a message that is about to leave; `no_fence` shows that the race is real."""
    sink.delay = 0.001
    messages = many_messages(300, now=time.now())
    crew = Crew(sink, size=1, plant=plant)
    stopped: list[str] = []
    try:
        sink.wait_for(1, seconds=20)
        while (ahead := len(sink.log) + random.randint(0, 6)) < len(messages):
            message = messages.pop(ahead)
            with transaction.atomic():
                in_time = messaging.void_for(subject_uid=message.subject_uid, reason=Reason.CANCELLED, now=time.now())
            if in_time:
                stopped.append(str(message.uid))
        wait_until_settled(seconds=10)
    finally:
        crew.dismiss()
    assert len(stopped) > 20
    left_after_all = set(stopped) & set(sink.log)
    assert bool(left_after_all) == bool(plant)
