"""Plans of care: proposed, checked for safety, agreed to by the patient, revised as a new version, ended.

What a plan says is never changed (0002_guards): a revision is a new plan that points at the one it replaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from clinic import audit
from clinic.access import Can
from clinic.models import Practitioner, User
from patients import care_team, records
from patients.models import Joining, Medication, Patient
from treatments import gate, red_flags, safety
from treatments.models import (
    ConsentHow,
    Episode,
    Exercise,
    ExercisePrescription,
    Goal,
    Intervention,
    Kind,
    Plan,
    SafetyOverride,
    SameDay,
)
from treatments.states import PLAN_TRANSITIONS, PlanStatus

#: The words a patient agrees to; a changed wording gets a new version, and each plan keeps the one it was read.
CONSENT_VERSION = "2026-11"
CONSENT_WORDING = (
    "I was told what is planned, why, and what it may do to me, and could ask about it. I agree to be treated this "
    "way and can stop at any time, also in the middle of a session."
)
LATEST_REVIEW = timedelta(days=366)


class PlanRefused(Exception):
    """Carries a sentence fit for the person at the desk, and which part of the plan it is about."""

    def __init__(self, sentence: str, *, part: str = "", position: int = 0) -> None:
        super().__init__(sentence)
        self.part = part
        self.position = position


@dataclass(frozen=True)
class MassagePart:
    technique: str
    minutes: int
    sessions: int
    days_between: int
    regions: tuple[str, ...] = ()
    pressure_cap: int | None = None
    instructions: str = ""
    #: Why a block that may be set aside is set aside: the clearance, and whose.
    override_reason: str = ""


@dataclass(frozen=True)
class Dose:
    exercise: Exercise
    sets: int
    amount: int
    times_a_week: int
    remark: str = ""
    #: 1 is the exercise as described; above it, one of its progressions.
    level: int = 1
    next_when: str = ""


@dataclass(frozen=True)
class ExercisePart:
    minutes: int
    sessions: int
    days_between: int
    doses: tuple[Dose, ...]
    instructions: str = ""


@dataclass(frozen=True)
class GoalPart:
    measure: str
    wording: str = ""
    baseline: Decimal | None = None
    target: Decimal | None = None
    due_on: date | None = None


@dataclass(frozen=True)
class Proposal:
    """All that one version of a plan says."""

    review_on: date
    summary: str = ""
    massages: tuple[MassagePart, ...] = ()
    exercises: ExercisePart | None = None
    medication: tuple[Medication, ...] = ()
    goals: tuple[GoalPart, ...] = field(default=())
    same_day: str = SameDay.ANY


def verdicts(
    episode: Episode, *, regions: Sequence[str] = (), today: date, now: datetime | None = None
) -> dict[str, safety.Verdict]:
    """What the rules say about each technique for this patient today."""
    return gate.read(episode, today=today, now=now).each(regions)


# -- Propose and revise --------------------------------------------------------------------------------


@transaction.atomic
def propose(
    episode: Episode, *, author: Practitioner, proposal: Proposal, by: User, now: datetime, today: date
) -> Plan:
    """Write the next version of the episode's plan. An open proposal is superseded; an accepted plan stays in force
    until the patient accepts the new one. Raises PlanRefused where a rule blocks or a part makes no sense."""
    episode = _locked(episode)
    _check_no_emergency(episode.patient)
    _check_proposal(proposal, episode, today)
    checked = _checked_massages(episode, proposal, today, by=by)
    latest = Plan.objects.filter(episode=episode).order_by("-version").first()
    for open_proposal in Plan.objects.filter(episode=episode).proposed():
        _end(open_proposal, PlanStatus.SUPERSEDED, reason="Revised before it was accepted", by=by, now=now)
    plan = Plan.objects.create(
        patient=episode.patient,
        episode=episode,
        author=author,
        version=latest.version + 1 if latest else 1,
        replaces=latest,
        summary=proposal.summary,
        review_on=proposal.review_on,
        same_day=SameDay(proposal.same_day),
        proposed_at=now,
        proposed_by=by,
    )
    _write_parts(plan, proposal, checked, by=by, now=now)
    care_team.join(patient=episode.patient, practitioner=author, why=Joining.PLAN, by=by, now=now)
    audit.record(
        "plan.proposed", by=by, now=now, subject=plan, patient_uid=episode.patient.uid, detail={"version": plan.version}
    )
    return plan


def _locked(episode: Episode) -> Episode:
    records.lock(episode.patient)
    episode = Episode.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=episode.pk)
    if not episode.is_open:
        raise PlanRefused("This episode is closed.")
    return episode


def _check_no_emergency(patient: Patient) -> None:
    """Possible cauda equina stops every kind of treatment, and no reason sets it aside."""
    if red_flags.emergency(patient):
        raise PlanRefused("Possible cauda equina: no treatment. The patient belongs in an emergency department today.")


def _check_proposal(proposal: Proposal, episode: Episode, today: date) -> None:
    if not (proposal.massages or proposal.exercises or proposal.medication):
        raise PlanRefused("A plan needs at least one part: massage, exercises or medication.")
    if proposal.exercises is not None and not proposal.exercises.doses:
        raise PlanRefused("Choose at least one exercise.", part="exercises")
    for dose in proposal.exercises.doses if proposal.exercises else ():
        if not 1 <= dose.level <= 1 + len(dose.exercise.progressions):
            raise PlanRefused(f"{dose.exercise.name} has no level {dose.level}.", part="exercises")
    if not today <= proposal.review_on <= today + LATEST_REVIEW:
        raise PlanRefused("The review must be within a year from today.", part="review_on")
    for medicine in proposal.medication:
        if medicine.patient.root_id != episode.patient.root_id:
            raise PlanRefused("That medication is another patient's.", part="medication")


def _checked_massages(
    episode: Episode, proposal: Proposal, today: date, *, by: User
) -> list[tuple[MassagePart, safety.Verdict]]:
    """Each massage with its pressure capped by the rules, and the verdict whose blocks its reason sets aside.

    A plan is for weeks: what was asked about today, such as the last dose, does not count for it.
    """
    if not proposal.massages:
        return []
    reading = gate.read(episode, today=today, now=None)
    checked = []
    for position, part in enumerate(proposal.massages):
        verdict = reading.verdict(part.technique, part.regions)
        if verdict.absolute:
            raise PlanRefused(_sentences(verdict.absolute), part="technique", position=position)
        if verdict.blocks and not part.override_reason.strip():
            sentence = f"{_sentences(verdict.blocks)} To go ahead, say who cleared it and why."
            raise PlanRefused(sentence, part="override_reason", position=position)
        if verdict.blocks and not by.can(Can.SET_ASIDE_RULES):
            raise PlanRefused("Only a therapist may set a rule aside.", part="override_reason", position=position)
        cap = verdict.pressure_cap
        if cap is not None and part.pressure_cap is not None and part.pressure_cap > cap:
            why = next(f.message for f in verdict.findings if f.pressure_cap == cap)
            raise PlanRefused(f"No more than {cap} of 5 here. {why}", part="pressure_cap", position=position)
        checked.append((replace(part, pressure_cap=part.pressure_cap or cap), verdict))
    return checked


def _sentences(findings: Sequence[safety.Finding]) -> str:
    return " ".join(f"{f.message} ({f.rule})" for f in findings)


def _write_parts(
    plan: Plan,
    proposal: Proposal,
    massages: Sequence[tuple[MassagePart, safety.Verdict]],
    *,
    by: User,
    now: datetime,
) -> None:
    for position, (part, verdict) in enumerate(massages, start=1):
        intervention = Intervention.objects.create(
            plan=plan,
            kind=Kind.MASSAGE,
            position=position,
            technique=part.technique,
            regions=sorted(part.regions),
            pressure_cap=part.pressure_cap,
            minutes=part.minutes,
            sessions=part.sessions,
            days_between=part.days_between,
            instructions=part.instructions,
        )
        for finding in verdict.blocks:
            _set_aside(intervention, finding, reason=part.override_reason.strip(), by=by, now=now)
        if verdict.blocks:
            gate.rely([verdict], plan.episode, intervention=intervention, by=by, now=now)
    if proposal.exercises is not None:
        _write_exercises(plan, proposal.exercises, position=len(massages) + 1)
    for position, medicine in enumerate(proposal.medication, start=len(massages) + 2):
        Intervention.objects.create(
            plan=plan, kind=Kind.MEDICATION, position=position, medication=medicine, as_ordered=as_ordered(medicine)
        )
    Goal.objects.bulk_create(
        Goal(
            plan=plan, position=n, measure=g.measure, wording=g.wording, baseline=g.baseline, target=g.target,
            due_on=g.due_on,
        )
        for n, g in enumerate(proposal.goals, start=1)
    )  # fmt: skip


def _set_aside(intervention: Intervention, finding: safety.Finding, *, reason: str, by: User, now: datetime) -> None:
    SafetyOverride.objects.create(
        intervention=intervention,
        rule=finding.rule,
        message=finding.message[:300],
        reason=reason,
        overridden_at=now,
        overridden_by=by,
    )
    audit.record(
        "safety.overridden",
        by=by,
        now=now,
        subject=intervention.plan,
        patient_uid=intervention.plan.patient.uid,
        detail={"rule": finding.rule, "technique": intervention.technique, "version": finding.version},
    )


def _write_exercises(plan: Plan, part: ExercisePart, *, position: int) -> None:
    intervention = Intervention.objects.create(
        plan=plan,
        kind=Kind.PHYSICAL_THERAPY,
        position=position,
        minutes=part.minutes,
        sessions=part.sessions,
        days_between=part.days_between,
        instructions=part.instructions,
    )
    ExercisePrescription.objects.bulk_create(
        ExercisePrescription(
            intervention=intervention, exercise=d.exercise, position=n, sets=d.sets, amount=d.amount,
            times_a_week=d.times_a_week, remark=d.remark, level=d.level, next_when=d.next_when,
            level_words=d.exercise.progressions[d.level - 2] if d.level > 1 else "",
        )
        for n, d in enumerate(part.doses, start=1)
    )  # fmt: skip


def as_ordered(medicine: Medication) -> str:
    """The order in the prescriber's words: name, dose as ordered, who ordered it."""
    words = f"{medicine.name} {medicine.dose_as_ordered}".strip()
    return f"{words}, ordered by {medicine.prescriber}" if medicine.prescriber else words


