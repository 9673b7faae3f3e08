"""What is measured, by the names that plans, goals and programmes use for it.

Which instrument ships with its words and which only as a score is a matter of licences: the Roland-Morris
statements may be reproduced without permission; the items of the Oswestry index may not, so that a clinic enters
the score of its own licensed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Better(Enum):
    LOWER = "lower"
    HIGHER = "higher"


class Source(Enum):
    """Where a value comes from."""

    ASKED = "asked"  # the patient answers, in the clinic or by link
    MEASURED = "measured"  # the therapist measures, or enters the score of a form on paper
    DIARY = "diary"  # counted from the spasm diary


@dataclass(frozen=True)
class Measure:
    """One instrument: its scale, which way is better, over which time it asks."""

    slug: str
    name: str
    low: Decimal
    high: Decimal
    better: Better
    source: Source
    unit: str
    recall: str
    cite: str
    places: int = 0

    @property
    def can_be_sent(self) -> bool:
        """Whether the patient can answer it by link."""
        return self.source is Source.ASKED

    def holds(self, value: Decimal) -> bool:
        return self.low <= value <= self.high

    def gain(self, before: Decimal, after: Decimal) -> Decimal:
        """How much better: positive is better, whichever way the scale runs."""
        return before - after if self.better is Better.LOWER else after - before


_MEASURES = (
    Measure(
        "nprs", "Pain", Decimal(0), Decimal(10), Better.LOWER, Source.ASKED, "of 10", "on average in the last 24 hours",
        "Numeric pain rating scale. Childs JD, Piva SR, Fritz JM. Spine 2005;30:1331-1334.",
    ),
    Measure(
        "rmdq", "Roland-Morris", Decimal(0), Decimal(24), Better.LOWER, Source.ASKED, "of 24", "today",
        "Roland MO, Morris RW. A study of the natural history of back pain. Part 1: Development of a reliable and "
        "sensitive measure of disability in low back pain. Spine 1983;8:141-144.",
    ),
    Measure(
        "psfs", "Own activities (PSFS)", Decimal(0), Decimal(10), Better.HIGHER, Source.ASKED, "of 10", "today",
        "Patient-specific functional scale. Stratford P, Gill C, Westaway M, Binkley J. Assessing disability and "
        "change on individual patients. Physiotherapy Canada 1995;47:258-263.", places=1,
    ),
    Measure(
        "rom", "Range of motion", Decimal(0), Decimal(360), Better.HIGHER, Source.MEASURED, "°", "at the visit",
        "Active movement, by inclinometer or goniometer.",
    ),
    Measure(
        "odi", "Oswestry index (ODI)", Decimal(0), Decimal(100), Better.LOWER, Source.MEASURED, "%", "today",
        "Fairbank JCT, Pynsent PB. The Oswestry Disability Index. Spine 2000;25:2940-2952. Score only: the form "
        "itself is licensed by Mapi Research Trust.", places=1,
    ),
    Measure(
        "groc", "Change as the patient sees it", Decimal(-7), Decimal(7), Better.HIGHER, Source.ASKED, "from −7 to +7",
        "since treatment began",
        "Global rating of change, 15 points. Jaeschke R, Singer J, Guyatt GH. Controlled Clinical Trials "
        "1989;10:407-415.",
    ),
    Measure(
        "spasms_per_week", "Spasms a week", Decimal(0), Decimal(999), Better.LOWER, Source.DIARY, "",
        "week by week", "Counted from the spasm diary.", places=1,
    ),
    Measure(
        "spasm_severity", "How bad spasms are", Decimal(0), Decimal(10), Better.LOWER, Source.DIARY, "of 10",
        "mean of the spasms of a week", "The patient's own rating of each spasm, 0 to 10.", places=1,
    ),
)  # fmt: skip

MEASURES: dict[str, Measure] = {measure.slug: measure for measure in _MEASURES}

#: Whose words a clinic may bring when it holds a licence (treatments.outcomes.licensed); none of them is shipped.
LICENSED = frozenset({"odi"})

#: Movements whose range is measured, in the order of a form. Each is a curve of its own.
MOVEMENTS: dict[str, str] = {
    "lumbar_flexion": "Low back, bending forward",
    "lumbar_extension": "Low back, bending back",
    "lumbar_side_left": "Low back, bending left",
    "lumbar_side_right": "Low back, bending right",
    "thoracic_turn_left": "Trunk, turning left",
    "thoracic_turn_right": "Trunk, turning right",
    "neck_flexion": "Neck, bending forward",
    "neck_extension": "Neck, bending back",
    "neck_turn_left": "Neck, turning left",
    "neck_turn_right": "Neck, turning right",
    "hip_flexion_left": "Left hip, bending",
    "hip_flexion_right": "Right hip, bending",
    "leg_raise_left": "Left leg, raised straight",
    "leg_raise_right": "Right leg, raised straight",
}


def name_of(slug: str, detail: str = "") -> str:
    """What a curve is called: the measure, and of a range of motion the movement."""
    return MOVEMENTS[detail] if detail else MEASURES[slug].name
