"""Filing documents, and handing them out to who may see them: never from the web root, never to be run."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from clinic.access import Can, requires
from clinic.forms import StaleRecord, add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients import documents, records
from patients.forms.facts import ReasonForm
from patients.forms.papers import DocumentForm, FileDocumentForm
from patients.models import Document, Patient
from patients.records import RecordRefused
from patients.views.record import visible

#: The browser may keep the bytes for nobody, guess nothing about them, and run nothing in them.
GUARDED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@requires(Can.ADD_DOCUMENTS)
def file(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """File a document for the patient."""
    patient = visible(request, uid, Can.ADD_DOCUMENTS)
    form = FileDocumentForm(posted(request), request.FILES or None, today=request.now.date())
    if request.method == "POST" and form.is_valid():
        try:
            document = documents.file(patient=patient, by=request.user, now=request.now, **form.said())
        except documents.DocumentRefused as refusal:
            add_refusal(form, refusal, "upload")
        else:
            messages.success(request, f"“{document.title}” is filed.")
            return go_to(request, "patients:patient", uid)
    context = {"form": form, "patient": patient.survivor, "largest": documents.LARGEST // 2**20}
    return page(request, "patients/file_document.html", context, status=422 if form.errors else 200)


@requires(Can.SEE_DOCUMENTS)
def document(request: StaffRequest, uid: uuid.UUID, record: uuid.UUID) -> HttpResponse:
    """The bytes as they were filed, to be saved, not shown inside Tonus."""
    patient, found = _document(request, uid, record, Can.SEE_DOCUMENTS)
    try:
        data = documents.read(found, by=request.user, now=request.now)
    except documents.DocumentRefused as refusal:
        return page(request, "patients/document_missing.html", {"patient": patient, "sentence": refusal}, status=409)
    how = "inline" if request.GET.get("look") and found.is_image else "attachment"
    disposition = {"Content-Disposition": f'{how}; filename="{found.file_name}"'}
    return HttpResponse(data, content_type=found.content_type, headers=GUARDED | disposition)


@requires(Can.ADD_DOCUMENTS)
def correct(request: StaffRequest, uid: uuid.UUID, record: uuid.UUID) -> HttpResponse:
    """Correct what a document is called; its bytes stay."""
    patient, found = _document(request, uid, record, Can.ADD_DOCUMENTS)
    form = DocumentForm(posted(request), instance=found, today=request.now.date())
    if request.method == "POST" and form.is_valid():
        try:
            said, revision = form.columns(), form.cleaned_data.get("revision")
            records.correct(found, revision=revision, by=request.user, now=request.now, **said)
        except (RecordRefused, StaleRecord) as refusal:
            add_refusal(form, refusal)
            form.renew_revision(Document.objects.get(pk=found.pk).revision)
        else:
            messages.success(request, "Document corrected.")
            return go_to(request, "patients:patient", uid)
    context = {"form": form, "patient": patient.survivor, "fact": found, "move": "correct"}
    return page(request, "patients/document_form.html", context, status=422 if form.errors else 200)


@requires(Can.ADD_DOCUMENTS)
def void(request: StaffRequest, uid: uuid.UUID, record: uuid.UUID) -> HttpResponse:
    """Strike a document: it was filed for the wrong patient, or twice. It is handed out no more."""
    patient, found = _document(request, uid, record, Can.ADD_DOCUMENTS)
    form = ReasonForm(posted(request), label="Why is it struck out?")
    if request.method == "POST" and form.is_valid():
        try:
            records.void(found, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except RecordRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, f"“{found.title}” is struck out and handed out no more.")
            return go_to(request, "patients:patient", uid)
    context = {"form": form, "patient": patient.survivor, "fact": found, "move": "void"}
    return page(request, "patients/document_form.html", context, status=422 if form.errors else 200)


def _document(request: StaffRequest, uid: uuid.UUID, record: uuid.UUID, can: Can) -> tuple[Patient, Document]:
    patient = visible(request, uid, can)
    rows = Document.objects.for_patient(patient.survivor).visible_to(request.user, can, now=request.now)
    return patient, get_object_or_404(rows.standing().select_related("patient"), uid=record)
