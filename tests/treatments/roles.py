"""Acting on the tests' database as another of its roles: the application, or a superuser whom no grant binds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dj_database_url
from django.db import connection

from clinic import embedded

APP = embedded.APP_ROLE


def superuser() -> str:
    return str(dj_database_url.parse(os.environ["TONUS_TEST_DATABASE_URL"])["USER"])


@contextmanager
def acting_as(role: str, django_db_blocker: Any) -> Iterator[None]:
    """Until the end of the block every new connection is this role's."""
    before = connection.settings_dict["USER"]
    with django_db_blocker.unblock():
        connection.close()
    connection.settings_dict["USER"] = role
    yield
    with django_db_blocker.unblock():
        connection.close()
    connection.settings_dict["USER"] = before
