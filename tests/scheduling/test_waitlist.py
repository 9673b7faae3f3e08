"""Who waits is offered what becomes free: in order, kept for them, once, and to the next when they do not want it."""

from __future__ import annotations

from datetime import date, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from clinic.messaging_states import MessagePurpose
from clinic.models import ActionLink, AuditEvent, DeskTask, OutboundMessage
from scheduling import booking, freed, groups, holds, offers, resources, waitlist
from scheduling.models import Absence, Appointment, Claim, FreedTime, Hold, WaitlistEntry, WaitlistOffer
from scheduling.offers import OfferOver
from scheduling.reminders import SECOND_THOUGHTS
from scheduling.replying import NOTICE, SHORTEST
from scheduling.states import OFFER_TRANSITIONS, ON_THE_LIST, WAITLIST_TRANSITIONS, Outcome, Status, Waiting
from scheduling.visits import BookingRefused
from scheduling.waitlist import Wish
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.factories.waitlist import SOON, an_entry, an_offer, frees, later, pending, round_of_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(standing_clock: object, place: SimpleNamespace) -> SimpleNamespace:
    """The hours of long ago that the factories write become free as well: they are over, and gone."""
    FreedTime.objects.all().delete()
    return place


@pytest.fixture
def visit(place: SimpleNamespace) -> Appointment:
    """Friday, ten to eleven, with a neighbour on either side: what is freed is an hour."""
    make.a_visit(place, local(27, 9))
    make.a_visit(place, local(27, 11))
    return make.a_visit(place, local(27, 10))


def now_it_is(entry: WaitlistEntry) -> WaitlistEntry:
    return WaitlistEntry.objects.get(pk=entry.pk)


# -- The list --------------------------------------------------------------------------------------------


def test_every_step_of_an_entry_is_in_the_table_or_refused(place: Any) -> None:
    entry = an_entry(place)
    visit = make.a_visit(place)
    for was in Waiting:
        for to in Waiting:
            entry.status = was
            allowed = to in WAITLIST_TRANSITIONS[was]
            facts = {"visit": visit} if to is Waiting.TAKEN else {}
            facts |= {"ended_for": "Because"} if to in (Waiting.WITHDRAWN, Waiting.EXPIRED) else {}
            if allowed:
                waitlist.step(entry, to, now=NOW, **facts)
                assert now_it_is(entry).status == to
            else:
                with pytest.raises(BookingRefused):
                    waitlist.step(entry, to, now=NOW, **facts)
    assert set(WAITLIST_TRANSITIONS) == set(Waiting)
    assert set(OFFER_TRANSITIONS) == set(Outcome)
    assert {state for state in Waiting if state not in ON_THE_LIST} == {
        Waiting.TAKEN, Waiting.WITHDRAWN, Waiting.EXPIRED,
    }  # fmt: skip


def test_a_patient_waits_for_a_service_once(place: Any) -> None:
    entry = an_entry(place)
    with pytest.raises(BookingRefused, match="waits for this service already"):
        an_entry(place, patient=entry.patient)
    offers.withdraw(entry=entry, reason="Found another", by=place.desk, now=NOW)
    again = an_entry(place, patient=entry.patient)
    with pytest.raises(BookingRefused, match="waits for this service already"):
        waitlist.take_up_again(entry=entry, by=place.desk, now=NOW)
    assert again.status == Waiting.WAITING


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"earliest": time(12), "latest": time(9)}, "hours end before"),
        ({"first_on": date(2026, 12, 9), "last_on": date(2026, 12, 1)}, "last day is before"),
        ({"last_on": date(2026, 11, 1)}, "last day is past"),
        ({"minutes": 900}, "5 to 480"),
    ],
)
def test_wishes_that_cannot_be_are_refused_with_a_sentence(place: Any, wish: Any, sentence: str) -> None:
    with pytest.raises(BookingRefused, match=sentence):
        an_entry(place, **wish)
    assert not WaitlistEntry.objects.exists()


