"""Ask the books whether they are right."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import verification
from clinic.money import format_money


class Command(BaseCommand):
    help = "Check every law of the ledger over the whole database; exit non-zero and name each breach."

    def handle(self, *args: Any, **options: Any) -> None:
        breaches = verification.verify()
        for breach in breaches:
            self.stderr.write(breach)
        if breaches:
            raise CommandError(f"{len(breaches)} breaches found in the books.")
        items, ledger = verification.open_items_equal_ledger()
        self.stdout.write(
            f"{len(verification.LAWS)} laws hold. Open items {format_money(items)} = ledger {format_money(ledger)}."
        )
