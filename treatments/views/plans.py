"""Pages of a plan of care: write, check, agree, revise, end, print."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import measured, overview, plans, red_flags
from treatments.forms.plans import AcceptForm, EndPlanForm, PlanForms
from treatments.models import Episode, Plan, PlanTemplate, Technique
from treatments.regions import Region
from treatments.states import PlanStatus
from treatments.views.scope import episode_or_404, may, plan_or_404, today_of


@requires(Can.SEE_PLANS)
def plan(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """One plan: three kinds of treatment side by side; for the front desk what is to be booked."""
    found = plan_or_404(request, uid, Can.SEE_PLANS)
    audit.viewed("plan", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    return page(request, "treatments/plan.html", _context(request, found))


def _context(request: StaffRequest, found: Plan) -> dict[str, Any]:
    today = today_of(request)
    may_plan = may(request, found.patient, Can.WRITE_PLANS)
    clinical = may(request, found.patient, Can.SEE_NOTES)
    return {
        "plan": found,
        "patient": found.patient,
        "episode": found.episode,
        "today": today,
        "clinical": clinical,
        "may_plan": may_plan,
        "progress": overview.progress(found),
        "versions": list(Plan.objects.filter(episode=found.episode_id).order_by("-version")),
        "verdicts": overview.verdicts_of_plan(found, today, request.now) if clinical and found.is_open else {},
        "standings": measured.standings(found) if clinical else [],
        "can_accept": may_plan and plans.can_become(found, PlanStatus.ACCEPTED),
        "can_end": may_plan and plans.can_become(found, PlanStatus.STOPPED),
    }


@requires(Can.SEE_PLANS)
def plan_print(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The plan as a sheet of paper to take home."""
    found = plan_or_404(request, uid, Can.SEE_PLANS)
    audit.viewed("plan.print", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    return page(request, "treatments/plan_print.html", _context(request, found))


@requires(Can.WRITE_PLANS)
def plan_new(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Write the plan of an episode, from nothing or with a template filled in."""
    episode = episode_or_404(request, uid, Can.WRITE_PLANS)
    wanted = request.GET.get("template", "")
    template = next((t for t in PlanTemplate.objects.in_use() if str(t.uid) == wanted), None)
    return _write(request, episode, from_plan=None, template=template)


@requires(Can.WRITE_PLANS)
def plan_revise(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Write the next version of a plan, starting from this one."""
    found = plan_or_404(request, uid, Can.WRITE_PLANS)
    return _write(request, found.episode, from_plan=found)


def _write(
    request: StaffRequest, episode: Episode, *, from_plan: Plan | None, template: PlanTemplate | None = None
) -> HttpResponse:
    if red_flags.emergency(episode.patient):
        return go_to(request, "treatments:emergency", episode.patient.uid)
    today = today_of(request)
    forms = PlanForms(posted(request), episode=episode, today=today, from_plan=from_plan, template=template)
    author = request.user.practitioner_or_none
    if request.method == "POST" and author and forms.is_valid():
        try:
            made = plans.propose(
                episode, author=author, proposal=forms.proposal(), by=request.user, now=request.now, today=today
            )
        except plans.PlanRefused as refusal:
            forms.refuse(refusal)
        else:
            messages.success(request, "Plan proposed. It starts with the patient's consent.")
            return go_to(request, "treatments:plan", made.uid)
    context = {
        "forms": forms,
        "episode": episode,
        "patient": episode.patient,
        "revised": from_plan,
        "author": author,
        "template": template,
        "templates": [] if from_plan else overview.templates_for(episode),
        "gate": overview.gate(plans.verdicts(episode, regions=episode.regions, today=today)),
    }
    return page(request, "treatments/plan_form.html", context, status=422 if forms.summaries else 200)


@requires(Can.WRITE_PLANS)
def findings(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """What the rules say of each technique on the regions ticked so far."""
    episode = episode_or_404(request, uid, Can.WRITE_PLANS)
    prefix = request.GET.get("prefix", "")[:20]
    regions = [r for r in request.GET.getlist(f"{prefix}-regions" if prefix else "regions") if r in Region.values]
    technique = request.GET.get(f"{prefix}-technique" if prefix else "technique", "")
    verdicts = plans.verdicts(episode, regions=regions, today=today_of(request))
    return page(
        request,
        "treatments/findings.html",
        {
            "episode": episode,
            "patient": episode.patient,
            "gate": overview.gate(verdicts),
            "chosen": technique if technique in Technique.values else "",
        },
        partial="findings",
    )


@requires(Can.WRITE_PLANS)
def plan_accept(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The patient agreed: the plan comes into force."""
    found = plan_or_404(request, uid, Can.WRITE_PLANS)
    if red_flags.emergency(found.patient):
        return go_to(request, "treatments:emergency", found.patient.uid)
    today = today_of(request)
    start = {"consented_on": today, "revision": found.revision, "taken_by": request.user.uid}
    form = AcceptForm(posted(request), today=today, initial=start)
    if request.method == "POST" and form.is_valid():
        facts = {k: v for k, v in form.cleaned_data.items() if k != "read_out" and v != ""}
        try:
            plans.accept(found, by=request.user, now=request.now, today=today, **facts)
        except plans.PlanRefused as refusal:
            add_refusal(form, refusal, refusal.part)
        else:
            messages.success(request, "Plan accepted: its sessions can be booked.")
            return go_to(request, "treatments:plan", found.uid)
    context = {"form": form, "plan": found, "patient": found.patient, "consent": plans.CONSENT_WORDING}
    return page(request, "treatments/plan_accept.html", context, status=422 if form.errors else 200)


@requires(Can.WRITE_PLANS)
def plan_end(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Complete or stop a plan, with the reason."""
    found = plan_or_404(request, uid, Can.WRITE_PLANS)
    form = EndPlanForm(posted(request), initial={"revision": found.revision})
    if request.method == "POST" and form.is_valid():
        d = form.cleaned_data
        verb = plans.complete if d["how"] == PlanStatus.COMPLETED else plans.stop
        try:
            verb(found, reason=d["reason"], revision=d["revision"], by=request.user, now=request.now)
        except plans.PlanRefused as refusal:
            add_refusal(form, refusal, refusal.part)
        else:
            messages.success(request, "The plan has ended.")
            return go_to(request, "treatments:plan", found.uid)
    context = {"form": form, "plan": found, "patient": found.patient}
    return page(request, "treatments/plan_end.html", context, status=422 if form.errors else 200)