def test_only_ones_own_visit_to_come_can_be_exchanged_for_an_earlier_one(place: Any) -> None:
    visit = make.a_visit(place, local(27, 10))
    with pytest.raises(BookingRefused, match="another patient"):
        an_entry(place, earlier_than=visit)
    with pytest.raises(BookingRefused, match="another service"):
        an_entry(place, patient=visit.patient, earlier_than=visit, service=make.a_service())
    frees(visit, by=place.desk)
    visit.refresh_from_db()
    with pytest.raises(BookingRefused, match="no longer be moved"):
        an_entry(place, patient=visit.patient, earlier_than=visit)


def test_who_is_taken_off_by_mistake_gets_the_old_place_back(place: Any) -> None:
    entry = an_entry(place)
    assert offers.withdraw(entry=entry, reason="", by=place.desk, now=NOW)
    assert not offers.withdraw(entry=entry, reason="", by=place.desk, now=NOW)
    gone = now_it_is(entry)
    assert (gone.status, gone.ended_for, gone.ended_at) == (Waiting.WITHDRAWN, "Taken off by the desk", NOW)
    back = waitlist.take_up_again(entry=entry, by=place.desk, now=later(hours=1))
    assert (back.status, back.asked_at, back.ended_at, back.ended_for) == (Waiting.WAITING, NOW, None, "")


def test_an_entry_runs_out_with_its_days_and_with_the_visit_that_was_to_be_moved(place: Any) -> None:
    days = an_entry(place, last_on=date(2026, 11, 26))
    present = make.a_visit(place, local(27, 10), patient=make.a_reachable_patient())
    sooner = an_entry(place, patient=present.patient, earlier_than=present)
    freed.run(now=local(26, 23))
    assert [now_it_is(e).status for e in (days, sooner)] == [Waiting.WAITING, Waiting.WAITING]
    freed.run(now=local(27, 9, 59))
    assert [now_it_is(e).status for e in (days, sooner)] == [Waiting.EXPIRED, Waiting.WAITING]
    freed.run(now=local(27, 10))
    assert now_it_is(sooner).status == Waiting.EXPIRED
    assert now_it_is(days).ended_for == "The days that suited are over"
    assert now_it_is(sooner).ended_for.startswith("The visit that was to be moved")


# -- What frees a time -----------------------------------------------------------------------------------


def test_a_visit_that_is_called_off_is_offered_to_who_waits_and_kept_for_them(place: Any, visit: Any) -> None:
    entry = an_entry(place)
    frees(visit, by=place.desk)
    assert round_of_work().offered == 1
    (offer,) = pending()
    assert (offer.entry, offer.starts_at, offer.ends_at) == (entry, visit.starts_at, visit.ends_at)
    assert (offer.practitioner, offer.room, offer.made_by) == (visit.practitioner, offer.hold.room, None)
    assert offer.hold.runs_out_at == offer.expires_at
    assert now_it_is(entry).status == Waiting.OFFERED
    with pytest.raises(BookingRefused, match="held for a patient who was asked"):
        make.a_visit(place, visit.starts_at)


def test_the_message_goes_out_with_the_hold_and_names_nothing_clinical(place: Any, visit: Any) -> None:
    entry = an_entry(place)
    frees(visit, by=place.desk)
    round_of_work()
    message = OutboundMessage.objects.get(purpose=MessagePurpose.WAITLIST_OFFER)
    (offer,) = pending()
    assert (message.subject_uid, message.patient_uid, message.due_at) == (offer.uid, entry.patient.uid, SOON)
    assert "Friday 27 November 2026, 10:00 (EST)" in message.text
    assert "{link}" in message.text
    assert message.too_late_at < offer.expires_at
    for private in (
        place.service.name,
        str(visit.practitioner),
        visit.practitioner.user.name,
        entry.patient.family_name,
    ):
        assert private not in message.text


