"""What the application's database role may do: read and write rows, own nothing, rewrite no record of acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dj_database_url
from django.apps import apps
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

APP_ROLE = "tonus_app"


def append_only_tables() -> set[str]:
    """Tables that only grow: models that say `append_only = True`, and every history table."""
    return {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if getattr(model, "append_only", False) or hasattr(model, "pgh_tracked_model")
    }


def apply(connection: BaseDatabaseWrapper, role: str = APP_ROLE) -> None:
    """Grant the role what it needs on every table and sequence of the schema; take back what it must not have.

    Run as the owner after each migration. Does nothing when the role does not exist (one role does everything).
    """
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            return
        cursor.execute("SELECT current_user = %s", [role])
        if cursor.fetchone() == (True,):
            return
        name = quote(role)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}")
        existing = set(connection.introspection.table_names(cursor))
        for table in sorted(append_only_tables() & existing):
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {quote(table)} FROM {name}")


@contextmanager
def as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Sign in as the role that owns the tables while this lasts; where one role does both, nothing changes."""
    if not settings.DATABASE_OWNER_URL:
        yield
        return
    owner = dj_database_url.parse(settings.DATABASE_OWNER_URL)
    application = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update({key: owner[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(application)
