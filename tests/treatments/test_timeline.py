"""The pages of whether it helps: one timeline, measures taken on them, the diary, and the owner's pages."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import time as clocks
from clinic.models import AuditEvent
from patients import consent
from tests.factories import outcomes as make
from tests.factories import people
from tests.factories import treatments as care
from tests.factories.treatments import NOW, TODAY
from treatments import notes, plans, spasms, timeline
from treatments.models import Measurement, MeasureRequest, MeasureThreshold, OutcomeRules, SpasmDiary
from treatments.outcomes.verdicts import Word

pytestmark = pytest.mark.django_db
TZ = ZoneInfo("America/New_York")


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)


@pytest.fixture
def ana():
    return care.a_patient(email="ana@patients.example", preferred_channel="email")


@pytest.fixture
def episode(ana):
    return care.an_episode(ana)


@pytest.fixture
def therapist(ana):
    return make.a_therapist_of(ana).user


def url(name, patient, *more):
    return reverse(f"treatments:{name}", args=[patient.uid, *more])


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def of(patient, episode=None, by=None):
    return timeline.of_patient(patient, episode, by=by or people.a_therapist(), today=TODAY, tz=TZ)


# -- What is gathered ------------------------------------------------------------------------------------


def test_a_curve_has_its_values_its_verdict_and_the_same_figures_for_the_picture(ana, therapist):
    make.a_course(ana, 8, 6, 3, by=therapist)
    found = of(ana)
    (curve,) = found.curves
    assert [(v.on, v.value) for v in curve.values] == [
        (TODAY - timedelta(days=14), 8), (TODAY - timedelta(days=7), 6), (TODAY, 3),
    ]  # fmt: skip
    assert curve.verdict.word is Word.BETTER
    (drawn,) = timeline.drawn(found, today=TODAY)["curves"]
    assert [y for _, y in drawn["points"]] == [8, 6, 3]
    assert drawn["points"][2][0] == (TODAY - date(1970, 1, 1)).days
    assert {band["kind"] for band in drawn["bands"]} == {"noise", "important"}


def test_a_struck_out_value_is_on_no_curve(ana, therapist):
    first, *_ = make.a_course(ana, 9, 6, 3, by=therapist)
    from treatments import measuring

    measuring.strike(first, reason="Wrong patient", by=therapist, now=NOW)
    assert [v.value for v in of(ana).curves[0].values] == [6, 3]


def test_each_trouble_has_a_timeline_of_its_own(ana, episode, therapist):
    other = care.an_episode(ana, title="Knee")
    make.a_course(ana, 8, 4, by=therapist, episode=episode)
    make.a_course(ana, 2, by=therapist, episode=other)
    assert [v.value for v in of(ana, episode).curves[0].values] == [8, 4]
    assert [v.value for v in of(ana, other).curves[0].values] == [2]


def test_other_activities_begin_a_curve_of_their_own(ana, therapist):
    make.a_measurement(ana, "psfs", by=therapist, days_ago=14)
    named = [["Rowing", 1], ["Gardening", 3], ["Driving", 5]]
    make.a_measurement(ana, "psfs", {"activities": named}, by=therapist, days_ago=7)
    make.a_measurement(ana, "psfs", {"activities": [[name, n + 3] for name, n in named]}, by=therapist)
    (curve,) = of(ana).curves
    assert [v.value for v in curve.values] == [3, 6]
    assert curve.verdict.word is Word.BETTER


def test_sessions_medication_and_exercises_lie_beside_the_curves(ana, episode, therapist):
    author = make.a_therapist_of(ana)
    plan = care.a_plan(episode, author=author, exercises=care.some_exercises())
    care.a_medication(ana, started_on=TODAY - timedelta(days=20), started_precision="day")
    note = care.a_signed_note(plan, service_at=NOW - timedelta(days=4))
    make.a_course(ana, 8, 5, by=therapist, episode=episode)
    found = of(ana, episode)
    (session,) = found.sessions
    assert session.uid == note.uid
    assert sum(session.techniques.values()) == note.minutes
    assert found.medicines[0].began == TODAY - timedelta(days=20)
    kinds = {lane["kind"] for lane in timeline.drawn(found, today=TODAY)["lanes"]}
    assert {"medicine", *session.techniques} <= kinds


def test_of_a_note_that_is_kept_private_only_the_day_is_told(ana, episode, therapist, as_):
    author = make.a_therapist_of(ana)
    plan = care.a_plan(episode, author=author)
    note = care.a_note(plan, service_at=NOW - timedelta(days=4))
    content = care.some_content(privacy="private")
    note = notes.save_draft(note, content=content, revision=note.revision, by=author.user, now=NOW)
    notes.sign(note, revision=note.revision, by=author.user, now=NOW)
    (hers,) = of(ana, episode, by=author.user).sessions
    (others,) = of(ana, episode, by=therapist).sessions
    assert (hers.uid, hers.pain_before) == (note.uid, 6)
    assert (others.on, others.uid, others.techniques, others.pain_before) == (hers.on, None, {}, None)
    said = words(as_(therapist).get(url("timeline", ana)))
    assert "The note is kept private" in said


def test_what_the_patient_ticked_at_home_is_counted_by_day(ana, episode, therapist):
    from treatments.models import ExercisePrescription, HomeTick

    care.a_plan(episode, author=make.a_therapist_of(ana), exercises=care.some_exercises())
    first, second = ExercisePrescription.objects.order_by("pk")
    for prescription, done in ((first, True), (second, True)):
        HomeTick.objects.create(prescription=prescription, on=TODAY, done=done, said_at=NOW)
    HomeTick.objects.create(prescription=first, on=TODAY - timedelta(days=1), done=False, said_at=NOW)
    assert of(ana, episode).at_home == [(TODAY, 2)]


def test_a_goal_of_the_plan_is_drawn_and_reached_twice_proposes_discharge(ana, episode, therapist):
    author = make.a_therapist_of(ana)
    goal = plans.GoalPart("nprs", baseline=Decimal(8), target=Decimal(3))
    care.a_plan(episode, author=author, goals=(goal,))
    make.a_course(ana, 8, 3, 2, by=therapist, episode=episode)
    found = of(ana, episode)
    assert found.curves[0].target == 3
    assert [p.rule for p in found.prompts] == ["OUT-04"]


# -- The diary on the timeline ---------------------------------------------------------------------------


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC) if day > 20 else datetime(2026, 11, day, hour, tzinfo=UTC)


def test_whole_weeks_of_the_diary_are_reckoned_and_the_days_at_its_ends_left_out(ana, therapist):
    diary = SpasmDiary(patient=ana, opened_at=datetime(2026, 11, 2, 15, tzinfo=UTC))
    link = make.link_for(make.a_diary(ana, by=therapist, days_ago=30), now=NOW - timedelta(days=30))
    entries = [make.a_spasm(link, severity=s, at=at(day)) for day, s in ((2, 9), (5, 4), (9, 6), (11, 2), (24, 9))]
    weeks = spasms.stretches([diary], entries, today=date(2026, 11, 17), tz=TZ, days=7)
    assert [(w.first.day, w.last.day, w.count.events, w.count.days) for w in weeks] == [(3, 9, 2, 7), (10, 16, 1, 7)]
    assert [w.severity for w in weeks] == [Decimal("5.0"), Decimal("2.0")]


def test_the_rate_a_week_has_its_exact_interval_and_fortnights_are_compared(ana, therapist):
    diary = make.a_diary(ana, by=therapist, days_ago=29)
    link = make.link_for(diary, now=NOW - timedelta(days=29))
    for day in range(28, 14, -1):
        make.a_spasm(link, severity=6, at=NOW - timedelta(days=day))
    for day in (10, 4):
        make.a_spasm(link, severity=3, at=NOW - timedelta(days=day))
    often, bad = of(ana).curves
    assert (often.key, bad.key) == ("spasms_per_week", "spasm_severity")
    assert [v.value for v in often.values] == [7, 7, 1, 1]
    assert (round(often.values[0].interval.low, 2), round(often.values[0].interval.high, 2)) == (2.81, 14.42)
    assert often.verdict.word is Word.BETTER
    assert (often.verdict.since_first.before, often.verdict.since_first.after) == (7, 1)
    assert bad.verdict.word is Word.BETTER


# -- Pages -----------------------------------------------------------------------------------------------


def test_the_timeline_says_in_words_and_tables_what_the_picture_shows(ana, therapist, as_):
    make.a_course(ana, 8, 6, 3, by=therapist)
    answer = as_(therapist).get(url("timeline", ana))
    said = words(answer)
    assert answer.status_code == 200
    assert "Better: reliable and important" in said
    assert "8 → 3" in said
    assert "Tue 24 Nov 2026 3" in said
    assert "Childs" in said
    figures = json.loads(re.search(r'id="timeline-figures"[^>]*>(.*?)</script>', answer.content.decode()).group(1))
    assert [y for _, y in figures["curves"][0]["points"]] == [8, 6, 3]
    assert AuditEvent.objects.filter(action="patient.timeline.viewed", patient_uid=ana.uid).count() == 1


def test_of_a_long_history_the_tables_show_the_newest_and_lead_to_all(ana, episode, therapist, as_):
    make.a_course(ana, *(n % 11 for n in range(30)), by=therapist, every=1, episode=episode)
    client, shown = as_(therapist), re.compile("measurement/[0-9a-f-]{36}/strike/")
    first = client.get(url("timeline", ana)).content.decode()
    assert len(shown.findall(first)) == 24
    assert "6 earlier" in first
    (curve,) = timeline.drawn(of(ana, episode), today=TODAY)["curves"]
    assert len(curve["points"]) == 30
    whole = client.get(url("timeline", ana), {"episode": episode.uid, "all": "1"}).content.decode()
    assert len(shown.findall(whole)) == 30
    assert "earlier</a>" not in whole


def test_who_is_worse_is_met_by_a_prompt_to_stop(ana, therapist, as_):
    make.a_course(ana, 4, 7, by=therapist)
    said = words(as_(therapist).get(url("timeline", ana)))
    assert "Stop and review: worse by more than noise." in said
    assert "OUT-01" in said


def test_without_any_measure_the_page_offers_the_first_step(ana, therapist, as_):
    assert "Nothing has been measured yet" in words(as_(therapist).get(url("timeline", ana)))


PAGES = ["timeline", "outcomes_panel", "measures_ask", "spasm_diary"]


@pytest.mark.parametrize("name", PAGES)
def test_only_the_care_team_sees_how_it_stands(ana, therapist, as_, name):
    assert as_(therapist).get(url(name, ana)).status_code == 200
    assert as_(care.a_practitioner().user).get(url(name, ana)).status_code == 404
    assert as_(people.front_desk()).get(url(name, ana)).status_code == 403
    assert as_(people.an_owner()).get(url(name, ana)).status_code == 403


def queries(client, address) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize("name", ["timeline", "outcomes_panel", "spasm_diary"])
def test_a_page_costs_the_same_however_much_was_measured_and_done(ana, episode, therapist, as_, name):
    author = make.a_therapist_of(ana)
    plan = care.a_plan(episode, author=author, exercises=care.some_exercises())
    link = make.link_for(make.a_diary(ana, by=therapist, days_ago=60), now=NOW - timedelta(days=60))

    def more(n):
        make.a_measurement(ana, by=therapist, days_ago=n, episode=episode)
        care.a_signed_note(plan, service_at=NOW - timedelta(days=4 + n))
        make.a_spasm(link, at=NOW - timedelta(days=n))
        care.a_medication(ana, name=f"Drug {n}")

    client = as_(therapist)
    more(1)
    client.get(url(name, ana))
    one = queries(client, url(name, ana))
    for n in (2, 3, 4):
        more(n)
    assert queries(client, url(name, ana)) == one


# -- Taking a measure ------------------------------------------------------------------------------------

POSTED = {
    "nprs": {"answer": "4"},
    "groc": {"answer": "-2"},
    "rmdq": {"ticked": ["1", "24"]},
    "psfs": {f"name_{n}": f"Activity {n}" for n in range(3)} | {f"rating_{n}": "5" for n in range(3)},
    "odi": {"points": "16", "answered": "9"},
    "rom": {"lumbar_flexion": "40", "neck_flexion": "35"},
}


@pytest.mark.parametrize("slug", POSTED)
def test_every_measure_has_a_page_and_is_recorded_from_it(ana, episode, therapist, as_, slug):
    client = as_(therapist)
    assert client.get(url("measure_take", ana, slug)).status_code == 200
    typed = POSTED[slug] | {"taken_on": "2026-11-24", "episode": str(episode.uid)}
    assert client.post(url("measure_take", ana, slug), typed).status_code == 303
    taken = Measurement.objects.filter(measure=slug)
    assert taken.count() == (2 if slug == "rom" else 1)
    assert {(m.taken_at, m.episode) for m in taken} == {(NOW, episode)}


def test_every_statement_of_roland_morris_is_on_the_page_with_its_source(ana, therapist, as_):
    from django.utils.html import escape

    from treatments.outcomes import rmdq

    page = as_(therapist).get(url("measure_take", ana, "rmdq")).content.decode()
    assert all(escape(item) in page for item in (*rmdq.ITEMS, *rmdq.INSTRUCTION))
    assert "Spine 1983;8:141-144" in page


@pytest.mark.parametrize(
    ("slug", "typed", "sentence"),
    [
        ("nprs", {}, "Choose one number."),
        ("nprs", {"answer": "12"}, "Choose one number."),
        ("psfs", {"name_0": "Walking", "rating_0": "3"}, "Name 3 to 5 activities."),
        ("psfs", {f"name_{n}": f"A{n}" for n in range(3)}, "Rate each activity"),
        ("odi", {"points": "47", "answered": "9"}, "at most 45 points"),
        ("odi", {"points": "20", "percent": "40"}, "not both"),
        ("rom", {}, "Enter at least one movement."),
        ("rom", {"neck_flexion": "400"}, "0 to 360"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(ana, as_, slug, typed, sentence):
    therapist = make.a_therapist_of(ana).user
    answer = as_(therapist).post(url("measure_take", ana, slug), typed | {"taken_on": "2026-11-24", "episode": ""})
    assert answer.status_code == 422
    assert sentence in words(answer)
    if "name_0" in typed:
        assert f'value="{typed["name_0"]}"' in answer.content.decode()
    assert not Measurement.objects.exists()


def test_a_measure_may_be_written_down_later_but_not_before_its_day(ana, therapist, as_):
    client = as_(therapist)
    typed = {"answer": "4", "episode": ""}
    assert client.post(url("measure_take", ana, "nprs"), typed | {"taken_on": "2026-11-25"}).status_code == 422
    assert client.post(url("measure_take", ana, "nprs"), typed | {"taken_on": "2026-11-20"}).status_code == 303
    assert Measurement.objects.get().taken_at == datetime(2026, 11, 20, 17, tzinfo=UTC)


def test_the_second_time_the_same_activities_are_rated(ana, therapist, as_):
    make.a_measurement(ana, "psfs", by=therapist, days_ago=7)
    client = as_(therapist)
    page = client.get(url("measure_take", ana, "psfs")).content.decode()
    assert "Lifting my son" in page
    assert 'name="name_0"' not in page
    assert 'name="name_0"' in client.get(url("measure_take", ana, "psfs") + "?anew=1").content.decode()
    typed = {"rating_0": "6", "rating_1": "5", "rating_2": "9", "taken_on": "2026-11-24", "episode": ""}
    assert client.post(url("measure_take", ana, "psfs"), typed).status_code == 303
    latest = Measurement.objects.newest_first().first()
    assert latest.answers["activities"] == [["Walking", 6], ["Lifting my son", 5], ["Sleeping through", 9]]


def test_a_measure_that_is_not_one_is_not_found(ana, therapist, as_):
    for slug in ("spasms_per_week", "blood-pressure"):
        assert as_(therapist).get(url("measure_take", ana, slug)).status_code == 404


def test_a_measurement_is_struck_out_from_its_table(ana, therapist, as_):
    taken = make.a_measurement(ana, by=therapist)
    client = as_(therapist)
    strike = reverse("treatments:measure_strike", args=[taken.uid])
    assert strike in client.get(url("timeline", ana)).content.decode()
    assert client.post(strike, {"reason": ""}).status_code == 422
    assert client.post(strike, {"reason": "Asked twice"}).status_code == 303
    assert client.get(strike).status_code == 404


# -- Links, from the clinic's side -----------------------------------------------------------------------


def test_questions_are_asked_and_taken_back(ana, episode, therapist, as_):
    client = as_(therapist)
    answer = client.post(url("measures_ask", ana), {"measures": ["nprs", "rmdq"], "how": "show"})
    assert answer.status_code == 200
    assert "/v/questions/" in answer.content.decode()
    request = MeasureRequest.objects.get()
    assert request.episode == episode
    assert "Asked by link" in words(client.get(url("timeline", ana)))
    assert client.post(reverse("treatments:measures_withdraw", args=[request.uid])).status_code == 303
    assert not MeasureRequest.objects.open().exists()


def test_who_agreed_is_written_to_and_who_did_not_is_not(ana, therapist, as_):
    client = as_(therapist)
    assert client.post(url("measures_ask", ana), {"measures": ["nprs"], "how": "send"}).status_code == 422
    assert not MeasureRequest.objects.exists(), "no question is left behind without a link"
    consent.record(patient=ana, channel="email", given=True, by=therapist, now=NOW)
    assert client.post(url("measures_ask", ana), {"measures": ["nprs"], "how": "send"}).status_code == 303


def test_the_diary_is_opened_renewed_and_closed(ana, therapist, as_):
    client = as_(therapist)
    assert "Not kept yet" in words(client.get(url("spasm_diary", ana)))
    for _ in range(2):
        answer = client.post(url("spasm_diary_link", ana), {"how": "show"})
        assert "/v/diary/" in answer.content.decode()
    diary = SpasmDiary.objects.get()
    assert client.post(reverse("treatments:spasm_diary_revoke", args=[diary.uid])).status_code == 303
    assert client.post(reverse("treatments:spasm_diary_close", args=[diary.uid])).status_code == 303
    assert "Closed" in words(client.get(url("spasm_diary", ana)))
    assert client.post(url("spasm_diary_link", ana), {"how": "send"}).status_code == 422
    assert SpasmDiary.objects.count() == 1, "no diary is opened for a link that cannot be sent"


def test_the_chart_shows_the_spasms_since_last_time(ana, episode, therapist, as_):
    plan = care.a_plan(episode, author=make.a_therapist_of(ana))
    care.a_signed_note(plan, service_at=NOW - timedelta(days=4))
    link = make.link_for(make.a_diary(ana, by=therapist, days_ago=20), now=NOW - timedelta(days=20))
    make.a_spasm(link, severity=9, at=NOW - timedelta(days=10))
    make.a_spasm(link, severity=6, at=NOW - timedelta(days=1))
    answer = as_(therapist).get(url("outcomes_panel", ana), headers={"HX-Request": "true"})
    said = words(answer)
    assert "<html" not in answer.content.decode()
    assert "since Fri 20 Nov 2026: 1" in said
    assert "6 of 10" in said
    assert "9 of 10" not in said


# -- The owner -------------------------------------------------------------------------------------------


def a_result(cause="lifting", scores=(8, 4), **facts):
    patient = care.a_patient(family_name=f"Unseen{Measurement.objects.count()}")
    by = people.a_therapist()
    made = care.an_episode(patient, cause=cause, **facts)
    make.a_course(patient, *scores, by=by, episode=made)


def test_what_works_shows_groups_with_intervals_and_nobody(as_):
    for n in range(5):
        a_result(scores=(8, 3 + n % 2))
    a_result("fall")
    answer = as_(people.an_owner()).get(reverse("treatments:what_works"))
    said = words(answer)
    assert "Without hands-on work Lifting or carrying 5 4.6 3.9 to 5.3 100 %" in said
    assert answer.content.decode().count('data-label="Patients"') == 1, "the fall alone is too small, and in no total"
    assert "Unseen" not in said


def test_what_works_costs_the_same_however_many_there_are(as_):
    client = as_(people.an_owner())
    a_result()
    client.get(reverse("treatments:what_works"))
    one = queries(client, reverse("treatments:what_works"))
    for _ in range(3):
        a_result()
    assert queries(client, reverse("treatments:what_works")) == one


def test_only_the_owner_sees_what_works_and_sets_thresholds(as_):
    for name in ("what_works", "thresholds", "outcome_rules"):
        address = reverse(f"treatments:{name}")
        assert as_(people.an_owner()).get(address).status_code == 200
        assert as_(people.front_desk()).get(address).status_code == 403
        assert as_(care.a_practitioner().user).get(address).status_code == 403


def test_the_owner_sets_a_threshold_and_verdicts_go_by_it(ana, therapist, as_):
    make.a_course(ana, 7, 5, by=therapist)
    assert of(ana).curves[0].verdict.word is Word.BETTER
    client, address = as_(people.an_owner()), reverse("treatments:threshold_change", args=["nprs"])
    typed = {"mdc": "3", "mic": "3", "mic_percent": "", "sure_from": "", "sure_to": "", "citation": "Ours", "seen": "1"}
    assert client.post(address, typed | {"citation": ""}).status_code == 422
    assert client.post(address, typed | {"mdc": "11"}).status_code == 422
    assert client.post(address, typed).status_code == 303
    assert client.post(address, typed).status_code == 409
    assert MeasureThreshold.objects.get().version == 2
    assert of(ana).curves[0].verdict.word is Word.SAME
    assert "as Tonus comes" in words(client.get(address))
    movement = reverse("treatments:threshold_of_movement", args=["rom", "neck_flexion"])
    assert client.get(movement).status_code == 200
    for nothing in (reverse("treatments:threshold_change", args=["rom"]), movement.replace("neck_flexion", "tail")):
        assert client.get(nothing).status_code == 404


def test_the_owner_sets_the_rules(as_):
    client, address = as_(people.an_owner()), reverse("treatments:outcome_rules")
    typed = {"goal_times": "3", "visits_without_change": "8", "smallest_group": "10", "citation": "Ours", "seen": "1"}
    assert client.post(address, typed | {"smallest_group": "1"}).status_code == 422
    assert client.post(address, typed).status_code == 303
    assert client.post(address, typed).status_code == 409
    assert OutcomeRules.objects.get().smallest_group == 10
