"""Two records of one person: choose the other, compare, merge with a reason; and take it back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients import matching, merging, search
from patients.forms.facts import ReasonForm
from patients.forms.merges import MergeForm
from patients.models import Merge, Patient
from patients.views.record import visible


@requires(Can.MERGE_PATIENTS)
def choose(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Find the other record of the person: likely ones first, or by search."""
    patient = visible(request, uid, Can.MERGE_PATIENTS).survivor
    typed = request.POST.get("q", "")[: search.LONGEST]
    if request.method == "POST":
        found = [hit.patient for hit in search.find(typed, by=request.user, now=request.now).hits]
    else:
        found = []
    likenesses = matching.find(matching.of(patient), besides=[patient.pk])
    shown = [likeness.patient.uid for likeness in likenesses]
    audit.viewed_many("patients.likely_duplicates", by=request.user, now=request.now, patient_uids=shown)
    context = {
        "patient": patient,
        "likenesses": likenesses,
        "found": [other for other in found if other.pk != patient.pk],
        "typed": typed,
        "merges": Merge.objects.newest_first().filter(survivor=patient.pk),
    }
    return page(request, "patients/merge_choose.html", context)


@requires(Can.MERGE_PATIENTS)
def merge(request: StaffRequest, uid: uuid.UUID, other: uuid.UUID) -> HttpResponse:
    """The two side by side; which one stays, and why they are the same person."""
    one, two = visible(request, uid, Can.MERGE_PATIENTS), visible(request, other, Can.MERGE_PATIENTS)
    form = MergeForm(posted(request), one=one, two=two)
    if request.method == "POST" and form.is_valid():
        survivor = one if form.cleaned_data["survivor"] == str(one.uid) else two
        duplicate = two if survivor is one else one
        try:
            merging.merge(
                duplicate=duplicate,
                survivor=survivor,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=request.now,
            )
        except merging.MergeRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, f"{duplicate.number_label} is now part of {survivor.number_label}.")
            return go_to(request, "patients:patient", survivor.uid)
    else:
        audit.viewed_many("patients.compared", by=request.user, now=request.now, patient_uids=[one.uid, two.uid])
    context = {"form": form, "one": one, "two": two, "rows": _side_by_side(one, two)}
    return page(request, "patients/merge.html", context, status=422 if form.errors else 200)


def _side_by_side(one: Patient, two: Patient) -> list[dict[str, Any]]:
    """What the two records say, field by field, and whether they agree."""
    rows = []
    for label, name in (
        ("Called", "preferred_name"), ("Date of birth", "born_on"), ("Sex", "get_sex_display"),
        ("Mobile phone", "phone"), ("Other phone", "other_phone"), ("E-mail", "email"), ("Address", "address"),
        ("Messages by", "get_preferred_channel_display"), ("Registered", "registered_at"),
    ):  # fmt: skip
        pair = [value() if callable(value := getattr(record, name)) else value for record in (one, two)]
        if any(pair):
            rows.append({"label": label, "name": name, "one": pair[0], "two": pair[1], "agree": pair[0] == pair[1]})
    return rows


@requires(Can.MERGE_PATIENTS)
def unmerge(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """They were two people after all."""
    duplicate = visible(request, uid, Can.MERGE_PATIENTS)
    edge = get_object_or_404(Merge.objects.in_force().newest_first(), duplicate=duplicate)
    form = ReasonForm(posted(request), label="Why are these two people?")
    if request.method == "POST" and form.is_valid():
        try:
            merging.unmerge(duplicate, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except merging.MergeRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, f"{duplicate.number_label} stands alone again.")
            return go_to(request, "patients:patient", duplicate.uid)
    context = {"form": form, "patient": edge.survivor, "edge": edge}
    return page(request, "patients/unmerge.html", context, status=422 if form.errors else 200)
