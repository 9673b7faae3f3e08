"""`manage.py up`: the whole clinic on one machine, from one command.

Starts PostgreSQL and Valkey unless DATABASE_URL / REDIS_URL name others, prepares the database, then keeps the web
server, the Celery worker, Celery beat and the local mail inbox running until Ctrl-C. Knows no Django: it stays small,
and it outlives whatever the programs below it do. See docs/adr/0003-one-process-keeps-the-others.md.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from clinic import embedded, processes
from clinic.processes import CannotStart, Program

HERE = Path(__file__).resolve().parent.parent
#: Seconds between a death and the next start: at once, then ever longer while it keeps dying.
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
#: Who lived this long had started well.
SETTLED = 60.0
#: A number of no one, from which the text messages of one machine come.
_CLINICS_PHONE = "+12075550100"
#: A log that has grown beyond this is put aside, and the one put aside before is forgotten.
LARGEST_LOG = 20 * 1024 * 1024


def main() -> int:
    """Run the clinic; 0 after Ctrl-C, 1 with one sentence when it cannot start."""
    try:
        with _signals() as stopping:
            _run(stopping)
    except CannotStart as refusal:
        print(f"\nTonus cannot start: {refusal}", file=sys.stderr, flush=True)  # noqa: T201 -- the operator's terminal
        return 1
    return 0


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 -- the operator's terminal


# -- The start, step by step ---------------------------------------------------------------------------


def _run(stopping: Callable[[], bool]) -> None:
    began = time.monotonic()
    data = _data_folder()
    with _alone(data):
        _forget_earlier_run(data / "environment")
        _open_house(data, _port(), stopping, began)


def _open_house(data: Path, port: int, stopping: Callable[[], bool], began: float) -> None:
    house = House(data, stopping)
    try:
        environment = _environment(house, data, port)
        _prepare(environment, stopping)
        for program in _services(environment, port):
            house.start(program)
        _wait_for_first_page(house, port)
        _greet(environment, port, time.monotonic() - began)
        house.keep_running()
    finally:
        house.stop_all()
        with contextlib.suppress(OSError):
            (data / "environment").unlink()
        say("Stopped. Nothing is left running; the data stay in " + _short(data))


def _data_folder() -> Path:
    data = Path(os.environ.get("TONUS_DATA") or HERE / "var").resolve()
    try:
        for folder in (data, data / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.write_text("")
        probe.unlink()
    except OSError as exc:
        raise CannotStart(
            f"{data} cannot be written ({exc.strerror}): give yourself the right, "
            "or choose another folder with TONUS_DATA=."
        ) from None
    return data


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Nobody else runs on this folder meanwhile. The kernel lets go of the lock however we end."""
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise CannotStart(f"it already runs on {data} ({lock.read().strip()}): stop it there first.") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        yield


def _forget_earlier_run(told: Path) -> None:
    """A run that was killed could not take back what it had told other commands; settings have read it by now."""
    with contextlib.suppress(FileNotFoundError):
        for line in told.read_text().splitlines():
            name, _, value = line.partition("=")
            if os.environ.get(name) == value:
                del os.environ[name]
        told.unlink()


def _port() -> int:
    typed = os.environ.get("PORT", "8000")
    if not typed.isdecimal() or not 0 < int(typed) < 65_536:
        raise CannotStart(f"PORT={typed} is no port: choose a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(typed)))
        except OSError as exc:
            raise CannotStart(
                f"port {typed} cannot be had ({exc.strerror}): stop what uses it, or choose another, "
                f"such as PORT={int(typed) % 65_535 + 1} make run."
            ) from None
    return int(typed)


def _environment(house: House, data: Path, port: int) -> dict[str, str]:
    """What every program of the clinic is told; also kept in the data folder for other commands."""
    given = os.environ
    told = {"TONUS_DATA": str(data), "PORT": str(port), "TONUS_SECRET_KEY": _secret_key(data)}
    if "DATABASE_URL" in given:
        say("Database: the one in DATABASE_URL")
        _reach(given["DATABASE_URL"])
    else:
        cluster = _start_postgres(house, data)
        told["DATABASE_URL"] = cluster.url(embedded.APP_ROLE)
        told["DATABASE_OWNER_URL"] = cluster.url(embedded.OWNER_ROLE)
    if "REDIS_URL" in given:
        _reach_broker(given["REDIS_URL"])
    else:
        told["REDIS_URL"] = _start_valkey(house, data)
    if "SMTP_HOST" not in given:
        inbox = data / "inbox"
        inbox.mkdir(exist_ok=True)
        told |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(_free_port()), "TONUS_INBOX": str(inbox)}
        if "SMS_URL" not in given:
            outside = given.get("TONUS_PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/")
            told |= {"SMS_URL": _local_phones(), "INBOX_HOOK": f"{outside}/hooks/sms/in/"}
    lines = [f"{key}={value}\n" for key, value in told.items()]
    kept = data / "environment"
    kept.touch(mode=0o600)
    kept.write_text("".join(lines))
    if given.get("TONUS_DEMO", "1").lower() in {"0", "false", "no", "off"}:
        told["TONUS_SETUP_CODE"] = secrets.token_hex(4)
    return {**given, **told, "PYTHONUNBUFFERED": "1"}


