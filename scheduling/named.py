"""What a form names by random ids: location, service, practitioner and room, read in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db.models import Model

from clinic import prepared
from clinic.models import Location, Practitioner, User
from clinic.rows import columns, from_row
from scheduling.models import Room, Service

M = TypeVar("M", bound=Model)

_ONE_OF_EACH = f"""
SELECT {columns(Location, "place")}, {columns(Service, "service")}, {columns(Practitioner, "who")},
       {columns(User, "person")}, {columns(Room, "room")}
  FROM (SELECT) AS one
  LEFT JOIN clinic_location place ON place.uid = %(location)s AND place.is_active
  LEFT JOIN scheduling_service service ON service.uid = %(service)s AND service.is_active
  LEFT JOIN clinic_practitioner who ON who.uid = %(practitioner)s
  LEFT JOIN clinic_user person ON person.id = who.user_id
  LEFT JOIN scheduling_room room ON room.uid = %(room)s"""  # noqa: S608 -- names of columns


@dataclass(frozen=True)
class Named:
    """Each that was named and exists. Location and service are in use; of the others the reader decides."""

    location: Location | None = None
    service: Service | None = None
    practitioner: Practitioner | None = None
    room: Room | None = None


def read(*, location: UUID | None, service: UUID | None, practitioner: UUID | None, room: UUID | None = None) -> Named:
    asked = {"location": location, "service": service, "practitioner": practitioner, "room": room}
    with prepared.ask(_ONE_OF_EACH, asked) as cursor:
        values = iter(cursor.fetchone())

    def one(model: type[M]) -> M | None:
        return from_row(model, list(islice(values, len(model._meta.concrete_fields))))

    place, what, who, person, where = one(Location), one(Service), one(Practitioner), one(User), one(Room)
    if who is not None and person is not None:
        who.user = person
    return Named(place, what, who, where)
