"""`manage.py states`: draw every state table of the house into docs/states.md; `--check` only says when it is stale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import states as billing
from clinic import messaging_states as messages
from scheduling import states as scheduling
from treatments import states as treatments

#: The rooms in the order a patient meets them. A new room with states is added here.
ROOMS = (treatments, scheduling, messages, billing)
PATH = "docs/states.md"


def drawn() -> str:
    """All tables as one page of Mermaid diagrams."""
    head = (
        "# States\n\nDrawn by `manage.py states` from the tables in each room's states.py; do not edit."
        " Every pair of states is tried by a test."
    )
    parts = [head]
    for room in ROOMS:
        for name, table in room.TRANSITIONS.items():
            parts.append(f"## {name}\n\n`{room.__name__}`\n\n```mermaid\n{chr(10).join(_diagram(table))}\n```")
    return "\n\n".join(parts) + "\n"


def _diagram(table: Mapping[Any, Any]) -> Iterator[str]:
    yield "stateDiagram-v2"
    order = list(table)
    reached = {after for nexts in table.values() for after in nexts}
    for state in order:
        yield f'    state "{state.label}" as {state.value}'
    for state in order:
        if state not in reached or state is order[0]:
            yield f"    [*] --> {state.value}"
    for state, nexts in table.items():
        for after in sorted(nexts, key=order.index):
            yield f"    {state.value} --> {after.value}"
        if not nexts:
            yield f"    {state.value} --> [*]"


class Command(BaseCommand):
    help = "Draw the state tables into docs/states.md."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        page, wanted = Path(settings.BASE_DIR) / PATH, drawn()
        if options["check"]:
            if not page.exists() or page.read_text() != wanted:
                raise CommandError(f"{PATH} is stale: run manage.py states.")
            return
        page.write_text(wanted)
        self.stdout.write(f"{PATH} is drawn.")
