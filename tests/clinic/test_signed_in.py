"""A session and its owner are read at once, and nobody gets in who would not have got in before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.models import User
from tests.factories.people import PASSWORD, a_clinic, an_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    a_clinic()
    return an_owner(name="Olivia Owner", email="olivia@clinic.example")


@pytest.fixture
def browser(owner: User) -> Client:
    client = Client()
    assert client.post(reverse("account_login"), {"login": owner.email, "password": PASSWORD}).status_code == 302
    return client


def asked_for(client: Client) -> tuple[int, list[str]]:
    """The status of a page, and the statements that read sessions or people."""
    with CaptureQueriesContext(connection) as asked:
        status = client.get(reverse("office:clinic")).status_code
    sql = [query["sql"] for query in asked]
    return status, [one for one in sql if "FROM django_session" in one or 'FROM "clinic_user"' in one]


def test_one_statement_tells_the_session_and_whose_it_is(browser: Client) -> None:
    asked_for(browser)
    status, asked = asked_for(browser)
    assert status == 200
    assert len(asked) == 1


def test_a_session_that_no_list_knows_is_good_and_costs_one_statement_more(browser: Client) -> None:
    UserSession.objects.all().delete()
    status, asked = asked_for(browser)
    assert status == 200
    assert len(asked) == 2


def test_a_new_password_ends_the_sessions_of_the_old_one(browser: Client, owner: User) -> None:
    owner.set_password("four other words here")
    owner.save()
    assert asked_for(browser)[0] == 302


def test_who_is_deactivated_is_out_with_the_next_request(browser: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False, deactivated_at=timezone.now())
    assert asked_for(browser)[0] == 302


def test_a_way_of_signing_in_that_was_given_up_lets_nobody_in(browser: Client, settings: object) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]  # type: ignore[attr-defined]
    assert asked_for(browser)[0] == 302


def test_the_session_says_who_it_is_and_not_the_list(browser: Client, owner: User) -> None:
    other = an_owner(name="Otto Owner", email="otto@clinic.example")
    UserSession.objects.update(user=other)
    page = browser.get(reverse("office:clinic"))
    assert page.status_code == 200
    assert page.wsgi_request.user == owner


def test_an_expired_session_is_none(browser: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert asked_for(browser)[0] == 302


def test_a_key_that_was_made_up_is_none() -> None:
    stranger = Client()
    stranger.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    assert asked_for(stranger)[0] == 302
