"""The programme for home: the exercises of a plan as the patient has them, and what the patient says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from clinic import audit, documents
from clinic.access import Actor
from clinic.models import Clinic
from clinic.time import local_day
from treatments import adherence, letterhead
from treatments.adherence import Tick, Week
from treatments.drawings import DRAWINGS, svg
from treatments.models import Episode, ExercisePrescription, HomeTick, Kind, Plan
from treatments.notes import house_zone

INK, ACCENT = "#1d2733", "#1f6f78"
#: The sheet to tick has room for so many weeks.
WEEKS_ON_PAPER = 4


class HomeRefused(Exception):
    """Carries a sentence fit for the patient."""


@dataclass(frozen=True)
class Line:
    """One exercise with what was said of it in the last seven days."""

    prescription: ExercisePrescription
    days: list[tuple[date, HomeTick | None]]
    done: int

    @property
    def planned(self) -> int:
        return self.prescription.times_a_week


@dataclass(frozen=True)
class AtHome:
    """A plan's exercises at home: each by itself, and the weeks together."""

    plan: Plan
    lines: list[Line]
    weeks: list[Week]
    trend: str

    @property
    def is_empty(self) -> bool:
        return not self.lines

    @property
    def was_said(self) -> bool:
        return any(week.done or week.pain is not None for week in self.weeks)


def plan_of(episode: Episode) -> Plan | None:
    """The plan in force: what the patient's page shows, also after a revision."""
    return Plan.objects.accepted().filter(episode=episode).with_parts().first()


def prescriptions(plan: Plan) -> list[ExercisePrescription]:
    return [
        prescription
        for part in plan.interventions.all()
        if part.kind == Kind.PHYSICAL_THERAPY
        for prescription in part.exercises.all()
    ]


def at_home(plan: Plan, *, today: date) -> AtHome:
    """All that a page says of it, in two queries beyond the plan with its parts."""
    mine = prescriptions(plan)
    said = list(HomeTick.objects.filter(prescription__in=mine)) if mine else []
    week = [today - timedelta(days=back) for back in range(adherence.DAYS_OPEN - 1, -1, -1)]
    by_day = {(tick.prescription_id, tick.on): tick for tick in said}
    lines = []
    for one in mine:
        days = [(day, by_day.get((one.pk, day))) for day in week]
        lines.append(Line(one, days, sum(1 for _, tick in days if tick and tick.done)))
    since = local_day(plan.accepted_at, ZoneInfo(house_zone())) if plan.accepted_at else today
    several = adherence.weeks(
        (Tick(tick.prescription_id, tick.on, tick.done, tick.pain) for tick in said),
        times_a_week=[one.times_a_week for one in mine], since=min(since, today), today=today,
    )  # fmt: skip
    return AtHome(plan, lines, several, adherence.trend(several))


@transaction.atomic
def say(
    prescription: ExercisePrescription, *, on: date, done: bool, pain: int | None, by: Actor, now: datetime, today: date
) -> HomeTick:
    """The patient says of one exercise on one day whether it was done and how it felt; the last word counts."""
    if not adherence.can_tick(on, today):
        raise HomeRefused("Only the last seven days can be ticked.")
    if pain is not None and not 0 <= pain <= 10:
        raise HomeRefused("Pain is a number from 0 to 10.")
    tick, _ = HomeTick.objects.update_or_create(
        prescription=prescription, on=on, defaults={"done": done, "pain": pain, "said_at": now}
    )
    patient = prescription.intervention.plan.patient
    audit.record("home.ticked", by=by, now=now, subject=prescription.intervention, patient_uid=patient.uid,
                 detail={"exercise": prescription.exercise.slug, "on": on.isoformat()})  # fmt: skip
    return tick


# -- On paper --------------------------------------------------------------------------------------------


def paper(plan: Plan, *, today: date) -> bytes:
    """The programme to hang on the wall: drawings, doses, and a grid to tick."""
    return documents.render("programme", paper_data(plan, today=today))


def paper_data(plan: Plan, *, today: date) -> dict[str, Any]:
    """What the Typst template is given. It names the patient and the exercises, and nothing of the diagnosis."""
    clinic = Clinic.objects.first()
    return {
        "issuer": letterhead.issuer(clinic),
        "paper": letterhead.paper_size(clinic),
        "number": plan.patient.number_label,
        "patient": plan.patient.full_name,
        "from_whom": str(plan.author),
        "dated": letterhead.day(today),
        "review": letterhead.day(plan.review_on),
        "weeks": WEEKS_ON_PAPER,
        "exercises": [_on_paper(one) for one in prescriptions(plan)],
    }


def _on_paper(one: ExercisePrescription) -> dict[str, Any]:
    exercise = one.exercise
    drawing = DRAWINGS.get(exercise.drawing)
    return {
        "name": exercise.name,
        "dose": one.dose,
        "times": one.times_a_week,
        "purpose": exercise.purpose,
        "steps": exercise.steps,
        "level": f"Level {one.level}: {one.level_words}" if one.level > 1 else "",
        "next_when": one.next_when,
        "remark": one.remark,
        "take_care": exercise.take_care,
        "stop_if": exercise.stop_if,
        "drawing": svg(drawing, ink=INK, accent=ACCENT) if drawing else "",
        "panels": len(drawing.panels) if drawing else 0,
        "seen": drawing.seen if drawing else "",
    }
