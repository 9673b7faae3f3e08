"""Charting on a tablet in a real browser: a routine follow-up in a dozen taps, and nothing typed is ever lost."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.front_desk import ZONE
from tests.journeys.people import DESK, IN_A_BROWSER, PHONE, TABLET, Person

pytestmark = [*IN_A_BROWSER]
THERAPIST = "therapist@tonus.example"
#: What a routine note may take. Showing once more that it is oneself is counted even when it is not asked.
MOST_INTERACTIONS, MOST_SECONDS, TO_VOUCH = 12, 45, 2
WORDS = "Slept through twice; one cramp on getting up."


@pytest.fixture
def imani(clinic: Any, browser: Any) -> Iterator[Person]:
    person = Person(browser, clinic.address, screen=TABLET, zone=str(ZONE))
    person.sign_in(THERAPIST)
    yield person
    assert not person.complaints
    person.context.close()


def follow_up(imani: Person) -> Page:
    """The empty chart of a session a moment ago, of a patient whose last note is signed."""
    page = imani.page
    page.goto("/schedule/today/")
    records = page.locator("a.today-name").evaluate_all("links => [...new Set(links.map(link => link.pathname))]")
    for record in records:
        page.goto(f"/treatments/patient/{record.strip('/').split('/')[-1]}/note/")
        page.locator("[name=service_time]").fill("00:01")
        page.get_by_role("button", name="Start the note").click()
        page.wait_for_url(re.compile("/chart/$"))
        if page.get_by_role("button", name="Same as last time").count():
            return page
    raise AssertionError("Nobody of today's has been treated before.")


class Counted:
    """Every touch of the tablet and every field that is typed in, counted."""

    def __init__(self) -> None:
        self.interactions, self.began = 0, time.monotonic()

    def tap(self, what: Locator) -> None:
        what.tap()
        self.interactions += 1

    def types(self, where: Locator, words: str) -> None:
        where.fill(words)
        self.interactions += 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


def on_the_scale(page: Page, scale: str, number: int) -> Locator:
    box = page.get_by_role("group", name=scale).get_by_role("radio", name=str(number), exact=True)
    return page.locator(f"label[for='{box.get_attribute('id')}']")


def saved(page: Page) -> None:
    expect(page.locator("[data-state]")).to_have_attribute("data-tone", "ok", timeout=20_000)


def test_a_routine_follow_up_is_signed_in_a_dozen_interactions(imani: Person) -> None:
    page = follow_up(imani)
    hands = Counted()
    hands.tap(page.get_by_role("button", name="Same as last time"))
    expect(page.locator("[data-carried-bar]")).to_be_visible()
    hands.tap(on_the_scale(page, "Pain before", 5))
    hands.types(page.get_by_label("Spasms since last time"), "1")
    hands.types(page.get_by_label("Subjective"), WORDS)
    hands.types(page.locator("input[name$=-minutes], input[name$=-amount]").first, "25")
    hands.tap(on_the_scale(page, "Pain after", 2))
    hands.tap(page.get_by_role("button", name="All of it still holds"))
    hands.tap(page.get_by_role("button", name="Sign …"))
    hands.tap(page.get_by_role("button", name=re.compile("^Sign as")))
    page.wait_for_url(re.compile(r"/treatments/note/[0-9a-f-]{36}/$"))
    imani.sees("Signed by", "Unchanged since", WORDS)
    assert hands.interactions + TO_VOUCH <= MOST_INTERACTIONS
    assert hands.seconds < MOST_SECONDS


def test_the_network_is_cut_in_the_middle_of_a_note_and_nothing_is_lost(imani: Person) -> None:
    page = follow_up(imani)
    page.get_by_label("Subjective").fill("Typed with a network. ")
    saved(page)
    imani.context.set_offline(True)
    page.get_by_label("Objective").fill("Typed without one.")
    page.get_by_role("button", name="Palpation").tap()
    page.locator("[name=palpation-0-region]").select_option("sacrum")
    page.locator("[name=palpation-0-finding]").select_option("tone")
    expect(page.locator("[data-state]")).to_contain_text("No connection", timeout=15_000)
    page.get_by_role("button", name="Save draft").tap()
    expect(page.get_by_label("Objective")).to_have_value("Typed without one.")
    imani.context.set_offline(False)
    saved(page)
    page.reload()
    expect(page.get_by_label("Subjective")).to_have_value(re.compile("Typed with a network"))
    expect(page.get_by_label("Objective")).to_have_value("Typed without one.")
    expect(page.locator("[name=palpation-0-finding]")).to_have_value("tone")


def test_a_tab_that_is_closed_without_a_network_loses_nothing_and_leaves_nothing_readable(imani: Person) -> None:
    page = follow_up(imani)
    address = page.url
    imani.context.set_offline(True)
    page.get_by_label("Subjective").fill("Closed in the middle of a sent")
    page.get_by_role("button", name="Technique").tap()
    page.locator("[name=technique-0-technique]").select_option("gentle")
    page.locator("[name=technique-0-region]").select_option("sacrum")
    page.locator("[name=technique-0-minutes]").fill("15")
    kept = "JSON.stringify(Object.entries(localStorage).filter(([key]) => key.startsWith('tonus.chart.')))"
    page.wait_for_function(f"{kept}.length > 20")
    there = page.evaluate(kept)
    page.close()
    for word in ("Closed", "gentle", "sacrum", address.split("/")[-3]):
        assert word not in there
    imani.context.set_offline(False)
    page = imani.page = imani.context.new_page()
    page.goto(address)
    expect(page.get_by_label("Subjective")).to_have_value("Closed in the middle of a sent")
    expect(page.locator("[data-state]")).to_contain_text("Brought back what you typed", timeout=15_000)
    expect(page.locator("[name=technique-0-minutes]")).to_have_value("15")
    page.wait_for_function(f"{kept} === '[]'")
    page.reload()
    expect(page.get_by_label("Subjective")).to_have_value("Closed in the middle of a sent")


@pytest.mark.long
def test_of_two_windows_the_second_is_told_and_shown_both(imani: Person) -> None:
    page = follow_up(imani)
    second = imani.context.new_page()
    second.goto(page.url)
    page.get_by_label("Subjective").fill("From the first window")
    saved(page)
    second.get_by_label("Subjective").fill("From the second window")
    told = second.locator("[data-conflict]")
    expect(told).to_contain_text("From the first window", timeout=15_000)
    expect(told).to_contain_text("From the second window")
    second.get_by_role("button", name="Keep mine").tap()
    saved(second)
    second.reload()
    expect(second.get_by_label("Subjective")).to_have_value("From the second window")


@pytest.mark.long
def test_what_one_window_types_while_the_other_signs_waits_as_an_addendum(imani: Person) -> None:
    page = follow_up(imani)
    second = imani.context.new_page()
    second.goto(page.url)
    page.get_by_label("Subjective").fill("Signed words.")
    saved(page)
    page.get_by_role("button", name="Sign …").tap()
    page.get_by_role("button", name=re.compile("^Sign as")).tap()
    page.wait_for_url(re.compile(r"/treatments/note/[0-9a-f-]{36}/$"))
    second.get_by_label("Objective").fill("Typed a moment too late.")
    expect(second.locator("[data-state]")).to_contain_text("This note is signed", timeout=15_000)
    second.get_by_role("button", name="Save draft").tap()
    expect(second.get_by_label("What is added")).to_have_value("Objective: Typed a moment too late.")
    expect(second.locator("main")).to_contain_text("Signed words.")
    second.get_by_role("button", name="Add the addendum").tap()
    expect(second.locator("main")).to_contain_text(re.compile("Addendum, .*Typed a moment too late", re.DOTALL))


@pytest.mark.long
def test_snippets_and_the_clock_save_typing(imani: Person) -> None:
    page = imani.page
    page.goto("/treatments/snippets/")
    short = f"w{int(time.time())}"
    page.get_by_label("Short name").fill(short)
    page.get_by_label("What is inserted").fill("Walks upright, no dizziness.")
    page.get_by_role("button", name="Keep it").tap()
    imani.sees(f".{short}")
    imani.looks("snippets")
    page = follow_up(imani)
    page.get_by_label("Response to treatment").press_sequentially(f"Good. .{short} And home.")
    expect(page.get_by_label("Response to treatment")).to_have_value("Good. Walks upright, no dizziness. And home.")
    page.get_by_label("Assessment").tap()
    page.get_by_role("button", name="Snippets").tap()
    page.locator(f"[data-snippet={short}]").tap()
    expect(page.get_by_label("Assessment")).to_have_value("Walks upright, no dizziness. ")
    page.get_by_role("button", name="Technique").tap()
    page.get_by_role("button", name="Start the clock").tap()
    expect(page.locator("[data-clock]").first).to_have_text(re.compile(r"0:0\d"))
    page.get_by_role("button", name="Stop the clock").tap()
    expect(page.locator("[name=technique-0-minutes]")).to_have_value("1")


@pytest.mark.parametrize(
    "screen",
    [pytest.param(DESK, marks=pytest.mark.long), TABLET, pytest.param(PHONE, marks=pytest.mark.long)],
    ids=["desk", "tablet", "phone"],
)
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_axe_finds_nothing_on_the_chart_full_and_empty(imani: Person, screen: tuple[int, int], scheme: Any) -> None:
    page = imani.page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": screen[0], "height": screen[1]})
    page = follow_up(imani)
    imani.looks(f"chart-empty-{scheme}-{screen[0]}")
    page.get_by_role("button", name="Same as last time").tap()
    expect(page.locator("[data-carried-bar]")).to_be_visible()
    for name, field in (("Palpation", "palpation"), ("Range of motion", "motion"), ("Strength", "strength")):
        page.get_by_role("button", name=name).tap()
        expect(page.locator(f"[data-rows={field}] [data-row]").last).to_be_visible()
    imani.looks(f"chart-carried-{scheme}-{screen[0]}")
