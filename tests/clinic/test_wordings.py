"""The clinic's own words: versions that stay, in force at once, never those of yesterday."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from clinic import wordings
from clinic.models import AuditEvent, Clinic, MessageTemplate, OutboundMessage
from clinic.wording import EMAIL, SMS, Facts, Kind, Refused, Spot
from tests.factories import scheduling as make
from tests.factories.people import a_clinic, an_owner
from tests.factories.scheduling import local

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
AT = datetime(2026, 11, 27, 14, 30, tzinfo=ZoneInfo("America/New_York"))
OURS = "Hi {name}, {when} at ours: {link}"


@pytest.fixture
def owner():
    a_clinic()
    return an_owner(name="Olivia Owner")


REMINDER = Spot(Kind.VISIT_REMINDER, SMS, "en")


def save(owner, text: str = OURS, *, seen: int = 0, spot: Spot = REMINDER, title=""):
    return wordings.save(spot=spot, title=title, text=text, seen=seen, by=owner, now=NOW)


def say(language: str = "en", channel: str = SMS, variant: str = "", **facts) -> wordings.Said:
    known = Facts(**({"name": "Ana", "when": AT} | facts))
    return wordings.say("visit_reminder", channel, language, known, clinic=Clinic.objects.first(), variant=variant)


# -- What is said ----------------------------------------------------------------------------------------


def test_a_message_is_said_in_the_patients_language_with_the_clinics_name_and_phone(owner):
    Clinic.objects.update(sender_name="Harbor Clinic", country="US")
    said = say("de", EMAIL, phone="+12125550100")
    assert said.title == "Erinnerung an Ihren Termin"
    assert "Freitag, 27. November 2026, 14:30 Uhr (EST)" in said.text
    assert "bei Harbor Clinic" in said.text
    assert "(212) 555-0100" in said.text
    assert (said.language, said.wording) == ("de", "visit_reminder/email/de 0")


def test_a_number_of_the_clinics_own_country_is_written_as_at_home(owner):
    Clinic.objects.update(country="DE")
    assert "030 1234567" in say("de", EMAIL, phone="+49301234567").text


def test_in_a_language_that_tonus_does_not_speak_the_clinics_is_spoken(owner):
    assert say("zh").language == "en"
    Clinic.objects.update(language="fr")
    assert say("zh").language == "fr"
    assert say("es").language == "es"


def test_before_the_first_start_there_is_no_clinic_and_still_words(db):
    assert "the clinic" in wordings.say(Kind.VISIT_REMINDER, SMS, "en", Facts(name="Ana", when=AT), clinic=None).text


# -- Versions --------------------------------------------------------------------------------------------


def test_what_the_owner_writes_is_what_patients_read_from_the_next_message_on(owner):
    assert "see you" in say().text
    row = save(owner)
    said = say()
    assert said.text == "Hi Ana, Fri 27 Nov, 14:30 at ours: {link}"
    assert said.wording == "visit_reminder/sms/en 1"
    assert (row.version, row.written_by, row.written_at) == (1, owner, NOW)
    assert "see you" not in say("es").text
    assert say("es").wording == "visit_reminder/sms/es 0"
    event = AuditEvent.objects.get(action="wording.changed")
    assert event.detail == {"template": "visit_reminder/sms/en", "version": 1}


def test_the_next_version_takes_the_place_of_the_one_before_which_stays(owner):
    save(owner)
    save(owner, "{when}: {link}", seen=1)
    assert say().text == "Fri 27 Nov, 14:30: {link}"
    assert [row.text for row in MessageTemplate.objects.at(REMINDER).newest_first()] == [
        "{when}: {link}", OURS,
    ]  # fmt: skip


def test_reset_means_as_tonus_comes_and_loses_no_version(owner):
    save(owner)
    wordings.reset(spot=REMINDER, seen=1, by=owner, now=NOW)
    assert "see you" in say().text
    assert say().wording == "visit_reminder/sms/en 0"
    assert MessageTemplate.objects.count() == 2
    assert AuditEvent.objects.filter(action="wording.reset").count() == 1
    save(owner, seen=2)
    assert say().wording == "visit_reminder/sms/en 3"


def test_who_began_with_older_words_is_told_and_changes_nothing(owner):
    save(owner)
    with pytest.raises(wordings.Stale, match="Somebody else changed these words meanwhile"):
        save(owner, "{when} {link}", seen=0)
    with pytest.raises(wordings.Stale):
        wordings.reset(spot=REMINDER, seen=0, by=owner, now=NOW)
    assert MessageTemplate.objects.count() == 1


def test_words_that_a_clinic_may_not_have_are_not_written(owner):
    with pytest.raises(Refused):
        save(owner, "Your massage, {when} {link}")
    with pytest.raises(Refused):
        save(owner, "{when} {link} {service}")
    assert not MessageTemplate.objects.exists()
    assert Clinic.the().wording_stamp is None


def test_the_names_of_the_clinics_own_services_are_no_words_for_a_text_message(owner):
    place = make.a_small_clinic()
    place.service.name, place.service.skill = "Sound bath", "cupping"
    place.service.save()
    for text in ("Your sound bath: {when} {link}", "Cupping: {when} {link}"):
        with pytest.raises(Refused, match="it cannot say"):
            save(owner, text)
    assert save(owner, "A bath: {when} {link}")


def test_words_that_came_in_another_way_are_passed_over_when_they_may_not_be_said(owner):
    """A restored table, a hand in the database: what is read is checked like what is saved."""
    for kind, text in (("visit_reminder", "Massage {when} {link}"), ("visit_booked", "{diagnosis} {when} {link}")):
        MessageTemplate.objects.create(
            kind=kind, channel=SMS, language="en", version=1, text=text, written_at=NOW, written_by=owner
        )
    Clinic.objects.update(wording_stamp=uuid.uuid4())
    assert say().wording == "visit_reminder/sms/en 0"


def test_a_clinics_words_of_a_mail_have_their_own_subject(owner):
    spot = Spot(Kind.VISIT_REMINDER, EMAIL, "en")
    save(owner, "Hello {name},\n\n{when}\n\n{link}\n\nBye", spot=spot, title="Soon at {clinic}")
    said = say("en", EMAIL)
    assert said.title == "Soon at Back to Work Clinic"
    assert said.text == "Hello Ana,\n\nFriday 27 November 2026, 14:30 (EST)\n\n{link}\n\nBye\n"


# -- Other words for some rules --------------------------------------------------------------------------

LAST_WORD = Spot(Kind.VISIT_REMINDER, SMS, "en", "Last word")


def test_who_asks_for_other_words_gets_them_and_all_others_the_usual_ones(owner):
    save(owner)
    save(owner, "Soon, {name}: {when} {link}", spot=LAST_WORD)
    assert say(variant="Last word").text == "Soon, Ana: Fri 27 Nov, 14:30 {link}"
    assert say(variant="Last word").wording == "visit_reminder:Last word/sms/en 1"
    assert say().wording == "visit_reminder/sms/en 1"
    assert wordings.variants(Kind.VISIT_REMINDER) == ["Last word"]
    assert wordings.variants(Kind.RECALL) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_where_other_words_are_not_written_the_usual_ones_are_said(owner, language):
    save(owner, "Usual: {when} {link}", spot=Spot(Kind.VISIT_REMINDER, SMS, language))
    assert say(language, variant="Last word").text.startswith("Usual: ")
    assert say("de", variant="Last word").wording == "visit_reminder/sms/de 0"


def test_other_words_that_are_taken_back_are_the_usual_ones_again(owner):
    save(owner, "Soon: {when} {link}", spot=LAST_WORD)
    wordings.reset(spot=LAST_WORD, seen=1, by=owner, now=NOW)
    assert say(variant="Last word").wording == "visit_reminder/sms/en 0"
    assert wordings.variants(Kind.VISIT_REMINDER) == []


def test_other_words_are_checked_like_the_usual_ones(owner):
    with pytest.raises(Refused):
        save(owner, "Your massage: {when} {link}", spot=LAST_WORD)


# -- Never stale, never dear -----------------------------------------------------------------------------


def test_while_all_speak_as_tonus_comes_nothing_is_asked_of_the_database(owner, django_assert_num_queries):
    clinic = Clinic.the()
    with django_assert_num_queries(0):
        for language in ("en", "es", "de", "fr"):
            wordings.say(Kind.VISIT_REMINDER, EMAIL, language, Facts(name="Ana", when=AT), clinic=clinic)


def test_own_words_are_read_once_and_not_for_each_message(owner, django_assert_num_queries):
    save(owner)
    clinic = Clinic.the()
    with django_assert_num_queries(2):  # the templates, and what no text message may say
        for _ in range(50):
            wordings.say(Kind.VISIT_REMINDER, SMS, "en", Facts(name="Ana", when=AT), clinic=clinic)


def test_another_process_speaks_in_the_new_words_with_its_next_look_at_the_clinic(owner):
    """What it keeps goes by the stamp, and the stamp comes with the clinic's row."""
    save(owner)
    before = Clinic.the()
    assert wordings.present(before)
    save(owner, "{when}: {link}", seen=1)
    after = Clinic.the()
    assert after.wording_stamp != before.wording_stamp
    assert wordings.present(after)[REMINDER].version == 2


