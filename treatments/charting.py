"""All that the page of a chart shows, read in three statements however long the patient's history is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from clinic import prepared
from clinic.access import Can
from clinic.models import User
from treatments import notes
from treatments.models import (
    BodyMark,
    Exercise,
    ExerciseDone,
    MotionMeasured,
    PalpationFound,
    SessionNote,
    StrengthTested,
    TechniqueApplied,
)

#: What a chart needs of an exercise; its steps stay in the catalogue.
_OF_EXERCISE = ("id", "slug", "name", "group", "unit", "retired_at")
_LISTS: dict[str, type[Model]] = {
    "techniques": TechniqueApplied,
    "exercises": ExerciseDone,
    "motions": MotionMeasured,
    "strengths": StrengthTested,
    "palpations": PalpationFound,
    "marks": BodyMark,
}


def _order(model: type[Model]) -> str:
    """The rows of a note in the order in which its page lists them."""
    return ", ".join(f"r.{'id' if name == 'pk' else name}" for name in map(str, model._meta.ordering or ()))


_ROWS = ",\n".join(
    f"(SELECT jsonb_agg(to_jsonb(r) ORDER BY {_order(model)}) FROM {model._meta.db_table} AS r"  # noqa: S608 -- our own
    " WHERE r.note_id = ANY(%(notes)s))"
    for model in _LISTS.values()
)
_PARTS = f"""
SELECT {_ROWS},
(SELECT jsonb_agg(jsonb_build_array(e.id, e.slug, e.name, e."group", e.unit, e.retired_at) ORDER BY e."group", e.name)
   FROM treatments_exercise AS e WHERE e.retired_at IS NULL
     OR e.id IN (SELECT exercise_id FROM treatments_exercisedone WHERE note_id = ANY(%(notes)s))),
(SELECT jsonb_agg(jsonb_build_object('short', s.short, 'text', s.text, 'own', s.owner_id IS NOT NULL)
                  ORDER BY s.short, s.owner_id NULLS LAST)
   FROM treatments_snippet AS s WHERE s.retired_at IS NULL AND (s.owner_id IS NULL OR s.owner_id = %(author)s))
"""  # noqa: S608 -- names of our own tables


@dataclass(frozen=True)
class Reading:
    """A draft, the note before it, the exercises to choose from, the snippets of its author."""

    note: SessionNote
    last: SessionNote | None
    catalogue: Sequence[Exercise]
    snippets: Sequence[Mapping[str, Any]]


def read(uid: uuid.UUID, *, user: User, now: datetime) -> Reading | None:
    """The chart of a draft, for who may write it; None when there is none for them."""
    seen = SessionNote.objects.visible_to(user, Can.WRITE_NOTES, now=now)
    note = seen.select_related("author__user", "patient", "episode", "plan", "carried_from").filter(uid=uid).first()
    if note is None:
        return None
    last = notes.last_signed(note, with_parts=False)
    both = [one for one in (note, last) if one is not None]
    with prepared.ask(_PARTS, {"notes": [one.pk for one in both], "author": note.author_id}) as cursor:
        *lists, exercises, snippets = (json.loads(found) if found else [] for found in cursor.fetchone())
    catalogue = [Exercise.from_db(connection.alias, list(_OF_EXERCISE), row) for row in exercises]
    known = {exercise.pk: exercise for exercise in catalogue}
    for name, rows in zip(_LISTS, lists, strict=True):
        _hand_out(name, [_object(_LISTS[name], row) for row in rows], both)
    for one in both:
        for done in one.exercises.all():
            done.exercise = known[done.exercise_id]
    in_use = [exercise for exercise in catalogue if exercise.retired_at is None]
    return Reading(note, last, in_use, _first_of_each(snippets))


def _object(model: type[Model], row: Mapping[str, Any]) -> Any:
    fields = model._meta.concrete_fields
    return model.from_db(connection.alias, [f.attname for f in fields], [row[str(f.column)] for f in fields])


def _hand_out(name: str, rows: Iterable[Any], among: Iterable[SessionNote]) -> None:
    """As if each note had prefetched its own."""
    rows = list(rows)
    for note in among:
        kept = getattr(note, name).get_queryset()
        kept._result_cache = [row for row in rows if row.note_id == note.pk]
        kept._prefetch_done = True
        vars(note).setdefault("_prefetched_objects_cache", {})[name] = kept


def _first_of_each(snippets: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One's own goes before the clinic's of that short name."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in snippets:
        found.setdefault(one["short"], one)
    return list(found.values())
