"""One visit: its facts and history, and everything that can be done with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import audit, time
from clinic.access import Can, allows, requires
from clinic.models import AuditEvent
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from scheduling import booking, freed, offering, series, together
from scheduling.availability import Ask
from scheduling.booking import BookingRefused
from scheduling.forms.booking import CancelForm, MoveForm
from scheduling.models import Appointment
from scheduling.moves import can_undo
from scheduling.states import STEPS, UNDO, Side, Status
from scheduling.views import places
from treatments.models import SessionNote

#: How the audit's words read in a visit's history.
HISTORY = {
    "booked": "Booked",
    "moved": "Moved",
    "move_undone": "Move taken back",
    "confirmed": "Confirmed",
    "cancelled": "Called off",
    "arrived": "Arrived",
    "in_session": "Session begun",
    "completed": "Completed",
    "no_show": "Did not come",
    "step_undone": "Last step taken back",
}


@require_safe
@requires(Can.SEE_DIARY)
def visit(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Facts, what can be done now, and what happened so far."""
    shown = places.visible_visit(request, uid)
    audit.viewed("appointment", by=request.user, now=request.now, patient_uid=shown.patient.uid, subject=shown)
    return page(request, "scheduling/visit.html", _context(request, shown))


def _context(request: StaffRequest, shown: Appointment) -> dict[str, Any]:
    status, user = Status(shown.status), request.user
    plan_seen = shown.intervention_id and _sees(request, shown, Can.SEE_PLANS)
    today = time.local_day(request.now, shown.location.tz) >= time.local_day(shown.starts_at, shown.location.tz)
    steps = STEPS[status] if allows(user, Can.BOOK) else frozenset()
    return {
        "visit": shown,
        "patient": shown.patient,
        "zone": shown.location.zone,
        "part": shown.intervention if plan_seen else None,
        "history": _history(shown),
        "companions": together.companions(shown),
        "can_arrive": Status.ARRIVED in steps and today,
        "can_start": Status.IN_SESSION in steps and today and shown.status == Status.ARRIVED,
        "can_complete": Status.COMPLETED in steps and today,
        "can_miss": Status.NO_SHOW in steps and request.now >= shown.starts_at,
        "can_cancel": Status.CANCELLED in steps,
        "can_confirm": status is Status.BOOKED and shown.confirmed_at is None and shown.ends_at > request.now,
        "can_undo": UNDO[status] is not None and (shown.holds_time or shown.ends_at > request.now),
        "can_move": shown.can_be_moved,
        "can_undo_move": allows(user, Can.BOOK) and can_undo(shown, now=request.now),
        "can_chart": user.practitioner_or_none is not None and today and _sees(request, shown, Can.WRITE_NOTES),
        "among": series.standing(shown),
        "note_state": SessionNote.objects.filter(visit_uid=shown.uid).values_list("status", flat=True).first(),
    }


def _sees(request: StaffRequest, shown: Appointment, can: Can) -> bool:
    rows = Appointment.objects.visible_to(request.user, can, now=request.now)
    return rows.filter(pk=shown.pk).exists()


def _history(shown: Appointment) -> list[dict[str, Any]]:
    events = AuditEvent.objects.filter(subject_uid=shown.uid, is_look=False).order_by("at", "pk")
    return [
        {"what": HISTORY.get(event.action.partition(".")[2], event.action), "event": event} for event in events[:50]
    ]


# -- Steps -----------------------------------------------------------------------------------------------

Verb = Callable[..., Appointment]


def step(verb: Verb, done: str) -> Callable[..., HttpResponse]:
    """A view for one button: do it, say so, go back to where it was pressed."""

    @require_POST
    @requires(Can.BOOK)
    def pressed(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
        shown = places.visible_visit(request, uid)
        try:
            verb(appointment=shown, by=request.user, now=request.now)
        except BookingRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, done.format(name=shown.patient.display_name))
        return _back(request, shown)

    return pressed


arrive = step(booking.arrive, "{name} has arrived.")
start = step(booking.start, "The session of {name} has begun.")
complete = step(booking.complete, "The visit of {name} is completed.")
no_show = step(booking.no_show, "Noted: {name} did not come.")
confirm = step(booking.confirm, "The visit of {name} is confirmed.")
undo = step(booking.undo, "Taken back.")


