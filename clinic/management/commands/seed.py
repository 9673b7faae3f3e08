"""Fill an empty database with the fictional demo clinic."""

from __future__ import annotations

import random
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import time as clock
from clinic.demo import bulk, clinic, places
from clinic.models import User

#: Up to this many patients have a story each, told by the verbs; more come by COPY.
STORIED = 200


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        usual = settings.DEMO_PATIENTS
        parser.add_argument("--patients", type=int, default=usual, help=f"how many patients ({usual})")
        parser.add_argument("--practitioners", type=int, default=8, help="how many therapists (8)")
        parser.add_argument("--days", type=int, default=0, help="days of history for the therapists beyond the eighth")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is no demo (TONUS_DEMO=0): fictional patients do not belong here.")
        if User.objects.exists():
            raise CommandError("There is a clinic already; the demo is only made in an empty database.")
        began = time.monotonic()

        def tell(text: str) -> None:
            if options["verbosity"]:
                self.stdout.write(f"  {time.monotonic() - began:5.1f} s  {text}")

        now = clock.now()
        clinic.build(patients_count=min(options["patients"], STORIED), now=now, tell=tell)
        chance = random.Random(clinic.SEED)  # noqa: S311 -- a fixed fiction
        if options["patients"] > STORIED:
            bulk.people(options["patients"] - STORIED, now=now, chance=chance, tell=tell)
        if options["practitioners"] > len(places.THERAPISTS):
            bulk.therapists(options["practitioners"] - len(places.THERAPISTS), today=now.date(), tell=tell)
            bulk.visits(options["days"], now=now, today=now.date(), chance=chance, tell=tell)
        bulk.settle()
