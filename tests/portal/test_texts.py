"""What patients write: C, R, STOP, START, HELP, and what only a person can answer. Promises P2(i), P5, P12."""

from __future__ import annotations

import itertools
import logging
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic import messaging, opt_outs, replies, twilio
from clinic import time as clocks
from clinic.access import SYSTEM
from clinic.messaging import Recipient
from clinic.messaging_states import Channel, MessagePurpose, Reason, State
from clinic.models import AuditEvent, DeskTask, InboundText, Meaning, OptOut, OutboundMessage
from patients import consent
from patients.models import Channel as PatientChannel
from portal import tasks, texting
from scheduling import asked, booking, reminders
from scheduling.states import Side
from tests.factories.messages import a_draft
from tests.factories.scheduling import NOW, a_patient, a_small_clinic, a_visit, local
from tests.factories.text_sink import SECRET, TextSink

ANA, BEN = "+12075550142", "+12075550143"
OUTSIDE = "https://clinic.example.org"
_sid = itertools.count(1)


@pytest.fixture
def phones(settings, monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    settings.PUBLIC_URL = OUTSIDE
    with TextSink() as sink:
        settings.SMS_URL = sink.url
        yield sink


@pytest.fixture
def place(db, phones):
    return a_small_clinic()


def a_texting_patient(number: str = ANA, **facts):
    patient = a_patient(phone=number, preferred_channel=PatientChannel.SMS, **facts)
    consent.record(patient=patient, channel=PatientChannel.SMS, given=True, by=SYSTEM, now=NOW)
    return patient


def a_told_visit(place, starts_at=None, *, patient=None, at=NOW, room=None):
    """A visit of which the confirmation has gone out by text message."""
    visit = a_visit(place, starts_at, patient=patient or a_texting_patient())
    messaging.deliver_due(now=at)
    return visit


def signed(path: str, said: dict[str, str], *, secret: str = SECRET, outside: str = OUTSIDE) -> str:
    return twilio.signature(outside + path, {name: [value] for name, value in said.items()}, secret)


def post(client, path: str, said: dict[str, str], signature: str | None = None):
    return client.post(
        path,
        urlencode(said),
        content_type="application/x-www-form-urlencoded",
        headers={twilio.SIGNATURE_HEADER: signed(path, said) if signature is None else signature},
    )


def write(client, words: str, *, number: str = ANA, sid: str = "", **more: str):
    """The patient writes; the provider brings it."""
    said = {"MessageSid": sid or f"SM{next(_sid):032x}", "From": number, "To": "+12075550100", "Body": words, **more}
    answer = post(client, reverse("sms_in"), said)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/xml")
    return InboundText.objects.get(provider_id=said["MessageSid"])


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def answers(number: str = ANA) -> list[str]:
    rows = OutboundMessage.objects.filter(purpose=MessagePurpose.REPLY, to_address=number).order_by("pk")
    return [row.text for row in rows]


# -- C ---------------------------------------------------------------------------------------------------


def test_c_confirms_the_visit_that_was_written_about_and_says_so(client, place, phones):
    visit = a_told_visit(place, local(27, 14))
    inbound = write(client, " c ")
    assert fresh(visit).confirmed_at == NOW
    assert inbound.about_uids == [visit.uid]
    (answer,) = answers()
    assert "Fri 27 Nov" in answer
    messaging.deliver_due(now=NOW)
    assert phones.taken[-1].body == answer
    assert AuditEvent.objects.filter(
        actor_uid=inbound.uid, actor_name="Patient by text message", subject_uid=visit.uid
    ).exists()


def test_the_next_c_confirms_the_visit_that_was_written_about_before(client, place, phones):
    ana = a_texting_patient()
    first = a_told_visit(place, local(27, 14), patient=ana)
    second = a_told_visit(place, local(30, 14), patient=ana, at=NOW + timedelta(minutes=5))
    write(client, "C")
    assert (fresh(first).confirmed_at, fresh(second).confirmed_at) == (None, NOW)
    write(client, "C")
    assert fresh(first).confirmed_at == NOW


def test_c_after_a_message_of_a_family_confirms_all_that_it_names(client, place, phones, monkeypatch):
    ana, ben = a_texting_patient(), a_texting_patient(given_name="Ben")
    visits = [a_told_visit(place, local(27, 10), patient=ana), a_told_visit(place, local(27, 11), patient=ben)]
    the_day_before = local(26, 12)
    monkeypatch.setattr(clocks, "now", lambda: the_day_before)
    messaging.deliver_due(now=the_day_before)
    assert len(phones.taken) == 3, "after two confirmations one reminder for both"
    write(client, "C")
    assert [fresh(visit).confirmed_at for visit in visits] == [the_day_before, the_day_before]


def test_c_after_two_messages_about_two_people_goes_to_the_desk(client, place, phones):
    visits = [
        a_told_visit(place, local(27, 10), patient=a_texting_patient()),
        a_told_visit(place, local(30, 11), patient=a_texting_patient(given_name="Ben"), at=NOW + timedelta(minutes=1)),
    ]
    write(client, "C")
    assert [fresh(visit).confirmed_at for visit in visits] == [None, None]
    task = DeskTask.objects.get()
    assert (task.kind, task.patient_uid) == (DeskTask.Kind.WROTE_BACK, None)
    assert "Ben" in task.patient_name


def test_c_confirms_nothing_that_was_moved_since(client, place, phones):
    visit = a_told_visit(place, local(27, 14))
    booking.move(appointment=visit, starts_at=local(28, 14), by=place.desk, now=NOW)
    messaging.deliver_due(now=NOW)
    write(client, "C")
    assert fresh(visit).confirmed_at is None, "of the new time nothing was said yet"
    assert "changed since: C" in DeskTask.objects.get(kind=DeskTask.Kind.WROTE_BACK).note
    later = NOW + reminders.SECOND_THOUGHTS
    messaging.deliver_due(now=later)
    assert asked.about(ANA, asked.people_at(ANA), now=later).visits[0].starts_at == local(28, 14)


def test_c_without_any_visit_is_answered_so(client, place):
    a_texting_patient()
    write(client, "C")
    assert "no visit" in answers()[0]
    assert not DeskTask.objects.exists()


def test_c_after_the_visit_was_called_off_confirms_nothing(client, place):
    visit = a_told_visit(place, local(27, 14))
    booking.cancel(appointment=visit, by=place.desk, now=NOW, side=Side.PATIENT)
    write(client, "C")
    assert fresh(visit).confirmed_at is None
    assert "no visit" in answers()[-1]


def test_who_is_written_to_by_mail_confirms_the_next_visit_by_text_all_the_same(client, place):
    visit = a_visit(place, local(27, 14), patient=a_patient(phone=ANA))
    write(client, "C")
    assert fresh(visit).confirmed_at == NOW


# -- R ---------------------------------------------------------------------------------------------------


def test_r_asks_the_desk_for_another_time_as_the_link_does(client, place):
    visit = a_told_visit(place, local(27, 14))
    write(client, "R")
    task = DeskTask.objects.get()
    assert (task.kind, task.subject_uid, task.subject_version) == (DeskTask.Kind.MOVE_WANTED, visit.uid, visit.version)
    assert fresh(visit).starts_at == local(27, 14), "the visit stays until another time is found"
    assert "another time" in answers()[0]
    write(client, "R")
    assert DeskTask.objects.count() == 1


# -- STOP ------------------------------------------------------------------------------------------------


def pending(patient, number: str = ANA, **facts):
    with transaction.atomic():
        to = Recipient(Channel.SMS, "Ana", number, patient_uid=patient.uid)
        return messaging.enqueue(a_draft(now=NOW, to=to, **facts), now=NOW)[0]


@pytest.mark.parametrize(
    "word", ["STOP", "stop.", "Quit", "END", "revoke", "opt out", "Opt-Out", "Unsubscribe", "CANCEL"]
)
def test_each_word_of_the_law_ends_text_messages(client, place, phones, word):
    ana = a_texting_patient()
    waiting = pending(ana)
    write(client, word)
    assert (fresh(waiting).state, fresh(waiting).reason) == (State.SUPPRESSED, Reason.OPTED_OUT)
    messaging.deliver_due(now=NOW)
    assert [text.body for text in phones.taken] == answers()
    assert OptOut.objects.standing().get().source == OptOut.Source.TEXT


def test_stop_is_answered_once_within_five_minutes_and_nothing_else_is(client, place, phones):
    a_texting_patient()
    write(client, "STOP")
    reply = OutboundMessage.objects.get(purpose=MessagePurpose.REPLY)
    assert reply.too_late_at - reply.due_at == timedelta(minutes=5)
    for word in ("HELP", "C", "R", "hello?", "STOP"):
        write(client, word)
    messaging.deliver_due(now=NOW)
    assert {text.body for text in phones.taken} == {reply.text}


def test_what_the_provider_has_answered_itself_is_not_answered_twice(client, place):
    a_texting_patient()
    for word in ("STOP", "START", "HELP"):
        write(client, word, OptOutType=word)
    assert answers() == []
    assert not OptOut.objects.standing().exists()


def test_a_number_that_two_share_is_ended_for_both_and_their_mail_goes_on(client, place, phones, mailoutbox):
    ana, ben = a_texting_patient(), a_texting_patient(given_name="Ben", email="ben@patients.example")
    consent.record(patient=ben, channel=PatientChannel.EMAIL, given=True, by=SYSTEM, now=NOW)
    waiting = [pending(ana), pending(ben)]
    write(client, "STOP")
    assert {fresh(row).reason for row in waiting} == {Reason.OPTED_OUT}
    assert [consent.agreed(each) for each in (ana, ben)] == [{"sms": False}, {"sms": False, "email": True}]
    a_visit(place, local(27, 14), patient=ana)
    a_visit(place, local(27, 15), patient=ben)
    messaging.deliver_due(now=NOW)
    assert [text.body for text in phones.taken] == answers()


def test_no_consent_of_another_and_no_new_record_lifts_it(client, place, phones):
    a_texting_patient()
    write(client, "STOP")
    newcomer = a_texting_patient(given_name="Carla")
    consent.record(patient=newcomer, channel=PatientChannel.SMS, given=True, by=SYSTEM, now=NOW)
    assert not consent.may_contact(newcomer, "sms")
    visit = a_visit(place, local(27, 14), patient=newcomer)
    rows = OutboundMessage.objects.about(visit.uid)
    assert rows.exists()
    assert {(row.state, row.reason) for row in rows} == {(State.SUPPRESSED, Reason.OPTED_OUT)}


def test_who_changes_to_a_number_that_wants_no_more_gets_none(client, place, phones):
    ana = a_texting_patient(BEN)
    waiting = pending(ana, BEN)
    a_texting_patient(ANA, given_name="Carla")
    write(client, "STOP", number=ANA)
    ana.phone = ANA
    ana.save(update_fields=["phone"])
    messaging.deliver_due(now=NOW)
    assert fresh(waiting).state == State.SUPPRESSED
    assert [text.to for text in phones.taken] == [ANA]


def test_what_gets_into_the_outbox_past_all_rules_is_stopped_at_the_last_look(client, place, phones):
    a_texting_patient()
    write(client, "STOP")
    messaging.deliver_due(now=NOW)
    before = len(phones.taken)
    to = Recipient(Channel.SMS, "Ana", ANA)
    with transaction.atomic():
        smuggled = messaging.enqueue(a_draft(now=NOW, to=to), now=NOW)[0]
    messaging.deliver_due(now=NOW)
    assert len(phones.taken) == before
    assert (fresh(smuggled).state, fresh(smuggled).reason) == (State.SUPPRESSED, Reason.OPTED_OUT)


@pytest.mark.parametrize("signature", ["", "AAAA", "x" * 5000])
def test_an_unsigned_stop_changes_nothing(client, place, signature):
    waiting = pending(a_texting_patient())
    said = {"MessageSid": "SM1", "From": ANA, "Body": "STOP"}
    assert post(client, reverse("sms_in"), said, signature).status_code == 403
    assert fresh(waiting).state == State.PLANNED
    assert not InboundText.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [{"From": BEN}, {"Body": "START"}, {"MessageSid": "SM2"}, {"Extra": "1"}],
)
def test_a_signature_of_other_words_is_none(client, place, changed):
    path, said = reverse("sms_in"), {"MessageSid": "SM1", "From": ANA, "Body": "STOP"}
    assert post(client, path, said | changed, signed(path, said)).status_code == 403


