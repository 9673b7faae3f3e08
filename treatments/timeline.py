"""One timeline: each measure's curve with its verdict, and beside it what was done. Reads only, in fixed statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from clinic.models import User
from clinic.time import local_day
from patients.models import Medication, Patient
from treatments import judging, spasms
from treatments.judging import Thresholds
from treatments.models import (
    Episode,
    ExerciseDone,
    Goal,
    HomeTick,
    Measurement,
    SessionNote,
    SpasmDiary,
    SpasmEntry,
    Technique,
    TechniqueApplied,
)
from treatments.outcomes import prompts as rules_of_prompts
from treatments.outcomes import verdicts
from treatments.outcomes.intervals import Interval
from treatments.outcomes.measures import MEASURES, Measure, name_of
from treatments.outcomes.prompts import Curve, GoalFacts, Prompt
from treatments.outcomes.thresholds import Threshold
from treatments.outcomes.verdicts import Band, Point, Verdict
from treatments.spasms import Stretch

WEEK = 7


@dataclass(frozen=True)
class Value:
    """One row of a curve's table."""

    on: date
    value: Decimal
    uid: UUID | None = None
    by_link: bool = False
    note: str = ""
    interval: Interval | None = None


@dataclass(frozen=True)
class CurveView:
    """A curve as a page draws it: its values, its verdict, what is shaded behind it."""

    key: str
    measure: Measure
    name: str
    threshold: Threshold
    values: list[Value]
    verdict: Verdict | None
    bands: list[Band]
    target: Decimal | None = None

    @property
    def top(self) -> Decimal:
        """Where the axis ends: the scale's own end, or for open scales what there is."""
        if self.measure.slug not in ("rom", "spasms_per_week"):
            return self.measure.high
        seen = [v.value for v in self.values] + [Decimal(str(v.interval.high)) for v in self.values if v.interval]
        return max([*seen, self.target or Decimal(1)]).to_integral_value() + (10 if self.measure.slug == "rom" else 2)


@dataclass(frozen=True)
class Session:
    """One signed session: what was done, how the pain was before and after it. Without a uid: its note is private."""

    on: date
    uid: UUID | None
    techniques: dict[str, int]
    exercises: list[str]
    pain_before: int | None
    pain_after: int | None


@dataclass(frozen=True)
class Period:
    """A drug as ordered, from and until; an open end is None."""

    name: str
    began: date | None
    ended: date | None


@dataclass
class Timeline:
    curves: list[CurveView] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    medicines: list[Period] = field(default_factory=list)
    spasms: list[tuple[date, int]] = field(default_factory=list)
    at_home: list[tuple[date, int]] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)


def of_patient(patient: Patient, episode: Episode | None, *, by: User, today: date, tz: ZoneInfo) -> Timeline:
    """All that is known of whether it helps: of this trouble, and what belongs to none.

    Of a note that its author keeps from this reader only the day is told.
    """
    known = judging.in_force()
    goals = _goals(patient, episode)
    found = Timeline(
        sessions=_sessions(patient, episode, by, tz),
        medicines=_medicines(patient),
        at_home=_at_home(patient, episode),
    )
    diaries = list(SpasmDiary.objects.for_patient(patient).order_by("opened_at"))
    entries = list(SpasmEntry.objects.for_patient(patient).standing().order_by("happened_at")) if diaries else []
    found.spasms = [(local_day(entry.happened_at, tz), entry.severity) for entry in entries]
    found.curves = [
        *_measured(_in_scope(Measurement.objects.for_patient(patient).standing(), episode), known, goals, tz),
        *_kept(diaries, entries, known, goals, today=today, tz=tz),
    ]
    found.prompts = _prompts(found, goals)
    return found


def _in_scope(rows: Any, episode: Episode | None) -> Any:
    return rows if episode is None else rows.filter(Q(episode=episode) | Q(episode__isnull=True))


# -- Curves --------------------------------------------------------------------------------------------


def _measured(rows: Any, known: Thresholds, goals: Sequence[GoalFacts], tz: ZoneInfo) -> list[CurveView]:
    by_curve: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for row in rows.oldest_first():
        by_curve[row.measure, row.detail].append(row)
    order = list(MEASURES)
    found = []
    for (slug, detail), taken in sorted(by_curve.items(), key=lambda item: (order.index(item[0][0]), item[0][1])):
        comparable = _same_activities(taken) if slug == "psfs" else taken
        values = [
            Value(local_day(m.taken_at, tz), m.value, m.uid, m.request_id is not None, _said(m)) for m in comparable
        ]
        found.append(_curve(slug, detail, values, known[slug, detail], goals))
    return found


