"""A clinic of any size, for load: patients and their past visits, written by COPY past the verbs.

Every constraint and trigger of the product is in place; only what the verbs write for each person (an audit event, a
consent) is left out, and one event says how many came.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction

from clinic import audit
from clinic import time as clock
from clinic.access import SYSTEM
from clinic.demo import names
from clinic.models import Discipline, Location, Practitioner, Role, User
from patients.models import Patient
from scheduling import resources
from scheduling.models import Room, Service
from scheduling.states import Status

PATIENT_COLUMNS = (
    "uid, given_name, family_name, preferred_name, pronouns, sex, born_on, phone, other_phone, email, address_line, "
    "city, region, postal_code, country, preferred_channel, language, allergy_status, registered_at, "
    "deactivated_reason, revision"
)
VISIT_COLUMNS = (
    "uid, patient_id, practitioner_id, service_id, location_id, room_id, starts_at, ends_at, status, version, note, "
    "booked_at, arrived_at, completed_at, cancelled_side, cancelled_late, cancel_reason, changed_at, overbook_reason"
)
#: The demo's own diary begins later than this many days before today.
BEFORE_TODAY = 30
SLOTS = tuple(time(hour) for hour in (8, 9, 10, 11, 13, 14, 15, 16))
#: What each holds is the visit and what follows it: charting for the therapist, cleaning for the room.
_CLAIM = """
INSERT INTO scheduling_claim (appointment_id, resource_id, seat, during)
SELECT v.id, r.id, 1, tstzrange(
           v.starts_at - make_interval(mins => CASE WHEN r.room_id IS NULL THEN s.preparing_minutes
                                               ELSE s.minutes_before END),
           v.ends_at + make_interval(mins => CASE WHEN r.room_id IS NULL THEN s.charting_minutes
                                             ELSE s.minutes_after END))
  FROM scheduling_appointment v
  JOIN scheduling_service s ON s.id = v.service_id
  JOIN scheduling_resource r ON r.practitioner_id = v.practitioner_id OR r.room_id = v.room_id
 WHERE v.practitioner_id = ANY(%s) AND NOT EXISTS (SELECT FROM scheduling_claim c WHERE c.appointment_id = v.id)
"""


@transaction.atomic
def add_patients(count: int, *, now: datetime) -> int:
    """So many more patients, all invented; the same ones for a clinic that has as many as this one."""
    chance = random.Random(f"patients after {Patient.objects.count()}")
    with connection.cursor() as cursor, cursor.copy(f"COPY patients_patient ({PATIENT_COLUMNS}) FROM STDIN") as copy:
        for row in _people(count, now=now, chance=chance):
            copy.write_row(row)
    audit.record("patients.made_up", by=SYSTEM, now=now, detail={"count": count})
    return count


def _people(count: int, *, now: datetime, chance: random.Random) -> Iterator[tuple[object, ...]]:
    for number in range(count):
        uid = uuid.UUID(int=chance.getrandbits(128), version=4)
        born_on = date(1930, 1, 1) + timedelta(days=chance.randrange(34_000 - 4_000))
        phone = f"+1{chance.choice(('207', '312', '617'))}55501{number % 100:02d}"
        yield (
            uid, chance.choice(names.GIVEN), chance.choice(names.FAMILY), "", "", "unknown", born_on, phone, "", "",
            "", "Portland", "ME", "04101", "US", "none", "en", "not_asked", now - timedelta(days=400), "", 1,
        )  # fmt: skip


@transaction.atomic
def add_history(*, practitioners: int, days: int, now: datetime) -> int:
    """So many more therapists, each with a room, and their visits of so many working days, all held."""
    service = Service.objects.active().filter(discipline=Discipline.MASSAGE).order_by("minutes", "pk").first()
    place = Location.objects.active().order_by("pk").first()
    people = list(Patient.objects.active().order_by("pk").values_list("pk", flat=True)[: max(practitioners * 50, 500)])
    if service is None or place is None or len(people) < practitioners:
        raise ValueError("There must be a service, a location and a patient for every therapist first.")
    staffed = _staff(practitioners, place)
    written = 0
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY scheduling_appointment ({VISIT_COLUMNS}) FROM STDIN") as copy:
            for row in _visits(staffed, people, service, place, days=days, now=now):
                copy.write_row(row)
                written += 1
        cursor.execute(_CLAIM, [[therapist for therapist, _ in staffed]])
    audit.record("visits.made_up", by=SYSTEM, now=now, detail={"count": written})
    return written


def _staff(count: int, place: Location) -> list[tuple[int, int]]:
    """(therapist, room) of so many newcomers who cannot sign in."""
    first = User.objects.count()
    made = []
    for number in range(first, first + count):
        name = f"{names.GIVEN[number % len(names.GIVEN)]} {names.FAMILY[number * 7 % len(names.FAMILY)]}"
        user = User.objects.create_user(email=f"staff{number}@tonus.example", name=name, roles=[Role.THERAPIST.value])
        one = Practitioner.objects.create(user=user, title="LMT", discipline=Discipline.MASSAGE, languages=["en"])
        room = Room.objects.create(location=place, name=f"Annexe {number}", features=["table"])
        made.append((one.pk, room.pk))
    resources.ensure(practitioners=[one for one, _ in made], rooms=[room for _, room in made], devices=[])
    return made


def _visits(
    staffed: list[tuple[int, int]], people: list[int], service: Service, place: Location, *, days: int, now: datetime
) -> Iterator[tuple[object, ...]]:
    """Nobody is in two places: in each slot the therapists treat people who stand next to each other in the list."""
    chance = random.Random(f"visits of {len(staffed)}")
    last_day = clock.local_day(now, place.tz) - timedelta(days=BEFORE_TODAY)
    turn = 0
    for offset in range(days):
        for slot in SLOTS:
            starts_at = clock.at_wall(last_day - timedelta(days=offset), slot, place.tz)
            ends_at = starts_at + timedelta(minutes=service.minutes)
            for therapist, room in staffed:
                turn += 1
                yield (
                    uuid.UUID(int=chance.getrandbits(128), version=4), people[turn % len(people)], therapist,
                    service.pk, place.pk, room, starts_at, ends_at, Status.COMPLETED.value, 1, "",
                    starts_at - timedelta(days=7), starts_at, ends_at, "", False, "", ends_at, "",
                )  # fmt: skip


def tidy() -> None:
    """What the planner and the next reader should know about so many new rows."""
    how = "ANALYZE" if connection.in_atomic_block else "VACUUM ANALYZE"
    with connection.cursor() as cursor:
        for table in ("patients_patient", "patients_nameword", "scheduling_appointment", "scheduling_claim"):
            cursor.execute(f"{how} {table}")
