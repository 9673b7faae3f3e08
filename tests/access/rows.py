"""Every row of the house before and after a request: what was changed, and whose it is."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models

from patients.models import Patient

ROOMS = ("clinic", "patients", "treatments", "scheduling", "billing")
#: What every request may write, and what triggers derive from rows that are compared anyway.
_LEFT_OUT = {"clinic.AuditEvent", "clinic.AuditSeal", "clinic.HeldInput"}

Row = dict[str, Any]


@functools.cache
def house_models() -> list[type[models.Model]]:
    """All that holds something about the clinic; no history tables, which follow the rows."""
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in ROOMS
        and not hasattr(model, "pgh_tracked_model")
        and model._meta.label not in _LEFT_OUT
        and model._meta.managed
    ]


def path_to_patient(model: type[models.Model], seen: frozenset[type] = frozenset()) -> str | None:
    """The look-up that leads from a row to its patient's uid: its own, or by the shortest way over others."""
    if model is Patient:
        return "uid"
    names = {each.name for each in model._meta.concrete_fields}
    if "patient_uid" in names:
        return "patient_uid"
    steps = [each for each in model._meta.concrete_fields if isinstance(each, models.ForeignKey)]
    for each in steps:
        if each.related_model is Patient:
            return f"{each.name}__uid"
    found = []
    for each in steps:
        other = each.related_model
        if other not in seen and other is not model and other._meta.app_label in ROOMS:
            further = path_to_patient(other, seen | {model})
            if further:
                found.append(f"{each.name}__{further}")
    return min(found, key=lambda way: way.count("__"), default=None)


@dataclass(frozen=True)
class Change:
    """One row that is not as it was."""

    model: str
    what: str
    pk: Any
    patients: frozenset[uuid.UUID]
    columns: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.what} {self.model} ({', '.join(sorted(self.columns))})"


class House:
    """The rows as they were at the start; each request is compared with them and rolled back."""

    def __init__(self) -> None:
        self.models = {model._meta.db_table: model for model in house_models()}
        self.paths = {table: path_to_patient(model) for table, model in self.models.items()}
        self.before = {table: self._rows(table) for table in self.models}
        self.merged = dict(Patient.objects.filter(merged_into__isnull=False).values_list("uid", "merged_into__uid"))

    def changes(self, written: dict[str, int]) -> Iterator[Change]:
        """What differs now in the tables that were written since `counters()` said `written`."""
        for table, count in counters().items():
            if table in self.models and count != written.get(table, 0):
                yield from self._differences(table)

    def _differences(self, table: str) -> Iterator[Change]:
        was, now = self.before[table], self._rows(table)
        label = self.models[table]._meta.label
        for pk in was.keys() | now.keys():
            old, new = was.get(pk), now.get(pk)
            if old == new:
                continue
            whose = self._whose(row for row in (old, new) if row)
            if old is None or new is None:
                yield Change(label, "added" if old is None else "removed", pk, whose, _said(new or old or {}))
            else:
                changed = {name: value for name, value in new.items() if old[name] != value}
                yield Change(label, "changed", pk, whose, _said(changed))

    def _rows(self, table: str) -> dict[Any, Row]:
        model, path = self.models[table], self.paths[table]
        names = [each.attname for each in model._meta.concrete_fields]
        extra = {"_whose": models.F(path)} if path else {}
        return {row[model._meta.pk.attname]: row for row in model._default_manager.values(*names, **extra)}

    def _whose(self, rows: Iterable[Row]) -> frozenset[uuid.UUID]:
        return frozenset(self.merged.get(row["_whose"], row["_whose"]) for row in rows if row.get("_whose"))


def _said(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "_whose"}


def counters() -> dict[str, int]:
    """How many rows of each table this transaction has written so far, taken back or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
        return dict(cursor.fetchall())


@functools.cache
def _joints() -> list[tuple[type[models.Model], str, str, str]]:
    """(model, relation, way to its own patient, way to the patient of what it points to), where these can differ."""
    found = []
    for model in house_models():
        own = path_to_patient(model)
        for each in model._meta.concrete_fields:
            other = each.related_model if isinstance(each, models.ForeignKey) else None
            further = path_to_patient(other) if other in house_models() and other is not Patient else None
            if own and further and own != f"{each.name}__{further}":
                found.append((model, each.name, own, f"{each.name}__{further}"))
    return found


def mixed(labels: Iterable[str]) -> list[str]:
    """Relations of these models of which some row joins two different people."""
    wanted, found = set(labels), []
    merged = dict(Patient.objects.filter(merged_into__isnull=False).values_list("uid", "merged_into__uid"))
    for model, relation, own, further in _joints():
        if model._meta.label in wanted:
            pairs = model._default_manager.exclude(**{own: models.F(further)}).values_list(own, further)
            if any(a and b and merged.get(a, a) != merged.get(b, b) for a, b in pairs):
                found.append(f"{model._meta.label}.{relation}")
    return found