def _same_activities(taken: Sequence[Measurement]) -> list[Measurement]:
    """The ratings of the activities that are rated now: a mean over others is another measure."""
    now = {name for name, _ in taken[-1].answers["activities"]}
    return [m for m in taken if {name for name, _ in m.answers["activities"]} == now]


def _said(m: Measurement) -> str:
    if m.measure == "psfs":
        return ", ".join(f"{name} {rating}" for name, rating in m.answers["activities"])
    if m.measure == "odi" and m.answers.get("answered", 10) != 10:
        return f"{m.answers['answered']} of 10 sections"
    return ""


def _curve(slug: str, detail: str, values: list[Value], threshold: Threshold, goals: Sequence[GoalFacts]) -> CurveView:
    measure = MEASURES[slug]
    return CurveView(
        key=f"{slug}-{detail}" if detail else slug,
        measure=measure,
        name=name_of(slug, detail),
        threshold=threshold,
        values=values,
        verdict=verdicts.judge(measure, threshold, [Point(v.on, v.value) for v in values]),
        bands=verdicts.bands(measure, threshold, values[0].value),
        target=_target(slug, goals),
    )


def _target(slug: str, goals: Sequence[GoalFacts]) -> Decimal | None:
    return next((goal.target for goal in goals if goal.measure == slug), None)


def _kept(
    diaries: Sequence[SpasmDiary],
    entries: Sequence[SpasmEntry],
    known: Thresholds,
    goals: Sequence[GoalFacts],
    *,
    today: date,
    tz: ZoneInfo,
) -> list[CurveView]:
    """From the diary: week by week on the curve, fortnight against fortnight in the verdict."""
    weeks = spasms.stretches(diaries, entries, today=today, tz=tz, days=WEEK)
    if not weeks:
        return []
    periods = spasms.stretches(diaries, entries, today=today, tz=tz, days=spasms.PERIOD)
    often, bad = known["spasms_per_week", ""], known["spasm_severity", ""]
    curves = [
        CurveView(
            key="spasms_per_week",
            measure=MEASURES["spasms_per_week"],
            name=MEASURES["spasms_per_week"].name,
            threshold=often,
            values=[Value(w.last, w.count.value, interval=w.count.per_week) for w in weeks],
            verdict=_judge_counts(periods, weeks, often),
            bands=[],
            target=_target("spasms_per_week", goals),
        )
    ]
    rated = [Value(w.last, w.severity) for w in weeks if w.severity is not None]
    if rated:
        points = [Point(p.last, p.severity) for p in periods if p.severity is not None] or [
            Point(v.on, v.value) for v in rated
        ]
        measure = MEASURES["spasm_severity"]
        curves.append(
            CurveView(
                key="spasm_severity",
                measure=measure,
                name=measure.name,
                threshold=bad,
                values=rated,
                verdict=verdicts.judge(measure, bad, points),
                bands=verdicts.bands(measure, bad, points[0].value),
                target=_target("spasm_severity", goals),
            )
        )
    return curves


def _judge_counts(periods: Sequence[Stretch], weeks: Sequence[Stretch], threshold: Threshold) -> Verdict:
    if len(periods) < 2:
        return Verdict(Point(weeks[-1].last, weeks[-1].count.value), None, None)
    last = periods[-1]
    return Verdict(
        Point(last.last, last.count.value),
        verdicts.compare_counts(threshold, periods[0].count, last.count),
        verdicts.compare_counts(threshold, periods[-2].count, last.count) if len(periods) > 2 else None,
    )


# -- What was done -------------------------------------------------------------------------------------


def _sessions(patient: Patient, episode: Episode | None, by: User, tz: ZoneInfo) -> list[Session]:
    signed = _in_scope(SessionNote.objects.for_patient(patient).signed().saying_who_reads(by), episode)
    facts = ("pk", "uid", "service_at", "pain_before", "pain_after", "is_readable")
    rows = list(signed.order_by("service_at").values(*facts))
    keys = [row["pk"] for row in rows if row["is_readable"]]
    techniques: dict[int, dict[str, int]] = defaultdict(dict)
    for note, technique, minutes in TechniqueApplied.objects.filter(note__in=keys).values_list(
        "note", "technique", "minutes"
    ):
        techniques[note][technique] = techniques[note].get(technique, 0) + minutes
    exercises: dict[int, list[str]] = defaultdict(list)
    for note, name in ExerciseDone.objects.filter(note__in=keys).values_list("note", "exercise__name"):
        exercises[note].append(name)
    return [
        Session(
            on=local_day(row["service_at"], tz),
            uid=row["uid"] if row["is_readable"] else None,
            techniques=techniques.get(row["pk"], {}),
            exercises=exercises.get(row["pk"], []),
            pain_before=row["pain_before"] if row["is_readable"] else None,
            pain_after=row["pain_after"] if row["is_readable"] else None,
        )
        for row in rows
    ]


