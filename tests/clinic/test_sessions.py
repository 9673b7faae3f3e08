"""A session ends by itself, and nothing that was typed is lost or shown to somebody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from clinic import sessions, staff
from clinic.models import AuditEvent, Clinic, HeldInput, Role, User
from tests.factories.people import PASSWORD, a_clinic, an_owner, front_desk

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def owner() -> User:
    return an_owner(name="Olivia Owner", email="olivia@clinic.example")


def sign_in(client: Client, user: User, *, shared: bool = False):
    facts = {"login": user.email, "password": PASSWORD, **({"shared_desk": "on"} if shared else {})}
    response = client.post(reverse("account_login"), facts)
    assert response.status_code == 302, response.content.decode()
    return response


def clinic_form(**changed: str) -> dict[str, str]:
    facts = {"name": "Back to Work Clinic", "country": "US", "currency": "USD", "phone": "", "email": ""}
    facts |= {"messages_from": "08:00", "messages_until": "21:00", "texts_a_day": "3"}
    return {**facts, **changed}


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("office:staff"), HTTP_X_PASSIVE="1").status_code == 200


# -- When it ends --------------------------------------------------------------------------------------


def test_a_session_ends_after_fifteen_idle_minutes(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=14, seconds=59))
    assert is_signed_in(client)
    clock.shift(timedelta(seconds=1))
    response = client.get(reverse("office:staff"))
    assert response.status_code == 302
    assert response["Location"] == "/account/login/?next=/office/staff/"
    ended = AuditEvent.objects.get(action="session.ended")
    assert (ended.actor_uid, ended.detail) == (owner.uid, {"why": "idle"})


def test_a_shared_desk_is_left_after_five(client, owner, clock):
    sign_in(client, owner, shared=True)
    clock.shift(timedelta(minutes=4, seconds=59))
    assert is_signed_in(client)
    clock.shift(timedelta(seconds=1))
    assert not is_signed_in(client)


def test_the_browser_remembers_that_the_desk_is_shared(client, owner, clock):
    sign_in(client, owner, shared=True)
    client.post(reverse("account_logout"))
    assert client.get(reverse("account_login")).context["form"].fields["shared_desk"].initial is True
    sign_in(client, owner)
    client.post(reverse("account_logout"))
    assert client.get(reverse("account_login")).context["form"].fields["shared_desk"].initial is False


def test_whoever_works_stays_signed_in_but_twelve_hours_at_most(client, owner, clock):
    sign_in(client, owner)
    for _ in range(12 * 6 - 1):
        clock.shift(timedelta(minutes=10))
        assert client.get(reverse("office:staff")).status_code == 200
    clock.shift(timedelta(minutes=10))
    assert client.get(reverse("office:staff")).status_code == 302


def test_what_the_page_asks_by_itself_is_no_sign_of_life(client, owner, clock):
    sign_in(client, owner)
    for _ in range(2):
        clock.shift(timedelta(minutes=7))
        assert is_signed_in(client)
    clock.shift(timedelta(minutes=1))
    assert not is_signed_in(client)


def test_staying_signed_in_is_one_request(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=14))
    assert client.get(reverse("session"), HTTP_X_PASSIVE="1").json() == {"seconds_left": 60}
    assert client.post(reverse("session")).json() == {"seconds_left": 900}
    clock.shift(timedelta(minutes=14))
    assert is_signed_in(client)


def test_every_request_does_not_write(client, owner, clock, django_assert_num_queries):
    sign_in(client, owner)
    clock.shift(timedelta(seconds=11))
    client.get(reverse("session"))
    clock.shift(timedelta(seconds=5))
    with django_assert_num_queries(1):  # the session and its user, nothing written
        client.get(reverse("session"))


# -- Who is let go at once -----------------------------------------------------------------------------


def test_a_closed_sign_in_ends_everywhere_with_the_next_click(client, owner, clock):
    other = front_desk()
    sign_in(client, other)
    elsewhere = Client()
    sign_in(elsewhere, other)
    staff.deactivate(uid=other.uid, by=owner, now=MORNING)
    for desk in (client, elsewhere):
        response = desk.get("/")
        assert (response.status_code, response["Location"]) == (302, "/account/login/")
    staff.reactivate(uid=other.uid, by=owner, now=MORNING)
    assert client.get("/").status_code == 302, "an ended session stays ended"


def test_a_role_taken_away_counts_from_the_next_request(client, owner, clock):
    second = an_owner()
    sign_in(client, second)
    assert client.get(reverse("office:staff")).status_code == 200
    staff.change(
        uid=second.uid, revision=second.revision, email=second.email, name=second.name, roles=[Role.ADMIN],
        credentials=None, by=owner, now=MORNING,
    )  # fmt: skip
    assert client.get(reverse("office:staff")).status_code == 403


def test_one_can_end_ones_other_sessions(client, owner, clock):
    elsewhere = Client()
    sign_in(elsewhere, owner)
    sign_in(client, owner)
    page = client.get(reverse("usersessions_list"))
    assert page.status_code == 200
    assert len(page.context["sessions"]) == 2
    client.post(reverse("usersessions_list"))
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)


# -- What was typed ------------------------------------------------------------------------------------


def test_what_arrives_too_late_is_held_and_given_back_to_the_same_person(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=16))
    response = client.post(reverse("office:clinic"), clinic_form(name="A name typed for ten minutes"))
    assert response["Location"] == "/account/login/?next=/office/clinic/"
    assert "What you had typed is kept" in client.get(response["Location"]).content.decode()
    assert Clinic.the().name == "Back to Work Clinic", "nothing is saved before its author says so again"

    sign_in(client, owner)
    page = client.get(reverse("office:clinic"))
    assert page.status_code in (200, 422)
    assert 'value="A name typed for ten minutes"' in page.content.decode()

    assert client.post(reverse("office:clinic"), clinic_form(name="")).status_code == 422
    assert HeldInput.objects.count() == 1, "kept until it was sent in good order"
    assert client.post(reverse("office:clinic"), clinic_form(name="A name typed for ten minutes")).status_code == 303
    assert not HeldInput.objects.exists()
    assert 'value="Back to Work' not in client.get(reverse("office:clinic")).content.decode()


def test_another_person_at_that_desk_never_sees_it(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=16))
    client.post(reverse("office:clinic"), clinic_form(name="zq-only-for-olivia"))
    sign_in(client, an_owner())
    for name in ("office:clinic", "office:home", "office:staff"):
        assert "zq-only-for-olivia" not in client.get(reverse(name)).content.decode()
    client.post(reverse("account_logout"))
    sign_in(client, owner)
    assert "zq-only-for-olivia" in client.get(reverse("office:clinic")).content.decode()


def test_it_is_given_back_for_twelve_hours_at_most(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=16))
    client.post(reverse("office:clinic"), clinic_form(name="zq-of-this-morning"))
    clock.shift(timedelta(hours=12))
    sign_in(client, owner)
    assert "zq-of-this-morning" not in client.get(reverse("office:clinic")).content.decode()


def test_one_can_throw_it_away(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=16))
    client.post(reverse("office:clinic"), clinic_form(name="zq-not-wanted"))
    sign_in(client, owner)
    held = HeldInput.objects.get()
    stranger = Client()
    sign_in(stranger, an_owner())
    stranger.post(reverse("discard_held", args=[held.uid]))
    assert HeldInput.objects.exists(), "only its owner throws it away"
    response = client.post(reverse("discard_held", args=[held.uid]), {"next": "/office/clinic/"})
    assert response["Location"] == "/office/clinic/"
    assert "zq-not-wanted" not in client.get(reverse("office:clinic")).content.decode()


def test_passwords_tokens_and_files_are_never_held(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=16))
    secrets = {"password": "zq1", "new_password2": "zq2", "api_token": "zq3", "csrfmiddlewaretoken": "zq4"}
    client.post(reverse("office:clinic"), {**clinic_form(name="kept"), **secrets})
    fields = sessions._opened(HeldInput.objects.get())
    assert fields is not None
    assert fields["name"] == "kept"
    assert not set(secrets) & set(fields)
    assert "zq" not in fields.urlencode()


def test_what_is_held_is_sealed(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=16))
    client.post(reverse("office:clinic"), clinic_form(name="zqplain"))
    assert "zqplain" not in HeldInput.objects.get().sealed


def test_a_password_form_is_never_held(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=16))
    response = client.post(reverse("account_change_password"), {"oldpassword": "a", "remark": "zq"})
    assert response.status_code == 302
    assert not HeldInput.objects.exists()


def test_a_flood_of_forms_is_not_kept(owner, clock):
    from django.http import QueryDict

    for number in range(sessions.HELD_FORMS + 5):
        sessions.hold(user=owner, path=f"/a/{number}/", page="/", fields=QueryDict("a=1"), now=MORNING)
    too_long = QueryDict(f"a={'x' * sessions.HELD_BYTES}")
    assert not sessions.hold(user=owner, path="/a/0/", page="/", fields=too_long, now=MORNING)
    assert HeldInput.objects.count() == sessions.HELD_FORMS


# -- htmx, scripts, other tabs -------------------------------------------------------------------------


def test_a_part_of_a_page_that_comes_too_late_leads_the_whole_page_to_the_sign_in(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=16))
    response = client.post(
        reverse("office:clinic"),
        clinic_form(name="zq from a part"),
        HTTP_HX_REQUEST="true",
        HTTP_HX_CURRENT_URL="http://testserver/office/?tab=clinic",
    )
    assert response.status_code == 204
    assert response["HX-Redirect"] == "/account/login/?next=/office/%3Ftab%3Dclinic"
    assert HeldInput.objects.get().page == "/office/?tab=clinic"
    sign_in(client, owner)
    assert "zq from a part" in client.get("/office/").content.decode(), "given back on the page it was typed on"


def test_a_script_that_asks_too_late_is_told_so(client, owner, clock):
    sign_in(client, owner)
    clock.shift(timedelta(minutes=16))
    response = client.get(reverse("session"), HTTP_ACCEPT="application/json")
    assert response.status_code == 401
    assert response.json()["sign_in"].startswith("/account/login/")


def test_the_page_that_time_ran_out_on_hands_its_form_over_and_signs_off(client, owner, clock):
    sign_in(client, owner)
    mark = sessions.mark(owner)
    fields = {"path": "/office/clinic/", "page": "/office/clinic/", "fields": "name=zq+half+typed", "page_of": mark}
    assert client.post(reverse("held"), fields).status_code == 204
    response = client.post(reverse("signed_off"), {"next": "/office/clinic/", "page_of": mark})
    assert response["Location"] == "/account/signed-off/?next=/office/clinic/"
    assert "/account/login/?next=/office/clinic/" in client.get(response["Location"]).content.decode()
    assert not is_signed_in(client)
    late = {**fields, "path": "/office/staff/add/", "fields": "name=zq+second+tab"}
    assert client.post(reverse("held"), late).status_code == 204, "the other tab hands over after the end"
    sign_in(client, owner)
    assert "zq half typed" in client.get(reverse("office:clinic")).content.decode()
    assert "zq second tab" in client.get(reverse("office:staff_add")).content.decode()


def test_a_tab_of_somebody_else_does_not_sign_off_who_is_here_now(client, owner, clock):
    sign_in(client, an_owner())
    client.post(reverse("signed_off"), {"page_of": sessions.mark(owner)})
    assert is_signed_in(client)


def test_nobody_can_have_something_held_for_somebody_else(client, owner, clock):
    fields = {"path": "/office/clinic/", "page": "/office/clinic/", "fields": "name=forged"}
    client.post(reverse("held"), fields)
    client.post(reverse("held"), {**fields, "page_of": f"{owner.uid}:forged"})
    client.post(reverse("held"), {**fields, "page_of": f"{owner.uid}"})
    assert not HeldInput.objects.exists()


def test_a_form_from_before_a_new_sign_in_comes_back_filled_in(owner, clock):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    fields = {**clinic_form(name="zq typed in the old tab"), "page_of": sessions.mark(owner)}
    response = client.post(reverse("office:clinic"), {**fields, "csrfmiddlewaretoken": "of-another-session"})
    assert (response.status_code, response["Location"]) == (303, "/office/clinic/")
    assert "zq typed in the old tab" in client.get(reverse("office:clinic")).content.decode()


def test_a_form_of_the_person_before_is_kept_for_them_and_not_shown(owner, clock):
    client = Client(enforce_csrf_checks=True)
    client.force_login(an_owner())
    fields = {**clinic_form(name="zq of olivia"), "page_of": sessions.mark(owner)}
    response = client.post(reverse("office:clinic"), fields)
    assert response.status_code == 403
    assert "zq of olivia" not in response.content.decode() + client.get(reverse("office:clinic")).content.decode()
    assert HeldInput.objects.get().user == owner


def test_a_forged_form_without_a_mark_is_not_held(owner, clock):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.post(reverse("office:clinic"), clinic_form(name="forged")).status_code == 403
    assert not HeldInput.objects.exists()


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_the_way_back_never_leads_to_another_site(client, owner, clock, where):
    page = client.get(reverse("signed_off"), {"next": where}).content.decode()
    assert "evil" not in page
    assert "javascript:" not in page
    sign_in(client, owner)
    response = client.get(reverse("signed_off"), {"next": where})
    assert response["Location"] == "/"


def test_signing_out_is_a_button_and_not_an_address(client, owner, clock):
    sign_in(client, owner)
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client, owner, clock):
    sign_in(client, owner)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_page_of_the_clinic_is_kept_by_no_cache(client, owner, clock):
    a_clinic()
    sign_in(client, owner)
    for name in ("office:staff", "mfa_index", "usersessions_list"):
        assert "no-store" in client.get(reverse(name))["Cache-Control"]
