"""Measures are written once, by staff or by link; the clinic's thresholds have versions."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from clinic import links
from clinic.links import Purpose
from clinic.models import ActionLink, AuditEvent, OutboundMessage
from patients import consent
from tests.factories import outcomes as make
from tests.factories import people
from tests.factories import treatments as care
from tests.factories.treatments import NOW
from treatments import asking, judging, measuring, spasms
from treatments.judging import ThresholdRefused
from treatments.measuring import MeasureRefused
from treatments.models import Measurement, MeasureRequest, MeasureThreshold, OutcomeRules, SpasmDiary, SpasmEntry
from treatments.spasms import DiaryRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return care.a_patient(email="ana@patients.example", preferred_channel="email")


@pytest.fixture
def therapist(ana):
    return make.a_therapist_of(ana).user


# -- Taking ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "value"), [("nprs", "7"), ("groc", "3"), ("rmdq", "12"), ("psfs", "4"), ("odi", "35.6"), ("rom", "40")]
)
def test_answers_become_a_score_and_are_kept_beside_it(ana, therapist, measure, value):
    taken = make.a_measurement(ana, measure, by=therapist)
    taken.refresh_from_db()
    assert taken.value == Decimal(value)
    assert taken.answers == make.ANSWERS[measure]
    assert taken.recorded_by == therapist
    said = AuditEvent.objects.get(action="measurement.added")
    assert (said.patient_uid, said.detail) == (ana.uid, {})


@pytest.mark.parametrize(
    ("measure", "answers", "sentence"),
    [
        ("nprs", {}, "Choose one number"),
        ("nprs", {"answer": 12}, "0 to 10"),
        ("psfs", {"activities": [["Walking", 4], ["walking", 5], ["Lifting", 3]]}, "once"),
        ("odi", {}, "Enter the points"),
        ("odi", {"points": 60}, "at most 50"),
        ("odi", {"percent": "101"}, "0 to 100"),
        ("spasms_per_week", {"answer": 3}, "not measured here"),
    ],
)
def test_what_makes_no_score_is_refused_with_a_sentence(ana, therapist, measure, answers, sentence):
    with pytest.raises(MeasureRefused, match=sentence):
        make.a_measurement(ana, measure, answers, by=therapist)
    assert not Measurement.objects.exists()


def test_neither_another_patients_episode_nor_a_day_to_come(ana, therapist):
    other = care.an_episode(care.a_patient(given_name="Bo"))
    with pytest.raises(MeasureRefused, match="another patient"):
        make.a_measurement(ana, by=therapist, episode=other)
    with pytest.raises(MeasureRefused, match="still to come"):
        make.a_measurement(ana, by=therapist, taken_at=NOW + timedelta(minutes=1))


def test_a_wrong_one_is_struck_out_once_with_a_reason(ana, therapist):
    taken = make.a_measurement(ana, by=therapist)
    with pytest.raises(MeasureRefused, match="Say why"):
        measuring.strike(taken, reason=" ", by=therapist, now=NOW)
    measuring.strike(taken, reason="Asked about the knee", by=therapist, now=NOW)
    assert not Measurement.objects.standing().exists()
    with pytest.raises(MeasureRefused, match="struck out"):
        measuring.strike(taken, reason="Again", by=therapist, now=NOW)


@pytest.mark.parametrize("change", ["value = 1", "taken_at = now()", "answers = '{}'", "recorded_by_id = NULL"])
def test_the_database_refuses_to_change_a_measurement(ana, therapist, change):
    make.a_measurement(ana, by=therapist)
    with pytest.raises(DatabaseError, match=r"never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE treatments_measurement SET {change}")


def test_the_database_refuses_to_remove_a_measurement_or_an_entry(ana, therapist):
    make.a_measurement(ana, by=therapist)
    make.a_spasm(make.link_for(make.a_diary(ana, by=therapist)))
    for table in ("measurement", "spasmentry"):
        with pytest.raises(DatabaseError, match=r"never removed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM treatments_{table}")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"measure": "nprs", "value": 11}, "a_measurement_is_on_its_scale"),
        ({"measure": "spasms_per_week", "value": 3}, "a_measurement_is_on_its_scale"),
        ({"measure": "rom", "value": 30}, "a_range_of_motion_and_only_one_names_its_movement"),
        ({"measure": "nprs", "value": 3, "recorded_by": None}, "a_measurement_was_taken_by_staff_or_answers_a_request"),
    ],
)
def test_the_database_refuses_what_never_must_be(ana, therapist, values, name):
    facts = {"patient": ana, "taken_at": NOW, "recorded_at": NOW, "recorded_by": therapist} | values
    with pytest.raises(DatabaseError, match=name), transaction.atomic():
        Measurement.objects.create(**facts)


# -- Asking ----------------------------------------------------------------------------------------------


def test_questions_are_sent_to_who_agreed_and_say_nothing_of_why(ana, therapist):
    consent.record(patient=ana, channel="email", given=True, by=therapist, now=NOW)
    request = make.some_questions(ana, "nprs", "rmdq", by=therapist)
    asking.send(request, by=therapist, now=NOW)
    message = OutboundMessage.objects.get()
    assert (message.to_address, message.purpose, message.state) == (ana.email, "questions", "planned")
    assert (message.link_purpose, message.link_expires_at) == ("measures", request.runs_out_at)
    for private in ("pain", "Roland", "spasm", "diary", "Núñez"):
        assert private.lower() not in (message.title + message.text).lower()


def test_a_name_that_looks_like_a_link_is_only_a_name(therapist):
    odd = care.a_patient(given_name="{link}", email="odd@patients.example", preferred_channel="email")
    consent.record(patient=odd, channel="email", given=True, by=therapist, now=NOW)
    asking.send(make.some_questions(odd, by=therapist), by=therapist, now=NOW)
    message = OutboundMessage.objects.get()
    assert message.text.startswith("Hello (link),")
    assert message.text.count("{link}") == 1


@pytest.mark.parametrize("given", [None, False])
def test_who_did_not_agree_is_not_written_to(ana, therapist, given):
    if given is not None:
        consent.record(patient=ana, channel="email", given=given, by=therapist, now=NOW)
    request = make.some_questions(ana, by=therapist)
    with pytest.raises(MeasureRefused, match="no address this patient agreed"):
        asking.send(request, by=therapist, now=NOW)
    assert not OutboundMessage.objects.exists()


def test_a_link_that_is_shown_ends_the_one_before(ana, therapist):
    request = make.some_questions(ana, by=therapist)
    first, second = (asking.show(request, by=therapist, now=NOW).rstrip("/").split("/")[-1] for _ in range(2))
    assert links.resolve(first, Purpose.MEASURES, NOW) is None
    assert links.resolve(second, Purpose.MEASURES, NOW) is not None


def test_a_message_that_has_not_left_brings_no_second_link(ana, therapist):
    consent.record(patient=ana, channel="email", given=True, by=therapist, now=NOW)
    request = make.some_questions(ana, by=therapist)
    asking.send(request, by=therapist, now=NOW)
    asking.send(request, by=therapist, now=NOW)
    assert sorted(OutboundMessage.objects.values_list("state", flat=True)) == ["planned", "suppressed"]
    asking.show(request, by=therapist, now=NOW)
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {"suppressed"}


@pytest.mark.parametrize(
    ("measures", "sentence"),
    [
        ((), "Choose what"),
        (("odi",), "in the clinic"),
        (("rom",), "in the clinic"),
        (("psfs",), "names the activities"),
    ],
)
def test_what_cannot_be_asked_from_afar_is_refused(ana, therapist, measures, sentence):
    with pytest.raises(MeasureRefused, match=sentence):
        asking.ask(patient=ana, measures=measures, by=therapist, now=NOW)


def test_activities_named_in_the_clinic_are_rated_again_by_link(ana, therapist):
    make.a_measurement(ana, "psfs", by=therapist, days_ago=7)
    request = make.some_questions(ana, "psfs", by=therapist)
    assert request.activities == ["Walking", "Lifting my son", "Sleeping through"]


def test_new_questions_about_the_same_take_the_place_of_old_ones(ana, therapist):
    old = make.some_questions(ana, "nprs", by=therapist)
    token = make.token_for(old)
    new = make.some_questions(ana, "nprs", "groc", by=therapist)
    assert list(MeasureRequest.objects.open()) == [new]
    assert links.resolve(token, Purpose.MEASURES, NOW) is None


def test_answers_by_link_are_the_patients_own_and_given_once(ana, therapist):
    request = make.some_questions(ana, "nprs", "groc", by=therapist)
    link = ActionLink.objects.get(digest=links.digest_of(make.token_for(request)))
    asking.answer(link=link, answers={"nprs": {"answer": 4}, "groc": {"answer": 2}}, now=NOW)
    taken = Measurement.objects.order_by("measure")
    assert [(m.measure, m.value, m.recorded_by, m.request) for m in taken] == [
        ("groc", 2, None, request),
        ("nprs", 4, None, request),
    ]
    with pytest.raises(MeasureRefused, match="already"):
        asking.answer(link=link, answers={"nprs": {"answer": 9}, "groc": {"answer": 2}}, now=NOW)
    with pytest.raises(MeasureRefused, match="answered meanwhile"):
        asking.withdraw(request, by=therapist, now=NOW)
    assert Measurement.objects.count() == 2


def test_an_answer_that_makes_no_score_leaves_everything_as_it_was(ana, therapist):
    request = make.some_questions(ana, "nprs", "groc", by=therapist)
    link = ActionLink.objects.get(digest=links.digest_of(make.token_for(request)))
    with pytest.raises(MeasureRefused):
        asking.answer(link=link, answers={"nprs": {"answer": 4}, "groc": {}}, now=NOW)
    link.refresh_from_db()
    assert (link.used_at, Measurement.objects.count()) == (None, 0)


# -- Thresholds ------------------------------------------------------------------------------------------


def a_threshold(**facts):
    wanted = {
        "measure": "nprs", "detail": "", "mdc": Decimal(3), "mic": None, "mic_percent": 40, "sure_from": None,
        "sure_to": None, "citation": "Our own audit, 2026", "seen": 1, "by": people.an_owner(), "now": NOW,
    }  # fmt: skip
    return judging.set_threshold(**(wanted | facts))


def test_a_clinics_threshold_takes_the_place_of_the_one_that_ships_and_names_its_source():
    assert judging.in_force()["nprs", ""].mdc == 2
    a_threshold()
    a_threshold(seen=2, mdc=Decimal("2.5"))
    now = judging.in_force()["nprs", ""]
    assert (now.version, now.mdc, now.mic, now.mic_percent, now.citation) == (
        3,
        Decimal("2.5"),
        None,
        40,
        "Our own audit, 2026",
    )
    assert [row.version for row in judging.history("nprs", "")] == [3, 2]
    assert judging.in_force()["rmdq", ""].version == 1


def test_of_two_owners_who_saw_the_same_version_the_second_is_told():
    a_threshold()
    with pytest.raises(ThresholdRefused, match="meanwhile"):
        a_threshold()


def test_thresholds_and_rules_are_never_changed_in_place():
    a_threshold()
    judging.set_rules(
        goal_times=3, visits_without_change=8, smallest_group=10, citation="Ours", seen=1, by=people.an_owner(), now=NOW
    )
    assert judging.rules().smallest_group == 10
    for model in (MeasureThreshold, OutcomeRules):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.update(citation="Other")


@pytest.mark.parametrize(
    "facts",
    [{"citation": ""}, {"mdc": Decimal(0)}, {"mic_percent": 0}, {"measure": "nprs", "seen": 1, "mic": Decimal(-1)}],
)
def test_the_database_refuses_a_threshold_without_source_or_size(facts):
    with pytest.raises(DatabaseError), transaction.atomic():
        a_threshold(**facts)


# -- The diary -------------------------------------------------------------------------------------------


def test_a_patient_keeps_one_diary(ana, therapist):
    first = make.a_diary(ana, by=therapist)
    assert make.a_diary(ana, by=therapist) == first
    with pytest.raises(DatabaseError, match="a_patient_keeps_one_spasm_diary"), transaction.atomic():
        SpasmDiary.objects.create(patient=ana, opened_at=NOW, opened_by=therapist)


def test_one_tap_is_one_spasm_however_often_it_arrives(ana, therapist):
    link = make.link_for(make.a_diary(ana, by=therapist))
    entry = make.a_spasm(link, severity=7)
    assert make.a_spasm(link, severity=7, key=entry.key) == entry
    assert SpasmEntry.objects.get().severity == 7
    assert AuditEvent.objects.filter(action="spasm.noted", actor_kind="link").count() == 1


@pytest.mark.parametrize("severity", [0, 11, -1])
def test_a_spasm_is_one_to_ten(ana, therapist, severity):
    with pytest.raises(DiaryRefused):
        make.a_spasm(make.link_for(make.a_diary(ana, by=therapist)), severity=severity)


def put_right(link, entry, now=NOW, **facts):
    said = {
        "severity": 3, "happened_at": entry.happened_at, "duration": "minutes", "trigger": "lifting",
        "stopped": ["work", "sleep"], "medication_taken": True,
    }  # fmt: skip
    return spasms.correct(link=link, entry=entry, now=now, **(said | facts))


def test_an_entry_is_put_right_within_a_day_and_what_it_said_before_is_kept(ana, therapist):
    link = make.link_for(make.a_diary(ana, by=therapist))
    entry = make.a_spasm(link, severity=8)
    put_right(link, entry, now=NOW + timedelta(hours=23))
    entry.refresh_from_db()
    assert (entry.severity, entry.stopped, entry.medication_taken) == (3, ["sleep", "work"], True)
    assert list(entry.events.order_by("pgh_id").values_list("severity", flat=True)) == [8, 3]
    with pytest.raises(DiaryRefused, match="no longer be changed"):
        put_right(link, entry, now=NOW + timedelta(days=1))
    with pytest.raises(DiaryRefused, match="no longer be changed"):
        spasms.remove(link=link, entry=entry, now=NOW + timedelta(days=1))


def test_an_entry_lies_in_the_time_of_its_diary(ana, therapist):
    link = make.link_for(make.a_diary(ana, by=therapist, days_ago=3))
    entry = make.a_spasm(link)
    with pytest.raises(DiaryRefused, match="still to come"):
        put_right(link, entry, happened_at=NOW + timedelta(minutes=1))
    with pytest.raises(DiaryRefused, match="too long ago"):
        put_right(link, entry, happened_at=NOW - timedelta(days=4))
    put_right(link, entry, happened_at=NOW - timedelta(days=2))


def test_another_patients_link_changes_nothing(ana, therapist):
    entry = make.a_spasm(make.link_for(make.a_diary(ana, by=therapist)))
    other = make.link_for(make.a_diary(care.a_patient(given_name="Bo"), by=therapist))
    with pytest.raises(DiaryRefused):
        put_right(other, entry)
    with pytest.raises(DiaryRefused):
        spasms.remove(link=other, entry=entry, now=NOW)


def test_what_was_taken_back_counts_no_more_and_stays(ana, therapist):
    link = make.link_for(make.a_diary(ana, by=therapist))
    entry = spasms.remove(link=link, entry=make.a_spasm(link), now=NOW)
    assert not SpasmEntry.objects.standing().exists()
    with pytest.raises(DatabaseError, match="taken back stays so"), transaction.atomic():
        SpasmEntry.objects.filter(pk=entry.pk).update(removed_at=None)


def test_closing_or_taking_back_the_link_ends_it(ana, therapist):
    diary = make.a_diary(ana, by=therapist)
    token = make.token_for(diary)
    spasms.take_back_link(diary, by=therapist, now=NOW)
    assert links.resolve(token, Purpose.SPASM_DIARY, NOW) is None
    link = make.link_for(diary)
    spasms.close(diary, by=therapist, now=NOW)
    with pytest.raises(DiaryRefused, match="closed"):
        make.a_spasm(link)
    assert make.a_diary(ana, by=therapist) != diary, "a new stretch of time is a new diary"
