"""How a session ends: after a while without a sign of life, and without losing what was typed.

The server decides (`IdleLogOff`); static/js/session.js warns, and clears the screen. A form that arrives too
late, or that the browser gives up when time is over, is held (`HeldInput`) for the person whose page it was and
given back when that same person has signed in again. See docs/adr/0036-what-was-typed-outlives-the-session.md.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core import signing
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import resolve_url
from django.urls import reverse

from clinic import audit, sealing, second_factor
from clinic.access import LIBRARY_URLS
from clinic.models import HeldInput, User
from clinic.requests import TimedRequest

#: However busy: a working day later one signs in again.
LONGEST = timedelta(hours=12)
#: A sign of life is written down at most this often, so that not every request writes.
SEEN_EVERY = 10
HELD_FOR = timedelta(hours=12)
#: What one person can have held: so many forms, each so long.
HELD_FORMS, HELD_BYTES = 20, 200_000
#: The field, and the header for htmx, in which a form says on whose page it was filled in.
PAGE_OF, PAGE_OF_HEADER = "page_of", "X-Page-Of"
#: Requests that the page makes by itself carry this header: they are no sign of life.
PASSIVE_HEADER = "X-Passive"
NEVER_HELD = re.compile(r"password|passwd|token|secret|credential|otp|csrf", re.IGNORECASE)

Answer = Callable[[TimedRequest], HttpResponse]


# -- A session begins, lives and ends ------------------------------------------------------------------


def begin(request: TimedRequest, *, shared_desk: bool, now: datetime) -> None:
    """Note when a session began and how long it may idle; called once somebody has signed in."""
    request.session.pop("was", None)
    request.session["began_at"] = request.session["seen_at"] = now.timestamp()
    request.session["idle_seconds"] = settings.IDLE_SECONDS_SHARED_DESK if shared_desk else settings.IDLE_SECONDS
    request.session["held"] = HeldInput.objects.kept_for(request.user, now).exists()  # type: ignore[arg-type]
    # Listed, so that its owner sees it and a closed sign-in ends it, whichever door it came through.
    UserSession.objects.create_from_request(request)


def why_over(session: Mapping[str, Any], now: datetime) -> str | None:
    """Why this session is over, in a word, or None while it lives."""
    at = now.timestamp()
    if at - session.get("began_at", at) >= LONGEST.total_seconds():
        return "too long"
    if at - session.get("seen_at", at) >= session.get("idle_seconds", settings.IDLE_SECONDS):
        return "idle"
    return None


def end(request: TimedRequest, *, why: str) -> None:
    """Sign off whoever is signed in here, remembering only whose desk it was."""
    user = request.user
    assert isinstance(user, User)
    audit.record("session.ended", by=user, now=request.now, subject=user, detail={"why": why})
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    logout(request)
    request.session["was"] = str(user.uid)


def end_all(user: User, *, except_key: str | None = None) -> int:
    """End this person's sessions wherever they are; returns how many."""
    sessions = UserSession.objects.filter(user=user).exclude(session_key=except_key or "")
    ended = 0
    for session in sessions:
        session.end()
        ended += 1
    return ended


def seconds_left(request: TimedRequest, now: datetime) -> int:
    """Until this session ends if nothing happens."""
    at, session = now.timestamp(), request.session
    idle = session.get("idle_seconds", settings.IDLE_SECONDS) - (at - session.get("seen_at", at))
    day = LONGEST.total_seconds() - (at - session.get("began_at", at))
    return max(0, int(min(idle, day)))


