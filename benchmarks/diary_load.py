"""Fills Tonus's own tables by the rule of `diary_data`; run inside the house's environment by `diary_house`.

As `pg_restore` would: rows by COPY with triggers asleep and indexes away, then every index and constraint back, then
one question to the tables that the sleeping guard would have asked row by row.

    python -m benchmarks.diary_load BASE HISTORY_DAYS PATIENTS
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
django.setup()

from django.db import connection, models, transaction  # noqa: E402 -- after set-up

from benchmarks import diary_data as rule  # noqa: E402
from clinic.models import Clinic, Discipline, Location, Practitioner, Role, User  # noqa: E402
from patients.consent import WORDING, WORDING_VERSION  # noqa: E402
from patients.models import Channel, ConsentSource, ContactConsent, Patient  # noqa: E402
from scheduling import resources  # noqa: E402
from scheduling.models import (  # noqa: E402
    Absence,
    Appointment,
    Claim,
    Device,
    OpeningHours,
    Room,
    Service,
    WorkingHours,
)

LONG_AGO = dt.date(2020, 1, 6) - dt.timedelta(14_000)
#: So many patients can be written to, as those who book new visits in the benchmarks.
REACHABLE = 20_000
TABLES = ("scheduling_appointment", "scheduling_claim")
NOTHING = "\\N"


@dataclass(frozen=True)
class World:
    """What visits are made of; things of a kind in the order of their numbers."""

    base: dt.date
    history_days: int
    patients: int
    places: list[Location]
    service: Service
    people: list[int]
    rooms: list[int]
    devices: list[int]


def main(base: dt.date, history_days: int, patients: int) -> None:
    began = time.perf_counter()
    with transaction.atomic():
        world = _clinic(base, history_days, patients)
        _reachable(min(patients, REACHABLE))
    with transaction.atomic():
        count = _visits(world)
    took = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    _check(history_days, count)
    print(f"{count} visits with their claims by COPY, indexes and constraints made afterwards: {took:.0f} s")


def _clinic(base: dt.date, history_days: int, patients: int) -> World:
    """Everything but visits: places, people, hours, days off, services."""
    Clinic.objects.get_or_create(is_the_one=True, defaults={"name": "Benchmark Clinic"})
    houses = [Location.objects.create(name=name, zone="UTC") for name in ("Main Street", "Second House")]
    numbers = range(1, rule.THERAPISTS + 1)
    places = [houses[n in rule.SECOND_HOUSE] for n in numbers]
    users = [
        User.objects.create_user(email=f"t{n}@bench.example", name=f"Therapist {n}", roles=[Role.THERAPIST])
        for n in numbers
    ]
    for user in users:
        Practitioner.objects.update_or_create(user=user, defaults={"discipline": Discipline.MASSAGE})
    people = [Practitioner.objects.get(user=user).pk for user in users]
    rooms = Room.objects.bulk_create(
        Room(location=places[n - 1], name=f"Room {n}", features=["pool"] if n in rule.POOL_ROOMS else [])
        for n in numbers
    )
    devices = Device.objects.bulk_create(
        Device(location=places[n - 1], name=f"Device {n}", kind="ultrasound" if n in rule.DEVICES else "lamp")
        for n in numbers
    )
    resources.ensure(practitioners=people, rooms=[r.pk for r in rooms], devices=[d.pk for d in devices])
    OpeningHours.objects.bulk_create(
        OpeningHours(location=house, weekday=day, opens=dt.time(8), closes=dt.time(18), valid_from=LONG_AGO)
        for house in houses
        for day in range(7)
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(practitioner_id=who, location=place, weekday=day, opens=opens, closes=closes, valid_from=LONG_AGO)
        for who, place in zip(people, places, strict=True)
        for day in range(5)
        for opens, closes in ((dt.time(9), dt.time(12)), (dt.time(13), dt.time(17)))
    )
    now, desk = _midnight(base) - dt.timedelta(30), User.objects.get(pk=users[0].pk)
    Absence.objects.bulk_create(
        Absence(
            practitioner_id=people[t - 1],
            starts_at=_midnight(base, d),
            ends_at=_midnight(base, d + 1),
            recorded_at=now,
            recorded_by=desk,
        )
        for t, d in rule.days_off()
    )
    massage = {"discipline": Discipline.MASSAGE, "minutes": 60}
    Service.objects.create(name="Examination", needs_room=False, **massage)
    Service.objects.create(name="Pool", room_feature="pool", device_kind="ultrasound", **massage)
    service = Service.objects.create(name="Massage", **massage)
    things = [[thing.pk for thing in some] for some in (rooms, devices)]
    return World(base, history_days, patients, places, service, people, *things)


def _reachable(count: int) -> None:
    """The first patients have an address and have said yes to e-mail."""
    theirs = Patient.objects.filter(pk__lte=count)
    theirs.update(
        preferred_channel=Channel.EMAIL,
        email=models.functions.Concat(models.Value("p"), models.F("pk"), models.Value("@bench.example"),
                                      output_field=models.CharField()),
    )  # fmt: skip
    now, who = dt.datetime(2026, 1, 5, tzinfo=dt.UTC), User.objects.order_by("pk").first()
    ContactConsent.objects.bulk_create(
        (
            ContactConsent(
                patient_id=pk, channel=Channel.EMAIL, given=True, source=ConsentSource.DESK, recorded_at=now,
                wording=WORDING[Channel.EMAIL], wording_version=WORDING_VERSION, recorded_by=who,
            )
            for pk in theirs.values_list("pk", flat=True)
        ),
        batch_size=2_000,
    )  # fmt: skip


def _midnight(base: dt.date, d: int = 0) -> dt.datetime:
    return dt.datetime.combine(base + dt.timedelta(d), dt.time(), dt.UTC)


def _visits(world: World) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        again = _without_indexes(cursor)
        count = _copy_visits(cursor, world)
        _copy_claims(cursor, world)
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        for statement in again:
            cursor.execute(statement)
        for table in TABLES:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    return count


def _without_indexes(cursor: Any) -> list[str]:
    """Drop exclusion constraints and plain indexes of both tables; how to make them again."""
    again = []
    cursor.execute(
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'x' AND conrelid::regclass::text = ANY(%s)",
        [list(TABLES)],
    )
    for table, name, definition in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        again.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    cursor.execute(
        "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index WHERE NOT indisunique"
        " AND NOT indisexclusion AND indrelid::regclass::text = ANY(%s)",
        [list(TABLES)],
    )
    for name, definition in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")
        again.append(definition)
    return again


def _columns(model: type[models.Model], given: list[str]) -> tuple[str, str]:
    """The names for COPY, the given ones first, and the text of the others' defaults."""
    others = [f for f in model._meta.concrete_fields if f.column not in given and not isinstance(f, models.AutoField)]
    texts = []
    for field in others:
        value = field.get_default()
        texts.append(NOTHING if value is None else "tf"[not value] if isinstance(value, bool) else str(value))
    return ", ".join([*given, *(f.column for f in others)]), "".join(f"\t{text}" for text in texts)


