"""Pages of the library: exercises to look up and print, and what its owner changes of them and of templates."""

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
from treatments import library
from treatments.forms.library import ExerciseForm, TemplateForms, of_exercise
from treatments.library import LibraryRefused
from treatments.models import Exercise, PlanTemplate


@requires(Can.SEE_LIBRARY)
def exercises(request: StaffRequest) -> HttpResponse:
    """Every exercise in use, by words and by group."""
    words, group = request.GET.get("q", "").strip()[:80], request.GET.get("group", "")[:40]
    retired = request.GET.get("retired") == "1"
    shelf = Exercise.objects.retired() if retired else Exercise.objects.in_use()
    groups = list(shelf.order_by("group").values_list("group", flat=True).distinct())
    found = shelf.about(words)
    if group in groups:
        found = found.filter(group=group)
    context = {"found": list(found), "groups": groups, "group": group, "q": words, "retired": retired}
    return page(request, "treatments/library/exercises.html", context, partial="found")


@requires(Can.SEE_LIBRARY)
def exercise(request: StaffRequest, slug: str) -> HttpResponse:
    """One exercise as the patient gets it."""
    found = get_object_or_404(Exercise, slug=slug)
    return page(request, "treatments/library/exercise.html", {"exercise": found})


@requires(Can.SET_LIBRARY)
def exercise_add(request: StaffRequest) -> HttpResponse:
    """A new exercise in the clinic's own words."""
    return _exercise_form(request, None)


@requires(Can.SET_LIBRARY)
def exercise_change(request: StaffRequest, slug: str) -> HttpResponse:
    """Say it better; its name stays once plans name it."""
    return _exercise_form(request, get_object_or_404(Exercise, slug=slug))


def _exercise_form(request: StaffRequest, found: Exercise | None) -> HttpResponse:
    form = ExerciseForm(posted(request), initial=of_exercise(found) if found else {"unit": "repetitions"})
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        revision = facts.pop("revision")
        try:
            saved = (
                library.change_exercise(found, revision=revision, by=request.user, now=request.now, **facts)
                if found
                else library.add_exercise(by=request.user, now=request.now, **facts)
            )
        except (LibraryRefused, StaleRecord) as refusal:
            add_refusal(form, refusal, getattr(refusal, "part", None))
        else:
            messages.success(request, f"{saved.name} is saved.")
            return go_to(request, "treatments:exercise", saved.slug)
    groups = Exercise.objects.in_use().order_by("group").values_list("group", flat=True).distinct()
    context = {"form": form, "exercise": found, "groups": groups}
    return page(request, "treatments/library/exercise_form.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Can.SET_LIBRARY)
def exercise_retire(request: StaffRequest, slug: str) -> HttpResponse:
    """No new plan offers it."""
    found = library.retire_exercise(get_object_or_404(Exercise, slug=slug), by=request.user, now=request.now)
    messages.success(request, f"{found.name} is retired; plans that name it keep it.")
    return go_to(request, "treatments:exercise", found.slug)


@require_POST
@requires(Can.SET_LIBRARY)
def exercise_bring_back(request: StaffRequest, slug: str) -> HttpResponse:
    found = library.bring_back_exercise(get_object_or_404(Exercise, slug=slug), by=request.user, now=request.now)
    messages.success(request, f"{found.name} is offered again.")
    return go_to(request, "treatments:exercise", found.slug)


# -- Templates of plans ------------------------------------------------------------------------------------


@requires(Can.SEE_LIBRARY)
def templates(request: StaffRequest) -> HttpResponse:
    """The starting points of plans, in use and retired."""
    context = {"in_use": list(PlanTemplate.objects.in_use()), "retired": list(PlanTemplate.objects.retired())}
    return page(request, "treatments/library/templates.html", context)


@requires(Can.SET_LIBRARY)
def template_add(request: StaffRequest) -> HttpResponse:
    return _template_form(request, None)


@requires(Can.SET_LIBRARY)
def template_change(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Change what new plans start with; plans that were made from it stay as they are."""
    return _template_form(request, get_object_or_404(PlanTemplate, uid=uid))


def _template_form(request: StaffRequest, found: PlanTemplate | None) -> HttpResponse:
    forms = TemplateForms(posted(request), template=found)
    if request.method == "POST" and forms.is_valid():
        try:
            saved = library.save_template(found, **forms.facts(), by=request.user, now=request.now)
        except (LibraryRefused, StaleRecord) as refusal:
            add_refusal(forms.plan, refusal, getattr(refusal, "part", None))
        else:
            messages.success(request, f"{saved.name} is saved.")
            return go_to(request, "treatments:templates")
    status = 422 if forms.summaries else 200
    return page(request, "treatments/library/template_form.html", {"forms": forms, "template": found}, status=status)


def _switching(verb: Callable[..., Any], said: str) -> Callable[..., HttpResponse]:
    @require_POST
    @requires(Can.SET_LIBRARY)
    def switch(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
        try:
            found = verb(get_object_or_404(PlanTemplate, uid=uid), by=request.user, now=request.now)
        except LibraryRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, said.format(name=found.name))
        return go_to(request, "treatments:templates")

    return switch


template_retire = _switching(library.retire_template, "{name} is retired; plans made from it stay.")
template_bring_back = _switching(library.bring_back_template, "{name} is offered again.")
