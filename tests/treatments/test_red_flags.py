"""Red flags: three answers to each question, what stands, who may lift it, and the emergency that nobody may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.models import AuditEvent
from scheduling import rules as booking_rules
from tests.factories import people
from tests.factories import treatments as make
from treatments import gate, plans, red_flags
from treatments.models import BodyMark, RedFlagClearance, RedFlagScreen, VisitCheck
from treatments.safety import Concern, Flag, Since, WayHome
from treatments.safety.redflags import ASKED, CAUDA_EQUINA, LASTING, QUESTIONS, Answer, Cleared, Screen, state

AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
YES, NO, NOT_ASKED = Answer.YES, Answer.NO, Answer.NOT_ASKED
EACH = pytest.mark.parametrize("flag", ASKED)


def on(day, **answers):
    return Screen(AT + timedelta(days=day), {Flag(flag): answer for flag, answer in answers.items()})


def everything(day, answer=NO, **but):
    return Screen(AT + timedelta(days=day), dict.fromkeys(ASKED, answer) | {Flag(f): a for f, a in but.items()})


def cleared(day, *flags):
    return Cleared(AT + timedelta(days=day), frozenset(flags))


# -- What the answers amount to: pure ------------------------------------------------------------------


@EACH
def test_yes_stands_no_does_not_and_not_asked_is_neither(flag):
    assert state([on(0, **{flag: YES})], []).standing == {flag}
    assert state([on(0, **{flag: NO})], []).standing == frozenset()
    silent = state([on(0, **{flag: NOT_ASKED})], [])
    assert (silent.standing, flag in silent.unasked) == (frozenset(), True)


@EACH
def test_not_asked_takes_no_answer_back(flag):
    assert state([on(0, **{flag: YES}), on(5, **{flag: NOT_ASKED})], []).standing == {flag}


def test_a_screen_is_complete_when_every_question_was_answered_and_as_old_as_its_oldest_answer():
    assert state([on(0, fever=NO)], []).complete_at is None
    assert state([everything(0), on(9, fever=NO)], []).complete_at == AT
    assert state([everything(0), everything(9)], []).complete_at == AT + timedelta(days=9)


@EACH
def test_a_later_no_lifts_a_flag_unless_it_is_an_emergency(flag):
    assert (flag in state([on(0, **{flag: YES}), on(1, **{flag: NO})], []).standing) == (flag in CAUDA_EQUINA)


@EACH
def test_a_clearance_lifts_a_flag_unless_it_is_an_emergency(flag):
    assert (flag in state([on(0, **{flag: YES})], [cleared(1, flag)]).standing) == (flag in CAUDA_EQUINA)


@EACH
def test_a_clearance_is_of_what_was_said_before_it(flag):
    again = state([on(0, **{flag: YES}), on(2, **{flag: YES})], [cleared(1, flag)])
    assert (flag in again.standing) == (flag not in LASTING)


@pytest.mark.parametrize("flag", sorted(CAUDA_EQUINA))
def test_an_emergency_ends_with_a_clinicians_word_and_a_denial_after_it(flag):
    yes, no = on(0, **{flag: YES}), on(2, **{flag: NO})
    assert state([yes, no], [cleared(1, flag)]).emergency == frozenset()
    assert state([yes, no], [cleared(3, flag)]).emergency == {flag}, "denied before anybody looked"
    assert state([yes, no, on(3, **{flag: YES})], [cleared(1, flag)]).emergency == {flag}


answers = st.dictionaries(st.sampled_from(ASKED), st.sampled_from(Answer))
histories = st.lists(st.tuples(st.integers(0, 60), answers), max_size=5)
words = st.lists(st.tuples(st.integers(0, 60), st.frozensets(st.sampled_from(ASKED), min_size=1)), max_size=3)


@given(histories, words, st.sampled_from(ASKED))
@settings(max_examples=200, deadline=None)
def test_one_more_yes_stands_whatever_was_said_before(history, said, flag):
    screens = [Screen(AT + timedelta(days=day), given) for day, given in history]
    lifted = [Cleared(AT + timedelta(days=day), flags) for day, flags in said]
    before = state(screens, lifted)
    after = state([*screens, Screen(AT + timedelta(days=99), {flag: YES})], lifted)
    known = any(flag in flags for _, flags in said) and flag in LASTING
    assert known or flag in after.standing
    assert before.standing <= after.standing


@given(histories, words)
@settings(max_examples=200, deadline=None)
def test_asking_nothing_changes_nothing(history, said):
    screens = [Screen(AT + timedelta(days=day), given) for day, given in history]
    lifted = [Cleared(AT + timedelta(days=day), flags) for day, flags in said]
    silent = Screen(AT + timedelta(days=99), dict.fromkeys(ASKED, NOT_ASKED))
    assert state([*screens, silent], lifted) == state(screens, lifted)


def test_every_question_is_asked_once_and_age_is_never_asked():
    flags = [q.flag for q in QUESTIONS]
    assert len(set(flags)) == len(flags)
    assert set(flags) == set(Flag) - {Flag.AGE}


# -- Kept and read -------------------------------------------------------------------------------------


@pytest.fixture
def plan(db):
    return make.a_plan()


def ask(patient, at=make.NOW, **said):
    by = people.front_desk()
    given = {Flag(f): a for f, a in said.items()}
    return red_flags.screen(patient, occasion="again", answers=given, by=by, now=at)


def ask_all(patient, at=make.NOW, **but):
    return ask(patient, at, **(dict.fromkeys((f.value for f in ASKED), NO) | but))


def reading(plan, now=make.NOW):
    return gate.read(plan.episode, today=now.date(), now=now)


def test_what_was_asked_reaches_the_gate(plan):
    assert reading(plan).snapshot.screen_days is None
    ask_all(plan.patient, cancer_history=YES)
    assert reading(plan).snapshot.red_flags == {Flag.CANCER_HISTORY}
    assert reading(plan).verdict("gentle").word == "blocked"
    red_flags.clear(
        plan.patient, flags=[Flag.CANCER_HISTORY], clinician="Dr. Okafor", seen_on=make.TODAY,
        words="In remission for nine years; massage is fine.", by=plan.author.user, now=make.NOW + timedelta(hours=1),
    )  # fmt: skip
    assert reading(plan, make.NOW + timedelta(hours=2)).verdict("gentle").indicated
    assert AuditEvent.objects.filter(action="red_flags.cleared").count() == 1


def test_a_screen_grows_stale_and_a_new_injury_makes_it_old_at_once(plan):
    ask_all(plan.patient)
    later = make.NOW + timedelta(days=31)
    assert "RED-06" in {f.rule for f in reading(plan, later).verdict("gentle").findings}
    assert reading(plan).snapshot.since_screen == frozenset()
    make.an_injury(plan.patient, happened_on=make.TODAY, recorded_at=make.NOW + timedelta(hours=1))
    make.a_condition(plan.patient, "Fever since yesterday")
    plan.patient.condition_records.update(recorded_at=make.NOW + timedelta(hours=1))
    assert reading(plan).snapshot.since_screen == {Since.TRAUMA, Since.FEVER}


def test_age_is_a_weak_flag_of_its_own(db):
    old = make.an_episode(make.a_patient(born_on=make.TODAY.replace(year=1960)))
    assert Flag.AGE in gate.read(old, today=make.TODAY, now=make.NOW).snapshot.red_flags
    assert gate.read(old, today=make.TODAY, now=make.NOW).verdict("gentle").word == "limits"


def test_nothing_asked_is_nothing_kept(plan):
    with pytest.raises(red_flags.FlagRefused, match="Nothing was asked"):
        ask(plan.patient, fever=NOT_ASKED)
    assert not RedFlagScreen.objects.exists()


def test_only_what_stands_is_cleared_and_with_whose_words(plan):
    ask(plan.patient, weight_loss=YES)
    facts = {"clinician": "Dr. Okafor", "seen_on": make.TODAY, "words": "Diet.", "by": plan.author.user}
    with pytest.raises(red_flags.FlagRefused, match="no longer stands"):
        red_flags.clear(plan.patient, flags=[Flag.FEVER], now=make.NOW, **facts)
    with pytest.raises(red_flags.FlagRefused, match="which clinician"):
        red_flags.clear(plan.patient, flags=[Flag.WEIGHT_LOSS], now=make.NOW, **(facts | {"words": " "}))
    assert not RedFlagClearance.objects.exists()


@pytest.mark.parametrize("table", [RedFlagScreen, RedFlagClearance, VisitCheck])
def test_what_was_asked_or_cleared_is_never_rewritten(plan, table):
    ask(plan.patient, weight_loss=YES)
    red_flags.clear(
        plan.patient, flags=[Flag.WEIGHT_LOSS], clinician="Dr. O", seen_on=make.TODAY, words="Diet.",
        by=plan.author.user, now=make.NOW,
    )  # fmt: skip
    red_flags.ask_today(plan.patient, asked=red_flags.Asked(dose=NO), by=plan.author.user, now=make.NOW)
    for attempt in (
        lambda: table.objects.update(patient=plan.patient),
        lambda: table.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


# -- Today's questions ---------------------------------------------------------------------------------


def today(plan, now=make.NOW, **asked):
    red_flags.ask_today(plan.patient, asked=red_flags.Asked(**asked), by=plan.author.user, now=now)


def test_a_dose_in_the_last_twelve_hours_caps_the_pressure_on_that_day(plan):
    make.a_medication(plan.patient)
    assert reading(plan).verdict("neuromuscular").pressure_cap == 3, "nobody asked yet"
    today(plan, dose=YES, last_dose_at=make.NOW - timedelta(hours=13))
    assert reading(plan).verdict("neuromuscular").pressure_cap is None
    today(plan, dose=YES, last_dose_at=make.NOW - timedelta(hours=2), way_home=WayHome.DRIVES)
    verdict = reading(plan).verdict("neuromuscular")
    assert (verdict.pressure_cap, verdict.slow_rise) == (3, True)
    assert {"MED-01", "MED-07"} <= {f.rule for f in verdict.findings}


def test_none_taken_is_not_the_same_as_not_asked(plan):
    make.a_medication(plan.patient)
    today(plan, way_home=WayHome.PUBLIC)
    assert reading(plan).snapshot.hours_since_dose is None
    today(plan, dose=NO)
    assert reading(plan).verdict("neuromuscular").pressure_cap is None


def test_a_dose_at_an_hour_nobody_remembers_may_have_been_just_now(plan):
    today(plan, dose=YES)
    assert reading(plan).snapshot.hours_since_dose == 0


def test_what_was_asked_yesterday_is_not_known_today(plan):
    today(plan, make.NOW - timedelta(hours=13), dose=NO, intoxicated=YES)
    found = reading(plan).snapshot
    assert (found.hours_since_dose, found.known_concerns) == (None, frozenset())


def test_alcohol_today_or_fever_today_stop_the_massage_today(plan):
    today(plan, intoxicated=YES, fever=YES)
    assert reading(plan).snapshot.known_concerns == {Concern.INTOXICATION, Concern.FEVER_OR_INFECTION}
    assert reading(plan).verdict("gentle").word == "blocked"
    assert plans.verdicts(plan.episode, today=make.TODAY)["gentle"].word != "blocked", "a plan is for weeks"


# -- The emergency -------------------------------------------------------------------------------------


def test_possible_cauda_equina_stops_plan_and_consent_whatever_the_reason(db):
    proposed = make.a_plan(accepted=False)
    ask(proposed.patient, saddle_numbness=YES)
    part = make.a_massage("gentle", override_reason="I know better")
    with pytest.raises(plans.PlanRefused, match="emergency department"):
        plans.propose(
            proposed.episode, author=proposed.author, proposal=make.a_proposal(massages=(part,)),
            by=proposed.author.user, now=make.NOW, today=make.TODAY,
        )  # fmt: skip
    with pytest.raises(plans.PlanRefused, match="emergency department"):
        plans.accept(proposed, consented_on=make.TODAY, by=proposed.author.user, now=make.NOW, today=make.TODAY)
    assert reading(proposed).verdict("gentle").absolute


@pytest.fixture
def sign_in(client):
    def as_(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return as_


def post_screen(client, patient, **said):
    return client.post(reverse("treatments:red_flags", args=[patient.uid]), {"occasion": "intake", **said})


def test_a_yes_leads_to_the_emergency_page_and_every_way_to_treat_leads_there_too(plan, sign_in):
    therapist = sign_in(plan.author.user)
    page = reverse("treatments:emergency", args=[plan.patient.uid])
    assert post_screen(therapist, plan.patient, saddle_numbness="yes").url == page
    for name, uid in (("plan_new", plan.episode.uid), ("plan_revise", plan.uid), ("plan_accept", plan.uid)):
        for method in (therapist.get, therapist.post):
            assert method(reverse(f"treatments:{name}", args=[uid])).url == page, name
    text = therapist.get(page).content.decode()
    assert "Emergency department today" in text
    assert "saddle" in text
    assert "<form" not in text.partition("<main")[2].partition("</main>")[0], "there is nothing to press"
    chart = therapist.get(reverse("treatments:chart", args=[make.a_note(plan).uid])).content.decode()
    assert "no treatment" in chart


def test_the_emergency_ends_as_it_should(plan, sign_in):
    therapist = sign_in(plan.author.user)
    post_screen(therapist, plan.patient, saddle_numbness="yes")
    url = reverse("treatments:clearance", args=[plan.patient.uid])
    answer = therapist.post(
        url,
        {"flags": ["saddle_numbness"], "clinician": "Dr. Ito", "seen_on": "2026-11-24", "words": "MRI clear."},
    )
    assert answer.status_code == 303
    assert red_flags.emergency(plan.patient) == {Flag.SADDLE_NUMBNESS}
    assert "MRI clear." in therapist.get(reverse("treatments:emergency", args=[plan.patient.uid])).content.decode()
    post_screen(therapist, plan.patient, saddle_numbness="no")
    assert red_flags.emergency(plan.patient) == frozenset()


def test_a_clearance_with_nothing_said_is_refused_and_keeps_what_was_typed(plan, sign_in):
    ask(plan.patient, weight_loss=YES)
    url = reverse("treatments:clearance", args=[plan.patient.uid])
    answer = sign_in(plan.author.user).post(url, {"flags": ["weight_loss"], "clinician": "Dr. Ito", "words": ""})
    assert answer.status_code == 422
    assert "Dr. Ito" in answer.content.decode()


def test_the_front_desk_asks_but_does_not_clear(plan, sign_in):
    desk = sign_in(people.front_desk())
    assert post_screen(desk, plan.patient, weight_loss="yes").status_code == 303
    assert desk.get(reverse("treatments:clearance", args=[plan.patient.uid])).status_code == 403


def test_a_time_without_a_dose_is_asked_about(plan, sign_in):
    url = reverse("treatments:asked_today", args=[plan.patient.uid])
    answer = sign_in(plan.author.user).post(url, {"dose": "not_asked", "last_dose": "08:00"})
    assert answer.status_code == 422
    assert "Say yes if there was a dose" in answer.content.decode()


def test_from_the_chart_the_questions_of_the_day_lead_back_to_it(plan, sign_in):
    note = make.a_note(plan)
    url = reverse("treatments:asked_today", args=[plan.patient.uid])
    therapist = sign_in(plan.author.user)
    back = therapist.post(f"{url}?note={note.uid}", {"dose": "no", "way_home": "public"})
    assert back.url == reverse("treatments:chart", args=[note.uid])
    other = make.a_note(make.a_plan(make.an_episode(make.a_patient(family_name="Other"))))
    elsewhere = therapist.post(f"{url}?note={other.uid}", {"dose": "no"})
    assert elsewhere.url == reverse("treatments:patient_panel", args=[plan.patient.uid])


# -- The booking ---------------------------------------------------------------------------------------


def test_a_booking_is_told_what_stands(plan):
    assert red_flags.hold(plan.patient) == ""
    ask(plan.patient, night_pain=YES)
    assert red_flags.hold(plan.patient) == "", "one weak flag holds nothing"
    ask(plan.patient, weight_loss=YES)
    assert red_flags.hold(plan.patient) == "held"
    ask(plan.patient, leg_deficit=YES)
    assert red_flags.hold(plan.patient) == "emergency"


@pytest.mark.parametrize(
    ("stands", "rule", "blocks"), [("emergency", "BOOK-28", True), ("held", "BOOK-29", False), ("", None, None)]
)
def test_the_booking_rules_say_it_without_a_clinical_word(stands, rule, blocks):
    facts = booking_rules.PlanFacts(True, True, True, 6, 0, 0, red_flags=stands)
    day = make.TODAY
    snapshot = booking_rules.Snapshot(
        day, day, "Tara", "Clinic", True, True, True, "", True, False, True, None, True, facts
    )  # fmt: skip
    found = booking_rules.findings(snapshot)
    assert [(f.rule, f.blocks) for f in found] == ([(rule, blocks)] if rule else [])
    assert not any(word in f.message.lower() for f in found for word in ("cauda", "cancer", "numb", "bladder"))


@pytest.mark.parametrize(("layer", "concern"), [("avoid", Concern.AVOID_ZONE), ("numbness", Concern.NEUROPATHY)])
def test_what_is_marked_on_the_body_chart_reaches_the_gate_at_its_place(plan, layer, concern):
    BodyMark.objects.create(note=make.a_note(plan), region="neck_left", layer=layer)
    found = reading(plan)
    assert [mark.concern for mark in found.snapshot.places] == [concern]
    here, elsewhere = found.verdict("deep_tissue", ["neck_left"]), found.verdict("deep_tissue", ["low_back_left"])
    assert here.word == "blocked"
    rule = "CON-24" if layer == "avoid" else "CON-11"
    assert rule not in {f.rule for f in elsewhere.absolute}