# -- What becomes of a plan ----------------------------------------------------------------------------


@transaction.atomic
def accept(
    plan: Plan,
    *,
    consented_on: date,
    how: str = ConsentHow.READ_OUT,
    giver: str = "",
    taken_by: User | None = None,
    revision: int | None = None,
    by: User,
    now: datetime,
    today: date,
) -> Plan:
    """The patient agreed, on that day and to the words in force, which the plan keeps. What was in force is superseded.

    `giver` is who agreed when it was not the patient; `taken_by` to whom it was said, by default who records it.
    """
    plan = _reread(plan, PlanStatus.ACCEPTED, revision)
    _check_no_emergency(plan.patient)
    if consented_on > today:
        raise PlanRefused("Consent cannot be given in the future.", part="consented_on")
    if consented_on < plan.proposed_at.date() - timedelta(days=1):
        raise PlanRefused("Consent cannot be older than the plan.", part="consented_on")
    for old in Plan.objects.accepted().filter(episode=plan.episode_id).exclude(pk=plan.pk):
        _end(old, PlanStatus.SUPERSEDED, reason=f"Version {plan.version} was accepted", by=by, now=now)
    plan.status = PlanStatus.ACCEPTED
    plan.accepted_at, plan.accepted_by = now, by
    plan.consented_on, plan.consent_wording, plan.consent_text = consented_on, CONSENT_VERSION, CONSENT_WORDING
    plan.consent_how, plan.consent_giver, plan.consent_taken_by = ConsentHow(how), giver.strip(), taken_by or by
    plan.revision += 1
    plan.save(update_fields=[*_ACCEPTED, "revision"])
    said = {"wording": CONSENT_VERSION, "how": str(plan.consent_how)}
    audit.record("plan.accepted", by=by, now=now, subject=plan, patient_uid=plan.patient.uid, detail=said)
    return plan


