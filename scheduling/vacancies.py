"""What stands in the way of one wish, and what would do for it: read in one statement, without a lock.

The claims of the practitioner, of the room and of the devices in the window of each, the free room that has least to
spare, and the patient's other visits. Used by `scheduling.diaries` alone, which chooses (docs/algorithms/booking.md).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import F, Func, IntegerField, Value
from django.db.models.functions import Mod
from django.db.models.lookups import Exact

from clinic import prepared
from clinic.rows import from_json
from scheduling.models import Device, Room
from scheduling.models.resources import LONGEST_CLAIM, RoomQuerySet
from scheduling.states import HOLDS_TIME

if TYPE_CHECKING:
    from scheduling.diaries import Wish


@dataclass(frozen=True)
class Taken:
    """One seat of something is taken until then, by a visit, a group, or somebody for whom it is held."""

    seat: int
    until: datetime
    is_held: bool


@dataclass
class Vacancies:
    """All that bears on where a wish can be fulfilled."""

    #: The resource row of each thing that was looked at: (kind, id of the thing) → id of the row.
    rows: dict[tuple[str, int], int] = field(default_factory=dict)
    taken: dict[tuple[str, int], list[Taken]] = field(default_factory=lambda: defaultdict(list))
    #: Of the rooms that would do the free one with least to spare; None also when a room was named.
    room: Room | None = None
    devices: list[Device] = field(default_factory=list)
    #: Until when the patient is in another visit.
    elsewhere: datetime | None = None


#: Claims in a window of one resource, but not of visits that give way, nor of holds that have run out or are taken up.
_CLAIMS = """
      FROM scheduling_claim c LEFT JOIN scheduling_hold h ON h.id = c.hold_id
     WHERE c.resource_id = {row} AND lower(c.during) > %({kind}_from)s::timestamptz - %(longest)s
       AND lower(c.during) < %({kind}_until)s AND upper(c.during) > %({kind}_from)s
       AND coalesce(c.appointment_id, 0) <> ALL(%(vacated)s::bigint[])
       AND coalesce(c.session_id, 0) <> ALL(%(meeting)s::bigint[])
       AND (h.id IS NULL OR (h.runs_out_at > %(now)s AND h.id <> %(taking)s))"""

_NAMED = """
SELECT r.kind, r.id, r.{kind}_id AS thing, {data} AS data, taken.seat, taken.until, taken.is_held
  FROM {source} LEFT JOIN LATERAL (
    SELECT c.seat, upper(c.during) AS until, c.hold_id IS NOT NULL AS is_held {claims}) taken ON true
 WHERE {condition}"""

#: In their order, until one is free: only these are looked at.
_ANY_ROOM = """
(SELECT 'room', ranked.resource, (ranked.room).id, to_jsonb(ranked.room), NULL::int, NULL::timestamptz, NULL::bool
  FROM (SELECT room, r.id AS resource
          FROM scheduling_room room LEFT JOIN scheduling_resource r ON r.room_id = room.id
         WHERE room.is_active AND room.location_id = %(place)s AND room.features @> %(features)s::varchar[]
           AND room.id <> ALL(%(avoid)s::bigint[])
         ORDER BY room.id = %(prefer)s DESC, cardinality(room.features), (room.id + %(who)s) %% 64, room.name
        OFFSET 0) AS ranked
 WHERE (SELECT true {claims} LIMIT 1) IS NULL
 LIMIT 1)"""

_ELSEWHERE = """
SELECT 'patient', NULL, NULL, NULL, NULL, max(v.ends_at), NULL
  FROM patients_patient p JOIN scheduling_appointment v ON v.patient_id = p.id
 WHERE (p.id = %(patient)s OR p.merged_into_id = %(patient)s) AND v.status = ANY(%(holding)s)
   AND v.starts_at > %(visit_from)s::timestamptz - %(longest)s AND v.starts_at < %(visit_until)s
   AND v.ends_at > %(visit_from)s AND v.id <> ALL(%(vacated)s::bigint[])
