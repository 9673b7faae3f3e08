"""Staff for tests: one call each, only what the test speaks of."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from allauth.usersessions.models import UserSession
from django.test import Client

from clinic import time
from clinic.models import Clinic, Discipline, Location, Practitioner, Role, User
from scheduling import message_rules

PASSWORD = "four words nobody joins"
#: Before everything that tests speak of.
LONG_AGO = datetime(2020, 1, 6, tzinfo=UTC)
_number = itertools.count(1)


def a_clinic(name: str = "Back to Work Clinic") -> Clinic:
    clinic, is_new = Clinic.objects.get_or_create(is_the_one=True, defaults={"name": name, "phone": "+12125550100"})
    if is_new:
        message_rules.begin(now=LONG_AGO)
    return clinic


def a_location(name: str = "Main Street", zone: str = "America/New_York") -> Location:
    location, _ = Location.objects.get_or_create(name=name, defaults={"zone": zone})
    return location


def staff(*roles: Role, name: str = "", email: str = "", password: str | None = PASSWORD) -> User:
    """A member of staff with these roles; a therapist also as a practitioner."""
    number = next(_number)
    a_clinic()
    user = User.objects.create_user(
        email=email or f"staff{number}@clinic.example",
        name=name or f"Staff Number{number}",
        roles=[*map(str, roles)],
        password=password,
    )
    if Role.THERAPIST in roles:
        Practitioner.objects.create(user=user, discipline=Discipline.MASSAGE)
    return user


def an_owner(**facts: str) -> User:
    return staff(Role.OWNER, **facts)


def front_desk(**facts: str) -> User:
    return staff(Role.ADMIN, **facts)


def a_therapist(**facts: str) -> User:
    return staff(Role.THERAPIST, **facts)


def signed_in(client: Client, user: User) -> Client:
    """As the sign-in page leaves them: listed among the sign-ins, and seen this very moment."""
    client.force_login(user)
    session = client.session
    session["began_at"] = session["seen_at"] = time.now().timestamp()
    session.save()
    UserSession.objects.create(user=user, session_key=session.session_key, ip="127.0.0.1")
    return client


def just_signed_in(client: Client) -> None:
    """As somebody is who has typed their password a moment ago; `force_login` alone leaves no word of it."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.now().timestamp()}]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()
