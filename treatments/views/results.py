"""The owner's pages: what works here, and what counts as a change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse

from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import judging, results
from treatments.forms.outcomes import RulesForm, ThresholdForm
from treatments.outcomes.measures import MEASURES, name_of


@requires(Can.SEE_RESULTS)
def what_works(request: StaffRequest) -> HttpResponse:
    """Change per technique and cause over all patients; nobody is named, and small groups are not shown."""
    context = {"results": results.what_works(), "rules": judging.rules()}
    return page(request, "treatments/what_works.html", context)


@requires(Can.SEE_RESULTS)
def thresholds(request: StaffRequest) -> HttpResponse:
    """What counts as a change, measure by measure, with the source."""
    rows = [(name_of(*key), threshold) for key, threshold in judging.in_force().items()]
    return page(request, "treatments/thresholds.html", {"rows": rows, "rules": judging.rules()})


@requires(Can.MANAGE_CLINIC)
def threshold_change(request: StaffRequest, slug: str, movement: str = "") -> HttpResponse:
    """Set the clinic's own; the version before stays."""
    now_in_force = judging.in_force().get((slug, movement))
    if now_in_force is None:
        raise Http404
    names = ("mdc", "mic", "mic_percent", "sure_from", "sure_to", "citation")
    initial = {name: getattr(now_in_force, name) for name in names} | {"seen": now_in_force.version}
    form = ThresholdForm(posted(request), measure=MEASURES[slug], initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            judging.set_threshold(measure=slug, detail=movement, by=request.user, now=request.now, **form.cleaned_data)
        except judging.ThresholdRefused as refusal:
            return _refused(request, form, refusal, "treatments/threshold_change.html", _about(slug, movement))
        messages.success(request, "Set. Verdicts go by it from now on.")
        return go_to(request, "treatments:thresholds")
    context = {"form": form, **_about(slug, movement)}
    return page(request, "treatments/threshold_change.html", context, status=422 if form.errors else 200)


def _about(slug: str, movement: str) -> dict[str, Any]:
    return {
        "name": name_of(slug, movement),
        "measure": MEASURES[slug],
        "versions": judging.history(slug, movement),
        "shipped": judging.shipped(slug, movement),
    }


def _refused(
    request: StaffRequest, form: Any, refusal: Exception, template: str, context: dict[str, Any]
) -> HttpResponse:
    add_refusal(form, refusal)
    return page(request, template, {"form": form, **context}, status=409)


@requires(Can.MANAGE_CLINIC)
def rules_change(request: StaffRequest) -> HttpResponse:
    """When a plan is spoken of, and how small a group may be."""
    rules = judging.rules()
    names = ("goal_times", "visits_without_change", "smallest_group", "citation")
    initial = {name: getattr(rules, name) for name in names} | {"seen": rules.version}
    form = RulesForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            judging.set_rules(by=request.user, now=request.now, **form.cleaned_data)
        except judging.ThresholdRefused as refusal:
            return _refused(request, form, refusal, "treatments/outcome_rules.html", {})
        messages.success(request, "Set.")
        return go_to(request, "treatments:thresholds")
    return page(request, "treatments/outcome_rules.html", {"form": form}, status=422 if form.errors else 200)
