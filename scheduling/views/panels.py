"""Parts of other apps' pages: a patient's visits, how far a plan is booked."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from clinic import audit, time
from clinic.access import Can, requires
from clinic.pages import page
from clinic.requests import StaffRequest
from patients.models import Patient
from scheduling import preferences, referrals
from scheduling.models import Appointment
from scheduling.states import COUNTS_FOR_THE_PLAN, Status
from scheduling.views import places
from treatments.models import Episode, Intervention, Plan, SessionNote

#: More of the past is on the patient's own list of visits.
PAST_SHOWN = 6


@require_safe
@requires(Can.SEE_DIARY)
def patient_panel(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """What is coming, what was, and the way to the next booking."""
    rows = Patient.objects.select_related("merged_into").visible_to(request.user, Can.SEE_PATIENTS, now=request.now)
    patient = get_object_or_404(rows, uid=uid).survivor
    audit.viewed("patient.visits", by=request.user, now=request.now, patient_uid=patient.uid)
    visits = Appointment.objects.visible_to(request.user).for_patient(patient).for_diary()
    everything = request.GET.get("all") == "1"
    past = list(visits.past(request.now)[: 500 if everything else PAST_SHOWN + 1])
    coming, in_series = grouped(list(visits.select_related("series").coming(request.now)))
    place = places.chosen(request, places.locations())
    context = {
        "patient": patient,
        "coming": coming,
        "in_series": in_series,
        "past": past if everything else past[:PAST_SHOWN],
        "has_more": not everything and len(past) > PAST_SHOWN,
        "missed": visits.missed().count(),
        "wish": preferences.of(patient),
        "zone": place.zone if place else "UTC",
    }
    return page(request, "scheduling/patient_panel.html", context, partial="panel")


def grouped(visits: list[Appointment]) -> tuple[list[Appointment], list[list[Appointment]]]:
    """Those by themselves, and those of each series that has more than one to come."""
    by_line: dict[uuid.UUID, list[Appointment]] = {}
    for visit in visits:
        if visit.series is not None:
            by_line.setdefault(visit.series.line, []).append(visit)
    together = [theirs for theirs in by_line.values() if len(theirs) > 1]
    grouped_ones = {visit.pk for theirs in together for visit in theirs}
    return [visit for visit in visits if visit.pk not in grouped_ones], together


def bar(sums: dict[str, int]) -> list[dict[str, str]]:
    """The stretches of the small bar, each where it begins and how wide it is, of a hundred."""
    total, at, stretches = sum(sums.values()) or 1, 0.0, []
    for name in ("held", "booked", "left", "missed"):
        wide = 100 * sums[name] / total
        if wide:
            stretches.append({"name": name, "at": f"{at:.2f}", "wide": f"{wide:.2f}"})
        at += wide
    return stretches


@require_safe
@requires(Can.SEE_PLANS)
def plan_progress(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Of each part of a plan: held, booked, left, missed; and the way to book the next session."""
    plan = get_object_or_404(Plan.objects.visible_to(request.user, Can.SEE_PLANS, now=request.now), uid=uid)
    parts = (
        Intervention.objects.bookable()
        .filter(plan=plan)
        .annotate(
            held=Count("appointments", filter=Q(appointments__status=Status.COMPLETED)),
            counted=Count("appointments", filter=Q(appointments__status__in=sorted(COUNTS_FOR_THE_PLAN))),
            missed=Count("appointments", filter=Q(appointments__status=Status.NO_SHOW)),
        )
        .order_by("position", "pk")
    )
    rows = [
        {"part": part, "held": part.held, "booked": part.counted - part.held, "missed": part.missed,
         "left": max(0, (part.sessions or 0) - part.counted)}
        for part in parts
    ]  # fmt: skip
    patient = plan.patient.survivor
    sums = {name: sum(int(str(row[name])) for row in rows) for name in ("held", "booked", "left", "missed")}
    #: Sessions that were charted without ever being booked count as done as well.
    unbooked = SessionNote.objects.signed().filter(plan=plan, visit_uid__isnull=True).count()
    sums["held"], sums["left"] = sums["held"] + unbooked, max(0, sums["left"] - unbooked)
    context = {
        "plan": plan, "patient": patient, "rows": rows, "sums": sums, "bar": bar(sums),
        "unbooked": unbooked, "by_part": request.GET.get("by") == "part" and len(rows) > 1,
    }  # fmt: skip
    audit.viewed_once("patient.plan_progress", by=request.user, now=request.now, patient_uid=patient.uid)
    return page(request, "scheduling/plan_progress.html", context, partial="line")


@require_safe
@requires(Can.SEE_PLANS)
def referral_use(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Of the referral in force: how many sessions were ordered, are used, booked and left, and until when it holds."""
    seen = Episode.objects.visible_to(request.user, Can.SEE_PLANS, now=request.now).select_related("patient")
    episode = get_object_or_404(seen, uid=uid)
    use, place = referrals.use_of(episode.pk), places.chosen(request, places.locations())
    today = time.local_day(request.now, place.tz if place else ZoneInfo("UTC"))
    patient = episode.patient.survivor
    expired = use is not None and use.referral.expired_on(today)
    context = {"episode": episode, "patient": patient, "use": use, "expired": expired}
    audit.viewed_once("patient.referral", by=request.user, now=request.now, patient_uid=patient.uid)
    return page(request, "scheduling/referral_use.html", context, partial="line")
