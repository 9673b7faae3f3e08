"""The diary in a real browser: booked by a click, dragged, refused, taken back, moved by keys, and seen by others."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.front_desk import ZONE, said, today
from tests.journeys.people import DESK, IN_A_BROWSER, TABLET, Person

pytestmark = [*IN_A_BROWSER]
#: What others see at the latest so long after a change.
LIVE = 5.0


def a_quiet_day() -> date:
    """A Wednesday beyond what the demo has booked, on which everybody works."""
    day = today() + timedelta(days=45)
    return day + timedelta(days=(2 - day.weekday()) % 7)


@pytest.fixture
def two_desks(clinic: Any, browser: Any) -> Iterator[tuple[Person, Person]]:
    people = tuple(Person(browser, clinic.address, screen=screen, zone=str(ZONE)) for screen in (DESK, TABLET))
    for person in people:
        person.sign_in("desk@tonus.example")
    yield people  # type: ignore[misc]
    for person in people:
        assert not person.complaints
        person.context.close()


def column(page: Page, name: str = "Imani Okonkwo") -> Locator:
    return page.locator(f"[data-column='{name}']")


def card(page: Page, clock: str) -> Locator:
    return column(page).locator(".dg-card", has=page.locator(".dg-time", has_text=clock))


def two_patients(page: Page) -> list[str]:
    """Two of those whom the demo has booked, by the names on their records."""
    page.goto("/schedule/list/")
    return list(dict.fromkeys(page.locator(".day-list th[scope=row] a").all_inner_texts()))[:2]


def book_by_click(page: Page, clock: str, name: str) -> None:
    page.goto(f"/schedule/?day={said(a_quiet_day())}")
    column(page).get_by_role("link", name=f"at {clock}").click()
    page.get_by_role("searchbox", name="Any part of a name").fill(name)
    page.locator(".hit-main", has_text=name).first.click()
    page.get_by_role("button", name="Book this time").click()
    page.wait_for_url(re.compile("/schedule/visit/"))
    page.goto(f"/schedule/?day={said(a_quiet_day())}")
    expect(card(page, clock)).to_have_count(1)


def drag(page: Page, one: Locator, *, hours: float) -> None:
    box, row = one.bounding_box(), column(page).locator(".dg-track").bounding_box()
    assert box
    assert row
    rows = int(page.locator(".dg[data-rows]").get_attribute("data-rows") or 1)
    x, y = box["x"] + 40, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=2)
    page.mouse.move(x, y + hours * 12 * row["height"] / rows, steps=4)
    expect(page.locator(".dg-ghost")).to_have_count(1)
    page.mouse.up()


def test_a_visit_is_booked_dragged_refused_taken_back_and_moved_by_keys_while_another_desk_looks_on(
    two_desks: tuple[Person, Person],
) -> None:
    dana, erin = two_desks
    page, theirs = dana.page, erin.page
    first, second = two_patients(page)
    book_by_click(page, "09:00", first)
    book_by_click(page, "14:00", second)
    theirs.goto(f"/schedule/?day={said(a_quiet_day())}")
    theirs.locator(".dg").evaluate("grid => { grid.scrollTop = 60; }")
    card(theirs, "14:00").locator(".dg-open").focus()

    # Dragged: here at once, at the other desk within five seconds, where neither focus nor place is lost.
    drag(page, card(page, "09:00"), hours=2)
    expect(page.locator("#diary-notice")).to_contain_text("moved to")
    began = time.monotonic()
    expect(card(page, "11:00")).to_have_count(1)
    expect(card(theirs, "11:00")).to_have_count(1, timeout=LIVE * 1000)
    assert time.monotonic() - began < LIVE
    assert "14:00" in theirs.evaluate("document.activeElement.textContent")
    assert theirs.locator(".dg").evaluate("grid => grid.scrollTop") == 60
    dana.looks("diary-moved")

    # Taken back by a key, before anybody is told.
    page.keyboard.press("u")
    expect(page.locator("#diary-notice")).to_contain_text("Nobody was told")
    expect(card(page, "09:00").locator("[data-version='3']")).to_have_count(1)

    # Refused: the card is where it was, and what is free is a button.
    drag(page, card(page, "09:00"), hours=5.25)
    refused = page.locator(".notice-refused")
    expect(refused).to_contain_text("is busy until")
    expect(page.locator(".dg-ghost")).to_have_count(0)
    expect(card(page, "09:00")).to_have_count(1)
    dana.looks("diary-refused")
    refused.locator("button[hx-post]").first.click()
    expect(page.locator("#diary-notice")).to_contain_text("moved to")
    page.locator("#diary-notice").get_by_role("button", name="Undo").click()
    expect(page.locator("#diary-notice")).to_contain_text("Nobody was told")
    expect(card(page, "09:00").locator("[data-version='5']")).to_have_count(1)

    # By keys: three of them; the focus stays with the visit.
    card(page, "09:00").locator(".dg-open").focus()
    for key in ("m", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(card(page, "09:15")).to_have_count(1)
    assert "09:15" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("m")
    page.keyboard.press("+")
    expect(page.locator("#diary-says")).to_contain_text("09:15 to")
    page.keyboard.press("Escape")
    expect(page.locator("#diary-says")).to_contain_text("Left where it was")
    expect(page.locator(".dg-ghost")).to_have_count(0)

    # By rooms, the week of all, the list: nothing grave for anybody.
    for name, url in (("rooms", "?by=rooms"), ("week", "week/?practitioner=all"), ("list", "list/?by=people")):
        theirs.goto(f"/schedule/{url}&day={said(a_quiet_day())}")
        expect(theirs.locator("main")).to_contain_text("09:15")
        erin.looks(f"diary-{name}")
