"""A whole clinic on this machine for tests: `manage.py up` as a program, in a folder and on a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]
OPEN = "Ctrl-C stops everything"


class Up:
    """One `manage.py up`; an empty clinic unless `TONUS_DEMO="1"` is asked for."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = environment.get("PORT") or str(free_port())
        self.output = Path(tempfile.mkstemp(prefix="tonus-up-", suffix=".out")[1])
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=_bare() | {"TONUS_DATA": str(data), "PORT": self.port, "TONUS_DEMO": "0", **environment},
            stdout=self.output.open("wb"),
            stderr=subprocess.STDOUT,
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, words: str, *, seconds: float = 120) -> None:
        wait_until(lambda: words in self.said or self.process.poll() is not None, seconds=seconds)
        assert words in self.said, self.said

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as page:
            return page.read().decode()

    def ask_database(self, question: str, *values: str) -> list[tuple]:
        told = dict(line.split("=", 1) for line in (self.data / "environment").read_text().splitlines())
        with psycopg.connect(told["DATABASE_URL"]) as connection:
            cursor = connection.execute(question, values)
            return cursor.fetchall() if cursor.description else []

    def children(self) -> dict[int, str]:
        """Every process that stands below it, by number, with its command line."""
        return descendants(self.process.pid)

    def __del__(self) -> None:
        self.output.unlink(missing_ok=True)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def _bare() -> dict[str, str]:
    """What a shell on a bare machine would pass on."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descendants(of: int) -> dict[int, str]:
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                commands[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
    below, new = set(), {of}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - below
        below |= new
    return {pid: commands[pid] for pid in below if pid in commands}


def wait_until(true: Callable[[], bool], *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.1)
    assert true()


def alive(pids: dict[int, str]) -> list[str]:
    return [command for pid, command in pids.items() if Path(f"/proc/{pid}/cmdline").exists() and command]
