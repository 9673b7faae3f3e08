"""`manage.py up`, started for real: it opens, keeps everything running, keeps the data, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.up import OPEN, Up, alive, descendants, free_port, wait_until


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tonus-up-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def up(folder: Path) -> Iterator[Up]:
    running = Up(folder / "var")
    try:
        running.wait_for(OPEN)
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def test_it_opens_the_first_start_and_says_where(up):
    assert f"http://127.0.0.1:{up.port}" in up.said
    assert re.search(r"/setup/ and type the code [0-9a-f]{8}", up.said)
    assert up.get("/alive/") == "ok\n"
    assert "code" in up.get("/setup/")


def test_its_application_owns_no_table_and_nothing_of_the_demo_is_there(up):
    assert up.ask_database("SELECT current_user::text, count(*) FROM pg_tables WHERE tableowner = current_user") == [
        ("tonus_app", 0)
    ]
    assert up.ask_database("SELECT count(*) FROM patients_patient UNION ALL SELECT count(*) FROM clinic_user") == [
        (0,),
        (0,),
    ]


def test_its_engines_listen_on_no_network(up):
    assert up.ask_database("SHOW listen_addresses") == [("",)]
    assert up.ask_database("SHOW fsync") == [("on",)]
    assert up.ask_database(
        "SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'tonus'"
    ) == [("C", "UTF8")]
    (valkey,) = [command for command in up.children().values() if "valkey-server" in command]
    assert "127.0.0.1" not in valkey
    assert ":0" in valkey or "unixsocket" in valkey


def test_everything_together_stays_below_six_hundred_megabytes(up):
    time.sleep(3)
    kilobytes = 0
    for pid in [up.process.pid, *up.children()]:
        rollup = Path(f"/proc/{pid}/smaps_rollup")
        if rollup.exists():
            kilobytes += sum(int(n) for n in re.findall(r"^Pss: +(\d+)", rollup.read_text(), re.MULTILINE))
    assert 50_000 < kilobytes < 600_000


def test_a_second_start_on_the_same_folder_is_refused(up):
    second = Up(up.data)
    assert second.process.wait(30) == 1
    assert "Tonus cannot start: it already runs on" in second.said
    assert f"process {up.process.pid}" in second.said
    assert up.get("/alive/") == "ok\n"


def test_a_busy_port_is_said_in_one_sentence(up, folder):
    second = Up(folder / "other", PORT=up.port)
    assert second.process.wait(30) == 1
    assert second.said.strip().count("\n") == 0
    assert f"Tonus cannot start: port {up.port} cannot be had" in second.said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gunicorn", "Web"),
        ("celery --app clinic --quiet beat", "Beat"),
        ("clinic.inbox", "Inbox"),
        ("bin/postgres", "PostgreSQL"),
    ],
)
def test_a_killed_program_is_started_again_and_said_so(up, name, words):
    def those() -> dict[int, str]:
        return {pid: command for pid, command in _children_of(up.process.pid).items() if name in command}

    before = those()
    assert len(before) == 1, up.children()
    os.kill(next(iter(before)), signal.SIGKILL)
    up.wait_for(f"{words} stopped by itself (signal 9)", seconds=10)
    up.wait_for(f"{words} runs again.", seconds=20)
    wait_until(lambda: bool(those()) and those().keys() != before.keys(), seconds=10)
    wait_until(lambda: _answers(up), seconds=20)


def _children_of(pid: int) -> dict[int, str]:
    return {child: command for child, command in descendants(pid).items() if _parent(child) == pid}


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0


def _answers(up: Up) -> bool:
    try:
        return up.get("/alive/") == "ok\n"
    except OSError:
        return False


def test_ctrl_c_leaves_no_process_and_the_next_start_finds_the_data(up):
    up.ask_database(
        "INSERT INTO clinic_location (uid, name, zone, phone, address_line, city, region, postal_code, country,"
        " is_active, revision) VALUES (gen_random_uuid(), %s, 'UTC', '', '', '', '', '', 'US', true, 1)",
        "Kept Street",
    )
    before = up.children()
    assert len(before) > 6
    assert up.stop() == 0
    assert alive(before) == []
    assert not (up.data / "environment").exists()
    began = time.monotonic()
    again = Up(up.data)
    again.wait_for("Tonus is open")
    assert time.monotonic() - began < 30  # goal: 10 s on a quiet machine, see benchmarks/start.py
    assert again.ask_database("SELECT name FROM clinic_location") == [("Kept Street",)]
    again.wait_for(OPEN)
    children = again.children()
    again.process.kill()
    again.process.wait()
    wait_until(lambda: alive(children) == [], seconds=30)
    third = Up(up.data)
    third.wait_for("Tonus is open")
    assert third.ask_database("SELECT name FROM clinic_location") == [("Kept Street",)]
    assert third.stop(signal.SIGTERM) == 0


def test_a_folder_of_another_postgresql_is_refused(folder):
    (folder / "old/postgres").mkdir(parents=True)
    (folder / "old/postgres/PG_VERSION").write_text("14\n")
    refused = Up(folder / "old")
    assert refused.process.wait(30) == 1
    assert "was written by PostgreSQL 14 and this Tonus carries PostgreSQL 18" in refused.said


def test_an_unreachable_database_is_refused(folder):
    refused = Up(folder / "far", DATABASE_URL=f"postgres://tonus_app:hush@127.0.0.1:{free_port()}/tonus")
    assert refused.process.wait(30) == 1
    assert "Tonus cannot start: the database in DATABASE_URL cannot be reached" in refused.said
    assert "hush" not in refused.said


def test_an_unreachable_broker_is_refused(folder):
    refused = Up(folder / "deaf", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert refused.process.wait(30) == 1
    assert "Tonus cannot start: the broker in REDIS_URL cannot be reached" in refused.said


def test_a_folder_that_cannot_be_written_is_refused(folder):
    (folder / "file").write_text("")
    refused = Up(folder / "file/var")
    assert refused.process.wait(30) == 1
    assert "cannot be written" in refused.said
    assert "TONUS_DATA=" in refused.said


@pytest.mark.parametrize("port", ["http", "70000"])
def test_what_is_no_port_is_refused(folder, port):
    refused = Up(folder / "ports", PORT=port)
    assert refused.process.wait(30) == 1
    assert f"PORT={port} is no port" in refused.said