def _back(request: StaffRequest, shown: Appointment) -> HttpResponse:
    """To the page that the button stood on, if it is one of ours; else to the visit."""
    to = request.POST.get("back", "")
    if to.startswith("/") and url_has_allowed_host_and_scheme(to, allowed_hosts=None):
        return go_to(request, to)
    return go_to(request, "scheduling:visit", shown.uid)


# -- Move and call off -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def move(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Another time: one of those offered, or typed."""
    shown = places.visible_visit(request, uid)
    wall = shown.starts_at.astimezone(shown.location.tz)
    initial = {"practitioner": shown.practitioner.uid, "day": wall.date(), "time": wall.time()}
    initial |= {"minutes": shown.minutes, "version": shown.version}
    form = MoveForm(posted(request), visit=shown, initial=initial)
    refusal = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            booking.move(
                appointment=shown,
                starts_at=data["starts_at"],
                practitioner=data["who"],
                room=data.get("room"),
                minutes=data.get("minutes") if not data.get("pick") else None,
                version=data.get("version"),
                despite=data["despite"],
                overbook=data["overbook"],
                by=request.user,
                now=request.now,
            )
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, "Moved. It can be taken back for three minutes; then the patient is told.")
            return go_to(request, "scheduling:visit", shown.uid)
    status = 409 if refusal else 422 if request.method == "POST" else 200
    audit.viewed_once("appointment", by=request.user, now=request.now, patient_uid=shown.patient.uid)
    return page(request, "scheduling/move.html", _move_context(request, shown, form, refusal), status=status)


def _move_context(
    request: StaffRequest, shown: Appointment, form: MoveForm, refusal: BookingRefused | None
) -> dict[str, Any]:
    from scheduling.views.book import anyway, squeeze  # noqa: PLC0415 -- two pages, two buttons

    today = time.local_day(request.now, shown.location.tz)
    day = (
        max(places.day_in(request, shown.location), today)
        if "day" in request.GET
        else max(today, time.local_day(shown.starts_at - timedelta(days=2), shown.location.tz))
    )
    ask = Ask(
        shown.service,
        shown.location,
        offering.span_from(day, shown.location, now=request.now),
        minutes=shown.minutes,
        patient=shown.patient.survivor,
        ignoring=shown,
    )
    days = offering.days(ask, known={shown.practitioner_id}, now=request.now) if shown.can_be_moved else []
    return {
        "visit": shown,
        "patient": shown.patient,
        "zone": shown.location.zone,
        "form": form,
        "days": days,
        "day": day,
        "refusal": refusal,
        "alternatives": offering.alternatives(refusal.alternatives) if refusal else [],
        "anyway": anyway(refusal, form.cleaned_data if refusal else {}),
        "squeeze": squeeze(request, form, refusal),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def cancel(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Asks once, with who and why; can be taken back while the time is free."""
    shown = places.visible_visit(request, uid)
    others = together.companions(shown)
    form = CancelForm(posted(request), others=others, initial={"version": shown.version, "side": Side.PATIENT})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                off = _call_off(request, shown, others, form.cleaned_data)
            except BookingRefused as refusal:
                form.add_error(None, ValidationError(str(refusal)))
                status = 409
            else:
                several = f"{len(off)} visits are called off. Their time" if len(off) > 1 else "Called off. Its time"
                messages.success(request, f"{several} is free again.{_who_waits(off, request)}")
                return go_to(request, "scheduling:visit", shown.uid)
    late = shown.starts_at - request.now < booking.LATE
    context = {"visit": shown, "patient": shown.patient, "zone": shown.location.zone, "form": form, "is_late": late}
    audit.viewed_once("appointment", by=request.user, now=request.now, patient_uid=shown.patient.uid)
    return page(request, "scheduling/cancel.html", context, status=status)


def _call_off(
    request: StaffRequest, shown: Appointment, others: list[Appointment], data: dict[str, Any]
) -> list[Appointment]:
    """The visit, and those of the same errand that were ticked."""
    if data.get("version"):
        shown.version = data["version"]
    ticked = [one for one in others if str(one.uid) in data.get("companions", ())]
    return together.call_off(
        visits=[shown, *ticked], side=data["side"], reason=data["reason"], tell=not data["knows"], by=request.user,
        now=request.now,
    )  # fmt: skip


def _who_waits(freed_ones: list[Appointment], request: StaffRequest) -> str:
    """How many on the waitlist their times would suit; they are asked by themselves."""
    count = freed.how_many_wait(freed_ones, now=request.now)
    if not count:
        return ""
    return f" {count} on the waitlist would like it and {'is' if count == 1 else 'are'} asked in turn."
