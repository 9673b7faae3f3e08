"""A kept connection is looked at without a word to the server, and what the server ended is not used again."""

from __future__ import annotations

import os
import time

import psycopg
import pytest
from django.db import connection
from django.db.backends.postgresql import base

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often the server itself was asked."""
    words: list[str] = []
    ask = base.DatabaseWrapper.is_usable

    def noted(self: base.DatabaseWrapper) -> bool:
        words.append("asked")
        return bool(ask(self))

    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", noted)
    connection.ensure_connection()
    return words


def ended_by_the_server() -> None:
    with psycopg.connect(os.environ["TONUS_TEST_DATABASE_URL"], autocommit=True) as server:
        pid = connection.connection.info.backend_pid
        server.execute("SELECT pg_terminate_backend(%s)", [pid])
        while server.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone():
            time.sleep(0.01)


def test_an_idle_connection_stands_and_the_server_is_not_asked(asked: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connection.is_usable()
    assert asked == []


def test_what_the_server_ended_is_not_used_again_and_the_next_one_works(asked: list[str]) -> None:
    ended_by_the_server()
    assert not connection.is_usable()
    assert asked == ["asked"]
    connection.health_check_enabled, connection.health_check_done = True, False
    connection.close_if_health_check_failed()  # as at the beginning of a request
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_in_a_transaction_and_without_a_connection_it_is_as_django_says(asked: list[str]) -> None:
    connection.connection.execute("BEGIN")
    assert connection.is_usable()
    assert asked == ["asked"]
    connection.connection.execute("ROLLBACK")
    connection.close()
    assert not connection.is_usable()


def test_a_notice_of_the_server_is_no_reason_to_connect_anew(asked: list[str]) -> None:
    """Something to read is not yet an end: then the server is asked, and answers."""
    with connection.cursor() as cursor:
        cursor.execute("LISTEN whatever")
    with psycopg.connect(os.environ["TONUS_TEST_DATABASE_URL"], autocommit=True) as server:
        server.execute(f"SELECT 1 FROM pg_database WHERE datname = '{connection.settings_dict['NAME']}'")
    with psycopg.connect(
        os.environ["TONUS_TEST_DATABASE_URL"], dbname=connection.settings_dict["NAME"], autocommit=True
    ) as other:
        other.execute("NOTIFY whatever")
    time.sleep(0.1)
    assert connection.is_usable()
    assert asked == ["asked"]
