"""The way in: home by role, and the pages that say what went wrong."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from clinic import audit
from clinic.access import Can, public, requires
from clinic.models import Role
from clinic.pages import go_to, page
from clinic.requests import StaffRequest

_HOMES = ((Role.ADMIN, "scheduling:diary"), (Role.THERAPIST, "scheduling:today"), (Role.OWNER, "office:home"))


@requires(Can.OWN_ACCOUNT)
def home(request: StaffRequest) -> HttpResponse:
    """The page that this person's day starts with: by the first of their roles in this order."""
    for role, name in _HOMES:
        if request.user.holds(role):
            return go_to(request, name)
    return page(request, "errors/no_role.html", status=403)


@public("a probe for supervisors: says only that the application answers and reaches its database")
def alive(request: HttpRequest) -> HttpResponse:
    from django.db import connection  # noqa: PLC0415 -- the only view that touches it

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Says which action is not allowed; never on whose record."""
    return page(request, "errors/403.html", {"why": str(exception or "")}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Plain, without a query: the database may be what failed. 503 when it is, or when nothing can be recorded."""
    from django.template.loader import render_to_string  # noqa: PLC0415 -- only here

    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError | audit.CannotRecord)
    body = render_to_string("errors/503.html" if away else "errors/500.html", {"home": reverse("home")})
    response = HttpResponse(body, status=503 if away else 500, headers={"Cache-Control": "no-store"})
    if away:
        response["Retry-After"] = "5"
    return response
