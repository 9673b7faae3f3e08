"""Row G: a warm start until the first page, and the memory of all processes at rest. `python -m benchmarks.start`."""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOAL_SECONDS, GOAL_MEGABYTES = 10, 600


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--rest", type=float, default=15, help="seconds until memory is read")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tonus-start-") as name:
        Path(name).chmod(0o755)
        cold, _ = start(Path(name) / "var", rest=0)
        print(f"first start, with tables, codes and demo: {cold:.1f} s")
        warm = [start(Path(name) / "var", rest=asked.rest if last else 0) for last in _lasts(asked.times)]
    seconds = statistics.median(taken for taken, _ in warm)
    megabytes = warm[-1][1]
    print(f"warm start to the first page: median {seconds:.1f} s of {len(warm)} (goal {GOAL_SECONDS} s)")
    print(f"memory at rest, all processes (PSS): {megabytes:.0f} MB (goal {GOAL_MEGABYTES} MB)")
    return int(seconds > GOAL_SECONDS or megabytes > GOAL_MEGABYTES)


def _lasts(times: int) -> list[bool]:
    return [number == times - 1 for number in range(times)]


def start(data: Path, *, rest: float) -> tuple[float, float]:
    """Seconds from the command to a rendered sign-in page, and megabytes after a rest."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bare = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    began = time.monotonic()
    # Through `make run`, as people do: its stamps are part of the figure.
    process = subprocess.Popen(
        ["make", "--silent", "run"],
        cwd=ROOT,
        env=bare | {"TONUS_DATA": str(data), "PORT": str(port)},
        stdout=sys.stderr,
    )
    try:
        while not _sign_in_page(port):
            if process.poll() is not None:
                raise SystemExit("The start failed; see above.")
            time.sleep(0.02)
        taken = time.monotonic() - began
        time.sleep(rest or 5)
        return taken, sum(map(_pss, _family(process.pid))) / 1024
    finally:
        for pid in _family(process.pid):
            if "manage.py up" in _command(pid):
                os.kill(pid, signal.SIGINT)
        process.wait(60)


def _sign_in_page(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/account/login/", timeout=10) as page:
            return page.status == 200 and b"password" in page.read()
    except (urllib.error.URLError, OSError):
        return False


def _family(of: int) -> set[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, new = {of}, {of}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - found
        found |= new
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _pss(pid: int) -> int:
    try:
        return sum(
            int(n) for n in re.findall(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        )
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
