"""Calendar feeds: the door that calendar programs knock at, and the pages where people make and revoke them."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.links import by_secret
from clinic.models import Clinic, Location
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest, TimedRequest
from scheduling import feeds, ical
from scheduling.feed_entries import content_of
from scheduling.feeds import AlreadyMade, FeedRefused, Subject
from scheduling.forms.feeds import FeedForm, PlaceFeedForm
from scheduling.models import CalendarFeed, Room
from scheduling.views import places

# -- The door --------------------------------------------------------------------------------------------


@by_secret("calendar", find=feeds.fetched)
def feed(request: TimedRequest, feed: CalendarFeed) -> HttpResponse:
    """The calendar, or that it is as it was (304, three queries). What names somebody is a look by its holder."""
    content = content_of(feed, now=request.now)
    tag = ical.entity_tag(feed.label, content.entries)
    response = get_conditional_response(request, etag=tag)
    if response is None:
        if content.patient_uids and request.method != "HEAD":
            audit.viewed_many("calendar", by=feed.issued_by, now=request.now, patient_uids=sorted(content.patient_uids))
        response = HttpResponse(ical.feed(feed.label, content.entries), content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="calendar.ics"'
    changed_at = max((entry.changed_at for entry in content.entries), default=feed.issued_at)
    response["ETag"] = tag
    response["Last-Modified"] = http_date(changed_at.timestamp())
    response["Cache-Control"] = "private, no-cache"
    return response


# -- One's own -------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.SEE_DIARY)
def mine(request: StaffRequest) -> HttpResponse:
    """A therapist's own calendars."""
    me = request.user.practitioner_or_none
    if me is None or not me.is_active:
        return page(request, "scheduling/no_calendar.html")
    form = FeedForm(posted(request), shows=feeds.choices_for(me, Clinic.objects.first()))
    if request.method == "POST" and form.is_valid() and (made := _made(request, form, me)):
        return made
    own = CalendarFeed.objects.visible_to(request.user).working().for_page()
    return _listed(request, "scheduling/my_calendar.html", {"form": form, "feeds": own})


def _own(request: StaffRequest, uid: uuid.UUID) -> CalendarFeed:
    return get_object_or_404(CalendarFeed.objects.visible_to(request.user), uid=uid)


@require_POST
@requires(Can.SEE_DIARY)
def rotate_mine(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """A new address; the old one is dead."""
    return _rotated(request, _own(request, uid), "scheduling:my_calendar")


@require_POST
@requires(Can.SEE_DIARY)
def revoke_mine(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    return _revoked(request, _own(request, uid), "scheduling:my_calendar")


# -- Of rooms and locations ------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.MANAGE_RESOURCES)
def of_places(request: StaffRequest) -> HttpResponse:
    """Calendars of rooms and locations; those of therapists can be seen and revoked."""
    rooms = Room.objects.active().by_name()
    form = PlaceFeedForm(posted(request), places=Location.objects.active().order_by("name", "pk"), rooms=rooms)
    if request.method == "POST" and form.is_valid() and (made := _made(request, form, form.subject)):
        return made
    working = list(CalendarFeed.objects.visible_to(request.user, Can.MANAGE_RESOURCES).working().for_page())
    context = {
        "form": form,
        "feeds": [one for one in working if not one.practitioner_id],
        "of_people": [one for one in working if one.practitioner_id],
    }
    return _listed(request, "scheduling/setup/calendars.html", context)


def _managed(request: StaffRequest, uid: uuid.UUID) -> CalendarFeed:
    return get_object_or_404(CalendarFeed.objects.visible_to(request.user, Can.MANAGE_RESOURCES), uid=uid)


@require_POST
@requires(Can.MANAGE_RESOURCES)
def rotate(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Only of places: the address of a therapist's own calendar is shown to nobody else."""
    managed = _managed(request, uid)
    if managed.practitioner_id:
        messages.error(request, "Only the therapist can make a new address for their own calendar.")
        return go_to(request, "scheduling:calendars")
    return _rotated(request, managed, "scheduling:calendars")


@require_POST
@requires(Can.MANAGE_RESOURCES)
def revoke(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    return _revoked(request, _managed(request, uid), "scheduling:calendars")


# -- What both have --------------------------------------------------------------------------------------


def _listed(request: StaffRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    location = places.chosen(request, places.locations())
    status = 422 if request.method == "POST" else 200
    return page(request, template, context | {"zone": location.zone if location else "UTC"}, status=status)


def _made(request: StaffRequest, form: FeedForm, subject: Subject) -> HttpResponse | None:
    """The page that shows the new secret, once; None: refused, and the form says why."""
    data = form.cleaned_data
    back = "scheduling:calendars" if isinstance(form, PlaceFeedForm) else "scheduling:my_calendar"
    try:
        made, secret = feeds.create(
            subject=subject, label=data["label"], shows=data["shows"], uid=data["key"], by=request.user, now=request.now
        )
    except AlreadyMade:
        messages.info(request, "This calendar exists already. Its address was shown once; you can make a new one.")
        return go_to(request, back)
    except FeedRefused as refusal:
        add_refusal(form, refusal)
        return None
    return _secret_page(request, made, secret, back)


def _rotated(request: StaffRequest, feed: CalendarFeed, back: str) -> HttpResponse:
    try:
        feed, secret = feeds.rotate(feed, by=request.user, now=request.now)
    except FeedRefused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, back)
    return _secret_page(request, feed, secret, back)


def _revoked(request: StaffRequest, feed: CalendarFeed, back: str) -> HttpResponse:
    feeds.revoke(feed, by=request.user, now=request.now)
    messages.success(request, f"{feed.label} is revoked: its address shows nothing any more.")
    return go_to(request, back)


@sensitive_variables("secret", "address")
def _secret_page(request: StaffRequest, feed: CalendarFeed, secret: str, back: str) -> HttpResponse:
    address = feeds.url_for(secret)
    subscribe = address.replace("https://", "webcal://").replace("http://", "webcal://")
    context = {"feed": feed, "address": address, "subscribe": subscribe, "back": back}
    return page(request, "scheduling/calendar_secret.html", context)
