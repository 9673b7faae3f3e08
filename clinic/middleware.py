"""What happens to every request before a view sees it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pghistory
from django.http import HttpRequest, HttpResponse

from clinic import audit, time

GetResponse = Callable[[HttpRequest], HttpResponse]


class Edge:
    """Stops the clock and names the request: `request.now` is the only time that views know."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.now = time.now()  # type: ignore[attr-defined]
        token = audit.request_id.set(uuid.uuid4())
        try:
            return self.get_response(request)
        finally:
            audit.request_id.reset(token)


class WhoChangedWhat:
    """Tells the history triggers who is acting, for every request that may change something."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return self.get_response(request)
        user = request.user
        who = {"actor": str(user.uid), "name": user.name} if user.is_authenticated else {"actor": None, "name": "Link"}
        with pghistory.context(**who):
            return self.get_response(request)