def test_a_signature_for_another_address_or_by_another_secret_is_none(client, place):
    path, said = reverse("sms_in"), {"MessageSid": "SM1", "From": ANA, "Body": "STOP"}
    elsewhere = signed(path, said, outside="http://clinic.example.org")
    assert post(client, path, said, elsewhere).status_code == 403
    assert post(client, path, said, signed(path, said, secret="another")).status_code == 403
    assert post(client, f"{path}?x=1", said, signed(path, said)).status_code == 403
    assert post(client, f"{path}?x=1", said, signed(f"{path}?x=1", said)).status_code == 200


def test_a_stop_that_is_told_again_after_start_changes_nothing(client, place, phones):
    ana = a_texting_patient()
    write(client, "STOP", sid="SMstop")
    write(client, "START", sid="SMstart")
    waiting = pending(ana)
    write(client, "STOP", sid="SMstop")
    assert fresh(waiting).state == State.PLANNED
    assert not OptOut.objects.standing().exists()
    assert InboundText.objects.count() == 2


def test_a_start_that_is_told_again_after_stop_changes_nothing(client, place):
    a_texting_patient()
    write(client, "STOP", sid="SM1")
    write(client, "START", sid="SM2")
    write(client, "STOP", sid="SM3")
    write(client, "START", sid="SM2")
    assert OptOut.objects.standing().exists()


