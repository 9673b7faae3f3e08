"""A year of weekly visits in three zones, booked, planned and sent through the verbs, over every change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic import messaging
from clinic.messaging_states import State
from clinic.models import OutboundMessage
from patients.models import Patient
from scheduling import message_rules, reminders
from scheduling.models import Appointment, MessageRule
from scheduling.wallclock import reached
from tests.factories import scheduling as make

#: In the quick tier tests.scheduling.test_due goes through the year without a database.
pytestmark = [pytest.mark.django_db, pytest.mark.long]
HOUR, DAY = 60, 24 * 60
BEGINS = date(2026, 1, 5)
#: So that night, early morning and late evening come up as well.
WALLS = [time(9), time(13, 20), time(16), time(6, 45), time(21, 30), time(11, 5), time(2, 30)]


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])
def test_every_reminder_of_a_year_goes_out_once_at_its_own_local_time_and_none_in_quiet_hours(zone: str) -> None:
    tz = ZoneInfo(zone)
    place = make.a_small_clinic(zone=zone)
    now = datetime(2025, 12, 28, 12, tzinfo=UTC)
    message_rules.add(purpose="visit_reminder", anchor="visit", minutes=3 * HOUR, by=place.desk, now=now)
    patient = make.a_reachable_patient()
    visits = [a_visit(place, patient, week, tz, now) for week in range(52)]
    messaging.deliver_all(now=now)
    for at in sorted(set(OutboundMessage.objects.stoppable().values_list("due_at", flat=True))):
        reminders.plan_missing(now=at - timedelta(seconds=1))
        messaging.deliver_all(now=at)
    sent = 0
    for visit in visits:
        rows = list(OutboundMessage.objects.about(visit.uid).gone_out().filter(purpose="visit_reminder"))
        sent += len(rows)
        assert rows, "each visit is reminded of"
        assert len({row.rule_uid for row in rows}) == len(rows), "no rule speaks twice"
        for row in rows:
            assert row.accepted_at is not None
            assert 8 <= row.accepted_at.astimezone(tz).hour < 21
            assert row.accepted_at < visit.starts_at
            assert timedelta(0) <= row.accepted_at - expected(visit, row, tz) < timedelta(minutes=1)
    assert sent > 52
    assert not OutboundMessage.objects.waiting().exists()
    assert {*OutboundMessage.objects.values_list("state", flat=True)} <= {State.ACCEPTED, State.SUPPRESSED}


def a_visit(place: Any, patient: Patient, week: int, tz: ZoneInfo, now: datetime) -> Appointment:
    at = reached(BEGINS + timedelta(days=8 * week % 364), WALLS[week % len(WALLS)], tz)
    return make.a_visit(place, at, patient=patient, now=now)


def expected(visit: Appointment, row: OutboundMessage, tz: ZoneInfo) -> datetime:
    """By the clock on the wall alone: the same time the day before, or three hours before; else that evening before."""
    minutes = 3 * HOUR if row.rule_uid != usual() else DAY
    local = visit.starts_at.astimezone(tz)
    if minutes == DAY:
        wanted = reached(local.date() - timedelta(days=1), local.time().replace(fold=0), tz)
    else:
        wanted = visit.starts_at - timedelta(minutes=minutes)
    shown = wanted.astimezone(tz)
    if 8 <= shown.hour < 21:
        return wanted
    day = shown.date() if shown.hour >= 21 else shown.date() - timedelta(days=1)
    return reached(day, time(20, 30), tz)


def usual() -> Any:
    return MessageRule.objects.get(minutes=DAY).uid
