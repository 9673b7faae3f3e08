"""How the history of patients' tables is kept: by triggers that run once a statement, not once a row.

Row by row, pghistory asks for its context anew each time: a bulk load of patients took 330 µs a row for it and
takes 20 this way (docs/adr/0011-facts-are-corrected-in-place.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db import models

M = TypeVar("M", bound=models.Model)


def tracked(**how: Any) -> Callable[[type[M]], type[M]]:
    """Every insert and update of the model leaves a row in its append-only history."""
    return pghistory.track(
        pghistory.InsertEvent(level=pgtrigger.Statement), pghistory.UpdateEvent(level=pgtrigger.Statement), **how
    )
