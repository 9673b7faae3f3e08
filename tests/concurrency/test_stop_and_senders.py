"""STOP comes while messages to the number are planned, claimed and handed over: afterwards nothing leaves. P2(i)."""

from __future__ import annotations

import random
import threading
import time as machine
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from clinic import last_look, messaging, unsubscribing
from clinic import time as clocks
from clinic.messaging import Recipient
from clinic.messaging_states import Channel, MessagePurpose, Reason, State
from clinic.models import Clinic, InboundText, OptOut, OutboundMessage
from portal import texting
from tests.factories.messages import a_draft
from tests.factories.people import a_clinic
from tests.factories.text_sink import TextSink

pytestmark = pytest.mark.django_db(transaction=True)

SENDERS = 3


@pytest.fixture
def phones(settings):
    with TextSink() as sink:
        settings.SMS_URL = sink.url
        a_clinic()
        Clinic.objects.update(texts_a_day=30_000)
        yield sink


def plan(number: str) -> None:
    now = clocks.now()
    with transaction.atomic():
        to = Recipient(Channel.SMS, "Ana", number)
        messaging.enqueue(a_draft(now=now, to=to, too_late_at=now + timedelta(hours=1)), now=now)


def stop(number: str, *, answered: bool = True) -> None:
    texting.receive(provider_id=f"SM{number}", number=number, text="STOP", answered=answered, now=clocks.now())


def at_once(*works: Callable[[], None]) -> None:
    gate = threading.Barrier(len(works))
    wrong: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            gate.wait(10)
            work()
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong, wrong


def race(phones: TextSink, number: str, chance: random.Random) -> tuple[set[str], set[str]]:
    """One phone says STOP amid planning and sending: what the provider got, and what had begun to leave by then."""
    begun: set[str] = set()
    over = threading.Event()

    def planner() -> None:
        while not over.is_set():
            plan(number)

    def sender() -> None:
        while not over.is_set():
            messaging.deliver_due(now=clocks.now(), channel=Channel.SMS)

    def patient() -> None:
        machine.sleep(chance.uniform(0, 0.15))
        stop(number)
        leaving = OutboundMessage.objects.filter(to_address=number, handing_over_at__isnull=False)
        begun.update(map(str, leaving.values_list("uid", flat=True)))
        machine.sleep(0.15)
        over.set()

    at_once(planner, patient, *[sender] * SENDERS)
    while messaging.deliver_due(now=clocks.now()).claimed:
        pass
    return {text.uid for text in phones.taken if text.to == number}, begun


def races(phones: TextSink, count: int) -> None:
    chance, sent = random.Random(7), 0
    for number in (f"+1207555{n:04d}" for n in range(count)):
        got, begun = race(phones, number, chance)
        assert got <= begun
        rows = OutboundMessage.objects.filter(to_address=number)
        assert not rows.waiting().exists()
        assert {row.reason for row in rows.not_sent()} == {Reason.OPTED_OUT}
        sent += len(got)
    assert sent, "nothing was raced"


def test_no_text_begins_to_leave_once_stop_is_committed(phones):
    races(phones, 6)


@pytest.mark.long
def test_no_text_begins_to_leave_once_stop_is_committed_a_hundred_times(phones):
    races(phones, 100)


def test_the_race_is_real_when_only_the_planning_asks(phones, monkeypatch):
    """The planted fault: neither what waits is stopped nor does anybody look again."""
    monkeypatch.setattr(last_look, "_GUARDS", [])
    monkeypatch.setattr(unsubscribing, "stop_what_waits", lambda **_: None)
    got, begun = race(phones, "+13125550100", random.Random(7))
    assert got - begun


def test_one_stop_that_is_told_eight_times_at_once_counts_once(phones):
    number = "+12075550142"
    plan(number)
    at_once(*[lambda: stop(number, answered=False)] * 8)
    assert InboundText.objects.count() == 1
    assert OptOut.objects.count() == 1
    assert OutboundMessage.objects.filter(purpose=MessagePurpose.REPLY).count() == 1
    assert OutboundMessage.objects.exclude(purpose=MessagePurpose.REPLY).get().state == State.SUPPRESSED
