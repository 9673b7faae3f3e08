"""Desk, therapist and owner, signed in; the clock stands at Tuesday 24 November 2026, 08:00 in New York."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import time_machine
from django.test import Client

from clinic.models import User
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW

SignIn = Callable[[User], Client]


@pytest.fixture
def standing_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def place(db: None) -> SimpleNamespace:
    return make.a_small_clinic(practitioners=2)


@pytest.fixture
def sign_in(standing_clock: object) -> SignIn:
    """A browser in which this person is signed in."""

    def enter(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return enter


@pytest.fixture
def desk(place: SimpleNamespace, sign_in: SignIn) -> Client:
    return sign_in(place.desk)


@pytest.fixture
def therapist(place: SimpleNamespace, sign_in: SignIn) -> Client:
    return sign_in(place.practitioner.user)
