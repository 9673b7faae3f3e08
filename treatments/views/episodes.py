"""Pages of an episode of care, its diagnosis and its referral."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import StaleRecord, add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients import documents
from patients.models import DocumentKind, Injury, Patient, Precision
from patients.records import RecordRefused
from treatments import diagnoses, episodes, overview
from treatments.forms.episodes import DiagnosisForm, EpisodeForm, ExamineForm, ReasonForm, ReferralForm
from treatments.models import Diagnosis, DiagnosisRelease, Episode, Referral, TissueState
from treatments.views.scope import episode_or_404, may, patient_or_404, today_of

REFUSALS = (episodes.EpisodeRefused, RecordRefused, StaleRecord, documents.DocumentRefused)


def _answer(request: StaffRequest, template: str, form: Any, **more: Any) -> HttpResponse:
    return page(request, template, {"form": form, **more}, status=422 if form.errors else 200)


@requires(Can.SEE_REFERRALS)
def patient_panel(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Episodes, plans and (for those who may) notes of one patient; on its own or inside the patient's page."""
    patient = patient_or_404(request, uid, Can.SEE_REFERRALS)
    clinical = may(request, patient, Can.SEE_NOTES)
    audit.viewed("patient.treatment", by=request.user, now=request.now, patient_uid=patient.uid)
    panel = overview.of_patient(patient, reader=request.user if clinical else None)
    return page(
        request,
        "treatments/patient_panel.html",
        {"patient": patient, "panel": panel, "clinical": clinical, "may_plan": may(request, patient, Can.WRITE_PLANS)},
        partial="panel",
    )


