"""The waitlist at the desk: who waits, what is offered until when, and every button about it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AuditEvent
from scheduling import freed, groups, offers
from scheduling.forms.booking import Pick
from scheduling.models import Appointment, WaitlistEntry, WaitlistOffer
from scheduling.states import Outcome, Waiting
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.factories.waitlist import SOON, an_entry, an_offer, frees, pending, round_of_work

pytestmark = pytest.mark.django_db

LIST = reverse("scheduling:waitlist")


def at(name: str, thing: Any = None, **query: Any) -> str:
    return reverse(f"scheduling:{name}", args=[thing.uid] if thing else [], query=query)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def typed(**facts: Any) -> dict[str, Any]:
    return {"urgency": "2"} | facts


# -- The list --------------------------------------------------------------------------------------------


def test_the_list_says_who_waits_for_what_and_until_when_a_time_is_kept(place: Any, desk: Client) -> None:
    offer = an_offer(place, local(27, 10), weekdays=(4,), note="Lives near")
    said = text(desk.get(LIST))
    for words in (
        offer.entry.patient.display_name, place.service.name, "Fri", "Lives near", "Offered",
        "Fri 27 Nov 2026, 10:00", "kept until Tue 24 Nov 2026, 12:00", "message waiting",
    ):  # fmt: skip
        assert words in said


def test_an_empty_list_says_what_belongs_there(place: Any, desk: Client) -> None:
    assert "Nobody waits" in text(desk.get(LIST))


def test_lists_and_filters_are_in_the_address(place: Any, desk: Client) -> None:
    other = make.a_service("Gait training", discipline="physical_therapy")
    waits, offered = an_entry(place), an_offer(place, local(27, 10), practitioners=(place.practitioner,)).entry
    gone = an_entry(place, service=other)
    offers.withdraw(entry=gone, reason="Has recovered", by=place.desk, now=NOW)

    def names(**query: Any) -> set[str]:
        shown = desk.get(at("waitlist", **query)).content.decode()
        return {e.patient.display_name for e in (waits, offered, gone) if str(e.uid) in shown}

    assert names() == {waits.patient.display_name, offered.patient.display_name}
    assert names(show="offered") == {offered.patient.display_name}
    assert names(show="ended") == {gone.patient.display_name}
    assert names(service=other.uid) == set()
    assert names(practitioner=place.practitioners[1].uid) == {waits.patient.display_name}
    assert names(practitioner=place.practitioner.uid) == {waits.patient.display_name, offered.patient.display_name}
    assert names(show="nonsense", service="nonsense", practitioner="nonsense") == names()


def test_the_page_refreshes_itself_when_something_changed(place: Any, desk: Client) -> None:
    entry = an_entry(place)
    page = desk.get(LIST).content.decode()
    again = re.search(r'hx-get="([^"]+)"', page.split('id="waitlist"')[1])[1].replace("&amp;", "&")
    live = {"HX-Request": "true"}
    assert desk.get(again, headers=live).status_code == 204
    an_offer(place, local(27, 10), entry=entry)
    fresh = desk.get(again, headers=live)
    assert fresh.status_code == 200
    assert "Offered" in text(fresh)
    assert "<html" not in fresh.content.decode()


@pytest.mark.parametrize("rows", [1, 4])
def test_the_list_costs_the_same_however_many_wait(place: Any, desk: Client, rows: int) -> None:
    for n in range(rows):
        present = make.a_visit(place, local(30, 9 + n))
        an_offer(
            place, local(27, 9 + n), patient=present.patient, earlier_than=present, practitioners=(place.practitioner,)
        )
        frees(make.a_visit(place, local(26, 9 + n)), by=place.desk)
        an_entry(place, locations=(place.location,))
    freed.run(now=NOW)
    desk.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(LIST).status_code == 200
    assert len(queries) <= 30


def test_the_bound_on_the_lists_queries_is_met_exactly(place: Any, desk: Client) -> None:
    """So that a query a row would break it: the same with one row and with four."""
    costs = []
    for _ in range(4):
        an_offer(place, local(27, 9 + len(costs)), practitioners=(place.practitioner,))
        desk.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            desk.get(LIST)
        costs.append(len(queries))
    assert len(set(costs)) == 1


def test_what_became_free_is_shown_with_how_many_wait_for_it(place: Any, desk: Client) -> None:
    an_entry(place), an_entry(place)
    frees(make.a_visit(place, local(27, 10)), by=place.desk)
    said = text(desk.get(LIST))
    assert "Became free" in said
    assert "Fri 27 Nov 2026, 10:00" in said
    assert "2 wait for it" in said


def test_calling_off_says_how_many_wait_for_the_time(place: Any, desk: Client) -> None:
    an_entry(place)
    visit = make.a_visit(place, local(27, 10))
    answer = desk.post(at("cancel", visit), {"side": "patient", "reason": "Ill", "version": 1}, follow=True)
    assert "1 on the waitlist would like it and is asked in turn" in text(answer)


# -- Put on ----------------------------------------------------------------------------------------------


def test_from_the_booking_page_everything_decided_is_filled_in(place: Any, desk: Client) -> None:
    patient = make.a_reachable_patient()
    page = desk.get(at("book", patient=patient.uid, service=place.service.uid, practitioner=place.practitioner.uid))
    link = re.search(r'href="([^"]*waitlist/add/[^"]*)"', page.content.decode())[1].replace("&amp;", "&")
    form = desk.get(link).context["form"]
    assert form["service"].value() == place.service.uid
    assert form["practitioners"].value() == [place.practitioner.uid]
    data = typed(
        service=place.service.uid, practitioners=[place.practitioner.uid], weekdays=["1", "3"], earliest="14:00"
    )
    answer = desk.post(link, data | {"patient": patient.uid})
    entry = WaitlistEntry.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == at("waitlist_entry", entry)
    assert (entry.patient, entry.service, entry.weekdays, f"{entry.earliest:%H:%M}") == (
        patient, place.service, [1, 3], "14:00",
    )  # fmt: skip
    assert list(entry.practitioners.all()) == [place.practitioner]


def test_without_a_patient_one_is_looked_for(place: Any, desk: Client) -> None:
    patient = make.a_reachable_patient(family_name="Okafor")
    assert "for whom?" in text(desk.get(at("waitlist_add")))
    found = desk.post(at("waitlist_add"), {"q": "okaf"}).content.decode()
    assert f"{at('waitlist_add')}?patient={patient.uid}" in found


def test_a_visit_can_be_made_to_come_earlier(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(30, 10), patient=make.a_reachable_patient())
    page = desk.get(at("visit", visit)).content.decode()
    link = re.search(r'href="([^"]*waitlist/add/[^"]*)"', page)[1].replace("&amp;", "&")
    assert "It stays theirs until they take an earlier time" in text(desk.get(link))
    answer = desk.post(link, typed(patient=visit.patient.uid, visit=visit.uid))
    assert answer.status_code == 303
    entry = WaitlistEntry.objects.get()
    assert (entry.earlier_than, entry.service) == (visit, visit.service)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"earliest": "12:00", "latest": "09:00"}, "The hours end before they begin."),
        ({"first_on": "2026-12-09", "last_on": "2026-12-01"}, "The last day is before the first."),
        ({"minutes": "47"}, "Minutes come in fives."),
        ({"practitioners": ["nonsense"]}, "nonsense"),
        ({"service": "nonsense"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_beside_the_field_and_nothing_is_lost(
    place: Any, desk: Client, data: Any, sentence: str
) -> None:
    patient = make.a_reachable_patient()
    facts = {"patient": patient.uid, "service": place.service.uid, "note": "Brings the scans"}
    answer = desk.post(at("waitlist_add"), typed(**facts) | data)
    assert answer.status_code == 422
    said = answer.content.decode()
    assert sentence in said or sentence == "nonsense"
    assert "Brings the scans" in said
    assert not WaitlistEntry.objects.exists()


def test_who_waits_already_is_not_put_on_twice(place: Any, desk: Client) -> None:
    entry = an_entry(place)
    answer = desk.post(at("waitlist_add"), typed(patient=entry.patient.uid, service=place.service.uid))
    assert answer.status_code == 409
    assert "waits for this service already" in text(answer)


def test_who_does_not_do_it_cannot_be_wished_for(place: Any, desk: Client) -> None:
    other = make.a_practitioner(discipline="physical_therapy")
    data = typed(patient=make.a_reachable_patient().uid, service=place.service.uid, practitioners=[other.uid])
    answer = desk.post(at("waitlist_add"), data)
    assert answer.status_code == 422
    assert "Not offered by" in text(answer)


def test_of_two_who_change_the_wishes_the_second_is_told(place: Any, desk: Client) -> None:
    entry = an_entry(place)
    first = typed(revision=1, note="First")
    assert desk.post(at("waitlist_change", entry), first).status_code == 303
    answer = desk.post(at("waitlist_change", entry), typed(revision=1, note="Second"))
    assert answer.status_code == 409
    assert "Someone else changed this record" in text(answer)
    entry.refresh_from_db()
    assert (entry.note, entry.revision) == ("First", 2)


# -- One entry -------------------------------------------------------------------------------------------


def test_only_what_suits_is_offered_by_hand_and_one_click_keeps_it(place: Any, desk: Client) -> None:
    entry = an_entry(place, weekdays=(4,), earliest=local(27, 14).astimezone(make.NEW_YORK).time())
    page = desk.get(at("waitlist_entry", entry)).content.decode()
    picks = [Pick.parse(value) for value in re.findall(r'name="pick" value="([^"]+)"', page)]
    starts = [pick.starts_at.astimezone(make.NEW_YORK) for pick in picks]
    assert starts
    assert all(start.weekday() == 4 and start.hour >= 14 for start in starts)
    answer = desk.post(
        at("waitlist_offer", entry), {"pick": str(picks[0]), "location": place.location.uid}, follow=True
    )
    assert "They are told by message" in text(answer)
    (offer,) = pending()
    assert (offer.entry, offer.starts_at, offer.made_by) == (entry, picks[0].starts_at, place.desk)


@pytest.mark.parametrize("pick", ["", "nonsense", "00000000-0000-0000-0000-000000000000@2026-11-27T15:00Z"])
def test_nonsense_is_no_time(place: Any, desk: Client, pick: str) -> None:
    entry = an_entry(place)
    assert "Choose one of the times" in text(desk.post(at("waitlist_offer", entry), {"pick": pick}, follow=True))
    assert pending() == []


def test_a_time_that_somebody_took_meanwhile_is_refused_kindly(place: Any, desk: Client) -> None:
    entry = an_entry(place)
    make.a_visit(place, local(27, 10))
    pick = str(Pick(place.practitioner.uid, local(27, 10)))
    assert "is busy until" in text(desk.post(at("waitlist_offer", entry), {"pick": pick}, follow=True))
    assert entry.status == Waiting.WAITING


def test_a_session_of_a_group_is_offered_by_hand(place: Any, desk: Client) -> None:
    school = make.a_service("Back school", seats=2)
    session = groups.open_session(
        service=school, practitioner=place.practitioner, location=place.location, starts_at=local(27, 14),
        by=place.desk, now=NOW,
    )  # fmt: skip
    entry = an_entry(place, service=school)
    assert f'name="session" value="{session.uid}"' in desk.get(at("waitlist_entry", entry)).content.decode()
    desk.post(at("waitlist_offer", entry), {"session": session.uid})
    assert pending()[0].session == session


def test_the_desk_answers_for_who_was_called(place: Any, desk: Client) -> None:
    patient = make.a_patient(phone="+12125550142")
    offer = an_offer(place, local(27, 10), patient=patient)
    page = text(desk.get(at("waitlist_entry", offer.entry)))
    assert "Call them now" in page
    assert "(212) 555-0142" in page
    assert "Noted: called" in text(desk.post(at("offer_phoned", offer), follow=True))
    assert "Called, kept for them" in text(desk.get(at("waitlist_entry", offer.entry)))
    assert "Booked." in text(desk.post(at("offer_taken", offer), follow=True))
    assert Appointment.objects.get().starts_at == local(27, 10)
    assert "the visit" in text(desk.get(at("waitlist_entry", offer.entry)))


@pytest.mark.parametrize(
    ("act", "outcome"), [("offer_declined", Outcome.DECLINED), ("offer_take_back", Outcome.TAKEN_BACK)]
)
def test_an_offer_is_declined_or_taken_back_once(place: Any, desk: Client, act: str, outcome: str) -> None:
    offer = an_offer(place, local(27, 10))
    desk.post(at(act, offer), {"reason": "Needed elsewhere"})
    offer.refresh_from_db()
    assert (offer.outcome, offer.hold) == (outcome, None)
    for late in ("offer_declined", "offer_take_back", "offer_taken", "offer_phoned"):
        assert "That offer is over" in text(desk.post(at(late, offer), follow=True))


def test_off_the_list_and_back_on_it(place: Any, desk: Client) -> None:
    entry = an_entry(place)
    desk.post(at("waitlist_withdraw", entry), {"reason": "Has recovered"})
    assert "Has recovered" in text(desk.get(at("waitlist_entry", entry)))
    desk.post(at("waitlist_again", entry))
    entry.refresh_from_db()
    assert entry.status == Waiting.WAITING


def test_whoever_looks_is_on_record(place: Any, desk: Client) -> None:
    entry = an_entry(place)
    looks = AuditEvent.objects.filter(is_look=True, action="waitlist.viewed")
    desk.get(LIST)
    assert looks.get().detail == {"patients": [str(entry.patient.uid)]}
    for url in (at("waitlist_entry", entry), at("waitlist_change", entry)):
        before = looks.filter(patient_uid=entry.patient.uid).count()
        desk.get(url)
        assert looks.filter(patient_uid=entry.patient.uid).count() == before + 1


def test_the_round_shows_on_the_page(place: Any, desk: Client) -> None:
    entry = an_entry(place)
    frees(make.a_visit(place, local(27, 10)), by=place.desk)
    round_of_work(SOON)
    assert WaitlistOffer.objects.get().entry == entry
    said = text(desk.get(at("waitlist_entry", entry)))
    assert "Offered by message" in said
    assert "by itself" in said
