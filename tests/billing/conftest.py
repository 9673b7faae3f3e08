"""The desk and a patient, at one known moment."""

from __future__ import annotations

import pytest

from clinic.models import User
from patients.models import Patient
from tests.factories.billing import a_desk, a_patient


@pytest.fixture
def desk(db: None) -> User:
    return a_desk(name="Sam Reyes")


@pytest.fixture
def ana(db: None) -> Patient:
    return a_patient()