@requires(Can.SEE_REFERRALS)
def episode(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """One trouble: its cause, who diagnosed and referred it, its plans."""
    found = episode_or_404(request, uid, Can.SEE_REFERRALS)
    audit.viewed("episode", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    clinical = may(request, found.patient, Can.SEE_NOTES)
    today = today_of(request)
    context = {
        "episode": found,
        "patient": found.patient,
        "today": today,
        "clinical": clinical,
        "may_plan": may(request, found.patient, Can.WRITE_PLANS),
        "diagnoses": list(found.diagnoses.newest_first()),  # type: ignore[attr-defined]
        "referrals": list(found.referrals.newest_first()),  # type: ignore[attr-defined]
        "plans": overview.plans_of(found),
        "notes": overview.notes_of(found, reader=request.user) if clinical else [],
        "letters": list(found.letters.newest_first()) if clinical else [],  # type: ignore[attr-defined]
    }
    return page(request, "treatments/episode.html", context)


@requires(Can.RECORD_REFERRALS)
def episode_new(request: StaffRequest, uid: uuid.UUID, injury: uuid.UUID | None = None) -> HttpResponse:
    """Open an episode for a patient; from an injury it starts with what the injury says."""
    patient = patient_or_404(request, uid, Can.RECORD_REFERRALS)
    cause = get_object_or_404(Injury.objects.for_patient(patient).standing(), uid=injury) if injury else None
    form = EpisodeForm(posted(request), today=today_of(request), initial=_from_injury(cause))
    if request.method == "POST" and form.is_valid():
        facts = {k: v for k, v in form.cleaned_data.items() if k != "revision"}
        opened = episodes.begin(patient=patient, injury=cause, by=request.user, now=request.now, **facts)
        messages.success(request, "Episode opened.")
        return go_to(request, "treatments:episode", opened.uid)
    return _answer(request, "treatments/episode_form.html", form, patient=patient, injury=cause)


def _from_injury(injury: Injury | None) -> dict[str, Any]:
    if injury is None:
        return {}
    exact = injury.happened_on if injury.happened_precision == Precision.DAY else None
    return {
        "title": injury.body_part.capitalize(),
        "cause": injury.cause,
        "mechanism": injury.mechanism,
        "onset_on": exact,
    }


@requires(Can.RECORD_REFERRALS)
def episode_edit(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Put right what the episode says of its cause."""
    found = episode_or_404(request, uid, Can.RECORD_REFERRALS)
    initial = {n: getattr(found, n) for n in ("title", "cause", "mechanism", "onset_on", "regions", "revision")}
    form = EpisodeForm(posted(request), today=today_of(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            episodes.describe(found, by=request.user, now=request.now, **form.cleaned_data)
        except REFUSALS as refusal:
            return _refused(request, "treatments/episode_form.html", form, refusal, found)
        messages.success(request, "Episode corrected.")
        return go_to(request, "treatments:episode", found.uid)
    return _answer(request, "treatments/episode_form.html", form, patient=found.patient, episode=found)


@requires(Can.WRITE_PLANS)
def episode_examine(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Record the state of the tissue."""
    found = episode_or_404(request, uid, Can.WRITE_PLANS)
    state = "" if found.tissue_state == TissueState.UNKNOWN else found.tissue_state
    initial = {"tissue_state": state, "regions": found.regions, "revision": found.revision}
    form = ExamineForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            episodes.examine(found, by=request.user, now=request.now, **form.cleaned_data)
        except REFUSALS as refusal:
            return _refused(request, "treatments/examine_form.html", form, refusal, found)
        messages.success(request, "Examination recorded.")
        return go_to(request, "treatments:episode", found.uid)
    return _answer(request, "treatments/examine_form.html", form, patient=found.patient, episode=found)


@requires(Can.WRITE_PLANS)
def episode_close(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """End an episode, with the reason."""
    found = episode_or_404(request, uid, Can.WRITE_PLANS)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            episodes.close(found, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except REFUSALS as refusal:
            return _refused(request, "treatments/close_form.html", form, refusal, found)
        messages.success(request, "Episode closed.")
        return go_to(request, "treatments:episode", found.uid)
    return _answer(request, "treatments/close_form.html", form, patient=found.patient, episode=found)


def _refused(
    request: StaffRequest, template: str, form: Any, refusal: Exception, found: Episode, **more: Any
) -> HttpResponse:
    add_refusal(form, refusal)
    return _answer(request, template, form, patient=found.patient, episode=found, **more)


# -- Diagnosis and referral ----------------------------------------------------------------------------


@requires(Can.RECORD_REFERRALS)
def diagnosis_new(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Record a doctor's diagnosis. Without JavaScript, "Search" lists the codes to choose from."""
    found = episode_or_404(request, uid, Can.RECORD_REFERRALS)
    typed = posted(request)
    form = DiagnosisForm(typed, today=today_of(request), initial=_by_referring_doctor(found))
    searching = request.method == "POST" and "search" in request.POST
    results = diagnoses.search(str(typed["q"])) if typed and typed.get("q") else diagnoses.Found()
    context: dict[str, Any] = {"found": results, "release": DiagnosisRelease.objects.order_by("effective_on").last()}
    if searching:
        context |= {"form": form, "patient": found.patient, "episode": found, "searching": True}
        return page(request, "treatments/diagnosis_form.html", context)
    if request.method == "POST" and form.is_valid():
        facts = {k: v for k, v in form.cleaned_data.items() if k != "q"}
        try:
            episodes.diagnose(found, by=request.user, now=request.now, **facts)
        except REFUSALS as refusal:
            return _refused(request, "treatments/diagnosis_form.html", form, refusal, found, **context)
        messages.success(request, "Diagnosis recorded.")
        return go_to(request, "treatments:episode", found.uid)
    return _answer(request, "treatments/diagnosis_form.html", form, patient=found.patient, episode=found, **context)


def _by_referring_doctor(found: Episode) -> dict[str, Any]:
    referral = found.referrals.standing().newest_first().first()  # type: ignore[attr-defined]
    if referral is None:
        return {}
    return {
        "diagnosed_by": referral.provider_name,
        "provider_npi": referral.provider_npi,
        "diagnosed_on": referral.dated_on,
    }


@requires(Can.RECORD_REFERRALS)
def diagnosis_codes(request: StaffRequest) -> HttpResponse:
    """The codes that fit what was typed so far, to choose one from."""
    found = diagnoses.search(request.GET.get("q", ""))
    return page(
        request, "treatments/diagnosis_codes.html", {"found": found, "q": request.GET.get("q", "")}, partial="codes"
    )


@requires(Can.RECORD_REFERRALS)
def referral_new(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Record what a doctor asks for, with the paper it came on."""
    found = episode_or_404(request, uid, Can.RECORD_REFERRALS)
    files = request.FILES if request.method == "POST" else None
    form = ReferralForm(posted(request), files, patient=found.patient, today=today_of(request))
    if request.method == "POST" and form.is_valid():
        try:
            facts = _with_document(request, form.cleaned_data, found.patient)
            episodes.refer(found, by=request.user, now=request.now, **facts)
        except documents.DocumentRefused as refusal:
            form.add_error("upload", str(refusal))
        except REFUSALS as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, "Referral recorded.")
            return go_to(request, "treatments:episode", found.uid)
    return _answer(request, "treatments/referral_form.html", form, patient=found.patient, episode=found)


def _with_document(request: StaffRequest, facts: dict[str, Any], patient: Patient) -> dict[str, Any]:
    upload = facts.pop("upload", None)
    if upload:
        facts["document"] = documents.file(
            patient=patient,
            upload=upload,
            title=f"Referral by {facts['provider_name']}"[:120],
            kind=DocumentKind.REFERRAL,
            dated_on=facts["dated_on"],
            by=request.user,
            now=request.now,
        )
    return facts


@requires(Can.RECORD_REFERRALS)
def diagnosis_void(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Strike a diagnosis that was never made."""
    rows = Diagnosis.objects.visible_to(request.user, Can.RECORD_REFERRALS, now=request.now)
    return _void(request, get_object_or_404(rows.select_related("episode", "patient", "code"), uid=uid))


@requires(Can.RECORD_REFERRALS)
def referral_void(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Strike a referral that was never given."""
    rows = Referral.objects.visible_to(request.user, Can.RECORD_REFERRALS, now=request.now)
    return _void(request, get_object_or_404(rows.select_related("episode", "patient"), uid=uid))


def _void(request: StaffRequest, fact: Any) -> HttpResponse:
    form = ReasonForm(posted(request))
    context = {"patient": fact.patient, "episode": fact.episode, "fact": fact}
    if request.method == "POST" and form.is_valid():
        try:
            episodes.void(fact, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except REFUSALS as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, f"{fact} is struck out.")
            return go_to(request, "treatments:episode", fact.episode.uid)
    return _answer(request, "treatments/void_form.html", form, **context)
