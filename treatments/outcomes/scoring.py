"""From answers to a score, as each instrument's authors say, missing answers included.

An instrument that cannot be scored raises NotScorable with a sentence; nothing is ever filled in for an answer
that was not given.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from treatments.outcomes.measures import MEASURES
from treatments.outcomes.rmdq import ITEMS

#: PSFS: Stratford 1995 asks for three to five activities.
PSFS_ACTIVITIES = (3, 5)
ODI_SECTIONS = 10
#: Points of a section.
ODI_MOST = 5
#: The authors' example leaves one section out; of fewer than eight we make no percentage.
ODI_LEAST = 8


class NotScorable(Exception):
    """Carries a sentence fit for whoever answers."""


def rounded(value: Decimal) -> Decimal:
    """To one place, halves away from zero."""
    return value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def scale(slug: str, answer: int | None) -> Decimal:
    """NPRS and the global rating of change: one whole number of the scale. No answer, no score."""
    measure = MEASURES[slug]
    if answer is None:
        raise NotScorable("Choose one number.")
    if not measure.holds(Decimal(answer)):
        raise NotScorable(f"Choose a number from {measure.low} to {measure.high}.")
    return Decimal(answer)


def rmdq(ticked: Collection[int]) -> Decimal:
    """The number of statements ticked, 0 to 24. What is not ticked counts as not true; so does "not applicable"."""
    if not set(ticked) <= set(range(1, len(ITEMS) + 1)):
        raise NotScorable("That statement is not on the list.")
    return Decimal(len(set(ticked)))


def psfs(ratings: Mapping[str, int | None]) -> Decimal:
    """Sum of the ratings over the number of activities (Stratford 1995), to one place.

    An activity without a rating makes no score: the mean of the others would be another measure.
    """
    least, most = PSFS_ACTIVITIES
    if not least <= len(ratings) <= most:
        raise NotScorable(f"Name {least} to {most} activities.")
    given = [rating for rating in ratings.values() if rating is not None]
    if len(given) < len(ratings):
        raise NotScorable("Rate each activity: the score is their mean.")
    if not all(0 <= rating <= 10 for rating in given):
        raise NotScorable("Rate each activity from 0 to 10.")
    return rounded(Decimal(sum(given)) / len(given))


def odi(points: int, answered: int = ODI_SECTIONS) -> Decimal:
    """Points over five times the sections answered, in per cent, to one place (Fairbank and Pynsent 2000).

    16 points of ten sections are 32 %; of nine, 35.6 %.
    """
    if not ODI_LEAST <= answered <= ODI_SECTIONS:
        raise NotScorable(f"At least {ODI_LEAST} of the {ODI_SECTIONS} sections must be answered.")
    if not 0 <= points <= ODI_MOST * answered:
        raise NotScorable(f"{answered} sections make at most {ODI_MOST * answered} points.")
    return rounded(Decimal(100 * points) / (ODI_MOST * answered))


def odi_sections(points: Sequence[int | None]) -> Decimal:
    """Of a form answered on a screen: the points of each section, None where it was left out."""
    if len(points) != ODI_SECTIONS or not all(one is None or 0 <= one <= ODI_MOST for one in points):
        raise NotScorable(f"{ODI_SECTIONS} sections have 0 to {ODI_MOST} points each.")
    given = [one for one in points if one is not None]
    return odi(sum(given), len(given))


def scale_percent(percent: Decimal | float | str) -> Decimal:
    """A score in per cent that was reckoned on paper, to one place."""
    value = rounded(Decimal(str(percent)))
    if not 0 <= value <= 100:
        raise NotScorable("A score is 0 to 100 per cent.")
    return value


def odi_band(score: Decimal) -> str:
    """What the authors call a score."""
    bands = ((20, "minimal"), (40, "moderate"), (60, "severe"), (80, "crippling"), (100, "bed-bound, or exaggerated"))
    return next(word for limit, word in bands if rounded(score).to_integral_value(ROUND_HALF_UP) <= limit)


def rom(degrees: int | None) -> Decimal:
    """Whole degrees."""
    if degrees is None:
        raise NotScorable("Enter the degrees measured.")
    if not 0 <= degrees <= 360:
        raise NotScorable("A movement has 0 to 360 degrees.")
    return Decimal(degrees)
