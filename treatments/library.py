"""The clinic's exercises and templates of plans: added, changed, retired and brought back by its owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from clinic import audit
from clinic.forms import check_revision
from clinic.models import User
from treatments.models import Exercise, ExercisePrescription, PlanTemplate
from treatments.starting import Start, written


class LibraryRefused(Exception):
    """Carries a sentence fit for the owner, and which field it is about."""

    def __init__(self, sentence: str, *, part: str = "") -> None:
        super().__init__(sentence)
        self.part = part


@transaction.atomic
def add_exercise(*, by: User, now: datetime, **facts: Any) -> Exercise:
    """A new exercise for everybody's plans."""
    _check_name_is_free(facts["name"])
    exercise = Exercise.objects.create(slug=_free_slug(facts["name"]), **facts)
    audit.record("exercise.added", by=by, now=now, subject=exercise, detail={"name": exercise.name})
    return exercise


@transaction.atomic
def change_exercise(
    exercise: Exercise, *, revision: int | None = None, by: User, now: datetime, **facts: Any
) -> Exercise:
    """Say it better. Plans keep the name and the dose they were made with; papers for home show the new words."""
    exercise = Exercise.objects.select_for_update().get(pk=exercise.pk)
    check_revision(exercise, revision)
    changed = [name for name, value in facts.items() if getattr(exercise, name) != value]
    if {"name", "unit"} & set(changed):
        if ExercisePrescription.objects.filter(exercise=exercise).exists():
            raise LibraryRefused(
                "Plans name this exercise, so its name and how it is counted stay. Retire it and add another.",
                part="name" if "name" in changed else "unit",
            )
        if "name" in changed:
            _check_name_is_free(facts["name"])
    if changed:
        for name in changed:
            setattr(exercise, name, facts[name])
        exercise.revision += 1
        exercise.save(update_fields=[*changed, "revision"])
        audit.record("exercise.changed", by=by, now=now, subject=exercise, detail={"fields": sorted(changed)})
    return exercise


def retire_exercise(exercise: Exercise, *, by: User, now: datetime) -> Exercise:
    """No new plan offers it; plans that name it keep it."""
    return _switch(Exercise, exercise.pk, retired_at=now, action="exercise.retired", by=by, now=now)


def bring_back_exercise(exercise: Exercise, *, by: User, now: datetime) -> Exercise:
    return _switch(Exercise, exercise.pk, retired_at=None, action="exercise.brought_back", by=by, now=now)


@transaction.atomic
def save_template(
    template: PlanTemplate | None,
    *,
    name: str,
    suits: str,
    causes: Sequence[str],
    tissue_states: Sequence[str],
    start: Start,
    revision: int | None = None,
    by: User,
    now: datetime,
) -> PlanTemplate:
    """Write a template, new or changed. Plans that were made from it stay as they are."""
    facts = {
        "name": name, "suits": suits, "causes": list(causes), "tissue_states": list(tissue_states),
        "content": written(start),
    }  # fmt: skip
    others = PlanTemplate.objects.in_use().filter(name__iexact=name)
    if template is None:
        if others.exists():
            raise LibraryRefused("There is a template of that name.", part="name")
        template = PlanTemplate.objects.create(**facts)
        audit.record("template.added", by=by, now=now, subject=template, detail={"name": name})
        return template
    template = PlanTemplate.objects.select_for_update().get(pk=template.pk)
    check_revision(template, revision)
    if others.exclude(pk=template.pk).exists():
        raise LibraryRefused("There is a template of that name.", part="name")
    for field, value in facts.items():
        setattr(template, field, value)
    template.revision += 1
    template.save(update_fields=[*facts, "revision"])
    audit.record("template.changed", by=by, now=now, subject=template, detail={"name": name})
    return template


def retire_template(template: PlanTemplate, *, by: User, now: datetime) -> PlanTemplate:
    return _switch(PlanTemplate, template.pk, retired_at=now, action="template.retired", by=by, now=now)


def bring_back_template(template: PlanTemplate, *, by: User, now: datetime) -> PlanTemplate:
    """Raises LibraryRefused when another has taken its name meanwhile."""
    try:
        return _switch(PlanTemplate, template.pk, retired_at=None, action="template.brought_back", by=by, now=now)
    except IntegrityError:
        raise LibraryRefused("Another template has that name now. Change one of the two names first.") from None


@transaction.atomic
def _switch(model: Any, pk: int, *, retired_at: datetime | None, action: str, by: User, now: datetime) -> Any:
    thing = model.objects.select_for_update().get(pk=pk)
    if (thing.retired_at is None) != (retired_at is None):
        thing.retired_at = retired_at
        thing.revision += 1
        thing.save(update_fields=["retired_at", "revision"])
        audit.record(action, by=by, now=now, subject=thing, detail={"name": thing.name})
    return thing


def _check_name_is_free(name: str) -> None:
    if Exercise.objects.in_use().filter(name__iexact=name).exists():
        raise LibraryRefused("There is an exercise of that name.", part="name")


def _free_slug(name: str) -> str:
    """A slug that nothing has had before, also nothing that is retired."""
    stem = slugify(name)[:50] or "exercise"
    taken = set(Exercise.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(s for n in range(1, len(taken) + 2) if (s := stem if n == 1 else f"{stem}-{n}") not in taken)
