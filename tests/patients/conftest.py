"""Who works at the clinic of these tests, and a store for documents of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clinic.models import User
from tests.factories.people import a_location, a_therapist, an_owner, front_desk


@pytest.fixture
def owner(db: None) -> User:
    return an_owner(name="Olga Owner")


@pytest.fixture
def desk(owner: User) -> User:
    a_location()
    return front_desk(name="Fay Front")


@pytest.fixture
def therapist(owner: User) -> User:
    return a_therapist(name="Theo Therapist")


@pytest.fixture
def signed_in(client: Client) -> Callable[[User], Client]:
    """A browser in which this person has signed in."""

    def sign_in(user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture(autouse=True)
def documents_elsewhere(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_ROOT = tmp_path / "documents"
