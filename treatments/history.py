"""All that is on record of some people and that safety rules look at: one statement, however many and however long.

A record and those merged into it are one person. The rows come as JSON and become the models that the querysets give;
a test holds both against each other.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, models

from clinic import prepared
from patients.models import Allergy, Condition, Injury, Medication, Surgery
from treatments.body.marks import Layer
from treatments.models import (
    BodyMark,
    Diagnosis,
    DiagnosisCode,
    RedFlagClearance,
    RedFlagScreen,
    SessionNote,
    VisitCheck,
)

#: What of a body chart hands must mind.
LAYERS = (Layer.AVOID, Layer.NUMBNESS, Layer.SCAR)

_WHO = "SELECT id FROM patients_patient WHERE id = ANY(%(roots)s) OR merged_into_id = ANY(%(roots)s)"
#: Of each kind: the model, which rows count, and their order.
_KINDS: dict[str, tuple[type[models.Model], str, str]] = {
    "diagnoses": (Diagnosis, "r.voided_at IS NULL", "r.diagnosed_on DESC, r.id DESC"),
    "conditions": (Condition, "r.voided_at IS NULL", "r.id"),
    "surgeries": (Surgery, "r.voided_at IS NULL", "r.id"),
    "medicines": (Medication, "r.voided_at IS NULL", "r.id"),
    "allergies": (Allergy, "r.voided_at IS NULL", "r.id"),
    "injuries": (Injury, "r.voided_at IS NULL", "r.id"),
    "screens": (RedFlagScreen, "TRUE", "r.asked_at, r.id"),
    "clearances": (RedFlagClearance, "TRUE", "r.recorded_at, r.id"),
    "checks": (VisitCheck, "TRUE", "r.asked_at, r.id"),
}
#: What comes with a row: a diagnosis with its code, a mark with what it needs of its note.
_CODE = "jsonb_build_object('its_code', (SELECT c.code FROM treatments_diagnosiscode AS c WHERE c.id = r.code_id))"
_NOTE = "jsonb_build_object('its_note', jsonb_build_array(n.id, n.patient_id, n.service_at, n.status))"


def _rows(name: str) -> str:
    model, counts, order = _KINDS[name]
    row = f"to_jsonb(r) || {_CODE}" if model is Diagnosis else "to_jsonb(r)"
    table = model._meta.db_table
    return (
        f"(SELECT jsonb_agg({row} ORDER BY {order}) FROM {table} AS r"  # noqa: S608 -- names of our own tables
        f" WHERE {counts} AND r.patient_id IN ({_WHO}))"
    )


_LISTS = ",\n".join(map(_rows, _KINDS))
_READ = f"""
SELECT (SELECT jsonb_object_agg(id, merged_into_id) FROM patients_patient WHERE merged_into_id = ANY(%(roots)s)),
{_LISTS},
(SELECT jsonb_agg(to_jsonb(r) || {_NOTE} ORDER BY n.service_at DESC, n.id DESC, r.id)
   FROM treatments_bodymark AS r JOIN treatments_sessionnote AS n ON n.id = r.note_id
  WHERE r.layer = ANY(%(layers)s) AND n.patient_id IN ({_WHO}))
"""  # noqa: S608 -- the same
#: In the order of the model's fields.
_OF_NOTE = ["id", "patient_id", "service_at", "status"]

ByPerson = Mapping[int, list[Any]]


@dataclass(frozen=True)
class History:
    """Rows by person: by the record that stands for them."""

    diagnoses: ByPerson
    conditions: ByPerson
    surgeries: ByPerson
    medicines: ByPerson
    allergies: ByPerson
    injuries: ByPerson
    screens: ByPerson
    clearances: ByPerson
    checks: ByPerson
    #: Marks that hands must mind, of the newest visit first.
    marks: ByPerson


def read(roots: Collection[int]) -> History:
    """Of these people; `roots` are the records that stand for them."""
    asked = {"roots": list(roots), "layers": [str(layer) for layer in LAYERS]}
    with prepared.ask(_READ, asked) as cursor:
        merged, *lists, marks = (json.loads(found) if found else None for found in cursor.fetchone())
    root_of = {root: root for root in roots} | {int(one): root for one, root in (merged or {}).items()}
    kinds = zip(_KINDS.items(), lists, strict=True)
    found = {name: _by_person(_objects(model, rows or ()), root_of) for (name, (model, _, _)), rows in kinds}
    return History(**found, marks=_by_person(_marks(marks or ()), root_of, of=lambda mark: mark.note.patient_id))


def _by_person(
    rows: Iterable[Any], root_of: Mapping[int, int], *, of: Callable[[Any], int] = lambda row: row.patient_id
) -> ByPerson:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[root_of[of(row)]].append(row)
    return found


def _objects(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> Iterable[Any]:
    names = [field.attname for field in model._meta.concrete_fields]
    for row in rows:
        made: Any = model.from_db(
            connection.alias, names, [read_of(row[column]) for column, read_of in _columns(model)]
        )
        if "its_code" in row:
            made.code = DiagnosisCode.from_db(connection.alias, ["id", "code"], [made.code_id, row["its_code"]])
        yield made


def _marks(rows: Iterable[Mapping[str, Any]]) -> Iterable[BodyMark]:
    for mark, row in zip(_objects(BodyMark, rows), rows, strict=True):
        pk, patient, at, status = row["its_note"]
        mark.note = SessionNote.from_db(connection.alias, _OF_NOTE, [pk, patient, datetime.fromisoformat(at), status])
        yield mark


def _columns(model: type[models.Model]) -> list[tuple[str, Callable[[Any], Any]]]:
    if model not in _KNOWN:
        _KNOWN[model] = [(str(field.column), _reader(field)) for field in model._meta.concrete_fields]
    return _KNOWN[model]


_KNOWN: dict[type[models.Model], list[tuple[str, Callable[[Any], Any]]]] = {}


#: A date and time is a date as well, so it comes first.
_READERS: dict[type[models.Field[Any, Any]], Callable[[str], Any]] = {
    models.DateTimeField: datetime.fromisoformat,
    models.DateField: date.fromisoformat,
    models.UUIDField: uuid.UUID,
}


def _reader(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    """From JSON to what the field holds."""
    read_of = next((read_of for kind, read_of in _READERS.items() if isinstance(field, kind)), None)
    if read_of is None:
        return lambda value: value
    return lambda value: None if value is None else read_of(value)
