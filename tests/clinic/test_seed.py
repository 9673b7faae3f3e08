"""The demo clinic: whole, the same every time, and never made where a real one is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from billing import verification
from billing.models import Invoice
from clinic import audit
from clinic import time as clock
from clinic.demo import bulk, clinic
from clinic.demo.sign_ins import PASSWORD, SIGN_INS
from clinic.models import DeskTask, Location, OutboundMessage, User
from clinic.models.messages import State
from patients import search
from patients.models import Patient
from scheduling import touched
from scheduling.models import (
    Appointment,
    Claim,
    GroupSession,
    Hold,
    Series,
    TimePreference,
    WaitlistEntry,
    WaitlistOffer,
)
from scheduling.states import HOLDS_TIME, Outcome, Status, Waiting
from treatments import notes
from treatments.models import Plan, SessionNote

#: Tuesday, noon in New York.
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("official")]


class _TakenBack(Exception):
    """Ends a transaction whose work was only to be looked at."""


def build(count: int = 40) -> None:
    clinic.build(patients_count=count, now=NOW, tell=lambda _: None)


def facts() -> str:
    """A digest of who is there, and of their visits, notes, plans and bills."""
    told: list[Any] = [
        *Patient.objects.order_by("pk").values_list("given_name", "family_name", "born_on", "email", "registered_at"),
        *Appointment.objects.order_by("pk").values_list(
            "patient__family_name", "practitioner__user__email", "starts_at", "status", "confirmed_at"
        ),
        *SessionNote.objects.order_by("pk").values_list("subjective", "pain_before", "status", "signed_at"),
        *Plan.objects.order_by("pk").values_list("patient__family_name", "status", "version"),
        *Invoice.objects.order_by("pk").values_list("number", "total", "issued_on"),
        *WaitlistEntry.objects.order_by("pk").values_list(
            "patient__family_name", "service__name", "status", "asked_at"
        ),
        *WaitlistOffer.objects.order_by("pk").values_list("starts_at", "practitioner__user__email", "outcome"),
        *Hold.objects.order_by("pk").values_list("patient__family_name", "starts_at", "runs_out_at"),
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def test_a_clinic_that_is_there_is_left_alone(settings: Any) -> None:
    settings.DEMO = True
    User.objects.create_user(email="someone@clinic.example", name="Someone", roles=["owner"])
    with pytest.raises(CommandError, match="There is a clinic already"):
        call_command("seed", verbosity=0)


def test_a_clinic_that_is_no_demo_is_left_alone(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="This is no demo"):
        call_command("seed", verbosity=0)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "opened_at",
    [
        pytest.param(datetime(2026, 11, 24, 9, 10, tzinfo=UTC), marks=pytest.mark.long),  # ten past four there
        pytest.param(datetime(2026, 11, 23, 3, 40, tzinfo=UTC), marks=pytest.mark.long),  # Sunday, 22:40
        pytest.param(datetime(2026, 11, 24, 5, 5, tzinfo=UTC), marks=pytest.mark.long),  # five past midnight
        pytest.param(datetime(2026, 11, 24, 13, 30, tzinfo=UTC), marks=pytest.mark.long),  # half past eight
    ],
)
def test_whenever_the_demo_is_first_opened_its_day_is_in_full_swing(official: None, opened_at: datetime) -> None:
    clinic.build(patients_count=40, now=opened_at, tell=lambda _: None)
    place = Location.objects.order_by("pk").first()
    since, until = clock.day_bounds(clock.local_day(opened_at, place.tz), place.tz)
    today = Appointment.objects.filter(location=place, starts_at__gte=since, starts_at__lt=until)
    assert today.filter(arrived_at__isnull=False).count() >= 2
    assert today.filter(starts_at__gt=opened_at).exclude(status=Status.CANCELLED).exists() or until - opened_at < (
        timedelta(hours=2)
    )


@pytest.mark.long
@pytest.mark.parametrize("hour", [2, 13, 16, 20])
def test_a_small_demo_is_made_at_any_hour_although_its_few_patients_are_busy(official: None, hour: int) -> None:
    clinic.build(patients_count=12, now=NOW.replace(hour=hour, minute=1), tell=lambda _: None)
    assert WaitlistOffer.objects.pending().count() == 2
    assert Series.objects.count() == 2
    assert GroupSession.objects.standing().count() == 5


# From here on the demo is there; every test takes back only what it did itself.


@pytest.fixture(scope="module")
def built(official: None, django_db_blocker: Any) -> Iterator[tuple[str, str]]:
    """The demo, made twice: what was said of each. The second stands until the module is through."""
    with django_db_blocker.unblock(), suppress(_TakenBack), transaction.atomic():
        first = ""
        with suppress(_TakenBack), transaction.atomic():
            build()
            first = facts()
            raise _TakenBack
        build()
        yield first, facts()
        raise _TakenBack


def test_the_demo_is_the_same_every_time(built: tuple[str, str]) -> None:
    first, second = built
    assert first == second


def test_the_demo_is_whole(built: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # claims, allergies, the ledger: all that waits for the commit

    assert Patient.objects.filter(merged_into__isnull=True).count() == 40
    assert Patient.objects.filter(merged_into__isnull=False).count() == 1
    assert Patient.objects.filter(deactivated_at__isnull=False).exists()
    assert {status for (status,) in Plan.objects.values_list("status")} == {"accepted", "proposed"}
    assert {status for status, in Appointment.objects.values_list("status")} >= {
        Status.BOOKED, Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW,
    }  # fmt: skip
    holding = Appointment.objects.filter(status__in=HOLDS_TIME)
    alone = holding.filter(session__isnull=True)
    assert Claim.objects.filter(appointment__in=alone).values("appointment").distinct().count() == alone.count()
    assert holding.filter(session__isnull=False).count() >= 4
    assert holding.exclude(overbook_reason="").count() == 1
    assert GroupSession.objects.standing().count() == 5
    assert TimePreference.objects.count() == 4

    assert SessionNote.objects.signed().exists()
    assert SessionNote.objects.exclude(signed_at__isnull=False).exists()
    assert notes.altered() == []
    assert verification.verify() == []
    items, ledger = verification.open_items_equal_ledger()
    assert items == ledger > 0
    assert Invoice.objects.issued().filter(due_on__lt=NOW.date()).exists()
    chain = audit.verify()
    assert chain.whole
    assert chain.unsealed == 0
    assert {task.kind for task in DeskTask.objects.open()} == {DeskTask.Kind.MOVE_WANTED, DeskTask.Kind.CALL_PATIENT}


def test_who_looks_at_the_waitlist_groups_series_and_absences_sees_life(built: Any) -> None:
    statuses = [status for (status,) in WaitlistEntry.objects.values_list("status")]
    assert {*statuses} == {Waiting.WAITING, Waiting.OFFERED, Waiting.TAKEN, Waiting.WITHDRAWN}
    assert WaitlistEntry.objects.on_the_list().count() == 6
    assert WaitlistEntry.objects.on_the_list().filter(earlier_than__isnull=False).count() == 1
    outcomes = [outcome for (outcome,) in WaitlistOffer.objects.order_by("outcome").values_list("outcome")]
    assert sorted(outcomes) == sorted([Outcome.DECLINED, Outcome.ACCEPTED, Outcome.PENDING, Outcome.PENDING])
    assert WaitlistOffer.objects.pending().filter(by_phone=True).count() == 1
    assert Hold.objects.kept(NOW).filter(offer__isnull=True).count() == 1, "one is kept without an offer"

    weekly, other = Series.objects.order_by("pk")
    assert [Appointment.objects.filter(series=one).count() for one in (weekly, other)] == [6, 4]
    off_the_rule = [visit for visit in Appointment.objects.filter(series=weekly) if visit.version > 1]
    assert len(off_the_rule) == 1, "one was moved since"
    coming = GroupSession.objects.standing().filter(starts_at__gt=NOW)
    assert all(Appointment.objects.filter(session=one).holding_time().count() == 4 for one in coming)
    assert not Appointment.objects.coming(NOW).filter(patient__deactivated_at__isnull=False).exists()
    (ill,) = touched.unplaced(NOW)
    assert ill.visits >= 1


def test_what_was_said_of_it_went_out_days_ago_or_waits_for_its_hour(built: Any) -> None:
    of_offers = OutboundMessage.objects.filter(subject_kind="scheduling.waitlistoffer")
    assert of_offers.count() == 3, "who reads no mail is called"
    assert {state for (state,) in of_offers.values_list("state")} == {State.ACCEPTED}
    assert not OutboundMessage.objects.filter(state=State.PLANNED, due_at__lte=NOW).exists()


def test_the_first_start_of_the_demo_writes_to_nobody(built: Any) -> None:
    planned = OutboundMessage.objects.filter(state=State.PLANNED)
    assert planned.exists()
    assert not OutboundMessage.objects.due(NOW).exists()


def test_everyone_on_the_sign_in_page_can_sign_in(built: Any) -> None:
    for email, _ in SIGN_INS:
        assert User.objects.get(email=email).check_password(PASSWORD)
    assert User.objects.filter(roles__len=2).exists()


def test_people_in_bulk_are_found_and_keep_every_rule(built: Any, settings: Any) -> None:
    settings.DEMO = True
    call_command("seed", add=True, patients=500, practitioners=3, days=5, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    assert Patient.objects.count() == 541
    assert Patient.objects.values("number").distinct().count() == 541
    one = Patient.objects.latest("pk")
    assert one.given_key
    assert search.find(one.family_name, by=User.objects.get(email="desk@tonus.example"), now=NOW).hits
    added = Appointment.objects.filter(practitioner__user__email__startswith="staff")
    assert added.count() == 3 * 5 * len(bulk.SLOTS)
    assert added.filter(starts_at__gt=NOW - timedelta(days=bulk.BEFORE_TODAY - 1)).count() == 0
    assert Claim.objects.filter(appointment__in=added).count() == 2 * added.count()
