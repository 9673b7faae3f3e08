"""Rules of messages and the page of what goes out, in a real browser: what axe finds, and the ways through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic import time
from clinic.models import Role, User
from scheduling import message_rules, reminders
from scheduling.models import MessageRule
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.people import PASSWORD
from tests.journeys.people import DESK, IN_A_BROWSER, PHONE, TABLET, Person

pytestmark = [*IN_A_BROWSER, pytest.mark.django_db(transaction=True)]
#: The quick tier looks at one width, the long one at all.
SCREENS = pytest.mark.parametrize(
    "screen",
    [pytest.param(DESK, marks=pytest.mark.long), TABLET, pytest.param(PHONE, marks=pytest.mark.long)],
    ids=["desk", "tablet", "phone"],
)
Seat = Callable[[User, Any], Person]


@pytest.fixture
def place() -> SimpleNamespace:
    place = make.a_small_clinic()
    place.owner = people.staff(Role.OWNER, Role.ADMIN)
    return place


@pytest.fixture
def at(browser: Any, live_server: Any) -> Iterator[Seat]:
    """This user before a screen of this size."""
    seated = []

    def before(user: User, screen: Any) -> Person:
        person = Person(browser, live_server.url, screen=screen, zone="America/New_York")
        person.sign_in(user.email, PASSWORD)
        seated.append(person)
        return person

    yield before
    for person in seated:
        assert not person.complaints
        person.context.close()


@SCREENS
def test_a_reminder_is_added_for_one_service_and_asked_for(at: Seat, place: SimpleNamespace, screen: Any) -> None:
    person = at(place.owner, screen)
    page = person.page
    page.goto(reverse("scheduling:message_rules"))
    person.looks("message-rules")
    page.get_by_role("link", name="Add a reminder").click()
    page.get_by_label("How long").fill("3")
    page.get_by_label("Days or hours").select_option("hours")
    page.get_by_label("Only for the service").select_option(label=place.service.name)
    person.looks("message-rule")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="3 hours before the visit")).to_be_visible()
    page.get_by_label("Service", exact=True).select_option(label=place.service.name)
    expect(page.get_by_role("status").filter(has_text="3 hours before the visit")).to_be_visible()
    assert MessageRule.objects.in_force().count() == 2
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=re.compile("Retire.*3 hours")).click()
    expect(page.get_by_text("No more messages 3 hours before the visit.")).to_be_visible()
    assert MessageRule.objects.in_force().count() == 1


@SCREENS
def test_what_goes_out_is_read_day_by_day(at: Seat, place: SimpleNamespace, screen: Any) -> None:
    now = time.now()
    morning = (now + timedelta(days=3)).replace(hour=17, minute=0, second=0, microsecond=0)
    told = make.a_visit(place, morning, patient=make.a_reachable_patient(), now=now)
    silent = make.a_visit(place, morning + timedelta(hours=1), now=now)
    message_rules.change(
        MessageRule.objects.get(), minutes=2 * 24 * 60, channel="", anchor="visit", by=place.owner, now=now
    )
    reminders.plan_missing(now=now)
    person = at(place.owner, screen)
    day = time.local_day(morning, place.location.tz)
    person.page.goto(f"{reverse('scheduling:messages_ahead')}?day={day - timedelta(days=2)}")
    going = person.page.get_by_role("region", name="Goes out", exact=True)
    expect(going.get_by_role("link", name=told.patient.display_name)).to_be_visible()
    staying = person.page.get_by_role("region", name="Does not go out")
    expect(staying.get_by_text("the patient does not want messages")).to_be_visible()
    expect(staying.get_by_role("link", name=silent.patient.display_name)).to_be_visible()
    person.looks("what-goes-out")
    person.page.get_by_role("link", name="The day after").click()
    expect(person.page.get_by_text("Nothing is due on this day")).to_be_visible()
