"""Links by which a patient acts without signing in: one purpose, one subject, once, for a while.

The token is 32 random bytes and exists only in the message; the database keeps its SHA-256.
See docs/adr/0027-links-are-rows-not-signatures.md.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import ipaddress
import secrets
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db.models import QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.debug import sensitive_variables

from clinic.access import LinkActor, Policy, View
from clinic.models import ActionLink, Clinic, Location

#: Characters of a token: 32 bytes in the URL's alphabet.
TOKEN_LENGTH = 43
#: So many wrong tokens a minute may come from one address before it has to wait.
WRONG_TOKENS_A_MINUTE = 30


class Purpose(TextChoices):
    """What a link lets its holder do."""

    VISIT = "visit", "Confirm or cancel one visit, or ask to move it"
    VISITS = "visits", "See several visits, each of which has a link of its own"
    WAITLIST = "waitlist", "Take or decline one time that is offered"
    MEASURES = "measures", "Answer questions before a visit, once"
    SPASM_DIARY = "spasm_diary", "Keep one diary, as often as one likes"
    HOME = "home", "See one's exercises and say how they went, as often as one likes"
    PASSWORD = "password", "Choose the password of one's own sign-in (staff)"


#: Where a link of each purpose leads. What the button says that opens it: clinic.wording.speech.
ROUTES = {
    Purpose.VISIT: "portal:visit",
    Purpose.VISITS: "portal:visits",
    Purpose.WAITLIST: "portal:offer",
    Purpose.MEASURES: "portal:measures",
    Purpose.SPASM_DIARY: "portal:diary",
    Purpose.HOME: "portal:home",
    Purpose.PASSWORD: "choose_password",
}


@sensitive_variables("token")
def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_token() -> str:
    """Opens nothing until it is issued."""
    return secrets.token_urlsafe(32)


@sensitive_variables("token")
def token_within(token: str, subject_uid: uuid.UUID) -> str:
    """The token of one of several subjects to which the page behind `token` leads: its holder can make it too."""
    made = hmac.digest(token.encode(), subject_uid.bytes, "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


@sensitive_variables("token")
def issue(
    *,
    purpose: str,
    subject_uid: uuid.UUID,
    subject_version: int = 1,
    expires_at: datetime,
    now: datetime,
    message_uid: uuid.UUID | None = None,
    token: str = "",
) -> str:
    """A new token for this one thing. Whoever loses it cannot get it back: a new one must be issued.

    `token` is one of `new_token()` that is already written into a message about to leave.
    """
    token = token or new_token()
    ActionLink.objects.create(
        digest=digest_of(token),
        purpose=Purpose(purpose),
        subject_uid=subject_uid,
        subject_version=subject_version,
        message_uid=message_uid,
        issued_at=now,
        expires_at=expires_at,
    )
    return token


@sensitive_variables("token")
def url_for(token: str, purpose: str) -> str:
    """The whole address that goes into a message."""
    return settings.PUBLIC_URL + reverse(ROUTES[Purpose(purpose)], args=[token])


@sensitive_variables("token")
def find(token: str, purpose: str) -> ActionLink | None:
    """The link that this token belongs to, whatever became of it; None for anything that was never issued."""
    if len(token) != TOKEN_LENGTH:
        return None
    return ActionLink.objects.filter(digest=digest_of(token), purpose=purpose).first()


@sensitive_variables("token")
def resolve(token: str, purpose: str, now: datetime) -> ActionLink | None:
    """The link, if it may still be used: known, for this purpose, not expired, not used, not revoked."""
    link = find(token, purpose)
    return link if link is not None and is_working(link, now) else None


def is_working(link: ActionLink, now: datetime) -> bool:
    return link.used_at is None and link.revoked_at is None and now < link.expires_at


def use(link: ActionLink, *, used_for: str, now: datetime) -> bool:
    """Use the link up, in the transaction of the act. False: someone else has used it meanwhile."""
    return (
        ActionLink.objects.filter(pk=link.pk, used_at__isnull=True, expires_at__gt=now).update(
            used_at=now, used_for=used_for
        )
        == 1
    )


def revoke_for(subject_uid: uuid.UUID, now: datetime) -> int:
    """No link about this subject works any more; what was used stays used. Returns how many were alive."""
    return ActionLink.objects.about(subject_uid).working(now).update(revoked_at=now)


def restore_for(subject_uid: uuid.UUID, *, version: int, becomes: int, revoked_at: datetime) -> int:
    """The change for which they were revoked was taken back: these links work again, for the subject as it is now."""
    mine = ActionLink.objects.about(subject_uid).filter(subject_version=version)
    mine.filter(revoked_at=revoked_at).update(revoked_at=None)
    return mine.update(subject_version=becomes)


def within(link: ActionLink) -> QuerySet[ActionLink]:
    """The links of the several subjects to which the page behind this one leads."""
    return ActionLink.objects.filter(message_uid=link.message_uid).exclude(purpose=Purpose.VISITS)


def revoke_of_message(message_uid: uuid.UUID, now: datetime) -> int:
    """The link of a message that did not leave the house: no one has it."""
    return ActionLink.objects.filter(message_uid=message_uid).working(now).update(revoked_at=now)


# -- The door ------------------------------------------------------------------------------------------


def by_link(
    purpose: Purpose, *, methods: tuple[str, ...] = ("GET", "HEAD", "POST"), after_use: timedelta = timedelta(0)
) -> Callable[[View], View]:
    """The view is for who holds a working link of this purpose: it is called with the ActionLink itself.

    Unknown, tampered, expired, used and revoked links all get the same page (410). Only POST may change
    anything, as scanners of mail follow every link. `after_use` lets a used link open this view a while longer.
    """

    def decorate(view: View) -> View:
        @sensitive_variables("token")
        def opened(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if _has_to_wait(request):
                return too_many(request)
            link = find(token, purpose)
            if link is None:
                _count_a_wrong_token(request)
                return gone(request)
            repeated = request.method == "POST" and link.used_at is not None
            now: datetime = request.now  # type: ignore[attr-defined]
            if not repeated and not is_working(link, now) and not _just_used(link, now, after_use):
                return gone(request)
            request.actor = LinkActor(uid=link.uid)  # type: ignore[attr-defined]
            return view(request, link, *args, **kwargs)

        @functools.wraps(view)
        @sensitive_variables("token")
        def by_token(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                return private(HttpResponseNotAllowed(methods))
            # Until it is known who asks, the page speaks as the browser wishes; to staff, English.
            asked = "en" if purpose is Purpose.PASSWORD else translation.get_language_from_request(request)
            with translation.override(asked):
                return private(opened(request, token, *args, **kwargs))

        door = login_not_required(by_token)
        door.policy = Policy(purpose=purpose)  # type: ignore[attr-defined]
        return door

    return decorate


def _just_used(link: ActionLink, now: datetime, within: timedelta) -> bool:
    return (
        link.used_at is not None and link.revoked_at is None and now < link.expires_at and now - link.used_at < within
    )


Found = TypeVar("Found")


def by_secret(
    opens: str, *, find: Callable[[str, HttpRequest], Found | None], methods: tuple[str, ...] = ("GET", "HEAD")
) -> Callable[[View], View]:
    """The view is for a program that holds a standing secret: it is called with what `find` makes of it.

    Whatever is wrong with a secret, the answer is the same bare 404. It is looked for before wrong ones are
    counted, so that a neighbour's guesses never hold up somebody who has a right one.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        @sensitive_variables("token")
        def by_token(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                return private(HttpResponseNotAllowed(methods))
            found = find(token, request) if len(token) == TOKEN_LENGTH else None
            if found is not None:
                return _unlisted(view(request, found, *args, **kwargs))
            if _has_to_wait(request):
                return private(HttpResponse("Too many wrong addresses.\n", "text/plain", 429, headers=_WAIT))
            _count_a_wrong_token(request)
            return private(HttpResponseNotFound("Not found.\n", content_type="text/plain"))

        door = login_not_required(by_token)
        door.policy = Policy(secret=opens)  # type: ignore[attr-defined]
        return door

    return decorate


def gone(request: HttpRequest) -> HttpResponse:
    """The one page for every link that does not work; it says whom to call and nothing else."""
    clinic, places = Clinic.objects.first(), list(Location.objects.active().order_by("name"))
    known = clinic is not None and clinic.phone in {place.phone for place in places}
    return render(request, "portal/gone.html", {"clinic": clinic, "locations": places, "known": known}, status=410)


def too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "portal/too_many.html", {"clinic": Clinic.objects.first()}, status=429)
    response["Retry-After"] = _WAIT["Retry-After"]
    return response


