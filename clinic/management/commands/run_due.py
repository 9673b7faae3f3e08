"""What Celery's beat and workers do, without a broker: for a machine without one, and when it is away.

It runs the very tasks of the beat's schedule, so that nothing added there is missing here.
"""

from __future__ import annotations

import logging
import time as machine
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic import messaging, time
from clinic.celery import app
from clinic.messaging_states import State

log = logging.getLogger(__name__)
DELIVER = "deliver"
#: What the one round of sending here does as well: it takes the channels in turn.
WITH_IT = frozenset({"deliver-texts"})


class Command(BaseCommand):
    help = "Do all that is due (plan, sweep, charge, seal, send); once, or again and again with --loop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        app.loader.import_default_modules()
        schedule = {name: entry for name, entry in app.conf.beat_schedule.items() if name not in WITH_IT}
        every = schedule[DELIVER]["schedule"].total_seconds()
        done_at = dict.fromkeys(schedule, float("-inf"))
        while True:
            failed = [name for name in self._due(done_at, schedule) if not self._run(name, schedule[name]["task"])]
            if not options["loop"]:
                if failed:
                    raise CommandError(f"These failed, see the log: {', '.join(failed)}.")
                return
            machine.sleep(every)

    def _due(self, done_at: dict[str, float], schedule: dict[str, Any]) -> list[str]:
        """The slowest first: what is planned now is sent in the same round."""
        now = machine.monotonic()
        due = [name for name in schedule if now - done_at[name] >= schedule[name]["schedule"].total_seconds() * 0.9]
        done_at.update(dict.fromkeys(due, now))
        return sorted(due, key=lambda name: -schedule[name]["schedule"].total_seconds())

    def _run(self, name: str, task: str) -> bool:
        """Whether it went well; one that fails does not keep the others from their turn."""
        try:
            self._deliver() if name == DELIVER else app.tasks[task]()
        except Exception:
            log.exception("run_due: %s failed", name)
            return False
        return True

    def _deliver(self) -> None:
        """Until nothing is due, or nothing gets through."""
        while (done := messaging.deliver_all(now=time.now())).claimed:
            states = ", ".join(f"{count} {state}" for state, count in sorted(done.by_state.items()))
            self.stdout.write(f"{done.claimed} messages: {states}")
            if set(done.by_state) <= {State.PLANNED}:
                return
