"""What Celery's beat and workers do, without a broker: for a machine without one, and when it is away."""

from __future__ import annotations

import time as machine
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from clinic import audit, messaging, time
from scheduling import reminders

#: Seconds between two rounds with --every left at its default; and between the slower kinds of work.
ROUND, SLOWER = 5, 60


class Command(BaseCommand):
    help = "Send what is due, plan what is missing, seal the audit; once, or again and again with --loop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until stopped")
        parser.add_argument("--every", type=float, default=ROUND, metavar="SECONDS", help="pause between rounds")

    def handle(self, *args: Any, **options: Any) -> None:
        self._tidy()
        self._send()
        if not options["loop"]:
            return
        tidied = machine.monotonic()
        while True:
            machine.sleep(options["every"])
            if machine.monotonic() - tidied >= SLOWER:
                self._tidy()
                tidied = machine.monotonic()
            self._send()

    def _send(self) -> None:
        done = messaging.deliver_all(now=time.now())
        if done.claimed:
            states = ", ".join(f"{count} {state}" for state, count in sorted(done.by_state.items()))
            self.stdout.write(f"{done.claimed} messages: {states}")

    def _tidy(self) -> None:
        messaging.sweep(now=time.now())
        reminders.plan_missing(now=time.now())
        audit.seal(now=time.now())