class IdleLogOff:
    """Ends sessions that are over, holds what arrives too late, and leads to the sign-in."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: TimedRequest) -> HttpResponse:
        request.session_over = None  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            why = why_over(request.session, request.now)
            if why:
                end(request, why=why)
                request.session_over = why  # type: ignore[attr-defined]
            else:
                self._note_sign_of_life(request)
        response = self.get_response(request)
        _drop_what_was_sent(request, response)
        return response

    def process_view(self, request: TimedRequest, view: Callable[..., HttpResponse], *_: Any) -> HttpResponse | None:
        """After the CSRF check: who is not signed in is led to the sign-in, their form held."""
        if request.user.is_authenticated or not getattr(view, "login_required", True):
            return None
        kept = request.method == "POST" and hold_posted(request)
        return sign_in_again(request, kept=kept)

    @staticmethod
    def _note_sign_of_life(request: TimedRequest) -> None:
        at, session = request.now.timestamp(), request.session
        session.setdefault("began_at", at)
        if PASSIVE_HEADER not in request.headers and at - session.get("seen_at", 0) >= SEEN_EVERY:
            session["seen_at"] = at


def sign_in_again(request: TimedRequest, *, kept: bool) -> HttpResponse:
    """To the sign-in and back to this page: by redirect, by HX-Redirect, or as 401 for scripts."""
    if getattr(request, "session_over", None) == "idle":
        minutes = settings.IDLE_SECONDS // 60
        messages.info(request, f"You were signed off: this desk was not used for {minutes} minutes or less.")
    elif getattr(request, "session_over", None):
        messages.info(request, "You were signed off: a session lasts twelve hours at most.")
    if kept:
        messages.info(request, "What you had typed is kept. Sign in and it will be there again.")
    here = page_of_request(request)
    to = resolve_url(settings.LOGIN_URL)
    if here != "/":
        to = f"{to}?{urlencode({'next': here}, safe='/')}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": to})
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"error": "You are signed off.", "sign_in": to}, status=401)
    return HttpResponseRedirect(to)


def page_of_request(request: TimedRequest) -> str:
    """The page that the person was on: what the browser says, when it is ours; else what was asked for."""
    said = request.headers.get("HX-Current-URL")
    if not said and request.method == "POST":
        said = request.headers.get("Referer")
    parts = urlsplit(said or "")
    if parts.netloc == request.get_host() and parts.path.startswith("/"):
        return (f"{parts.path}?{parts.query}" if parts.query else parts.path)[:300]
    return request.get_full_path()[:300] if request.method in ("GET", "HEAD") else request.path[:300]


class SecondFactorRequired:
    """Where the clinic demands a second factor, nothing else is open until one is enrolled."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: TimedRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: TimedRequest, view: Callable[..., HttpResponse], *_: Any) -> HttpResponse | None:
        if not settings.REQUIRE_MFA or not request.user.is_authenticated:
            return None
        match = request.resolver_match
        if not getattr(view, "login_required", True) or (match and match.url_name in LIBRARY_URLS):
            return None
        if second_factor.has_second_factor(request.user):  # type: ignore[arg-type]
            return None
        to = reverse("mfa_activate_totp")
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": to})
        return HttpResponseRedirect(to)


# -- Held input ----------------------------------------------------------------------------------------


def mark(user: User) -> str:
    """What a page carries to say whose it is; nobody can make one for somebody else."""
    return signing.Signer(salt="tonus.page-of").sign(str(user.uid))


def author_of(request: TimedRequest) -> User | None:
    """Whose form this is: as its page was marked; else who is, or was last, signed in at this desk."""
    said = request.POST.get(PAGE_OF) or request.headers.get(PAGE_OF_HEADER)
    uid: str | None
    if said:
        try:
            uid = signing.Signer(salt="tonus.page-of").unsign(said)
        except signing.BadSignature:
            return None
    elif request.user.is_authenticated:
        return request.user  # type: ignore[return-value]
    else:
        uid = request.session.get("was")
    return User.objects.filter(uid=uid, is_active=True).first() if uid else None


def hold_posted(request: TimedRequest) -> bool:
    """Hold a form that came too late; False when there is nothing to hold or nobody to hold it for."""
    match = request.resolver_match
    author = author_of(request)
    if author is None or (match and match.url_name in LIBRARY_URLS):
        return False
    here = page_of_request(request)
    kept = hold(user=author, path=request.path, page=here, fields=request.POST, now=request.now)
    request.was_held = kept  # type: ignore[attr-defined]
    return kept


