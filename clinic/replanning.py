"""When a patient chooses otherwise, what is planned for them follows in the same transaction.

Who plans messages registers how; whoever changes the choice knows nothing of visits or plans.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import datetime

Planner = Callable[[Collection[uuid.UUID], datetime], None]

_PLANNERS: list[Planner] = []


def register(planner: Planner) -> None:
    """It is called with all records of a person, under the lock of the one that stands for them."""
    if planner not in _PLANNERS:
        _PLANNERS.append(planner)


def follow(*, patient_uids: Collection[uuid.UUID], now: datetime) -> None:
    """The person wants to be written to otherwise: another way, sooner or later, by another clock."""
    for planner in _PLANNERS:
        planner(patient_uids, now)
