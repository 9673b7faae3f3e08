"""Records that were opened with a reason: what the owner reads, and says to have read."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.pages import go_to, page
from clinic.requests import StaffRequest
from patients import care_team
from patients.forms.care import ReviewForm
from patients.models import BreakGlass

ROWS = 50


@requires(Can.SEE_AUDIT)
def opened(request: StaffRequest) -> HttpResponse:
    """Who opened a record outside their care, whose, why and when; what nobody has reviewed comes first."""
    return _show(request)


@require_POST
@requires(Can.SEE_AUDIT)
def review(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """An owner has read it."""
    glass = get_object_or_404(BreakGlass.objects.visible_to(request.user, Can.SEE_AUDIT, now=request.now), uid=uid)
    form = ReviewForm(request.POST, prefix=str(uid))
    if form.is_valid():
        try:
            care_team.review(glass_uid=uid, note=form.cleaned_data["note"], by=request.user, now=request.now)
        except care_team.AlreadyReviewed as known:
            messages.info(request, str(known))
            return go_to(request, "patients:opened")
        except care_team.CareRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, f"You have reviewed that {glass.opened_by.name} opened this record.")
            return go_to(request, "patients:opened")
    return _show(request, refused={uid: form}, status=422)


def _show(
    request: StaffRequest, *, refused: dict[uuid.UUID, ReviewForm] | None = None, status: int = 200
) -> HttpResponse:
    rows = BreakGlass.objects.visible_to(request.user, Can.SEE_AUDIT, now=request.now).for_review()
    waiting, reviewed = list(rows.unreviewed()[:ROWS]), list(rows.reviewed()[:ROWS])
    uids = {glass.patient.uid for glass in [*waiting, *reviewed]}
    audit.viewed_many("opened_records", by=request.user, now=request.now, patient_uids=sorted(uids))
    forms = [(glass, (refused or {}).get(glass.uid) or ReviewForm(prefix=str(glass.uid))) for glass in waiting]
    context = {"waiting": forms, "reviewed": reviewed, "rows": ROWS}
    return page(request, "patients/opened.html", context, status=status)
