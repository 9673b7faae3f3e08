"""docs/states.md is drawn from the tables, and says so when it is stale."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from clinic.management.commands import states


def test_the_page_in_docs_is_what_the_tables_say():
    assert (Path(settings.BASE_DIR) / states.PATH).read_text() == states.drawn()


def test_every_table_of_every_room_is_drawn():
    page = states.drawn()
    for room in states.ROOMS:
        for name, table in room.TRANSITIONS.items():
            assert f"## {name}" in page
            for before, nexts in table.items():
                for after in nexts:
                    assert f"    {before.value} --> {after.value}" in page


def test_a_room_with_a_states_module_is_not_forgotten():
    found = {path.parent.name for path in Path(settings.BASE_DIR).glob("*/states.py")}
    assert found <= {room.__name__.partition(".")[0] for room in states.ROOMS}


def test_a_stale_page_fails_the_check(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="stale"):
        call_command("states", "--check")
    call_command("states")
    call_command("states", "--check")
    (tmp_path / states.PATH).write_text("Something else")
    with pytest.raises(CommandError, match="stale"):
        call_command("states", "--check")
