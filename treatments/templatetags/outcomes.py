"""How pages draw verdicts, thresholds and prompts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from patients.models import Cause
from treatments import results
from treatments.outcomes.measures import MEASURES
from treatments.outcomes.verdicts import Comparison, Word

register = template.Library()

ICONS = {
    Word.FIRST: "flag",
    Word.UNJUDGED: "question-circle",
    Word.SAME: "dash-circle",
    Word.BETTER: "check-circle",
    Word.RELIABLE: "arrow-up-right-circle",
    Word.UNSURE: "question-circle",
    Word.WORSE: "exclamation-octagon",
}
PROMPTS = {"stop": "exclamation-octagon", "review": "arrow-repeat", "discharge": "flag"}


@register.filter
def word_icon(word: Word) -> str:
    return ICONS[word]


@register.filter
def prompt_icon(kind: str) -> str:
    return PROMPTS[kind]


@register.filter
def plain(value: Decimal | None) -> str:
    """A score as people write it: 7, not 7.0; a real minus."""
    return "–" if value is None else f"{value.normalize():f}".replace("-", "−")


@register.filter
def better_by(change: Comparison) -> str:
    if not change.percent:
        return "no change"
    return f"{abs(change.percent)} % {'better' if change.percent > 0 else 'worse'}"


@register.filter
def in_words(threshold: Any) -> str:
    """What a threshold says, for the pure one and the clinic's row alike."""
    unit = MEASURES[threshold.measure].unit
    unit = unit if unit == "°" else " points"
    said = []
    if threshold.mdc is not None:
        said.append(f"Reliable from {plain(threshold.mdc)}{unit}.")
    if threshold.measure == "spasms_per_week":
        said.append("Reliable when the exact interval of the ratio leaves out 1.")
    by = [f"{plain(threshold.mic)}{unit}"] if threshold.mic is not None else []
    if threshold.mic_percent is not None:
        by.append(f"{threshold.mic_percent} % of the first value")
    if by:
        said.append(f"Important from {' or '.join(by)}.")
    return " ".join(said) or "No threshold: changes are shown, not judged."


@register.filter
def technique_words(technique: str) -> str:
    return results.technique_words(technique)


@register.filter
def cause_words(cause: str) -> str:
    return str(Cause(cause).label) if cause else "Other causes together"


@register.filter
def on_line(value: float, reach: Decimal) -> str:
    """Where a gain lies on a line from −reach to +reach of 100 units each way."""
    return f"{max(-98.0, min(98.0, 100 * value / float(reach))):.1f}"
