"""The owner writes what patients read, in a real browser: the preview follows the typing, and axe finds nothing."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic.models import MessageTemplate
from clinic.wording import EMAIL, SMS, Kind
from tests.factories.people import PASSWORD, a_clinic, a_location, an_owner
from tests.journeys.people import DESK, IN_A_BROWSER, PHONE, TABLET, Person

pytestmark = [
    *IN_A_BROWSER,
    pytest.mark.django_db(transaction=True),
]
#: The quick tier looks at one width, the long one at all.
SCREENS = pytest.mark.parametrize(
    "screen",
    [pytest.param(DESK, marks=pytest.mark.long), TABLET, pytest.param(PHONE, marks=pytest.mark.long)],
    ids=["desk", "tablet", "phone"],
)


@pytest.fixture
def at(browser, live_server):
    """The owner before a screen of this size."""
    seated = []

    def before(screen):
        a_clinic()
        a_location()
        person = Person(browser, live_server.url, screen=screen, zone="America/New_York")
        person.sign_in(an_owner().email, PASSWORD)
        seated.append(person)
        return person

    yield before
    for person in seated:
        assert not person.complaints
        person.context.close()


def spot(kind: Kind, channel: str, language: str) -> str:
    return reverse("office:wording_edit", args=[kind, channel, language])


@SCREENS
def test_a_text_message_is_written_and_what_it_costs_follows_the_typing(at, screen):
    owner = at(screen)
    page, preview = owner.page, owner.page.locator("#preview")
    page.goto(reverse("office:wording"))
    owner.looks("wording-list")
    page.get_by_role("link", name=re.compile("^Reminder, Text message")).click()
    owner.looks("wording-sms")
    words = page.get_by_label("Words")
    expect(preview).to_contain_text("1 text")
    words.fill("{name}, bis morgen: ")
    expect(preview).to_contain_text("{when} (day and time of the visit) must stand in it")
    page.get_by_role("button", name="{when}").click()
    page.get_by_role("button", name="{link}").click()
    expect(words).to_have_value("{name}, bis morgen: {when}{link}")
    expect(preview).to_contain_text("Ana, bis morgen:")
    words.press_sequentially(" á")
    expect(preview).to_contain_text("“á” is outside the alphabet")
    owner.looks("wording-sms-dear")
    words.press("Backspace")
    words.press_sequentially("massage")
    expect(preview).to_contain_text("it cannot say “massage”")
    page.get_by_role("button", name="Save as version 1").click()
    owner.sees("Something needs another look", "it cannot say “massage”")
    owner.looks("wording-refused")
    words.fill("{name}, bis morgen: {when} {link}")
    page.get_by_role("button", name="Save as version 1").click()
    expect(page.get_by_text("Version 1 of “Reminder” is what patients read from now on.")).to_be_visible()
    owner.looks("wording-versions")
    assert MessageTemplate.objects.get().text == "{name}, bis morgen: {when} {link}"
    page.get_by_text("Other words for some rules").click()
    page.get_by_label("Under which name").fill("Last word")
    owner.looks("wording-other-name")
    page.get_by_role("button", name="Write them").click()
    expect(page.get_by_role("heading", name="Reminder: Last word")).to_be_visible()
    page.get_by_label("Words").fill("{name}, gleich: {when} {link}")
    page.get_by_role("button", name="Save as version 1").click()
    expect(page.get_by_text("Version 1 of “Reminder: Last word” is what patients read from now on.")).to_be_visible()
    owner.looks("wording-other")
    page.get_by_role("link", name="The usual words", exact=True).click()
    page.get_by_text("Speak as Tonus comes again").click()
    page.get_by_role("button", name="Use them").click()
    expect(page.get_by_text("“Reminder” speaks as Tonus comes again.")).to_be_visible()


@SCREENS
def test_a_mail_is_shown_as_it_is_dressed_and_its_subject_takes_fields_too(at, screen):
    owner = at(screen)
    page, preview = owner.page, owner.page.locator("#preview")
    page.goto(spot(Kind.VISIT_REMINDER, EMAIL, "fr"))
    owner.looks("wording-mail")
    expect(preview.get_by_text("Ouvrir mon rendez-vous")).to_be_visible()
    subject = page.get_by_label("Subject")
    subject.fill("À bientôt, ")
    page.get_by_role("button", name="{clinic}").click()
    expect(subject).to_have_value("À bientôt, {clinic}")
    expect(preview.locator(".wording-subject")).to_have_text("À bientôt, Back to Work Clinic")
    preview.get_by_text("As plain text").click()
    owner.looks("wording-mail-plain")
    page.get_by_role("link", name="Text message").click()
    assert page.url.endswith(spot(Kind.VISIT_REMINDER, SMS, "fr"))
