"""Workers and the broker are killed and come back: reminders are late at most. Promises P2, P9."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import time as machine
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
from celery import Celery
from django.core.management import call_command
from django.db import connection
from kombu.exceptions import OperationalError

from clinic import messaging, processes, time
from clinic.embedded import Valkey
from clinic.messaging_states import State
from clinic.models import Clinic, OutboundMessage
from tests.factories.messages import many_messages
from tests.factories.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


class Broker:
    """A Valkey of our own that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        sockets = folder / "s"
        sockets.mkdir()
        self.valkey, self.log = Valkey(data=folder / "valkey", sockets=sockets), folder / "valkey.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = processes.start(self.valkey.program(), log=self.log)
        until = machine.monotonic() + 10
        while not self.valkey.answers() and machine.monotonic() < until:
            machine.sleep(0.02)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)


@contextmanager
def a_worker(broker: Broker, sink: Sink, log: Path):
    """A real Celery worker on the test's database and SMTP server, in a process group of its own."""
    s = connection.settings_dict
    # A socket's folder travels in the address as a quoted host.
    host = quote(s["HOST"] or "127.0.0.1", safe="") + (f":{s['PORT']}" if s["PORT"] else "")
    env = os.environ | {
        "DATABASE_URL": f"postgres://{s['USER']}:{s['PASSWORD']}@{host}/{s['NAME']}",
        "REDIS_URL": broker.valkey.url,
        "TONUS_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(sink.port),
    }
    argv = [sys.executable, "-m", "celery", "-A", "clinic", "worker", "-c", "1", "-l", "info", "-Q", "messages"]
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*argv, "--without-gossip", "--without-mingle", "--without-heartbeat"],
            env=env,
            cwd=ROOT,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait(10)


@pytest.fixture
def sink():
    Clinic.objects.create(name="Riverside")
    with Sink() as server:
        yield server


@pytest.fixture
def broker(tmp_path_factory):
    made = Broker(tmp_path_factory.mktemp("b"))
    made.start()
    yield made
    made.kill()


def ring(broker: Broker) -> bool:
    """What beat does every five seconds; False when nobody is there to hear it."""
    with Celery(broker=broker.valkey.url, set_as_current=False) as bell:
        try:
            bell.send_task("clinic.tasks.deliver_due_messages", queue="messages", expires=30, retry=False)
        except OperationalError:
            return False
    return True


def rung_until(broker: Broker, sink: Sink, count: int, *, seconds: float) -> int:
    """Ring until that many mails have arrived; returns how often it was heard."""
    until, heard = machine.monotonic() + seconds, 0
    while len(sink.log) < count and machine.monotonic() < until:
        heard += ring(broker)
        sink.wait_for(count, seconds=0.5)
    return heard


def test_a_worker_delivers_survives_the_loss_of_its_broker_and_leaves_no_name_anywhere(broker, sink, tmp_path):
    log = tmp_path / "worker.log"
    many_messages(5, now=time.now())
    with a_worker(broker, sink, log) as worker:
        heard = rung_until(broker, sink, 5, seconds=25)
        assert len(sink.log) == 5, log.read_text()
        # On a slow machine rings pile up while the worker starts: it must have answered each before the silence counts.
        answered = re.compile(r"deliver_due_messages\[[^]]+\] succeeded in")
        assert processes.wait_until(
            lambda: len(answered.findall(log.read_text())) >= heard, process=worker, seconds=20
        ), log.read_text()

        broker.kill()
        many_messages(5, now=time.now())
        assert not ring(broker)
        machine.sleep(0.5)
        assert len(sink.log) == 5

        broker.start()
        rung_until(broker, sink, 10, seconds=25)
        assert len(set(sink.log)) == len(sink.log) == 10, log.read_text()
        processes.wait_until(lambda: not OutboundMessage.objects.waiting().exists(), process=worker, seconds=10)
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {State.ACCEPTED}

    kept = log.read_text() + "".join(
        path.read_text(errors="replace") for path in broker.valkey.data.rglob("*") if path.is_file()
    )
    assert "deliver_due_messages" in kept
    for private in ("Ribeiro", "patients.example", "/v/", "Reminder of your visit"):
        assert private not in kept


def test_without_any_broker_the_same_work_is_done_by_hand(sink, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    caplog.set_level(logging.DEBUG)
    messages = many_messages(120, now=time.now())
    said = StringIO()
    call_command("run_due", stdout=said)
    assert said.getvalue() == "120 messages: 120 accepted\n"
    assert sorted(sink.log) == sorted(str(m.uid) for m in messages)
    assert "patients.example" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("clinic"))


def test_an_hour_without_mail_server_delays_and_loses_nothing_and_nothing_comes_too_late(sink, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    start = time.now()
    fine = many_messages(20, now=start)
    short = many_messages(5, now=start, too_late_at=start + timedelta(minutes=30))
    sink.stop()
    for minute in range(60):
        messaging.deliver_all(now=start + timedelta(minutes=minute))
        messaging.sweep(now=start + timedelta(minutes=minute))
    sink.start()
    for minute in range(60, 80):
        messaging.deliver_all(now=start + timedelta(minutes=minute))
    assert sorted(sink.log) == sorted(str(m.uid) for m in fine)
    ends = OutboundMessage.objects.filter(pk__in=[m.pk for m in short])
    assert set(ends.values_list("state", "reason", "needs_person")) == {(State.SUPPRESSED, "too_late", True)}
