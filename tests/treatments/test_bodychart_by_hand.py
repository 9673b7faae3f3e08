"""The body chart in a real browser: marked by mouse, by finger and by keys, saved by itself, the list in step."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from clinic.models import Clinic
from tests.factories import treatments as make
from tests.factories.people import PASSWORD
from tests.journeys.people import DESK, IN_A_BROWSER, PHONE, TABLET, Person
from treatments import bodychart, notes
from treatments.body.marks import Mark
from treatments.models import SessionNote

pytestmark = [
    *IN_A_BROWSER,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def draft():
    """Today's note of a patient whose body was charted before."""
    Clinic.objects.get_or_create(name="Harbour Street Clinic")
    plan = make.a_plan()
    make.a_signed_note(plan, marks=make.some_marks(), service_at=make.NOW - timedelta(days=4))
    return make.a_note(plan)


@pytest.fixture
def at(browser, live_server, draft):
    """A therapist before a screen of this size, at the note."""
    people = []

    def before(screen):
        person = Person(browser, live_server.url, screen=screen, zone="America/New_York")
        person.sign_in(draft.author.user.email, PASSWORD)
        person.page.goto(reverse("treatments:chart", args=[draft.uid]))
        expect(person.page.locator("#body-chart [data-place][role=button]").first).to_be_attached()
        people.append(person)
        return person

    yield before
    for person in people:
        assert not person.complaints
        person.context.close()


def place(page, name, view="back"):
    return page.locator(f"[data-view={view}] [data-place={name}]").first


def saved(page):
    expect(page.locator("[data-body-state]")).to_have_text(re.compile("^Saved"))


def stored(draft):
    return bodychart.marks_of(SessionNote.objects.get(pk=draft.pk))


def test_the_body_is_marked_by_mouse_and_by_keys_and_signed_with_the_note(at, draft):
    therapist = at(DESK)
    page = therapist.page

    # By mouse: one tap is one mark, and one row of the list.
    page.locator("label[for=body-rating-6]").click()
    place(page, "low_back_upper_left").click()
    expect(place(page, "low_back_upper_left")).to_have_attribute("data-layer", "pain")
    expect(place(page, "low_back_upper_left")).to_have_attribute("aria-pressed", "true")
    saved(page)
    assert stored(draft) == [Mark("low_back_upper_left", "pain", 6)]

    # By keys alone: into the drawing, to the neighbour, another layer, how strong.
    page.locator("#body-layer-pain").focus()
    place(page, "low_back_upper_left").focus()
    page.keyboard.press("ArrowDown")
    expect(place(page, "low_back_lower_left")).to_be_focused()
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    page.keyboard.press("4")
    expect(place(page, "low_back_lower_left")).to_have_attribute("aria-label", re.compile("left: Spasm 4$"))
    expect(page.locator("[data-body-says]")).to_have_text("Spasm 4: Low back above the sacrum, left")

    # The list is in step, and the drawing follows what is typed there.
    page.locator("[data-body-add]").click()
    row = page.locator("[data-body-row]:has(select:focus)")
    row.locator("select").select_option("avoid")
    row.locator("[name$=-region]").fill("Front of the neck, right")
    expect(place(page, "neck_front_right", "front")).to_have_attribute("data-layer", "avoid")
    page.locator("label[for=body-layer-numbness]").click()
    page.get_by_role("button", name="Numbness: asked, nowhere").click()
    saved(page)
    assert set(stored(draft)) == {
        Mark("low_back_upper_left", "pain", 6),
        Mark("low_back_lower_left", "spasm", 4),
        Mark("neck_front_right", "avoid"),
        Mark("nowhere", "numbness"),
    }
    therapist.looks("body-chart")

    # Taken off again; and signing waits until the chart is kept.
    page.locator("label[for=body-layer-spasm]").click()
    place(page, "low_back_lower_left").click()
    page.fill("[name=subjective]", "Better.")
    page.get_by_role("button", name="Sign …").click()
    expect(page.get_by_role("heading", name="Sign the note")).to_be_visible()
    assert Mark("low_back_lower_left", "spasm", 4) not in stored(draft)
    expect(page.locator(".body-words")).to_contain_text("Low back above the waist, left")
    page.get_by_role("button", name=re.compile("Sign as")).click()
    expect(page.locator("[data-layer=pain]").first).to_be_attached()
    therapist.looks("body-signed")
    assert SessionNote.objects.get(pk=draft.pk).is_signed


@pytest.mark.long
def test_a_finger_that_misses_a_small_place_marks_the_nearest(at, draft):
    therapist = at(PHONE)
    page = therapist.page
    page.locator("label[for=body-view-front]").click()
    thumb = place(page, "thumb_left", "front")
    thumb.scroll_into_view_if_needed()
    beside = thumb.evaluate(
        """path => {
            const point = new DOMPoint(Number(path.dataset.x) + 9, Number(path.dataset.y));
            const { x, y } = point.matrixTransform(path.ownerSVGElement.getScreenCTM());
            return { x, y, misses: !document.elementFromPoint(x, y).closest("[data-place]") };
        }"""
    )
    assert beside["misses"]
    page.touchscreen.tap(beside["x"], beside["y"])
    expect(place(page, "thumb_left", "front")).to_have_attribute("aria-pressed", "true")
    saved(page)
    assert stored(draft) == [Mark("thumb_left", "pain")]
    therapist.looks("body-phone")


