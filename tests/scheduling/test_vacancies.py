"""What stands in the way of a wish: one statement, equal to looking at every row."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from scheduling import booking, holds
from scheduling.booking import BookingRefused
from scheduling.diaries import Wish
from scheduling.models import Appointment, Claim, Device, Hold, Resource, Room
from scheduling.preflight import Proposal
from scheduling.states import HOLDS_TIME
from scheduling.vacancies import Vacancies, look
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db

FEATURES = ([], ["table"], ["table", "gym"])


def standing(kind: str, thing: int, wish: Wish) -> list[tuple[int, datetime, bool]]:
    """Every claim of that thing that counts, by looking at all of them."""
    start, end = wish.window(kind)
    proposal, found = wish.proposal, []
    for claim in Claim.objects.select_related("hold").filter(resource=Resource.objects.get(**{kind: thing})):
        if claim.during.lower >= end or claim.during.upper <= start:
            continue
        if claim.appointment_id in proposal.vacated:
            continue
        if claim.hold is not None and (claim.hold.runs_out_at <= NOW or claim.hold == proposal.taking):
            continue
        found.append((claim.seat, claim.during.upper, claim.hold_id is not None))
    return sorted(found)


def best_room(wish: Wish) -> Room | None:
    """The free room with least to spare, by looking at all rooms."""
    proposal, service = wish.proposal, wish.proposal.service
    if wish.room is not None or not service.needs_room:
        return None
    tried = {thing for kind, thing, _ in wish.avoid if kind == "room"} | set(wish.own_rooms)
    free = [
        room
        for room in Room.objects.filter(location=proposal.location, is_active=True)
        if (not service.room_feature or service.room_feature in room.features)
        and room.pk not in tried
        and not standing("room", room.pk, wish)
    ]
    return min(
        free,
        key=lambda room: (
            room != wish.prefer, len(room.features), (room.pk + proposal.practitioner.pk) % 64, room.name,
        ),
        default=None,
    )  # fmt: skip


def until_elsewhere(wish: Wish) -> datetime | None:
    proposal = wish.proposal
    assert proposal.patient is not None
    family = {one.pk for one in Patient.objects.all() if proposal.patient.pk in (one.pk, one.merged_into_id)}
    return max(
        (
            visit.ends_at
            for visit in Appointment.objects.exclude(pk__in=proposal.vacated)
            if visit.patient_id in family
            and visit.status in HOLDS_TIME
            and visit.starts_at < proposal.ends_at
            and visit.ends_at > proposal.starts_at
        ),
        default=None,
    )


def seats(seen: Vacancies, kind: str, thing: int) -> list[tuple[int, datetime, bool]]:
    return sorted((one.seat, one.until, one.is_held) for one in seen.taken[kind, thing])


def a_busy_clinic(chance: random.Random) -> Any:
    place = make.a_small_clinic(rooms=0, practitioners=2)
    place.rooms = [make.a_room(place.location, features=chance.choice(FEATURES)) for _ in range(4)]
    place.devices = [make.a_device(place.location, count=chance.choice([1, 2])) for _ in range(2)]
    place.services = [
        make.a_service(minutes=30, minutes_after=10, charting_minutes=5, room_feature="table"),
        make.a_service(minutes=45, minutes_before=5, device_kind="Ultrasound", device_after=15),
        make.a_service(minutes=30, needs_room=False),
    ]
    place.patients = [make.a_patient() for _ in range(4)]
    Patient.objects.filter(pk=place.patients[3].pk).update(merged_into=place.patients[0])
    for _ in range(14):
        facts = {
            "patient": chance.choice(place.patients[:3]),
            "service": chance.choice(place.services),
            "practitioner": chance.choice(place.practitioners),
            "location": place.location,
            "starts_at": local(25, 9) + timedelta(minutes=15 * chance.randrange(12)),
            "by": place.desk,
            "now": NOW,
        }
        try:
            if chance.random() < 0.4:
                holds.hold(**facts, until=NOW + timedelta(minutes=chance.choice([5, 60])))
            else:
                booking.book(**facts)
        except BookingRefused:
            continue
    Hold.objects.filter(runs_out_at__lt=NOW + timedelta(minutes=10)).update(
        held_at=NOW - timedelta(hours=1), runs_out_at=NOW - timedelta(minutes=1)
    )
    return place


def a_wish(place: Any, chance: random.Random) -> Wish:
    service = chance.choice(place.services)
    start = local(25, 9) + timedelta(minutes=15 * chance.randrange(12))
    visits, kept = list(Appointment.objects.all()), list(Hold.objects.all())
    proposal = Proposal(
        chance.choice(place.patients[:3]),
        service,
        chance.choice(place.practitioners),
        place.location,
        start,
        start + timedelta(minutes=service.minutes),
        moving=chance.choice([None, *visits]),
        making_way=frozenset({one.pk for one in visits if chance.random() < 0.1}),
        taking=chance.choice([None, *kept]),
    )
    wish = Wish(proposal, prefer=chance.choice([None, *place.rooms]))
    if service.needs_room and chance.random() < 0.3:
        wish = replace(wish, room=chance.choice(place.rooms))
    if service.device_kind and chance.random() < 0.3:
        wish = replace(wish, device=chance.choice(place.devices))
    return replace(wish, avoid=frozenset({("room", chance.choice(place.rooms).pk, 1)}))


@pytest.mark.parametrize("seed", range(6))
def test_one_statement_finds_what_a_look_at_every_row_finds(seed: int) -> None:
    chance = random.Random(seed)
    place = a_busy_clinic(chance)
    for _ in range(25):
        wish = a_wish(place, chance)
        with CaptureQueriesContext(connection) as asked:
            seen = look(wish, now=NOW)
        assert len(asked) == 1
        who = wish.proposal.practitioner.pk
        assert seats(seen, "practitioner", who) == standing("practitioner", who, wish)
        assert seen.room == best_room(wish)
        assert seen.elsewhere == until_elsewhere(wish)
        if wish.room is not None:
            assert seats(seen, "room", wish.room.pk) == standing("room", wish.room.pk, wish)
        wanted: list[Device] = (
            [wish.device] if wish.device else place.devices if wish.proposal.service.device_kind else []
        )
        assert [device.pk for device in seen.devices] == [device.pk for device in wanted]
        for device in wanted:
            assert seats(seen, "device", device.pk) == standing("device", device.pk, wish)
        for (kind, thing), row in seen.rows.items():
            assert Resource.objects.get(**{kind: thing}).pk == row


def test_what_never_had_a_resource_row_gets_it_by_being_booked() -> None:
    place = make.a_small_clinic(rooms=0)
    Room.objects.create(location=place.location, name="New")
    Resource.objects.filter(practitioner=place.practitioner).delete()
    visit = make.a_visit(place)
    assert visit.room is not None
    assert Claim.objects.filter(appointment=visit).count() == 2
