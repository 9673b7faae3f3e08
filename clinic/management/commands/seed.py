"""Fill an empty database with the fictional demo clinic, or add people in bulk to one that is there."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import time as clock
from clinic.demo import bulk, clinic
from clinic.models import User

#: From here on the verbs would take too long: the rest comes by COPY.
BY_VERBS = 400


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        usual = getattr(settings, "DEMO_PATIENTS", 200)
        parser.add_argument("--patients", type=int, default=usual, help=f"how many patients ({usual})")
        parser.add_argument("--practitioners", type=int, default=0, help="further therapists with a past diary")
        parser.add_argument("--days", type=int, default=0, help="how many past days their diary has")
        parser.add_argument("--add", action="store_true", help="add to a clinic that is there, in bulk")
        parser.add_argument("--yes-even-here", action="store_true", help="although this is no demo")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO and not options["yes_even_here"]:
            raise CommandError("This is no demo (TONUS_DEMO=0): fictional patients do not belong here.")
        if User.objects.exists() != options["add"]:
            raise CommandError(
                "There is no clinic yet to add to; leave out --add."
                if options["add"]
                else "There is a clinic already; the demo is only made in an empty database."
            )
        self._began, self._speaks = time.monotonic(), options["verbosity"] > 0
        count = options["patients"]
        in_bulk = count if options["add"] else max(0, count - BY_VERBS)
        if not options["add"]:
            clinic.build(patients_count=count - in_bulk, now=clock.now(), tell=self._tell)
        if in_bulk:
            self._rate("patients", bulk.add_patients, in_bulk, now=clock.now())
        if options["practitioners"] and options["days"]:
            size = {"practitioners": options["practitioners"], "days": options["days"]}
            self._rate("past visits", bulk.add_history, now=clock.now(), **size)
        if in_bulk or options["days"]:
            bulk.tidy()

    def _rate(self, what: str, load: Any, *args: Any, **said: Any) -> None:
        began = time.monotonic()
        count = load(*args, **said)
        self._tell(f"{count:,} {what}, {count / max(time.monotonic() - began, 0.001):,.0f} a second")

    def _tell(self, text: str) -> None:
        if self._speaks:
            self.stdout.write(f"  {time.monotonic() - self._began:5.1f} s  {text}")
