"""Groups: what meets when, who has a seat, opening and calling off sessions, joining one."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import audit, time
from clinic.access import Can, requires
from clinic.models import Location
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients.models import Patient
from scheduling import group_moves, groups
from scheduling.forms.groups import CallOffForm, JoinForm, SeatsForm, SessionForm
from scheduling.models import Appointment, GroupSession, Service
from scheduling.models.groups import GroupSessionQuerySet
from scheduling.views import places
from scheduling.visits import BookingRefused
from treatments.models import Intervention

#: How far ahead sessions are listed.
AHEAD = timedelta(days=70)


@require_safe
@requires(Can.SEE_DIARY)
def listing(request: StaffRequest) -> HttpResponse:
    """The sessions to come of a location, with how many seats are taken."""
    among = places.locations()
    location = places.chosen(request, among)
    if location is None:
        return page(request, "scheduling/no_location.html")
    sessions = list(_coming(location, request))
    context = {"sessions": sessions, "location": location, "locations": among, "zone": location.zone}
    context["has_groups"] = bool(sessions) or Service.objects.active().filter(seats__gt=1).exists()
    return page(request, "scheduling/groups.html", context)


def _coming(location: Location, request: StaffRequest) -> GroupSessionQuerySet:
    rows = GroupSession.objects.visible_to(request.user).standing().at(location)
    return rows.within(request.now, request.now + AHEAD).for_page().with_taken()


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def open_session(request: StaffRequest) -> HttpResponse:
    """A new session, or one a week for some weeks: all of them or none."""
    location = places.chosen(request, places.locations())
    if location is None:
        return page(request, "scheduling/no_location.html")
    today = time.local_day(request.now, location.tz)
    form, refusal = SessionForm(posted(request), location=location, today=today), None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            opened = groups.open_sessions(
                service=data["service"], practitioner=data["practitioner"], location=location,
                starts_at=data["starts_at"], seats=data["seats"], room=data["room"], despite=data["despite"],
                by=request.user, now=request.now,
            )  # fmt: skip
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(
                request, "The session is open." if len(opened) == 1 else f"{len(opened)} sessions are open."
            )
            return go_to(request, "scheduling:group", opened[0].uid)
    status = 409 if refusal else 422 if request.method == "POST" else 200
    context = {
        "form": form,
        "location": location,
        "zone": location.zone,
        "refusal": refusal,
        "anyway": _anyway(refusal),
    }
    return page(request, "scheduling/group_open.html", context, status=status)


@require_safe
@requires(Can.SEE_DIARY)
def session(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """One session: facts, who has a seat, what can be done."""
    return _session(request, visible_session(request, uid))


def visible_session(request: StaffRequest, uid: uuid.UUID) -> GroupSession:
    return get_object_or_404(GroupSession.objects.visible_to(request.user).for_page().with_taken(), uid=uid)


def _session(
    request: StaffRequest, shown: GroupSession, *, status: int = 200, **forms: SeatsForm | CallOffForm
) -> HttpResponse:
    visits = list(Appointment.objects.visible_to(request.user).filter(session=shown).for_diary().order_by("seat", "pk"))
    uids = dict.fromkeys(visit.patient.uid for visit in visits)
    audit.viewed_many("group_session", by=request.user, now=request.now, patient_uids=uids)
    context: dict[str, Any] = {
        "session": shown, "zone": shown.location.zone, "has_begun": shown.starts_at <= request.now,
        "can_undo": request.user.can(Can.BOOK) and group_moves.can_undo(shown, now=request.now),
        "visits": [v for v in visits if v.holds_time], "gone": [v for v in visits if not v.holds_time],
        "seats_form": SeatsForm(initial={"seats": shown.seats}), "call_off_form": CallOffForm(),
    }  # fmt: skip
    return page(request, "scheduling/group.html", context | forms, status=status)


@require_POST
@requires(Can.BOOK)
def set_seats(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """More or fewer seats."""
    shown, form = visible_session(request, uid), SeatsForm(request.POST)
    if form.is_valid():
        try:
            groups.set_seats(session=shown, seats=form.cleaned_data["seats"], by=request.user, now=request.now)
        except BookingRefused as why:
            form.add_error("seats", str(why))
        else:
            messages.success(request, "The number of seats is saved.")
            return go_to(request, "scheduling:group", uid)
    return _session(request, shown, status=422, seats_form=form)


@require_POST
@requires(Can.BOOK)
def call_off(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The session does not take place; every patient's visit is called off with it."""
    shown, form = visible_session(request, uid), CallOffForm(request.POST)
    if form.is_valid():
        try:
            groups.call_off(session=shown, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except BookingRefused as why:
            form.add_error("reason", str(why))
        else:
            messages.success(request, "The session is called off, and every visit in it.")
            return go_to(request, "scheduling:group", uid)
    return _session(request, shown, status=422, call_off_form=form)


# -- A seat for one patient, as part of booking ----------------------------------------------------------


def join(
    request: StaffRequest, *, patient: Patient, service: Service, location: Location, part: Intervention | None,
    shared: dict[str, Any],
) -> HttpResponse:  # fmt: skip
    """The booking page of a service for groups: sessions with free seats; one click takes one."""
    coming = _coming(location, request).filter(service=service)
    form = JoinForm(posted(request), among=coming, initial={"request_key": uuid.uuid4()})
    refusal = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            visit = groups.join(
                session=data["session"], patient=patient, intervention=part, note=data["note"],
                request_key=data["request_key"], despite=form.despite, by=request.user, now=request.now,
            )  # fmt: skip
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, "A seat is booked.")
            return go_to(request, "scheduling:visit", visit.uid)
    status = 409 if refusal else 422 if request.method == "POST" else 200
    wanted = form.cleaned_data["session"].uid if refusal else places.uid_in(request, "session")
    context = {"form": form, "sessions": list(coming), "refusal": refusal, "anyway": _anyway(refusal), "wanted": wanted}
    return page(request, "scheduling/book_group.html", shared | context, status=status)


def _anyway(refusal: BookingRefused | None) -> str:
    """The warnings that the button "all the same" says are read."""
    return ",".join(sorted(finding.rule for finding in refusal.warnings)) if refusal else ""
