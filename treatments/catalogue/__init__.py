"""The exercises Tonus comes with, in its own words. A clinic retires what it does not use; names stay for good."""

from __future__ import annotations

from typing import Any

from treatments.catalogue import core, ease, hips, posture, stretch
from treatments.catalogue.entry import Entry

EXERCISES: tuple[Entry, ...] = (
    *ease.ENTRIES,
    *core.ENTRIES,
    *hips.ENTRIES,
    *stretch.ENTRIES,
    *posture.ENTRIES,
)


def load(exercise_model: Any) -> None:
    """Bring the catalogue's own entries to these words; what a clinic added, changed or retired stays.

    The model may be that of an earlier release: what it does not know yet is left for a later migration.
    """
    known = {field.name for field in exercise_model._meta.get_fields()}
    changed = set()
    if "revision" in known:
        changed = set(exercise_model.objects.filter(revision__gt=1).values_list("slug", flat=True))
    for entry in EXERCISES:
        if entry.slug in changed:
            continue
        facts = {name: value for name, value in _facts(entry).items() if name in known}
        exercise_model.objects.update_or_create(slug=entry.slug, defaults=facts)


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "group": entry.group,
        "name": entry.name,
        "purpose": entry.purpose,
        "steps": list(entry.steps),
        "take_care": entry.take_care,
        "stop_if": entry.stop_if,
        "progressions": list(entry.progressions),
        "drawing": entry.slug,
        "unit": entry.unit,
        "usual_sets": entry.sets,
        "usual_amount": entry.amount,
        "usual_times_a_week": entry.times_a_week,
    }