def test_a_change_that_is_rolled_back_was_never_said(owner):
    with transaction.atomic():
        save(owner)
        assert "at ours" in say().text
        transaction.set_rollback(True)
    assert "see you" in say().text


# -- The database as well --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"kind": "bill"}, "template_kind_is_known"),
        ({"channel": "fax"}, "template_channel_is_known"),
        ({"language": "xx"}, "template_language_is_known"),
        ({"version": 0}, "template_versions_count_from_one"),
        ({"kind": "visit_booked", "variant": "Last word"}, "only_what_rules_ask_for_has_other_words"),
        ({"title": "A subject"}, "template_has_its_words_or_none"),
        ({"channel": EMAIL}, "template_has_its_words_or_none"),
        ({"channel": EMAIL, "title": "Only a subject", "text": ""}, "template_has_its_words_or_none"),
    ],
)
def test_what_is_no_template_is_no_row(owner, facts, rule):
    row = {"kind": "visit_reminder", "channel": SMS, "language": "en", "version": 1, "text": "x"} | facts
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        MessageTemplate.objects.create(**row, written_at=NOW, written_by=owner)


def test_a_version_is_there_once(owner):
    save(owner)
    with pytest.raises(IntegrityError, match="a_template_has_each_version_once"), transaction.atomic():
        MessageTemplate.objects.create(
            kind="visit_reminder", channel=SMS, language="en", version=1, text="x", written_at=NOW, written_by=owner
        )


