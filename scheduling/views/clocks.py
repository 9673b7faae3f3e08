"""The clocks of our locations, and what a change of the law would make of visits to come."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from clinic import audit
from clinic.access import Can, requires
from clinic.pages import go_to, page
from clinic.requests import StaffRequest
from scheduling import clock_law
from scheduling.models import Appointment


@require_safe
@requires(Can.MANAGE_RESOURCES)
def clocks(request: StaffRequest) -> HttpResponse:
    """Each zone whose clock will stand otherwise than was known, with what shows another hour than was agreed."""
    changed = [(law, clock_law.shifted(law, now=request.now)) for law in clock_law.laws(now=request.now)]
    uids = {one.what.patient.survivor.uid for _, rows in changed for one in rows if isinstance(one.what, Appointment)}
    audit.viewed_many("clocks", by=request.user, now=request.now, patient_uids=sorted(uids))
    return page(request, "scheduling/clocks.html", {"changed": changed})


@require_POST
@requires(Can.MANAGE_RESOURCES)
def settle(request: StaffRequest) -> HttpResponse:
    """Let all visits of a zone keep their hour; or leave them where they are."""
    zone = request.POST.get("zone", "")
    try:
        if request.POST.get("what") == "leave":
            clock_law.leave(zone=zone, by=request.user, now=request.now)
            messages.success(request, f"Nothing was moved. {zone}: new visits are booked by the new clock.")
        else:
            kept = clock_law.keep_the_hour(zone=zone, by=request.user, now=request.now)
            messages.success(request, _words(kept))
    except clock_law.AlreadySettled as refusal:
        messages.info(request, str(refusal))
    return go_to(request, "scheduling:clocks")


def _words(kept: clock_law.Kept) -> str:
    moved = "1 visit keeps its hour." if kept.moved == 1 else f"{kept.moved} visits keep their hour."
    left = "" if not kept.left else f" {kept.left} could not: the desk is asked to call."
    return moved + left
