"""How far a plan has come, as its signed notes say; what is booked of it is scheduling's to say."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from treatments.models import Plan


@dataclass(frozen=True)
class Progress:
    """Sessions of a plan: how many were planned, how many are charted and signed."""

    planned: int
    done: int

    @property
    def left(self) -> int:
        return max(0, self.planned - self.done)

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.done / self.planned)) if self.planned else 0


def progress_of(plans: Sequence[Plan], done: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, Progress]:
    """Per plan, from its prefetched parts and the count of its signed notes."""
    return {
        plan.uid: Progress(planned=sum(i.sessions or 0 for i in plan.interventions.all()), done=done.get(plan.uid, 0))
        for plan in plans
    }
