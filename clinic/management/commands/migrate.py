"""Django's migrate, as the role that owns the tables; then the application's role gets its grants.

With `DATABASE_OWNER_URL` set, the migration signs in with it. Without, one role does both, and a check says so.
"""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connections

from clinic import grants


class Command(migrate.Command):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        with grants.as_owner(connection):
            super().handle(*args, **options)
            if not (options["plan"] or options["check_unapplied"]):
                call_command("createcachetable", verbosity=0)
                grants.apply(connection)
