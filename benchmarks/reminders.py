"""Rows E1 and E2 of the goals: 10,000 reminders that are due, out of 1,010,000 in the outbox, to a local SMTP server.

    python -m benchmarks.reminders [--reminders 10000] [--future 1000000] [--kills 10] [--server postgres://...]

Without a server it starts the embedded PostgreSQL as `make run` does, with everything on the disk that it commits, in a
folder that it removes again; E2 needs no other, as Valkey is always its own.

The raw limit is a leased outbox of six columns in the same database, sent by two processes over one kept connection
each: claim a hundred, send, mark each. Tonus's rows are reminders of real visits, and all that a reminder goes through
is part of it: the last look at visit, patient, consent, address, hour and words, merging, the mail written anew, the
link, the committed step before the content. E1 runs two processes of the sender; E2 two Celery workers and a beat, of
which ten are killed, and the broker once. What the server took is compared with the ledger one by one; the run ends
when they differ.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import psycopg

from benchmarks.house import ROOT, House, a_server, free_port, wait_for_port
from clinic import embedded, processes

WORKERS = 2
GOAL_SECONDS, GOAL_AFTER = 8, 30
MAIL = (
    "From: clinic@bench.example\r\nTo: p{0}@bench.example\r\nSubject: Your visit\r\nMessage-ID: <{0}@bench.example>\r\n"
    "\r\n" + "This is a reminder of your visit. " * 60 + "\r\n"
)
RAW_TABLE = """
DROP TABLE IF EXISTS raw_reminder;
CREATE TABLE raw_reminder (id bigint PRIMARY KEY, due_at timestamptz NOT NULL, leased_until timestamptz,
    sent_at timestamptz, tries int NOT NULL DEFAULT 0, words text) WITH (fillfactor = 80);
INSERT INTO raw_reminder SELECT n, now() + CASE WHEN n <= {due} THEN -interval '1 minute' ELSE interval '30 days' END,
    NULL, NULL, 0, repeat('words ', 60) FROM generate_series(1, {all}) n;
CREATE INDEX raw_due ON raw_reminder (due_at, id) WHERE sent_at IS NULL"""
RAW_CLAIM = """
UPDATE raw_reminder SET leased_until = now() + interval '1 minute', tries = tries + 1 WHERE id IN (
  SELECT id FROM raw_reminder WHERE sent_at IS NULL AND due_at <= now()
     AND (leased_until IS NULL OR leased_until < now()) ORDER BY due_at, id LIMIT 100 FOR UPDATE SKIP LOCKED)
RETURNING id"""


class Server:
    """The SMTP server of `smtp_sink`, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.log = free_port(), folder / f"smtp-{time.monotonic_ns()}.log"
        words = [sys.executable, "-m", "benchmarks.smtp_sink", str(self.port), str(self.log)]
        self.process = subprocess.Popen(words, cwd=ROOT)
        wait_for_port(self.port)

    def taken(self) -> list[str]:
        return self.log.read_text().split()

    def count(self) -> int:
        return self.log.stat().st_size

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)


# -- The raw limit -----------------------------------------------------------------------------------------


def raw_worker(url: str, port: int) -> None:
    with psycopg.connect(url, autocommit=True) as c:
        line = smtplib.SMTP("127.0.0.1", port, local_hostname="bench.example", timeout=30)
        line.ehlo()
        while ids := [row[0] for row in c.execute(RAW_CLAIM)]:
            for n in ids:
                line.sendmail("clinic@bench.example", [f"p{n}@bench.example"], MAIL.format(n).encode())
                c.execute("UPDATE raw_reminder SET sent_at = now(), leased_until = NULL WHERE id = %s", [n])
        line.quit()


