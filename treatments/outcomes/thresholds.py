"""How much a score must change before it is a change, and before it matters: what Tonus comes with, each cited.

A clinic may set its own; each is a new version with its source, and the old one stays (models.Threshold).
MDC: the smallest change that is more than the noise of measuring. MIC: the smallest that patients find important.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from treatments.outcomes.measures import MEASURES, MOVEMENTS

_OSTELO = "MIC: Ostelo RWJG et al. Spine 2008;33:90-94."


@dataclass(frozen=True)
class Threshold:
    """For one measure (and, of a range of motion, one movement). None: nobody has said, so nothing is concluded."""

    measure: str
    detail: str = ""
    mdc: Decimal | None = None
    mic: Decimal | None = None
    #: Or a change of so many per cent of the first value.
    mic_percent: int | None = None
    #: Outside this part of the scale a change towards its end cannot be told from noise.
    sure_from: Decimal | None = None
    sure_to: Decimal | None = None
    citation: str = ""
    version: int = 1


DEFAULTS = (
    Threshold(
        "nprs", mdc=Decimal(2), mic=Decimal(2), mic_percent=30,
        citation=f"MDC: Childs JD, Piva SR, Fritz JM. Spine 2005;30:1331-1334. {_OSTELO}",
    ),
    Threshold(
        "rmdq", mdc=Decimal(5), mic=Decimal(5), mic_percent=30, sure_from=Decimal(4), sure_to=Decimal(20),
        citation="MDC (90 %), 4 to 5 points between 4 and 20: Stratford PW et al. Physical Therapy 1996;76:359-365. "
        f"{_OSTELO}",
    ),
    Threshold(
        "psfs", mdc=Decimal(2), mic=Decimal("2.3"),
        citation="MDC (90 %) of the mean: Stratford P et al. Physiotherapy Canada 1995;47:258-263. MIC, a medium "
        "change: Abbott JH, Schmitt J. Journal of Orthopaedic & Sports Physical Therapy 2014;44:560-564.",
    ),
    Threshold(
        "odi", mdc=Decimal("10.5"), mic=Decimal(10), mic_percent=30,
        citation=f"MDC (90 %): Davidson M, Keating JL. Physical Therapy 2002;82:8-24. {_OSTELO}",
    ),
    Threshold(
        "groc", mic=Decimal(5),
        citation="5 or more, at least a good deal better: Jaeschke R, Singer J, Guyatt GH. Controlled Clinical Trials "
        "1989;10:407-415. Clinics differ; set your own.",
    ),
    Threshold(
        "rom", "lumbar_flexion", mdc=Decimal(13),
        citation="MDC (95 %) = 1.96 × √2 × 4.6°, the standard error between raters with two inclinometers: Saur PMM "
        "et al. Spine 1996;21:1332-1338.",
    ),
    Threshold(
        "rom", "lumbar_extension", mdc=Decimal("6.4"),
        citation="MDC (95 %) = 1.96 × √2 × 2.3°, the standard error between raters with two inclinometers: Saur PMM "
        "et al. Spine 1996;21:1332-1338.",
    ),
    Threshold(
        "spasms_per_week", mic_percent=30,
        citation="A change is reliable when the exact 95 % interval of the ratio of the two rates leaves out 1 "
        "(Przyborowski J, Wilenski H. Biometrika 1940;31:313-323). 30 % by analogy with pain; no published value.",
    ),
    Threshold(
        "spasm_severity", mdc=Decimal(2), mic=Decimal(2), mic_percent=30,
        citation="By analogy with the pain scale, which has the same 0 to 10; no published value.",
    ),
)  # fmt: skip


def all_keys() -> list[tuple[str, str]]:
    """Every measure, and every movement of the range of motion, that may have a threshold."""
    return [(slug, detail) for slug in MEASURES for detail in (MOVEMENTS if slug == "rom" else ("",))]


@dataclass(frozen=True)
class Rules:
    """When a plan is spoken of, and how small a group may be to be shown; versioned like the thresholds."""

    #: A goal reached at so many measurements in a row.
    goal_times: int = 2
    #: Sessions after the first measurement without a reliable change for the better.
    visits_without_change: int = 6
    #: Patients a group must have before its numbers are shown.
    smallest_group: int = 5
    citation: str = "House rules of Tonus; a clinic sets its own."
    version: int = 1
