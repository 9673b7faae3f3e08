"""What the facts of a visit become in words: nothing private in a text message, each rule in the words it asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from clinic import messaging, wordings
from clinic.messaging_states import Channel, MessagePurpose
from clinic.models import Clinic, OutboundMessage
from clinic.wording import SMS, SPEECHES, Kind, Spot
from patients import consent
from patients.models import Patient
from scheduling import booking, letters, message_rules, notices, words
from scheduling.contact import Way
from scheduling.message_rules import RuleRefused
from scheduling.models import Anchor, MessageRule
from scheduling.notices import Change
from scheduling.states import Side
from tests.factories import scheduling as make
from tests.factories.messages import claimed
from tests.factories.people import an_owner
from tests.factories.scheduling import NEW_YORK, NOW, local
from tests.factories.waitlist import an_offer

pytestmark = pytest.mark.django_db

FRIDAY = local(27, 14)
BY_SMS = Way(Channel.SMS, "+12125550123")
#: All that is known about a visit and must not be read by others.
CANARIES = ("Zzservice", "Zzskill", "Zzplace", "Zztherapist", "Zznote", "Zzreason", "Zzfamily", "Zzroom")


@pytest.fixture
def place() -> Any:
    place = make.a_small_clinic(practitioners=2)
    for thing, field, value in (
        (place.service, "name", "Zzservice for the Zzlumbar spine"),
        (place.service, "skill", "zzskill"),
        (place.location, "name", "Zzplace for backs"),
        (place.practitioner.user, "name", "Zztherapist One"),
    ):
        setattr(thing, field, value)
        thing.save()
    place.practitioner.skills = ["zzskill"]
    place.practitioner.save()
    return place


def ana(**facts: Any) -> Patient:
    return make.a_reachable_patient(family_name="Zzfamily", **facts)


def a_visit(place: Any, at: datetime = FRIDAY, **facts: Any) -> Any:
    return make.a_visit(place, at, **({"patient": ana(), "note": "Zznote: spasm"} | facts))


@pytest.mark.parametrize("language", SPEECHES)
def test_no_text_message_about_visits_says_what_for_with_whom_or_in_which_department(place: Any, language: str) -> None:
    visit = a_visit(place, patient=ana(language=language))
    child = a_visit(place, local(27, 16), patient=ana(language=language, email="ben@patients.example"))
    clinic, patient = Clinic.the(), visit.patient
    draft: dict[str, Any] = {"due_at": NOW, "now": NOW}
    several = [((), False), ((local(28, 14),), False), ((local(28, 14), local(29, 14)), True)]
    wanted = [(says, *times) for says in (words.BOOKED, words.REMINDER) for times in several] + [
        (words.MOVED, (), False)
    ]
    said = [
        words.draft(
            visit, patient, clinic, BY_SMS, purpose=says, words=says,
            times=words.Times(besides, every_one=every_one), **draft,
        )
        for says, besides, every_one in wanted
    ]  # fmt: skip
    said += [
        words.reminder_of_several(visits, clinic, BY_SMS, about=visit, **draft) for visits in ([visit, child], [visit])
    ]
    offer = an_offer(place, local(27, 10))
    offer.entry.patient.language = language
    said.append(letters.offer(offer, BY_SMS))
    for was in ([FRIDAY - timedelta(hours=2)], [FRIDAY, FRIDAY - timedelta(days=1)]):
        changes = [Change(visit, at) for at in was]
        told = notices._said(changes, patient, clinic, BY_SMS)
        said.append(messaging.Draft("", "", said[0].about, said[0].to, told.title, told.text, NOW, NOW))
    assert len({draft.text for draft in said}) == len(said)
    for draft in said:
        shown = f"{draft.title} {draft.text}".lower()
        assert not [canary for canary in CANARIES if canary.lower() in shown]
        assert "zzlumbar" not in shown
        assert "ana" in shown


def test_a_family_is_named_by_first_names_and_who_is_alone_is_not(place: Any) -> None:
    mother, son = ana(), ana(given_name="Ben", email="ana2@patients.example")
    hers, his = a_visit(place, patient=mother), a_visit(place, local(27, 16), patient=son)
    facts: dict[str, Any] = {"about": hers, "due_at": NOW, "now": NOW}
    way = Way(Channel.EMAIL, "ana@patients.example")
    both = words.reminder_of_several([hers, his], Clinic.the(), way, **facts)
    assert both.text.startswith("Hello Ana and Ben,")
    assert f"Ana: {words.when(FRIDAY, NEW_YORK)}\nBen: {words.when(local(27, 16), NEW_YORK)}" in both.text
    alone = words.reminder_of_several([hers], Clinic.the(), way, **facts)
    assert alone.text.startswith("Hello Ana,")
    assert "Ana: " not in alone.text


def test_where_to_go_is_said_with_one_visit_when_the_address_is_known(place: Any) -> None:
    place.location.address_line, place.location.city = "14 Harbor Street", "Portland"
    place.location.save()
    visit = a_visit(place)
    told = OutboundMessage.objects.about(visit.uid).get(says="visit_booked")
    assert "14:00 (EST)\n14 Harbor Street, Portland" in told.text


def test_a_change_by_the_clinic_is_told_in_the_patients_language(place: Any) -> None:
    visit = a_visit(place, patient=ana(language="fr"))
    booking.cancel(appointment=visit, by=place.desk, now=NOW, reason="Zzreason", side=Side.CLINIC)
    told = OutboundMessage.objects.about(visit.uid).get(says="visit_cancelled")
    assert told.title == "Votre rendez-vous ne peut pas avoir lieu"
    assert "vendredi 27 novembre 2026 à 14\u00a0h (EST) : ce rendez-vous ne peut pas avoir lieu." in told.text
    assert (told.language, told.wording) == ("fr", "visit_cancelled/email/fr 0")


# -- Rules in words of their own -------------------------------------------------------------------------

LAST_WORD = Spot(Kind.VISIT_REMINDER, "email", "en", "Last word")
OURS = "Soon, {name}:\n\n{when}\n\n{link}\n\nBye"


def other_words(text: str = OURS, seen: int = 0) -> None:
    wordings.save(spot=LAST_WORD, title="Soon", text=text, seen=seen, by=an_owner(), now=NOW)


def a_rule(place: Any, minutes: int = 180, **facts: Any) -> MessageRule:
    wanted: dict[str, Any] = {"purpose": MessagePurpose.VISIT_REMINDER, "anchor": Anchor.VISIT, "variant": "Last word"}
    return message_rules.add(minutes=minutes, by=place.desk, now=NOW - timedelta(days=9), **(wanted | facts))


def test_each_rule_speaks_in_the_words_it_asks_for(place: Any) -> None:
    other_words()
    rule = a_rule(place)
    visit = a_visit(place)
    last, usual = OutboundMessage.objects.about(visit.uid).filter(says="visit_reminder").order_by("-due_at")
    assert (last.rule_uid, last.title, last.wording) == (rule.uid, "Soon", "visit_reminder:Last word/email/en 1")
    assert last.text.startswith("Soon, Ana:")
    assert (usual.title, usual.wording) == ("Reminder of your visit", "visit_reminder/email/en 0")


def test_what_was_planned_goes_out_in_the_words_of_the_day_on_which_it_goes(place: Any) -> None:
    other_words()
    a_rule(place)
    a_visit(place)
    assert len(claimed(9, now=FRIDAY - timedelta(days=1))) == 1, "the confirmation, with the reminder of the day before"
    other_words("Really soon, {name}:\n\n{when}\n\n{link}\n\nBye", seen=1)
    [last] = claimed(9, now=FRIDAY - timedelta(hours=3))
    assert last.message.wording == "visit_reminder:Last word/email/en 2"
    assert last.message.text.startswith("Really soon, Ana:")


def test_where_the_words_are_not_written_in_the_patients_language_the_usual_ones_are_said(place: Any) -> None:
    other_words()
    a_rule(place)
    visit = a_visit(place, patient=ana(language="de"))
    reminders = OutboundMessage.objects.about(visit.uid).filter(says="visit_reminder")
    assert set(reminders.values_list("wording", flat=True)) == {"visit_reminder/email/de 0"}


def test_a_rule_cannot_ask_for_words_that_there_are_not(place: Any) -> None:
    with pytest.raises(RuleRefused, match="There are no words of that name any more"):
        a_rule(place)
    other_words()
    a_rule(place)
    with pytest.raises(RuleRefused, match="There are no words of that name any more"):
        a_rule(place, 30 * 24, purpose=MessagePurpose.RECALL, anchor=Anchor.LAST_VISIT)


def test_to_ask_for_other_words_is_another_rule_in_its_place(place: Any) -> None:
    other_words()
    rule = a_rule(place, variant="")
    changed = message_rules.change(
        rule, minutes=180, channel="", anchor="visit", variant="Last word", by=place.desk, now=NOW
    )
    assert (changed.pk == rule.pk, changed.variant) == (False, "Last word")
    rule.refresh_from_db()
    assert rule.retired_at == NOW


def test_a_text_message_is_said_by_sms_words(place: Any, settings: Any) -> None:
    settings.SMS_URL = "twilio://AC1:secret@127.0.0.1:9/+12125550999?insecure=1"
    patient = make.a_patient(phone="+12125550123", preferred_channel=Channel.SMS)
    consent.record(patient=patient, channel=SMS, given=True, by=place.desk, now=NOW)
    visit = a_visit(place, patient=Patient.objects.get(pk=patient.pk))
    told = OutboundMessage.objects.about(visit.uid).get(says="visit_booked")
    assert told.wording == "visit_booked/sms/en 0"
    assert told.text == "Ana, booked: Back to Work Clinic, Fri 27 Nov, 14:00. Confirm/change: {link} STOP to end"
    assert told.title == "Visit booked"
    assert told.calendar == ""