def hold(*, user: User, path: str, page: str, fields: QueryDict, now: datetime) -> bool:
    """Keep a form for this person, at most twelve hours. Passwords, tokens and files are never kept."""
    HeldInput.objects.outdated(now).delete()
    kept = QueryDict(mutable=True)
    for name, values in fields.lists():
        if name != PAGE_OF and not NEVER_HELD.search(name):
            kept.setlist(name, values)
    text = kept.urlencode()
    worth_keeping = any(value.strip() for values in dict(kept.lists()).values() for value in values)
    if not worth_keeping or len(text) > HELD_BYTES or len(path) > 300:
        return False
    others = HeldInput.objects.filter(user=user).exclude(path=path)
    if others.count() >= HELD_FORMS:
        return False
    HeldInput.objects.update_or_create(
        user=user,
        path=path,
        defaults={
            "page": page[:300],
            "sealed": sealing.seal(text, purpose="held input"),
            "at": now,
            "expires_at": now + HELD_FOR,
        },
    )
    return True


def _opened(held: HeldInput) -> QueryDict | None:
    try:
        return QueryDict(sealing.unseal(held.sealed, purpose="held input"))
    except sealing.Unreadable:
        return None


def _kept(request: TimedRequest) -> list[HeldInput]:
    """All that is held for who is signed in; no query unless the session says that there is something."""
    if not request.user.is_authenticated or not request.session.get("held"):
        return []
    if not hasattr(request, "held_inputs"):
        request.held_inputs = list(HeldInput.objects.kept_for(request.user, request.now))  # type: ignore[attr-defined]
    return request.held_inputs  # type: ignore[attr-defined]


def held_input(request: TimedRequest) -> QueryDict | None:
    """What this person had typed into the form of this URL when the session ran out, or None."""
    for held in _kept(request):
        if held.path == request.path:
            return _opened(held)
    return None


def held_for_page(request: TimedRequest) -> list[dict[str, Any]]:
    """What base.html gives back on this page: for each form its target, its age and its fields."""
    given = []
    for held in _kept(request):
        if request.path in (held.path, urlsplit(held.page).path):
            fields = _opened(held)
            if fields is not None:
                pairs = [[name, value] for name, values in fields.lists() for value in values]
                given.append({"uid": str(held.uid), "path": held.path, "at": held.at, "fields": pairs})
    return given


def discard(*, user: User, uid: uuid.UUID) -> None:
    """This person does not want it back."""
    HeldInput.objects.filter(user=user, uid=uid).delete()


def _drop_what_was_sent(request: TimedRequest, response: HttpResponse) -> None:
    """A held form is done with once its owner has sent it in good order."""
    if request.method != "POST" or not request.user.is_authenticated or response.status_code >= 400:
        return
    if not request.session.get("held") or getattr(request, "was_held", False):
        return
    mine = HeldInput.objects.filter(user=request.user)  # type: ignore[misc]
    mine.filter(path=request.path).delete()
    if not mine.exists():
        request.session["held"] = False


# -- A form from a page whose session is another ----------------------------------------------------------


def csrf_failure(request: TimedRequest, reason: str = "") -> HttpResponse:
    """A page left open across a sign-in has an outdated token: hold what was typed, show the page afresh.

    Only a form that says whose page it was is held, and only for that person, whoever is signed in now.
    """
    from clinic.pages import page  # noqa: PLC0415 -- pages answers with sessions

    said = request.POST.get(PAGE_OF) or request.headers.get(PAGE_OF_HEADER)
    author = author_of(request) if said else None
    kept = author is not None and hold_posted(request)
    if kept and author == request.user:
        request.session["held"] = True
        here = page_of_request(request)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": here})
        return HttpResponse(status=303, headers={"Location": here})
    return page(request, "errors/stale.html", {"kept": kept, "reason": reason}, status=403)
