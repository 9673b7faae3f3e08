"""What only somebody with the keys of the database server can do; what they did is committed."""

from __future__ import annotations

import os

import psycopg
from django.db import connection


def with_the_keys(statement: str, *, past_the_guards: bool = True) -> None:
    """Run a statement as superuser; past triggers too, unless the triggers are what is tested."""
    server = os.environ["TONUS_TEST_DATABASE_URL"]
    with psycopg.connect(server, dbname=connection.settings_dict["NAME"], autocommit=True) as session:
        if past_the_guards:
            session.execute("SET session_replication_role = replica")
        session.execute(statement.encode())
