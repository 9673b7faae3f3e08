"""A visit that was dragged, stretched or moved by keys in the diary, and how that is taken back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from clinic import audit
from clinic.access import Can, requires
from clinic.pages import go_to, is_htmx, page
from clinic.requests import StaffRequest
from scheduling import booking, offering, reminders
from scheduling.booking import BookingRefused
from scheduling.forms.booking import MoveForm
from scheduling.models import Appointment, GroupSession
from scheduling.views import places
from scheduling.views.book import anyway, squeeze

#: A visit, or a group's session.
Moved = TypeVar("Moved", Appointment, GroupSession)
#: What the page is told, so that it draws the diary anew.
CHANGED = "diary:changed"


@require_POST
@requires(Can.BOOK)
def drop(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Moves the visit to where it was dropped; or says why not, with free times as buttons."""
    shown = places.visible_visit(request, uid)
    form = MoveForm(request.POST, visit=shown)
    if not form.is_valid():
        return _refused(request, shown, form, None, status=422)
    data = form.cleaned_data
    try:
        moved = booking.move(
            appointment=shown,
            starts_at=data["starts_at"],
            practitioner=data["who"],
            room=data.get("room"),
            minutes=data.get("minutes"),
            version=data.get("version"),
            despite=data["despite"],
            overbook=data["overbook"],
            by=request.user,
            now=request.now,
        )
    except BookingRefused as refusal:
        return _refused(request, shown, form, refusal)
    return _notice(request, moved, {"kind": "moved", "seconds": int(reminders.SECOND_THOUGHTS.total_seconds())})


@require_POST
@requires(Can.BOOK)
def undo_move(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Puts the visit back where it was: from the diary's notice, or from the page of the visit."""
    shown = places.visible_visit(request, uid)
    undo = partial(booking.undo_move, appointment=shown, by=request.user, now=request.now)
    return undone(request, shown, undo, _notice, page_of="scheduling:visit")


def undone(
    request: StaffRequest, shown: Moved, undo: Callable[..., Moved], told: Callable[..., HttpResponse], *, page_of: str
) -> HttpResponse:
    """Take a move back and say so: in the diary as `told` does, or on its own page. The form says what it saw."""
    version, sentence = request.POST.get("version", ""), ""
    try:
        shown = undo(version=int(version) if version.isdecimal() else None)
    except BookingRefused as refusal:
        sentence = str(refusal)
    if is_htmx(request):
        facts = {"kind": "refused", "sentence": sentence} if sentence else {"kind": "back"}
        return told(request, shown, facts, status=409 if sentence else 200)
    if sentence:
        messages.error(request, sentence)
    else:
        messages.success(request, "The move is taken back.")
    return go_to(request, page_of, shown.uid)


def _refused(
    request: StaffRequest, shown: Appointment, form: MoveForm, refusal: BookingRefused | None, *, status: int = 409
) -> HttpResponse:
    """Why not, and what can be pressed instead; without a refusal the form itself says why."""
    data = form.cleaned_data
    facts = {
        "kind": "refused",
        "form": form,
        "sentence": str(refusal or " ".join(str(one) for errors in form.errors.values() for one in errors)),
        "minutes": data.get("minutes"),
        "in_room": data.get("room"),
        "alternatives": offering.alternatives(refusal.alternatives) if refusal else [],
        "anyway": anyway(refusal, data),
        "squeeze": squeeze(request, form, refusal),
    }
    return _notice(request, shown, facts, status=status)


def _notice(request: StaffRequest, shown: Appointment, facts: dict[str, Any], *, status: int = 200) -> HttpResponse:
    audit.viewed_once("appointment", by=request.user, now=request.now, patient_uid=shown.patient.uid)
    facts |= {"name": shown.patient.display_name, "stays": "stays where they were", "can_undo": True}
    facts |= {"drop": reverse("scheduling:drop", args=[shown.uid])}
    facts |= {"undo": reverse("scheduling:undo_move", args=[shown.uid])}
    return notice(request, shown, facts, status=status)


def notice(
    request: StaffRequest, shown: Appointment | GroupSession, facts: dict[str, Any], *, status: int
) -> HttpResponse:
    """What became of a visit or a session that was dropped; the page draws its diary anew."""
    context = {"it": shown, "zone": shown.location.zone, **facts}
    response = page(request, "scheduling/diary_notice.html", context, status=status)
    response["HX-Trigger"] = json.dumps({CHANGED: {"visit": str(shown.uid), "kind": facts["kind"]}})
    return response
