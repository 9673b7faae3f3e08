"""Tonus as a benchmark meets it: its database on a real server, its gunicorn, somebody who has signed in."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from clinic import embedded, processes

ROOT = Path(__file__).resolve().parent.parent


class House:
    """Tonus itself: its database, its gunicorn, somebody at the front desk who has signed in."""

    def __init__(self, server: str, name: str) -> None:
        self.url = urlsplit(server)._replace(path=f"/{name}").geturl()
        self.port = free_port()
        data = Path(os.environ.get("TMPDIR", "/tmp")) / f"tonus-{name}"  # noqa: S108
        self.environment = {
            **os.environ, "DATABASE_URL": self.url, "DATABASE_OWNER_URL": "", "TONUS_DATA": str(data),
            "TONUS_SECRET_KEY": "only for a benchmark", "PORT": str(self.port), "TONUS_DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
        }  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *words: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, input=stdin, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

    def open(self) -> None:
        self.manage("collectstatic", "--noinput", "-v0")
        self.process = subprocess.Popen(
            ["gunicorn", "clinic.wsgi:application", "-b", f"127.0.0.1:{self.port}", "--worker-class", "gthread",
             "--workers", "2", "--threads", "4", "--preload", "--no-control-socket", "--keep-alive", "15",
             "--log-level", "error"],
            cwd=ROOT, env=self.environment,
        )  # fmt: skip
        wait_for_port(self.port)

    def close(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def signed_in(self) -> dict[str, str]:
        """A session of the front desk, as after signing in."""
        return self.signed_in_many(1)[0]

    def signed_in_many(self, people: int) -> list[dict[str, str]]:
        """As many people at the front desk, each with a session."""
        said = self.manage("shell", "-v0", "-c", f"PEOPLE = {people}\n{_SIGN_IN}").split()
        pairs = zip(said[::2], said[1::2], strict=True)
        return [{"Cookie": f"session={key}; csrftoken={csrf}", "X-CSRFToken": csrf} for key, csrf in pairs]


_SIGN_IN = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.middleware.csrf import _get_new_csrf_string
from clinic import time
from allauth.usersessions.models import UserSession
from clinic.models import Clinic, Location, User
Clinic.objects.get_or_create(is_the_one=True, defaults={"name": "Benchmark Clinic"})
Location.objects.get_or_create(name="Main Street", defaults={"zone": "America/New_York"})
said, at = [], time.now().timestamp()
for name, role in [("owner", "owner"), *((f"admin{n or ''}", "admin") for n in range(PEOPLE))]:
    email = f"{name}@bench.example"
    user = User.objects.filter(email=email).first()
    user = user or User.objects.create_user(email=email, name="Fay Front", roles=[role], password="four words x")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session.update({SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                    HASH_SESSION_KEY: user.get_session_auth_hash(), "began_at": at, "seen_at": at,
                    "idle_seconds": 36000})
    session.create()
    UserSession.objects.create(user=user, ip="127.0.0.1", session_key=session.session_key)
    said += [session.session_key, _get_new_csrf_string()] if role == "admin" else []
print(*said)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int) -> None:
    for _ in range(150):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("gunicorn did not open its port.")


# -- The server ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def a_server(asked: str | None) -> Iterator[str]:
    """The server that was asked for, or an embedded one of our own."""
    if asked:
        yield asked
        return
    folder = Path(tempfile.mkdtemp(prefix="tonus-bench-"))
    folder.chmod(0o711)
    cluster = embedded.Postgres(folder / "postgres", embedded.private_folder(folder))
    cluster.prepare()
    program = cluster.program()
    process = processes.start(program, log=folder / "postgres.log")
    try:
        if not processes.wait_until(cluster.answers, process=process, seconds=60):
            raise SystemExit(processes.last_lines(folder / "postgres.log"))
        yield cluster.url("postgres", "postgres")
    finally:
        processes.stop(program, process)
        shutil.rmtree(folder, ignore_errors=True)


def read_from_disk(url: str) -> None:
    """Every table and index into the system's cache."""
    with psycopg.connect(url, autocommit=True) as c:
        c.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        c.execute("SELECT sum(pg_prewarm(oid, 'read')) FROM pg_class WHERE relkind IN ('r', 'i') AND relpages > 0")
