"""Pages of red flags: the screen, the emergency, a clinician's clearance, and what is asked at a visit."""

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
from patients.models import Patient
from treatments import notes, red_flags
from treatments.forms.safety import AskedTodayForm, ClearanceForm, ScreenForm
from treatments.models import Occasion, RedFlagClearance, RedFlagScreen, SessionNote, VisitCheck
from treatments.safety import Flag
from treatments.safety.redflags import CAUDA_EQUINA
from treatments.safety.subjects import FLAGS
from treatments.views.scope import may, patient_or_404, today_of


def _words(flags: Any) -> list[str]:
    return [FLAGS[Flag(flag).value].capitalize() for flag in sorted(flags)]


@requires(Can.RECORD_HISTORY)
def screen(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Ask about the red flags; what was answered before stands beside the questions."""
    patient = patient_or_404(request, uid, Can.RECORD_HISTORY)
    state = red_flags.state_of(patient)
    first = state.complete_at is None
    form = ScreenForm(posted(request), initial={"occasion": Occasion.INTAKE if first else Occasion.AGAIN})
    if request.method == "POST" and form.is_valid():
        d = form.cleaned_data
        try:
            state = red_flags.screen(
                patient, occasion=d["occasion"], answers=form.answers, remark=d["remark"], by=request.user,
                now=request.now,
            )  # fmt: skip
        except red_flags.FlagRefused as refusal:
            add_refusal(form, refusal)
        else:
            if state.emergency:
                return go_to(request, "treatments:emergency", patient.uid)
            messages.success(request, "Red flags recorded.")
            return go_to(request, "treatments:red_flags", patient.uid)
    return _screen_page(request, patient, form, state)


def _screen_page(request: StaffRequest, patient: Patient, form: ScreenForm, state: Any) -> HttpResponse:
    audit.viewed("red_flags", by=request.user, now=request.now, patient_uid=patient.uid)
    screens = RedFlagScreen.objects.for_patient(patient).select_related("asked_by").order_by("-asked_at", "-pk")
    clearances = RedFlagClearance.objects.for_patient(patient).select_related("recorded_by").order_by("-recorded_at")
    context = {
        "patient": patient,
        "form": form,
        "state": state,
        "standing": _words(state.standing),
        "unasked": len(state.unasked),
        "screens": [(row, _words(f for f, a in row.answers.items() if a == "yes")) for row in screens[:12]],
        "clearances": [(row, _words(row.flags)) for row in clearances[:12]],
        "may_clear": may(request, patient, Can.WRITE_PLANS),
    }
    return page(request, "treatments/red_flags.html", context, status=422 if form.errors else 200)


@requires(Can.SEE_HISTORY)
def emergency(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Possible cauda equina: what to do now. There is no button to treat all the same."""
    patient = patient_or_404(request, uid, Can.SEE_HISTORY)
    signs = red_flags.emergency(patient)
    audit.viewed("emergency", by=request.user, now=request.now, patient_uid=patient.uid)
    words = RedFlagClearance.objects.for_patient(patient).order_by("-recorded_at")
    context = {
        "patient": patient,
        "signs": _words(signs),
        "cleared": next((row for row in words[:20] if CAUDA_EQUINA & set(map(Flag, row.flags))), None),
        "may_clear": may(request, patient, Can.WRITE_PLANS),
        "may_ask": may(request, patient, Can.RECORD_HISTORY),
    }
    return page(request, "treatments/emergency.html", context)


@requires(Can.WRITE_PLANS)
def clearance(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Record a clinician's word on flags that stand."""
    patient = patient_or_404(request, uid, Can.WRITE_PLANS)
    standing = red_flags.state_of(patient).standing
    form = ClearanceForm(posted(request), today=today_of(request), standing=standing)
    if request.method == "POST" and form.is_valid():
        d = form.cleaned_data
        try:
            red_flags.clear(
                patient, flags=[Flag(f) for f in d["flags"]], clinician=d["clinician"], seen_on=d["seen_on"],
                words=d["words"], by=request.user, now=request.now,
            )  # fmt: skip
        except red_flags.FlagRefused as refusal:
            add_refusal(form, refusal, refusal.part)
        else:
            messages.success(request, "Clearance recorded.")
            return go_to(request, "treatments:red_flags", patient.uid)
    context = {"patient": patient, "form": form, "standing": _words(standing)}
    return page(request, "treatments/clearance.html", context, status=422 if form.errors else 200)


@requires(Can.RECORD_HISTORY)
def asked_today(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """What is asked when the patient comes: last dose, way home, anything new. From the chart it leads back there."""
    patient = patient_or_404(request, uid, Can.RECORD_HISTORY)
    form = AskedTodayForm(posted(request), now=request.now, zone=notes.house_zone())
    if request.method == "POST" and form.is_valid():
        try:
            red_flags.ask_today(patient, asked=form.asked, by=request.user, now=request.now)
        except red_flags.FlagRefused as refusal:
            add_refusal(form, refusal, refusal.part)
        else:
            messages.success(request, "Kept for today.")
            return _back(request, patient)
    recent = VisitCheck.objects.for_patient(patient).select_related("asked_by").order_by("-asked_at", "-pk").first()
    context = {"patient": patient, "form": form, "recent": recent, "note": request.GET.get("note", "")}
    return page(request, "treatments/asked_today.html", context, status=422 if form.errors else 200)


def _back(request: StaffRequest, patient: Patient) -> HttpResponse:
    """To the chart it was asked from, else to the patient's treatment."""
    try:
        wanted = uuid.UUID(request.GET.get("note", ""))
    except ValueError:
        return go_to(request, "treatments:patient_panel", patient.uid)
    mine = SessionNote.objects.visible_to(request.user, Can.WRITE_NOTES, now=request.now)
    found = mine.filter(uid=wanted).for_patient(patient).first() if request.user.can(Can.WRITE_NOTES) else None
    if found is None:
        return go_to(request, "treatments:patient_panel", patient.uid)
    return go_to(request, "treatments:chart", found.uid)
