"""The emergency page and the rule editor in a real browser: nothing that axe finds, and the ways through them."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic.models import Clinic
from tests.factories import people
from tests.factories import treatments as make
from tests.factories.people import PASSWORD
from tests.journeys.people import DESK, IN_A_BROWSER, PHONE, TABLET, Person
from treatments import red_flags
from treatments.models import SafetyRule
from treatments.safety import Flag
from treatments.safety.redflags import Answer

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
def plan():
    Clinic.objects.get_or_create(name="Harbour Street Clinic")
    return make.a_plan()


@pytest.fixture
def at(browser, live_server):
    """This user before a screen of this size."""
    seated = []

    def before(user, screen):
        person = Person(browser, live_server.url, screen=screen, zone="America/New_York")
        person.sign_in(user.email, PASSWORD)
        seated.append(person)
        return person

    yield before
    for person in seated:
        assert not person.complaints
        person.context.close()


@SCREENS
def test_the_emergency_page_is_for_everybody(at, plan, screen):
    red_flags.screen(
        plan.patient, occasion="intake", answers={Flag.SADDLE_NUMBNESS: Answer.YES}, by=plan.author.user, now=make.NOW
    )
    person = at(plan.author.user, screen)
    person.page.goto(reverse("treatments:plan_new", args=[plan.episode.uid]))
    expect(person.page.get_by_role("heading", name="Stop. Emergency department today.")).to_be_visible()
    person.looks("safety")


@pytest.mark.long
@SCREENS
def test_the_screen_of_red_flags_is_for_everybody(at, plan, screen):
    person = at(plan.author.user, screen)
    person.page.goto(reverse("treatments:red_flags", args=[plan.patient.uid]))
    person.looks("safety")
    group = person.page.get_by_role("group", name="Fever or chills lately?")
    group.get_by_text("Yes").click()
    person.page.get_by_role("button", name="Keep the answers").click()
    expect(person.page.get_by_text("Stands:")).to_be_visible()
    expect(person.page.locator(".patient-alerts").get_by_text("Fever or chills")).to_be_visible()
    person.page.goto(reverse("treatments:asked_today", args=[plan.patient.uid]))
    person.looks("asked-today")


@SCREENS
def test_a_rule_is_changed_by_hand_after_a_look_at_whom_it_touches(at, plan, screen):
    make.a_condition(plan.patient, "Varicose veins")
    person = at(people.an_owner(), screen)
    page = person.page
    page.goto(reverse("treatments:rules"))
    person.looks("safety")
    page.get_by_role("link", name="CON-12 Varicose veins").click()
    person.looks("safety")
    page.get_by_role("group", name="Gentle massage").get_by_label("What happens").select_option("Blocked")
    page.get_by_label("Why it changes").fill("Our physician decided so")
    page.get_by_role("button", name="Show whom it would touch").click()
    expect(page.get_by_role("heading", name="Whom this would touch")).to_be_visible()
    expect(page.get_by_text(plan.patient.display_name)).to_be_visible()
    person.looks("safety")
    page.get_by_role("button", name="Save version 2").click()
    expect(page.get_by_text("CON-12, version 2 is in force.")).to_be_visible()
    assert SafetyRule.objects.in_force().get(rule="CON-12").gates[0]["effect"] == "block"
