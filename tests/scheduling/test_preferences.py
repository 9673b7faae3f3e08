"""When a patient would rather come: said once, offered first, never a rule."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.test import Client

from clinic.forms import StaleRecord
from clinic.models import AuditEvent
from scheduling import offering, preferences
from scheduling.availability import Ask
from scheduling.intervals import Interval
from scheduling.models import TimePreference
from tests.factories import scheduling as make
from tests.factories.scheduling import NEW_YORK, NOW, local
from tests.scheduling.test_pages import at, text

pytestmark = pytest.mark.django_db


def test_a_wish_fits_by_day_and_hours_on_the_wall() -> None:
    wish = TimePreference(weekdays=[1, 3], earliest=time(16), latest=time(18))
    assert wish.fits(local(24, 16), local(24, 17), NEW_YORK)
    assert not wish.fits(local(25, 16), local(25, 17), NEW_YORK), "a Wednesday"
    assert not wish.fits(local(24, 15, 45), local(24, 16, 45), NEW_YORK), "too early"
    assert not wish.fits(local(24, 17, 30), local(24, 18, 30), NEW_YORK), "over too late"
    assert TimePreference().fits(local(24, 3), local(24, 4), NEW_YORK)


def test_times_that_suit_come_first_after_whom_the_patient_knows(place: Any) -> None:
    patient = make.a_patient()
    wish = preferences.say(patient=patient, earliest=time(15), by=place.desk, now=NOW)
    ask = Ask(place.service, place.location, Interval(local(25, 0), local(26, 0)), patient=patient)
    (day,) = offering.days(ask, known=set(), now=NOW, wish=wish)
    assert {offer.suits for offer in day.offers if offer.starts_at >= local(25, 15)} == {True}
    assert sum(offer.suits for offer in day.offers) == len(day.offers), "eight suit, so only such are shown"
    known = {place.practitioners[1].pk}
    (day,) = offering.days(ask, known=known, now=NOW, wish=wish)
    best = next(offer for offer in day.offers if offer.is_best)
    assert (best.practitioner.pk in known, best.suits) == (True, True)


def test_it_is_said_shown_and_used_at_the_desk(place: Any, desk: Client) -> None:
    patient = make.a_patient()
    url = at("preferred_times", patient.uid)
    who = place.practitioners[1]
    typed = {"weekdays": ["1", "3"], "earliest": "16:00", "practitioner": who.uid, "revision": 1}
    assert desk.post(url, typed).status_code == 303
    panel = text(desk.get(at("patient_panel", patient.uid)))
    assert f"Would rather come Tue, Thu after 16:00 with {who.user.get_short_name()}" in panel
    assert "suits the patient" in text(desk.get(at("book", patient=patient.uid)))
    assert AuditEvent.objects.filter(action="patient.preferred_times_set", patient_uid=patient.uid).count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"earliest": "17:00", "latest": "16:00"}, "The hours end before they begin"),
        ({"weekdays": ["9"]}, "not one of the available choices"),
        ({"practitioner": "nobody"}, "not one of the available choices"),
        ({"earliest": "25:00"}, "Enter a valid time"),
    ],
)
def test_what_cannot_be_is_refused_and_stays_in_the_form(place: Any, desk: Client, typed: Any, sentence: str) -> None:
    answer = desk.post(at("preferred_times", make.a_patient().uid), {"latest": "18:00", "revision": 1} | typed)
    assert answer.status_code == 422
    assert sentence in text(answer)


def test_the_second_of_two_people_is_told(place: Any) -> None:
    patient = make.a_patient()
    preferences.say(patient=patient, weekdays=[1], revision=1, by=place.desk, now=NOW)
    with pytest.raises(StaleRecord):
        preferences.say(patient=patient, weekdays=[2], revision=1, by=place.desk, now=NOW)
    kept = preferences.of(patient)
    assert kept is not None
    assert kept.weekdays == [1]
