"""django-appointment and django-scheduler on the same data, in an environment that this makes and removes again.

They are never among our requirements: `python -m venv` and `pip install` from the configured index, below a temporary
folder. Each is asked by its own pages over HTTP, under gunicorn as Tonus is, with its session and sign-in.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import os
import subprocess
import tempfile
import threading
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import psycopg

from benchmarks import diary_data as rule
from benchmarks.diary_house import Diary, timed
from benchmarks.house import ROOT, free_port, wait_for_port

PACKAGES = ("django-appointment==3.12.0", "django-scheduler==0.12.0", "Django<6", "psycopg[binary]", "gunicorn")


@dataclass
class Peers:
    """The site of both, open, and somebody signed in."""

    url: str
    port: int
    cookie: str
    base: dt.date

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)

    def get(self, c: http.client.HTTPConnection, path: str) -> tuple[int, str]:
        c.request("GET", path, headers={"Cookie": self.cookie, "X-Requested-With": "XMLHttpRequest"})
        answer = c.getresponse()
        return answer.status, answer.read().decode()

    def post(self, c: http.client.HTTPConnection, path: str, fields: dict[str, object]) -> tuple[int, str]:
        """The status, and where it leads."""
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        c.request("POST", path, urlencode(fields), headers)
        answer = c.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Location", "")


@contextlib.contextmanager
def opened(diary: Diary) -> Iterator[Peers]:
    """Installed, loaded, open; all of it gone afterwards, the database too unless it is kept."""
    place = urlsplit(diary.house.url)
    name = f"{place.path.strip('/')}_peers"
    url, server = place._replace(path=f"/{name}").geturl(), place._replace(path="/postgres").geturl()
    with tempfile.TemporaryDirectory(prefix="tonus-peers-") as folder:
        python = _environment(Path(folder))
        port = free_port()
        environment = {
            **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
            "PEERS_DATABASE_URL": url, "PEERS_HOST": unquote(place.hostname or ""), "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        with psycopg.connect(server, autocommit=True) as c:
            c.execute(f'DROP DATABASE IF EXISTS "{name}"')
            c.execute(f'CREATE DATABASE "{name}"')
        fill = [str(python), "-m", "benchmarks.peer_site", diary.base.isoformat(), str(diary.asked.history_days)]
        done = subprocess.run(fill, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"The peers' data could not be loaded:\n{done.stderr}")
        cookie = f"sessionid={done.stdout.split()[-1]}"
        process = subprocess.Popen(
            [str(python.parent / "gunicorn"), "benchmarks.peer_site:app", "-b", f"127.0.0.1:{port}", "--worker-class",
             "gthread", "--workers", "2", "--threads", "4", "--timeout", "300", "--log-level", "critical"],
            cwd=folder, env=environment, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for_port(port)
            yield Peers(url, port, cookie, diary.base)
        finally:
            process.terminate()
            process.wait(20)
            with psycopg.connect(server, autocommit=True) as c:
                c.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _environment(folder: Path) -> Path:
    """A throw-away environment with both; the Python in it."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
    return python


# -- What is asked -----------------------------------------------------------------------------------------


def free_times(peers: Peers) -> None:
    """A1 and A2 by django-appointment: its page asks day by day, therapist by therapist."""
    c = peers.connection()

    def starts(t: int) -> set[rule.Start]:
        found = set()
        for d in range(rule.WINDOW_DAYS):
            day = peers.base + dt.timedelta(d)
            path = f"/appointment/ajax/available_slots/?selected_date={day}&staff_member={t}&service_id=1"
            status, body = peers.get(c, path)
            if status >= 500:
                raise SystemExit(f"django-appointment answered {status}: {body[:300]}")
            for slot in json.loads(body).get("available_slots", []):
                at = dt.datetime.fromisoformat(slot[0])
                found.add((t, d, at.hour * 60 + at.minute))
        return found

    _compare("A1", starts(7), rule.free_starts([7]))
    one = timed(lambda: starts(7), runs=5, warm=1)
    print(f"A1  django-appointment, 28 requests: p50 {one.p50:.0f} ms", flush=True)
    began = time.perf_counter()
    found = {start for t in range(1, 51) for start in starts(t)}
    took = (time.perf_counter() - began) * 1e3
    _compare("A2", found, rule.free_starts(range(1, 51)))
    print(f"A2  django-appointment, 1 400 requests: {took:.0f} ms, once", flush=True)