def _local_phones() -> str:
    """The account at the inbox's own exchange; its secret lives as long as this run."""
    return f"twilio+http://AC{secrets.token_hex(16)}:{secrets.token_hex(16)}@127.0.0.1:{_free_port()}/{_CLINICS_PHONE}"


def _secret_key(data: Path) -> str:
    if key := os.environ.get("TONUS_SECRET_KEY"):
        return key
    kept = data / "secret-key"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(50))
    return kept.read_text().strip()


def _reach(url: str) -> None:
    import psycopg  # noqa: PLC0415 -- only when a server of somebody else's is used

    try:
        psycopg.connect(url.split("?", maxsplit=1)[0], connect_timeout=5).close()
    except psycopg.OperationalError as exc:
        reason = str(exc).strip().splitlines()[-1]
        raise CannotStart(f"the database in DATABASE_URL cannot be reached: {reason}") from None


def _reach_broker(url: str) -> None:
    place = urlsplit(url)
    try:
        if place.hostname:
            socket.create_connection((place.hostname, place.port or 6379), timeout=5).close()
        else:
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(place.path)
    except (OSError, ValueError) as exc:
        raise CannotStart(f"the broker in REDIS_URL cannot be reached: {exc}.") from None


def _start_postgres(house: House, data: Path) -> embedded.Postgres:
    cluster = embedded.Postgres(data / "postgres", embedded.private_folder(data))
    say("Database: making it …" if not (cluster.data / "PG_VERSION").exists() else "Database: starting …")
    cluster.prepare()
    house.start(cluster.program(), ready=cluster.answers, seconds=60)
    cluster.set_up()
    return cluster


def _start_valkey(house: House, data: Path) -> str:
    valkey = embedded.Valkey(data / "valkey", embedded.private_folder(data))
    house.start(valkey.program(), ready=valkey.answers, seconds=20)
    return valkey.url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _prepare(environment: dict[str, str], stopping: Callable[[], bool]) -> None:
    """Tables, codes, pages' files and, the first time, the demo: in a process of its own that can be interrupted."""
    preparing = Program("prepare", [sys.executable, "manage.py", "prepare"], environment, folder=HERE, patience=5)
    process = processes.start(preparing)
    while process.poll() is None:
        if stopping():
            processes.stop(preparing, process)
            raise CannotStart("it was interrupted while preparing; the next start takes up where this one stopped.")
        time.sleep(0.05)
    if process.returncode:
        raise CannotStart("the database could not be prepared; the lines above say why.")


def _services(environment: dict[str, str], port: int) -> Iterator[Program]:
    def python(name: str, *words: str, patience: float = 15) -> Program:
        return Program(name, [sys.executable, "-m", *words], environment, folder=HERE, patience=patience)

    if environment.get("TONUS_INBOX"):
        yield python("Inbox", "clinic.inbox", environment["SMTP_PORT"], environment["TONUS_INBOX"])
    yield python(
        *("Web", "gunicorn", "clinic.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"),
        *("--workers", environment.get("TONUS_WEB_WORKERS", "2"), "--threads", "4", "--preload", "--no-control-socket"),
        *("--graceful-timeout", "10", "--keep-alive", "15", "--log-level", "warning"),
    )
    celery = ("celery", "--app", "clinic", "--quiet")
    worker = ("--concurrency", "1", "--queues", "messages,planning,exports", "--loglevel", "warning")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    yield python("Worker", *celery, "worker", *worker, *quiet, patience=25)
    pidfile = Path(environment["TONUS_DATA"]) / "beat.pid"
    pidfile.unlink(missing_ok=True)
    yield python("Beat", *celery, "beat", "--loglevel", "warning", "--pidfile", str(pidfile))


