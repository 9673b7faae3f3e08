"""A move can be taken back for a few minutes: then everything is as it was, and nobody has heard of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic import desk, links, messaging
from clinic.access import SYSTEM
from clinic.messaging_states import State
from clinic.models import ActionLink, DeskTask, OutboundMessage
from patients.models import CareTeamMember, Patient
from scheduling import booking, moves, reminders
from scheduling.booking import BookingRefused
from scheduling.models import Appointment, Claim
from scheduling.rules import EVERY_WARNING
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=2)


@pytest.fixture
def ana() -> Patient:
    return make.a_reachable_patient()


def moved(place: Any, visit: Appointment, **to: Any) -> Appointment:
    facts = {"by": place.desk, "now": NOW, "despite": EVERY_WARNING} | to
    return booking.move(appointment=visit, **facts)


def back(place: Any, visit: Appointment, **facts: Any) -> Appointment:
    return booking.undo_move(**{"appointment": visit, "by": place.desk, "now": SOON} | facts)


def everything(visit: Appointment) -> dict[str, Any]:
    """All that a move touches, but for version, the time of the last change, and the history."""
    row = Appointment.objects.values().get(pk=visit.pk)
    now = row.pop("version")
    row.pop("changed_at")
    about = OutboundMessage.objects.about(visit.uid).filter(subject_version=now)
    wishes = DeskTask.objects.about(visit.uid)
    return {
        "visit": row,
        "claims": sorted(Claim.objects.filter(appointment=visit).values_list("resource", "during"), key=str),
        "messages": sorted(
            about.values_list(
                "purpose", "occasion", "to_address", "state", "reason", "due_at", "needs_person", "void_reason"
            ),
            key=str,
        ),
        "links": sorted(
            ActionLink.objects.about(visit.uid)
            .filter(subject_version=now)
            .values_list("digest", "revoked_at", "used_at")
        ),
        "wishes": [(t.kind, t.done_at, t.outcome, t.subject_version == now) for t in wishes.order_by("pk")],
        "care": sorted(
            CareTeamMember.objects.current().filter(patient=visit.patient).values_list("practitioner", flat=True)
        ),
    }


def told_from_now_on(visit: Appointment) -> set[str]:
    """What would still go out about a place where the visit no longer is."""
    open_ones = OutboundMessage.objects.about(visit.uid).waiting()
    return {m.purpose for m in open_ones if m.subject_version != Appointment.objects.get(pk=visit.pk).version}


def test_a_move_that_is_taken_back_is_as_if_it_had_never_been(place: Any, ana: Patient) -> None:
    visit = make.a_visit(place, local(27, 14), patient=ana)
    messaging.deliver_due(now=NOW)  # the patient holds a link now
    booking.confirm(appointment=visit, by=place.desk, now=NOW)
    before = everything(visit)
    there = moved(place, visit, starts_at=local(30, 11), practitioner=place.practitioners[1], minutes=45)
    assert (there.version, there.confirmed_at) == (2, None)
    here = back(place, there)
    assert everything(here) == before
    assert here.version == 3
    assert told_from_now_on(here) == set()
    assert ActionLink.objects.about(visit.uid).working(SOON).count() == 1


def test_nobody_hears_of_a_move_before_it_can_no_longer_be_taken_back(place: Any, ana: Patient) -> None:
    visit = make.a_visit(place, local(27, 14), patient=ana)
    messaging.deliver_due(now=NOW)
    moved(place, visit, starts_at=local(30, 11))
    news = OutboundMessage.objects.about(visit.uid).get(purpose="visit_moved")
    assert news.due_at == NOW + reminders.SECOND_THOUGHTS
    messaging.deliver_due(now=NOW + reminders.SECOND_THOUGHTS - timedelta(seconds=1))
    news.refresh_from_db()
    assert news.state == State.PLANNED
    messaging.deliver_due(now=NOW + reminders.SECOND_THOUGHTS)
    news.refresh_from_db()
    assert news.state == State.ACCEPTED


def test_taken_back_nothing_goes_out_however_long_one_waits(place: Any, ana: Patient) -> None:
    visit = make.a_visit(place, local(27, 14), patient=ana)
    messaging.deliver_due(now=NOW)
    back(place, moved(place, visit, starts_at=local(30, 11)))
    reminders.plan_missing(now=SOON)
    for hours in (1, 24):
        messaging.deliver_due(now=NOW + timedelta(hours=hours))
    sent = OutboundMessage.objects.about(visit.uid).filter(state=State.ACCEPTED)
    assert {m.purpose for m in sent} == {"visit_booked"}
    messaging.deliver_due(now=local(26, 14))  # the day before, as planned at first
    assert {m.purpose for m in sent.all()} == {"visit_booked", "visit_reminder"}


def test_a_reminder_that_went_out_before_the_move_is_not_sent_again_after_it_was_taken_back(
    place: Any, ana: Patient
) -> None:
    visit = make.a_visit(place, local(25, 10), patient=ana)  # within a day: one message is both
    messaging.deliver_due(now=NOW)
    back(place, moved(place, visit, starts_at=local(25, 15)))
    assert reminders.plan_missing(now=SOON) == 0
    assert not OutboundMessage.objects.about(visit.uid).waiting().exists()


@pytest.mark.parametrize("minutes", [3, 10])
def test_after_a_few_minutes_a_move_stands(place: Any, ana: Patient, minutes: int) -> None:
    there = moved(place, make.a_visit(place, local(27, 14), patient=ana), starts_at=local(30, 11))
    assert moves.can_undo(there, now=SOON)
    late = NOW + timedelta(minutes=minutes)
    assert not moves.can_undo(there, now=late)
    with pytest.raises(BookingRefused, match="too late to take this move back"):
        back(place, there, now=late)
    there.refresh_from_db()
    assert there.starts_at == local(30, 11)


def test_once_the_patient_is_told_a_move_stands(place: Any, ana: Patient) -> None:
    there = moved(place, make.a_visit(place, local(27, 14), patient=ana), starts_at=local(30, 11))
    OutboundMessage.objects.about(there.uid).filter(purpose="visit_moved").update(
        state=State.HANDING_OVER, handing_over_at=NOW, lease_until=NOW + timedelta(minutes=3)
    )
    before = everything(there)
    with pytest.raises(BookingRefused, match="has been told"):
        back(place, there)
    assert everything(there) == before


def test_a_former_time_that_was_given_away_is_not_taken_from_who_has_it(place: Any) -> None:
    visit = make.a_visit(place, local(25, 10))
    there = moved(place, visit, starts_at=local(25, 13))
    other = make.a_visit(place, local(25, 10, 30))
    with pytest.raises(BookingRefused, match=r"cannot go back\. .* is busy until 11:30"):
        back(place, there)
    there.refresh_from_db()
    assert (there.starts_at, there.version) == (local(25, 13), 2)
    assert Claim.objects.filter(appointment=other).exists()


def test_a_patient_who_was_booked_elsewhere_meanwhile_is_not_in_two_places(place: Any, ana: Patient) -> None:
    there = moved(place, make.a_visit(place, local(25, 10), patient=ana), starts_at=local(25, 13))
    make.a_visit(place, local(25, 10), patient=ana, practitioner=place.practitioners[1])
    with pytest.raises(BookingRefused, match="cannot go back"):
        back(place, there)


@pytest.mark.parametrize("act", ["move", "confirm", "cancel", "arrive"])
def test_who_changed_the_visit_since_is_not_overruled(place: Any, act: str) -> None:
    there = moved(place, make.a_visit(place, local(24, 10)), starts_at=local(24, 13))
    facts: dict[str, Any] = {"appointment": there, "by": place.desk, "now": NOW + timedelta(seconds=30)}
    {
        "move": lambda: booking.move(**facts, starts_at=local(24, 15)),
        "confirm": lambda: booking.confirm(**facts),
        "cancel": lambda: booking.cancel(**facts, reason="ill"),
        "arrive": lambda: booking.arrive(**facts),
    }[act]()
    if act == "move":  # the newest move is the one that can be taken back
        assert back(place, Appointment.objects.get(pk=there.pk)).starts_at == local(24, 13)
    else:
        with pytest.raises(BookingRefused, match="changed this visit"):
            back(place, there)


def test_a_page_of_before_the_move_was_taken_back_is_stale(place: Any) -> None:
    there = moved(place, make.a_visit(place, local(25, 10)), starts_at=local(25, 13))
    with pytest.raises(BookingRefused, match="changed this visit"):
        back(place, there, version=1)
    back(place, there, version=2)
    for old in (1, 2):
        with pytest.raises(BookingRefused, match="changed this visit"):
            moved(place, Appointment.objects.get(pk=there.pk), starts_at=local(25, 15), version=old)


def test_a_move_is_taken_back_once(place: Any) -> None:
    there = moved(place, make.a_visit(place, local(25, 10)), starts_at=local(25, 13))
    here = back(place, there)
    with pytest.raises(BookingRefused, match="no move to take back"):
        back(place, here)


def test_another_room_alone_is_taken_back_without_a_word_or_a_version(place: Any, ana: Patient) -> None:
    visit = make.a_visit(place, local(25, 10), patient=ana)
    before = everything(visit)
    there = moved(place, visit, room=place.rooms[1])
    here = back(place, there)
    assert (here.room_id, here.version) == (visit.room_id, 1)
    assert everything(here) == before


def test_a_device_is_given_back_and_taken_again(place: Any) -> None:
    machine = make.a_device(place.location, count=1)
    service = make.a_service(device_kind="ultrasound")
    there = moved(place, make.a_visit(place, local(25, 10), service=service), starts_at=local(25, 13))
    assert back(place, there).device == machine
    assert set(Claim.objects.filter(resource__device=machine).values_list("during__startswith", flat=True)) == {
        local(25, 10)
    }


def test_a_wish_for_another_time_is_open_again(place: Any, ana: Patient) -> None:
    visit = make.a_visit(place, local(27, 14), patient=ana)
    desk.ask(kind="move_wanted", patient_uid=ana.uid, patient_name="Ana", subject_kind="scheduling.appointment",
             subject_uid=visit.uid, subject_version=1, subject_at=visit.starts_at, zone="America/New_York",
             note="mornings, please", by=SYSTEM, now=NOW - timedelta(hours=1))  # fmt: skip
    there = moved(place, visit, starts_at=local(30, 11))
    assert not DeskTask.objects.open().exists()
    here = back(place, there)
    assert DeskTask.objects.open().get().subject_version == here.version


def test_the_link_in_the_patients_mail_works_again(place: Any, ana: Patient) -> None:
    visit = make.a_visit(place, local(27, 14), patient=ana)
    token = links.issue(purpose="visit", subject_uid=visit.uid, expires_at=visit.starts_at, now=NOW)
    there = moved(place, visit, starts_at=local(30, 11))
    assert links.resolve(token, "visit", SOON) is None
    here = back(place, there)
    link = links.resolve(token, "visit", SOON)
    assert link is not None
    assert link.subject_version == here.version


def test_who_came_into_the_patients_care_by_the_move_alone_leaves_it(place: Any, ana: Patient) -> None:
    other = place.practitioners[1]
    visit = make.a_visit(place, local(27, 14), patient=ana)

    def cares() -> bool:
        return CareTeamMember.objects.current().filter(patient=ana, practitioner=other).exists()

    there = moved(place, visit, practitioner=other)
    assert cares()
    back(place, there)
    assert not cares()
    make.a_visit(place, local(26, 9), patient=ana, practitioner=other)
    back(place, moved(place, Appointment.objects.get(pk=visit.pk), practitioner=other))
    assert cares()


where = st.fixed_dictionaries(
    {},
    optional={
        "starts_at": st.integers(0, 150).map(lambda n: local(25, 6) + timedelta(minutes=5 * n)),
        "who": st.integers(0, 1),
        "room": st.integers(0, 1),
        "minutes": st.integers(1, 24).map(lambda n: 5 * n),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(to=where, confirmed=st.booleans(), wait=st.integers(0, 179), sent=st.booleans())
def test_move_and_undo_restore_everything_but_version_and_history(
    place: Any, to: dict[str, Any], confirmed: bool, wait: int, sent: bool
) -> None:
    """A law, with nobody else about: whatever is moved wherever, back is back."""
    with transaction.atomic():
        visit = make.a_visit(place, local(25, 10), patient=make.a_reachable_patient())
        if sent:
            messaging.deliver_due(now=NOW)
        if confirmed:
            booking.confirm(appointment=visit, by=place.desk, now=NOW)
        visit.refresh_from_db()
        before = everything(visit)
        if "who" in to:
            to["practitioner"] = place.practitioners[to.pop("who")]
        if "room" in to:
            to["room"] = place.rooms[to.pop("room")]
        now: datetime = NOW + timedelta(seconds=wait)
        here = back(place, moved(place, visit, **to), now=now)
        assert everything(here) == before
        assert told_from_now_on(here) == set()
        transaction.set_rollback(True)
