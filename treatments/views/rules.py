"""The owner's pages of safety rules: the list, one rule with its versions, its change, and what was set aside."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.crypto import constant_time_compare

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import rulebook, screening
from treatments.forms.safety import AboutForm, RuleForm, values_of
from treatments.models import Episode, Reliance, SafetyOverride, SafetyRule
from treatments.safety import About, Effect, Gate, Rule, Term
from treatments.safety.rules import ALWAYS, LOCKED
from treatments.safety.subjects import NUMBERS
from treatments.views.scope import today_of

#: Open episodes that a change is tried on, the newest first.
MOST_TRIED = 3000
MOST_SHOWN = 100
MOST_LISTED = 200


@requires(Can.MANAGE_RULES)
def rules(request: StaffRequest) -> HttpResponse:
    """Every rule in force, by kind."""
    rows = {row.rule: row for row in SafetyRule.objects.in_force().select_related("changed_by")}
    return page(request, "treatments/rules.html", {"groups": _groups(rulebook.in_force(), rows)})


KINDS = {
    "RED": "Red flags",
    "TEC": "Cause, tissue and technique",
    "ASK": "What must have been asked",
    "ALL": "Allergies",
    "MED": "Medication",
    "CON": "Conditions and findings",
    "OWN": "Our own rules",
}


def _groups(in_force: tuple[Rule, ...], rows: dict[str, SafetyRule]) -> list[tuple[str, list[Any]]]:
    return [
        (title, [(rule, rows.get(rule.id)) for rule in in_force if rule.id.startswith(kind)])
        for kind, title in KINDS.items()
    ]


@requires(Can.MANAGE_RULES)
def rule(request: StaffRequest, name: str) -> HttpResponse:
    """Change one rule. First it is shown whom that would touch; then it is saved as a new version."""
    found = next((each for each in rulebook.in_force() if each.id == name), None)
    if found is None:
        raise Http404
    return _edit(request, found)


@requires(Can.MANAGE_RULES)
def rule_new(request: StaffRequest) -> HttpResponse:
    """A rule of one's own: what it asks about is chosen first."""
    chosen = AboutForm(request.GET if "about" in request.GET else None)
    if not chosen.is_bound or not chosen.is_valid():
        return page(request, "treatments/rule_new.html", {"form": chosen}, status=422 if chosen.is_bound else 200)
    abouts = [About(value) for value in (chosen.cleaned_data["about"], chosen.cleaned_data["besides"]) if value]
    nothing = Gate(Effect.NONE)
    blank = Rule(
        rulebook.next_own_id(), "", tuple(map(_blank, abouts)), (nothing, nothing, nothing), "", "Clinic policy",
        version=0,
    )  # fmt: skip
    return _edit(request, blank)


def _blank(about: About) -> Term:
    return Term(about, or_unknown=about in NUMBERS or not values_of(about))


def _edit(request: StaffRequest, found: Rule) -> HttpResponse:
    form = RuleForm(posted(request), rule=found)
    preview = None
    if request.method == "POST" and form.is_valid():
        changed, why = form.changed, form.cleaned_data["why"]
        try:
            rulebook.check(changed, old=found if found.version else None)
            if _was_shown(request, changed):
                saved = rulebook.save(changed, why=why, by=request.user, now=request.now)
                messages.success(request, f"{saved} is in force.")
                return go_to(request, "treatments:rule", saved.rule)
            preview = _preview(request, changed)
        except rulebook.RuleRefused as refusal:
            add_refusal(form, refusal)
    return _rule_page(request, form, found, preview)


def _rule_page(request: StaffRequest, form: RuleForm, found: Rule, preview: Any) -> HttpResponse:
    versions = SafetyRule.objects.filter(rule=found.id).select_related("changed_by").order_by("-version")
    context = {
        "form": form,
        "rule": found,
        "is_new": found.version == 0,
        "locked": found.id in LOCKED,
        "always": found.id in ALWAYS,
        "versions": [(row, rulebook.rule_of(row)) for row in versions],
        "preview": preview,
    }
    return page(request, "treatments/rule.html", context, status=422 if form.errors else 200)


def _was_shown(request: StaffRequest, changed: Rule) -> bool:
    """Whether exactly this change has been looked at before it is saved."""
    return "save" in request.POST and constant_time_compare(request.POST.get("shown", ""), _mark(changed))


def _mark(changed: Rule) -> str:
    return hashlib.sha256(repr((changed.version, rulebook.values_of(changed))).encode()).hexdigest()[:32]


def _preview(request: StaffRequest, changed: Rule) -> dict[str, Any]:
    """Whom the change would touch among the patients in treatment now."""
    present = list(
        Episode.objects.open()
        .filter(patient__deactivated_at__isnull=True)
        .select_related("patient__merged_into")
        .order_by("-opened_at", "-pk")[: MOST_TRIED + 1]
    )
    tried = present[:MOST_TRIED]
    read = screening.snapshots(tried, today=today_of(request), now=request.now)
    touched = rulebook.touched(changed, list(zip(tried, read, strict=True)), rulebook.in_force())
    patients = {row.episode.patient.root_id: row.episode.patient.survivor for row in touched}
    shown = touched[:MOST_SHOWN]
    audit.viewed_many(
        "rule.preview", by=request.user, now=request.now, patient_uids={r.episode.patient.survivor.uid for r in shown}
    )
    return {
        "mark": _mark(changed),
        "tried": len(tried),
        "more": len(present) > MOST_TRIED,
        "patients": len(patients),
        "stricter": sum(row.stricter for row in touched),
        "looser": sum(row.after.strictness < row.before.strictness for row in touched),
        "rows": shown,
        "left_out": len(touched) - len(shown),
    }


@requires(Can.MANAGE_RULES)
def set_aside(request: StaffRequest) -> HttpResponse:
    """Every rule that a therapist set aside, the newest first, with the reason and the versions relied on."""
    rows = list(
        SafetyOverride.objects.select_related("intervention__plan__patient", "overridden_by").order_by(
            "-overridden_at", "-pk"
        )[:MOST_LISTED]
    )
    relied = Reliance.objects.filter(intervention__in=[row.intervention_id for row in rows])
    versions = {(r.intervention_id, *one.split("@"))[:2]: one for r in relied for one in r.rules}
    audit.viewed_many(
        "rules.set_aside", by=request.user, now=request.now,
        patient_uids={row.intervention.plan.patient.uid for row in rows},
    )  # fmt: skip
    context = {"rows": [(row, versions.get((row.intervention_id, row.rule), row.rule)) for row in rows]}
    return page(request, "treatments/set_aside.html", context)
