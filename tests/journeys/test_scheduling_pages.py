"""Scheduling's other pages in a real browser: for every eye and on every screen, and by the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.factories.up import Up
from tests.journeys.front_desk import ZONE, today
from tests.journeys.people import DESK, IN_A_BROWSER, PHONE, SETTLED, TABLET, UNFINISHED, Person

pytestmark = [*IN_A_BROWSER]
#: By name: the page, and a question that answers with the id in its address.
PAGES = {
    "waitlist": ("/schedule/waitlist/", ""),
    "waitlist-left": ("/schedule/waitlist/?show=ended", ""),
    "waitlist-entry": ("/schedule/waitlist/{}/", "scheduling_waitlistentry ORDER BY id LIMIT 1"),
    "waitlist-change": ("/schedule/waitlist/{}/change/", "scheduling_waitlistentry ORDER BY id LIMIT 1"),
    "series-new": ("/schedule/series/new/?patient={}", "patients_patient ORDER BY id DESC OFFSET 2 LIMIT 1"),
    "series": ("/schedule/series/{}/", "scheduling_series ORDER BY id LIMIT 1"),
    "series-change": ("/schedule/series/{}/change/", "scheduling_series ORDER BY id LIMIT 1"),
    "series-call-off": ("/schedule/series/{}/call-off/", "scheduling_series ORDER BY id LIMIT 1"),
    "find": ("/schedule/find/", ""),
    "groups": ("/schedule/groups/", ""),
    "group-open": ("/schedule/groups/open/", ""),
    "group": ("/schedule/groups/{}/", "scheduling_groupsession ORDER BY id LIMIT 1"),
    "overbooked": ("/schedule/overbooked/", ""),
    "services": ("/schedule/setup/services/", ""),
    "service": ("/schedule/setup/services/{}/", "scheduling_service ORDER BY id LIMIT 1"),
    "rooms": ("/schedule/setup/rooms/", ""),
    "devices": ("/schedule/setup/devices/", ""),
    "hours": ("/schedule/setup/hours/", ""),
    "holidays": ("/schedule/setup/hours/holidays/", ""),
    "working": ("/schedule/setup/working/", ""),
    "absences": ("/schedule/setup/absences/", ""),
    "preferences": ("/schedule/patient/{}/preferred-times/", "patients_patient ORDER BY id LIMIT 1"),
    "swap": (
        "/schedule/visit/{}/swap/",
        "scheduling_appointment WHERE status = 'booked' AND session_id IS NULL AND starts_at > now() LIMIT 1",
    ),
    "ill": ("/schedule/touched/absence/{}/", "scheduling_absence WHERE kind = 'illness' ORDER BY id LIMIT 1"),
    "away": ("/schedule/away/{}/", "clinic_practitioner ORDER BY id LIMIT 1"),
}
#: What a finger must be able to hit, and is no word within a sentence: smaller than 44 px.
SMALL = """() => [...document.querySelectorAll('main :is(.btn, button, select, summary, .nav-link, input)')]
  .filter(e => e.checkVisibility() && !e.closest('.visually-hidden, .input-group'))
  .map(e => [e, Math.max(...[e, ...(e.labels || [])].map(each => each.getBoundingClientRect().height))])
  .filter(([e, height]) => height > 0 && height < 43.5)
  .map(([e, height]) => `${e.outerHTML.slice(0, 90)} ${Math.round(height)}`)"""
#: Where the keyboard is, and whether one sees it; within a day or a time the browser marks the part itself.
FOCUS = """() => { const e = document.activeElement, s = getComputedStyle(e);
  const seen = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'
    || e.matches('[type=date], [type=time]');
  return [e.outerHTML.slice(0, 90), e.closest('main') !== null, seen] }"""


@pytest.fixture
def dana(clinic: Up, browser: Any, request: Any) -> Iterator[Person]:
    person = Person(browser, clinic.address, screen=getattr(request, "param", DESK), zone=str(ZONE))
    person.sign_in("desk@tonus.example")
    yield person
    assert not person.complaints
    person.context.close()


def address(clinic: Up, name: str) -> str:
    path, of = PAGES[name]
    return path.format(clinic.ask_database(f"SELECT uid FROM {of}")[0][0]) if of else path


@pytest.mark.parametrize(
    "dana",
    [pytest.param(DESK, marks=pytest.mark.long), pytest.param(TABLET, marks=pytest.mark.long), PHONE],
    indirect=True,
    ids=["desk", "tablet", "phone"],
)
def test_every_page_is_for_everybody_in_light_and_dark_and_for_fingers(clinic: Up, dana: Person) -> None:
    for name in PAGES:
        answer = dana.page.goto(address(clinic, name))
        assert answer is not None
        assert answer.status == 200, f"{name}: {answer.status}"
        for scheme in ("light", "dark"):
            dana.page.emulate_media(color_scheme=scheme)
            dana.looks(f"{name}-{scheme}-{dana.screen[0]}")
        if dana.screen != DESK:
            assert dana.page.evaluate(SMALL) == [], f"{name}: too small to hit"


@pytest.mark.long
def test_the_keyboard_alone_reaches_a_page_and_one_sees_where_it_is(clinic: Up, dana: Person) -> None:
    for name in ("waitlist", "series-new", "holidays", "ill"):
        page = dana.page
        page.goto(address(clinic, name))
        visited: list[str] = []
        for _ in range(60):
            page.keyboard.press("Tab")
            what, is_content, is_seen = page.evaluate(FOCUS)
            if not is_content:
                if visited:
                    break
                continue
            assert is_seen, f"{name}: nothing shows that the keyboard is at {what}"
            visited.append(what)
        assert len(visited) > 4, f"{name}: the keyboard reached only {visited}"


def tab_to(page: Page, selector: str) -> None:
    for _ in range(300):
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_holidays_of_next_year_are_taken_over_and_taken_back_by_the_keyboard_alone(clinic: Up, dana: Person) -> None:
    page, year = dana.page, today().year + 1
    (lake,) = clinic.ask_database("SELECT uid FROM clinic_location WHERE name = 'Lakeside'")[0]
    page.goto(f"/schedule/setup/hours/holidays/?location={lake}&country=US&subdivision=IL&year={year}")
    boxes = page.locator("[name=days]")
    expect(boxes.first).to_be_checked()
    for _ in range(boxes.count() - 1):
        tab_to(page, "[name=days]:checked")
        page.keyboard.press("Space")
    dana.looks("holidays-ticked")
    tab_to(page, ".form-actions [type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/setup/hours/"))
    dana.sees("Lakeside is closed on 1 more day.", within="body")
    closed = page.locator("[aria-labelledby=closures]")
    expect(closed.locator("strong")).to_have_count(1)
    dana.looks("hours-closed")
    page.on("dialog", lambda asked: asked.accept())
    tab_to(page, "[aria-labelledby=closures] form button")
    page.keyboard.press("Enter")
    expect(closed.locator("strong")).to_have_count(0)


def test_the_pages_are_the_same_whatever_zone_the_browser_stands_in(clinic: Up, browser: Any) -> None:
    """The hours are the clinic's: who looks from abroad sees the diary that hangs at the desk."""
    visit = clinic.ask_database("SELECT uid FROM scheduling_appointment WHERE starts_at > now() ORDER BY id LIMIT 1")[
        0
    ][0]
    tomorrow = (today() + timedelta(days=1)).isoformat()
    pages = (f"/schedule/?day={tomorrow}", f"/schedule/list/?day={tomorrow}", f"/schedule/visit/{visit}/")
    seen = []
    for zone in ("America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"):
        person = Person(browser, clinic.address, screen=DESK, zone=zone)
        person.sign_in("desk@tonus.example")
        shown = []
        for path in pages:
            person.page.goto(path)
            person.page.wait_for_function(SETTLED, arg=UNFINISHED)
            shown.append(person.page.inner_text("main"))
        seen.append(shown)
        assert not person.complaints
        person.context.close()
    assert seen[1] == seen[0]
    assert seen[2] == seen[0]
