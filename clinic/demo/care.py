"""What is wrong with them and what is done about it: episodes, diagnoses, referrals, plans of all three kinds."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from clinic.demo.places import MASSAGE, PHYSIO, Places
from clinic.models import Practitioner
from patients.models import Patient
from treatments import episodes, plans
from treatments.models import DiagnosisCode, Exercise, Plan

#: By what the injury was: title, code, tissue state, technique, regions.
PICTURES = {
    "lifting": ("Back spasms since lifting", "M62.830", "active_spasm", "neuromuscular", ("low_back_left",)),
    "twist": ("Back spasms since a twist", "M62.830", "active_spasm", "neuromuscular", ("low_back_right",)),
    "fall": ("Low back pain after a fall", "M54.50", "guarding", "gentle", ("low_back_left", "low_back_right")),
    "posture": ("Neck pain from desk work", "M54.2", "adhesion", "gentle", ("neck_left", "neck_right")),
    "surgery": ("Stiff back after disc surgery", "M54.50", "adhesion", "gentle", ("low_back_left",)),
}
USUAL = ("Tight back muscles", "M54.50", "guarding", "gentle", ("low_back_right",))
DOCTORS = (("Dr. Amara Okafor", "1234567893"), ("Dr. Lucía Prado", ""), ("Dr. Piet Hartog", ""))


def build(places: Places, people: list[Patient], *, now: datetime, today: date, chance: random.Random) -> list[Plan]:
    """A plan for each of them; most are accepted, every eighth is still a proposal."""
    codes = {code.code: code for code in DiagnosisCode.objects.filter(code__in=["M62.830", "M54.50", "M54.2"])}
    exercises = list(
        Exercise.objects.filter(slug__in=["pelvic-tilt", "bird-dog", "bridge", "dead-bug"]).order_by("slug")
    )
    made = []
    for number, patient in enumerate(people):
        author = _author(places, number)
        plan = _plan(places, patient, author, codes, exercises, now=now, today=today, chance=chance)
        if number % 8 != 7:
            plan = plans.accept(
                plan, consented_on=today - timedelta(days=20), by=author.user, now=now - timedelta(days=20), today=today
            )
        made.append(plan)
    return made


def _author(places: Places, number: int) -> Practitioner:
    treating = [one for one in places.practitioners if one.discipline in (MASSAGE, PHYSIO)]
    return treating[number % len(treating)]


def _plan(
    places: Places,
    patient: Patient,
    author: Practitioner,
    codes: dict[str, DiagnosisCode],
    exercises: list[Exercise],
    *,
    now: datetime,
    today: date,
    chance: random.Random,
) -> Plan:
    then = now - timedelta(days=21)
    injury = patient.injury_records.order_by("pk").first()
    cause = injury.cause if injury else "lifting"
    title, code, tissue, technique, regions = PICTURES.get(cause, USUAL)
    episode = episodes.begin(
        patient=patient,
        title=title,
        cause=cause,
        mechanism=injury.mechanism if injury else "",
        onset_on=injury.happened_on if injury else today - timedelta(days=30),
        regions=regions,
        injury=injury,
        by=places.desk,
        now=then,
    )
    doctor, npi = chance.choice(DOCTORS)
    if code in codes:
        episodes.diagnose(
            episode,
            code=codes[code],
            diagnosed_on=today - timedelta(days=24),
            diagnosed_by=doctor,
            provider_npi=npi,
            by=places.desk,
            now=then,
        )
    episodes.refer(
        episode,
        provider_name=doctor,
        provider_npi=npi,
        dated_on=today - timedelta(days=24),
        asks_for="Massage and strengthening of back and core",
        sessions_authorised=12,
        expires_on=today + timedelta(days=160),
        by=places.desk,
        now=then,
    )
    episode = episodes.examine(episode, tissue_state=tissue, regions=regions, by=author.user, now=then)
    proposal = plans.Proposal(
        review_on=today + timedelta(days=21),
        summary="Ease the spasm first, then strengthen back and core so that it does not come back.",
        massages=(
            plans.MassagePart(technique=technique, minutes=45, sessions=6, days_between=3, regions=tuple(regions)),
        ),
        exercises=plans.ExercisePart(
            30, 6, 3, tuple(plans.Dose(one, one.usual_sets, one.usual_amount, 5) for one in exercises)
        ),
        medication=tuple(patient.medication_records.order_by("pk")),
        goals=(plans.GoalPart("nprs", baseline=Decimal(7), target=Decimal(2), due_on=today + timedelta(days=28)),),
    )
    try:
        return plans.propose(episode, author=author, proposal=proposal, by=author.user, now=then, today=today)
    except plans.PlanRefused:
        # The safety rules stop this massage here (a blood thinner, say): exercises alone.
        exercise_only = replace(proposal, massages=())
        return plans.propose(episode, author=author, proposal=exercise_only, by=author.user, now=then, today=today)
