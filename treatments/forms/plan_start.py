"""What the form of a plan starts with: nothing, a template, or the version that is being revised. Nothing is saved."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from patients.models import Medication
from treatments import measured, starting
from treatments.models import Episode, Exercise, Kind, Measure, Plan, PlanTemplate

MOST_MASSAGES, MOST_GOALS = 3, 3
REVIEW_AFTER = timedelta(days=28)


def initial(episode: Episode, today: date, plan: Plan | None, template: PlanTemplate | None) -> dict[str, Any]:
    """By part of the page: the plan, massages, goals, and doses by exercise."""
    if plan is not None:
        return _of_plan(plan, today)
    if template is not None:
        return _of_template(starting.read(template.content), episode, today)
    blank: dict[str, Any] = {"regions": episode.regions, "minutes": 45, "sessions": 6, "days_between": 3}
    return {
        "plan": {"review_on": today + REVIEW_AFTER, "medication": _taken_now(episode)},
        "massages": filled([blank], MOST_MASSAGES),
        "goals": filled([], MOST_GOALS),
        "doses": {},
    }


def filled(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """With empty forms for what may still be added."""
    return rows + [{} for _ in range(most - len(rows))]


def _taken_now(episode: Episode) -> list[Any]:
    return list(Medication.objects.for_patient(episode.patient).current().values_list("uid", flat=True))


def _of_template(start: starting.Start, episode: Episode, today: date) -> dict[str, Any]:
    known = {measure: several[-1].value for measure, several in measured.readings(episode).items() if several}
    massages = [
        {
            "technique": m.technique,
            "minutes": m.minutes,
            "sessions": m.sessions,
            "days_between": m.days_between,
            "pressure_cap": m.pressure_cap,
            "instructions": m.instructions,
            "regions": episode.regions,
        }
        for m in start.massages
    ]
    goals = [
        {
            "measure": g.measure,
            "wording": g.wording,
            "target": g.target or None,
            "baseline": None if g.measure == Measure.OTHER else known.get(g.measure),
            "due_on": today + timedelta(days=g.due_in_days) if g.due_in_days else None,
        }
        for g in start.goals
    ]
    return {
        "plan": {
            "review_on": today + timedelta(days=start.review_in_days),
            "medication": _taken_now(episode),
            **general(start),
        },
        "massages": filled(massages, MOST_MASSAGES),
        "goals": filled(goals, MOST_GOALS),
        "doses": doses(start),
    }  # fmt: skip


def general(start: starting.Start) -> dict[str, Any]:
    """What a template says of the whole plan and of physical therapy."""
    return {
        "summary": start.summary,
        "same_day": start.same_day,
        "pt_minutes": start.pt_minutes,
        "pt_sessions": start.pt_sessions,
        "pt_days_between": start.pt_days_between,
        "pt_instructions": start.pt_instructions,
    }


def doses(start: starting.Start) -> dict[int, dict[str, Any]]:
    """By exercise; what has been retired since is left out."""
    by_slug = {dose.exercise: dose for dose in start.doses}
    found = Exercise.objects.in_use().filter(slug__in=by_slug).values_list("pk", "slug")
    return {
        pk: {"chosen": True, "sets": d.sets, "amount": d.amount, "times_a_week": d.times_a_week, "level": d.level,
             "next_when": d.next_when, "remark": d.remark}
        for pk, slug in found
        for d in [by_slug[slug]]
    }  # fmt: skip


def _of_plan(plan: Plan, today: date) -> dict[str, Any]:
    parts = list(plan.interventions.select_related("medication").prefetch_related("exercises"))
    therapy = next((p for p in parts if p.kind == Kind.PHYSICAL_THERAPY), None)
    names = ("technique", "minutes", "pressure_cap", "sessions", "days_between", "regions", "instructions")
    massages = [{name: getattr(p, name) for name in names} for p in parts if p.kind == Kind.MASSAGE]
    goals = [
        {name: getattr(g, name) for name in ("measure", "wording", "baseline", "target", "due_on")}
        for g in plan.goals.all()
    ]
    said = ("sets", "amount", "times_a_week", "level", "next_when", "remark")
    return {
        "plan": {
            "summary": plan.summary,
            "review_on": max(plan.review_on, today),
            "same_day": plan.same_day,
            "medication": [p.medication.uid for p in parts if p.medication],
            **({f"pt_{n}": getattr(therapy, n) for n in ("minutes", "sessions", "days_between", "instructions")}
               if therapy else {}),
        },
        "massages": filled(massages, MOST_MASSAGES),
        "goals": filled(goals, MOST_GOALS),
        "doses": {
            d.exercise_id: {"chosen": True, **{name: getattr(d, name) for name in said}}
            for d in (therapy.exercises.all() if therapy else ())
        },
    }  # fmt: skip
