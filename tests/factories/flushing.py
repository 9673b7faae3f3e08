"""Tests with real transactions end with every table emptied; the guards of the record would refuse that.

Importing this module makes `flush`, in tests alone, empty the tables as the superuser of the tests' server, past
triggers and grants. What migrations put there stays.
"""

from __future__ import annotations

import os
from typing import Any

import psycopg
from django.core.management.commands import flush
from django.db import connection

KEPT = ("django_migrations", "django_content_type", "treatments_exercise")

_EMPTY = """
DO $$
DECLARE name text; filled boolean;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT tablename = ANY (%(kept)s) LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %%I)', name) INTO filled;
    IF filled THEN EXECUTE format('DELETE FROM %%I', name); END IF;
  END LOOP;
END $$
"""


def _empty_all_tables(self: flush.Command, **options: Any) -> None:
    kept = "ARRAY[" + ", ".join(f"'{table}'" for table in KEPT) + "]"
    with psycopg.connect(os.environ["TONUS_TEST_DATABASE_URL"], dbname=connection.settings_dict["NAME"]) as server:
        server.execute(_EMPTY.replace("%(kept)s", kept).replace("%%", "%"))


flush.Command.handle = _empty_all_tables  # type: ignore[method-assign]
