"""A group's session that is moved: dropped in the diary, or from its own page; and how that is taken back."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from clinic import audit, time
from clinic.access import Can, requires
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from scheduling import group_moves, offering, reminders
from scheduling.availability import Ask
from scheduling.forms.booking import MoveForm
from scheduling.intervals import Interval
from scheduling.models import Appointment, GroupSession
from scheduling.offering import Day
from scheduling.views import hands, places
from scheduling.views.book import anyway
from scheduling.views.groups import visible_session
from scheduling.visits import BookingRefused

SECONDS = int(reminders.SECOND_THOUGHTS.total_seconds())


@require_POST
@requires(Can.BOOK)
def drop(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Moves the session to where it was dropped; or says why not, with free times as buttons."""
    shown = visible_session(request, uid)
    form = MoveForm(request.POST, visit=shown)
    if not form.is_valid():
        sentences = " ".join(str(one) for errors in form.errors.values() for one in errors)
        return _notice(request, shown, {"kind": "refused", "sentence": sentences}, status=422)
    try:
        moved = _move(request, shown, form, minutes=form.cleaned_data.get("minutes"))
    except BookingRefused as refusal:
        data = form.cleaned_data
        facts = {
            "kind": "refused",
            "sentence": str(refusal),
            "minutes": data.get("minutes"),
            "in_room": data.get("room"),
            "alternatives": offering.alternatives(refusal.alternatives),
            "anyway": anyway(refusal, data),
        }
        return _notice(request, shown, facts, status=409)
    return _notice(request, moved, {"kind": "moved", "seconds": SECONDS})


@require_POST
@requires(Can.BOOK)
def undo_move(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Puts the session back where it was: from the diary's notice, or from its own page."""
    shown = visible_session(request, uid)
    undo = partial(group_moves.undo_move, session=shown, by=request.user, now=request.now)
    return hands.undone(request, shown, undo, _notice, page_of="scheduling:group")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def move(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Another time: one of those at which everybody is free, or typed."""
    shown = visible_session(request, uid)
    wall = shown.starts_at.astimezone(shown.location.tz)
    initial = {"practitioner": shown.practitioner.uid, "day": wall.date(), "time": wall.time()}
    form = MoveForm(
        posted(request), visit=shown, initial=initial | {"minutes": shown.minutes, "version": shown.version}
    )
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            _move(request, shown, form, minutes=None if form.cleaned_data["pick"] else form.cleaned_data["minutes"])
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, "Moved. It can be taken back for three minutes; then the patients are told.")
            return go_to(request, "scheduling:group", shown.uid)
    status = 409 if refusal else 422 if request.method == "POST" else 200
    _looked(request, shown)
    return page(request, "scheduling/group_move.html", _context(request, shown, form, refusal), status=status)


def _move(request: StaffRequest, shown: GroupSession, form: MoveForm, *, minutes: int | None) -> GroupSession:
    data = form.cleaned_data
    return group_moves.move(
        session=shown,
        starts_at=data["starts_at"],
        practitioner=data["who"],
        room=data.get("room"),
        minutes=minutes,
        version=data.get("version"),
        despite=data["despite"],
        by=request.user,
        now=request.now,
    )


def _context(
    request: StaffRequest, shown: GroupSession, form: MoveForm, refusal: BookingRefused | None
) -> dict[str, Any]:
    tz = shown.location.tz
    today = time.local_day(request.now, tz)
    near = time.local_day(shown.starts_at - timedelta(days=2), tz)
    day = max(places.day_in(request, shown.location) if "day" in request.GET else near, today)
    can_move = not shown.is_called_off and shown.starts_at > request.now
    return {
        "session": shown,
        "zone": shown.location.zone,
        "form": form,
        "days": _days(request, shown, offering.span_from(day, shown.location, now=request.now)) if can_move else [],
        "day": day,
        "can_move": can_move,
        "refusal": refusal,
        "alternatives": offering.alternatives(refusal.alternatives) if refusal else [],
        "anyway": anyway(refusal, form.cleaned_data if refusal else {}),
    }


def _days(request: StaffRequest, shown: GroupSession, span: Interval[Any]) -> list[Day]:
    """Times at which somebody can hold it, a room is free, and nobody who has a seat is elsewhere."""
    others = list(group_moves.elsewhere(shown, span.start, span.end).values_list("starts_at", "ends_at"))
    length = shown.ends_at - shown.starts_at
    ask = Ask(shown.service, shown.location, span, minutes=shown.minutes)
    days = offering.days(ask, known={shown.practitioner_id}, now=request.now)
    for day in days:
        day.offers = [
            offer
            for offer in day.offers
            if not any(offer.starts_at < end and start < offer.starts_at + length for start, end in others)
        ]
    return [day for day in days if day.offers]


def _notice(request: StaffRequest, shown: GroupSession, facts: dict[str, Any], *, status: int = 200) -> HttpResponse:
    _looked(request, shown)
    facts |= {
        "name": shown.service.name,
        "stays": "stays where it was",
        "can_undo": facts["kind"] == "moved" and group_moves.can_undo(shown, now=request.now),
        "drop": reverse("scheduling:group_drop", args=[shown.uid]),
        "undo": reverse("scheduling:group_undo_move", args=[shown.uid]),
    }
    return hands.notice(request, shown, facts, status=status)


def _looked(request: StaffRequest, shown: GroupSession) -> None:
    """A refusal may say who of the group is elsewhere."""
    uids = Appointment.objects.holding_time().filter(session=shown).values_list("patient__uid", flat=True)
    audit.viewed_many("group_session", by=request.user, now=request.now, patient_uids=dict.fromkeys(uids))