_WAIT = {"Retry-After": "60"}


def private(response: HttpResponse) -> HttpResponse:
    """Keep the address of the page, which holds the token, from everyone else."""
    response["Cache-Control"] = "no-store"
    return _unlisted(response)


def _unlisted(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _key(request: HttpRequest) -> str:
    """The network an address belongs to: one IPv4 address, or the /64 that an IPv6 customer is given."""
    address = client_address(request)
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "wrong-links:unknown"
    net = ipaddress.ip_network((ip, 64 if ip.version == 6 else 32), strict=False)
    minute = int(request.now.timestamp() // 60)  # type: ignore[attr-defined]
    return f"wrong-links:{hashlib.sha256(str(net).encode()).hexdigest()[:32]}:{minute}"


def client_address(request: HttpRequest) -> str:
    """Who is at the other end: behind trusted proxies, what the outermost of them saw."""
    hops = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return str(request.META.get("REMOTE_ADDR", ""))


def _has_to_wait(request: HttpRequest) -> bool:
    return int(cache.get(_key(request), 0)) >= WRONG_TOKENS_A_MINUTE


def _count_a_wrong_token(request: HttpRequest) -> None:
    key = _key(request)
    if not cache.add(key, 1, timeout=120):
        try:
            cache.incr(key)
        except ValueError:  # it expired between the two calls
            cache.add(key, 1, timeout=120)
