"""Where on the body: the named regions of the back and its neighbours.

Names are kept for good, because notes and plans point at them; a finer atlas adds names, it renames none.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models


class Region(models.TextChoices):
    NECK_LEFT = "neck_left", "Neck, left"
    NECK_RIGHT = "neck_right", "Neck, right"
    UPPER_TRAPEZIUS_LEFT = "upper_trapezius_left", "Upper trapezius, left"
    UPPER_TRAPEZIUS_RIGHT = "upper_trapezius_right", "Upper trapezius, right"
    SHOULDER_LEFT = "shoulder_left", "Shoulder, left"
    SHOULDER_RIGHT = "shoulder_right", "Shoulder, right"
    UPPER_BACK_LEFT = "upper_back_left", "Upper back, left"
    UPPER_BACK_RIGHT = "upper_back_right", "Upper back, right"
    MID_BACK_LEFT = "mid_back_left", "Mid back, left"
    MID_BACK_RIGHT = "mid_back_right", "Mid back, right"
    LOW_BACK_LEFT = "low_back_left", "Low back, left"
    LOW_BACK_RIGHT = "low_back_right", "Low back, right"
    QUADRATUS_LUMBORUM_LEFT = "quadratus_lumborum_left", "Quadratus lumborum, left"
    QUADRATUS_LUMBORUM_RIGHT = "quadratus_lumborum_right", "Quadratus lumborum, right"
    SACRUM = "sacrum", "Sacrum"
    BUTTOCK_LEFT = "buttock_left", "Buttock, left"
    BUTTOCK_RIGHT = "buttock_right", "Buttock, right"
    HIP_LEFT = "hip_left", "Hip, left"
    HIP_RIGHT = "hip_right", "Hip, right"
    THIGH_BACK_LEFT = "thigh_back_left", "Back of thigh, left"
    THIGH_BACK_RIGHT = "thigh_back_right", "Back of thigh, right"
    THIGH_FRONT_LEFT = "thigh_front_left", "Front of thigh, left"
    THIGH_FRONT_RIGHT = "thigh_front_right", "Front of thigh, right"
    CALF_LEFT = "calf_left", "Calf, left"
    CALF_RIGHT = "calf_right", "Calf, right"
    ABDOMEN = "abdomen", "Abdomen"


def labels(regions: Iterable[str]) -> str:
    """Regions as one line, both sides of one place drawn together: "Low back, both sides; Sacrum"."""
    chosen = set(regions)
    said: list[str] = []
    for region in Region:
        if region.value not in chosen:
            continue
        stem, _, side = region.value.rpartition("_")
        if side == "right" and f"{stem}_left" in chosen:
            continue
        both = side == "left" and f"{stem}_right" in chosen
        said.append(region.label.rpartition(",")[0] + ", both sides" if both else str(region.label))
    return "; ".join(said)