@pytest.mark.parametrize("act", ["UPDATE clinic_messagetemplate SET text = 'x'", "DELETE FROM clinic_messagetemplate"])
def test_versions_cannot_be_changed_or_removed(owner, act):
    save(owner)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(act)


# -- Where it is said ------------------------------------------------------------------------------------


def test_a_booking_is_confirmed_and_reminded_of_in_the_patients_language(owner):
    place = make.a_small_clinic()
    ana = make.a_reachable_patient(language="es")
    make.a_visit(place, local(27, 14), patient=ana)
    told, reminder = OutboundMessage.objects.order_by("due_at", "pk")
    assert told.title == "Su cita está reservada"
    assert reminder.title == "Recordatorio de su cita"
    assert "viernes 27 de noviembre de 2026, 14:00 h (EST)" in reminder.text
    assert {told.language, reminder.language} == {"es"}
    assert (told.wording, reminder.wording) == ("visit_booked/email/es 0", "visit_reminder/email/es 0")


def test_who_speaks_chinese_is_written_to_in_english_and_the_mail_says_that_it_is_english(owner):
    place = make.a_small_clinic()
    make.a_visit(place, local(27, 14), patient=make.a_reachable_patient(language="zh"))
    assert set(OutboundMessage.objects.values_list("language", flat=True)) == {"en"}