# -- START, HELP, YES ------------------------------------------------------------------------------------


def test_start_brings_back_only_this_number_and_what_the_patient_agreed_to(client, place, phones):
    ana, ben = a_texting_patient(ANA), a_texting_patient(BEN, given_name="Ben")
    write(client, "STOP", number=ANA)
    write(client, "STOP", number=BEN)
    write(client, "START", number=ANA)
    assert consent.may_contact(ana, "sms")
    assert not consent.may_contact(ben, "sms")
    assert OptOut.objects.count() == 2, "what was said stays on record"


def test_start_of_who_never_agreed_opts_nobody_in(client, place):
    carla = a_patient(phone=ANA)
    write(client, "START")
    assert not consent.may_contact(carla, "sms")
    assert answers() == []


def test_after_start_the_planner_remembers_the_visits_again(client, place, phones):
    ana = a_texting_patient()
    write(client, "STOP")
    visit = a_visit(place, local(25, 10), patient=ana)
    assert not OutboundMessage.objects.about(visit.uid).filter(state=State.PLANNED).exists()
    write(client, "START")
    reminders.plan_missing(now=NOW)
    assert OutboundMessage.objects.about(visit.uid).filter(state=State.PLANNED).exists()


def test_help_says_who_writes_and_what_the_words_do(client, place):
    a_texting_patient()
    write(client, "HELP")
    (answer,) = answers()
    assert "STOP" in answer