@pytest.mark.long
def test_of_two_windows_the_second_chooses(at, draft):
    one, other = at(TABLET), at(TABLET)
    place(one.page, "heel_left").click()
    saved(one.page)
    place(other.page, "heel_right").click()
    expect(other.page.locator("[data-body-conflict]")).to_contain_text("Pain: Heel, left")
    other.page.get_by_role("button", name="Keep mine").click()
    saved(other.page)
    assert stored(draft) == [Mark("heel_right", "pain")]


def test_without_a_network_nothing_that_was_marked_is_lost(at, draft):
    therapist = at(TABLET)
    page = therapist.page
    therapist.context.set_offline(True)
    place(page, "heel_left").click()
    expect(page.locator("[data-body-state]")).to_contain_text("No connection")
    assert stored(draft) == []
    therapist.context.set_offline(False)
    saved(page)
    assert stored(draft) == [Mark("heel_left", "pain")]


KEPT = "JSON.stringify(Object.entries(localStorage).filter(([key]) => key.startsWith('tonus.chart.')))"


def test_a_tab_that_is_closed_without_a_network_loses_no_mark_and_leaves_nothing_readable(at, draft):
    therapist = at(TABLET)
    page = therapist.page
    therapist.context.set_offline(True)
    page.locator("label[for=body-rating-7]").click()
    for name in ("heel_left", "heel_right", "low_back_lower_left", "low_back_upper_right", "low_back_upper_left"):
        place(page, name).click()
    row = page.locator("[data-body-row]:not([hidden])").first
    row.locator("[name$=-remark]").fill("At night, on turning")
    page.wait_for_function(f"{KEPT}.length > 20")
    there = page.evaluate(KEPT)
    page.close()
    for word in ("heel", "low_back", "night", "pain", str(draft.uid)):
        assert word not in there
    assert stored(draft) == []
    therapist.context.set_offline(False)
    page = therapist.page = therapist.context.new_page()
    page.goto(reverse("treatments:chart", args=[draft.uid]))
    expect(page.locator("[data-body-state]")).to_contain_text("Brought back what you marked", timeout=15_000)
    expect(place(page, "low_back_lower_left")).to_have_attribute("data-layer", "pain")
    assert {(mark.region, mark.intensity) for mark in stored(draft)} == {
        (name, 7)
        for name in ("heel_left", "heel_right", "low_back_lower_left", "low_back_upper_right", "low_back_upper_left")
    }
    assert any(mark.remark == "At night, on turning" for mark in stored(draft))
    page.wait_for_function(f"{KEPT} === '[]'")


def test_a_sign_off_in_the_middle_loses_no_mark(at, draft):
    therapist = at(TABLET)
    page = therapist.page
    place(page, "heel_left").click()
    saved(page)
    Session.objects.all().delete()
    place(page, "heel_right").click()
    expect(page.locator("[data-body-state]")).to_contain_text("You were signed off")
    place(page, "low_back_upper_right").click()
    page.close()
    therapist.page = therapist.context.new_page()
    therapist.sign_in(draft.author.user.email, PASSWORD)
    therapist.page.goto(reverse("treatments:chart", args=[draft.uid]))
    expect(therapist.page.locator("[data-body-state]")).to_contain_text("Brought back", timeout=15_000)
    assert {mark.region for mark in stored(draft)} == {"heel_left", "heel_right", "low_back_upper_right"}


@pytest.mark.long
def test_what_is_marked_when_the_note_was_signed_elsewhere_waits_in_an_addendum(at, draft):
    therapist = at(TABLET)
    page = therapist.page
    written = notes.save_draft(
        draft, content=make.some_content(), revision=draft.revision, by=draft.author.user, now=make.NOW
    )
    notes.sign(written, revision=written.revision, by=draft.author.user, now=make.NOW)
    place(page, "heel_left").click()
    expect(page.locator("[data-body-state]")).to_contain_text("This note is signed")
    page.get_by_role("button", name="Save the body chart").click()
    therapist.sees("signed while you were still typing")
    expect(page.get_by_label("What is added")).to_have_value("Pain: Heel, left")
    page.get_by_role("button", name="Add the addendum").click()
    therapist.sees("Addendum, ", "Pain: Heel, left")


@pytest.mark.long
@pytest.mark.parametrize("name", ["history", "compare", "heat", "chart"])
def test_nothing_grave_on_the_pages_of_the_body_for_anybody(at, draft, name):
    bodychart.save(draft, marks=[Mark("low_back_left", "pain", 3)], seen="", by=draft.author.user, now=make.NOW)
    thing = {"heat": draft.plan, "chart": draft}.get(name, draft.patient)
    for screen in (DESK, TABLET, PHONE):
        person = at(screen)
        person.page.goto(reverse(f"treatments:body_{name}", args=[thing.uid]))
        person.looks(f"body-{name}-{screen[0]}")
        person.page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
        person.looks(f"body-{name}-{screen[0]}-dark")
