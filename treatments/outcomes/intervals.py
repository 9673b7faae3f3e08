"""Exact confidence intervals: of a rate (Poisson), of the ratio of two rates (binomial), of a mean (Student's t).

Tails are summed term by term and turned round by bisection: slow beside a library of special functions, and fast
enough for counts of a diary (ADR 0056).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Two-sided, everywhere.
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate between its limits; a limit that no data can give is None."""

    estimate: float
    low: float
    high: float | None


@functools.lru_cache(maxsize=1024)  # the weeks of a diary have the same few counts
def poisson(count: int, *, level: float = LEVEL) -> Interval:
    """Garwood's exact interval of the mean of a count (Biometrika 1936;28:437-442).

    The lower limit is the mean at which `count` or more has probability (1 - level) / 2, the upper the one at which
    `count` or fewer has; the same as half the quantiles of chi-square with 2·count and 2·count + 2 degrees of freedom.
    """
    tail = (1 - level) / 2
    low = _solve(lambda mean: 1 - _at_most(count - 1, mean) - tail, 0, count) if count else 0.0
    high = _solve(lambda mean: tail - _at_most(count, mean), count, 2 * count + 30)
    return Interval(float(count), low, high)


def rate(count: int, time: float, *, level: float = LEVEL) -> Interval:
    """Events per unit of time, with Garwood's limits; what is counted must not come in clumps."""
    found = poisson(count, level=level)
    return Interval(count / time, found.low / time, (found.high or 0.0) / time)


def ratio(before: int, time_before: float, after: int, time_after: float, *, level: float = LEVEL) -> Interval | None:
    """How many times as often after as before: exact, given how many there were in all.

    Of the events of both periods those after are binomial (Przyborowski and Wilenski, Biometrika 1940;31:313-323);
    Clopper and Pearson's limits of that share become limits of the ratio. None when there were no events at all.
    """
    total = before + after
    if not total:
        return None
    tail = (1 - level) / 2
    low = _solve(lambda p: 1 - _binomial_at_most(after - 1, total, p) - tail, 0, 1) if after else 0.0
    high = _solve(lambda p: tail - _binomial_at_most(after, total, p), 0, 1) if before else None
    scale = time_before / time_after
    return Interval(
        math.inf if not before else after / before * scale,
        low / (1 - low) * scale if low < 1 else math.inf,
        None if high is None else high / (1 - high) * scale,
    )


def mean(values: Sequence[float], *, level: float = LEVEL) -> Interval | None:
    """The mean with Student's limits; None of fewer than two values, which say nothing of their spread."""
    n = len(values)
    if n < 2:
        return None
    middle = math.fsum(values) / n
    spread = math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (n - 1))
    half = student(level, n - 1) * spread / math.sqrt(n)
    return Interval(middle, middle - half, middle + half)


@functools.lru_cache(maxsize=1024)
def student(level: float, degrees: int) -> float:
    """The t that a variable with so many degrees of freedom stays within (both sides) with this probability."""
    return _solve(lambda t: _within(t, degrees) - level, 0, 1e4)


def _within(t: float, degrees: int) -> float:
    """P(|T| < t) by the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(degrees))
    cos2 = math.cos(angle) ** 2
    if degrees % 2:
        term, total = 1.0, 1.0
        for k in range(3, degrees, 2):
            term *= cos2 * (k - 1) / k
            total += term
        series = math.sin(angle) * math.cos(angle) * total if degrees > 1 else 0.0
        return 2 / math.pi * (angle + series)
    term, total = 1.0, 1.0
    for k in range(2, degrees, 2):
        term *= cos2 * (k - 1) / k
        total += term
    return math.sin(angle) * total


def _at_most(count: int, mean: float) -> float:
    """P(X <= count) of a Poisson variable."""
    if count < 0:
        return 0.0
    if mean <= 0:
        return 1.0
    log = math.log(mean)
    return min(1.0, math.fsum(math.exp(k * log - mean - math.lgamma(k + 1)) for k in range(count + 1)))


def _binomial_at_most(count: int, of: int, p: float) -> float:
    """P(X <= count) of a binomial variable."""
    if count < 0:
        return 0.0
    if count >= of or p <= 0:
        return 1.0
    if p >= 1:
        return 0.0
    log, log_not = math.log(p), math.log1p(-p)
    terms = (
        math.exp(math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * log + (of - k) * log_not)
        for k in range(count + 1)
    )
    return min(1.0, math.fsum(terms))


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function passes zero."""
    while rising(high) < 0 and high < 1e12:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
