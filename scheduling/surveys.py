"""All that bears on many questions about one location, read once: `availability.ground` for several services at a time.

A fixed number of queries, however many services, people, patients and visits there are; each question is then
answered from its own `Ground` by the same arithmetic. Nothing is written by asking.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.postgres.fields.ranges import RangeEndsWith, RangeStartsWith
from django.db.models import Q
from django.db.models.functions import Extract

from clinic.models import Location, Practitioner
from patients.models import Patient
from scheduling import cells, rota
from scheduling.availability import Ground
from scheduling.intervals import Interval
from scheduling.models import Appointment, Claim, Resource, ResourceKind, Room, Service

#: A practitioner, a room, or one seat of a device: (kind, id of the thing, seat).
Key = tuple[ResourceKind, int, int]
#: Whose it is (the id of a visit; None: a group's or a hold's), and the cells that it touches.
Taken = tuple[int | None, int]


@dataclass
class Survey:
    """One location over one span, as bits."""

    location: Location
    span: Interval[datetime]
    ruler: cells.Ruler
    people: dict[int, Practitioner] = field(default_factory=dict)
    open: dict[int, int] = field(default_factory=dict)
    rooms: list[Room] = field(default_factory=list)
    #: Id → kind in lower case, and how many.
    devices: dict[int, tuple[str, int]] = field(default_factory=dict)
    taken: dict[Key, list[Taken]] = field(default_factory=lambda: defaultdict(list))
    #: Of each person, by the record that stands for them.
    visits: dict[int, list[Taken]] = field(default_factory=lambda: defaultdict(list))

    def ground(
        self,
        service: Service,
        *,
        patient: Patient | None = None,
        ignoring: Collection[int] = (),
        room: int | None = None,
    ) -> Ground:
        """What bears on one service; the visits that are ignored give up their time."""
        land = Ground(self.ruler, self.location.tz)
        for pk, who in self.people.items():
            if who.discipline == service.discipline and (not service.skill or service.skill in who.skills):
                land.open[pk] = self.open[pk]
                land.taken_people[pk] = self._of(self.taken[ResourceKind.PRACTITIONER, pk, 1], ignoring)
        for one in self.suitable_rooms(service):
            if room in (None, one.pk):
                land.taken_rooms[one.pk] = self._of(self.taken[ResourceKind.ROOM, one.pk, 1], ignoring)
        for pk, (kind, count) in self.devices.items():
            if service.device_kind and kind == service.device_kind.lower():
                for seat in range(1, count + 1):
                    land.taken_devices[pk, seat] = self._of(self.taken[ResourceKind.DEVICE, pk, seat], ignoring)
        if patient is not None:
            land.taken_patient = self._of(self.visits[patient.merged_into_id or patient.pk], ignoring)
        return land

    def suitable_rooms(self, service: Service) -> list[Room]:
        """With least to spare first, as the booking verb chooses."""
        wanted = {service.room_feature} if service.room_feature else set()
        fitting = [room for room in self.rooms if service.needs_room and wanted <= set(room.features)]
        return sorted(fitting, key=lambda room: (len(room.features), room.name))

    @staticmethod
    def _of(taken: Iterable[Taken], ignoring: Collection[int]) -> int:
        return cells.union(mask for whose, mask in taken if whose is None or whose not in ignoring)


def survey(
    location: Location,
    span: Interval[datetime],
    services: Collection[Service],
    *,
    minutes: int,
    patients: Collection[Patient] = (),
    now: datetime,
) -> Survey:
    """Five queries. `minutes` is the longest that any of the questions will ask for."""
    around = [service.around(kind) for service in services for kind in ResourceKind]
    cell = timedelta(minutes=cells.MINUTES)
    lead = max((before for before, _ in around), default=timedelta()) + cell
    slack = timedelta(minutes=minutes) + max((after for _, after in around), default=timedelta()) + cell
    seen = Survey(location, span, cells.Ruler.over(span, lead=lead, slack=slack))
    whole = Interval(seen.ruler.instant(0), seen.ruler.instant(seen.ruler.count))
    _read_hours(seen, whole, {service.discipline for service in services})
    _read_claims(seen, whole, services, now)
    if patients:
        _read_visits(seen, whole, patients)
    return seen


def _read_hours(seen: Survey, span: Interval[datetime], disciplines: set[str]) -> None:
    seen.open = rota.read(seen.location, span, disciplines=disciplines).people(seen.ruler)
    seen.people = Practitioner.objects.select_related("user").in_bulk(list(seen.open))


def _read_claims(seen: Survey, span: Interval[datetime], services: Collection[Service], now: datetime) -> None:
    kinds = {service.device_kind.lower() for service in services if service.device_kind}
    whose: dict[int, tuple[ResourceKind, int]] = {}
    wanted = Q(practitioner__in=list(seen.open)) | Q(room__location=seen.location, room__is_active=True)
    wanted |= Q(device__location=seen.location, device__is_active=True)
    for row in Resource.objects.filter(wanted).select_related("room", "device"):
        if row.room is not None:
            seen.rooms.append(row.room)
        elif row.device is not None:
            if row.device.kind.lower() not in kinds:
                continue
            seen.devices[row.device.pk] = (row.device.kind.lower(), row.device.count)
        whose[row.pk] = (ResourceKind(row.kind), row.practitioner_id or row.room_id or row.device_id or 0)
    begins, ends = (Extract(edge("during"), "epoch") for edge in (RangeStartsWith, RangeEndsWith))
    claims = Claim.objects.filter(resource__in=list(whose)).within(span.start, span.end).standing(now)
    for resource, seat, visit, start, end in claims.values_list("resource_id", "seat", "appointment_id", begins, ends):
        kind, thing = whose[resource]
        # The overflow seat of a person or a room stands in the way like the first one.
        key = (kind, thing, seat if kind is ResourceKind.DEVICE else 1)
        seen.taken[key].append((visit, seen.ruler.touched(float(start), float(end))))


def _read_visits(seen: Survey, span: Interval[datetime], patients: Collection[Patient]) -> None:
    people = {patient.merged_into_id or patient.pk for patient in patients}
    theirs = Q(patient__in=people) | Q(patient__merged_into__in=people)
    rows = Appointment.objects.holding_time().within(span.start, span.end).filter(theirs)
    for visit, patient, survivor, start, end in rows.values_list(
        "pk", "patient_id", "patient__merged_into_id", "starts_at", "ends_at"
    ):
        seen.visits[survivor or patient].append((visit, seen.ruler.outer(start, end)))