@pytest.mark.parametrize("words", ["YES", "yes please", "ok", "👍", "Can I come at 5?", "Stop by at 3?", "see you, C."])
def test_other_words_confirm_nothing_end_nothing_and_reach_a_person(client, place, words):
    visit = a_told_visit(place, local(27, 14))
    write(client, words)
    task = DeskTask.objects.get()
    assert (task.kind, task.note, task.patient_uid) == (DeskTask.Kind.WROTE_BACK, words, visit.patient.uid)
    assert task.subject_at == visit.starts_at
    assert fresh(visit).confirmed_at is None
    assert not OptOut.objects.exists()


def test_cancel_ends_texts_and_asks_the_desk_while_the_visit_stays_booked(client, place):
    visit = a_told_visit(place, local(27, 14))
    write(client, "Cancel")
    task = DeskTask.objects.get()
    assert "may want to cancel" in task.note
    assert "Fri 27 Nov, 14:00" in task.note
    assert fresh(visit).is_active
    assert OptOut.objects.standing().exists()


def test_a_number_that_nobody_knows_reaches_a_person_too(client, place):
    inbound = write(client, "Do you have a time on Friday?", number="+12125550177")
    task = DeskTask.objects.get()
    assert (task.patient_uid, task.patient_name) == (None, "(212) 555-0177")
    assert task.subject_uid == inbound.uid
    desk = Client()
    desk.force_login(place.desk)
    page = desk.get(reverse("office:messages")).content.decode()
    assert "Do you have a time on Friday?" in page
    assert reverse("scheduling:text", args=[inbound.uid]) in page


