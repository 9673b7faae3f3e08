"""What can become of a plan and a note: the tables, and every step tried."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import treatments as make
from treatments import plans
from treatments.models import Plan
from treatments.states import (
    NOTE_TRANSITIONS,
    OPEN_PLAN,
    PLAN_TRANSITIONS,
    TRANSITIONS,
    NoteStatus,
    PlanStatus,
)

ALLOWED = {
    ("proposed", "accepted"),
    ("proposed", "stopped"),
    ("proposed", "superseded"),
    ("accepted", "completed"),
    ("accepted", "stopped"),
    ("accepted", "superseded"),
}


def test_the_tables_are_total():
    assert set(PLAN_TRANSITIONS) == set(PlanStatus)
    assert set(NOTE_TRANSITIONS) == set(NoteStatus)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(PlanStatus, PlanStatus)))
def test_a_plan_goes_only_where_the_table_says(before, after):
    plan = Plan(status=before)
    if (before.value, after.value) in ALLOWED:
        plans.check_transition(plan, after)
        assert plans.can_become(plan, after)
    else:
        with pytest.raises(plans.PlanRefused):
            plans.check_transition(plan, after)
        assert not plans.can_become(plan, after)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(NoteStatus, NoteStatus)))
def test_a_note_is_only_ever_signed(before, after):
    assert (after in NOTE_TRANSITIONS[before]) == ((before, after) == (NoteStatus.DRAFT, NoteStatus.SIGNED))


def test_an_open_plan_is_one_that_can_still_become_something():
    assert {s for s in PlanStatus if PLAN_TRANSITIONS[s]} == set(OPEN_PLAN)


def test_every_table_is_drawn():
    assert list(TRANSITIONS.values()) == [PLAN_TRANSITIONS, NOTE_TRANSITIONS]


@given(st.lists(st.sampled_from(PlanStatus), max_size=8))
@settings(max_examples=200, deadline=None)
def test_no_walk_leaves_an_ended_plan(walk):
    at = PlanStatus.PROPOSED
    for step in walk:
        ended = at not in OPEN_PLAN
        if step in PLAN_TRANSITIONS[at]:
            assert not ended
            at = step


VERBS = {
    PlanStatus.ACCEPTED: lambda p: plans.accept(
        p, consented_on=make.TODAY, by=p.author.user, now=make.NOW, today=make.TODAY
    ),
    PlanStatus.STOPPED: lambda p: plans.stop(p, reason="Moved away", by=p.author.user, now=make.NOW),
    PlanStatus.COMPLETED: lambda p: plans.complete(p, reason="Goal met", by=p.author.user, now=make.NOW),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "then"), list(itertools.product([None, *VERBS], VERBS)))
def test_the_verbs_and_the_table_agree(first, then):
    plan = make.a_plan(accepted=first is PlanStatus.COMPLETED)
    if first is not None:
        plan = VERBS[first](plan)
    if then in PLAN_TRANSITIONS[PlanStatus(plan.status)]:
        assert VERBS[then](plan).status == then
    else:
        with pytest.raises(plans.PlanRefused):
            VERBS[then](plan)