def test_a_change_that_can_still_be_taken_back_is_not_offered_yet(place: Any, visit: Any) -> None:
    an_entry(place)
    frees(visit, by=place.desk)
    assert freed.run(now=NOW).offered == 0
    assert freed.run(now=SOON - timedelta(seconds=1)).offered == 0
    booking.undo(appointment=Appointment.objects.get(pk=visit.pk), by=place.desk, now=later(minutes=2))
    assert freed.run(now=SOON).offered == 0
    assert not FreedTime.objects.exists()


def test_the_old_place_of_a_moved_visit_is_offered(place: Any, visit: Any) -> None:
    an_entry(place)
    booking.move(appointment=visit, starts_at=local(30, 15), by=place.desk, now=NOW)
    round_of_work()
    assert [offer.starts_at for offer in pending()] == [local(27, 10)]


def test_what_is_left_after_somebody_did_not_come_is_too_soon_for_anybody(place: Any) -> None:
    visit = make.a_visit(place, local(24, 9))
    an_entry(place)
    booking.no_show(appointment=visit, by=place.desk, now=local(24, 9, 5))
    round_of_work(local(24, 9, 10))
    assert pending() == []


def test_the_days_of_an_absence_that_is_taken_back_are_offered(place: Any) -> None:
    away, _ = resources.add_absence(
        practitioner=place.practitioner, kind="holiday", starts_at=local(30, 0), ends_at=local(3, 0, month=12),
        by=place.desk, now=NOW,
    )  # fmt: skip
    entries = [an_entry(place, practitioners=(place.practitioner,), first_on=date(2026, 12, n)) for n in (1, 2)]
    entries.append(an_entry(place, practitioners=(place.practitioner,)))
    resources.end_absence(Absence.objects.get(pk=away.pk), by=place.desk, now=NOW)
    round_of_work()
    found = {offer.entry_id: offer.starts_at for offer in pending()}
    assert [found[entry.pk] for entry in entries] == [
        local(1, 9, month=12), local(2, 9, month=12), local(30, 9),
    ]  # fmt: skip


def test_a_hold_that_nobody_took_is_offered_too(place: Any) -> None:
    for hour in (9, 11):
        make.a_visit(place, local(27, hour))
    holds.hold(
        patient=make.a_patient(), service=place.service, practitioner=place.practitioner, location=place.location,
        starts_at=local(27, 10), until=later(minutes=5), by=place.desk, now=NOW,
    )  # fmt: skip
    an_entry(place)
    assert freed.run(now=later(minutes=4)).offered == 0
    assert freed.run(now=later(minutes=5)).offered == 1


def test_a_long_hole_is_filled_with_as_many_as_fit(place: Any) -> None:
    visit = make.a_visit(place, local(27, 9), minutes=180)
    make.a_visit(place, local(27, 12))
    for _ in range(4):
        an_entry(place, practitioners=(place.practitioner,))
    frees(visit, by=place.desk)
    assert round_of_work().offered == 3
    assert sorted(offer.starts_at for offer in pending()) == [local(27, 9), local(27, 10), local(27, 11)]


def test_sixty_free_minutes_take_a_visit_of_forty_five(place: Any, visit: Any) -> None:
    an_entry(place, minutes=45)
    frees(visit, by=place.desk)
    round_of_work()
    (offer,) = pending()
    assert (offer.starts_at, offer.minutes) == (local(27, 10), 45)


def test_a_visit_longer_than_the_hole_is_not_offered(place: Any, visit: Any) -> None:
    an_entry(place, minutes=90)
    frees(visit, by=place.desk)
    assert round_of_work().offered == 0
    assert FreedTime.objects.known(SOON).count() == 1, "it is remembered for who comes later"


# -- Whom it suits ---------------------------------------------------------------------------------------