HAVING count(*) > 0"""


def look(wish: Wish, *, now: datetime) -> Vacancies:
    """One statement, made of the parts that the wish calls for."""
    parts = list(_parts(wish))
    found = Vacancies(devices=[wish.device] if wish.device else [])
    with prepared.ask("\nUNION ALL".join(parts), _values(wish, now)) as cursor:
        for kind, row, thing, data, seat, until, is_held in cursor.fetchall():
            if kind == "patient":
                found.elsewhere = until
                continue
            if row is not None:
                found.rows[kind, thing] = row
            if seat is not None:
                found.taken[kind, thing].append(Taken(seat, until, is_held))
            if data is not None and kind == "room":
                found.room = from_json(Room, data)
            elif data is not None and all(device.pk != thing for device in found.devices):
                found.devices.append(from_json(Device, data))
    found.devices.sort(key=lambda device: device.pk)
    return found


def _parts(wish: Wish) -> list[str]:
    service, patient = wish.proposal.service, wish.proposal.patient
    parts = [_named("practitioner")]
    if wish.room is not None:
        parts.append(_named("room"))
    elif service.needs_room:
        parts.append(_ANY_ROOM.format(claims=_CLAIMS.format(kind="room", row="ranked.resource")))
    if wish.device is not None:
        parts.append(_named("device"))
    elif service.device_kind:
        parts.append(_DEVICES)
    return parts if patient is None else [*parts, _ELSEWHERE]


def _named(kind: str) -> str:
    return _NAMED.format(
        kind=kind,
        data="NULL::jsonb",
        source="scheduling_resource r",
        claims=_CLAIMS.format(kind=kind, row="r.id"),
        condition=f"r.{kind}_id = %({kind})s",
    )


#: Every device of the kind that the service asks for.
_DEVICES = _NAMED.format(
    kind="device",
    data="to_jsonb(d)",
    source="scheduling_device d JOIN scheduling_resource r ON r.device_id = d.id",
    claims=_CLAIMS.format(kind="device", row="r.id"),
    condition="d.is_active AND d.location_id = %(place)s AND upper(d.kind) = upper(%(device_kind)s)",
)


def _values(wish: Wish, now: datetime) -> dict[str, Any]:
    proposal, service = wish.proposal, wish.proposal.service
    windows = {kind: wish.window(kind) for kind in ("practitioner", "room", "device")}
    windows["visit"] = (proposal.starts_at, proposal.ends_at)
    values = {f"{kind}_from": start for kind, (start, _) in windows.items()}
    values |= {f"{kind}_until": end for kind, (_, end) in windows.items()}
    return values | {
        "now": now,
        "longest": LONGEST_CLAIM,
        "practitioner": proposal.practitioner.pk,
        "who": proposal.practitioner.pk,
        "room": wish.room.pk if wish.room else None,
        "prefer": wish.prefer.pk if wish.prefer else 0,
        "avoid": [*wish.own_rooms, *(thing for kind, thing, _ in wish.avoid if kind == "room")],
        "features": [service.room_feature] if service.room_feature else [],
        "place": proposal.location.pk,
        "device": wish.device.pk if wish.device else None,
        "device_kind": service.device_kind,
        "patient": proposal.patient.pk if proposal.patient else None,
        "holding": sorted(HOLDS_TIME),
        "vacated": sorted(proposal.vacated),
        "meeting": [proposal.meeting.pk] if proposal.meeting else [],
        "taking": proposal.taking.pk if proposal.taking else 0,
    }


def rooms_for(wish: Wish) -> RoomQuerySet:
    """Every room that would do, free or not, those with least to spare first: as in `_ANY_ROOM`."""
    service, who = wish.proposal.service, wish.proposal.practitioner.pk
    rooms = Room.objects.active().filter(location=wish.proposal.location)
    if service.room_feature:
        rooms = rooms.filter(features__contains=[service.room_feature])
    features = Func(F("features"), function="cardinality", output_field=IntegerField())
    preferred = Exact(F("pk"), wish.prefer.pk if wish.prefer else 0)
    return rooms.order_by(preferred.desc(), features, Mod(F("pk") + who, Value(64)), F("name"))
