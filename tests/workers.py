"""Which tests go to which worker, and in which order: a file stays on one worker, the longest begin first.

What a file starts for all its tests (a clinic, a browser, a world) is then started once. pytest-xdist's own groups can
not be had: it renames tests for them, which pytest 9.2 does not let it do, and each clinic was started on every worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: Folders whose files share one thing as well: a clinic that runs.
TOGETHER = ("tests/journeys/",)
#: Seconds, about, where they are more than the number of tests tells.
LONG = {
    "tests/journeys/": 240,
    "tests/access/test_matrix.py": 120,
    "tests/faults/test_hostile_values.py": 100,
    "tests/access/test_posts.py": 90,
    "tests/clinic/test_up.py": 60,
    "tests/clinic/test_seed.py": 50,
    "tests/access/test_sessions_and_records.py": 45,
    "tests/access/test_planted_faults.py": 30,
    "tests/concurrency/test_races_over_http.py": 30,
    "tests/treatments/test_outcomes_by_hand.py": 30,
    "tests/treatments/test_bodychart_by_hand.py": 30,
    "tests/treatments/test_safety_by_hand.py": 30,
    "tests/concurrency/test_killed_web_workers.py": 30,
    "tests/clinic/test_desk_left_alone.py": 25,
    "tests/faults/test_killed_senders.py": 25,
    "tests/access/test_crawl.py": 25,
    "tests/faults/test_broker_lost.py": 20,
}
SECONDS_A_TEST = 0.1


def unit(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def in_order(items: list[pytest.Item]) -> None:
    """The longest units first; tests with real transactions after all others, as they leave empty tables behind."""
    tests = Counter(unit(item.nodeid) for item in items)

    def turn(item: pytest.Item) -> tuple[bool, float, str]:
        mine = unit(item.nodeid)
        return _commits(item), -max(LONG.get(mine, 0), tests[mine] * SECONDS_A_TEST), mine

    items.sort(key=turn)


def _commits(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("django_db")
    return bool(marked and marked.kwargs.get("transaction"))


class FileByFile(LoadScopeScheduling):
    """A unit is a file; of one with real transactions and without there are two, the second later on."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # they are in order
        self.units: dict[str, str] = {}

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        if not self.units:
            self.units = _units(collection)
        super().add_node_collection(node, collection)

    def _split_scope(self, nodeid: str) -> str:
        return self.units[nodeid]


def _units(collection: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    parts: Counter[str] = Counter()
    before = ""
    for nodeid in collection:
        mine = unit(nodeid)
        if mine != before:
            parts[mine] += 1
        before = mine
        found[nodeid] = f"{mine} {parts[mine]}"
    return found
