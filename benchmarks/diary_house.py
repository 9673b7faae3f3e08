"""The house of the diary benchmarks: both databases loaded by one rule, Tonus open, somebody at the desk."""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg

from benchmarks import diary_data, search_data
from benchmarks.house import ROOT, House, a_server, read_from_disk


@dataclass
class Diary:
    """What a benchmark of the diary works on."""

    raw: str
    house: House
    base: dt.date
    asked: argparse.Namespace

    def ids(self, table: str, column: str = "uid", order: str = "id") -> list[str]:
        """Of things loaded in the order of their numbers."""
        with psycopg.connect(self.house.url) as c:
            return [str(row[0]) for row in c.execute(f"SELECT {column} FROM {table} ORDER BY {order}").fetchall()]


def arguments(about: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history-days", type=int, default=diary_data.HISTORY_DAYS)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=60, help="answers that are timed of each question")
    parser.add_argument(
        "--server", default=os.environ.get("TONUS_BENCH_DATABASE_URL"), help="a PostgreSQL, as superuser"
    )
    parser.add_argument("--keep", action="store_true", help="use the databases of the last run again")
    return parser


@contextmanager
def opened(asked: argparse.Namespace) -> Iterator[Diary]:
    """Loaded, read from the disk once, and open."""
    with a_server(asked.server) as server:
        with psycopg.connect(server) as c:
            row = c.execute("SELECT version(), current_setting('fsync'), current_setting('shared_buffers')").fetchone()
            version, fsync, buffers = row or ("", "", "")
            print(f"{version.split(' on ')[0]}, fsync {fsync}, shared_buffers {buffers}")
        diary = prepare(server, asked, history_days=asked.history_days)
        read_from_disk(diary.raw)
        read_from_disk(diary.house.url)
        try:
            diary.house.open()
            print(
                f"Load of the machine: {os.getloadavg()[0]:.1f}; floor of an answer: {Desk(diary).floor():.1f} ms (p50)"
            )
            yield diary
        finally:
            diary.house.close()


def prepare(server: str, asked: argparse.Namespace, *, history_days: int) -> Diary:
    """Both databases, loaded; kept ones are brought up to date and used again."""
    base = diary_data.next_monday(dt.datetime.now(dt.UTC).date())
    name = f"bench_diary_{history_days}_{base:%Y%m%d}"
    diary = Diary(urlsplit(server)._replace(path=f"/{name}_raw").geturl(), House(server, name), base, asked)
    with psycopg.connect(server, autocommit=True) as c:
        there = {row[0] for row in c.execute("SELECT datname FROM pg_database").fetchall()}
        if asked.keep and {name, f"{name}_raw"} <= there:
            diary.house.manage("migrate", "-v0")
            return diary
        for database in (name, f"{name}_raw"):
            c.execute(f'DROP DATABASE IF EXISTS "{database}"')
            c.execute(f'CREATE DATABASE "{database}"')
    diary.house.manage("migrate", "-v0")
    search_data.load_tonus(diary.house.url, asked.patients)
    subprocess.run(
        [sys.executable, "-m", "benchmarks.diary_load", base.isoformat(), str(history_days), str(asked.patients)],
        cwd=ROOT, env=diary.house.environment, check=True,
    )  # fmt: skip
    took = diary_data.load_raw(diary.raw, base, asked.patients, history_days)
    print(f"the same into the bare tables: {took:.0f} s", flush=True)
    return diary


class Desk:
    """One person's browser: signed in, one kept connection."""

    def __init__(self, diary: Diary, headers: dict[str, str] | None = None) -> None:
        self.port = diary.house.port
        self.headers = (headers or diary.house.signed_in()) | {"Origin": f"http://127.0.0.1:{self.port}"}
        self.come_back()

    def come_back(self) -> None:
        """A new connection: the server ends one that has been idle for some seconds."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        self.connection.connect()

    def floor(self) -> float:
        """What an answer costs that only asks the database whether it lives: the median of 100, in ms."""
        return timed(lambda: self.get("/alive/"), runs=100, warm=20).p50

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> tuple[int, str]:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(fields, doseq=True), kind | headers)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
        self.connection.request(method, path, body, self.headers | headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()


@dataclass(frozen=True)
class Times:
    """Milliseconds, sorted."""

    ms: list[float]

    def at(self, share: float) -> float:
        return self.ms[min(len(self.ms) - 1, int(len(self.ms) * share))]

    @property
    def p50(self) -> float:
        return self.at(0.5)


def timed(ask: Callable[[], Any], *, runs: int, warm: int = 10) -> Times:
    for _ in range(warm):
        ask()
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1e3)
    return Times(sorted(took))


def plan(c: psycopg.Connection[Any], sql: str, values: Any = None) -> list[str]:
    """How the database answers, in its own words."""
    rows = c.execute(f"EXPLAIN (ANALYZE, COSTS off, TIMING off, BUFFERS off) {sql}", values).fetchall()
    return [row[0] for row in rows]
