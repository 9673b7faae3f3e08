"""A referral's sessions: ordered, used, booked, left. The pages and the checks before a booking count alike."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from scheduling import booking, referrals
from scheduling.models import Appointment
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories import treatments as care
from tests.factories.scheduling import local
from treatments import episodes
from treatments.models import Intervention

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    place = make.a_small_clinic(practitioners=1)
    place.plan = care.a_plan(author=place.practitioner, massages=(care.a_massage("gentle", days_between=0),))
    place.part = Intervention.objects.select_related("plan__episode").get(plan=place.plan)
    return place


def visit(place, day, **facts):
    return make.a_visit(place, local(day, 10), patient=place.plan.patient, intervention=place.part, **facts)


def held(place, day):
    booked = visit(place, day)
    Appointment.objects.filter(pk=booked.pk).update(status="completed", completed_at=local(day, 11))
    return booked


def use_of(place):
    return referrals.use_of(place.plan.episode_id)


def test_without_a_referral_there_is_nothing_to_count(place):
    visit(place, 25)
    assert use_of(place) is None


def test_held_and_booked_visits_from_its_day_on_count_and_earlier_or_called_off_ones_do_not(place):
    care.a_referral(place.plan.episode, dated_on=date(2026, 11, 26), sessions_authorised=6)
    held(place, 25)
    held(place, 26)
    visit(place, 27)
    called_off = visit(place, 28)
    booking.cancel(appointment=called_off, by=place.desk, now=make.NOW, reason="Away")
    use = use_of(place)
    assert (use.done, use.booked, use.left) == (1, 1, 4)


def test_a_session_charted_without_a_visit_is_used_on_its_day_at_the_clinic(place):
    care.a_referral(place.plan.episode, dated_on=care.TODAY, sessions_authorised=6)
    late = care.NOW.replace(hour=4)  # eleven in the evening of the day before, in New York
    care.a_signed_note(place.plan, visit_uid=None, service_at=late)
    assert use_of(place).done == 0
    care.a_signed_note(place.plan, visit_uid=None, service_at=care.NOW - timedelta(hours=2))
    assert (use_of(place).done, use_of(place).left) == (1, 5)


def test_a_newer_referral_begins_anew_and_one_that_was_struck_out_does_not_count(place):
    first = care.a_referral(place.plan.episode, dated_on=care.TODAY, sessions_authorised=2)
    visit(place, 25)
    second = care.a_referral(place.plan.episode, dated_on=date(2026, 11, 26), sessions_authorised=9)
    visit(place, 27)
    assert (use_of(place).referral, use_of(place).left) == (second, 8)
    episodes.void(second, reason="Another patient's", by=place.desk, now=make.NOW)
    assert (use_of(place).referral, use_of(place).left) == (first, 0)


def test_no_number_ordered_means_none_can_be_left(place):
    care.a_referral(place.plan.episode, sessions_authorised=None)
    visit(place, 25)
    assert (use_of(place).booked, use_of(place).left) == (1, None)


@pytest.mark.parametrize("charted", [0, 1])
def test_the_desk_is_warned_when_the_page_says_that_none_are_left_and_not_before(place, charted):
    """One rule: what the page counts is what the booking is checked by."""
    care.a_referral(place.plan.episode, sessions_authorised=2 + charted)
    for n in range(charted):
        care.a_signed_note(place.plan, visit_uid=None, service_at=care.NOW - timedelta(hours=n + 1))
    known = make.EVERY_WARNING - {"BOOK-27"}
    for day in (25, 26):
        assert use_of(place).left > 0
        visit(place, day, despite=known)
    assert use_of(place).left == 0
    with pytest.raises(booking.BookingRefused, match=f"covers {2 + charted} sessions"):
        visit(place, 27, despite=known)


# -- The pages ------------------------------------------------------------------------------------------


def line_of(client, place, **headers):
    url = reverse("scheduling:referral_use", args=[place.plan.episode.uid])
    return " ".join(client.get(url, headers=headers).content.decode().split())


def test_episode_and_plan_show_ordered_used_booked_left_and_until_when(place, client):
    care.a_referral(place.plan.episode, sessions_authorised=12, expires_on=date(2030, 1, 31))
    held(place, 25)
    visit(place, 26)
    client.force_login(place.desk, backend="allauth.account.auth_backends.AuthenticationBackend")
    line = line_of(client, place, **{"HX-Request": "true"})
    assert "<strong>12</strong> ordered: 1 used, 1 booked, 10 left · until 31 Jan" in line
    assert "<html" not in line
    address = reverse("scheduling:referral_use", args=[place.plan.episode.uid])
    for name, uid in (("episode", place.plan.episode.uid), ("plan", place.plan.uid)):
        assert f'hx-get="{address}"' in client.get(reverse(f"treatments:{name}", args=[uid])).content.decode()
    assert "Dr. Okafor" in line_of(client, place)


def test_an_expired_one_and_one_that_is_used_up_say_so(place, client):
    care.a_referral(place.plan.episode, dated_on=date(2026, 1, 5), sessions_authorised=1, expires_on=date(2026, 2, 1))
    visit(place, 25)
    client.force_login(place.desk, backend="allauth.account.auth_backends.AuthenticationBackend")
    line = line_of(client, place)
    assert "none left" in line
    assert "expired 1 Feb" in line


def test_who_may_not_see_plans_sees_no_referral(place, client):
    stranger = people.staff()
    client.force_login(stranger, backend="allauth.account.auth_backends.AuthenticationBackend")
    url = reverse("scheduling:referral_use", args=[place.plan.episode.uid])
    assert client.get(url).status_code in (403, 404)


@pytest.mark.parametrize("visits", [1, 4])
def test_it_costs_the_same_with_one_visit_and_with_four(place, visits, django_assert_num_queries):
    care.a_referral(place.plan.episode)
    for day in range(visits):
        visit(place, 25 + day)
    with django_assert_num_queries(2):
        assert use_of(place).booked == visits
