"""Acts on several visits that happen all or not at all: changing places, and services back to back as one errand."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core import mail

from clinic import links, messaging
from clinic.models import ActionLink, AuditEvent, OutboundMessage
from scheduling import booking, groups, words
from scheduling.models import Absence, Appointment, Claim
from scheduling.rules import EVERY_WARNING
from scheduling.together import Part, book_together, swap
from scheduling.visits import BookingRefused
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.factories.treatments import an_accepted_part

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Any:
    place = make.a_small_clinic(practitioners=2, rooms=3)
    place.ben, place.cara = place.practitioners
    return place


def fresh(visit: Appointment) -> Appointment:
    return Appointment.objects.for_page().get(pk=visit.pk)


def change(one: Appointment, other: Appointment, place: Any, **facts: Any) -> tuple[Appointment, Appointment]:
    return swap(**({"one": fresh(one), "other": fresh(other), "by": place.desk, "now": NOW} | facts))


def spot(visit: Appointment) -> tuple[Any, Any, Any]:
    return visit.starts_at, visit.practitioner, visit.room


# -- Changing places -------------------------------------------------------------------------------------


def test_two_visits_change_start_practitioner_and_room(place: Any) -> None:
    one, other = make.a_visit(place, local(25, 10)), make.a_visit(place, local(27, 14), practitioner=place.cara)
    before = spot(one), spot(other)
    change(one, other, place)
    assert (spot(fresh(one)), spot(fresh(other))) == before[::-1]
    assert {fresh(one).version, fresh(other).version} == {2}
    assert Claim.objects.count() == 4
    for visit in (one, other):
        claimed = Claim.objects.filter(appointment=visit).values_list("during", flat=True)
        assert {span.lower for span in claimed} == {fresh(visit).starts_at}


def test_two_visits_at_the_same_time_change_their_therapists(place: Any) -> None:
    one, other = make.a_visit(place, local(25, 10)), make.a_visit(place, local(25, 10), practitioner=place.cara)
    before = spot(one), spot(other)
    change(one, other, place)
    assert (spot(fresh(one)), spot(fresh(other))) == before[::-1]


def test_two_visits_of_one_patient_change_places_although_each_stands_where_the_other_goes(place: Any) -> None:
    patient = make.a_patient()
    one = make.a_visit(place, local(25, 10), patient=patient)
    other = make.a_visit(place, local(25, 11), patient=patient, practitioner=place.cara)
    change(one, other, place)
    assert (fresh(one).starts_at, fresh(other).starts_at) == (local(25, 11), local(25, 10))
    with pytest.raises(BookingRefused, match="already has a visit"):
        make.a_visit(place, local(25, 10), patient=patient, practitioner=place.ben)


def test_each_keeps_its_own_length_where_there_is_room_for_it(place: Any) -> None:
    one, other = make.a_visit(place, local(25, 9), minutes=30), make.a_visit(place, local(25, 14), minutes=90)
    change(one, other, place)
    assert (fresh(one).starts_at, fresh(one).minutes) == (local(25, 14), 30)
    assert (fresh(other).starts_at, fresh(other).minutes) == (local(25, 9), 90)


def test_who_is_too_long_for_the_others_place_is_refused_and_nothing_changes(place: Any) -> None:
    one, other = make.a_visit(place, local(25, 9), minutes=30), make.a_visit(place, local(25, 14), minutes=90)
    make.a_visit(place, local(25, 10))
    before = spot(one), spot(other)
    with pytest.raises(BookingRefused, match=r"is busy until 11:00") as refused:
        change(one, other, place)
    assert refused.value.whose == other.patient.display_name
    assert (spot(fresh(one)), spot(fresh(other))) == before
    assert (fresh(one).version, fresh(other).version) == (1, 1)
    assert Claim.objects.count() == 6


@pytest.mark.parametrize("same_patient", [True, False])
def test_side_by_side_and_unequal_they_would_run_into_each_other(place: Any, same_patient: bool) -> None:
    patient = make.a_patient()
    one = make.a_visit(place, local(25, 9), minutes=60, patient=patient)
    with_whom = place.cara if same_patient else place.ben
    other = make.a_visit(
        place, local(25, 10), minutes=90, patient=patient if same_patient else None, practitioner=with_whom
    )
    with pytest.raises(BookingRefused, match="one would run into the other"):
        change(one, other, place)


def test_what_the_other_cannot_give_is_refused(place: Any) -> None:
    physio = make.a_practitioner(discipline="physical_therapy")
    make.works(physio, place.location)
    exercise = make.a_service("Exercise", discipline="physical_therapy")
    one = make.a_visit(place, local(25, 9))
    other = make.a_visit(place, local(25, 10), practitioner=physio, service=exercise)
    with pytest.raises(BookingRefused, match="does not offer this service"):
        change(one, other, place)


def test_a_place_in_an_absence_is_nobodys_gain(place: Any) -> None:
    one, other = make.a_visit(place, local(25, 9)), make.a_visit(place, local(27, 9), practitioner=place.cara)
    Absence.objects.create(practitioner=place.ben, starts_at=local(25, 0), ends_at=local(26, 0), recorded_at=NOW)
    with pytest.raises(BookingRefused, match="is away then"):
        change(one, other, place)


def test_only_visits_that_have_not_begun_and_not_one_with_itself(place: Any) -> None:
    one, other = make.a_visit(place, local(24, 9)), make.a_visit(place, local(24, 10))
    with pytest.raises(BookingRefused, match="with itself"):
        change(one, one, place)
    booking.arrive(appointment=other, by=place.desk, now=NOW)
    booking.start(appointment=fresh(other), by=place.desk, now=NOW)
    with pytest.raises(BookingRefused, match="can no longer be moved"):
        change(one, other, place)
    booking.cancel(appointment=fresh(one), by=place.desk, now=NOW, reason="x")
    with pytest.raises(BookingRefused, match="can no longer be moved"):
        change(one, make.a_visit(place, local(27, 9)), place)


def test_versions_that_were_seen_must_still_stand(place: Any) -> None:
    one, other = make.a_visit(place, local(25, 9)), make.a_visit(place, local(25, 11))
    booking.move(appointment=other, starts_at=local(25, 13), by=place.desk, now=NOW)
    with pytest.raises(BookingRefused, match="Somebody changed this visit") as refused:
        change(one, other, place, versions=(1, 1))
    assert refused.value.stale
    change(one, other, place, versions=(1, 2))
    assert fresh(one).starts_at == local(25, 13)


def test_a_visit_as_somebody_read_it_before_it_was_moved_is_not_swapped(place: Any) -> None:
    one, other = make.a_visit(place, local(25, 9)), make.a_visit(place, local(25, 11))
    old = fresh(other)
    booking.move(appointment=other, starts_at=local(25, 13), by=place.desk, now=NOW)
    with pytest.raises(BookingRefused):
        swap(one=fresh(one), other=old, by=place.desk, now=NOW)
    assert fresh(one).starts_at == local(25, 9)


def test_a_place_in_a_group_is_not_swapped(place: Any) -> None:
    service = make.a_service("Back school", seats=4)
    session = groups.open_session(
        service=service, practitioner=place.ben, location=place.location, starts_at=local(25, 9), by=place.desk, now=NOW
    )
    seat = groups.join(session=session, patient=make.a_patient(), by=place.desk, now=NOW)
    with pytest.raises(BookingRefused, match="A place in a group cannot be swapped"):
        change(make.a_visit(place, local(25, 11)), seat, place)


def test_messages_and_links_of_before_are_dead_and_both_are_told_anew(place: Any) -> None:
    ana = make.a_reachable_patient()
    one, other = make.a_visit(place, local(27, 9), patient=ana), make.a_visit(place, local(28, 9), patient=ana)
    for visit in (one, other):
        links.issue(
            purpose="visit", subject_uid=visit.uid, subject_version=1,
            expires_at=visit.starts_at, now=NOW,
        )  # fmt: skip
        booking.confirm(appointment=visit, by=place.desk, now=NOW)
    change(one, other, place)
    for visit in (one, other):
        waiting = OutboundMessage.objects.about(visit.uid).waiting()
        assert set(waiting.values_list("subject_version", flat=True)) == {2}
        assert {message.purpose for message in waiting} == {"visit_moved", "visit_reminder"}
        assert not ActionLink.objects.filter(subject_uid=visit.uid, revoked_at__isnull=True).exists()
        assert fresh(visit).confirmed_at is None
    told = AuditEvent.objects.filter(action="appointment.moved")
    assert {event.detail["swapped_with"] for event in told} == {str(one.uid), str(other.uid)}


def test_two_sessions_of_one_plan_may_change_their_days(place: Any) -> None:
    patient = make.a_patient()
    part = an_accepted_part(patient, author=place.ben, sessions=4, days_between=3)
    one, other = (
        make.a_visit(place, local(day, hour), patient=patient, intervention=part) for day, hour in ((25, 9), (28, 14))
    )
    change(one, other, place)
    assert (fresh(one).starts_at, fresh(other).starts_at) == (local(28, 14), local(25, 9))


# -- One errand ------------------------------------------------------------------------------------------


def errand(place: Any, *parts: Part, **facts: Any) -> list[Appointment]:
    usual = {
        "patient": facts.pop("patient", None) or make.a_patient(), "parts": parts, "location": place.location,
        "starts_at": local(25, 10), "by": place.desk, "now": NOW,
    }  # fmt: skip
    return book_together(**(usual | facts))


def test_services_follow_each_other_with_their_own_people_and_rooms(place: Any) -> None:
    gym = make.a_room(place.location, features=["gym"])
    exercise = make.a_service("Exercise", minutes=30, room_feature="gym")
    massage, gymnastics = errand(place, Part(place.service, place.ben), Part(exercise, place.cara))
    assert (massage.starts_at, massage.ends_at) == (local(25, 10), local(25, 11))
    assert (gymnastics.starts_at, gymnastics.ends_at) == (local(25, 11), local(25, 11, 30))
    assert (massage.practitioner, gymnastics.practitioner) == (place.ben, place.cara)
    assert gymnastics.room == gym
    assert massage.room != gym
    assert massage.basket is not None
    assert massage.basket == gymnastics.basket


def test_a_room_that_is_still_being_cleaned_is_not_given_to_the_next_part(place: Any) -> None:
    place.service.minutes_after = 15
    place.service.save()
    first, second = errand(place, Part(place.service, place.ben), Part(place.service, place.cara))
    assert first.room != second.room


def test_the_first_part_leaves_the_only_room_that_the_second_can_have(place: Any) -> None:
    place.service.minutes_after = 15
    place.service.save()
    for room in place.rooms[2:]:
        room.is_active = False
        room.save()
    left, right = sorted(place.rooms[:2], key=lambda room: room.name)
    # From eleven on only the one that would be chosen first is free.
    make.a_visit(place, local(25, 11, 30), room=right, practitioner=make_colleague(place))
    first, second = errand(place, Part(place.service, place.ben), Part(place.service, place.cara))
    assert (first.room, second.room) == (right, left)


def make_colleague(place: Any) -> Any:
    who = make.a_practitioner()
    make.works(who, place.location)
    return who


def test_one_part_that_cannot_be_had_refuses_all(place: Any) -> None:
    make.a_visit(place, local(25, 11), practitioner=place.cara)
    with pytest.raises(BookingRefused, match="is busy until 12:00"):
        errand(place, Part(place.service, place.ben), Part(place.service, place.cara))
    assert Appointment.objects.count() == 1
    assert Claim.objects.count() == 2


def test_the_patient_is_told_once_and_at_once_never_twice(place: Any) -> None:
    far = errand(place, Part(place.service, place.ben), Part(place.service, place.cara),
                 patient=make.a_reachable_patient(), starts_at=local(27, 10))  # fmt: skip
    booked = OutboundMessage.objects.waiting().filter(purpose="visit_booked")
    assert [message.subject_uid for message in booked] == [far[0].uid]


def test_of_what_is_so_near_that_it_is_told_at_once_no_part_is_told_twice(place: Any) -> None:
    parts = (Part(place.service, place.ben), Part(place.service, place.cara))
    visits = errand(place, *parts, patient=make.a_reachable_patient(), starts_at=local(24, 14))
    messaging.deliver_all(now=NOW)
    [letter] = mail.outbox
    assert all(words.when(visit.starts_at, visit.location.tz) in letter.body for visit in visits)
    assert not OutboundMessage.objects.waiting().exists()


def test_the_same_form_sent_twice_books_once(place: Any) -> None:
    key, patient = uuid.uuid4(), make.a_patient()
    parts = (Part(place.service, place.ben), Part(place.service, place.cara))
    once = errand(place, *parts, patient=patient, request_key=key)
    twice = errand(place, *parts, patient=patient, request_key=key)
    assert [visit.pk for visit in once] == [visit.pk for visit in twice]
    with pytest.raises(BookingRefused, match="already booked visits") as refused:
        errand(place, *parts, patient=patient, request_key=key, starts_at=local(25, 13))
    assert refused.value.stale


@pytest.mark.parametrize("count", [1, 7])
def test_an_errand_has_two_to_six_parts(place: Any, count: int) -> None:
    with pytest.raises(BookingRefused, match="two to six"):
        errand(place, *[Part(place.service, place.ben)] * count)


def test_a_group_is_no_part_of_it(place: Any) -> None:
    with pytest.raises(BookingRefused, match="A group has sessions of its own"):
        errand(place, Part(place.service, place.ben), Part(make.a_service(seats=4), place.cara))


def test_a_warning_refuses_until_it_was_read(place: Any) -> None:
    parts = (Part(place.service, place.ben), Part(place.service, place.cara))
    with pytest.raises(BookingRefused) as refused:
        errand(place, *parts, starts_at=local(25, 16, 30))
    assert {finding.rule for finding in refused.value.warnings} <= EVERY_WARNING
    assert len(errand(place, *parts, starts_at=local(25, 16, 30), despite=EVERY_WARNING)) == 2
