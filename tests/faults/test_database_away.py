"""Promise: while the database is away a page says so kindly, and the next request finds it again by itself."""

from __future__ import annotations

import os

import psycopg
import pytest
from django.db import connection
from django.test import Client

from tests.factories.people import a_location, front_desk


def cut() -> None:
    """End the connection from the other side, as a restart of the server does."""
    assert connection.connection is not None
    with psycopg.connect(os.environ["TONUS_TEST_DATABASE_URL"], autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/patients/", "/alive/"])
def test_a_page_says_that_it_cannot_answer_for_a_moment_and_the_next_one_can(path: str):
    a_location()
    client = Client(raise_request_exception=False)
    client.force_login(front_desk())
    cut()
    refused = client.get(path)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "Tonus cannot answer for a moment" in refused.content.decode()
    connection.close()  # as the end of a request does where it is not the tests' own
    assert client.get(path).status_code == 200