def test_what_speaks_against_a_visit_excludes_the_patient_and_the_next_is_asked(place: Any, visit: Any) -> None:
    first = an_entry(place, now=NOW - timedelta(days=2))
    second = an_entry(place)
    make.a_visit(place, local(27, 10, 30), patient=first.patient, practitioner=place.practitioners[1])
    frees(visit, by=place.desk)
    round_of_work()
    assert [offer.entry for offer in pending()] == [second]


def test_when_no_room_is_left_nothing_is_offered(place: Any, visit: Any) -> None:
    an_entry(place, practitioners=(place.practitioner,))
    frees(visit, by=place.desk)
    other = make.a_practitioner()
    make.works(other, place.location)
    make.a_visit(place, local(27, 10), practitioner=place.practitioners[1])
    make.a_visit(place, local(27, 10), practitioner=other)
    assert round_of_work().offered == 0


def test_reading_who_suits_costs_the_same_however_many_wait(place: Any, visit: Any) -> None:
    frees(visit, by=place.desk)
    row = FreedTime.objects.select_related("practitioner__user", "location", "session__service").get()
    costs = []
    for count in (1, 4):
        while WaitlistEntry.objects.count() < count:
            an_entry(place, practitioners=(place.practitioner,), locations=(place.location,))
        with CaptureQueriesContext(connection) as queries:
            found = freed.candidates(freed.around(row, now=NOW), row=row, now=NOW)
        assert len(found) == count
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 14


# -- The answer ------------------------------------------------------------------------------------------


def test_who_takes_it_has_a_visit_in_that_very_place(place: Any, visit: Any) -> None:
    entry = an_entry(place)
    frees(visit, by=place.desk)
    round_of_work()
    (offer,) = pending()
    booked = offers.accept(offer=offer, by=place.desk, now=later(hours=1))
    assert (booked.patient, booked.starts_at, booked.room) == (entry.patient, offer.starts_at, offer.room)
    after = now_it_is(entry)
    assert (after.status, after.visit, after.ended_at) == (Waiting.TAKEN, booked, later(hours=1))
    assert not Hold.objects.exists()
    assert offers.accept(offer=offer, by=place.desk, now=later(hours=1)) == booked, "twice is once"
    assert Appointment.objects.filter(patient=entry.patient).count() == 1
    freed.run(now=later(hours=2))
    assert not FreedTime.objects.exists()


def test_taking_an_earlier_time_moves_the_visit_and_frees_the_old_place_for_the_next(place: Any, visit: Any) -> None:
    make.a_visit(place, local(30, 9)), make.a_visit(place, local(30, 11))
    present = make.a_visit(place, local(30, 10), patient=make.a_reachable_patient())
    sooner = an_entry(place, patient=present.patient, earlier_than=present)
    other = an_entry(place, first_on=date(2026, 11, 28))
    frees(visit, by=place.desk)
    round_of_work()
    (offer,) = pending()
    assert offer.entry == sooner
    moved = offers.accept(offer=offer, by=place.desk, now=later(hours=1))
    assert (moved.pk, moved.starts_at, moved.version) == (present.pk, local(27, 10), 2)
    round_of_work(later(hours=2))
    assert [(o.entry, o.starts_at) for o in pending()] == [(other, local(30, 10))]


def test_a_decline_goes_to_the_next_at_once_and_never_back(place: Any, visit: Any) -> None:
    first, second = an_entry(place, now=NOW - timedelta(days=1)), an_entry(place)
    frees(visit, by=place.desk)
    round_of_work()
    (offer,) = pending()
    assert offer.entry == first
    assert offers.decline(offer=offer, by=place.desk, now=later(hours=1))
    assert not offers.decline(offer=offer, by=place.desk, now=later(hours=1))
    assert now_it_is(first).status == Waiting.WAITING
    freed.run(now=later(hours=1))
    assert [o.entry for o in pending()] == [second]
    offers.decline(offer=pending()[0], by=place.desk, now=later(hours=2), leave=True)
    assert now_it_is(second).status == Waiting.WITHDRAWN
    freed.run(now=later(hours=3))
    assert pending() == []
    assert WaitlistOffer.objects.count() == 2
    assert not Claim.objects.filter(hold__isnull=False).exists()


