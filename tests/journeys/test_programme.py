"""Exercises in a real browser: found, planned from a template, ticked on a telephone, seen at the next visit."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.front_desk import ZONE
from tests.journeys.people import IN_A_BROWSER, PHONE, TABLET, Person

pytestmark = [*IN_A_BROWSER]


@pytest.fixture
def imani(clinic, browser):
    person = Person(browser, clinic.address, screen=TABLET, zone=str(ZONE))
    person.sign_in("therapist@tonus.example")
    yield person
    assert not person.complaints
    person.context.close()


def a_plan_that_is_ticked(imani: Person) -> str:
    """The demo's first patient is hers, with a plan in force and exercises for home."""
    page = imani.page
    page.goto("/patients/")
    page.fill("#patient-search", "P-00001")
    page.locator("#search-results .search-hit a").first.click()
    page.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}/"))
    page.locator(".care-plan", has_text="Accepted").get_by_role("link", name="Plan, version").first.click()
    page.get_by_role("heading", name="Exercises at home").wait_for()
    return page.url


def test_the_library_is_searched_and_nobody_is_left_out(imani):
    page = imani.page
    page.goto("/treatments/exercises/")
    imani.sees("45 exercises", "Clam")
    imani.looks("library")
    page.get_by_label("Find an exercise").fill("carry shopping")
    expect(page.locator("#found")).not_to_contain_text("Clam")
    imani.follows("Carry on one side")
    imani.sees("Stop if", "Levels")
    imani.looks("exercise")
    page.goto("/treatments/templates/")
    imani.looks("templates")


def test_a_patient_ticks_on_a_telephone_what_the_therapist_then_sees(imani, clinic, browser):
    plan = a_plan_that_is_ticked(imani)
    imani.looks("plan-at-home")
    imani.presses("Show an address")
    imani.looks("home-address")
    address = imani.page.get_by_label("Address").input_value()
    ana = Person(browser, clinic.address, screen=PHONE, zone=str(ZONE))
    ana.page.goto(re.sub(r"^https?://[^/]+", "", address))
    ana.looks("home-phone")
    first = ana.page.locator(".exercise").first
    name = first.locator("h2").inner_text()
    first.get_by_label("Pain while doing it").select_option("4")
    first.get_by_role("button", name=re.compile("^(Done|Save the pain)$")).click()
    expect(ana.page.locator(".exercise").first).to_contain_text("Done today")
    ana.looks("home-phone-done")
    assert not ana.complaints
    ana.context.close()
    imani.page.goto(plan)
    row = imani.page.locator(".home-table tr", has_text=name)
    expect(row.locator("td").last).to_contain_text("4")


def test_a_template_fills_the_form_and_a_letter_is_drafted(imani):
    page = imani.page
    page.goto(a_plan_that_is_ticked(imani))
    imani.follows("To the episode")
    episode = page.url
    page.goto(f"{episode}plan/")
    imani.follows("Acute spasm after lifting")
    expect(page.get_by_label(re.compile("^Pelvic tilt"))).to_be_checked()
    imani.looks("plan-from-template")
    page.goto(episode)
    imani.presses("Plan summary")
    imani.sees("Drafted from the record")
    imani.looks("letter")
    imani.presses("Make it final")
    imani.sees("Sent to nobody from here")
    imani.looks("letter-final")
