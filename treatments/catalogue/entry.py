"""What Tonus knows of an exercise it comes with."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One exercise. Its slug is also the name of its drawing."""

    slug: str
    group: str
    name: str
    purpose: str
    steps: tuple[str, ...]
    take_care: str
    stop_if: str
    progressions: tuple[str, ...]
    unit: str
    sets: int
    amount: int
    times_a_week: int
