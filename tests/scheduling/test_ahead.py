"""The page of one day: what goes out, to whom and why; what does not, and why not; and the reckoning of it."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic import messaging
from clinic.messaging_states import Reason, State
from clinic.models import AuditEvent, OutboundMessage
from patients import consent
from scheduling import ahead, booking, message_rules, reminders
from scheduling.models import DayReckoned, MessageRule
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.scheduling.test_message_rules import HOUR, a_rule
from tests.scheduling.test_pages import at, text

pytestmark = pytest.mark.django_db
TOMORROW = date(2026, 11, 25)


def lines(day: date = TOMORROW, now: Any = NOW) -> dict[str, str]:
    """By who it is for: why it goes out, or why not."""
    found = ahead.of_day(day, now=now)
    return {line.who: line.why_not or line.why for line in found.lines}


def test_tomorrow_says_who_is_reminded_when_and_why(place: SimpleNamespace, desk: Client) -> None:
    ana = make.a_reachable_patient()
    make.a_visit(place, local(26, 14), patient=ana)
    [line] = ahead.of_day(TOMORROW, now=NOW).lines
    assert (line.at, line.who, line.why, line.why_not) == (
        local(25, 14),
        ana.display_name,
        "1 day before the visit",
        "",
    )
    page = text(desk.get(at("messages_ahead")))
    for said in (ana.display_name, "14:00", "1 day before the visit", "Waiting", "The outbox has all 1"):
        assert said in page
    assert place.service.name not in page
    assert AuditEvent.objects.filter(action="messages.viewed", detail__patients=[str(ana.uid)]).exists()


def test_a_wish_of_their_own_and_the_night_are_named_as_reasons(place: SimpleNamespace) -> None:
    bea = make.a_reachable_patient(given_name="Bea", lead_hours=12)
    make.a_visit(place, local(26, 9), patient=bea)
    assert lines() == {bea.display_name: "12 hours before the visit, as they wish, sooner because of the night"}


def test_who_gets_nothing_stands_there_with_the_reason(place: SimpleNamespace) -> None:
    silent = make.a_patient(given_name="Sil", email="s@p.example", preferred_channel="email")
    refused = make.a_patient(given_name="Ref", email="r@p.example", preferred_channel="none")
    make.a_visit(place, local(26, 10), patient=silent)
    make.a_visit(place, local(26, 12), patient=refused)
    assert lines() == {
        silent.display_name: Reason.NO_CONSENT.label,
        refused.display_name: Reason.OPTED_OUT.label,
    }
    assert not ahead.of_day(TOMORROW, now=NOW).missing


def test_what_was_called_off_or_moved_is_not_on_the_list(place: SimpleNamespace) -> None:
    off = make.a_visit(place, local(26, 10), patient=make.a_reachable_patient())
    moved = make.a_visit(place, local(26, 12), patient=make.a_reachable_patient())
    booking.cancel(appointment=off, side="patient", by=place.desk, now=NOW)
    booking.move(appointment=moved, starts_at=local(30, 12), by=place.desk, now=NOW)
    assert lines() == {}
    assert list(lines(date(2026, 11, 29))) == [moved.patient.display_name]


def test_what_the_outbox_lacks_shows_until_the_planner_has_seen_to_it(place: SimpleNamespace, desk: Client) -> None:
    make.a_visit(place, local(26, 14), patient=make.a_reachable_patient())
    OutboundMessage.objects.all().delete()
    found = ahead.of_day(TOMORROW, now=NOW)
    assert (found.asked, found.written, len(found.missing)) == (1, 0, 1)
    assert "1 that the diary asks for is not in the outbox yet" in text(desk.get(at("messages_ahead")))
    reminders.plan_missing(now=NOW)
    found = ahead.of_day(TOMORROW, now=NOW)
    assert (found.asked, found.written, found.missing) == (1, 1, [])


def test_reminders_to_one_address_on_one_day_are_shown_as_one_message(place: SimpleNamespace) -> None:
    ana = make.a_reachable_patient()
    make.a_visit(place, local(26, 10), patient=ana)
    make.a_visit(place, local(26, 14), patient=ana)
    first, second = ahead.of_day(TOMORROW, now=NOW).lines
    assert (first.with_at, second.with_at) == (None, local(25, 10))


def test_what_a_retired_rule_had_planned_does_not_go_out_and_is_gone_once_the_planner_ran(
    place: SimpleNamespace,
) -> None:
    ana = make.a_reachable_patient()
    make.a_visit(place, local(26, 14), patient=ana)
    message_rules.retire(MessageRule.objects.get(), by=place.desk, now=NOW)
    assert lines() == {ana.display_name: Reason.RULE_CHANGED.label}
    reminders.plan_missing(now=NOW)
    assert lines() == {}


def test_any_day_can_be_chosen_and_nonsense_is_tomorrow(place: SimpleNamespace, desk: Client) -> None:
    visit = make.a_visit(place, local(3, 14, month=12), patient=make.a_reachable_patient())
    page = text(desk.get(at("messages_ahead", day="2026-12-02")))
    assert visit.patient.display_name in page
    assert "?day=2026-12-01" in page
    for nonsense in ("2026-13-41", "9999-12-31", "<b>"):
        answer = desk.get(at("messages_ahead", day=nonsense))
        assert answer.status_code == 200
        assert "tomorrow" in text(answer)


def test_the_page_costs_the_same_with_one_line_and_with_four(place: SimpleNamespace, desk: Client) -> None:
    def cost(visits: int) -> int:
        for _ in range(visits):
            hour = 9 + OutboundMessage.objects.filter(purpose="visit_reminder").count()
            make.a_visit(place, local(26, hour), patient=make.a_reachable_patient())
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(at("messages_ahead")).status_code == 200
        return len(asked)

    cost(0)
    assert cost(1) == cost(3)
    assert len(ahead.of_day(TOMORROW, now=NOW).lines) == 4


# -- The reckoning -------------------------------------------------------------------------------------------


def test_a_day_that_is_over_is_reckoned_once_and_balances(
    place: SimpleNamespace, desk: Client, standing_clock: Any
) -> None:
    a_rule(place, 3 * HOUR)
    for hour in (10, 12):
        make.a_visit(place, local(26, hour), patient=make.a_reachable_patient())
    make.a_visit(
        place, local(26, 15), patient=make.a_patient(given_name="Sil", email="s@p.example", preferred_channel="email")
    )
    for hour in range(24):
        messaging.deliver_all(now=local(25, hour))
    next_day = local(26, 7)
    row = ahead.reckon(now=next_day)
    assert row is not None
    assert (row.day, row.asked, row.missing) == (TOMORROW, 4, 0)  # the night moves one of three hours before into it
    assert ahead.reckon(now=next_day) is None
    assert DayReckoned.objects.count() == 1
    standing_clock.move_to(next_day)
    desk.force_login(place.desk)
    assert "the outbox had all 4" in text(desk.get(at("messages_ahead", day="2026-11-25")))


def test_a_reminder_that_was_lost_is_found_by_the_reckoning(place: SimpleNamespace, sign_in: Any) -> None:
    lost = make.a_visit(place, local(26, 14), patient=make.a_reachable_patient())
    make.a_visit(place, local(26, 10), patient=make.a_reachable_patient())
    OutboundMessage.objects.about(lost.uid).delete()
    row = ahead.reckon(now=local(26, 7))
    assert row is not None
    assert (row.asked, row.written) == (2, 1)
    owner = sign_in(people.an_owner())
    assert "On 25 Nov 2026 it lacked 1 of 2." in text(owner.get("/office/health/"))


def test_what_was_booked_called_off_or_asked_for_later_is_not_held_against_the_day(place: SimpleNamespace) -> None:
    off = make.a_visit(place, local(26, 10), patient=make.a_reachable_patient())
    booking.cancel(appointment=off, side="patient", by=place.desk, now=NOW)
    make.a_visit(place, local(26, 12), patient=make.a_reachable_patient(), now=local(25, 16))
    moved = make.a_visit(place, local(30, 12), patient=make.a_reachable_patient())
    booking.move(appointment=moved, starts_at=local(26, 14), by=place.desk, now=local(25, 17))
    make.a_visit(place, local(27, 14), patient=make.a_reachable_patient())
    a_rule(place, 2 * 24 * HOUR, now=local(25, 18))
    row = ahead.reckon(now=local(26, 7))
    assert row is not None
    assert row.missing == 0


def test_more_written_than_asked_cannot_be_stored(place: SimpleNamespace) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        DayReckoned.objects.create(day=TOMORROW, asked=1, written=2, reckoned_at=NOW)


def test_a_message_that_went_out_or_failed_says_so_on_the_day_it_was_due(place: SimpleNamespace) -> None:
    visit = make.a_visit(place, local(26, 14), patient=make.a_reachable_patient())
    for now in (NOW, local(25, 14)):
        messaging.deliver_all(now=now)
    [line] = [line for line in ahead.of_day(TOMORROW, now=local(25, 15)).lines if line.visit_at == visit.starts_at]
    assert line.row is not None
    assert line.row.state == State.ACCEPTED
    assert line.goes_out


def test_consent_taken_back_moves_a_line_to_those_that_stay(place: SimpleNamespace) -> None:
    ana = make.a_reachable_patient()
    make.a_visit(place, local(26, 14), patient=ana)
    consent.record(patient=ana, channel="email", given=False, by=place.desk, now=NOW)
    assert lines() == {ana.display_name: Reason.OPTED_OUT.label}
