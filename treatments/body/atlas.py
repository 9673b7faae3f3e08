"""The places of the body by name. Names are for good: marks, plans and notes point at them.

A later edition adds names (with its number as `since`) and renames none. A coarse place says which parts it has;
a mark on it means all of them. Places without parts are the ones that are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

#: The edition that new marks are made on.
EDITION: Final = 1
EDITIONS: Final = (1,)
SIDES: Final = ("left", "right")
#: In place of a place: it was looked for, and is nowhere. Silence says nothing; this says no.
NOWHERE: Final = "nowhere"


@dataclass(frozen=True)
class Place:
    name: str
    label: str
    parent: str = ""
    since: int = 1


#: Stem, label, the coarser place it is part of. Each is there on the left and on the right.
_PAIRS: tuple[tuple[str, str, str], ...] = (
    ("forehead", "Forehead", ""),
    ("temple", "Temple", ""),
    ("cheek", "Cheek", ""),
    ("jaw", "Jaw", ""),
    ("head_back", "Back of the head", ""),
    ("head_base", "Base of the skull", ""),
    ("neck", "Neck", ""),
    ("neck_front", "Front of the neck", "neck"),
    ("neck_side", "Side of the neck", "neck"),
    ("neck_back", "Back of the neck", "neck"),
    ("upper_trapezius", "Upper trapezius", ""),
    ("collarbone", "Collarbone", ""),
    ("shoulder", "Shoulder", ""),
    ("shoulder_front", "Front of the shoulder", "shoulder"),
    ("shoulder_side", "Side of the shoulder", "shoulder"),
    ("shoulder_back", "Back of the shoulder", "shoulder"),
    ("chest", "Chest", ""),
    ("ribs_front", "Front of the ribs", ""),
    ("ribs_side", "Side of the ribs", ""),
    ("upper_back", "Upper back", ""),
    ("upper_back_spine", "Upper back beside the spine", "upper_back"),
    ("shoulder_blade_edge", "Inner edge of the shoulder blade", "upper_back"),
    ("shoulder_blade", "Shoulder blade", "upper_back"),
    ("mid_back", "Mid back", ""),
    ("mid_back_spine", "Mid back beside the spine", "mid_back"),
    ("mid_back_outer", "Outer mid back", "mid_back"),
    ("low_back", "Low back", ""),
    ("low_back_upper", "Low back above the waist", "low_back"),
    ("low_back_lower", "Low back above the sacrum", "low_back"),
    ("quadratus_lumborum", "Quadratus lumborum", ""),
    ("flank", "Flank", ""),
    ("sacroiliac", "Sacroiliac joint", "sacrum"),
    ("abdomen_upper", "Upper abdomen", "abdomen"),
    ("abdomen_lower", "Lower abdomen", "abdomen"),
    ("buttock", "Buttock", ""),
    ("buttock_upper", "Upper buttock", "buttock"),
    ("piriformis", "Piriformis", "buttock"),
    ("buttock_lower", "Lower buttock", "buttock"),
    ("hip", "Hip", ""),
    ("hip_front", "Front of the hip", "hip"),
    ("hip_side", "Side of the hip", "hip"),
    ("groin", "Groin", ""),
    ("thigh_front", "Front of thigh", ""),
    ("thigh_front_inner", "Front of thigh towards the inside", "thigh_front"),
    ("thigh_front_outer", "Front of thigh towards the outside", "thigh_front"),
    ("thigh_back", "Back of thigh", ""),
    ("thigh_back_inner", "Back of thigh towards the inside", "thigh_back"),
    ("thigh_back_outer", "Back of thigh towards the outside", "thigh_back"),
    ("thigh_inner", "Inner thigh", ""),
    ("thigh_outer", "Outer thigh", ""),
    ("knee_front", "Front of the knee", ""),
    ("knee_outer", "Outer side of the knee", ""),
    ("knee_back", "Back of the knee", ""),
    ("shin", "Shin", ""),
    ("leg_outer", "Outer lower leg", ""),
    ("calf", "Calf", ""),
    ("calf_inner", "Inner calf", "calf"),
    ("calf_outer", "Outer calf", "calf"),
    ("achilles", "Achilles tendon", ""),
    ("ankle_front", "Front of the ankle", ""),
    ("ankle_outer", "Outer ankle", ""),
    ("heel", "Heel", ""),
    ("foot_top", "Top of the foot", ""),
    ("toes", "Toes", ""),
    ("foot_ball", "Ball of the foot", ""),
    ("foot_arch", "Arch of the foot", ""),
    ("upper_arm_front", "Front of the upper arm", ""),
    ("upper_arm_back", "Back of the upper arm", ""),
    ("elbow_front", "Crook of the elbow", ""),
    ("elbow_back", "Elbow", ""),
    ("forearm_front", "Inner forearm", ""),
    ("forearm_back", "Outer forearm", ""),
    ("wrist_front", "Inner wrist", ""),
    ("wrist_back", "Back of the wrist", ""),
    ("palm", "Palm", ""),
    ("hand_back", "Back of the hand", ""),
    ("thumb", "Thumb", ""),
    ("fingers", "Fingers", ""),
)
#: In the middle, and those whose parts have sides.
_SINGLE: tuple[tuple[str, str, str], ...] = (
    ("breastbone", "Breastbone", ""),
    ("abdomen", "Abdomen", ""),
    ("sacrum", "Sacrum", ""),
    ("sacrum_middle", "Middle of the sacrum", "sacrum"),
    ("coccyx", "Tailbone", "sacrum"),
)
_UNSIDED = frozenset(name for name, _, _ in _SINGLE)


def _all() -> Iterable[Place]:
    for stem, label, parent in _PAIRS:
        for side in SIDES:
            above = parent if parent in _UNSIDED or not parent else f"{parent}_{side}"
            yield Place(f"{stem}_{side}", f"{label}, {side}", above)
    for name, label, parent in _SINGLE:
        yield Place(name, label, parent)


#: Every place by its name, from the head down.
PLACES: Final[dict[str, Place]] = {place.name: place for place in _all()}
#: A coarse place and its parts.
PARTS: Final[dict[str, tuple[str, ...]]] = {
    name: parts for name in PLACES if (parts := tuple(place.name for place in PLACES.values() if place.parent == name))
}
#: Places without parts: these are drawn.
DRAWN: Final[tuple[str, ...]] = tuple(name for name in PLACES if name not in PARTS)


def drawn(name: str) -> tuple[str, ...]:
    """The places that a mark on this one colours: its parts, or itself."""
    return PARTS.get(name, (name,))


def touch(one: str, other: str) -> bool:
    """Whether two places have something in common."""
    return bool(set(drawn(one)) & set(drawn(other)))


def label(name: str) -> str:
    return "Nowhere" if name == NOWHERE else PLACES[name].label
