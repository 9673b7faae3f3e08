"""Exercises at home as the therapist sees them: what was done, the paper to hang up, the patient's own page."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from clinic import audit, documents
from clinic.access import Can, requires
from clinic.pages import go_to, page
from clinic.requests import StaffRequest
from treatments import home, home_links
from treatments.home_links import LinkRefused
from treatments.views.scope import may, plan_or_404, today_of


@require_safe
@requires(Can.SEE_NOTES)
def panel(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """How much of the programme was done a week, and how it felt; with the papers and the patient's page."""
    plan = plan_or_404(request, uid, Can.SEE_NOTES)
    audit.viewed("home", by=request.user, now=request.now, patient_uid=plan.patient.uid, subject=plan)
    may_plan = may(request, plan.patient, Can.WRITE_PLANS)
    context = {
        "plan": plan,
        "patient": plan.patient,
        "home": home.at_home(plan, today=today_of(request)),
        "link": home_links.standing(plan, request.now),
        "can_link": may_plan and plan.is_open and plan.accepted_at is not None,
        "brief": request.GET.get("brief") == "1",
    }
    return page(request, "treatments/home.html", context, partial="panel")


@require_safe
@requires(Can.SEE_NOTES)
def paper(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The programme as a PDF: drawings, doses, a grid to tick."""
    plan = plan_or_404(request, uid, Can.SEE_NOTES)
    audit.viewed("home.paper", by=request.user, now=request.now, patient_uid=plan.patient.uid, subject=plan)
    return documents.answer(home.paper(plan, today=today_of(request)), "exercise-programme")


@require_POST
@requires(Can.WRITE_PLANS)
def link(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Send the patient their page, show its address once, or end it."""
    plan = plan_or_404(request, uid, Can.WRITE_PLANS)
    act, by, now = request.POST.get("act"), request.user, request.now
    try:
        if act == "show":
            context = {"plan": plan, "patient": plan.patient, "address": home_links.show(plan, by=by, now=now)}
            return page(request, "treatments/home_link.html", context)
        if act == "revoke":
            home_links.revoke(plan, by=by, now=now)
            messages.success(request, "The patient's page is closed; its address no longer works.")
        else:
            home_links.send(plan, by=by, now=now)
            messages.success(request, "The address of the page is on its way to the patient.")
    except LinkRefused as refusal:
        messages.error(request, str(refusal))
    return go_to(request, "treatments:plan", plan.uid)
