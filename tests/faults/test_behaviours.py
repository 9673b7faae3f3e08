"""Twelve ways in which a mail server and a provider of text messages behave: each message comes to one right end.

The judge is what the server has. Five times each in the quick tier, two hundred times in the long one. Promise P2(b).
"""

from __future__ import annotations

import collections
import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from clinic import messaging, time
from clinic.messaging import Recipient
from clinic.messaging_states import State
from clinic.models import ChannelHealth, Clinic, OutboundMessage
from tests.factories.messages import a_message
from tests.factories.sink import Sink
from tests.factories.text_sink import TextSink

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("faults")]
TIMES = [5, pytest.param(200, marks=pytest.mark.long)]
#: As long as a test waits for a server that says nothing.
SILENCE = 0.15
SENT, FAILED, WAITS, UNKNOWN = {State.ACCEPTED}, {State.FAILED}, {State.PLANNED}, {State.UNKNOWN}


@dataclass(frozen=True)
class Way:
    """How a server behaves to one message, where that may end, and whether the server has it."""

    how: str
    ends: set[State]
    has_it: bool


MAIL = {
    "250": Way("", SENT, True),
    "4xx": Way("rcpt 450", WAITS, False),
    "5xx": Way("rcpt 550", FAILED, False),
    "hangs": Way("hang", UNKNOWN, True),
    "closes before the content": Way("close at data", WAITS, False),
    "closes after the content": Way("close after", UNKNOWN, True),
    "250, then drops the line": Way("drop", SENT, True),
    "5xx after it has taken it": Way("500 after", FAILED, True),
    "too many": Way("data 421", WAITS, False),
    "slow": Way("slow", SENT, True),
    "garbage": Way("garbage", UNKNOWN, True),
}
TEXTS = {
    "201": Way("", SENT, True),
    "4xx": Way("http 400 30022", FAILED, False),
    "5xx": Way("http 400 21211", FAILED, False),
    "hangs": Way("hang", UNKNOWN, False),
    "closes before": Way("close before", UNKNOWN, False),
    "closes after": Way("close after", UNKNOWN, True),
    "201, then drops the line": Way("drop", SENT, True),
    "500 after it has taken it": Way("http 500 after", UNKNOWN, True),
    "too many": Way("http 429", WAITS, False),
    "slow": Way("slow", SENT, True),
    "garbage": Way("garbage", UNKNOWN, True),
}


@pytest.fixture
def mail(settings: Any) -> Iterator[Sink]:
    Clinic.objects.create(name="Riverside")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = SILENCE
    with Sink() as server:
        server.hang = SILENCE * 2
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def phones(settings: Any, monkeypatch: Any) -> Iterator[TextSink]:
    Clinic.objects.create(name="Riverside", texts_a_day=1000)
    monkeypatch.setattr("clinic.sms.TIMEOUT", SILENCE)
    with TextSink(hang=SILENCE * 2) as server:
        settings.SMS_URL = server.url
        yield server


_number = itertools.count(1)


def one_by_mail(server: Sink, way: Way) -> OutboundMessage:
    name = f"odd{next(_number)}"
    server.behave[name] = way.how
    return a_message(now=time.now(), address=f"{name}@patients.example")


def one_by_text(server: TextSink, way: Way) -> OutboundMessage:
    number = f"+1202{next(_number):07}"
    server.behave[number] = way.how
    return a_message(now=time.now(), to=Recipient("sms", "Ana", number))


def a_good_one(channel: str) -> OutboundMessage:
    if channel == "sms":
        return a_message(now=time.now(), to=Recipient("sms", "Bo", f"+1303{next(_number):07}"))
    return a_message(now=time.now(), address=f"good{next(_number)}@patients.example")


def deliver_until_quiet() -> None:
    """As the pump does, by a clock that runs ahead; a channel that was left alone is tried again."""
    for minute in range(0, 30, 3):
        now = time.now() + timedelta(minutes=minute)
        messaging.sweep(now=now)
        messaging.deliver_all(now=now, seconds=600)


def judge(log: list[str], odd: list[OutboundMessage], good: list[OutboundMessage], way: Way) -> None:
    had = collections.Counter(log)
    rows = {row.uid: row for row in OutboundMessage.objects.all()}
    assert [uid for uid, count in had.items() if count > 1] == [], "sent twice"
    assert {rows[one.uid].state for one in good} == SENT, "a neighbour was held up"
    assert all(had[str(one.uid)] == 1 for one in good)
    for one in odd:
        row = rows[one.uid]
        assert row.state in way.ends, (row.state, row.reason, row.detail)
        assert had[str(one.uid)] == int(way.has_it)
        if row.state in (State.FAILED, State.UNKNOWN):
            assert row.needs_person


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("name", list(MAIL))
def test_what_a_mail_server_does_to_a_message(mail: Sink, name: str, times: int) -> None:
    way = MAIL[name]
    odd, good = [], []
    for _ in range(times):
        good.append(a_good_one("email"))
        odd.append(one_by_mail(mail, way))
    good.append(a_good_one("email"))
    deliver_until_quiet()
    judge(mail.log, odd, good, way)


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("name", list(TEXTS))
def test_what_a_provider_of_texts_does_to_a_message(phones: TextSink, name: str, times: int) -> None:
    way = TEXTS[name]
    odd, good = [], []
    for _ in range(times):
        good.append(a_good_one("sms"))
        odd.append(one_by_text(phones, way))
    good.append(a_good_one("sms"))
    deliver_until_quiet()
    judge(phones.log, odd, good, way)


# -- The twelfth and its kin: nobody answers at all --------------------------------------------------------


@contextmanager
def no_tls() -> Iterator[int]:
    """A server that talks, but no TLS that anybody could trust."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer() -> None:
            while True:
                try:
                    line, _ = door.accept()
                    line.sendall(b"220 not what you think\r\n")
                    line.close()
                except OSError:
                    return

        threading.Thread(target=answer, daemon=True).start()
        yield int(door.getsockname()[1])


AWAY = ["no such host", "nobody listens", "no TLS"]


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("name", AWAY)
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_where_nobody_answers_everything_waits_and_then_leaves_once(
    request: Any, settings: Any, channel: str, name: str, times: int
) -> None:
    server = request.getfixturevalue({"email": "mail", "sms": "phones"}[channel])
    good = [a_good_one(channel) for _ in range(times)]
    was = (settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_SSL, settings.SMS_URL)
    with no_tls() as port:
        host = "no.such.host.invalid" if name == "no such host" else "127.0.0.1"
        number = {"no TLS": port, "nobody listens": 1, "no such host": 25}[name]
        scheme = "twilio+http" if name == "nobody listens" else "twilio"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_SSL = host, number, name == "no TLS"
        settings.SMS_URL = f"{scheme}://AC1:x@{host}:{number}/+12075550100"
        for minute in range(3):
            messaging.deliver_all(now=time.now() + timedelta(minutes=minute))
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == WAITS
    assert ChannelHealth.objects.get(channel=channel).down_since is not None
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_SSL, settings.SMS_URL = was
    deliver_until_quiet()
    judge(server.log, [], good, MAIL["250"])


def test_the_ways_are_twelve_on_each_channel() -> None:
    assert len(MAIL) + len(AWAY) >= 12
    assert len(TEXTS) + len(AWAY) >= 12
