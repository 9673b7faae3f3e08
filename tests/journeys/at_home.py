"""What Ana does at home: reads her mail, opens its link on her telephone, says that she comes."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.journeys.front_desk import EMAIL
from tests.journeys.people import Person


def then_a_mail_with_a_link_arrives(ana: Person) -> str:
    """Through the outbox, the worker and the mail server, into the inbox's page. Answers with the link."""
    until = time.monotonic() + 60
    while True:
        ana.page.goto(f"/inbox/?q={EMAIL}")
        mails = ana.page.locator("tbody tr", has_text=EMAIL)
        if mails.count():
            break
        assert time.monotonic() < until, "no mail within a minute"
        time.sleep(0.5)
    expect(mails).to_have_count(1)
    ana.looks("inbox")
    mails.get_by_role("link").click()
    ana.sees("Hello Ana", "Harbor Clinic", "works once")
    for secret in ("Massage", "spasm", "back", "Imani"):
        assert secret not in ana.page.locator(".mail-text").inner_text(), f"{secret!r} is nobody else's business"
    ana.looks("mail")
    link = ana.page.locator(".mail-text a[href*='/v/']").get_attribute("href")
    assert link
    return link


def when_ana_opens_the_link_on_her_telephone(ana: Person, link: str) -> None:
    for _ in range(2):
        ana.page.goto(link)
    ana.sees("Ana, are you coming?", "Harbor Street")
    ana.looks("link")


def when_ana_says_that_she_comes(ana: Person) -> None:
    ana.presses("Yes, I am coming")
    ana.sees("Thank you, Ana. See you then.", "Your visit is confirmed")
    ana.looks("link-confirmed")


def then_the_link_offers_nothing_more_to_confirm(ana: Person, link: str) -> None:
    ana.page.goto(link)
    expect(ana.page.get_by_role("button", name="Yes, I am coming")).to_have_count(0)
    ana.looks("link-again")
