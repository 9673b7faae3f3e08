"""Changing a series: what is begun or past is never touched, history is kept, and the patient is told once."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.messaging_states import MessagePurpose, State
from clinic.models import AuditEvent, DeskTask, OutboundMessage
from scheduling import booking, series, series_changes
from scheduling.booking import BookingRefused
from scheduling.models import Appointment, Claim, Series
from scheduling.series_changes import Alteration
from scheduling.states import Side, Status
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.factories.series import a_rule, a_series, daily, visits_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def coming(made: Series, *, since: Appointment | None = None, now: datetime = NOW) -> list[Appointment]:
    return series_changes.coming(made.line, since=since.starts_at if since else None, now=now)


def altered(place: SimpleNamespace, visits: list[Appointment], **facts: Any) -> list[Appointment]:
    """Through the verb: at ten with the same person unless said otherwise."""
    act = {name: facts.pop(name) for name in ("now", "leave_rest", "wanted") if name in facts}
    to = Alteration(**({"practitioner": place.practitioner, "wall": time(10), "minutes": 60} | facts))
    return series_changes.change(**({"to": to, "wanted": to.wanted(visits), "by": place.desk, "now": NOW} | act))


def times(made: Series) -> list[str]:
    return [f"{visit.starts_at.astimezone(make.NEW_YORK):%d %H:%M}" for visit in visits_of(made)]


# -- What is changed -------------------------------------------------------------------------------------


def test_all_that_have_not_begun_get_another_time(place: SimpleNamespace) -> None:
    made = a_series(place)
    altered(place, coming(made), wall=time(14))
    assert times(made) == ["01 14:00", "08 14:00", "15 14:00", "22 14:00"]
    assert not any(visit.is_changed_alone for visit in visits_of(made))


def test_this_and_following_leaves_the_ones_before(place: SimpleNamespace) -> None:
    made = a_series(place)
    altered(place, coming(made, since=visits_of(made)[2]), wall=time(14), shift=1)
    assert times(made) == ["01 10:00", "08 10:00", "16 14:00", "23 14:00"]


def test_the_old_rule_is_closed_and_a_new_series_goes_on_from_there(place: SimpleNamespace) -> None:
    made = a_series(place)
    altered(place, coming(made, since=visits_of(made)[2]), wall=time(14), shift=1)
    old, new = Series.objects.in_line(made.line)
    assert (old.ended_at, old.ended_by, old.wall) == (NOW, place.desk, time(10))
    assert (new.continues, new.wall, new.first_on, new.count, new.weekdays) == (
        old,
        time(14),
        date(2026, 12, 16),
        2,
        [2],
    )
    assert [visit.occurrence for visit in visits_of(made)] == [1, 2, 1, 2]
    assert [visit.pk for visit in new.appointments.order_by("starts_at")] == [v.pk for v in visits_of(made)[2:]]


def test_another_person_room_and_length(place: SimpleNamespace) -> None:
    made, other, room = a_series(place, a_rule(count=2)), place.practitioners[1], place.rooms[1]
    altered(place, coming(made), practitioner=other, room=room, minutes=30)
    assert {(v.practitioner_id, v.room_id, v.minutes) for v in visits_of(made)} == {(other.pk, room.pk, 30)}
    assert Claim.objects.count() == 4


def test_visits_may_take_each_other_s_times(place: SimpleNamespace) -> None:
    made = a_series(place, daily(count=4))
    altered(place, coming(made), shift=1)
    assert times(made) == ["02 10:00", "03 10:00", "04 10:00", "05 10:00"]
    altered(place, coming(made), wall=time(10, 30))
    assert times(made)[0] == "02 10:30"


def test_what_is_past_begun_or_called_off_is_not_there_to_be_changed(place: SimpleNamespace) -> None:
    made = a_series(place, daily(date(2026, 11, 24), count=5))
    first, second, third, *_ = visits_of(made)
    now = second.starts_at - timedelta(minutes=10)
    booking.complete(appointment=first, by=place.desk, now=first.ends_at)
    booking.arrive(appointment=second, by=place.desk, now=now)
    booking.cancel(appointment=third, reason="x", by=place.desk, now=now)
    before = list(Appointment.objects.filter(pk__in=[first.pk, second.pk, third.pk]).order_by("pk").values())
    assert [visit.occurrence for visit in coming(made, now=now)] == [4, 5]
    altered(place, coming(made, now=now), wall=time(14), now=now)
    assert list(Appointment.objects.filter(pk__in=[first.pk, second.pk, third.pk]).order_by("pk").values()) == before


def test_one_that_began_meanwhile_refuses_all(place: SimpleNamespace) -> None:
    made = a_series(place, daily(date(2026, 11, 24), count=3))
    seen = coming(made)
    booking.arrive(appointment=visits_of(made)[0], by=place.desk, now=NOW)
    before = times(made)
    with pytest.raises(BookingRefused, match="a moment ago") as refusal:
        altered(place, seen, wall=time(14))
    assert refusal.value.stale
    assert times(made) == before
    assert Series.objects.count() == 1


def test_one_that_was_changed_alone_is_known_and_stays_unless_it_is_named(place: SimpleNamespace) -> None:
    made = a_series(place)
    booking.move(appointment=visits_of(made)[1], starts_at=local(9, 11, month=12), by=place.desk, now=NOW)
    visits = coming(made)
    assert [visit.is_changed_alone for visit in visits] == [False, True, False, False]
    altered(place, [visit for visit in visits if not visit.is_changed_alone], wall=time(14))
    assert times(made) == ["01 14:00", "09 11:00", "15 14:00", "22 14:00"]
    visits = coming(made)
    assert [visit.is_changed_alone for visit in visits] == [False, True, False, False]
    altered(place, visits, wall=time(15))
    assert times(made) == ["01 15:00", "08 15:00", "15 15:00", "22 15:00"]


def test_a_place_that_is_taken_refuses_all_and_is_named(place: SimpleNamespace) -> None:
    made = a_series(place)
    make.a_visit(place, local(15, 14, month=12))
    before = times(made), Claim.objects.count()
    with pytest.raises(BookingRefused, match=r"Tue 15 Dec 2026, 14:00: .* is busy until 15:00"):
        altered(place, coming(made), wall=time(14))
    assert (times(made), Claim.objects.count()) == before
    assert Series.objects.get().ended_at is None


def test_the_good_ones_change_and_the_rest_stay_with_a_task(place: SimpleNamespace) -> None:
    made = a_series(place)
    make.a_visit(place, local(15, 14, month=12))
    altered(place, coming(made), wall=time(14), leave_rest=True)
    assert times(made) == ["01 14:00", "08 14:00", "15 10:00", "22 14:00"]
    task = DeskTask.objects.get(kind=DeskTask.Kind.SERIES_TO_PLACE)
    assert "Tue 15 Dec 2026, 14:00" in task.note


def test_one_that_would_stand_where_another_stays_is_left_too(place: SimpleNamespace) -> None:
    """A day later each; the last cannot, so the one before it has nowhere to go, and so on to the first."""
    made = a_series(place, daily(count=3))
    make.a_visit(place, local(4, 10, month=12))
    with pytest.raises(BookingRefused, match="is busy"):
        altered(place, coming(made), shift=1, leave_rest=True)
    assert times(made) == ["01 10:00", "02 10:00", "03 10:00"]


def test_left_out_ones_stay_and_nothing_at_all_is_refused(place: SimpleNamespace) -> None:
    made = a_series(place)
    to = Alteration(place.practitioner, time(14), 60)
    wanted = [dataclasses.replace(one, is_left_out=one.number == 1) for one in to.wanted(coming(made))]
    altered(place, [], wall=time(14), wanted=wanted)
    assert times(made) == ["01 10:00", "08 14:00", "15 14:00", "22 14:00"]
    with pytest.raises(BookingRefused, match="Change at least one"):
        altered(place, [], wanted=[dataclasses.replace(one, is_left_out=True) for one in wanted])
    fresh = a_series(place, wall=time(16))
    with pytest.raises(BookingRefused, match="Nothing would change"):
        altered(place, coming(fresh), wall=time(16))


def test_days_that_wait_to_be_placed_go_on_in_the_new_series(place: SimpleNamespace) -> None:
    for day in (8, 22):
        make.a_visit(place, local(day, 10, month=12))
    made = a_series(place, leave_rest=True)
    altered(place, coming(made, since=visits_of(made)[1]), shift=1)
    old, new = Series.objects.in_line(made.line)
    assert (old.to_place, new.to_place) == ([date(2026, 12, 8)], [date(2026, 12, 23)])
    series.place_rest(series=new, wanted=series.plan_of(new).wanted(new.to_place), by=place.desk, now=NOW)
    assert DeskTask.objects.open().filter(kind=DeskTask.Kind.SERIES_TO_PLACE).exists()


# -- What is said ----------------------------------------------------------------------------------------


def pending(purpose: str) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(purpose=purpose, state=State.PLANNED))


def test_the_patient_is_told_of_all_new_times_in_one_message(place: SimpleNamespace) -> None:
    made = a_series(place, patient=make.a_reachable_patient())
    altered(place, coming(made), wall=time(14))
    [told] = pending(MessagePurpose.VISIT_MOVED)
    for day in (1, 8, 15, 22):
        assert f"Tuesday {day} December 2026, 14:00" in told.text
    assert len(pending(MessagePurpose.VISIT_REMINDER)) == 4


def test_who_wants_no_messages_gets_none_and_the_desk_is_asked_to_call_once(place: SimpleNamespace) -> None:
    made = a_series(place)
    altered(place, coming(made), wall=time(14))
    assert pending(MessagePurpose.VISIT_MOVED) == []
    assert DeskTask.objects.filter(kind=DeskTask.Kind.CALL_PATIENT).count() == 1


def test_another_room_is_no_news(place: SimpleNamespace) -> None:
    made = a_series(place, a_rule(count=2), patient=make.a_reachable_patient(), room=place.rooms[0])
    before = OutboundMessage.objects.count()
    altered(place, coming(made), room=place.rooms[1])
    assert OutboundMessage.objects.count() == before


# -- Call off --------------------------------------------------------------------------------------------


def test_visits_are_called_off_together_and_told_once(place: SimpleNamespace) -> None:
    made = a_series(place, patient=make.a_reachable_patient())
    since = visits_of(made)[1]
    gone = series_changes.call_off(
        visits=coming(made, since=since), side=Side.CLINIC, reason="Moved away", by=place.desk, now=NOW
    )
    assert [visit.status for visit in visits_of(made)] == [Status.BOOKED, *[Status.CANCELLED] * 3]
    assert len(gone) == 3
    assert Claim.objects.count() == 2
    [told] = pending(MessagePurpose.VISIT_CANCELLED)
    for day in (8, 15, 22):
        assert f"Tuesday {day} December 2026" in told.text
    assert Series.objects.get().ended_at == NOW
    assert AuditEvent.objects.filter(action="appointment.cancelled").count() == 3


def test_calling_off_is_all_or_none(place: SimpleNamespace) -> None:
    made = a_series(place)
    seen = coming(made)
    booking.move(appointment=visits_of(made)[3], starts_at=local(23, 11, month=12), by=place.desk, now=NOW)
    with pytest.raises(BookingRefused, match="a moment ago"):
        series_changes.call_off(visits=seen, side=Side.PATIENT, reason="x", by=place.desk, now=NOW)
    assert {visit.status for visit in visits_of(made)} == {Status.BOOKED}
    with pytest.raises(BookingRefused, match="at least one"):
        series_changes.call_off(visits=[], side=Side.PATIENT, reason="x", by=place.desk, now=NOW)


def test_one_of_them_can_be_taken_back(place: SimpleNamespace) -> None:
    made = a_series(place)
    gone = series_changes.call_off(visits=coming(made), side=Side.PATIENT, reason="x", by=place.desk, now=NOW)
    back = booking.undo(appointment=gone[1], by=place.desk, now=NOW)
    assert (back.status, back.series, back.occurrence) == (Status.BOOKED, made, 2)
    assert [visit.pk for visit in coming(made)] == [back.pk]


def test_a_change_of_the_series_is_not_taken_back_for_one_of_which_the_message_speaks(place: SimpleNamespace) -> None:
    moved = altered(place, coming(a_series(place)), wall=time(14))
    with pytest.raises(BookingRefused, match="no move to take back"):
        booking.undo_move(appointment=moved[0], by=place.desk, now=NOW + timedelta(minutes=1))


def test_a_move_of_one_alone_is_taken_back_as_ever(place: SimpleNamespace) -> None:
    made = a_series(place)
    moved = booking.move(appointment=visits_of(made)[0], starts_at=local(1, 14, month=12), by=place.desk, now=NOW)
    assert coming(made)[0].is_changed_alone
    booking.undo_move(appointment=moved, by=place.desk, now=NOW + timedelta(minutes=1))
    assert not coming(made)[0].is_changed_alone


# -- Edits keep history ----------------------------------------------------------------------------------

ACTS = ["change", "change", "move one", "call off", "undo", "begin", "later"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_series_edits_keep_history(place: SimpleNamespace, data: st.DataObject) -> None:
    """Whatever is done: begun visits stay as they are, none is lost, none overlap, and the audit has each step."""
    with transaction.atomic():
        now = NOW
        made = a_series(place, daily(date(2026, 11, 25), count=data.draw(st.integers(2, 6))))
        numbers = {visit.uid for visit in visits_of(made)}
        for _ in range(data.draw(st.integers(1, 5))):
            if (act := data.draw(st.sampled_from(ACTS))) == "later":
                now += data.draw(st.integers(1, 40)) * timedelta(hours=1)
                continue
            frozen = {v.pk: facts(v) for v in visits_of(made) if v.status != Status.BOOKED or v.starts_at <= now}
            before = {visit.pk: facts(visit) for visit in visits_of(made)}
            looked = AuditEvent.objects.filter(is_look=False).count()
            with contextlib.suppress(BookingRefused), transaction.atomic():
                one_act(place, act, made, now, data)
            after = {visit.pk: facts(visit) for visit in visits_of(made)}
            assert {visit.uid for visit in visits_of(made)} == numbers
            if act in ("change", "call off", "move one"):
                assert {pk: after[pk] for pk in frozen} == frozen
            changed = [pk for pk in after if after[pk] != before[pk]]
            assert AuditEvent.objects.filter(is_look=False).count() - looked >= len(changed)
            every_visit_stands_for_a_day_of_its_rule(made)
            nothing_overlaps()
        transaction.set_rollback(True)


def facts(visit: Appointment) -> tuple[Any, ...]:
    return (
        visit.starts_at,
        visit.ends_at,
        visit.practitioner_id,
        visit.status,
        visit.version,
        visit.series_id,
        visit.occurrence,
    )


def one_act(place: SimpleNamespace, act: str, made: Series, now: datetime, data: st.DataObject) -> None:
    visits = visits_of(made)
    one = data.draw(st.sampled_from(visits))
    since = data.draw(st.sampled_from([None, one]))
    if act == "change":
        alone = data.draw(st.booleans())
        chosen = [visit for visit in coming(made, since=since, now=now) if alone or not visit.is_changed_alone]
        if chosen:
            altered(
                place,
                chosen,
                now=now,
                wall=time(data.draw(st.integers(9, 16))),
                shift=data.draw(st.integers(-2, 3)),
                practitioner=data.draw(st.sampled_from(place.practitioners)),
                leave_rest=data.draw(st.booleans()),
            )
    elif act == "move one" and one.starts_at > now:
        at = one.starts_at + data.draw(st.sampled_from([-3, 2, 24])) * timedelta(hours=1)
        booking.move(appointment=one, starts_at=at, by=place.desk, now=now)
    elif act == "call off":
        chosen = coming(made, since=since, now=now)
        series_changes.call_off(visits=chosen, side=Side.PATIENT, reason="x", by=place.desk, now=now)
    elif act == "undo":
        booking.undo(appointment=one, by=place.desk, now=now)
    elif act == "begin":
        booking.start(appointment=one, by=place.desk, now=now)


def every_visit_stands_for_a_day_of_its_rule(made: Series) -> None:
    for visit in visits_of(made):
        assert visit.series is not None
        assert visit.occurrence is not None
        assert 1 <= visit.occurrence <= len(visit.series.days)


def nothing_overlaps() -> None:
    standing = list(Appointment.objects.holding_time().order_by("starts_at"))
    assert all(a.ends_at <= b.starts_at for a, b in pairwise(standing))
    assert Claim.objects.count() == 2 * len(standing)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)  # only to look: what is deferred stays so
