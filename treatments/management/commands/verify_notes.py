"""Ask the signed notes whether they are what was signed, and keep the head of the audit chain elsewhere."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic import audit, time
from treatments import verification


class Command(BaseCommand):
    help = "Check every signed note, addendum and co-signature; exit non-zero and name each that is not what it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchors", type=Path, metavar="FILE",
            help="a file on another machine or medium: the last anchor in it must still hold, and one more is added",
        )  # fmt: skip

    def handle(self, *args: Any, anchors: Path | None = None, **options: Any) -> None:
        while audit.seal(now=time.now()):
            pass
        breaches, chain = verification.verify(anchor=_last(anchors) if anchors else None)
        for breach in breaches:
            self.stderr.write(breach)
        if breaches:
            raise CommandError(f"{len(breaches)} breaches found in the signed notes.")
        if anchors:
            with anchors.open("a") as kept:
                kept.write(f"{time.now().isoformat()} {chain.sealed} {chain.head}\n")
        self.stdout.write(f"All signed notes are what was signed. Anchor: {chain.sealed} {chain.head}")


def _last(anchors: Path) -> tuple[int, str] | None:
    lines = anchors.read_text().split("\n") if anchors.exists() else []
    said = [line.split() for line in lines if line.strip()]
    if not said:
        return None
    if len(said[-1]) != 3 or not said[-1][1].isdecimal():
        raise CommandError(f"The last line of {anchors} is not an anchor.")
    return int(said[-1][1]), said[-1][2]
