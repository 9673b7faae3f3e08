"""Adding to, correcting and striking entries of the lists on a patient's record: two pages for all of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic.access import Can, requires
from clinic.forms import StaleRecord, add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients import allergies, medication, records
from patients.forms.facts import ReasonForm, StopMedicationForm
from patients.models import Medication
from patients.records import RecordRefused
from patients.sections import Section
from patients.views.record import visible

View = Callable[..., HttpResponse]


def adding(section: Section) -> View:
    """The page that adds an entry to this list."""

    @requires(section.can_record)
    def add(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
        patient = visible(request, uid, section.can_record)
        form = section.form(posted(request), today=request.now.date())
        if request.method == "POST" and form.is_valid():
            try:
                section.add(patient=patient, by=request.user, now=request.now, **form.said())
            except RecordRefused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, f"{section.title}: added.")
                return go_to(request, "patients:patient", uid)
        return _form(request, section, form, patient, "add")

    return add


def correcting(section: Section) -> View:
    """The page that corrects an entry of this list."""

    @requires(section.can_record)
    def correct(request: StaffRequest, uid: uuid.UUID, record: uuid.UUID) -> HttpResponse:
        patient, fact = _fact(request, section, uid, record)
        form = section.form(posted(request), instance=fact, today=request.now.date())
        if request.method == "POST" and form.is_valid():
            try:
                revision = form.cleaned_data.get("revision")
                records.correct(fact, revision=revision, by=request.user, now=request.now, **form.columns())
            except (RecordRefused, StaleRecord) as refusal:
                add_refusal(form, refusal)
                current = section.model.objects.get(pk=fact.pk).revision
                form.renew_revision(current)
            else:
                messages.success(request, f"{section.title}: corrected.")
                return go_to(request, "patients:patient", uid)
        return _form(request, section, form, patient, "correct", fact=fact)

    return correct


def voiding(section: Section) -> View:
    """The page that strikes an entry that was never true, with a reason."""

    @requires(section.can_record)
    def void(request: StaffRequest, uid: uuid.UUID, record: uuid.UUID) -> HttpResponse:
        patient, fact = _fact(request, section, uid, record)
        form = ReasonForm(posted(request), label="Why is it struck out?")
        if request.method == "POST" and form.is_valid():
            try:
                section.void(fact, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
            except RecordRefused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, f"“{fact}” is struck out. It stays in the changes.")
                return go_to(request, "patients:patient", uid)
        return _form(request, section, form, patient, "void", fact=fact)

    return void


@requires(Can.RECORD_HISTORY)
def stop_medication(request: StaffRequest, uid: uuid.UUID, record: uuid.UUID) -> HttpResponse:
    """The patient takes it no more."""
    patient = visible(request, uid, Can.RECORD_HISTORY)
    drug = get_object_or_404(Medication.objects.for_patient(patient.survivor).current(), uid=record)
    form = StopMedicationForm(posted(request), today=request.now.date())
    if request.method == "POST" and form.is_valid():
        try:
            medication.stop(drug, by=request.user, now=request.now, **form.cleaned_data)
        except RecordRefused as refusal:
            add_refusal(form, refusal, "ended_on")
        else:
            messages.success(request, f"{drug} is ended.")
            return go_to(request, "patients:patient", uid)
    context = {"form": form, "patient": patient, "fact": drug}
    return page(request, "patients/stop_medication.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Can.RECORD_HISTORY)
def no_known_allergies(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Asked, and there are none."""
    patient = visible(request, uid, Can.RECORD_HISTORY)
    try:
        allergies.say_none_known(patient=patient, by=request.user, now=request.now)
        messages.success(request, "No known allergies, as of today.")
    except RecordRefused as refusal:
        messages.warning(request, str(refusal))
    return go_to(request, "patients:patient", uid)


def _fact(request: StaffRequest, section: Section, uid: uuid.UUID, record: uuid.UUID) -> tuple[Any, Any]:
    """The patient and one standing entry of this person, if the one who asks may write it."""
    patient = visible(request, uid, section.can_record)
    rows = section.model.objects.for_patient(patient.survivor).visible_to(
        request.user, section.can_record, now=request.now
    )
    return patient, get_object_or_404(rows.standing().select_related("patient"), uid=record)


def _form(request: StaffRequest, section: Section, form: Any, patient: Any, move: str, **more: Any) -> HttpResponse:
    context = {"form": form, "section": section, "patient": patient.survivor, "move": move, **more}
    return page(request, "patients/fact_form.html", context, status=422 if form.errors else 200)