def raw(url: str, due: int, future: int, folder: Path) -> float:
    with psycopg.connect(url, autocommit=True) as c:
        for statement in RAW_TABLE.format(due=due, all=due + future).split(";"):
            c.execute(statement)
        c.execute("VACUUM ANALYZE raw_reminder")
    server = Server(folder)
    crew = [get_context("fork").Process(target=raw_worker, args=(url, server.port)) for _ in range(WORKERS)]
    began = time.perf_counter()
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    seconds = time.perf_counter() - began
    check(Counter(server.taken()), due)
    server.close()
    with psycopg.connect(url, autocommit=True) as c:
        c.execute("DROP TABLE raw_reminder")
    return seconds


def check(taken: Counter[str], due: int, *, unknown: int = 0) -> None:
    twice = sum(count > 1 for count in taken.values())
    if twice or not due - unknown <= len(taken) <= due:
        raise SystemExit(f"{len(taken)} of {due} arrived, {twice} of them twice.")


# -- E1: two processes of the sender -----------------------------------------------------------------------


def reminder_house(house: House, *words: str, **pipes: int) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "benchmarks.reminder_house", *words]
    return subprocess.Popen(argv, cwd=ROOT, env=house.environment, text=True, **pipes)  # type: ignore[call-overload,no-any-return]


def e1(house: House, due: int, folder: Path) -> tuple[float, float]:
    """(seconds until the last is written down, processor seconds of the senders)"""
    server = Server(folder)
    house.environment |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(server.port)}
    crew = [
        reminder_house(house, "work", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(WORKERS)
    ]
    for one in crew:
        assert one.stdout is not None
        one.stdout.readline()
    began = time.perf_counter()
    for one in crew:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate()[0].split() for one in crew]
    seconds = time.perf_counter() - began
    agree(house, server, due)
    server.close()
    return seconds, sum(float(used) for _, used in said)


def agree(house: House, server: Server, due: int, *, kills: int = 0) -> int:
    """The server's log and the ledger, one by one; how many are unknown."""
    with psycopg.connect(house.url) as c:
        ledger = dict(c.execute("SELECT uid::text, state FROM clinic_outboundmessage WHERE due_at < now()").fetchall())
    states, taken = Counter(ledger.values()), Counter(server.taken())
    unknown = {uid for uid, state in ledger.items() if state == "unknown"}
    accepted = {uid for uid, state in ledger.items() if state == "accepted"}
    if len(ledger) != due or accepted | unknown != set(ledger) or len(unknown) > kills:
        raise SystemExit(f"The ledger says {dict(states)} of {due}.")
    if not accepted <= set(taken) or not set(taken) <= set(ledger):
        raise SystemExit("The ledger and the server do not agree.")
    check(taken, due, unknown=len(unknown))
    return len(unknown)


# -- E2: Celery, killed ------------------------------------------------------------------------------------


class Clinic:
    """Two workers, a beat and a broker, as `make run` starts them."""

    def __init__(self, house: House, folder: Path) -> None:
        sockets = Path(tempfile.mkdtemp(prefix="t-"))
        self.valkey = embedded.Valkey(data=folder / "valkey", sockets=sockets)
        self.environment = house.environment | {"REDIS_URL": self.valkey.url, "TONUS_DATA": str(folder)}
        self.folder, self.running = folder, dict[str, subprocess.Popen[bytes]]()

    def start(self, name: str) -> None:
        if name == "broker":
            process = processes.start(self.valkey.program(), log=self.folder / "broker.log")
            processes.wait_until(self.valkey.answers, process=process, seconds=20)
        else:
            quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-Q", "messages", "-c", "1")
            (self.folder / "beat.pid").unlink(missing_ok=True)
            words = ("beat", "--pidfile", str(self.folder / "beat.pid")) if name == "beat" else ("worker", *quiet)
            argv = [sys.executable, "-m", "celery", "-A", "clinic", *words, "-l", "error"]
            with (self.folder / f"{name}.log").open("ab") as out:
                process = subprocess.Popen(
                    argv, cwd=ROOT, env=self.environment, stdout=out, stderr=out, start_new_session=True
                )
        self.running[name] = process

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)

    def close(self) -> None:
        for name in list(self.running):
            self.kill(name)


