"""The pages of the body chart: what is kept, what is refused, who sees it, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.models import AuditEvent
from tests.factories import people
from tests.factories import treatments as make
from treatments import bodychart
from treatments.body import atlas
from treatments.body.marks import Mark, fingerprint
from treatments.models import BodyMark

pytestmark = pytest.mark.django_db
PAIN = Mark("low_back_upper_left", "pain", 6, "Turning")


@pytest.fixture
def draft():
    return make.a_note()


def url(name, thing, **query):
    return reverse(f"treatments:body_{name}", args=[thing.uid], query=query)


def typed(*rows, seen="", **more):
    """What the list form posts: rows of what, where, how strong, note."""
    data = {"seen": seen, "mark-TOTAL_FORMS": len(rows) + 1, "mark-INITIAL_FORMS": 0}
    for n, row in enumerate((*rows, ())):
        for name, value in zip(("layer", "region", "intensity", "remark"), (*row, "", "", "", "")[:4], strict=True):
            data[f"mark-{n}-{name}"] = value
    return data | more


def a_signed(plan, *marks, days_ago=0, **facts):
    return make.a_signed_note(plan, marks=marks, service_at=make.NOW - timedelta(days=days_ago, hours=1), **facts)


# -- The list form ---------------------------------------------------------------------------------------


def test_the_list_form_marks_without_any_script(draft, as_):
    row = ("pain", "Low back above the waist, left", "6", "Turning")
    answer = as_(draft.author.user).post(url("chart", draft), typed(row, ("numbness", "nowhere")))
    assert answer.status_code == 303
    assert bodychart.marks_of(draft) == [PAIN, Mark("nowhere", "numbness")]
    page = as_(draft.author.user).get(url("chart", draft)).content.decode()
    assert 'value="Low back above the waist, left"' in page
    assert 'data-place="low_back_upper_left"' in page


def test_a_coarse_name_of_old_is_taken_as_well(draft, as_):
    as_(draft.author.user).post(url("chart", draft), typed(("pain", "Low back, left", "3")))
    assert bodychart.marks_of(draft) == [Mark("low_back_left", "pain", 3)]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (("pain", "Third arm, left", "3"), "Choose a place from the list"),
        (("pain", "", "3"), "This field is required"),
        (("", "Heel, left"), "This field is required"),
        (("pain", "Heel, left", "11"), "whole number from 0 to 10"),
        (("scar", "Heel, left", "3"), "Scar or adhesion is not rated"),
        (("pain", "Nowhere", "3"), "What is nowhere is not rated"),
        (("pain", "Shin, left", "5"), "marked in another row already"),
        (("pain", "nowhere"), "somewhere and nowhere"),
    ],
)
def test_a_row_that_is_not_right_says_so_and_holds_nothing_else_back(draft, as_, row, sentence):
    good = ("pain", "Shin, left", "2")
    answer = as_(draft.author.user).post(url("chart", draft), typed(good, row))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert bodychart.marks_of(draft) == [Mark("shin_left", "pain", 2)]


def test_a_row_is_taken_off_by_its_box(draft, as_):
    bodychart.save(draft, marks=[PAIN], seen="", by=draft.author.user, now=make.NOW)
    row = ("pain", "Low back above the waist, left", "6", "Turning")
    data = typed(row, seen=fingerprint([PAIN])) | {"mark-0-DELETE": "on"}
    assert as_(draft.author.user).post(url("chart", draft), data).status_code == 303
    assert bodychart.marks_of(draft) == []


def test_a_plain_form_from_another_window_is_shown_both_charts(draft, as_):
    bodychart.save(draft, marks=[PAIN], seen="", by=draft.author.user, now=make.NOW)
    answer = as_(draft.author.user).post(url("chart", draft), typed(("scar", "Heel, left")))
    assert answer.status_code == 409
    assert PAIN.words in answer.content.decode()
    assert 'value="Heel, left"' in answer.content.decode()
    assert bodychart.marks_of(draft) == [PAIN]


# -- Autosave --------------------------------------------------------------------------------------------


def test_autosave_keeps_what_is_valid_and_names_the_rest(draft, as_):
    answer = as_(draft.author.user).post(
        url("autosave", draft), typed(("pain", "Heel, left", "4"), ("pain", "Third arm", "4"))
    )
    assert answer.status_code == 200
    said = answer.json()
    assert said["seen"] == fingerprint([Mark("heel_left", "pain", 4)])
    assert "Choose a place" in said["unsaved"][0]
    assert bodychart.marks_of(draft) == [Mark("heel_left", "pain", 4)]


def test_autosave_from_another_window_answers_with_both(draft, as_):
    bodychart.save(draft, marks=[PAIN], seen="", by=draft.author.user, now=make.NOW)
    answer = as_(draft.author.user).post(url("autosave", draft), typed(("scar", "Heel, left")))
    assert answer.status_code == 409
    assert answer.json()["theirs"] == [PAIN.words]
    assert answer.json()["seen"] == fingerprint([PAIN])


def test_autosave_of_a_signed_chart_is_refused(as_):
    note = make.a_signed_note(marks=[PAIN])
    answer = as_(note.author.user).post(url("autosave", note), typed(("scar", "Heel, left")))
    assert answer.status_code == 422
    assert "Add an addendum instead" in answer.json()["refused"]


def test_a_get_of_autosave_is_no_way_in(draft, as_):
    assert as_(draft.author.user).get(url("autosave", draft)).status_code == 405


# -- Where it hangs --------------------------------------------------------------------------------------


def test_the_note_fetches_its_chart_and_has_a_plain_link_to_it(draft, as_):
    page = as_(draft.author.user).get(reverse("treatments:chart", args=[draft.uid])).content.decode()
    assert page.count(url("chart", draft)) == 2
    part = as_(draft.author.user).get(url("chart", draft), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "data-body-form" in part


def test_every_drawn_place_has_its_name_in_the_drawing(draft, as_):
    page = as_(draft.author.user).get(url("chart", draft)).content.decode()
    named = dict(re.findall(r'<path d="[^"]+" data-place="(\w+)"[^>]*><title>([^<]+)</title>', page))
    assert set(named) == set(atlas.DRAWN)
    assert all(named[name].startswith(atlas.label(name)) for name in named)


def test_the_signed_note_and_the_question_before_it_show_the_chart(client):
    note = make.a_written_note()
    bodychart.save(note, marks=[PAIN], seen="", by=note.author.user, now=make.NOW)
    sign = reverse("treatments:sign", args=[note.uid])
    client.post(reverse("account_login"), {"login": note.author.user.email, "password": people.PASSWORD})
    stale = client.post(sign, {"revision": note.revision, "marks": ""})
    assert stale.status_code == 409
    assert "Low back above the waist" in stale.content.decode()
    shown = re.search(r'name="marks" value="(\w+)"', stale.content.decode()).group(1)
    assert client.post(sign, {"revision": note.revision, "marks": shown}).status_code == 303
    assert 'data-layer="pain"' in client.get(reverse("treatments:note", args=[note.uid])).content.decode()


def test_what_stays_is_brought_over_by_one_button(as_):
    plan = make.a_plan()
    a_signed(plan, PAIN, Mark("knee_back_right", "scar"), days_ago=3)
    draft = make.a_note(plan)
    assert as_(draft.author.user).post(url("carry", draft)).status_code == 303
    assert bodychart.marks_of(draft) == [Mark("knee_back_right", "scar")]


# -- Across visits ---------------------------------------------------------------------------------------


def test_two_visits_are_compared_side_by_side_and_as_a_table(as_):
    plan = make.a_plan()
    old = a_signed(plan, PAIN, Mark("heel_left", "pain", 2), days_ago=5)
    new = a_signed(plan, Mark(PAIN.region, "pain", 3), Mark("shin_left", "pain", 1), days_ago=1)
    browser = as_(plan.author.user)
    page = browser.get(url("compare", plan.patient, before=new.uid, after=old.uid)).content.decode()
    for place, kind in (("Low back above the waist, left", "weaker"), ("Heel, left", "gone"), ("Shin, left", "new")):
        assert re.search(rf"{place}</th>.*?{kind}</span>", page.replace("\n", " "))
    assert page.index(f"/note/{old.uid}/") < page.index(f"/note/{new.uid}/")
    assert browser.get(url("compare", plan.patient)).content.decode().count('class="body-figures"') == 2


def test_one_visit_alone_is_not_compared(as_):
    plan = make.a_plan()
    a_signed(plan, PAIN)
    assert "Two visits" in as_(plan.author.user).get(url("compare", plan.patient)).content.decode()


def test_the_heat_map_counts_visits_and_leaves_out_who_was_not_asked(as_):
    plan = make.a_plan()
    a_signed(plan, PAIN, days_ago=5)
    a_signed(plan, Mark("nowhere", "pain"), days_ago=4)
    a_signed(plan, Mark("heel_left", "scar"), days_ago=3)
    page = as_(plan.author.user).get(url("heat", plan)).content.decode()
    assert "1 of 2" in page
    assert "50 %" in page
    assert 'data-heat="3"' in page
    assert (
        "No visit of this plan has spasm"
        in as_(plan.author.user).get(url("heat", plan, layer="spasm")).content.decode()
    )


def test_charts_of_another_patient_are_never_compared(as_):
    plan, other = make.a_plan(), make.a_plan(make.an_episode(make.a_patient(family_name="Other")))
    theirs = a_signed(other, Mark("heel_left", "pain", 9))
    mine = a_signed(plan, PAIN, days_ago=2)
    a_signed(plan, PAIN, days_ago=3)
    page = as_(plan.author.user).get(url("compare", plan.patient, before=theirs.uid, after=mine.uid)).content.decode()
    assert str(theirs.uid) not in page


@pytest.mark.parametrize("name", ["history", "compare", "heat"])
def test_a_look_across_visits_is_on_record(as_, name):
    plan = make.a_plan()
    a_signed(plan, PAIN)
    as_(plan.author.user).get(url(name, plan if name == "heat" else plan.patient))
    assert AuditEvent.objects.filter(action__startswith="body.", patient_uid=plan.patient.uid).count() == 1


@pytest.mark.parametrize("name", ["history", "compare", "heat", "chart"])
def test_the_front_desk_sees_no_body(as_, name):
    plan = make.a_plan()
    draft = make.a_note(plan)
    thing = {"heat": plan, "chart": draft}.get(name, plan.patient)
    assert as_(people.front_desk()).get(url(name, thing)).status_code == 403


@pytest.mark.parametrize("name", ["history", "compare", "heat", "chart"])
def test_a_chart_costs_the_same_with_one_visit_and_with_four(as_, name, django_assert_max_num_queries):
    plan = make.a_plan()
    a_signed(plan, PAIN, days_ago=9)
    a_signed(plan, PAIN, days_ago=8)
    draft = make.a_note(plan)
    thing = {"heat": plan, "chart": draft}.get(name, plan.patient)
    browser = as_(plan.author.user)

    def queries():
        with django_assert_max_num_queries(40) as counted:
            assert browser.get(url(name, thing)).status_code == 200
        return len(counted)

    queries()
    few = queries()
    for days in (1, 2, 3, 4):
        a_signed(plan, PAIN, Mark("heel_left", "scar"), Mark("shin_left", "avoid"), days_ago=days)
    assert queries() == few
    assert BodyMark.objects.count() == 14