def test_what_is_written_one_after_the_other_is_one_task_with_all_of_it(client, place):
    a_texting_patient()
    for words in ("I am late", "ten minutes", "sorry"):
        write(client, words)
    assert DeskTask.objects.get().note == "I am late\nten minutes\nsorry"
    assert len(answers()) == 1, "that somebody will read it is said once"


def test_two_machines_that_answer_each_other_come_to_rest(client, place):
    a_texting_patient()
    for _ in range(12):
        write(client, "HELP")
    assert len(answers()) == texting.MOST_ANSWERS


def test_a_text_of_many_pages_and_odd_characters_is_kept(client, place):
    a_texting_patient()
    inbound = write(client, "\x00" + "ü\U0001f642" * 2_000)
    assert len(inbound.text) == 1_600
    assert len(DeskTask.objects.get().note) <= 500


@pytest.mark.parametrize("number", ["12345", "whatsapp:+12075550142", "+0", "Riverside", "+1207555014²"])
def test_what_no_telephone_sent_is_left_alone(client, place, number):
    said = {"MessageSid": "SM1", "From": number, "Body": "STOP"}
    assert post(client, reverse("sms_in"), said).status_code == 200
    assert not InboundText.objects.exists()


@pytest.mark.parametrize("said", [{"From": ANA, "Body": "x"}, {"MessageSid": "SM1", "Body": "x"}, {}])
def test_a_signed_request_that_says_nothing_is_refused(client, place, said):
    assert post(client, reverse("sms_in"), said).status_code == 400


def test_without_a_provider_that_signs_there_is_no_door(client, db, settings):
    for url in ("", "json://127.0.0.1/{to}"):
        settings.SMS_URL = url
        assert client.post(reverse("sms_in"), {"From": ANA}).status_code == 404


def test_a_text_that_was_written_down_before_a_crash_is_acted_upon_later(client, place, monkeypatch):
    ana = a_texting_patient()
    waiting = pending(ana)
    with monkeypatch.context() as broken:
        broken.setattr(texting, "act", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            texting.receive(provider_id="SM1", number=ANA, text="STOP", answered=False, now=NOW)
    assert opt_outs.standing(Channel.SMS, ANA) is not None, "believed at once"
    monkeypatch.setattr(clocks, "now", lambda: NOW + timedelta(minutes=2))
    tasks.answer_left_texts()
    assert fresh(waiting).reason == Reason.OPTED_OUT
    assert InboundText.objects.get().handled_at == NOW + timedelta(minutes=2)


# -- Discretion ------------------------------------------------------------------------------------------


def test_no_log_and_no_audit_names_the_number_or_the_words(client, place, caplog, capfd):
    with caplog.at_level(logging.DEBUG, logger="clinic"), caplog.at_level(logging.DEBUG, logger="portal"):
        a_told_visit(place, local(27, 14))
        for words in ("C", "R", "STOP", "a secret of mine"):
            write(client, words)
        post(client, reverse("sms_in"), {"MessageSid": "SM1", "From": ANA, "Body": "zq-canary"}, "no")
    told = caplog.text + "".join(capfd.readouterr()) + str(list(AuditEvent.objects.values()))
    for secret in (ANA, ANA[1:], "a secret of mine", "zq-canary", SECRET):
        assert secret not in told


def test_the_page_of_a_talk_shows_it_in_order_and_writes_down_who_looked(client, place):
    visit = a_told_visit(place, local(27, 14))
    inbound = write(client, "Where do I park?")
    client.force_login(place.desk)
    page = client.get(reverse("scheduling:text", args=[inbound.uid])).content.decode()
    assert page.index("see you") < page.index("Where do I park?") if "see you" in page else "Where do I park?" in page
    assert "(link)" in page
    assert "/v/" not in page
    look = AuditEvent.objects.filter(action="texts.viewed").get()
    assert str(visit.patient.uid) in look.detail["patients"]


def test_the_desk_reads_beside_the_consent_that_the_number_wants_no_more(client, place):
    ana = a_texting_patient()
    write(client, "STOP")
    client.force_login(place.desk)
    assert "no more to this number" in client.get(reverse("patients:patient", args=[ana.uid])).content.decode()
    asked_for = client.get(reverse("patients:consent", args=[ana.uid])).content.decode()
    assert "only with START from that phone" in asked_for


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.dictionaries(
        st.sampled_from(["MessageSid", "From", "Body", "To", "OptOutType", "NumMedia", "x"]),
        st.text(max_size=80) | st.sampled_from([ANA, "STOP", "C", "\x00", "\u202e", "{{ 7 }}", "x" * 5_000]),
    )
)
def test_whatever_a_signed_request_says_it_is_answered_without_a_fault(client, place, said):
    assert post(client, reverse("sms_in"), said).status_code in (200, 400)


