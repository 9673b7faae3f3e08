"""Statements by hand that are asked all day: the database plans each once for a connection, not each time.

Planning the few rows of a booking takes longer than reading them. Only for statements whose text does not change; they
begin with SELECT. See docs/adr/0052-asked-often-planned-once.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from psycopg.types.numeric import Int8


@contextmanager
def ask(statement: str, values: Mapping[str, Any]) -> Iterator[CursorWrapper]:
    """The answer, as a cursor. Logged, counted and explained like any other statement."""
    database: Any = connection
    database.ensure_connection()
    if database.connection.prepare_threshold is None and not database.in_atomic_block:
        _keep_plans(database)
    with cast("CursorWrapper", database._prepare_cursor(ServerBindingCursor(database.connection))) as cursor:  # type: ignore[call-arg]
        cursor.execute(statement, {name: _typed(value) for name, value in values.items()})
        yield cursor


def _keep_plans(database: Any) -> None:
    """From now on; outside a transaction, whose end could take it back. Django's own cursors never prepare anything.

    A plan that holds for all values is good enough where rows are looked up by ids and short windows, and so are those
    of triggers. Left to itself the database thinks it worth its while to plan anew for every value.
    """
    with database.cursor() as cursor:
        cursor.execute("SET SESSION plan_cache_mode = force_generic_plan")
    database.connection.prepare_threshold = 0


def _typed(value: Any) -> Any:
    """Numbers of one type, however small: for each combination of types there is a plan."""
    if type(value) is int:
        return Int8(value)
    return [_typed(one) for one in value] if isinstance(value, list) else value