def test_a_silence_goes_to_the_next_when_the_time_to_answer_is_over(place: Any, visit: Any) -> None:
    first, second = an_entry(place, now=NOW - timedelta(days=1)), an_entry(place)
    frees(visit, by=place.desk)
    round_of_work()
    (offer,) = pending()
    assert freed.run(now=offer.expires_at - timedelta(seconds=1)).lapsed == 0
    done = freed.run(now=offer.expires_at)
    assert (done.lapsed, done.offered) == (1, 1)
    offer.refresh_from_db()
    assert (offer.outcome, offer.hold) == (Outcome.LAPSED, None)
    assert [o.entry for o in pending()] == [second]
    assert now_it_is(first).status == Waiting.WAITING
    with pytest.raises(OfferOver):
        offers.accept(offer=offer, by=place.desk, now=later(hours=5))


def test_nothing_is_taken_after_the_deadline_even_before_anybody_has_swept(place: Any) -> None:
    offer = an_offer(place, local(27, 10))
    with pytest.raises(OfferOver):
        offers.accept(offer=offer, by=place.desk, now=offer.expires_at)
    assert not Appointment.objects.exists()


def test_who_waits_again_is_asked_about_what_nobody_else_wanted_meanwhile(place: Any, visit: Any) -> None:
    """One person, two freed times: the second is not forgotten while the first is being answered."""
    other = make.a_visit(place, local(30, 10), practitioner=place.practitioners[1])
    entry = an_entry(place)
    frees(visit, by=place.desk)
    frees(other, by=place.desk)
    round_of_work()
    (offer,) = pending()
    assert offer.starts_at == local(27, 10)
    offers.decline(offer=offer, by=place.desk, now=later(hours=1))
    freed.run(now=later(hours=1))
    assert [(o.entry, o.starts_at) for o in pending()] == [(entry, local(30, 10))]


def test_who_joins_the_list_is_asked_about_what_became_free_before(place: Any, visit: Any) -> None:
    frees(visit, by=place.desk)
    assert round_of_work().offered == 0
    entry = an_entry(place, now=later(hours=1))
    assert freed.run(now=later(hours=1)).offered == 1
    assert pending()[0].entry == entry


def test_what_the_desk_takes_back_is_free_and_its_link_is_dead(place: Any) -> None:
    offer = an_offer(place, local(27, 10))
    assert offers.take_back(offer=offer, why="Needed for somebody else", by=place.desk, now=later(minutes=5))
    message = OutboundMessage.objects.get(purpose=MessagePurpose.WAITLIST_OFFER)
    assert (message.state, message.reason) == ("suppressed", "taken_back")
    make.a_visit(place, local(27, 10))
    offer.refresh_from_db()
    assert (offer.outcome, offer.why) == (Outcome.TAKEN_BACK, "Needed for somebody else")


@pytest.mark.parametrize("answer", [offers.accept, offers.decline])
def test_who_has_answered_on_the_phone_is_not_written_to_any_more(place: Any, answer: Any) -> None:
    offer = an_offer(place, local(27, 10))
    answer(offer=offer, by=place.desk, now=later(seconds=1))
    message = OutboundMessage.objects.get(purpose=MessagePurpose.WAITLIST_OFFER)
    assert (message.state, message.needs_person) == ("suppressed", False)


def test_who_leaves_the_list_leaves_the_time_to_others(place: Any) -> None:
    offer = an_offer(place, local(27, 10))
    assert offers.withdraw(entry=offer.entry, reason="Has recovered", by=place.desk, now=later(minutes=5))
    offer.refresh_from_db()
    assert offer.outcome == Outcome.TAKEN_BACK
    assert now_it_is(offer.entry).ended_for == "Has recovered"
    assert not Hold.objects.exists()


