"""What the curves suggest for the plan. A rule finds and says why; the clinician decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from treatments.outcomes.measures import Better, Measure
from treatments.outcomes.thresholds import Rules
from treatments.outcomes.verdicts import Point, Step, Verdict


@dataclass(frozen=True)
class Curve:
    """A measure with its points, oldest first, and its verdict."""

    measure: Measure
    name: str
    points: Sequence[Point]
    verdict: Verdict | None


@dataclass(frozen=True)
class GoalFacts:
    """A goal that is tied to a measure by name."""

    measure: str
    target: Decimal
    words: str


@dataclass(frozen=True)
class Prompt:
    rule: str
    kind: str
    message: str
    because: str


def prompts(curves: Sequence[Curve], goals: Sequence[GoalFacts], visits: Sequence[date], rules: Rules) -> list[Prompt]:
    """Every prompt that applies, what is urgent first."""
    return [
        *worse_means_stop_and_review(curves),
        *no_change_means_re_evaluate(curves, visits, rules),
        *never_measured_again(curves, visits, rules),
        *goals_met_mean_discharge(curves, goals, rules),
    ]


def worse_means_stop_and_review(curves: Sequence[Curve]) -> Iterator[Prompt]:
    """Worse beyond the MDC, since the first measurement or since the last. Source: clinic policy OUT-01."""
    for curve in curves:
        verdict = curve.verdict
        if verdict is None:
            continue
        for change, since in ((verdict.since_first, "first"), (verdict.since_last, "last")):
            if change is not None and change.reliable is Step.WORSE:
                yield Prompt(
                    "OUT-01",
                    "stop",
                    "Stop and review: worse by more than noise.",
                    f"{curve.name}: {change.before} to {change.after} since the {since} measurement.",
                )
                break


def _in_course(curves: Sequence[Curve]) -> list[Curve]:
    """Curves with a first value to compare with; the patient's own rating of change has none of its own."""
    return [curve for curve in curves if curve.points and curve.measure.slug != "groc"]


def no_change_means_re_evaluate(curves: Sequence[Curve], visits: Sequence[date], rules: Rules) -> Iterator[Prompt]:
    """No measure reliably better after so many sessions. Source: clinic policy OUT-02."""
    followed = [c for c in _in_course(curves) if c.verdict is not None and c.verdict.since_first is not None]
    judged = [c for c in followed if c.verdict.since_first.reliable is not None]  # type: ignore[union-attr]
    if not judged:
        return
    first = min(curve.points[0].on for curve in judged)
    last = max(curve.points[-1].on for curve in judged)
    between = sum(first <= day <= last for day in visits)
    better = any(c.verdict.since_first.reliable is Step.BETTER for c in judged)  # type: ignore[union-attr]
    if between >= rules.visits_without_change and not better:
        yield Prompt(
            "OUT-02",
            "review",
            "Examine again, or refer: nothing is reliably better.",
            f"{between} sessions between the first and the last measurement; {_names(judged)}.",
        )


def never_measured_again(curves: Sequence[Curve], visits: Sequence[date], rules: Rules) -> Iterator[Prompt]:
    """So many sessions since anything was measured: nobody knows whether it helps. Source: clinic policy OUT-03."""
    known = _in_course(curves)
    if not known:
        return
    last = max(curve.points[-1].on for curve in known)
    since = sum(day > last for day in visits)
    if since >= rules.visits_without_change:
        yield Prompt(
            "OUT-03", "review", "Measure again.", f"{since} sessions since the last measurement; {_names(known)}."
        )


def goals_met_mean_discharge(curves: Sequence[Curve], goals: Sequence[GoalFacts], rules: Rules) -> Iterator[Prompt]:
    """Every goal tied to a measure reached at so many measurements in a row. Source: clinic policy OUT-04."""
    tied = [goal for goal in goals if any(c.measure.slug == goal.measure for c in curves)]
    if not goals or len(tied) < len(goals):
        return
    if all(any(_met(c, goal, rules.goal_times) for c in curves if c.measure.slug == goal.measure) for goal in tied):
        yield Prompt(
            "OUT-04",
            "discharge",
            "Propose discharge: the goal is reached and holds." if len(tied) == 1 else
            "Propose discharge: all goals are reached and hold.",
            "; ".join(f"{goal.words}, {rules.goal_times} measurements in a row" for goal in tied) + ".",
        )  # fmt: skip


def _met(curve: Curve, goal: GoalFacts, times: int) -> bool:
    """At the last measurements, each on a day of its own."""
    by_day = list({point.on: point.value for point in curve.points}.values())[-times:]
    if len(by_day) < times:
        return False
    lower = curve.measure.better is Better.LOWER
    return all(value <= goal.target if lower else value >= goal.target for value in by_day)


def _names(curves: Sequence[Curve]) -> str:
    return ", ".join(curve.name for curve in curves)
