"""First start for real: from an empty database to an owner on their home page, with nothing of the demo."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic import first_start
from clinic.models import AuditEvent, Clinic, Location, Role, User
from patients.models import Patient
from scheduling.models import OpeningHours, Resource, Room, WorkingHours
from tests.clinic.test_signin import code_now
from tests.factories.people import an_owner, staff

pytestmark = pytest.mark.django_db

CODE = "ABCD-EFGH-JKLM"
MORNING = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
HOURS = {f"{which}_{day}": at for day in range(5) for which, at in (("opens", "08:00"), ("closes", "18:00"))}
#: What every clinic begins with: it is about nobody.
CATALOGUES = {"DiagnosisCode", "DiagnosisRelease", "Exercise", "Account", "Series", "SafetyRule", "PlanTemplate"}
ANSWERS = {
    "clinic": {"name": "Rückgrat & Söhne", "country": "DE", "currency": "EUR", "phone": "030 1234567", "email": ""},
    "location": {"name": "Mitte", "zone": "Europe/Berlin", "address_line": "Torstr. 1", "city": "Berlin"},
    "hours": {**HOURS, "opens_5": "09:00", "closes_5": "00:00"},
    "rooms": {"rooms": "Room 1\n\n  Room 2  \nGym"},
    "owner": {"name": "Olga Owner", "email": "Olga@clinic.example", "password": "four words nobody joins"},
}


@pytest.fixture(autouse=True)
def real_start(settings):
    settings.DEMO, settings.REQUIRE_MFA, settings.SETUP_CODE = False, True, CODE
    cache.clear()
    with time_machine.travel(MORNING, tick=False):
        yield
    cache.clear()


def go_through(client: Client, until: str = "owner", **changed: dict) -> None:
    client.post(reverse("setup"), {"code": CODE})
    for slug, facts in ANSWERS.items():
        response = client.post(reverse("setup_step", args=[slug]), changed.get(slug, facts))
        assert response.status_code == 303, response.content.decode()
        if slug == until:
            return


def test_while_nobody_can_sign_in_every_page_leads_to_the_set_up(client):
    for url in ("/", "/account/login/", "/office/staff/", "/patients/", "/no-such-page/"):
        response = client.get(url)
        assert (response.status_code, response["Location"]) == (302, "/setup/")
    assert client.get("/alive/").status_code == 200


def test_the_whole_way_from_the_code_to_the_owners_home(client):
    go_through(client)
    user = User.objects.get()
    assert (user.email, user.roles) == ("olga@clinic.example", [Role.OWNER])
    enrolment = client.get("/")
    assert enrolment["Location"] == reverse("mfa_activate_totp"), "nothing is open before the second factor"
    page = client.get(enrolment["Location"]).content.decode()
    assert "data:image/svg+xml;base64," in page
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page)
    assert secret is not None
    codes = client.post(enrolment["Location"], {"code": code_now(secret[1])})
    assert len(re.findall(r"<code>\d{8}</code>", client.get(codes["Location"]).content.decode())) == 10
    home = client.get("/", follow=True)
    assert home.status_code == 200
    assert home.request["PATH_INFO"] == reverse("office:home")
    text = home.content.decode()
    assert "Rückgrat &amp; Söhne" in text
    for task in ("Add your staff", "Add services", "Set prices", "Register the first patient"):
        assert task in text


def test_it_opens_the_clinic_as_it_was_answered(client):
    go_through(client)
    clinic, place = Clinic.the(), Location.objects.get()
    assert (clinic.name, clinic.currency, clinic.phone) == ("Rückgrat & Söhne", "EUR", "+49301234567")
    assert (place.name, place.zone, place.country) == ("Mitte", "Europe/Berlin", "DE")
    assert OpeningHours.objects.filter(location=place).count() == 6
    assert OpeningHours.objects.get(weekday=5).closes == time(0), "until midnight"
    assert list(Room.objects.order_by("pk").values_list("name", flat=True)) == ["Room 1", "Room 2", "Gym"]
    assert AuditEvent.objects.filter(action="clinic.opened").count() == 1


def test_nothing_of_the_demo_is_there(client):
    go_through(client)
    assert User.objects.count() == Location.objects.count() == Clinic.objects.count() == 1
    for label in ("patients", "treatments", "billing"):
        for model in apps.get_app_config(label).get_models():
            if model.__name__ not in CATALOGUES:
                assert not model._default_manager.exists(), f"{model.__name__} has rows"
    assert not Patient.objects.exists()


def test_a_solo_therapist_can_be_booked_in_their_own_opening_hours(client):
    facts = {**ANSWERS["owner"], "also": ["admin", "therapist"], "discipline": "massage"}
    go_through(client, owner=facts)
    user = User.objects.get()
    assert user.roles == ["admin", "owner", "therapist"]
    assert WorkingHours.objects.filter(practitioner=user.practitioner).count() == 6


def test_whoever_opened_the_clinic_books_the_first_visit_as_soon_as_there_is_a_service(client, settings):
    settings.REQUIRE_MFA = False
    go_through(client, owner={**ANSWERS["owner"], "also": ["admin", "therapist"], "discipline": "massage"})
    client.force_login(User.objects.get())
    empty = client.get(reverse("scheduling:services")).content.decode()
    assert f'href="{reverse("scheduling:service_add")}">Add the first</a>' in empty
    service = {"name": "Massage 60", "discipline": "massage", "minutes": 60, "seats": 1, "needs_room": "on",
               "colour": "teal"}  # fmt: skip
    assert client.post(reverse("scheduling:service_add"), service).status_code == 303
    ana = Patient.objects.create(given_name="Ana", family_name="Reyes", born_on=date(1984, 3, 7), registered_at=MORNING)
    page = client.get(reverse("scheduling:book") + f"?patient={ana.uid}").content.decode()
    assert "No free time" not in page
    assert 'class="offer' in page
    assert re.search(r'name="pick" value="[^"]+"', page)
    assert Resource.objects.count() == 4, "three rooms and who treats in them"


def test_an_owner_who_treats_nobody_is_led_to_staff_then_to_their_hours(client, settings):
    settings.REQUIRE_MFA = False
    go_through(client)
    client.force_login(User.objects.get())
    home, working = reverse("office:home"), reverse("scheduling:working")
    assert f'href="{working}">Say who works when</a>' in client.get(home).content.decode()
    assert f'href="{reverse("office:staff_add")}">Add staff</a>' in client.get(working).content.decode()
    tess = staff(Role.THERAPIST, name="Tess Therapist")
    assert f'href="{working}">Say who works when</a>' in client.get(home).content.decode()
    week = {"valid_from": "2026-11-24", "opens_1_0": "09:00", "closes_1_0": "17:00"}
    asked = f"{working}?practitioner={tess.practitioner.uid}&location={Location.objects.get().uid}"
    assert client.post(asked, week).status_code == 303
    assert f'href="{working}">Say who works when</a>' not in client.get(home).content.decode()
    assert tess.name in client.get(reverse("scheduling:diary")).content.decode()


def test_rooms_of_a_clinic_that_was_opened_before_are_offered_as_well(client):
    go_through(client)
    Resource.objects.all().delete()
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(import_module("scheduling.migrations.0015_bookable_from_the_first_day").MISSING)
    assert Resource.objects.filter(room__isnull=False).count() == 3


def test_going_back_keeps_what_was_typed(client):
    go_through(client, until="rooms")
    for slug, word in (("clinic", "Rückgrat &amp; Söhne"), ("location", "Europe/Berlin"), ("rooms", "Room 1")):
        assert word in client.get(reverse("setup_step", args=[slug])).content.decode()
    hours = client.get(reverse("setup_step", args=["hours"])).content.decode()
    assert 'name="opens_5" value="09:00"' in hours


def test_no_page_is_skipped(client):
    client.post(reverse("setup"), {"code": CODE})
    response = client.get(reverse("setup_step", args=["owner"]))
    assert response["Location"] == reverse("setup_step", args=["clinic"])
    assert client.get(reverse("setup_step", args=["nonsense"])).status_code == 404


@pytest.mark.parametrize("said", [CODE, CODE.lower(), "abcdefghjklm", " ABCD EFGH JKLM "])
def test_the_code_is_taken_as_people_type_it(client, said):
    assert client.post(reverse("setup"), {"code": said}).status_code == 303


@pytest.mark.parametrize("said", ["", "ABCD", "wrong-code-here", "ＡＢＣＤ"])
def test_a_wrong_code_opens_nothing(client, said):
    assert client.post(reverse("setup"), {"code": said}).status_code == 422
    assert client.get(reverse("setup_step", args=["clinic"]))["Location"] == reverse("setup")
    assert client.post(reverse("setup_step", args=["clinic"]), ANSWERS["clinic"])["Location"] == reverse("setup")


def test_the_code_cannot_be_guessed(client):
    for number in range(12):
        response = client.post(reverse("setup"), {"code": f"guess {number}"})
    assert "Too many" in response.content.decode()
    assert client.post(reverse("setup"), {"code": CODE}).status_code == 422


def test_without_a_code_from_the_start_it_stays_closed(client, settings):
    settings.SETUP_CODE = ""
    assert client.post(reverse("setup"), {"code": ""}).status_code == 200
    assert "cannot be opened from a browser" in client.get(reverse("setup")).content.decode()
    assert client.get(reverse("setup_step", args=["clinic"])).status_code == 303


@pytest.mark.parametrize(
    ("slug", "changed", "said"),
    [
        ("clinic", {"name": ""}, "required"),
        ("clinic", {"name": "x" * 121}, "at most 120"),
        ("clinic", {"phone": "1"}, "Enter a phone number"),
        ("clinic", {"currency": "XXX"}, "valid choice"),
        ("location", {"zone": "Mars/Olympus"}, "time zone from the list"),
        ("hours", {"opens_0": "09:00", "closes_0": ""}, "give both times"),
        ("hours", {"opens_0": "18:00", "closes_0": "08:00"}, "closing comes after opening"),
        ("hours", {"opens_0": "25:00"}, "valid time"),
        ("rooms", {"rooms": "  \n "}, "required"),
        ("rooms", {"rooms": "Room 1\nroom 1"}, "same name"),
        ("rooms", {"rooms": "x" * 61}, "at most 60"),
        ("rooms", {"rooms": "\n".join(map(str, range(31)))}, "At most 30"),
        ("owner", {"password": "short"}, "too short"),
        ("owner", {"password": "olga@clinic.example"}, "too similar"),
        ("owner", {"email": "no address"}, "valid email"),
        ("owner", {"also": ["therapist"]}, "Say what you practise"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_what_was_typed_stays(client, slug, changed, said):
    client.post(reverse("setup"), {"code": CODE})
    for each, facts in ANSWERS.items():
        if each == slug:
            break
        client.post(reverse("setup_step", args=[each]), facts)
    response = client.post(reverse("setup_step", args=[slug]), {**ANSWERS[slug], **changed})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not User.objects.exists()


def test_a_closed_week_is_refused(client):
    client.post(reverse("setup"), {"code": CODE})
    for each in ("clinic", "location"):
        client.post(reverse("setup_step", args=[each]), ANSWERS[each])
    response = client.post(reverse("setup_step", args=["hours"]), {})
    assert "Open on at least one day" in response.content.decode()


def test_a_city_is_enough_for_the_zone(client):
    go_through(client, location={**ANSWERS["location"], "zone": "new york"})
    assert Location.objects.get().zone == "America/New_York"


def test_afterwards_the_set_up_is_gone(client):
    go_through(client)
    for browser in (client, Client()):
        assert browser.get("/setup/").status_code == 404
        assert browser.post("/setup/", {"code": CODE}).status_code == 404
        assert browser.get("/setup/owner/").status_code == 404


def test_of_two_who_open_the_clinic_at_once_one_is_told_it_is_open(client):
    second = Client()
    for browser in (client, second):
        go_through(browser, until="rooms")
    assert client.post(reverse("setup_step", args=["owner"]), ANSWERS["owner"]).status_code == 303
    assert second.post(reverse("setup_step", args=["owner"]), ANSWERS["owner"]).status_code == 404
    facts = {"clinic": {}, "location": {}, "hours": {}, "rooms": {}, "owner": {}}
    with pytest.raises(first_start.AlreadyOpen):
        first_start.open_clinic(**facts, now=MORNING)
    assert User.objects.count() == 1


def test_the_password_waits_nowhere(client):
    go_through(client, until="rooms")
    bad = {**ANSWERS["owner"], "email": "no address", "password": "zq-my-long-password"}
    page = client.post(reverse("setup_step", args=["owner"]), bad).content.decode()
    assert "zq-my-long-password" not in page
    assert "zq-my-long-password" not in str(dict(client.session))


def test_the_demo_has_no_set_up_in_its_way(client, settings):
    settings.DEMO = True
    assert client.get("/account/login/").status_code == 200
    an_owner()
    assert client.get("/setup/").status_code == 404
