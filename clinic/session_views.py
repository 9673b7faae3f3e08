"""What static/js/session.js asks for: how long, hold this, sign me off."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from clinic import sessions
from clinic.access import Can, public, requires
from clinic.pages import go_to, page
from clinic.requests import StaffRequest, TimedRequest

_OURS = "the page of somebody whose session may just have ended"


@requires(Can.OWN_ACCOUNT)
@require_http_methods(["GET", "POST"])
def session(request: StaffRequest) -> HttpResponse:
    """Seconds until this session ends by itself. A POST says that somebody is still there."""
    if request.method == "POST":
        request.session["seen_at"] = request.now.timestamp()
    return JsonResponse({"seconds_left": sessions.seconds_left(request, request.now)})


@public(_OURS)
@require_POST
def held(request: TimedRequest) -> HttpResponse:
    """Hold a form for whose page it is; answers the same whether or not anything was held."""
    author = sessions.author_of(request)
    path, fields = request.POST.get("path", ""), request.POST.get("fields", "")
    if author is not None and path.startswith("/") and len(fields) <= sessions.HELD_BYTES:
        here = _own_path(request, request.POST.get("page", "")) or path
        sessions.hold(user=author, path=path, page=here, fields=QueryDict(fields), now=request.now)
        if author == request.user:
            request.session["held"] = True
    return HttpResponse(status=204)


@public(_OURS)
@require_http_methods(["GET", "POST"])
def signed_off(request: TimedRequest) -> HttpResponse:
    """A POST ends the session of the page that sends it; the page says so and leads back in."""
    back = _own_path(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method == "POST":
        if request.user.is_authenticated and sessions.author_of(request) == request.user:
            sessions.end(request, why="idle")
        return go_to(request, _with_next(resolve_url("signed_off"), back))
    if request.user.is_authenticated:
        return go_to(request, back or "home")
    sign_in = _with_next(resolve_url("account_login"), back)
    return page(request, "account/signed_off.html", {"sign_in": sign_in})


@requires(Can.OWN_ACCOUNT)
@require_POST
def discard_held(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Throw away one's own held form."""
    sessions.discard(user=request.user, uid=uid)
    return go_to(request, _own_path(request, request.POST.get("next", "")) or "home")


def _own_path(request: TimedRequest, url: str) -> str:
    """The path and query of a page of ours, or nothing."""
    if not url.startswith("/") or not url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}):
        return ""
    parts = urlsplit(url)
    return (f"{parts.path}?{parts.query}" if parts.query else parts.path)[:300]


def _with_next(url: str, back: str) -> str:
    return f"{url}?{urlencode({'next': back}, safe='/')}" if back and back != "/" else url
