"""What was changed on a patient's record: before, after, who, when. Read from the append-only history tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from django.db import models
from django.db.models import Q

from clinic.forms import show_phone
from patients.dates import RoughDay
from patients.models import (
    Allergy,
    Condition,
    Coverage,
    Document,
    EmergencyContact,
    Identifier,
    Injury,
    Medication,
    Patient,
    Surgery,
)

#: Tables whose history belongs to the identity and contacts, to clinical history, and to documents.
PARTICULARS: tuple[type[models.Model], ...] = (Patient, EmergencyContact, Identifier, Coverage)
CLINICAL: tuple[type[models.Model], ...] = (Injury, Condition, Surgery, Allergy, Medication)
PAPERS: tuple[type[models.Model], ...] = (Document,)

_NOT_SAID = {
    "id", "uid", "revision", "patient", "recorded_at", "recorded_by", "registered_at", "registered_by", "voided_at",
    "voided_by", "deactivated_at", "deactivated_by", "given_key", "family_key", "search_text", "number", "sha256",
    "size",
}  # fmt: skip
LATEST = 300


@dataclass(frozen=True)
class Field:
    """One field of a change, as words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One act on one record."""

    at: datetime
    #: Among the changes of one instant (one transaction), later ones have the higher place.
    place: int
    who: str
    what: str
    subject: str
    number: str
    fields: tuple[Field, ...]


def of(patient: Patient, tables: Iterable[type[models.Model]]) -> list[Change]:
    """The latest changes of the person's rows in these tables, newest first: one query a table."""
    found = [change for table in tables for change in _of_table(patient, table)]
    return sorted(found, key=attrgetter("at", "place"), reverse=True)[:LATEST]


def since(record: models.Model, revision: int) -> list[str]:
    """The labels of the fields that differ between a revision somebody saw and the record as it is now."""
    event = _events(type(record)).filter(pgh_obj_id=record.pk, revision=revision).order_by("pgh_id").last()
    if event is None:
        return []
    return [_label(f) for f in _told(type(record)) if getattr(event, f.attname) != getattr(record, f.attname)]


def _events(table: type[models.Model]) -> models.QuerySet[Any]:
    return table.pgh_event_model._default_manager.all()  # type: ignore[attr-defined]


def _told(table: type[models.Model]) -> list[Any]:
    return [f for f in table._meta.concrete_fields if f.name not in _NOT_SAID and not f.name.endswith("_precision")]


def _of_table(patient: Patient, table: type[models.Model]) -> Iterator[Change]:
    person = Patient.objects.family(patient).values("pk")
    mine = Q(pgh_obj_id__in=person) if table is Patient else Q(patient_id__in=person)
    rows = _events(table).filter(mine).select_related("pgh_context").order_by("-pgh_id")[: LATEST * 2]
    before: dict[int, Any] = {}
    for event in reversed(rows):
        previous = before.get(event.pgh_obj_id)
        before[event.pgh_obj_id] = event
        if previous is None and event.pgh_label != "insert":
            continue
        change = _change(table, previous, event)
        if change.fields or change.what != "changed":
            yield change


def _change(table: type[models.Model], previous: Any, event: Any) -> Change:
    fields = tuple(
        Field(_label(f), _say(f, previous) if previous else "", _say(f, event))
        for f in _told(table)
        if (getattr(previous, f.attname) != getattr(event, f.attname) if previous else _say(f, event))
    )
    context = event.pgh_context.metadata if event.pgh_context else {}
    return Change(
        at=event.pgh_created_at,
        place=event.pgh_id,
        who=context.get("name") or "Tonus",
        what=_what(previous, event),
        subject=str(table._meta.verbose_name),
        number=f"P-{event.number:05d}" if table is Patient else "",
        fields=fields,
    )


def _what(previous: Any, event: Any) -> str:
    for moment, word, back in (
        ("voided_at", "struck out", "changed"),
        ("deactivated_at", "deactivated", "reactivated"),
        ("merged_into_id", "merged into another record", "separated again"),
    ):
        then, now = getattr(previous, moment, None), getattr(event, moment, None)
        if previous and then != now:
            return word if now else back
    if previous is None:
        return "registered" if hasattr(event, "registered_at") else "added"
    return "changed"


def _label(field: Any) -> str:
    return str(field.verbose_name).capitalize() if field.verbose_name else str(field.name)


def _say(field: Any, event: Any) -> str:
    """A stored value as a person reads it."""
    value = getattr(event, field.attname)
    if value in (None, "", []):
        return ""
    if field.name in {"phone", "other_phone"}:
        return show_phone(value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, list):
        labels = dict(getattr(field, "base_field", field).flatchoices or [])
        return ", ".join(str(labels.get(v, v)) for v in value)
    if field.name == "merged_into":
        return _number_of(value)
    if isinstance(value, date):
        return str(RoughDay(value, getattr(event, f"{field.name.removesuffix('_on')}_precision", "day")))
    return str(value)


def _number_of(pk: int) -> str:
    number = Patient.objects.filter(pk=pk).values_list("number", flat=True).first()
    return f"P-{number:05d}" if number else ""