_ACCEPTED = (
    "status", "accepted_at", "accepted_by", "consented_on", "consent_wording", "consent_text", "consent_how",
    "consent_giver", "consent_taken_by",
)  # fmt: skip


def stop(plan: Plan, *, reason: str, revision: int | None = None, by: User, now: datetime) -> Plan:
    """End a plan before its time."""
    return _end_by_hand(plan, PlanStatus.STOPPED, reason=reason, revision=revision, by=by, now=now)


def complete(plan: Plan, *, reason: str, revision: int | None = None, by: User, now: datetime) -> Plan:
    """End a plan that has done its work."""
    return _end_by_hand(plan, PlanStatus.COMPLETED, reason=reason, revision=revision, by=by, now=now)


@transaction.atomic
def _end_by_hand(plan: Plan, status: PlanStatus, *, reason: str, revision: int | None, by: User, now: datetime) -> Plan:
    plan = _reread(plan, status, revision)
    if not reason.strip():
        raise PlanRefused("Say why the plan ends.", part="reason")
    return _end(plan, status, reason=reason.strip(), by=by, now=now)


def check_transition(plan: Plan, to: PlanStatus) -> None:
    """Raise PlanRefused unless a plan in this state may become that."""
    if to not in PLAN_TRANSITIONS[PlanStatus(plan.status)]:
        raise PlanRefused(f"A plan that is {plan.get_status_display().lower()} cannot become {to.label.lower()}.")


def can_become(plan: Plan, to: PlanStatus) -> bool:
    return to in PLAN_TRANSITIONS[PlanStatus(plan.status)]


def _reread(plan: Plan, to: PlanStatus, revision: int | None) -> Plan:
    records.lock(plan.patient)
    plan = Plan.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=plan.pk)
    check_transition(plan, to)
    if revision is not None and revision != plan.revision:
        raise PlanRefused("Someone else changed this plan meanwhile. Look at it again.")
    return plan


def _end(plan: Plan, status: PlanStatus, *, reason: str, by: User, now: datetime) -> Plan:
    check_transition(plan, status)
    plan.status, plan.ended_at, plan.ended_by, plan.end_reason = status, now, by, reason
    plan.revision += 1
    plan.save(update_fields=["status", "ended_at", "ended_by", "end_reason", "revision"])
    audit.record(f"plan.{status}", by=by, now=now, subject=plan, patient_uid=plan.patient.uid)
    return plan