def e2(house: House, due: int, kills: int, folder: Path) -> tuple[float, float, int]:
    """(seconds in all, seconds from the last restart to the end, how many are unknown)"""
    server = Server(folder)
    house.environment |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(server.port)}
    clinic = Clinic(house, folder)
    with contextlib.closing(clinic):
        began = time.perf_counter()
        for name in ("broker", "worker1", "worker2", "beat"):
            clinic.start(name)
        for number in range(1, kills + 2):
            wait_for(server, due * number // (kills + 2))
            name = "broker" if number == kills // 2 else random.choice(["worker1", "worker2"])
            clinic.kill(name)
            clinic.start(name)
        restarted = time.perf_counter()
        while waits(house) and time.perf_counter() - restarted < 300:
            time.sleep(0.25)
        ended = time.perf_counter()
    if left := waits(house):
        raise SystemExit(f"{left} still wait.")
    unknown = agree(house, server, due, kills=kills + 1)
    server.close()
    return ended - began, ended - restarted, unknown


def wait_for(server: Server, count: int) -> None:
    until = time.monotonic() + 120
    while server.count() < count * 37 and time.monotonic() < until:
        time.sleep(0.01)


def waits(house: House) -> int:
    """Those that were claimed at most. What was being handed over when its worker died keeps its lease."""
    with psycopg.connect(house.url) as c:
        row = c.execute(
            "SELECT count(*) FROM clinic_outboundmessage WHERE due_at < now() AND state IN ('planned', 'claimed')"
        ).fetchone()
        c.execute(
            "UPDATE clinic_outboundmessage SET state = 'unknown', reason = 'worker_lost', settled_at = now(),"
            " lease_until = NULL, needs_person = true WHERE state = 'handing_over' AND due_at < now()"
            " AND handing_over_at < now() - interval '20 seconds'"
        )  # what the sweeper does when that lease is over, three minutes after the kill
    return int(row[0]) if row else 0


# -- The run -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tonus-reminders-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--reminders", type=int, default=10_000)
    asked.add_argument("--future", type=int, default=1_000_000)
    asked.add_argument("--kills", type=int, default=10)
    asked.add_argument("--server")
    said = asked.parse_args()
    with a_server(said.server) as server, a_folder() as folder:
        with psycopg.connect(server, autocommit=True) as c:
            c.execute("DROP DATABASE IF EXISTS tonus_reminders WITH (FORCE)")
            c.execute("CREATE DATABASE tonus_reminders")
        house = House(server, "tonus_reminders")
        house.manage("migrate", "-v0")
        filling = reminder_house(house, "fill", str(said.reminders), str(said.future))
        if filling.wait():
            return 1
        limit = raw(house.url, said.reminders, said.future, folder)
        seconds, used = e1(house, said.reminders, folder)
        print(
            f"E1 {said.reminders:,} due out of {said.reminders + said.future:,}, {WORKERS} processes, one SMTP server"
        )
        print(f"   raw limit  {limit:6.1f} s  {said.reminders / limit:6.0f}/s")
        print(f"   Tonus      {seconds:6.1f} s  {said.reminders / seconds:6.0f}/s   {seconds / limit:.1f} x the limit,"
              f" {used / said.reminders * 1e3:.2f} ms of processor time a message; goal {GOAL_SECONDS} s")  # fmt: skip
        if said.kills and reminder_house(house, "again").wait() == 0:
            whole, after, unknown = e2(house, said.reminders, said.kills, folder)
            print(f"E2 {said.kills} workers killed, and the broker once: 0 lost, 0 twice, {unknown} unknown;"
                  f" {whole:.0f} s in all, {after:.1f} s after the last restart; goal {GOAL_AFTER} s")  # fmt: skip
    return 0


if __name__ == "__main__":
    socket.setdefaulttimeout(60)
    sys.exit(main())
