"""The clinic of a test served by gunicorn on a port of its own, and browsers that press buttons at the same moment."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.middleware.csrf import _get_new_csrf_string

from clinic.models import User
from scheduling.forms.booking import Pick
from scheduling.models import Appointment, Claim
from tests.factories.scheduling import NEW_YORK
from tests.factories.up import free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
#: Done: the browser is led on, by a redirect or through htmx.
DONE = (204, 303)
#: What a refusal that helps looks like: a time to press instead.
OTHER_TIME = re.compile(r'<button type="submit" class="btn btn-outline-primary" name="pick" value="[0-9a-f-]{36}@')


class Served:
    """gunicorn over the test's database, as the application's role."""

    def __init__(self, data: Path, *, workers: int, threads: int) -> None:
        self.port = free_port()
        self.log = data / "gunicorn.log"
        place = connection.settings_dict
        password = f":{place['PASSWORD']}" if place["PASSWORD"] else ""
        host = str(place["HOST"]).replace("/", "%2F")
        port = f":{place['PORT']}" if place["PORT"] else ""
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ} | {
            "DATABASE_URL": f"postgres://{place['USER']}{password}@{host}{port}/{place['NAME']}",
            "TONUS_DATA": str(data),
            "TONUS_SECRET_KEY": settings.SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
        }
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
        subprocess.run(collect, cwd=ROOT, env=environment, check=True, capture_output=True)
        command = [
            sys.executable, "-m", "gunicorn", "clinic.wsgi", "--bind", f"127.0.0.1:{self.port}", "--preload",
            "--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads), "--keep-alive", "60",
            "--no-control-socket", "--graceful-timeout", "5", "--log-level", "warning",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=self.log.open("wb"), stderr=subprocess.STDOUT
        )
        wait_until(self._answers, seconds=60)

    def _answers(self) -> bool:
        try:
            return Browser(self, {}).get("/alive/")[0] == 200
        except OSError:
            return False

    def workers(self) -> list[int]:
        """The processes that answer: children of gunicorn's master."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def kill_a_worker(self, number: int) -> None:
        running = self.workers()
        if running:
            os.kill(running[number % len(running)], signal.SIGKILL)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def signed_in(user: User) -> dict[str, str]:
    """The headers of a browser in which this person has signed in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    at = datetime.now(UTC).timestamp()
    session.update({
        SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(), "began_at": at, "seen_at": at, "idle_seconds": 36_000,
    })  # fmt: skip
    session.create()
    csrf = _get_new_csrf_string()
    return {"Cookie": f"session={session.session_key}; csrftoken={csrf}", "X-CSRFToken": csrf}


class Browser:
    """One kept connection."""

    def __init__(self, served: Served, headers: dict[str, str]) -> None:
        self.headers = headers | {"Origin": f"http://127.0.0.1:{served.port}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=90)

    def get(self, path: str) -> tuple[int, str]:
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> tuple[int, str]:
        """The status, and the page or where it leads."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", path, urlencode(fields), self.headers | kind | headers)
        answer = self.connection.getresponse()
        body = answer.read().decode()
        return answer.status, answer.headers.get("Location") or answer.headers.get("HX-Redirect") or body


@dataclass
class Round:
    """What everybody was told in one round, and how long the slowest waited, in milliseconds."""

    answers: list[tuple[int, str]] = field(default_factory=list)
    lost: list[Exception] = field(default_factory=list)
    took: float = 0

    @property
    def winners(self) -> int:
        return sum(status in DONE for status, _ in self.answers)

    @property
    def rude(self) -> list[tuple[int, str]]:
        """Answers that are neither success nor a refusal with other times to press."""
        return [
            (status, body[:400])
            for status, body in self.answers
            if status not in DONE and not (status in (409, 422) and OTHER_TIME.search(body))
        ]


def at_once(jobs: Sequence[Callable[[], tuple[int, str]]]) -> Round:
    """All jobs let loose at the same moment, each in a thread of its own."""
    gate, came_to = threading.Barrier(len(jobs) + 1), Round()

    def run(job: Callable[[], tuple[int, str]]) -> None:
        gate.wait(30)
        try:
            came_to.answers.append(job())
        except Exception as error:
            came_to.lost.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    gate.wait(30)
    began = time.perf_counter()
    for thread in threads:
        thread.join(120)
    came_to.took = (time.perf_counter() - began) * 1e3
    return came_to


# -- What a desk presses -----------------------------------------------------------------------------------


def wish(place: Any, patient: Any, starts_at: datetime, *, who: Any = None, **facts: Any) -> dict[str, Any]:
    """The booking form, filled in."""
    return {
        "patient": patient.uid, "location": place.location.uid, "service": place.service.uid,
        "request_key": uuid.uuid4(), "pick": Pick((who or place.practitioner).uid, starts_at),
    } | facts  # fmt: skip


def book(browser: Browser, fields: dict[str, Any]) -> tuple[int, str]:
    """As the page sends it: by htmx."""
    by_htmx = {"HX-Request": "true", "HX-Target": "answer"}
    return browser.post(f"/schedule/book/?patient={fields['patient']}", fields, **by_htmx)


def move(browser: Browser, visit: Appointment, starts_at: datetime) -> tuple[int, str]:
    fields = {"version": visit.version, "pick": Pick(visit.practitioner.uid, starts_at)}
    return browser.post(f"/schedule/visit/{visit.uid}/move/", fields)


def from_now(days: int, hour: int, minute: int = 0) -> datetime:
    """A wall-clock time in New York, so many days from now: a server has no other clock."""
    day = datetime.now(NEW_YORK).date() + timedelta(days)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


# -- What must hold afterwards -----------------------------------------------------------------------------


def overlaps() -> int:
    """Pairs of claims on one seat that overlap."""
    return _count(
        "SELECT count(*) FROM scheduling_claim a JOIN scheduling_claim b ON a.id < b.id"
        " AND a.resource_id = b.resource_id AND a.seat = b.seat AND a.during && b.during"
    )


def patients_in_two_places() -> int:
    return _count(
        "SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b ON a.id < b.id"
        " AND a.patient_id = b.patient_id AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)"
        " WHERE a.status IN ('booked', 'arrived') AND b.status IN ('booked', 'arrived')"
    )


def half_written() -> int:
    """Visits without the act that booked them or without a word about reminding, and claims too many or too few."""
    wanting = _count(
        "SELECT count(*) FROM scheduling_appointment a WHERE NOT EXISTS (SELECT FROM clinic_auditevent e"
        " WHERE e.subject_uid = a.uid AND e.action = 'appointment.booked') OR NOT EXISTS"
        " (SELECT FROM clinic_outboundmessage m WHERE m.subject_uid = a.uid)"
    )
    return wanting + abs(Claim.objects.count() - 2 * Appointment.objects.holding_time().count())


def deadlocks() -> int:
    """How often the database had to kill one of those who waited for each other."""
    with psycopg.connect(os.environ["TONUS_TEST_DATABASE_URL"]) as server:
        name = connection.settings_dict["NAME"]
        row = server.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = %s", [name]).fetchone()
        return int(row[0]) if row else 0


def _count(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])
