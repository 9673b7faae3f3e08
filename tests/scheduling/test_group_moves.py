"""A group's session moves with everybody in it or not at all; nobody is told while it can be taken back."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.messaging_states import MessagePurpose, Reason, State
from clinic.models import AuditEvent, OutboundMessage, Role
from patients.models import CareTeamMember
from scheduling import booking, diary_rows, group_moves, groups, moves, seats
from scheduling.booking import BookingRefused
from scheduling.forms.booking import Pick
from scheduling.intervals import Interval
from scheduling.models import Appointment, Claim, GroupSession
from scheduling.rules import EVERY_WARNING
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def session(place: Any) -> GroupSession:
    """Back school on Wednesday at ten, with two who can be written to."""
    opened = groups.open_session(
        service=make.a_service("Back school", seats=4, minutes_after=10), practitioner=place.practitioner,
        location=place.location, starts_at=local(25, 10), by=place.desk, now=NOW,
    )  # fmt: skip
    for _ in range(2):
        groups.join(session=opened, patient=make.a_reachable_patient(), by=place.desk, now=NOW)
    return fresh(opened)


def fresh(session: GroupSession) -> GroupSession:
    return GroupSession.objects.for_page().with_taken().get(pk=session.pk)


def visits(session: GroupSession) -> list[Appointment]:
    return list(Appointment.objects.holding_time().filter(session=session).for_verb().order_by("seat"))


def move(session: GroupSession, place: Any, **wanted: Any) -> GroupSession:
    return group_moves.move(session=session, **({"by": place.desk, "now": SOON} | wanted))


# -- Moving ----------------------------------------------------------------------------------------------


def test_session_and_visits_are_in_the_new_place_and_seats_stay_whose_they_are(
    place: Any, session: GroupSession
) -> None:
    who = {visit.seat: visit.patient_id for visit in visits(session)}
    other = place.practitioners[1]
    moved = move(session, place, starts_at=local(25, 14), practitioner=other, minutes=90)
    assert (moved.starts_at, moved.ends_at, moved.practitioner) == (local(25, 14), local(25, 15, 30), other)
    assert {visit.seat: visit.patient_id for visit in visits(session)} == who
    assert {(v.starts_at, v.ends_at, v.practitioner_id, v.room_id) for v in visits(session)} == {
        (local(25, 14), local(25, 15, 30), other.pk, moved.room_id)
    }
    taken = {(c.resource.kind, c.during.lower, c.during.upper) for c in Claim.objects.select_related("resource")}
    assert taken == {
        ("practitioner", local(25, 14), local(25, 15, 30)),
        ("room", local(25, 14), local(25, 15, 40)),
    }
    make.a_visit(place, local(25, 10))  # the old time is free again


def test_a_session_may_be_moved_by_less_than_it_lasts_and_into_another_room_alone(
    place: Any, session: GroupSession
) -> None:
    moved = move(session, place, starts_at=local(25, 10, 30))
    assert moved.room_id == session.room_id
    room = next(one for one in place.rooms if one.pk != moved.room_id)
    before = [visit.version for visit in visits(session)]
    again = move(fresh(session), place, room=room, now=SOON + timedelta(minutes=1))
    assert again.room == room
    assert [visit.version for visit in visits(session)] == before  # another room alone tells nobody


def test_each_patient_is_told_once_and_not_before_it_can_no_longer_be_taken_back(
    place: Any, session: GroupSession
) -> None:
    move(session, place, starts_at=local(27, 10))
    for visit in visits(session):
        (told,) = OutboundMessage.objects.waiting().filter(subject_uid=visit.uid, purpose=MessagePurpose.VISIT_MOVED)
        assert (told.subject_version, told.due_at) == (visit.version, SOON + timedelta(minutes=3))
        old = OutboundMessage.objects.filter(subject_uid=visit.uid, subject_version=1)
        assert set(old.values_list("state", "reason")) == {(State.SUPPRESSED, Reason.MOVED)}


def test_it_is_written_down_for_the_session_and_for_each_visit(place: Any, session: GroupSession) -> None:
    move(session, place, starts_at=local(25, 14))
    event = AuditEvent.objects.get(action="group_session.moved")
    assert (event.detail["from"], event.detail["visits"]) == (local(25, 10).isoformat(), 2)
    assert AuditEvent.objects.filter(action="appointment.moved", detail__session=str(session.uid)).count() == 2


def test_who_gave_up_the_seat_is_not_moved_along(place: Any, session: GroupSession) -> None:
    off = booking.cancel(appointment=visits(session)[0], reason="Ill", by=place.desk, now=NOW)
    move(session, place, starts_at=local(25, 14))
    off.refresh_from_db()
    assert off.starts_at == local(25, 10)


def test_the_session_costs_the_same_to_look_at_whether_one_has_a_seat_or_four(
    place: Any, session: GroupSession
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked, pytest.raises(BookingRefused, match="is busy until"):
            move(fresh(session), place, starts_at=local(26, 10))
        return len(asked)

    make.a_visit(place, local(26, 10))
    for_two = cost()
    for _ in range(2):
        groups.join(session=session, patient=make.a_patient(), by=place.desk, now=NOW)
    assert cost() == for_two


# -- What is refused ---------------------------------------------------------------------------------------


def test_where_practitioner_or_room_is_taken_nothing_moves_and_other_times_are_offered(
    place: Any, session: GroupSession
) -> None:
    taken = make.a_visit(place, local(25, 14), practitioner=place.practitioners[1])
    with pytest.raises(BookingRefused, match=f"{taken.room.name} is taken until 15:00") as refused:
        move(session, place, starts_at=local(25, 14), room=taken.room)
    assert refused.value.alternatives
    with pytest.raises(BookingRefused, match="is busy until 15:00"):
        move(session, place, starts_at=local(25, 14), practitioner=place.practitioners[1])
    assert fresh(session).starts_at == local(25, 10)
    assert {visit.version for visit in visits(session)} == {1}


def test_who_has_a_seat_and_is_elsewhere_then_is_named(place: Any, session: GroupSession) -> None:
    patient = visits(session)[1].patient
    make.a_visit(place, local(25, 14, 30), practitioner=place.practitioners[1], patient=patient)
    with pytest.raises(BookingRefused, match=rf"{patient.display_name} already has a visit until 15:30"):
        move(session, place, starts_at=local(25, 14))
    assert fresh(session).starts_at == local(25, 10)


def test_a_person_is_found_elsewhere_under_whichever_record_of_theirs(place: Any, session: GroupSession) -> None:
    patient, old = visits(session)[0].patient, make.a_patient("Old", "Record")
    make.a_visit(place, local(25, 14), practitioner=place.practitioners[1], patient=old)
    type(old).objects.filter(pk=old.pk).update(merged_into=patient)
    with pytest.raises(BookingRefused, match="already has a visit until 15:00"):
        move(session, place, starts_at=local(25, 14))


def test_what_somebody_changed_meanwhile_is_not_moved(place: Any, session: GroupSession) -> None:
    seen = session.version
    groups.join(session=session, patient=make.a_patient(), by=place.desk, now=SOON)
    with pytest.raises(BookingRefused, match="changed this session") as refused:
        move(fresh(session), place, starts_at=local(25, 14), version=seen)
    assert refused.value.stale


def test_a_session_under_way_called_off_or_begun_stays(place: Any, session: GroupSession) -> None:
    booking.arrive(appointment=visits(session)[0], by=place.desk, now=local(25, 9, 50))
    booking.start(appointment=visits(session)[0], by=place.desk, now=local(25, 9, 55))
    with pytest.raises(BookingRefused, match="under way"):
        move(session, place, starts_at=local(25, 14), now=local(25, 9, 56))
    with pytest.raises(BookingRefused, match="under way"):
        move(session, place, starts_at=local(25, 14), now=local(25, 10))
    later = groups.open_session(service=session.service, practitioner=place.practitioner, location=place.location,
                                starts_at=local(26, 10), by=place.desk, now=NOW)  # fmt: skip
    groups.call_off(session=later, reason="Ill", by=place.desk, now=NOW)
    with pytest.raises(BookingRefused, match="called off"):
        move(fresh(later), place, starts_at=local(26, 14))


def test_while_a_seat_is_kept_for_somebody_the_session_stays(place: Any, session: GroupSession) -> None:
    kept = seats.hold(session=session, patient=make.a_patient(), until=NOW + timedelta(minutes=30), by=place.desk,
                      now=NOW)  # fmt: skip
    with pytest.raises(BookingRefused, match="A seat is kept"):
        move(fresh(session), place, starts_at=local(25, 14))
    later = kept.runs_out_at + timedelta(minutes=1)
    assert move(fresh(session), place, starts_at=local(25, 14), now=later).starts_at == local(25, 14)


def test_outside_hours_it_is_moved_only_by_who_has_read_the_warning(place: Any, session: GroupSession) -> None:
    with pytest.raises(BookingRefused) as refused:
        move(session, place, starts_at=local(25, 18))
    assert refused.value.warnings
    assert move(session, place, starts_at=local(25, 18), despite=EVERY_WARNING).starts_at == local(25, 18)


# -- Taken back ----------------------------------------------------------------------------------------------


def test_taken_back_everything_is_as_it_was_and_nobody_has_heard_of_it(place: Any, session: GroupSession) -> None:
    first = visits(session)[0]
    booking.confirm(appointment=first, by=place.desk, now=NOW)
    care = set(CareTeamMember.objects.current().values_list("patient", "practitioner"))
    moved = move(fresh(session), place, starts_at=local(25, 14), practitioner=place.practitioners[1])
    assert group_moves.can_undo(moved, now=SOON)
    back = group_moves.undo_move(session=fresh(moved), by=place.desk, now=SOON + timedelta(minutes=2))
    assert (back.starts_at, back.practitioner, back.room_id) == (local(25, 10), place.practitioner, session.room_id)
    assert {(v.starts_at, v.practitioner) for v in visits(session)} == {(local(25, 10), place.practitioner)}
    assert visits(session)[0].confirmed_at == NOW
    assert set(CareTeamMember.objects.current().values_list("patient", "practitioner")) == care
    waiting = OutboundMessage.objects.waiting()
    assert not waiting.filter(purpose=MessagePurpose.VISIT_MOVED).exists()
    assert waiting.filter(subject_uid=first.uid).exists()
    assert Claim.objects.count() == 2
    with pytest.raises(BookingRefused, match="no move to take back"):
        group_moves.undo_move(session=fresh(back), by=place.desk, now=SOON + timedelta(minutes=2))


@pytest.mark.parametrize("what", ["late", "joined", "confirmed", "taken", "elsewhere"])
def test_too_late_or_after_a_change_it_does_not_go_back(place: Any, session: GroupSession, what: str) -> None:
    moved, now = move(session, place, starts_at=local(25, 14)), SOON + timedelta(minutes=1)
    match what:
        case "late":
            now = SOON + timedelta(minutes=3)
        case "joined":
            groups.join(session=moved, patient=make.a_patient(), by=place.desk, now=now)
        case "confirmed":
            booking.confirm(appointment=visits(session)[0], by=place.desk, now=now)
        case "taken":
            make.a_visit(place, local(25, 10))
        case _:
            make.a_visit(place, local(25, 10), practitioner=place.practitioners[1], patient=visits(session)[0].patient)
    with pytest.raises(BookingRefused):
        group_moves.undo_move(session=fresh(moved), by=place.desk, now=now)
    assert {visit.starts_at for visit in visits(session)} == {local(25, 14)}
    assert fresh(session).starts_at == local(25, 14)


def test_one_place_in_a_group_does_not_go_back_alone(place: Any, session: GroupSession) -> None:
    move(session, place, starts_at=local(25, 14))
    visit = visits(session)[0]
    assert not moves.can_undo(visit, now=SOON)
    with pytest.raises(BookingRefused, match="place in a group"):
        booking.undo_move(appointment=visit, by=place.desk, now=SOON)


def test_of_an_empty_session_there_is_nothing_to_take_back(place: Any, session: GroupSession) -> None:
    empty = groups.open_session(service=session.service, practitioner=place.practitioner, location=place.location,
                                starts_at=local(26, 10), by=place.desk, now=NOW)  # fmt: skip
    moved = move(empty, place, starts_at=local(26, 14))
    assert not group_moves.can_undo(moved, now=SOON)
    with pytest.raises(BookingRefused, match="nobody has a seat"):
        group_moves.undo_move(session=moved, by=place.desk, now=SOON)


# -- By hand ---------------------------------------------------------------------------------------------------


def post(client: Client, name: str, session: GroupSession, **typed: Any) -> Any:
    return client.post(reverse(f"scheduling:{name}", args=[session.uid]), typed, headers={"HX-Request": "true"})


def text(response: Any) -> str:
    return str(response.content.decode())


def test_a_group_is_taken_up_in_the_diary_as_a_visit_is(place: Any, session: GroupSession, desk: Client) -> None:
    page = text(desk.get(reverse("scheduling:diary", query={"day": "2026-11-25"})))
    link = re.search(rf'data-drop="([^"]+)" data-version="({session.version})" data-at="(\d+)" data-minutes="60"', page)
    assert link
    assert link[1] == reverse("scheduling:group_drop", args=[session.uid])
    dropped = post(desk, "group_drop", session, pick=Pick(place.practitioner.uid, local(25, 14)), version=link[2],
                   minutes=75)  # fmt: skip
    assert dropped.status_code == 200
    assert "Back school</strong> moved to" in text(dropped)
    assert json.loads(dropped.headers["HX-Trigger"])["diary:changed"] == {"visit": str(session.uid), "kind": "moved"}
    assert (fresh(session).starts_at, fresh(session).minutes) == (local(25, 14), 75)
    back = post(desk, "group_undo_move", session, version=fresh(session).version)
    assert "Nobody was told" in text(back)
    assert fresh(session).starts_at == local(25, 10)


def test_what_the_diary_has_seen_is_what_the_verb_asks_for(place: Any, session: GroupSession) -> None:
    (row,) = diary_rows.groups(place.location, Interval(local(25, 0), local(26, 0)))
    assert (row.version, row.taken) == (session.version, 2)


def test_a_refused_drop_says_who_is_elsewhere_and_that_look_is_written_down(
    place: Any, session: GroupSession, desk: Client
) -> None:
    patient = visits(session)[0].patient
    make.a_visit(place, local(25, 14), practitioner=place.practitioners[1], patient=patient)
    refused = post(desk, "group_drop", session, pick=Pick(place.practitioner.uid, local(25, 14)), minutes=60)
    assert refused.status_code == 409
    assert f"{patient.display_name} already has a visit" in text(refused)
    assert "Back school stays where it was" in text(refused)
    look = AuditEvent.objects.filter(action="group_session.viewed").latest("pk")
    assert str(patient.uid) in look.detail["patients"]
    picks = re.findall(r'"pick": "([^"]+)"', text(refused))
    assert post(desk, "group_drop", session, pick=picks[0], minutes=60).status_code == 200  # what is offered can be had


def test_the_sessions_page_leads_to_times_at_which_everybody_is_free(
    place: Any, session: GroupSession, desk: Client
) -> None:
    patient = visits(session)[0].patient
    for hour in range(12, 17):
        make.a_visit(place, local(25, hour), practitioner=place.practitioners[1], patient=patient)
    page = text(desk.get(reverse("scheduling:group", args=[session.uid])))
    url = reverse("scheduling:group_move", args=[session.uid])
    assert f'href="{url}"' in page
    offered = text(desk.get(url))
    assert "for all 2 who have a seat" in offered
    times = re.findall(rf'value="{place.practitioner.uid}@2026-11-25T(\d\d):', offered)
    assert times
    assert max(times) <= "16"  # until noon in New York: one of them is elsewhere in the afternoon
    done = desk.post(url, {"pick": str(Pick(place.practitioner.uid, local(26, 15))), "version": session.version})
    assert (done.status_code, done.headers["Location"]) == (303, reverse("scheduling:group", args=[session.uid]))
    again = text(desk.get(done.headers["Location"]))
    assert "Undo the move" in again
    assert desk.post(reverse("scheduling:group_undo_move", args=[session.uid])).status_code == 303
    assert fresh(session).starts_at == local(25, 10)


def test_a_typed_time_that_cannot_be_had_is_answered_beside_the_button(
    place: Any, session: GroupSession, desk: Client
) -> None:
    make.a_visit(place, local(25, 14))
    url = reverse("scheduling:group_move", args=[session.uid])
    typed = {"practitioner": place.practitioner.uid, "day": "2026-11-25", "time": "14:00", "minutes": 60}
    refused = desk.post(url, typed | {"version": session.version})
    assert refused.status_code == 409
    assert "is busy until 15:00" in text(refused)
    assert 'value="14:00' in text(refused)  # nothing typed is lost
    assert desk.post(url, {"practitioner": "", "day": "", "time": ""}).status_code == 422


@pytest.mark.parametrize("typed", [{}, {"pick": "nonsense"}, {"pick": "x@2026-11-25T14:00Z", "minutes": "soon"}])
def test_what_no_page_sends_is_refused_in_words(session: GroupSession, desk: Client, typed: dict[str, str]) -> None:
    answer = post(desk, "group_drop", session, **typed)
    assert answer.status_code == 422
    assert "stays where it was" in text(answer)


def test_who_may_not_book_has_nothing_to_take_up(place: Any, session: GroupSession, sign_in: Any) -> None:
    owner = sign_in(people.staff(Role.OWNER, password=None))
    assert "data-drop" not in text(owner.get(reverse("scheduling:diary", query={"day": "2026-11-25"})))
    assert reverse("scheduling:group_move", args=[session.uid]) not in text(
        owner.get(reverse("scheduling:group", args=[session.uid]))
    )
    for name in ("group_drop", "group_undo_move", "group_move"):
        assert post(owner, name, session).status_code == 403
