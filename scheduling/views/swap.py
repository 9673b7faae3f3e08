"""Two visits change places: choose the other, see both results, one button."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clinic import audit, time
from clinic.access import Can, requires
from clinic.pages import go_to, page
from clinic.requests import StaffRequest
from patients import search
from scheduling import together
from scheduling.models import Appointment
from scheduling.views import places
from scheduling.visits import BookingRefused

#: How many visits are offered at once.
SHOWN = 60


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def swap(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Without another visit: which ones there are that day, or of somebody searched for. With one: both results."""
    shown = places.visible_visit(request, uid)
    wanted = places.uid_in(request, "other")
    if wanted is None:
        return _choose(request, shown)
    other = get_object_or_404(Appointment.objects.for_page().visible_to(request.user, now=request.now), uid=wanted)
    refusal = None
    if request.method == "POST":
        try:
            _swap(request, shown, other)
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, "Swapped. Both patients are told.")
            return go_to(request, "scheduling:visit", shown.uid)
        shown, other = (Appointment.objects.for_page().get(pk=visit.pk) for visit in (shown, other))
    seen = dict.fromkeys([shown.patient.uid, other.patient.uid])
    audit.viewed_many("swap", by=request.user, now=request.now, patient_uids=seen)
    outcomes = together.preview(shown, other, now=request.now)
    context = {
        "visit": shown, "other": other, "patient": shown.patient, "zone": shown.location.zone, "refusal": refusal,
        "outcomes": outcomes, "possible": _can_move(shown, other) and all(one.is_possible for one in outcomes),
        "warnings": [finding.rule for one in outcomes for finding in one.findings if not finding.blocks],
    }  # fmt: skip
    return page(request, "scheduling/swap.html", context, status=409 if refusal else 200)


def _can_move(*visits: Appointment) -> bool:
    return all(visit.can_be_moved and visit.session_id is None for visit in visits)


def _swap(request: StaffRequest, shown: Appointment, other: Appointment) -> None:
    seen = [request.POST.get(name, "") for name in ("version", "other_version")]
    if not all(text.isdigit() for text in seen):
        raise BookingRefused("Look at both visits once more before you swap them.", stale=True)
    together.swap(
        one=shown,
        other=other,
        versions=(int(seen[0]), int(seen[1])),
        despite=request.POST.getlist("despite"),
        by=request.user,
        now=request.now,
    )


def _choose(request: StaffRequest, shown: Appointment) -> HttpResponse:
    typed = request.POST.get("q", "")[:100].strip() if request.method == "POST" else ""
    tz = shown.location.tz
    day = places.day_in(request, shown.location) if "day" in request.GET else time.local_day(shown.starts_at, tz)
    # Who gives the one service could give the other.
    visits = Appointment.objects.not_begun().filter(
        session__isnull=True, ends_at__gt=request.now, service__discipline=shown.service.discipline
    )
    if typed:
        found = search.find(typed, by=request.user, now=request.now)
        visits = visits.filter(patient__in=_patients(found))
    else:
        visits = visits.at(shown.location).within(*time.day_bounds(day, tz))
    rows = list(visits.exclude(pk=shown.pk).for_page().order_by("starts_at", "pk")[:SHOWN])
    seen = dict.fromkeys([shown.patient.uid, *(one.patient.uid for one in rows)])
    audit.viewed_many("swap", by=request.user, now=request.now, patient_uids=seen)
    context: dict[str, Any] = {
        "visit": shown, "patient": shown.patient, "zone": shown.location.zone, "rows": rows, "day": day, "typed": typed,
    }  # fmt: skip
    return page(request, "scheduling/swap_choose.html", context)


def _patients(found: Any) -> list[int]:
    return [hit.patient.pk for hit in found.hits]