@pytest.mark.parametrize("rows", [1, 4])
def test_a_talk_costs_the_same_however_long_it_is(client, place, rows, django_assert_max_num_queries):
    a_texting_patient()
    for number in range(rows):
        inbound = write(client, f"words {number}")
    client.force_login(place.desk)
    client.get(reverse("scheduling:text", args=[inbound.uid]))
    with django_assert_max_num_queries(17):
        client.get(reverse("scheduling:text", args=[inbound.uid]))


# -- The words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("C", Meaning.CONFIRM), ("«c»", Meaning.CONFIRM), ("Confirmo", Meaning.CONFIRM),
        ("BESTÄTIGEN", Meaning.CONFIRM),
        ("Je confirme !", Meaning.CONFIRM), ("r", Meaning.MOVE), ("Otra hora", Meaning.MOVE), ("ALTO", Meaning.STOP),
        ("¡No más!", Meaning.STOP), ("Stopp", Meaning.STOP), ("Arrêt", Meaning.STOP), ("Désabonner", Meaning.STOP),
        ("cancelar", Meaning.CANCEL), ("Absagen", Meaning.CANCEL), ("annuler", Meaning.CANCEL),
        ("Don’t text me", Meaning.STOP), ("START", Meaning.START), ("?", Meaning.HELP), ("Hilfe", Meaning.HELP),
        ("yes", Meaning.WORDS), ("sí", Meaning.WORDS), ("", Meaning.WORDS), ("…", Meaning.WORDS),
    ],
)  # fmt: skip
def test_a_word_means_what_its_language_says(words, meaning):
    assert replies.meaning_of(words) == meaning


@given(st.text(max_size=200))
def test_whatever_is_written_has_one_meaning_and_capitals_and_stops_change_none(text):
    meaning = replies.meaning_of(text)
    assert meaning in Meaning
    if meaning is not Meaning.HELP:
        assert replies.meaning_of(f" {text}!! ") == meaning


@given(st.sampled_from(sorted(replies._BY_WORDS)), st.text(alphabet="abcdefghij", min_size=1, max_size=20))
def test_a_word_with_others_around_it_is_no_command_unless_it_is_one_itself(word, other):
    together = f"{word} {other}"
    assert replies.meaning_of(together) == replies._BY_WORDS.get(together, Meaning.WORDS)


def test_the_subject_of_an_answer_is_the_text_that_it_answers(client, place):
    a_texting_patient()
    inbound = write(client, "HELP")
    reply = OutboundMessage.objects.get(purpose=MessagePurpose.REPLY)
    assert (reply.subject_kind, reply.subject_uid) == ("clinic.inboundtext", inbound.uid)
    assert reply.wording.startswith("reply_help/sms/en")
