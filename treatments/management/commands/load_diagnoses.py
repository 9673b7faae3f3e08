"""`manage.py load_diagnoses`: the official ICD-10-CM list into its table. Safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from clinic import time
from treatments import diagnoses


class Command(BaseCommand):
    help = "Load the official ICD-10-CM list. Does nothing when it is loaded; --again compares every line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="compare every line again")

    def handle(self, *args: Any, **options: Any) -> None:
        count = diagnoses.load(now=time.now(), again=options["again"])
        self.stdout.write(f"ICD-10-CM {diagnoses.VERSION}: {count:,} codes.")
