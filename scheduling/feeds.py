"""Calendar feeds: who made one, its secret, and what ends it. What a feed shows is in scheduling.feed_entries.

The secret is 32 random bytes, shown once; the table keeps its SHA-256. See
docs/adr/0041-calendars-are-read-by-a-secret.md.
"""

from __future__ import annotations

import re
import textwrap
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from clinic import audit, links
from clinic.models import Clinic, Location, Practitioner, User
from scheduling.models import CalendarFeed, Room, Shows

#: So many of one practitioner, room or location may work at a time.
MOST = 10
Subject = Practitioner | Room | Location


class FeedRefused(Exception):
    """Carries a sentence fit for who asked for it."""


class AlreadyMade(Exception):
    """The same form came twice; the secret was shown the first time and is not kept."""


def choices_for(subject: Subject | None, clinic: Clinic | None) -> list[tuple[str, str]]:
    """What a feed may show: names only in a practitioner's own, and only where the owner allows it."""
    may_name = isinstance(subject, Practitioner) and clinic is not None and clinic.calendars_may_name
    return [(value, label) for value, label in Shows.choices if value != Shows.NAME or may_name]


@transaction.atomic
def create(
    *, subject: Subject, label: str, shows: str, uid: uuid.UUID, by: User, now: datetime
) -> tuple[CalendarFeed, str]:
    """A new feed, and its secret. `uid` is the form's: the same form sent twice makes one feed."""
    subject = type(subject)._default_manager.select_for_update(no_key=True).get(pk=subject.pk)
    if shows not in dict(choices_for(subject, Clinic.objects.first())):
        raise FeedRefused("The owner has not allowed names in calendars.")
    if CalendarFeed.objects.of(subject).working().count() >= MOST:
        raise FeedRefused(f"There are {MOST} already. Revoke one that nobody reads any more.")
    secret = links.new_token()
    whose = {str(subject._meta.model_name): subject}
    made: dict[str, Any] = {"created_at": now, "created_by": by, "issued_at": now, "issued_by": by}
    feed = CalendarFeed(uid=uid, label=label, shows=shows, digest=links.digest_of(secret), **made, **whose)
    try:
        with transaction.atomic():
            feed.save(force_insert=True)
    except IntegrityError as error:
        if CalendarFeed.objects.filter(uid=uid).exists():
            raise AlreadyMade from error
        raise
    audit.record("calendar_feed.created", by=by, now=now, subject=feed, detail=_facts(feed))
    return feed, secret


@transaction.atomic
def rotate(feed: CalendarFeed, *, by: User, now: datetime) -> tuple[CalendarFeed, str]:
    """A new secret for the same feed; the old one is dead from now on."""
    feed = CalendarFeed.objects.select_for_update(no_key=True, of=("self",)).for_page().get(pk=feed.pk)
    if feed.revoked_at is not None:
        raise FeedRefused("This calendar was revoked. Make a new one.")
    secret = links.new_token()
    feed.digest, feed.issued_at, feed.issued_by = links.digest_of(secret), now, by
    feed.fetched_at, feed.fetched_with = None, ""
    feed.save(update_fields=["digest", "issued_at", "issued_by", "fetched_at", "fetched_with"])
    audit.record("calendar_feed.rotated", by=by, now=now, subject=feed, detail=_facts(feed))
    return feed, secret


@transaction.atomic
def revoke(feed: CalendarFeed, *, by: User, now: datetime, reason: str = "") -> CalendarFeed:
    """Nobody reads it any more. Saying it twice changes nothing."""
    feed = CalendarFeed.objects.select_for_update(no_key=True).get(pk=feed.pk)
    if feed.revoked_at is None:
        feed.revoked_at, feed.revoked_by = now, by
        feed.save(update_fields=["revoked_at", "revoked_by"])
        audit.record("calendar_feed.revoked", by=by, now=now, subject=feed, reason=reason, detail=_facts(feed))
    return feed


def revoke_of_leaver(*, user: User, by: User, now: datetime) -> None:
    """Whoever leaves takes no secret along; whoever no longer treats has no calendar of their own."""
    working = CalendarFeed.objects.working()
    theirs = working.of_practitioner_of(user)
    if not user.is_active:
        theirs |= working.known_to(user)
    why = "no longer treats" if user.is_active else "left"
    for feed in theirs.order_by("pk"):
        revoke(feed, by=by, now=now, reason=f"{user.name} {why}")


def _facts(feed: CalendarFeed) -> dict[str, str]:
    return {"of": feed.subject._meta.model_name or "", "of_uid": str(feed.subject.uid), "shows": feed.shows}


# -- The door --------------------------------------------------------------------------------------------

#: One statement finds the feed and writes down that it was fetched. It works while its holder's sign-in does.
_FETCHED = """
UPDATE scheduling_calendarfeed AS feed SET fetched_at = %s, fetched_with = %s FROM clinic_user AS holder
 WHERE feed.digest = %s AND feed.revoked_at IS NULL AND holder.id = feed.issued_by_id AND holder.is_active
RETURNING feed.*, (SELECT calendars_may_name FROM clinic_clinic) AS may_name
"""


@sensitive_variables("secret")
def fetched(secret: str, request: HttpRequest) -> CalendarFeed | None:
    """The feed that this secret opens, noted as fetched now; None for anything else."""
    now: datetime = request.now  # type: ignore[attr-defined]
    found = CalendarFeed.objects.raw(_FETCHED, [now, program(request), links.digest_of(secret)])
    feed = next(iter(found), None)
    if feed is not None and feed.shows == Shows.NAME and not feed.may_name:  # type: ignore[attr-defined]
        feed.shows = Shows.INITIALS
    return feed


#: What browsers all say of themselves.
_NO_NEWS = re.compile(r"\([^)]*\)|[^\x20-\x7e]|\b(Mozilla|AppleWebKit|Gecko)/\S+")


def program(request: HttpRequest) -> str:
    """What came for the calendar, in a word or three: "Google-Calendar-Importer", "iOS/18.1 dataaccessd/1.0"."""
    said = _NO_NEWS.sub(" ", request.headers.get("User-Agent", ""))
    return textwrap.shorten(said, 40, placeholder=" …")


@sensitive_variables("secret")
def url_for(secret: str) -> str:
    """The whole address that a calendar program is given."""
    return settings.PUBLIC_URL + reverse("calendar_feed", args=[secret])
