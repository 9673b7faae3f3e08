"""Run the whole clinic on this machine: databases, web server, worker, beat, inbox. Ctrl-C stops it."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Become the process that keeps the others: it needs no Django, and lives for months."""
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, "-m", "clinic.running"])  # noqa: S606 -- ourselves