def _compare(row: str, got: set[rule.Start], want: set[rule.Start]) -> None:
    said = "the oracle's" if got == want else f"{len(got - want)} of them wrong, {len(want - got)} missing"
    print(f"{row}  django-appointment: {len(got)} starts, {said}")


def bookings(peers: Peers, count: int = 400) -> None:
    """B1 and B2 by django-appointment: a request for a time, then whose it is; what was stored is counted."""
    began = time.perf_counter()
    share = count // 8

    def client(w: int) -> None:
        c = peers.connection()
        for i in range(share):
            _book(peers, c, 1 + w * 25 + i % 25, 35 + i // 25 // 7, rule.HOURS[i // 25 % 7])

    _together([lambda w=w: client(w) for w in range(8)])
    took = time.perf_counter() - began
    print(f"B1  django-appointment, 8 clients: {_stored(peers, 35)} of {share * 8} stored, {share * 8 / took:.0f}/s")
    stored = []
    for k in range(5):
        _together([lambda k=k: _book(peers, peers.connection(), 7, 42 + k, 9)] * 50)
        stored.append(_stored(peers, 42 + k, t=7))
    print(f"B2  django-appointment, 50 clients for one place: stored {stored} in {len(stored)} rounds", flush=True)


def _book(peers: Peers, c: http.client.HTTPConnection, t: int, d: int, h: int) -> None:
    wish = {
        "date": peers.base + dt.timedelta(d), "start_time": f"{h:02d}:00", "end_time": f"{h + 1:02d}:00",
        "service": 1, "staff_member": t,
    }  # fmt: skip
    status, to = peers.post(c, "/appointment/request-submit/", wish)
    if status == 302:
        client = {"name": "Ana", "email": "c0@bench.example", "phone_0": "US", "phone_1": "2015550123"}
        status, _ = peers.post(c, to, client | {"payment_type": "full", "address": "", "additional_info": ""})
    if status != 302:
        raise SystemExit(f"django-appointment answered {status} to a booking.")


def _stored(peers: Peers, day: int, t: int | None = None) -> int:
    sql = (
        "SELECT count(*) FROM appointment_appointment a JOIN appointment_appointmentrequest r"
        " ON r.id = a.appointment_request_id WHERE r.date >= %s AND (%s::int IS NULL OR r.staff_member_id = %s)"
        " AND r.date < %s"
    )
    first = peers.base + dt.timedelta(day)
    with psycopg.connect(peers.url) as c:
        row = c.execute(sql, [first, t, t, first + dt.timedelta(1 if t else 7)]).fetchone()
    return int(row[0]) if row else 0


def _together(jobs: list) -> None:  # type: ignore[type-arg]
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def feed(peers: Peers) -> None:
    """C1 for one therapist, one week: both show the whole diary of one person at a time."""
    c = peers.connection()
    first, last = peers.base, peers.base + dt.timedelta(7)
    path = f"/schedule/api/occurrences?calendar_slug=t7&start={first}&end={last}"
    want = sum(rule.works(7, d) and rule.booked(7, d, h) for d in range(5) for h in rule.HOURS)
    status, body = peers.get(c, path)
    shown = len(json.loads(body)) if status == 200 else 0
    one = timed(lambda: peers.get(c, path), runs=3, warm=0)
    print(f"C1  django-scheduler, 1 therapist × 1 week: {shown} of {want} visits, p50 {one.p50:.0f} ms", flush=True)
