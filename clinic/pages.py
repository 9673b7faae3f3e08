"""How views answer: one URL, two renderings (a page, or the part of it that htmx asked for)."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from clinic import time
from clinic.access import Can
from clinic.models import Clinic, User
from clinic.models.channel_health import with_trouble
from clinic.requests import TimedRequest


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page (and not the browser's back button for a whole one)."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.history_restore_request and not htmx.boosted


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
    partial: str | None = None,
) -> HttpResponse:
    """The template, or only its partial of that name when htmx asks. Never cached by anyone between."""
    name = f"{template}#{partial}" if partial and is_htmx(request) else template
    response = render(request, name, context or {}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    response.setdefault("Cache-Control", "no-store")
    return response


def go_to(request: HttpRequest, to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Go on to another page after a verb: 303, or HX-Redirect when htmx asked."""
    url = resolve_url(to, *args, **kwargs)
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303)


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: what was posted, or what was held when the session ran out; else None.

    A held input only fills the form again; the view acts on `request.method == "POST"` alone.
    """
    if request.method == "POST":
        return request.POST
    from clinic import sessions  # noqa: PLC0415 -- sessions answers with pages

    return sessions.held_input(cast("TimedRequest", request))


def frame(request: HttpRequest) -> dict[str, Any]:
    """What base.html needs on every page: the clinic, what this person may do, where they are."""
    user = getattr(request, "user", None)
    signed_in = isinstance(user, User) and user.is_authenticated
    match = request.resolver_match
    from clinic import sessions  # noqa: PLC0415 -- sessions answers with pages

    return {
        "clinic": SimpleLazyObject(lambda: _clinic(request)) if signed_in else None,
        "may": SimpleLazyObject(lambda: _may(user)) if signed_in else set(),
        "section": match.namespace or match.url_name if match else "",
        "demo": settings.DEMO,
        "now": getattr(request, "now", None),
        "page_of": sessions.mark(cast("User", user)) if signed_in else "",
        "held": sessions.held_for_page(cast("TimedRequest", request)) if signed_in else [],
        "idle_seconds": request.session.get("idle_seconds", settings.IDLE_SECONDS) if signed_in else None,
    }


def _clinic(request: HttpRequest) -> Clinic | None:
    """With whether messages that are due do not go out: every page says so, none asks for it."""
    now = getattr(request, "now", None) or time.now()
    return with_trouble(Clinic.objects.filter(is_the_one=True), now).first()


def _may(user: Any) -> set[str]:
    """The names of what this person's roles allow; asked only by pages that ask."""
    return {can.name for can in Can if user.can(can)}
