"""Run the whole clinic on this machine: databases, web server, worker, beat, inbox. Ctrl-C stops it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from clinic import running


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(running.main())
