"""The owner's page for the words of a licensed form: brought, seen, no longer used."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import licensing
from treatments.forms.licensed import LicensedWordsForm, StopUsingForm
from treatments.outcomes.measures import MEASURES

ODI = "odi"


@requires(Can.MANAGE_CLINIC)
def licensed_form(request: StaffRequest) -> HttpResponse:
    """Bring the words, or the next version of them; nothing is shipped."""
    form = LicensedWordsForm(posted(request), request.FILES or None, initial={"seen": _seen()})
    if request.method == "POST" and form.is_valid():
        d = form.cleaned_data
        try:
            licensing.bring(
                measure=ODI, words=d["text"], licence=d["licence"], seen=d["seen"], by=request.user, now=request.now
            )
        except licensing.FormRefused as refusal:
            add_refusal(form, refusal)
            return _page(request, form, StopUsingForm(), status=409)
        messages.success(request, "Kept. From now on its questions can be asked, in the clinic and by link.")
        return go_to(request, "treatments:licensed_form")
    return _page(request, form, StopUsingForm(initial={"seen": _seen()}), status=422 if form.errors else 200)


@requires(Can.MANAGE_CLINIC)
@require_POST
def licensed_form_stop(request: StaffRequest) -> HttpResponse:
    """The licence has ended: only scores are entered from now on."""
    form = StopUsingForm(request.POST)
    if form.is_valid():
        d = form.cleaned_data
        try:
            licensing.stop(measure=ODI, why=d["why"], seen=d["seen"], by=request.user, now=request.now)
        except licensing.FormRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, "The form is no longer used. What was measured stays.")
            return go_to(request, "treatments:licensed_form")
    words = LicensedWordsForm(initial={"seen": _seen()})
    return _page(request, words, form, status=422)


def _seen() -> int:
    known = licensing.history(ODI)
    return known[0].version if known else 0


def _page(request: StaffRequest, form: LicensedWordsForm, stop: StopUsingForm, *, status: int) -> HttpResponse:
    versions = licensing.history(ODI)
    used = versions[0] if versions and versions[0].is_used else None
    context = {"form": form, "stop": stop, "measure": MEASURES[ODI], "used": used, "versions": versions}
    return page(request, "treatments/licensed_form.html", context, status=status)