def _copy_visits(cursor: Any, world: World) -> int:
    given = [
        "id", "uid", "patient_id", "practitioner_id", "service_id", "location_id", "room_id", "device_id",
        "starts_at", "ends_at", "status", "booked_at", "changed_at", "completed_at",
    ]  # fmt: skip
    columns, rest = _columns(Appointment, given)
    places = [f"{world.service.pk}\t{place.pk}" for place in world.places]
    n = 0
    with cursor.copy(f"COPY scheduling_appointment ({columns}) FROM STDIN") as copy:
        for d, some in rule.visits(world.history_days):
            day = world.base + dt.timedelta(d)
            before = day - dt.timedelta(28)
            held = d < -7
            lines = []
            for t, h in some:
                n += 1
                device = world.devices[t - 1] if h == rule.WITH_DEVICE else NOTHING
                at, end = f"{day} {h:02d}:00+00", f"{day} {h + 1:02d}:00+00"
                lines.append(
                    f"{n}\t{n:032x}\t{(n - 1) % world.patients + 1}\t{world.people[t - 1]}\t{places[t - 1]}"
                    f"\t{world.rooms[t - 1]}\t{device}\t{at}\t{end}\t{'completed' if held else 'booked'}"
                    f"\t{before}\t{before}\t{end if held else NOTHING}{rest}\n"
                )
            copy.write("".join(lines))
    return n


def _copy_claims(cursor: Any, world: World) -> None:
    columns, rest = _columns(Claim, ["appointment_id", "resource_id", "during"])
    row = resources.ensure(practitioners=world.people, rooms=world.rooms, devices=world.devices)
    n = 0
    with cursor.copy(f"COPY scheduling_claim ({columns}) FROM STDIN") as copy:
        for d, some in rule.visits(world.history_days):
            day = world.base + dt.timedelta(d)
            during = {h: f"[{day} {h:02d}:00+00,{day} {h + 1:02d}:00+00)" for h in rule.HOURS}
            lines = []
            for t, h in some:
                n += 1
                things = [("practitioner", world.people[t - 1]), ("room", world.rooms[t - 1])]
                things += [("device", world.devices[t - 1])] if h == rule.WITH_DEVICE else []
                lines += [f"{n}\t{row[thing]}\t{during[h]}{rest}\n" for thing in things]
            copy.write("".join(lines))


def _check(history_days: int, count: int) -> None:
    """What the guard would have refused row by row, asked once of all."""
    wanted = sum(len(some) for _, some in rule.visits(history_days))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM scheduling_appointment a LEFT JOIN (SELECT c.appointment_id, count(*) AS n,"
            " bool_and(a.starts_at = lower(c.during) AND a.ends_at = upper(c.during) AND"
            " coalesce(r.practitioner_id = a.practitioner_id, r.room_id = a.room_id, r.device_id = a.device_id)) AS fit"
            " FROM scheduling_claim c JOIN scheduling_resource r ON r.id = c.resource_id"
            " JOIN scheduling_appointment a ON a.id = c.appointment_id GROUP BY 1) c ON c.appointment_id = a.id"
            " WHERE c.fit IS NOT TRUE OR c.n <> 2 + (a.device_id IS NOT NULL)::int"
        )
        wrong = cursor.fetchone()[0]
    if wrong or count != wanted:
        raise SystemExit(f"{wrong} visits do not have the claims they need; {count} of {wanted} visits.")


if __name__ == "__main__":
    main(dt.date.fromisoformat(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
