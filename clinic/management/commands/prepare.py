"""Make the database and the pages' files ready: tables, diagnosis codes, static files and, the first time, the demo.

Idempotent and quick when nothing is to be done; `up` calls it before it opens the door.
"""

from __future__ import annotations

import hashlib
import time
import traceback
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from clinic import grants
from clinic import time as clock
from clinic.logs import discreet
from clinic.models import User
from treatments import diagnoses
from treatments.models import DiagnosisRelease


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.check(fail_level=40)
        executor = MigrationExecutor(connection)
        if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self._step(
                f"Tables: {len(plan)} migrations", lambda: call_command("migrate", interactive=False, verbosity=0)
            )
        if not DiagnosisRelease.objects.filter(version=diagnoses.VERSION).exists():
            self._step("Diagnosis codes: ICD-10-CM", self._load_codes)
        if self._static_is_stale():
            self._step("Files for the browser", self._collect)
        if settings.DEMO and not User.objects.exists():
            self._step("Demo clinic", lambda: call_command("seed", verbosity=0))

    def _step(self, what: str, do: Any) -> None:
        began = time.monotonic()
        self.stdout.write(f"{what} …", ending="")
        self.stdout.flush()
        try:
            do()
        except CommandError:
            self.stdout.write("")
            raise
        except Exception as exc:
            self.stdout.write("")
            raise CommandError(self._told(what, exc)) from exc
        self.stdout.write(f" {time.monotonic() - began:.1f} s")

    def _told(self, what: str, exc: Exception) -> str:
        """One sentence for the operator; everything else goes into a file beside the other logs."""
        log = settings.DATA_DIR / "log" / "prepare.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write(
                f"{clock.now():%Y-%m-%d %H:%M:%S} {what}\n{discreet(''.join(traceback.format_exception(exc)))}\n"
            )
        first = discreet(str(exc)).strip().splitlines()[:1]
        why = f"{type(exc).__name__}: {first[0]}" if first else type(exc).__name__
        return f"“{what}” did not work ({why.rstrip('.')}); nothing of it was kept. All of it is in {log}."

    def _load_codes(self) -> None:
        # Only the owner of a table may ANALYZE it, and without that a search for a common word takes a second.
        with grants.as_owner(connection):
            diagnoses.load(now=clock.now())

    def _collect(self) -> None:
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        (settings.STATIC_ROOT / ".made-from").write_text(self._sources())

    def _static_is_stale(self) -> bool:
        made = settings.STATIC_ROOT / ".made-from"
        return not made.exists() or made.read_text() != self._sources()

    def _sources(self) -> str:
        """A digest of our files' names, sizes and times, and of what npm and pip were told to install."""
        told = hashlib.sha256()
        for path in sorted((settings.BASE_DIR / "static").rglob("*")):
            found = path.stat()
            told.update(f"{path}{found.st_size}{found.st_mtime_ns}".encode())
        for name in ("package-lock.json", "requirements.txt"):
            told.update((settings.BASE_DIR / name).read_bytes())
        return told.hexdigest()