def test_what_speaks_against_it_since_refuses_and_keeps_the_offer(place: Any) -> None:
    offer = an_offer(place, local(27, 10))
    resources.add_absence(
        practitioner=place.practitioner,
        kind="illness",
        starts_at=local(27, 0),
        ends_at=local(28, 0),
        by=place.desk,
        now=NOW,
    )
    with pytest.raises(BookingRefused, match="is away then"):
        offers.accept(offer=offer, by=place.desk, now=later(minutes=5))
    offer.refresh_from_db()
    assert offer.is_pending
    assert Hold.objects.filter(pk=offer.hold_id).exists()


# -- Who must be called ----------------------------------------------------------------------------------


def test_who_cannot_be_written_to_is_called_by_the_desk(place: Any, visit: Any) -> None:
    entry = an_entry(place, patient=make.a_patient("Okafor"))
    frees(visit, by=place.desk)
    round_of_work()
    (offer,) = pending()
    assert offer.by_phone
    assert not OutboundMessage.objects.filter(purpose=MessagePurpose.WAITLIST_OFFER).exists()
    task = DeskTask.objects.get(subject_uid=offer.uid)
    assert (task.kind, task.patient_uid, task.subject_uid) == ("call_patient", entry.patient.uid, offer.uid)
    offers.mark_phoned(offer=offer, by=place.desk, now=later(minutes=10))
    task.refresh_from_db()
    assert task.done_at is not None
    offers.accept(offer=offer, by=place.desk, now=later(minutes=20))


def test_nobody_is_written_to_at_night_and_the_deadline_is_in_the_morning(place: Any, visit: Any) -> None:
    an_entry(place)
    late = local(24, 23)
    frees(visit, by=place.desk, now=late)
    round_of_work(late + SECOND_THOUGHTS)
    (offer,) = pending()
    message = OutboundMessage.objects.get(purpose=MessagePurpose.WAITLIST_OFFER)
    assert offer.tell_at == message.due_at == local(25, 8)
    assert offer.expires_at == local(25, 10)


def test_freed_at_night_for_the_early_morning_the_desk_is_asked_to_call(place: Any) -> None:
    make.a_visit(place, local(25, 10))
    visit = make.a_visit(place, local(25, 9))
    an_entry(place, practitioners=(place.practitioner,))
    frees(visit, by=place.desk, now=local(24, 23))
    round_of_work(local(24, 23, 30))
    (offer,) = pending()
    assert (offer.by_phone, offer.expires_at) == (True, local(25, 8, 30))
    assert DeskTask.objects.filter(subject_uid=offer.uid).exists()


def test_an_offer_leaves_time_to_answer_and_to_come(place: Any) -> None:
    with pytest.raises(BookingRefused, match="begins too soon"):
        an_offer(place, NOW + timedelta(minutes=30))
    near = an_offer(place, NOW + timedelta(hours=2))
    assert near.starts_at - near.expires_at >= NOTICE
    assert near.expires_at - near.tell_at >= SHORTEST


# -- Groups ----------------------------------------------------------------------------------------------


@pytest.fixture
def session(place: SimpleNamespace) -> Any:
    place.group = make.a_service("Back school", seats=2)
    return groups.open_session(
        service=place.group, practitioner=place.practitioner, location=place.location, starts_at=local(27, 14),
        by=place.desk, now=NOW,
    )  # fmt: skip


