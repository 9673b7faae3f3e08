"""Rows of several tables in one trip to the database: all that an act writes, or what a statement by hand has read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, ForeignKey, Model
from django.db.models.expressions import DatabaseDefault

M = TypeVar("M", bound=Model)


def insert(*rows: Model) -> None:
    """Write new rows in one statement, those of one table in this order; each has its id afterwards.

    A row may point to one named before it, which is then the only one of its table. Defaults, times of
    creation, constraints and triggers are as with `save()`; signals are not sent.
    """
    tables: dict[type[Model], list[Model]] = {}
    for row in rows:
        tables.setdefault(type(row), []).append(row)
    parts: list[str] = []
    values: list[Any] = []
    for number, (model, theirs) in enumerate(tables.items()):
        lines = []
        for row in theirs:
            marks = []
            for field in _columns(model):
                mark, value = _value(field, row, tables)
                marks.append(mark)
                values += value
            lines.append(f"({', '.join(marks)})")
        parts.append(f"t{number} AS ({_beginning(model)} {', '.join(lines)} RETURNING {_quoted(model._meta.pk)})")
    written = ", ".join(f"ARRAY(TABLE t{number})" for number in range(len(parts)))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT {written}", values)
        found = cursor.fetchone()
    pointing = [(row, field, other) for row in rows for field in _columns(type(row)) if (other := _new(field, row))]
    for theirs, ids in zip(tables.values(), found, strict=True):
        for row, pk in zip(theirs, ids, strict=True):
            row.pk = pk
            row._state.adding, row._state.db = False, connection.alias
    for row, field, other in pointing:
        setattr(row, field.attname, other.pk)


def _value(field: Field[Any, Any], row: Model, tables: dict[type[Model], list[Model]]) -> tuple[str, Iterable[object]]:
    """What stands for the field in the statement: its value, or the id that a row beside it is about to get."""
    if other := _new(field, row):
        order = list(tables)
        if tables.get(type(other)) != [other] or order.index(type(other)) > order.index(type(row)):
            raise ValueError(f"{row!r} points to a row that is not named before it, or not alone in its table.")
        return f"(TABLE t{order.index(type(other))})", ()
    value = field.pre_save(row, True)
    if value is None:  # most columns of a new row; as a value it would cost as much as any other
        return "NULL", ()
    if isinstance(value, DatabaseDefault):
        return "DEFAULT", ()
    return "%s", (field.get_db_prep_save(value, connection),)


def _new(field: Field[Any, Any], row: Model) -> Model | None:
    """The row that this one points to, when that one has no id yet."""
    if not isinstance(field, ForeignKey) or not field.is_cached(row):
        return None
    other: Model | None = field.get_cached_value(row)
    return other if other is not None and other.pk is None else None


@cache
def _columns(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    return tuple(field for field in model._meta.concrete_fields if not field.primary_key and not field.generated)


@cache
def _beginning(model: type[Model]) -> str:
    columns = ", ".join(_quoted(field) for field in _columns(model))
    return f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({columns}) VALUES"


def _quoted(field: Field[Any, Any]) -> str:
    return connection.ops.quote_name(str(field.column))


def columns(model: type[Model], table: str) -> str:
    """All columns of the model's table under the name that a statement gives it, as `from_row` takes them."""
    return ", ".join(f"{table}.{_quoted(field)}" for field in model._meta.concrete_fields)


def from_row(model: type[M], values: Sequence[Any]) -> M | None:
    """The row as an object; None when an outer join found none. For models without fields that Django converts."""
    names = [field.attname for field in model._meta.concrete_fields]
    row = model.from_db(connection.alias, names, values)
    return None if row.pk is None else row


def from_json(model: type[M], text: str) -> M:
    """The row as an object, from what `to_jsonb` said of it."""
    data = json.loads(text)
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    return model.from_db(connection.alias, names, [field.to_python(data[str(field.column)]) for field in fields])