def _medicines(patient: Patient) -> list[Period]:
    rows = Medication.objects.for_patient(patient).newest_first().values_list("name", "started_on", "ended_on")
    return [Period(*row) for row in rows]


def _at_home(patient: Patient, episode: Episode | None) -> list[tuple[date, int]]:
    """How many exercises of the programme were done on which day, as the patient ticked them."""
    ticks = HomeTick.objects.filter(
        done=True, prescription__intervention__plan__patient__in=Patient.objects.family(patient).values("pk")
    )
    if episode is not None:
        ticks = ticks.filter(prescription__intervention__plan__episode=episode)
    by_day: dict[date, int] = defaultdict(int)
    for day in ticks.values_list("on", flat=True):
        by_day[day] += 1
    return sorted(by_day.items())


# -- Goals and prompts ---------------------------------------------------------------------------------


def _goals(patient: Patient, episode: Episode | None) -> list[GoalFacts]:
    """The goals of the plans that are worked on, as far as they are tied to a measure."""
    rows = Goal.objects.filter(
        plan__patient__in=Patient.objects.family(patient).values("pk"),
        plan__accepted_at__isnull=False,
        plan__ended_at__isnull=True,
        measure__in=list(MEASURES),
        target__isnull=False,
    )
    if episode is not None:
        rows = rows.filter(plan__episode=episode)
    return [
        GoalFacts(
            goal.measure, goal.target, goal.wording or f"{MEASURES[goal.measure].name} {goal.target.normalize():f}"
        )
        for goal in rows.order_by("position", "pk")
        if goal.target is not None
    ]


def _prompts(found: Timeline, goals: Sequence[GoalFacts]) -> list[Prompt]:
    curves = [Curve(c.measure, c.name, [Point(v.on, v.value) for v in c.values], c.verdict) for c in found.curves]
    return rules_of_prompts.prompts(curves, goals, [s.on for s in found.sessions], judging.rules())


# -- For the page --------------------------------------------------------------------------------------


def drawn(found: Timeline, *, today: date) -> dict[str, Any]:
    """The same figures as the tables, for the script that draws them; days are counted from 1970."""
    days = [v.on for c in found.curves for v in c.values] + [s.on for s in found.sessions]
    days += [day for day, _ in found.spasms]
    first = min([*days, today])
    return {
        "first": _x(first) - 2,
        "last": _x(max([*days, today])) + 2,
        "curves": [_drawn_curve(curve, found.sessions) for curve in found.curves],
        "sessions": [{"x": _x(s.on), "techniques": sorted(s.techniques)} for s in found.sessions],
        "lanes": _lanes(found, first, today),
    }


def _x(day: date) -> int:
    return day.toordinal() - 719163


def _drawn_curve(curve: CurveView, sessions: Iterable[Session]) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "key": curve.key,
        "name": curve.name,
        "low": float(min(curve.measure.low, Decimal(0)) if curve.measure.slug == "groc" else curve.measure.low),
        "high": float(curve.top),
        "points": [[_x(v.on), float(v.value)] for v in curve.values],
        "bands": [{"kind": b.kind, "low": float(b.low), "high": float(b.high)} for b in curve.bands],
        "target": None if curve.target is None else float(curve.target),
        "intervals": [[_x(v.on), v.interval.low, v.interval.high] for v in curve.values if v.interval is not None],
    }
    if curve.measure.slug == "nprs":
        drawn["before"] = [[_x(s.on), s.pain_before] for s in sessions if s.pain_before is not None]
        drawn["after"] = [[_x(s.on), s.pain_after] for s in sessions if s.pain_after is not None]
    return drawn


def _lanes(found: Timeline, first: date, today: date) -> list[dict[str, Any]]:
    """What was done, a line a kind."""
    lanes: list[dict[str, Any]] = []
    for technique in Technique:
        days = sorted({_x(s.on) for s in found.sessions if technique in s.techniques})
        if days:
            lanes.append({"name": str(technique.label).split(",")[0], "kind": technique.value, "days": days})
    exercised = sorted({_x(s.on) for s in found.sessions if s.exercises})
    if exercised:
        lanes.append({"name": "Exercises here", "kind": "exercise", "days": exercised})
    if found.at_home:
        lanes.append({"name": "Exercises at home", "kind": "home", "days": [_x(day) for day, _ in found.at_home]})
    for period in found.medicines:
        if period.ended is None or period.ended >= first:
            began = max(period.began or first, first)
            lanes.append(
                {"name": period.name[:24], "kind": "medicine", "spans": [[_x(began), _x(period.ended or today)]]}
            )
    if found.spasms:
        lanes.append({"name": "Spasms", "kind": "spasm", "days": sorted({_x(day) for day, _ in found.spasms})})
    return lanes
