"""Promises: a right that is taken away is gone with the next request; what cannot be recorded is not shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client

from clinic.models import AuditEvent, Practitioner, Role, User
from patients import care_team
from tests.access.machinery import Actor, Matrix, Violation, told
from tests.access.world import NOW, World
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db


# -- A right taken away mid-session ----------------------------------------------------------------------


def take_role(world: World, user: User) -> Actor:
    User.objects.filter(pk=user.pk).update(roles=[Role.OWNER.value])
    user.refresh_from_db()
    return Actor("no longer a therapist", user)


def take_from_team(world: World, user: User) -> Actor:
    practitioner = Practitioner.objects.get(user=user)
    care_team.leave(patient=world.a.objects["patient"], practitioner=practitioner, by=world.owner, now=NOW)
    return Actor("taken from the team", user)


def deactivate(world: World, user: User) -> Actor:
    User.objects.filter(pk=user.pk).update(is_active=False, deactivated_at=NOW)
    user.refresh_from_db()
    return Actor("deactivated meanwhile", user)


@pytest.mark.parametrize("take", [take_role, take_from_team, deactivate], ids=lambda take: take.__name__)
def test_what_was_taken_away_is_gone_with_the_next_request(world: World, matrix: Matrix, take):
    user = world.hers
    client = Client(raise_request_exception=False)
    client.force_login(user)
    assert client.get(f"/patients/{world.a.patient_uid}/").status_code == 200
    actor = take(world, user)
    of_staff = frozenset(route.name for route in matrix.routes() if route.policy and route.policy.can)
    found = replace(matrix, only=of_staff).run(actor, client=client, methods=("GET",))
    assert not found, told(found)


# -- What cannot be written down ---------------------------------------------------------------------------


@contextmanager
def no_record_can_be_written() -> Iterator[None]:
    """The application's role may not write to the audit meanwhile, as its owner has decided."""
    table, role = AuditEvent._meta.db_table, connection.settings_dict["USER"]
    with psycopg.connect(os.environ["TONUS_TEST_DATABASE_URL"], dbname=connection.settings_dict["NAME"]) as owner:
        owner.autocommit = True
        owner.execute(f"REVOKE INSERT ON {table} FROM {role}")
        try:
            yield
        finally:
            owner.execute(f"GRANT INSERT ON {table} TO {role}")


def unrecorded(matrix: Matrix, actor: Actor) -> tuple[list[Violation], int]:
    """Every page that this actor may open on a patient, while nothing can be recorded."""
    client = signed_in(Client(raise_request_exception=False), actor.user)
    found, refused = [], 0
    with no_record_can_be_written():
        for cell, url in matrix.cells_of(actor, methods=("GET",)):
            with transaction.atomic():
                response = client.get(url)
                text = response.content.decode("utf-8", "replace") if not response.streaming else ""
                transaction.set_rollback(True)
            refused += response.status_code == 503
            if response.status_code == 503 and "cannot answer for a moment" not in text:
                found.append(cell.red("status", "503 without a friendly page"))
            if response.status_code >= 500 and response.status_code != 503:
                found.append(cell.red("status", f"broke with {response.status_code}"))
            found.extend(
                cell.red("audit", f"shows {side.label} although nothing can be written down")
                for side in matrix.sides
                if any(word in text for words in side.canaries.values() for word in words)
            )
    return found, refused


@pytest.mark.parametrize("label", ["front desk", "therapist of A", pytest.param("owner", marks=pytest.mark.long)])
def test_a_page_that_shows_a_patient_shows_nothing_when_looks_cannot_be_recorded(matrix: Matrix, label: str):
    found, refused = unrecorded(matrix, matrix.actor(label))
    assert not found, told(found)
    assert refused > 20, f"only {refused} pages were refused"


def test_after_that_everything_opens_again(world: World):
    client = Client(raise_request_exception=False)
    client.force_login(world.desk)
    with no_record_can_be_written(), transaction.atomic():
        refused = client.get(f"/patients/{world.a.patient_uid}/")
        transaction.set_rollback(True)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert client.get(f"/patients/{world.a.patient_uid}/").status_code == 200
