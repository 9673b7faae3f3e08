"""Workers, beat, Valkey and PostgreSQL are killed with SIGKILL at random moments while reminders go out. Promise P2.

All of them are real: a cluster, a broker, two Celery workers and a beat of this test's own, and an SMTP server in a
process of its own, whose log is the judge. The reminders are of real visits, so the last look is part of it.
"""

from __future__ import annotations

import collections
import os
import random
import signal
import subprocess
import sys
import time as machine
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from benchmarks.house import free_port, wait_for_port
from clinic import embedded, processes
from clinic.messaging_states import OPEN, State

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("faults")]
ROOT = Path(__file__).resolve().parents[2]
REMINDERS, KILLS = 10_000, 110
#: How long the SMTP server thinks about a message: so long a kill can hit one in the middle.
THINKS = 0.004
#: Whom a kill hits, in so many of a hundred.
TARGETS = {"worker": 62, "database": 14, "broker": 14, "beat": 10}
#: An hour of grace for a slow machine.
PATIENCE = 3_000


@dataclass
class House:
    """Everything that a clinic runs, and whatever of it was killed is started again."""

    folder: Path
    kills: collections.Counter[str] = field(default_factory=collections.Counter)

    def __post_init__(self) -> None:
        self.folder.chmod(0o711)
        self.postgres = embedded.Postgres(self.folder / "postgres", embedded.private_folder(self.folder))
        self.postgres.prepare()
        sockets = self.folder / "s"
        sockets.mkdir()
        self.valkey = embedded.Valkey(data=self.folder / "valkey", sockets=sockets)
        self.smtp_port, self.smtp_log = free_port(), self.folder / "smtp.log"
        self.environment = os.environ | {
            "DATABASE_URL": self.postgres.url("postgres", "postgres"), "DATABASE_OWNER_URL": "",
            "REDIS_URL": self.valkey.url, "TONUS_DATA": str(self.folder), "TONUS_SECRET_KEY": "only for this test",
            "TONUS_DEMO": "1", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self.smtp_port),
            "TONUS_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        }  # fmt: skip
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    # -- Starting and killing -----------------------------------------------------------------------

    def start(self, name: str) -> None:
        self.running[name] = self._starters()[name.rstrip("12")](name)

    def _starters(self) -> dict[str, Callable[[str], subprocess.Popen[bytes]]]:
        return {"database": self._database, "broker": self._broker, "worker": self._worker, "beat": self._beat}

    def _database(self, name: str) -> subprocess.Popen[bytes]:
        until = machine.monotonic() + 120
        while machine.monotonic() < until:  # the dead server's children may hold its memory for a moment
            process = processes.start(self.postgres.program(), log=self.folder / f"{name}.log")
            if processes.wait_until(self.postgres.answers, process=process, seconds=60):
                return process
            machine.sleep(0.2)
        raise TimeoutError(processes.last_lines(self.folder / f"{name}.log"))

    def _broker(self, name: str) -> subprocess.Popen[bytes]:
        process = processes.start(self.valkey.program(), log=self.folder / f"{name}.log")
        processes.wait_until(self.valkey.answers, process=process, seconds=30)
        return process

    def _worker(self, name: str) -> subprocess.Popen[bytes]:
        words = ("worker", "-c", "1", "-l", "warning", "-Q", "messages", "-n", f"{name}@here")
        return self._celery(name, *words, "--without-gossip", "--without-mingle", "--without-heartbeat")

    def _beat(self, name: str) -> subprocess.Popen[bytes]:
        with suppress(FileNotFoundError):
            (self.folder / "beat.pid").unlink()
        return self._celery(name, "beat", "-l", "warning", "--pidfile", str(self.folder / "beat.pid"))

    def _celery(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "clinic", *words],
                env=self.environment, cwd=ROOT, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        self.kills[name.rstrip("12")] += 1

    def manage(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def open(self) -> None:
        self.start("database")
        self.manage("manage.py", "migrate", "-v0")
        self.manage("-m", "benchmarks.reminder_house", "fill", str(REMINDERS), "0")
        server = [sys.executable, "-m", "benchmarks.smtp_sink", str(self.smtp_port), str(self.smtp_log), str(THINKS)]
        self.running["smtp"] = subprocess.Popen(server, cwd=ROOT, start_new_session=True)
        wait_for_port(self.smtp_port)
        for name in ("broker", "worker1", "worker2", "beat"):
            self.start(name)

    def close(self) -> None:
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.running.values():
            process.wait(30)

    # -- The judge and the ledger -------------------------------------------------------------------

    def taken(self) -> list[str]:
        return self.smtp_log.read_text().split() if self.smtp_log.exists() else []

    def ledger(self) -> dict[str, str]:
        with psycopg.connect(self.postgres.url("postgres", "postgres")) as c:
            return dict(c.execute("SELECT uid::text, state FROM clinic_outboundmessage").fetchall())

    def waits(self) -> int:
        try:
            return sum(state in OPEN for state in self.ledger().values())
        except psycopg.OperationalError:
            return REMINDERS


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("all"))
    try:
        made.open()
        yield made
    finally:
        made.close()


def someone(rng: random.Random, house: House) -> str:
    target = rng.choices(list(TARGETS), weights=list(TARGETS.values()))[0]
    return rng.choice(["worker1", "worker2"]) if target == "worker" else target


def kill_on_the_way(house: House, rng: random.Random, until: float) -> None:
    """So many kills, spread over all the messages; whoever died comes back at once."""
    every = REMINDERS / (KILLS + 2)
    for number in range(KILLS):
        while len(house.taken()) < every * number and machine.monotonic() < until:
            machine.sleep(0.02)
        machine.sleep(rng.uniform(0, 0.05))
        name = someone(rng, house)
        house.kill(name)
        house.start(name)


def test_of_ten_thousand_reminders_none_is_lost_and_none_is_sent_twice_whatever_is_killed(
    house: House, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random()
    began = machine.monotonic()
    kill_on_the_way(house, rng, began + PATIENCE)
    while house.waits() and machine.monotonic() < began + PATIENCE + 400:
        machine.sleep(0.5)

    taken, ledger = house.taken(), house.ledger()
    counts = collections.Counter(ledger.values())
    twice = [uid for uid, count in collections.Counter(taken).items() if count > 1]
    accepted = {uid for uid, state in ledger.items() if state == State.ACCEPTED}
    unknown = {uid for uid, state in ledger.items() if state == State.UNKNOWN}
    figures = {
        "kills": dict(house.kills), "ends": dict(counts), "sent": len(taken), "twice": len(twice),
        "lost": len(ledger.keys() - accepted - unknown), "unknown that arrived": len(unknown & set(taken)),
        "seconds": round(machine.monotonic() - began),
    }  # fmt: skip
    record_property("figures", figures)
    (house.folder / "figures.txt").write_text(f"{figures}\n")
    assert house.kills.total() == KILLS
    assert len(ledger) == REMINDERS
    assert twice == []
    assert accepted | unknown == set(ledger), counts
    assert accepted <= set(taken)
    assert set(taken) - accepted <= unknown
    assert len(unknown) <= KILLS
