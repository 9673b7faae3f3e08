"""A time kept for one patient: nobody else gets it, it runs out by itself, and taking it leaves no gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from clinic.models import AuditEvent
from scheduling import availability, booking, holds
from scheduling.availability import Ask
from scheduling.intervals import Interval
from scheduling.models import Absence, Appointment, Claim, Hold, half_open
from scheduling.visits import BookingRefused
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db
UNTIL = NOW + timedelta(hours=2)
LATER = UNTIL + timedelta(minutes=1)


@pytest.fixture
def place() -> Any:
    return make.a_small_clinic(rooms=2, practitioners=2)


def keep(place: Any, starts_at: datetime | None = None, **facts: Any) -> Hold:
    usual = {
        "patient": facts.pop("patient", None) or make.a_patient(), "service": place.service,
        "practitioner": place.practitioner, "location": place.location, "starts_at": starts_at or local(25, 10),
        "until": UNTIL, "by": place.desk, "now": NOW,
    }  # fmt: skip
    return holds.hold(**(usual | facts))


def offered(place: Any, *, now: datetime | None = NOW) -> set[datetime]:
    question = Ask(
        place.service, place.location, Interval(local(25, 9), local(25, 12)),
        practitioners=frozenset({place.practitioner.pk}), now=now,
    )  # fmt: skip
    return {free.starts_at for free in availability.free_times(question)}


def test_it_claims_what_a_visit_would_and_says_so(place: Any) -> None:
    place.service.minutes_after = 10
    place.service.save()
    kept = keep(place)
    ends = {
        claim.resource.kind: claim.during.upper for claim in Claim.objects.filter(hold=kept).select_related("resource")
    }
    assert ends == {"practitioner": local(25, 11), "room": local(25, 11, 10)}
    event = AuditEvent.objects.get(action="appointment.held")
    assert (event.patient_uid, event.subject_uid) == (kept.patient.uid, kept.uid)


def test_nobody_else_can_book_hold_or_be_offered_it(place: Any) -> None:
    keep(place)
    with pytest.raises(BookingRefused, match="held for a patient who was asked") as refused:
        make.a_visit(place, local(25, 10))
    assert local(25, 10) not in {
        free.starts_at for free in refused.value.alternatives if free.practitioner_id == place.practitioner.pk
    }
    with pytest.raises(BookingRefused):
        keep(place, local(25, 10, 30))
    assert local(25, 10) not in offered(place)
    assert (Hold.objects.count(), Appointment.objects.count(), Claim.objects.count()) == (1, 0, 2)


def test_the_last_room_is_held_as_well(place: Any) -> None:
    keep(place, room=place.rooms[0])
    keep(place, room=place.rooms[1], practitioner=place.practitioners[1])
    third = make.a_practitioner()
    make.works(third, place.location)
    with pytest.raises(BookingRefused, match="Every suitable room is taken"):
        make.a_visit(place, local(25, 10), practitioner=third)


def test_what_speaks_against_a_visit_speaks_against_holding_it(place: Any) -> None:
    with pytest.raises(BookingRefused, match="does not work"):
        keep(place, local(25, 7))
    Absence.objects.create(
        practitioner=place.practitioner, starts_at=local(25, 0), ends_at=local(26, 0), recorded_at=NOW
    )
    with pytest.raises(BookingRefused, match="is away"):
        keep(place)
    assert not Hold.objects.exists()


@pytest.mark.parametrize("until", [NOW, NOW - timedelta(minutes=1)])
def test_it_ends_later_than_it_begins(place: Any, until: datetime) -> None:
    with pytest.raises(BookingRefused, match="until some later moment"):
        keep(place, until=until)


def test_it_lasts_three_days_at_most(place: Any) -> None:
    with pytest.raises(IntegrityError, match="a_hold_runs_out_within_three_days"), transaction.atomic():
        keep(place, until=NOW + timedelta(days=3, seconds=1))


def test_the_patient_takes_it_and_the_hold_is_gone(place: Any) -> None:
    kept = keep(place)
    visit = make.a_visit(place, local(25, 10), patient=kept.patient, hold=kept, despite=())
    assert visit.room == kept.room
    assert not Hold.objects.exists()
    assert set(Claim.objects.values_list("appointment", flat=True)) == {visit.pk}


def test_a_refused_booking_leaves_the_hold_as_it_was(place: Any) -> None:
    kept = keep(place)
    make.a_visit(place, local(25, 11), patient=make.a_patient())
    with pytest.raises(BookingRefused):
        make.a_visit(place, local(25, 10), patient=kept.patient, hold=kept, minutes=90)
    assert Hold.objects.filter(pk=kept.pk).exists()
    assert Claim.objects.filter(hold=kept).count() == 2


@pytest.mark.parametrize("gone", ["run out", "given back", "taken"])
def test_what_is_no_longer_held_cannot_be_taken_by_it(place: Any, gone: str) -> None:
    kept, now = keep(place), NOW
    if gone == "run out":
        now = LATER
    elif gone == "given back":
        holds.release(hold=kept, by=place.desk, now=NOW)
    else:
        make.a_visit(place, local(25, 10), patient=kept.patient, hold=kept)
    count = Appointment.objects.count()
    with pytest.raises(BookingRefused) as refused:
        make.a_visit(place, local(25, 10), patient=kept.patient, hold=kept, now=now)
    assert refused.value.stale or "already has a visit" in str(refused.value) or "busy" in str(refused.value)
    assert Appointment.objects.count() == count


def test_given_back_it_is_free_at_once_and_giving_back_twice_changes_nothing(place: Any) -> None:
    kept = keep(place)
    for _ in range(2):
        holds.release(hold=kept, by=place.desk, now=NOW)
    assert AuditEvent.objects.filter(action="appointment.hold_released").count() == 1
    assert local(25, 10) in offered(place)
    make.a_visit(place, local(25, 10))


def test_run_out_it_is_looked_past_by_who_asks_and_by_who_books_before_anybody_sweeps(place: Any) -> None:
    keep(place)
    assert local(25, 10) not in offered(place, now=UNTIL - timedelta(seconds=1))
    assert local(25, 10) in offered(place, now=UNTIL)
    assert local(25, 10) not in offered(place, now=None)
    visit = make.a_visit(place, local(25, 10), now=LATER)
    assert not Hold.objects.exists()
    assert Claim.objects.filter(appointment=visit).count() == 2


def test_a_run_out_hold_gives_way_to_a_move_and_to_another_hold(place: Any) -> None:
    keep(place)
    visit = make.a_visit(place, local(25, 14))
    booking.move(appointment=visit, starts_at=local(25, 10), by=place.desk, now=LATER)
    keep(place, local(25, 12))
    other = keep(place, local(25, 12), now=LATER, until=LATER + timedelta(hours=1))
    assert list(Hold.objects.all()) == [other]


def test_a_hold_that_still_stands_is_not_dropped_with_one_that_has_run_out(place: Any) -> None:
    keep(place)
    standing = keep(place, local(25, 11), until=UNTIL + timedelta(hours=5))
    make.a_visit(place, local(25, 10), now=LATER)
    assert list(Hold.objects.all()) == [standing]


def test_sweeping_removes_what_has_run_out_and_only_that(place: Any) -> None:
    keep(place)
    standing = keep(place, local(25, 11), until=UNTIL + timedelta(hours=5))
    assert holds.sweep(now=LATER) == 1
    assert holds.sweep(now=LATER) == 0
    assert list(Hold.objects.all()) == [standing]
    assert Claim.objects.count() == 2
    assert AuditEvent.objects.filter(action="appointment.hold_ran_out", actor_name="Tonus").count() == 1


def test_sweeping_stops_at_its_limit(place: Any) -> None:
    for hour in (9, 10, 11):
        keep(place, local(25, hour))
    assert holds.sweep(now=LATER, limit=2) == 2
    assert Hold.objects.count() == 1


# -- What no line of code and no SQL by hand gets past ----------------------------------------------------


def commits(change: Callable[[], object]) -> bool:
    """Whether what was changed by hand would get past the guards at commit."""
    try:
        with transaction.atomic():
            change()
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError:
        return False
    return True


def test_a_hold_without_its_claims_does_not_commit(place: Any) -> None:
    claims = Claim.objects.filter(hold=keep(place))
    assert not commits(claims.delete)
    assert claims.count() == 2


def test_claims_that_do_not_fit_the_hold_do_not_commit(place: Any) -> None:
    kept = keep(place)
    claims, hold = Claim.objects.filter(hold=kept), Hold.objects.filter(pk=kept.pk)
    assert not commits(lambda: claims.update(during=half_open(local(25, 12), local(25, 13))))
    assert not commits(lambda: hold.update(starts_at=local(25, 9), ends_at=local(25, 10)))
    assert commits(lambda: hold.update(runs_out_at=UNTIL + timedelta(hours=1)))


def test_a_claim_is_for_one_thing_only(place: Any) -> None:
    claims, visit = Claim.objects.filter(hold=keep(place)), make.a_visit(place, local(25, 14))
    assert not commits(lambda: claims.update(appointment=visit.pk))
