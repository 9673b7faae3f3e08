"""What a change means: more than noise (MDC)? enough to matter (MIC, or per cent of the first value)? worse?

Against the first value and against the last one, each by itself. A threshold that nobody has published concludes
nothing: the difference is shown and called unjudged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from treatments.outcomes import intervals
from treatments.outcomes.intervals import Interval
from treatments.outcomes.measures import MEASURES, Measure
from treatments.outcomes.scoring import rounded
from treatments.outcomes.thresholds import Threshold


class Step(Enum):
    """Which way a change goes, once it is large enough."""

    WORSE = -1
    NONE = 0
    BETTER = 1


class Word(Enum):
    """The verdict in one word."""

    FIRST = "first"
    UNJUDGED = "unjudged"
    SAME = "same"
    BETTER = "better"  # reliable and important
    RELIABLE = "reliable"  # more than noise, not known to matter
    UNSURE = "unsure"  # large enough to matter, not more than noise
    WORSE = "worse"


WORDS = {
    Word.FIRST: "First measurement",
    Word.UNJUDGED: "No threshold set",
    Word.SAME: "No change beyond noise",
    Word.BETTER: "Better: reliable and important",
    Word.RELIABLE: "Better: reliable, not yet important",
    Word.UNSURE: "Perhaps better: may be noise",
    Word.WORSE: "Worse: reliable",
}


@dataclass(frozen=True)
class Comparison:
    """Two values of one measure. `gain` is positive when it is better."""

    before: Decimal
    after: Decimal
    gain: Decimal
    percent: int | None
    #: None: there is no threshold to tell by.
    reliable: Step | None
    important: Step | None
    #: Why a change this way could not have shown.
    caution: str = ""

    @property
    def word(self) -> Word:
        if self.reliable is Step.WORSE or (self.reliable is None and self.important is Step.WORSE):
            return Word.WORSE
        if self.reliable is Step.BETTER:
            return Word.BETTER if self.important is Step.BETTER else Word.RELIABLE
        if self.important is Step.BETTER:
            return Word.BETTER if self.reliable is None else Word.UNSURE
        return Word.UNJUDGED if self.reliable is None and self.important is None else Word.SAME

    @property
    def words(self) -> str:
        if self.reliable is None and self.word in (Word.BETTER, Word.WORSE):
            return "Better: important" if self.word is Word.BETTER else "Worse: important"
        return WORDS[self.word]


def _step(gain: Decimal, least: Decimal | None) -> Step | None:
    if least is None:
        return None
    return Step.NONE if abs(gain) < least else Step.BETTER if gain > 0 else Step.WORSE


def compare(measure: Measure, threshold: Threshold, before: Decimal, after: Decimal) -> Comparison:
    """Judge the change of one score by its thresholds."""
    gain = measure.gain(before, after)
    return Comparison(
        before=before,
        after=after,
        gain=gain,
        percent=round(100 * gain / before) if before > 0 else None,
        reliable=_step(gain, threshold.mdc),
        important=_important(gain, before, threshold),
        caution=_caution(threshold, before),
    )


def _important(gain: Decimal, before: Decimal, threshold: Threshold) -> Step | None:
    """By points or by per cent of the first value, whichever is reached first."""
    by_points = _step(gain, threshold.mic)
    share = threshold.mic_percent
    by_percent = _step(gain, before * share / 100) if share is not None and before > 0 else None
    if share is not None and before == 0 and by_points is None:
        by_percent = Step.NONE if gain == 0 else Step.WORSE if gain < 0 else Step.BETTER
    return by_points if by_points not in (None, Step.NONE) else by_percent if by_percent is not None else by_points


def _caution(threshold: Threshold, before: Decimal) -> str:
    if threshold.sure_from is not None and before < threshold.sure_from:
        return f"From a first score under {threshold.sure_from}, getting better cannot show reliably."
    if threshold.sure_to is not None and before > threshold.sure_to:
        return f"From a first score over {threshold.sure_to}, getting worse cannot show reliably."
    return ""


@dataclass(frozen=True)
class Count:
    """Spasms in some days of a diary."""

    events: int
    days: int

    @property
    def per_week(self) -> Interval:
        return intervals.rate(self.events, self.days / 7)

    @property
    def value(self) -> Decimal:
        return rounded(Decimal(7 * self.events) / self.days)


def compare_counts(threshold: Threshold, before: Count, after: Count) -> Comparison:
    """Two rates: reliable when the exact interval of their ratio leaves out 1."""
    measure = MEASURES["spasms_per_week"]
    found = intervals.ratio(before.events, before.days, after.events, after.days)
    reliable = Step.NONE
    if found is not None and found.high is not None and found.high < 1:
        reliable = Step.BETTER
    elif found is not None and found.low > 1:
        reliable = Step.WORSE
    gain = before.value - after.value
    return Comparison(
        before=before.value,
        after=after.value,
        gain=measure.gain(before.value, after.value),
        percent=round(100 * gain / before.value) if before.value else None,
        reliable=reliable,
        important=_important(gain, before.value, threshold),
    )


@dataclass(frozen=True)
class Point:
    """One value on a curve."""

    on: date
    value: Decimal


@dataclass(frozen=True)
class Verdict:
    """How a measure stands: its last value against the first one and against the one before."""

    last: Point
    since_first: Comparison | None
    since_last: Comparison | None

    @property
    def word(self) -> Word:
        """Against the first value; a reliable step back since the last time is never hidden by an old gain."""
        if self.since_first is None:
            return Word.FIRST
        if self.since_last is not None and self.since_last.word is Word.WORSE:
            return Word.WORSE
        return self.since_first.word

    @property
    def words(self) -> str:
        if self.since_first is None:
            return WORDS[Word.FIRST]
        if self.word is Word.WORSE and self.since_first.word is not Word.WORSE:
            return "Worse than last time: reliable"
        return self.since_first.words


def judge(measure: Measure, threshold: Threshold, points: Sequence[Point]) -> Verdict | None:
    """The verdict on a curve, the oldest point first; None without any.

    A global rating of change is itself a comparison, with the day treatment began: it is judged against 0.
    """
    if not points:
        return None
    last = points[-1]
    if measure.slug == "groc":
        return Verdict(last, compare(measure, threshold, Decimal(0), last.value), None)
    if len(points) == 1:
        return Verdict(last, None, None)
    return Verdict(
        last,
        compare(measure, threshold, points[0].value, last.value),
        compare(measure, threshold, points[-2].value, last.value) if len(points) > 2 else None,
    )


@dataclass(frozen=True)
class Band:
    """A stretch of the scale that is shaded behind a curve."""

    kind: str
    low: Decimal
    high: Decimal


def bands(measure: Measure, threshold: Threshold, first: Decimal) -> list[Band]:
    """Around the first value: where a change is noise; beyond it, where it is important; where it is worse."""
    if measure.slug == "groc":
        first = Decimal(0)
    found = []
    sign = 1 if measure.gain(Decimal(0), Decimal(1)) > 0 else -1
    if threshold.mdc is not None:
        found.append(_band("noise", first - threshold.mdc, first + threshold.mdc, measure))
        found.append(_beyond("worse", first - sign * threshold.mdc, -sign, measure))
    by = [threshold.mic] if threshold.mic is not None else []
    if threshold.mic_percent is not None and first > 0:
        by.append(first * threshold.mic_percent / 100)
    if by:
        found.append(_beyond("important", first + sign * min(by), sign, measure))
    return [band for band in found if band.high > band.low]


def _band(kind: str, low: Decimal, high: Decimal, measure: Measure) -> Band:
    return Band(kind, max(low, measure.low), min(high, measure.high))


def _beyond(kind: str, edge: Decimal, sign: int, measure: Measure) -> Band:
    return _band(kind, edge, measure.high, measure) if sign > 0 else _band(kind, measure.low, edge, measure)
