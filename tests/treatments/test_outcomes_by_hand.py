"""Whether it helps, in a real browser: curves under the strict policy, a measure by touch, a diary on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic import time as clocks
from tests.factories import outcomes as make
from tests.factories import treatments as care
from tests.factories.people import PASSWORD
from tests.factories.treatments import NOW
from tests.journeys.people import DESK, IN_A_BROWSER, PHONE, TABLET, Person
from treatments.models import Measurement, SpasmEntry

pytestmark = [
    *IN_A_BROWSER,
    pytest.mark.django_db(transaction=True),
]
THUMB = 44


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)


@pytest.fixture
def before(browser, live_server):
    """Somebody before a screen of this size."""
    people = []

    def person(screen, user=None):
        one = Person(browser, live_server.url, screen=screen, zone="America/New_York")
        if user is not None:
            one.sign_in(user.email, PASSWORD)
        people.append(one)
        return one

    yield person
    for one in people:
        assert not one.complaints
        one.context.close()


@pytest.fixture
def ana():
    return care.a_patient()


@pytest.fixture
def therapist(ana):
    """Treats Ana, who has been measured, treated and keeps a diary."""
    one = make.a_therapist_of(ana)
    episode = care.an_episode(ana)
    plan = care.a_plan(episode, author=one)
    care.a_signed_note(plan, service_at=NOW - timedelta(days=4))
    make.a_course(ana, 8, 6, 3, by=one.user, episode=episode)
    make.a_measurement(ana, "psfs", by=one.user, days_ago=14, episode=episode)
    make.a_measurement(ana, "rom", by=one.user, episode=episode)
    link = make.link_for(make.a_diary(ana, by=one.user, days_ago=30), now=NOW - timedelta(days=30))
    for day in (25, 20, 19, 12, 4):
        make.a_spasm(link, severity=6, at=NOW - timedelta(days=day))
    return one.user


def drawn(page, key):
    """How many values the picture of this curve has."""
    return page.evaluate(
        "key => Chart.getChart(document.querySelector(`[data-curve='${key}']`)).data.datasets[0].data.length", key
    )


def in_the_dark(page):
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def small(page, selector):
    """What a thumb would miss."""
    return page.evaluate(
        "([selector, least]) => [...document.querySelectorAll(selector)].map(e => e.getBoundingClientRect())"
        ".filter(box => box.width < least || box.height < least).length",
        [selector, THUMB],
    )


@pytest.mark.long
@pytest.mark.parametrize("screen", [DESK, TABLET, PHONE])
def test_the_timeline_is_drawn_and_nobody_is_kept_out(before, ana, therapist, screen):
    one = before(screen, therapist)
    page = one.page
    page.goto(reverse("treatments:timeline", args=[ana.uid]))
    expect(page.locator("[data-curve]")).to_have_count(5)
    assert [drawn(page, key) for key in ("nprs", "psfs", "rom-lumbar_flexion", "spasms_per_week")] == [3, 1, 1, 4]
    one.sees("Better: reliable and important", "Mon 23 Nov 2026", "Neuromuscular")
    one.looks(f"timeline-{screen[0]}")
    in_the_dark(page)
    one.looks(f"timeline-{screen[0]}-dark")


def test_a_measure_is_taken_on_the_tablet_by_touch(before, ana, therapist):
    one = before(TABLET, therapist)
    page = one.page
    for slug in ("nprs", "groc", "rmdq", "psfs", "odi", "rom"):
        page.goto(reverse("treatments:measure_take", args=[ana.uid, slug]))
        one.looks(f"measure-{slug}")
        assert small(page, ".ask-cell, .ask-tick") == 0
    page.goto(reverse("treatments:measure_take", args=[ana.uid, "nprs"]))
    page.locator(".ask-cell", has_text="4").tap()
    one.presses("Record")
    page.wait_for_url("**/timeline/")
    assert drawn(page, "nprs") == 4
    page.goto(reverse("treatments:spasm_diary", args=[ana.uid]))
    one.sees("spasms a week", "exact 95 % interval")
    one.looks("spasm-diary")
    page.goto(reverse("treatments:measures_ask", args=[ana.uid]))
    one.looks("measures-ask")


def test_a_spasm_is_one_tap_on_a_phone_and_more_can_be_said(before, ana, therapist):
    token = make.token_for(make.a_diary(ana, by=therapist))
    one = before(PHONE)
    page = one.page
    page.goto(reverse("portal:diary", args=[token]))
    one.looks("diary")
    assert small(page, ".tap, .entry-link") == 0
    page.get_by_role("button", name="7 of 10").tap()
    one.sees("Noted: 7 of 10")
    assert SpasmEntry.objects.newest_first().first().severity == 7
    one.looks("diary-entry")
    assert small(page, ".ask-chip, .ask-cell, button") == 0
    page.locator(".ask-chip", has_text="Bending or turning").tap()
    page.locator(".ask-chip", has_text="Sleep").tap()
    page.emulate_media(color_scheme="dark")
    one.looks("diary-entry-dark")
    one.presses("Save")
    one.sees("Stopped: sleep")
    one.looks("diary-dark")
    entry = SpasmEntry.objects.newest_first().first()
    assert (entry.trigger, entry.stopped) == ("bending", ["sleep"])


@pytest.mark.long
def test_questions_are_answered_on_a_phone(before, ana, therapist):
    token = make.token_for(make.some_questions(ana, "nprs", "rmdq", "groc", by=therapist))
    one = before(PHONE)
    page = one.page
    page.goto(reverse("portal:measures", args=[token]))
    one.looks("questions")
    assert small(page, ".ask-cell, .ask-tick") == 0
    page.locator("[name=nprs-answer][value='5']").check(force=True)
    page.locator(".ask-tick", has_text="I sleep less well").tap()
    one.presses("Send my answers")
    one.sees("it is marked below")
    one.looks("questions-wrong")
    page.locator("[name=groc-answer][value='2']").check(force=True)
    one.presses("Send my answers")
    one.sees("Thank you, Ana")
    assert Measurement.objects.get(measure="rmdq").value == 1
