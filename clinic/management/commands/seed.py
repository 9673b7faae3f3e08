"""Fill an empty database with the fictional demo clinic."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import time as clock
from clinic.demo import clinic
from clinic.models import User


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--patients", type=int, default=200, help="how many patients (200)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is no demo (TONUS_DEMO=0): fictional patients do not belong here.")
        if User.objects.exists():
            raise CommandError("There is a clinic already; the demo is only made in an empty database.")
        began = time.monotonic()

        def tell(text: str) -> None:
            if options["verbosity"]:
                self.stdout.write(f"  {time.monotonic() - began:5.1f} s  {text}")

        clinic.build(patients_count=options["patients"], now=clock.now(), tell=tell)