def test_a_freed_seat_of_a_group_is_kept_for_who_waits(place: Any, session: Any) -> None:
    seats = [groups.join(session=session, patient=make.a_patient(), by=place.desk, now=NOW) for _ in range(2)]
    entry = an_entry(place, service=place.group)
    an_entry(place)
    frees(seats[0], by=place.desk)
    round_of_work()
    offer = next(o for o in pending() if o.entry == entry)
    assert (offer.session, offer.hold.seat) == (session, 1)
    with pytest.raises(BookingRefused, match="All 2 seats"):
        groups.join(session=session, patient=make.a_patient(), by=place.desk, now=SOON)
    with pytest.raises(BookingRefused, match="seat 2 is taken"):
        groups.set_seats(session=session, seats=1, by=place.desk, now=SOON)
    booked = offers.accept(offer=offer, by=place.desk, now=later(hours=1))
    assert (booked.session, booked.seat) == (session, 1)


def test_an_earlier_session_takes_the_place_of_the_later_one(place: Any, session: Any) -> None:
    patient = make.a_reachable_patient()
    next_week = groups.open_session(
        service=place.group, practitioner=place.practitioner, location=place.location,
        starts_at=local(4, 14, month=12), by=place.desk, now=NOW,
    )  # fmt: skip
    present = groups.join(session=next_week, patient=patient, by=place.desk, now=NOW)
    an_entry(place, service=place.group, patient=patient, earlier_than=present)
    seats = [groups.join(session=session, patient=make.a_patient(), by=place.desk, now=NOW) for _ in range(2)]
    frees(seats[1], by=place.desk)
    round_of_work()
    booked = offers.accept(offer=pending()[0], by=place.desk, now=later(hours=1))
    present.refresh_from_db()
    assert (booked.session, present.status) == (session, Status.CANCELLED)


def test_a_seat_that_is_declined_is_free_for_the_next(place: Any, session: Any) -> None:
    seats = [groups.join(session=session, patient=make.a_patient(), by=place.desk, now=NOW) for _ in range(2)]
    first, second = an_entry(place, service=place.group), an_entry(place, service=place.group)
    frees(seats[0], by=place.desk)
    round_of_work()
    offers.decline(offer=pending()[0], by=place.desk, now=later(hours=1))
    freed.run(now=later(hours=1))
    assert [o.entry for o in pending()] == [second]
    assert now_it_is(first).status == Waiting.WAITING


# -- What the database refuses ---------------------------------------------------------------------------


def test_nobody_has_two_offers_and_no_time_is_offered_twice(place: Any) -> None:
    offer = an_offer(place, local(27, 10))
    facts = {
        "practitioner": offer.practitioner, "location": offer.location, "starts_at": offer.starts_at,
        "ends_at": offer.ends_at, "made_at": NOW, "tell_at": NOW, "expires_at": offer.expires_at,
    }  # fmt: skip
    from django.db import transaction

    with pytest.raises(IntegrityError, match="who_waits_has_one_offer_at_a_time"), transaction.atomic():
        WaitlistOffer.objects.create(
            entry=offer.entry, **facts | {"starts_at": local(28, 10), "ends_at": local(28, 11)}
        )
    other = an_entry(place)
    with pytest.raises(IntegrityError, match="a_free_time_is_offered_to_one_at_a_time"), transaction.atomic():
        WaitlistOffer.objects.create(entry=other, **facts)


def test_what_happened_is_on_record(place: Any) -> None:
    offer = an_offer(place, local(27, 10))
    offers.accept(offer=offer, by=place.desk, now=later(minutes=1))
    done = set(AuditEvent.objects.filter(subject_uid=offer.entry.uid).values_list("action", flat=True))
    assert done == {"waitlist.put_on", "waitlist.offered", "waitlist.taken"}


def test_the_desk_sees_what_is_free_and_how_many_wait_for_it(place: Any, visit: Any) -> None:
    an_entry(place, minutes=90)
    suits = an_entry(place)
    assert freed.how_many_wait([visit], now=NOW) == 1
    frees(visit, by=place.desk)
    (shown,) = freed.known(now=NOW)
    assert (shown.row.starts_at, shown.suits) == (visit.starts_at, (suits.pk,))
    assert not ActionLink.objects.exists()
    assert Wish().facts()["minutes"] is None
