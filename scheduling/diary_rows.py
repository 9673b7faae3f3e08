"""What the diary is drawn from: visits, groups, held times, and who and what stands beside them, as plain rows.

Instants are whole seconds since 1970, as the page's script reckons them. Rows and not objects, seconds and not
datetimes, as a week of everybody has hundreds: docs/adr/0050-the-diary-is-drawn-from-rows-without-a-template.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from clinic import prepared
from clinic.models import Location
from scheduling.intervals import Interval
from scheduling.models import ResourceKind
from scheduling.models.resources import LONGEST_CLAIM
from scheduling.states import HOLDS_TIME, NOT_BEGUN, Status


class Visit(NamedTuple):
    uid: str
    patient_uid: str
    #: As `Patient.display_name` says it.
    name: str
    practitioner_id: int
    service_id: int
    room_id: int | None
    begins: int
    ends: int
    status: str
    version: int
    is_confirmed: bool
    is_overbooked: bool
    arrived: int | None
    #: It has a seat of a group, which is drawn in its stead.
    is_seat: bool

    @property
    def minutes(self) -> int:
        return (self.ends - self.begins) // 60

    @property
    def holds_time(self) -> bool:
        return self.status in HOLDS_TIME

    @property
    def can_be_moved(self) -> bool:
        return self.status in NOT_BEGUN


class Group(NamedTuple):
    """A session of a group, with how many of its seats are taken."""

    uid: str
    practitioner_id: int
    service_id: int
    room_id: int | None
    begins: int
    ends: int
    seats: int
    taken: int
    #: Changes with everything that happens to it, as a visit's version does.
    version: int

    @property
    def minutes(self) -> int:
        return (self.ends - self.begins) // 60


class Held(NamedTuple):
    """A time that is kept for a patient until it runs out."""

    patient_uid: str
    name: str
    practitioner_id: int
    service_id: int
    room_id: int | None
    begins: int
    ends: int
    runs_out: int


Entry = Visit | Group | Held


class Person(NamedTuple):
    pk: int
    uid: str
    name: str
    discipline: str


class Room(NamedTuple):
    pk: int
    uid: str
    name: str
    features: list[str]
    is_active: bool


class Service(NamedTuple):
    pk: int
    name: str
    colour: str
    preparing: int
    charting: int
    room_before: int
    room_after: int

    def around(self, kind: ResourceKind) -> tuple[int, int]:
        """For how many seconds a practitioner or a room is taken before and after the visit itself."""
        if kind is ResourceKind.ROOM:
            return self.room_before * 60, self.room_after * 60
        return self.preparing * 60, self.charting * 60


# -- Reading ---------------------------------------------------------------------------------------------

_NAME = "btrim(concat_ws(' ', coalesce(nullif(p.preferred_name, ''), p.given_name), p.family_name))"
#: Read by the b-tree on place and start: nothing is longer than the longest claim.
_WHERE = """{0}.location_id = %(place)s AND {0}.starts_at > %(start)s - %(longest)s AND {0}.starts_at < %(end)s
   AND {0}.ends_at > %(start)s"""
_SECONDS = "extract(epoch FROM {0})::bigint"
_SPAN = f"{_SECONDS.format('{0}.starts_at')}, {_SECONDS.format('{0}.ends_at')}"

_VISITS = f"""
SELECT v.uid::text, p.uid::text, {_NAME}, v.practitioner_id, v.service_id, v.room_id, {_SPAN.format("v")},
       v.status, v.version, v.confirmed_at IS NOT NULL, v.overbook_reason <> '', {_SECONDS.format("v.arrived_at")},
       v.session_id IS NOT NULL
  FROM scheduling_appointment v JOIN patients_patient p ON p.id = v.patient_id
 WHERE {_WHERE.format("v")} AND v.status <> %(called_off)s
 ORDER BY v.starts_at, v.id"""  # noqa: S608 -- text of ours

_GROUPS = f"""
SELECT g.uid::text, g.practitioner_id, g.service_id, g.room_id, {_SPAN.format("g")}, g.seats,
       (SELECT count(*) FROM scheduling_appointment v WHERE v.session_id = g.id AND v.status = ANY(%(taking)s)),
       (extract(epoch FROM g.changed_at) * 1000000)::bigint
  FROM scheduling_groupsession g
 WHERE {_WHERE.format("g")} AND g.called_off_at IS NULL
 ORDER BY g.starts_at, g.id"""  # noqa: S608 -- text of ours

_HELD = f"""
SELECT p.uid::text, {_NAME}, h.practitioner_id, h.service_id, h.room_id, {_SPAN.format("h")},
       {_SECONDS.format("h.runs_out_at")}
  FROM scheduling_hold h JOIN patients_patient p ON p.id = h.patient_id
 WHERE {_WHERE.format("h")} AND h.runs_out_at > %(now)s
 ORDER BY h.starts_at, h.id"""  # noqa: S608 -- text of ours

_PEOPLE = """
SELECT t.id, t.uid::text, u.name, t.discipline
  FROM clinic_practitioner t JOIN clinic_user u ON u.id = t.user_id WHERE t.id = ANY(%(ids)s::bigint[])"""

_ROOMS = "SELECT id, uid::text, name, features, is_active FROM scheduling_room WHERE location_id = %(place)s"

_SERVICES = """
SELECT id, name, colour, preparing_minutes, charting_minutes, minutes_before, minutes_after
  FROM scheduling_service WHERE id = ANY(%(ids)s::bigint[])"""


def _read(statement: str, values: dict[str, Any]) -> list[Any]:
    with prepared.ask(statement, values) as cursor:
        return cursor.fetchall()


def _within(location: Location, span: Interval[datetime], **more: Any) -> dict[str, Any]:
    return {"place": location.pk, "start": span.start, "end": span.end, "longest": LONGEST_CLAIM, **more}


def visits(location: Location, span: Interval[datetime]) -> list[Visit]:
    """All that were not called off, in order of time; those with a seat in a group among them."""
    return [Visit._make(row) for row in _read(_VISITS, _within(location, span, called_off=Status.CANCELLED.value))]


def groups(location: Location, span: Interval[datetime]) -> list[Group]:
    taking = sorted(status.value for status in HOLDS_TIME)
    return [Group._make(row) for row in _read(_GROUPS, _within(location, span, taking=taking))]


def held(location: Location, span: Interval[datetime], *, now: datetime) -> list[Held]:
    return [Held._make(row) for row in _read(_HELD, _within(location, span, now=now))]


def people(pks: Iterable[int]) -> dict[int, Person]:
    return {row[0]: Person._make(row) for row in _read(_PEOPLE, {"ids": list(pks)})}


def rooms(location: Location) -> dict[int, Room]:
    return {row[0]: Room._make(row) for row in _read(_ROOMS, {"place": location.pk})}


def services(pks: Iterable[int]) -> dict[int, Service]:
    return {row[0]: Service._make(row) for row in _read(_SERVICES, {"ids": list(pks)})}
