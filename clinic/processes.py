"""Programs that live and die with the one that started them."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """Carries one sentence for whoever starts Tonus: what stands in the way, and what to do."""


@dataclass(frozen=True)
class Program:
    """How to run one program, and how to ask it to stop."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path | None = None
    #: Numeric user and group to become; only root can.
    user: tuple[int, int] | None = None
    stop_with: signal.Signals = signal.SIGTERM
    #: Seconds it may take to stop before it is killed.
    patience: float = 10.0
    keep_open: tuple[int, ...] = ()


def start(program: Program, *, log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, so that Ctrl-C reaches only its starter, which stops it in order.

    If the starter dies, even by SIGKILL, Linux stops the program. Its output goes to the log; without one, to ours.
    """
    user, group = program.user or (None, None)
    with log.open("ab") if log else contextlib.nullcontext() as out:
        return subprocess.Popen(  # noqa: S603 -- our own programs
            list(program.argv),
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if log else None,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if group is None else [],
            pass_fds=program.keep_open,
            preexec_fn=_die_with_parent(program.stop_with),  # noqa: PLW1509 -- runs before any thread exists
        )


def stop(program: Program, process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop, wait as long as it may take, then kill it and all that it started."""
    if process.poll() is None:
        process.send_signal(program.stop_with)
        try:
            process.wait(program.patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end_group(process.pid)


def end_group(leader: int, *, seconds: float = 2.0) -> None:
    """End what a program left behind in its session: politely, then for good."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                os.killpg(leader, number)
            except (ProcessLookupError, PermissionError):
                return
            time.sleep(0.05)


def wait_until(ready: Callable[[], bool], *, process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether `ready` came true while the process lived and before the time ran out."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if ready():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.05)
    return False


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, for a person who needs to know why a program died."""
    try:
        with log.open("rb") as lines:
            lines.seek(max(0, log.stat().st_size - 8_000))
            tail = lines.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in tail)


def is_running(pid: int) -> bool:
    """Whether a process of that number exists and is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not sys.platform.startswith("linux")


@functools.cache
def _prctl() -> Callable[..., int] | None:
    """Linux's prctl, found before any fork; None where there is none."""
    return ctypes.CDLL(None, use_errno=True).prctl if sys.platform.startswith("linux") else None


def _die_with_parent(number: signal.Signals) -> Callable[[], None]:
    prctl, parent = _prctl(), os.getpid()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return prepare
