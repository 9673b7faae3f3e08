"""New rows of several tables in one statement, and rows read by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic import audit
from clinic.access import SYSTEM
from clinic.models import AuditEvent, Location
from clinic.rows import columns, from_json, from_row, insert
from scheduling.models import Appointment, Device, Room
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW

pytestmark = pytest.mark.django_db


def an_event(action: str, **facts: Any) -> AuditEvent:
    return audit.event(action, by=SYSTEM, now=NOW, detail=facts)


def test_rows_of_several_tables_are_one_statement_and_each_has_its_id() -> None:
    place = Location(name="Elm Street", zone="UTC")
    rooms = [Room(location=place, name=name, features=["table"]) for name in ("One", "Two")]
    with CaptureQueriesContext(connection) as asked:
        insert(place, rooms[0], an_event("first", n=1), rooms[1], an_event("second"))
    assert len(asked) == 1
    assert [room.location_id for room in rooms] == [place.pk, place.pk]
    assert list(Room.objects.filter(location=place).order_by("pk")) == rooms
    assert list(AuditEvent.objects.order_by("pk").values_list("action", "detail")) == [
        ("first", {"n": 1}),
        ("second", {}),
    ]


def test_a_row_read_again_is_as_it_was_written() -> None:
    place = make.a_small_clinic()
    visit = make.a_visit(place)
    again = Appointment.objects.get(pk=visit.pk)
    for field in Appointment._meta.concrete_fields:
        assert getattr(visit, field.attname) == getattr(again, field.attname), field.name
    again.note = "brings the scans"
    visit.note = "brings the scans"
    visit.save()
    assert Appointment.objects.get().note == "brings the scans"


def test_a_row_that_points_to_one_nobody_writes_is_refused() -> None:
    place = Location(name="Elm Street", zone="UTC")
    with pytest.raises(ValueError, match="not named before it"):
        insert(Room(location=place, name="One"))
    with pytest.raises(ValueError, match="alone in its table"):
        insert(place, Location(name="Oak Street", zone="UTC"), Room(location=place, name="One"))
    with pytest.raises(ValueError, match="not named before it"):
        insert(Room(location=place, name="One"), place)


def test_all_or_nothing_is_written() -> None:
    place = people_place()
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(an_event("added"), Room(location=place, name="One"), Room(location=place, name="one"))
    assert not AuditEvent.objects.filter(action="added").exists()
    assert not Room.objects.exists()


def people_place() -> Location:
    return Location.objects.create(name="Elm Street", zone="UTC")


def test_rows_read_by_hand_are_as_the_models_read_them() -> None:
    place = people_place()
    Room.objects.create(location=place, name="One", features=["table", "gym"])
    Device.objects.create(location=place, name="Sonic", kind="ultrasound", count=2)
    for model in (Location, Room, Device):
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns(model, 't')}, to_jsonb(t) FROM {table} t")
            *values, text = cursor.fetchone()
        expected = model.objects.get()
        for row in (from_row(model, values), from_json(model, text)):
            assert row is not None
            assert [getattr(row, f.attname) for f in model._meta.concrete_fields] == [
                getattr(expected, f.attname) for f in model._meta.concrete_fields
            ]
    assert from_row(Room, [None] * len(Room._meta.concrete_fields)) is None
