"""Massage and exercises on one day come in the order of the plan, and the small bar adds up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from scheduling import booking
from scheduling.models import Appointment
from scheduling.rules import day_clash
from scheduling.views.panels import bar
from tests.factories import scheduling as make
from tests.factories import treatments as clinical
from tests.factories.scheduling import a_small_clinic, local
from treatments.models import SameDay

TEN, NOON = local(24, 10), local(24, 12)


@pytest.mark.parametrize(
    ("order", "kind", "at", "other", "said"),
    [
        ("massage_first", "massage", TEN, ("physical_therapy", NOON), ""),
        ("massage_first", "massage", NOON, ("physical_therapy", TEN), "order"),
        ("massage_first", "physical_therapy", NOON, ("massage", TEN), ""),
        ("massage_first", "physical_therapy", TEN, ("massage", NOON), "order"),
        ("exercises_first", "massage", TEN, ("physical_therapy", NOON), "order"),
        ("exercises_first", "physical_therapy", TEN, ("massage", NOON), ""),
        ("apart", "massage", TEN, ("physical_therapy", NOON), "apart"),
        ("apart", "massage", TEN, ("massage", NOON), ""),
        ("any", "massage", NOON, ("physical_therapy", TEN), ""),
    ],
)
def test_the_order_of_a_day_is_the_plans(order, kind, at, other, said):
    assert day_clash(order, kind, at, [(other[1], other[0])]) == said


def test_alone_on_its_day_nothing_is_wrong():
    assert all(day_clash(order, "massage", TEN, []) == "" for order in SameDay.values)


@pytest.fixture
def place(db):
    return a_small_clinic()


def test_the_desk_is_warned_of_massage_after_exercises_and_may_book_it_all_the_same(place):
    plan = clinical.a_plan(
        author=place.practitioner, massages=(clinical.a_massage("gentle", days_between=0),),
        exercises=clinical.some_exercises(), same_day=SameDay.MASSAGE_FIRST,
    )  # fmt: skip
    massage = plan.interventions.get(kind="massage")
    therapy = plan.interventions.get(kind="physical_therapy")
    first = make.a_visit(place, local(25, 9), patient=plan.patient, intervention=massage)
    Appointment.objects.filter(pk=first.pk).update(intervention=therapy)
    facts = {"patient": plan.patient, "intervention": massage}
    known = make.EVERY_WARNING - {"BOOK-30"}
    with pytest.raises(booking.BookingRefused, match="asks for the other order"):
        make.a_visit(place, local(25, 12), despite=known, **facts)
    assert make.a_visit(place, local(25, 12), **facts).pk


def test_the_bar_is_whole_and_leaves_out_what_is_nothing():
    stretches = bar({"held": 2, "booked": 1, "left": 0, "missed": 1})
    assert [(s["name"], s["at"], s["wide"]) for s in stretches] == [
        ("held", "0.00", "50.00"), ("booked", "50.00", "25.00"), ("missed", "75.00", "25.00"),
    ]  # fmt: skip
    assert bar({"held": 0, "booked": 0, "left": 0, "missed": 0}) == []


def test_a_session_charted_without_a_booking_counts_as_done(client, place):
    plan = clinical.a_plan(author=place.practitioner)
    clinical.a_signed_note(plan, visit_uid=None, service_at=clinical.NOW - timedelta(days=1))
    client.force_login(place.desk, backend="allauth.account.auth_backends.AuthenticationBackend")
    url = reverse("scheduling:plan_progress", args=[plan.uid])
    line = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<strong>1</strong> done, 0 booked, 5 to book" in line
    assert "1 more was charted without a booking and counts as done." in client.get(url).content.decode()
