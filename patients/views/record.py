"""The patient's page, and correcting who the patient is."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic import audit, geography
from clinic.access import Can, requires
from clinic.forms import StaleRecord, add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients import changes, consent, registration
from patients.forms.facts import ReasonForm
from patients.forms.particulars import ConsentForm, ParticularsForm
from patients.models import BreakGlass, CareTeamMember, ContactConsent, Document, Patient
from patients.records import RecordRefused
from patients.sections import CLINICAL, PARTICULARS, Section


def visible(request: StaffRequest, uid: uuid.UUID, can: Can) -> Patient:
    """The patient, if the one who asks may do this; a record merged away answers for the one that stands."""
    rows = Patient.objects.select_related("merged_into").visible_to(request.user, can, now=request.now)
    return get_object_or_404(rows, uid=uid)


def may(request: StaffRequest, patient: Patient, can: Can) -> bool:
    """Whether the one who asks may do this on this patient."""
    return Patient.objects.visible_to(request.user, can, now=request.now).filter(pk=patient.pk).exists()


@requires(Can.SEE_PATIENTS)
def patient(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Everything about one person that this reader may see."""
    patient = visible(request, uid, Can.SEE_PATIENTS)
    if patient.merged_into:
        messages.info(request, f"{patient.number_label} was merged into this record.")
        return go_to(request, "patients:patient", patient.merged_into.uid)
    in_care = may(request, patient, Can.SEE_HISTORY)
    audit.viewed(
        "patient.record" if in_care else "patient.particulars",
        by=request.user,
        now=request.now,
        patient_uid=patient.uid,
    )
    context: dict[str, Any] = {
        "patient": patient,
        "in_care": in_care,
        "particulars": _lists(request, patient, PARTICULARS),
        "consents": consent.standing(patient),
        "clinical": _lists(request, patient, CLINICAL) if in_care else {},
        "care_team": CareTeamMember.objects.current().for_patient(patient).in_order(),
        "merged_records": patient.merged_records.order_by("number"),
        "documents": _documents(request, patient),
        "glass": BreakGlass.objects.open_at(request.now).for_patient(patient).filter(opened_by=request.user).first(),
    }
    return page(request, "patients/patient.html", context)


def _lists(request: StaffRequest, patient: Patient, sections: dict[str, Section]) -> dict[str, Any]:
    return {
        kind: {"section": section, "rows": section.rows(patient, request.user, request.now)}
        for kind, section in sections.items()
    }


def _documents(request: StaffRequest, patient: Patient) -> list[Document]:
    found = Document.objects.for_patient(patient).visible_to(request.user, Can.SEE_DOCUMENTS, now=request.now)
    return list(found.newest_first().select_related("recorded_by"))


@requires(Can.REGISTER_PATIENTS)
def correct(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Correct identity and contacts. Two at once: the second is told what the first changed and loses nothing."""
    patient = visible(request, uid, Can.REGISTER_PATIENTS)
    form = ParticularsForm(posted(request), instance=patient, today=request.now.date())
    if request.method == "POST" and form.is_valid():
        try:
            registration.correct(
                patient,
                revision=form.cleaned_data.get("revision"),
                by=request.user,
                now=request.now,
                **form.said(),
            )
        except (RecordRefused, StaleRecord) as refusal:
            add_refusal(form, refusal)
            form.renew_revision(Patient.objects.get(pk=patient.pk).revision)
        else:
            messages.success(request, "Particulars saved.")
            return go_to(request, "patients:patient", uid)
    shown = Patient.objects.get(pk=patient.pk)
    context = {"form": form, "patient": shown, "record": shown, "zones": geography.zones()}
    return page(request, "patients/correct.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Can.REGISTER_PATIENTS)
def say_consent(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """What the patient says to messages, after the words were read out."""
    patient = visible(request, uid, Can.REGISTER_PATIENTS)
    form = ConsentForm(request.POST)
    if form.is_valid():
        for said in form.consents():
            consent.record(patient=patient, by=request.user, now=request.now, **said)
        messages.success(request, "Consent recorded.")
        return go_to(request, "patients:patient", uid)
    return _consent_page(request, patient, form)


@requires(Can.REGISTER_PATIENTS)
def ask_consent(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The words to read out, and what was said so far."""
    patient = visible(request, uid, Can.REGISTER_PATIENTS)
    return _consent_page(request, patient, ConsentForm())


def _consent_page(request: StaffRequest, patient: Patient, form: ConsentForm) -> HttpResponse:
    newest = ContactConsent.objects.for_patient(patient.survivor).newest_first().with_stops()
    said = list(newest.select_related("recorded_by")[:50])
    ended = {one.channel: one.stopped_at for one in said if one.stopped_at}  # type: ignore[attr-defined]
    context = {"form": form, "patient": patient.survivor, "said": said, "ended": ended}
    return page(request, "patients/consent.html", context, status=422 if form.errors else 200)


@requires(Can.REGISTER_PATIENTS)
def deactivate(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Out of use, with a reason; or back in use."""
    patient = visible(request, uid, Can.REGISTER_PATIENTS)
    form = ReasonForm(posted(request), label="Why is the record no longer used?")
    if request.method == "POST" and form.is_valid():
        try:
            registration.deactivate(patient, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except RecordRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, f"{patient.display_name} is deactivated. Nothing was deleted.")
            return go_to(request, "patients:patient", uid)
    context = {"form": form, "patient": patient}
    return page(request, "patients/deactivate.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Can.REGISTER_PATIENTS)
def reactivate(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The person is back."""
    patient = visible(request, uid, Can.REGISTER_PATIENTS)
    try:
        registration.reactivate(patient, by=request.user, now=request.now)
        messages.success(request, f"{patient.display_name} is in use again.")
    except RecordRefused as refusal:
        messages.warning(request, str(refusal))
    return go_to(request, "patients:patient", uid)


@requires(Can.SEE_PATIENT_CHANGES)
def history(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Every change of the record: before, after, who, when. Clinical facts only for who may read those."""
    patient = visible(request, uid, Can.SEE_PATIENT_CHANGES)
    tables = changes.PARTICULARS
    if may(request, patient, Can.SEE_HISTORY):
        tables += changes.CLINICAL
    if may(request, patient, Can.SEE_DOCUMENTS):
        tables += changes.PAPERS
    audit.viewed("patient.changes", by=request.user, now=request.now, patient_uid=patient.uid)
    context = {"patient": patient, "changes": changes.of(patient, tables), "latest": changes.LATEST}
    return page(request, "patients/changes.html", context)
