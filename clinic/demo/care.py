"""What is wrong with them and what is done about it: episodes, diagnoses, referrals, plans of all three kinds."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from clinic.access import SYSTEM
from clinic.demo.places import MASSAGE, PHYSIO, Places
from clinic.models import Practitioner
from patients.models import Patient
from treatments import episodes, home, plans, starting
from treatments.models import DiagnosisCode, Exercise, Plan, PlanTemplate
from treatments.starting import Start

#: By what the injury was: title, code, tissue state, technique, regions.
PICTURES = {
    "lifting": ("Back spasms since lifting", "M62.830", "active_spasm", "neuromuscular", ("low_back_left",)),
    "twist": ("Back spasms since a twist", "M62.830", "active_spasm", "neuromuscular", ("low_back_right",)),
    "fall": ("Low back pain after a fall", "M54.50", "guarding", "gentle", ("low_back_left", "low_back_right")),
    "posture": ("Neck pain from desk work", "M54.2", "adhesion", "gentle", ("neck_left", "neck_right")),
    "surgery": ("Stiff back after disc surgery", "M54.50", "adhesion", "gentle", ("low_back_left",)),
}
#: Which template the plan is made from; of every other cause, that of a spasm.
TEMPLATES = {"posture": "tension", "surgery": "after-surgery", "fall": "chronic-adhesions"}
USUAL = ("Tight back muscles", "M54.50", "guarding", "gentle", ("low_back_right",))
DOCTORS = (("Dr. Amara Okafor", "1234567893"), ("Dr. Lucía Prado", ""), ("Dr. Piet Hartog", ""))


def build(places: Places, people: list[Patient], *, now: datetime, today: date, chance: random.Random) -> list[Plan]:
    """A plan for each of them; most are accepted, every eighth is still a proposal."""
    templates = {t.slug: starting.read(t.content) for t in PlanTemplate.objects.in_use()}
    codes = {code.code: code for code in DiagnosisCode.objects.filter(code__in=["M62.830", "M54.50", "M54.2"])}
    exercises = {exercise.slug: exercise for exercise in Exercise.objects.in_use()}
    made = []
    for number, patient in enumerate(people):
        author = _author(places, number)
        plan = _plan(
            places, patient, author, codes, exercises, templates=templates, now=now, today=today, chance=chance
        )
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
    exercises: dict[str, Exercise],
    *,
    templates: dict[str | None, Start],
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
    start = templates[TEMPLATES.get(cause, "acute-lifting-spasm")]
    massage = plans.MassagePart(technique=technique, minutes=45, sessions=6, days_between=3, regions=tuple(regions))
    proposal = _proposal(patient, start, massage, exercises, today=today)
    try:
        return plans.propose(episode, author=author, proposal=proposal, by=author.user, now=then, today=today)
    except plans.PlanRefused:
        # The safety rules stop this massage here (a blood thinner, say): exercises alone.
        exercise_only = replace(proposal, massages=())
        return plans.propose(episode, author=author, proposal=exercise_only, by=author.user, now=then, today=today)


def _proposal(
    patient: Patient, start: Start, massage: plans.MassagePart, exercises: dict[str, Exercise], *, today: date
) -> plans.Proposal:
    """What the template says, for this patient."""
    doses = tuple(
        plans.Dose(exercises[d.exercise], d.sets, d.amount, d.times_a_week, d.remark, d.level, d.next_when)
        for d in start.doses
    )
    goals = tuple(
        plans.GoalPart("other", wording=goal.wording, due_on=today + timedelta(days=42))
        for goal in start.goals
        if goal.measure == "other"
    )
    pain = plans.GoalPart("nprs", baseline=Decimal(7), target=Decimal(2), due_on=today + timedelta(days=28))
    return plans.Proposal(
        review_on=today + timedelta(days=21),
        summary=start.summary,
        massages=(massage,),
        exercises=plans.ExercisePart(30, 6, 3, doses, start.pt_instructions),
        medication=tuple(patient.medication_records.order_by("pk")),
        goals=(pain, *goals),
        same_day=start.same_day,
    )


#: So many patients tick their exercises at home, over so many days.
TICKING, DAYS = 6, 14


def tick_at_home(made: list[Plan], *, now: datetime, today: date, chance: random.Random) -> int:
    """Some do their exercises and say how they felt: more done and less pain as the days go on."""
    said = 0
    for plan in [plan for plan in made if plan.accepted_at][:TICKING]:
        for one in home.prescriptions(Plan.objects.with_parts().get(pk=plan.pk)):
            for back in range(DAYS, 0, -1):
                if chance.random() > one.times_a_week / 7 * (1.05 - back / 40):
                    continue
                day = today - timedelta(days=back)
                pain = max(0, min(10, round(1.5 + back / 4 + chance.uniform(-1, 1))))
                home.say(one, on=day, done=True, pain=pain, by=SYSTEM, now=now - timedelta(days=back), today=day)
                said += 1
    return said
