"""What is marked on the body, and what follows: what changed between two visits, how often, what hands must mind.

Guarantees (docs/algorithms/body-chart.md): every place that either visit marks is told of exactly once; swapping
the visits swaps the words; a visit that says nothing about a layer is never read as "none there".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from treatments.body import atlas


class Layer(StrEnum):
    PAIN = "pain"
    SPASM = "spasm"
    TRIGGER_POINT = "trigger_point"
    SCAR = "scar"
    NUMBNESS = "numbness"
    AVOID = "avoid"
    TECHNIQUE = "technique"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def key(self) -> str:
        """The letter that chooses it on the chart."""
        return _KEYS[self]

    @property
    def rated(self) -> bool:
        """Whether nought to ten says something of it."""
        return self in RATED


_LABELS: Final = {
    Layer.PAIN: "Pain",
    Layer.SPASM: "Spasm",
    Layer.TRIGGER_POINT: "Trigger point",
    Layer.SCAR: "Scar or adhesion",
    Layer.NUMBNESS: "Numbness",
    Layer.AVOID: "Avoid zone",
    Layer.TECHNIQUE: "Technique applied",
}
_KEYS: Final = {
    Layer.PAIN: "p",
    Layer.SPASM: "s",
    Layer.TRIGGER_POINT: "t",
    Layer.SCAR: "c",
    Layer.NUMBNESS: "n",
    Layer.AVOID: "a",
    Layer.TECHNIQUE: "h",
}
RATED: Final = (Layer.PAIN, Layer.SPASM, Layer.TRIGGER_POINT, Layer.NUMBNESS)
#: What stays from visit to visit unless somebody looks again. Pain is asked anew; work is done anew.
STANDING: Final = (Layer.SPASM, Layer.TRIGGER_POINT, Layer.SCAR, Layer.NUMBNESS, Layer.AVOID)
MOST: Final = 10


@dataclass(frozen=True, order=True)
class Mark:
    """One layer at one place. An intensity of None was not rated; nought means that it was looked for in vain."""

    region: str
    layer: str
    intensity: int | None = None
    remark: str = ""

    @property
    def is_there(self) -> bool:
        return self.region != atlas.NOWHERE and self.intensity != 0

    @property
    def words(self) -> str:
        rated = f" {self.intensity} of {MOST}" if self.intensity is not None else ""
        remark = f" ({self.remark})" if self.remark else ""
        if self.region == atlas.NOWHERE:
            return f"{Layer(self.layer).label}: nowhere{remark}"
        return f"{Layer(self.layer).label}{rated}: {atlas.label(self.region)}{remark}"


def in_order(marks: Iterable[Mark]) -> list[Mark]:
    """By layer as on the chart, then from the head down."""
    layers, places = list(Layer), [*atlas.PLACES, atlas.NOWHERE]
    return sorted(marks, key=lambda m: (layers.index(Layer(m.layer)), places.index(m.region)))


def fingerprint(marks: Iterable[Mark]) -> str:
    """What tells one chart from another; empty for an empty one. The order of marks says nothing."""
    said = sorted([m.layer, m.region, m.intensity, m.remark] for m in marks)
    if not said:
        return ""
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:32]


def there(marks: Iterable[Mark], layer: str) -> dict[str, int | None]:
    """The drawn places that have this layer, each with its strongest rating."""
    found: dict[str, int | None] = {}
    for mark in marks:
        if mark.layer == layer and mark.is_there:
            for place in atlas.drawn(mark.region):
                found[place] = _stronger(found.get(place), mark.intensity)
    return found


def _stronger(one: int | None, other: int | None) -> int | None:
    rated = [n for n in (one, other) if n is not None]
    return max(rated, default=None)


def says(marks: Iterable[Mark], layer: str) -> bool:
    """Whether a chart says anything about a layer, be it that it is nowhere. What hands did is always said."""
    return layer == Layer.TECHNIQUE or any(mark.layer == layer for mark in marks)


# -- Two visits ----------------------------------------------------------------------------------------


class Kind(StrEnum):
    NEW = "new"
    STRONGER = "stronger"
    WEAKER = "weaker"
    GONE = "gone"
    SAME = "same"
    #: There both times, and at least once not rated.
    STILL = "still"
    #: There now; the earlier visit said nothing about this layer.
    FIRST = "first"
    #: There before; the later visit says nothing about this layer, so nobody knows.
    SILENT = "silent"


@dataclass(frozen=True)
class Change:
    """What became of one layer at one drawn place from one visit to another."""

    region: str
    layer: str
    kind: Kind
    before: int | None
    after: int | None

    @property
    def label(self) -> str:
        return atlas.label(self.region)

    @property
    def layer_label(self) -> str:
        return Layer(self.layer).label


def compare(before: Collection[Mark], after: Collection[Mark]) -> list[Change]:
    """Every drawn place that either visit marks, once a layer, by layer and from the head down."""
    changes = []
    for layer in Layer:
        then, now = there(before, layer), there(after, layer)
        for place in (place for place in atlas.DRAWN if place in then or place in now):
            if place not in then:
                kind = Kind.NEW if says(before, layer) else Kind.FIRST
            elif place not in now:
                kind = Kind.GONE if says(after, layer) else Kind.SILENT
            else:
                kind = _both(then[place], now[place])
            changes.append(Change(place, layer.value, kind, then.get(place), now.get(place)))
    return changes


def _both(then: int | None, now: int | None) -> Kind:
    if then is None or now is None:
        return Kind.STILL
    if now == then:
        return Kind.SAME
    return Kind.STRONGER if now > then else Kind.WEAKER


# -- Many visits ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heat:
    """How often one drawn place had a layer, among the visits that say anything about that layer."""

    region: str
    visits: int
    asked: int
    strongest: int | None

    @property
    def label(self) -> str:
        return atlas.label(self.region)

    @property
    def percent(self) -> int:
        return round(100 * self.visits / self.asked)

    @property
    def level(self) -> int:
        """One to five, for the depth of a colour."""
        return -(-5 * self.visits // self.asked)


def asked(visits: Iterable[Collection[Mark]], layer: str) -> int:
    """How many visits say anything about a layer."""
    return sum(says(marks, layer) for marks in visits)


def heat(visits: Sequence[Collection[Mark]], layer: str) -> list[Heat]:
    """The drawn places that ever had the layer, the most frequent first, then from the head down."""
    speaking = [there(marks, layer) for marks in visits if says(marks, layer)]
    rows = []
    for place in atlas.DRAWN:
        having = [found[place] for found in speaking if place in found]
        if having:
            strongest = max((n for n in having if n is not None), default=None)
            rows.append(Heat(place, len(having), len(speaking), strongest))
    return sorted(rows, key=lambda row: -row.visits)


# -- What hands must mind --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Visit:
    """One chart and whether it is vouched for."""

    signed: bool
    marks: tuple[Mark, ...]


def minded(newest_first: Sequence[Visit], layer: str) -> frozenset[str] | None:
    """The drawn places with a layer as it stands; None when no chart ever said anything about it.

    The newest signed chart that speaks of the layer holds, and what later drafts add is minded already: a draft
    takes nothing away.
    """
    found: set[str] = set()
    spoken = False
    for visit in newest_first:
        if not any(mark.layer == layer for mark in visit.marks):
            continue
        spoken = True
        found |= set(there(visit.marks, layer))
        if visit.signed:
            break
    return frozenset(found) if spoken else None
