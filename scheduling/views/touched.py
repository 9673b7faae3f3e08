"""Somebody is away or a location is shut: which visits that touches, and where they can go instead."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clinic import audit, time
from clinic.access import Can, allows, requires
from clinic.models import Location, Practitioner
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from scheduling import new_places, resettling, resources
from scheduling.forms.touched import AwayForm, choices_in, decisions_in
from scheduling.models import Absence, Closure
from scheduling.resettling import Decisions
from scheduling.touched import Cause
from scheduling.views import places
from scheduling.visits import BookingRefused


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.MANAGE_RESOURCES)
def away(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """A practitioner is away from now on: written down in one step, then the visits that it touches."""
    who = get_object_or_404(Practitioner.objects.active().select_related("user"), uid=uid)
    location = places.chosen(request, places.locations())
    if location is None:
        return page(request, "scheduling/no_location.html")
    form = AwayForm(posted(request), location=location, now=request.now)
    if request.method == "POST" and form.is_valid():
        absence, touched = resources.add_absence(
            practitioner=who, kind=form.cleaned_data["kind"], starts_at=form.now,
            ends_at=form.cleaned_data["ends_at"], by=request.user, now=request.now,
        )  # fmt: skip
        return after_absence(request, absence, touched)
    context = {"who": who, "form": form, "location": location}
    return page(request, "scheduling/away.html", context, status=422 if request.method == "POST" else 200)


def after_absence(request: StaffRequest, absence: Absence, touched: int) -> HttpResponse:
    """To the visits that it touches, for those who may move them; else to the list of absences."""
    if touched and allows(request.user, Can.BOOK):
        return go_to(request, "scheduling:touched_by_absence", absence.uid)
    if touched:
        messages.warning(request, f"Saved. {_visits(touched)} in that time: the front desk finds new places for them.")
    else:
        messages.success(request, "Saved. No visit stands in that time.")
    return go_to(request, "scheduling:absences")


def _visits(count: int) -> str:
    return "1 visit stands" if count == 1 else f"{count} visits stand"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def by_absence(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """All that an absence touches."""
    rows = Absence.objects.select_related("practitioner__user").visible_to(request.user)
    return _sheet(request, Cause(get_object_or_404(rows, uid=uid)))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def by_closure(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """All that a closure touches."""
    rows = Closure.objects.select_related("location").visible_to(request.user)
    return _sheet(request, Cause(get_object_or_404(rows, uid=uid)))


def _sheet(request: StaffRequest, cause: Cause) -> HttpResponse:
    """The visits with new places for each; what was accepted is moved in one go, or nothing is."""
    refusal = None
    if request.method == "POST":
        try:
            decisions = decisions_in(request.POST, cause, now=request.now)
            resettling.settle(cause=cause, decisions=decisions, by=request.user, now=request.now)
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, _said(decisions))
            return go_to(request, request.path)
    chosen = choices_in(request.POST if request.method == "POST" else request.GET)
    shown = new_places.sheet(cause, now=request.now, choices=chosen)
    seen = dict.fromkeys(row.visit.patient.uid for row in shown.rows)
    audit.viewed_many("touched_visits", by=request.user, now=request.now, patient_uids=seen)
    location = _location(request, cause)
    if location is None:
        return page(request, "scheduling/no_location.html")
    day = time.local_day(max(cause.span.start, request.now), location.tz)
    context = {"cause": cause, "sheet": shown, "refusal": refusal, "zone": location.zone, "day": day}
    return page(request, "scheduling/touched.html", context, status=409 if refusal else 200)


def _location(request: StaffRequest, cause: Cause) -> Location | None:
    """Where it is shut; of an absence, where the practitioner works: on that clock it is shown."""
    if isinstance(cause.of, Closure):
        return cause.of.location
    who = cause.of.practitioner_id
    return places.of_work({who}).get(who) or places.chosen(request, places.locations())


def _said(decisions: Decisions) -> str:
    """ "6 moved, 1 called off, 2 to be called." """
    off = len(decisions.off) + len(decisions.sessions_off)
    parts = [(len(decisions.moves), "moved"), (off, "called off"), (len(decisions.calls), "to be called")]
    said = ", ".join(f"{count} {what}" for count, what in parts if count)
    return f"{said}. Each patient gets one message; whom none reaches is on the desk to be called."
