"""Statements that are planned once for a connection."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic import prepared

STATEMENT = "SELECT %(number)s::bigint + coalesce(array_length(%(many)s::bigint[], 1), 0)"


def asked(number: int, *many: int) -> Any:
    with prepared.ask(STATEMENT, {"number": number, "many": list(many)}) as cursor:
        return cursor.fetchone()[0]


def plans() -> list[tuple[int, int]]:
    """How often one plan for all values was used, and how often one made for the values at hand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%bigint%'")
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_whatever_the_size_of_numbers_there_is_one_plan_also_inside_a_transaction() -> None:
    connection.close()
    assert asked(1, 2) == 2
    assert asked(2**40, 2**41, 3) == 2**40 + 2
    with transaction.atomic():
        assert asked(70_000, 5) == 70_001
    assert plans() == [(3, 0)]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_taken_back_takes_no_setting_with_it() -> None:
    connection.close()
    with transaction.atomic():
        assert asked(1, 2) == 2
        transaction.set_rollback(True)
    assert plans() == []
    assert asked(1, 2) == 2
    assert plans() == [(1, 0)]


@pytest.mark.django_db
def test_it_is_counted_like_any_other_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        asked(1)
    assert len(queries) == 1
