"""What a request carries once it has come through the middleware; for type checkers and readers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from clinic.access import LinkActor
from clinic.models import User


class TimedRequest(HttpRequest):
    """Any request: its clock stands still from the edge on."""

    now: datetime
    htmx: Any


class StaffRequest(TimedRequest):
    """A request past @requires: somebody of the staff is signed in."""

    user: User  # type: ignore[assignment]


class LinkRequest(TimedRequest):
    """A request past @by_link: whoever holds the link acts."""

    actor: LinkActor
