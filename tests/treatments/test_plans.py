"""Plans: what may be proposed, agreed to, revised and ended."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from clinic.models import AuditEvent
from patients import care_team
from patients.models import CareTeamMember
from tests.factories import treatments as make
from treatments import episodes, notes, overview, plans
from treatments.models import Goal, Intervention, Kind, Plan, SafetyOverride

pytestmark = pytest.mark.django_db


def propose(episode, author=None, **facts):
    author = author or make.a_practitioner()
    return plans.propose(
        episode, author=author, proposal=make.a_proposal(**facts), by=author.user, now=make.NOW, today=make.TODAY
    )


def test_a_plan_holds_three_kinds_side_by_side():
    patient = make.a_patient()
    medicine = make.a_medication(patient)
    goal = plans.GoalPart("nprs", "", Decimal(6), Decimal(2), make.TODAY + timedelta(days=30))
    plan = propose(
        make.an_episode(patient),
        massages=(make.a_massage(pressure_cap=3),),
        exercises=make.some_exercises(),
        medication=(medicine,),
        goals=(goal,),
    )
    kinds = [part.kind for part in plan.interventions.all()]
    assert kinds == [Kind.MASSAGE, Kind.PHYSICAL_THERAPY, Kind.MEDICATION]
    assert plan.interventions.get(kind=Kind.MEDICATION).as_ordered == (
        "Cyclobenzaprine 5 mg at night, ordered by Dr. Okafor"
    )
    assert plan.goals.get().target == 2
    assert [str(d) for d in plan.interventions.get(kind=Kind.PHYSICAL_THERAPY).exercises.all()]


def test_a_plan_needs_a_part():
    with pytest.raises(plans.PlanRefused, match="at least one part"):
        propose(make.an_episode(), massages=())


def test_exercises_need_an_exercise():
    with pytest.raises(plans.PlanRefused, match="at least one exercise"):
        propose(make.an_episode(), exercises=plans.ExercisePart(30, 4, 7, ()))


def test_the_review_lies_within_a_year():
    for days in (-1, 400):
        with pytest.raises(plans.PlanRefused, match="review"):
            propose(make.an_episode(), review_on=make.TODAY + timedelta(days=days))


def test_another_patients_medication_is_refused():
    stranger = make.a_medication(make.a_patient(family_name="Other"))
    with pytest.raises(plans.PlanRefused, match="another patient"):
        propose(make.an_episode(), medication=(stranger,))


def test_an_absolute_block_cannot_be_set_aside():
    episode = make.an_episode(tissue_state="active_spasm")
    with pytest.raises(plans.PlanRefused, match="spasm is active") as refused:
        propose(episode, massages=(make.a_massage("deep_tissue", override_reason="I know better"),))
    assert refused.value.part == "technique"
    assert not Plan.objects.exists()


def test_a_block_that_needs_clearance_asks_for_the_reason():
    episode = make.an_episode(diagnosed=False)
    with pytest.raises(plans.PlanRefused, match="who cleared it") as refused:
        propose(episode)
    assert refused.value.part == "override_reason"


def test_a_reason_sets_it_aside_and_is_kept():
    plan = propose(make.an_episode(diagnosed=False), massages=(make.a_massage(override_reason="Dr. Okafor by phone"),))
    kept = SafetyOverride.objects.get(intervention__plan=plan)
    assert (kept.rule, kept.reason) == ("TEC-08", "Dr. Okafor by phone")
    assert AuditEvent.objects.filter(action="safety.overridden").count() == 1


def test_the_rules_cap_the_pressure():
    patient = make.a_patient()
    make.a_medication(patient)
    episode = make.an_episode(patient)
    with pytest.raises(plans.PlanRefused, match="No more than 3 of 5"):
        propose(episode, massages=(make.a_massage(pressure_cap=5),))
    assert propose(episode).interventions.get().pressure_cap == 3


def test_who_writes_the_plan_joins_the_care_team():
    author = make.a_practitioner()
    plan = propose(make.an_episode(), author)
    assert care_team.is_in_care(plan.patient, author)
    assert CareTeamMember.objects.get(practitioner=author).why == "plan"


def test_consent_has_a_day_and_a_wording():
    plan = make.a_plan()
    assert (plan.consented_on, plan.consent_wording) == (make.TODAY, plans.CONSENT_VERSION)


def test_consent_is_neither_future_nor_older_than_the_plan():
    plan = make.a_plan(accepted=False)
    for days in (1, -10):
        with pytest.raises(plans.PlanRefused):
            plans.accept(
                plan,
                consented_on=make.TODAY + timedelta(days=days),
                by=plan.author.user,
                now=make.NOW,
                today=make.TODAY,
            )


def test_a_revision_is_a_new_version_and_the_old_one_stays_in_force_until_consent():
    first = make.a_plan()
    second = propose(first.episode, first.author)
    first.refresh_from_db()
    assert (first.status, second.status) == ("accepted", "proposed")
    assert (second.version, second.replaces) == (2, first)
    plans.accept(second, consented_on=make.TODAY, by=first.author.user, now=make.NOW, today=make.TODAY)
    first.refresh_from_db()
    assert first.status == "superseded"
    assert first.interventions.count() == 1


def test_a_second_proposal_supersedes_the_first():
    episode = make.an_episode()
    first, second = propose(episode), propose(episode)
    first.refresh_from_db()
    assert (first.status, second.version) == ("superseded", 2)


def test_only_one_plan_of_an_episode_is_in_force():
    plan = make.a_plan()
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(
            patient=plan.patient, episode=plan.episode, author=plan.author, version=9, status="accepted",
            review_on=make.TODAY, proposed_at=make.NOW, proposed_by=plan.author.user, accepted_at=make.NOW,
            accepted_by=plan.author.user, consented_on=make.TODAY, consent_wording="x",
        )  # fmt: skip


def test_what_a_plan_says_is_never_changed():
    plan = make.a_plan(goals=(plans.GoalPart("nprs", target=Decimal(2)),))
    for rows in (Intervention.objects.filter(plan=plan), Goal.objects.filter(plan=plan)):
        for attempt in (lambda r=rows: r.update(position=9), lambda r=rows: r._raw_delete("default")):
            with pytest.raises(DatabaseError), transaction.atomic():
                attempt()


def test_two_people_deciding_at_once_the_second_is_told():
    plan = make.a_plan(accepted=False)
    revision = plan.revision
    plans.accept(plan, consented_on=make.TODAY, revision=revision, by=plan.author.user, now=make.NOW, today=make.TODAY)
    with pytest.raises(plans.PlanRefused, match="Someone else"):
        plans.stop(plan, reason="Moved", revision=revision, by=plan.author.user, now=make.NOW)


def test_an_end_needs_a_reason():
    plan = make.a_plan()
    with pytest.raises(plans.PlanRefused, match="why"):
        plans.stop(plan, reason="  ", by=plan.author.user, now=make.NOW)


def test_progress_counts_signed_notes():
    plan = make.a_plan()
    make.a_signed_note(plan)
    make.a_written_note(plan)
    progress = overview.progress(plan)
    assert (progress.planned, progress.done, progress.left, progress.percent) == (6, 1, 5, 17)


def test_a_closed_episode_takes_no_plan_and_an_open_plan_keeps_it_open():
    plan = make.a_plan()
    with pytest.raises(episodes.EpisodeRefused, match="still open"):
        episodes.close(plan.episode, reason="Better", by=plan.author.user, now=make.NOW)
    plans.complete(plan, reason="Goal met", by=plan.author.user, now=make.NOW)
    closed = episodes.close(plan.episode, reason="Better", by=plan.author.user, now=make.NOW)
    with pytest.raises(plans.PlanRefused, match="closed"):
        propose(closed, plan.author)


def test_only_hands_on_parts_of_accepted_plans_can_be_booked():
    patient = make.a_patient()
    medicine = make.a_medication(patient)
    plan = make.a_plan(make.an_episode(patient), exercises=make.some_exercises(), medication=(medicine,))
    make.a_plan(make.an_episode(make.a_patient()), accepted=False)
    bookable = Intervention.objects.bookable()
    assert {part.label for part in bookable} == {"Massage: neuromuscular, 45 min", "Physical therapy, 30 min"}
    assert set(bookable) <= set(plan.interventions.all())


def test_the_plan_in_words_starts_the_first_note():
    plan = make.a_plan(
        massages=(make.a_massage(minutes=45, regions=("low_back_left", "sacrum")),), exercises=make.some_exercises()
    )
    content = notes.as_planned(plan)
    assert [(row.region, row.minutes) for row in content.techniques] == [("low_back_left", 23), ("sacrum", 22)]
    assert len(content.exercises) == 2
