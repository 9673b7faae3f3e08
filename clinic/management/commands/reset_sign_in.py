"""For an owner who has lost phone and recovery codes: take the second factor away, print a link for a new password.

Whoever can run this has the server; it is written down all the same, and every session of that person ends.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from clinic import audit, links, second_factor, sessions, time
from clinic.access import SYSTEM
from clinic.links import Purpose
from clinic.models import User

LASTS = timedelta(hours=1)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that the person signs in with")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"], is_active=True).first()
        if user is None:
            raise CommandError("Nobody who may sign in has that address.")
        now = time.now()
        second_factor.forget(user)
        sessions.end_all(user)
        links.revoke_for(user.uid, now)
        token = links.issue(purpose=Purpose.PASSWORD, subject_uid=user.uid, expires_at=now + LASTS, now=now)
        audit.record("sign_in.reset_on_the_server", by=SYSTEM, now=now, subject=user)
        self.stdout.write(f"For {user.name}, once, within the hour:\n{links.url_for(token, Purpose.PASSWORD)}")
