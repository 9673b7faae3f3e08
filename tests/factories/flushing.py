"""Tests with real transactions end with every table emptied; the guards of the record would refuse that.

Importing this module lets `flush`, and nothing else, past them: on a superuser's connection, for that command.
"""

from typing import Any

from django.core.management.commands import flush
from django.db import connection

_flush = flush.Command.handle


def _past_the_guards(self: flush.Command, **options: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    try:
        _flush(self, **options)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = origin")


if flush.Command.handle is _flush:
    flush.Command.handle = _past_the_guards  # type: ignore[method-assign]