def _wait_for_first_page(house: House, port: int) -> None:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/alive/", timeout=5) as page:
                return bool(page.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    until = time.monotonic() + 60
    while not answers():
        if house.stopping():
            return
        if time.monotonic() > until:
            raise CannotStart(
                f"the web server did not answer within a minute:\n{processes.last_lines(house.log('Web'))}"
            )
        time.sleep(0.05)


def _greet(environment: dict[str, str], port: int, seconds: float) -> None:
    address = f"http://127.0.0.1:{port}"
    say(f"\nTonus is open after {seconds:.1f} s:  {address}\n")
    if code := environment.get("TONUS_SETUP_CODE"):
        say(f"  First start: open {address}/setup/ and type the code {code}")
        say("  (once the clinic is set up, the code is of no use).")
    else:
        from clinic.demo.sign_ins import PASSWORD, SIGN_INS  # noqa: PLC0415 -- only the demo has them

        say("  Sign in as")
        for email, what in SIGN_INS:
            say(f"    {email:<28} {what}")
        say(f"  each with the password      {PASSWORD}")
    if environment.get("TONUS_INBOX"):
        say(f"  What patients are sent arrives at {address}/inbox/")
    say("\nCtrl-C stops everything.\n")


def _short(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return f"{path.relative_to(Path.cwd())}/"
    return str(path)


# -- Keeping programs running --------------------------------------------------------------------------


@dataclass
class Kept:
    """A program, the process that runs it, and how it has fared."""

    program: Program
    process: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    #: When to start it again, while it is dead.
    due: float | None = None


@dataclass
class House:
    """The programs that run, in the order they were started."""

    data: Path
    stopping: Callable[[], bool]
    kept: list[Kept] = field(default_factory=list)

    def log(self, name: str) -> Path:
        return self.data / "log" / f"{name.lower()}.log"

    def start(self, program: Program, *, ready: Callable[[], bool] | None = None, seconds: float = 0) -> None:
        """Start it and, where one can ask, wait until it answers."""
        process = processes.start(program, log=self.log(program.name))
        self.kept.append(Kept(program, process, time.monotonic()))
        if ready and not processes.wait_until(ready, process=process, seconds=seconds):
            tail = processes.last_lines(self.log(program.name))
            raise CannotStart(f"{program.name} did not start. The end of {self.log(program.name)}:\n{tail}")

    def keep_running(self) -> None:
        """Until it is told to stop: whoever dies is started again, and said so."""
        while not self.stopping():
            now = time.monotonic()
            for one in self.kept:
                self._look_after(one, now)
                _keep_small(self.log(one.program.name))
            time.sleep(0.2)

    def _look_after(self, one: Kept, now: float) -> None:
        if one.due is not None:
            if now >= one.due:
                one.due = None
                one.process, one.started = processes.start(one.program, log=self.log(one.program.name)), now
                say(f"{one.program.name} runs again.")
            return
        code = one.process.poll()
        if code is None:
            return
        processes.end_group(one.process.pid)
        one.deaths = 1 if now - one.started > SETTLED else one.deaths + 1
        pause = PAUSES[min(one.deaths - 1, len(PAUSES) - 1)]
        one.due = now + pause
        how = f"signal {-code}" if code < 0 else f"code {code}"
        when = "at once" if not pause else f"in {pause:.0f} s"
        log = self.log(one.program.name)
        say(f"{one.program.name} stopped by itself ({how}); it is started again {when}. Its log: {log}")

    def stop_all(self) -> None:
        """In reverse order, each given the time it needs: first who uses the database, last the database."""
        if any(one.process.poll() is None for one in self.kept):
            say("\nStopping …")
        engines = {"PostgreSQL", "Valkey"}
        users = [one for one in self.kept if one.program.name not in engines]
        for one in users:
            if one.process.poll() is None:
                one.process.send_signal(one.program.stop_with)
        for one in [*users, *reversed([one for one in self.kept if one.program.name in engines])]:
            processes.stop(one.program, one.process)


def _keep_small(log: Path) -> None:
    """Programs append to their logs, so they go on in the emptied file."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LARGEST_LOG:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


@contextlib.contextmanager
def _signals() -> Iterator[Callable[[], bool]]:
    """Yields whether somebody asked to stop; Ctrl-C twice changes nothing: stopping is under way."""
    asked: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda seen, _: asked.append(seen)) for number in numbers}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
