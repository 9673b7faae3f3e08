"""The outbox: what comes in once, what is stopped, what becomes of each message. Promise P2."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic import delivery, handing_over, links, mail, messaging, messaging_states
from clinic.channels import Down, Envelope, Refused, Uncertain
from clinic.messaging import Subject
from clinic.messaging_states import MESSAGE_TRANSITIONS, REASONS, Reason, State
from clinic.models import ActionLink, Clinic, OutboundMessage
from tests.factories.messages import a_draft, a_message, claimed, many_messages
from tests.factories.sink import Sink

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture
def sink(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 5
    with Sink() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def clinic(db):
    return Clinic.objects.create(name="Back in Motion", sender_name="Riverside", phone="+12125550100")


def fresh(message: OutboundMessage) -> OutboundMessage:
    return OutboundMessage.objects.get(pk=message.pk)


# -- The table of states ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), list(itertools.product(State, State)))
def test_a_step_is_allowed_if_and_only_if_the_table_says_so(old, new):
    if new in MESSAGE_TRANSITIONS[old]:
        messaging_states.check_transition(old, new)
    else:
        with pytest.raises(messaging_states.WrongStep):
            messaging_states.check_transition(old, new)


def test_the_table_is_total_and_what_was_taken_never_goes_back():
    assert set(MESSAGE_TRANSITIONS) == set(State)
    for taken in (State.ACCEPTED, State.DELIVERED, State.BOUNCED):
        assert State.PLANNED not in MESSAGE_TRANSITIONS[taken]


@pytest.mark.django_db
@pytest.mark.parametrize("state", [s for s in State if s not in REASONS])
def test_the_database_refuses_a_reason_where_none_belongs(state):
    message = a_message(now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboundMessage.objects.filter(pk=message.pk).update(state=state, reason=Reason.CANCELLED)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"state": State.CLAIMED}, "leased_while_in_hand"),
        ({"state": State.ACCEPTED, "settled_at": NOW, "handing_over_at": NOW}, "taken_has_a_time"),
        ({"state": State.HANDING_OVER, "lease_until": NOW}, "handed_over_before"),
        ({"settled_at": NOW}, "settled_when_it_has_ended"),
        ({"too_late_at": NOW - timedelta(hours=1)}, "due_before"),
        ({"to_address": ""}, "has_an_address"),
        ({"resolved_at": NOW}, "resolved_by_someone"),
        ({"state": "lost"}, "message_"),
        ({"purpose": "spam"}, "purpose_is_known"),
    ],
)
def test_the_database_refuses_a_message_that_contradicts_itself(wrong, constraint):
    message = a_message(now=NOW)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        OutboundMessage.objects.filter(pk=message.pk).update(**wrong)


# -- Coming in -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_message_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="belongs in the transaction"):
        messaging.enqueue(a_draft(now=NOW), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_message_exists_only_if_what_it_speaks_of_was_saved():
    def a_booking_that_fails():
        with transaction.atomic():
            messaging.enqueue(a_draft(now=NOW), now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        a_booking_that_fails()
    assert not OutboundMessage.objects.exists()


@pytest.mark.django_db
def test_saying_it_twice_changes_nothing():
    draft = a_draft(now=NOW)
    first, second = messaging.enqueue(draft, now=NOW), messaging.enqueue(draft, now=NOW)
    assert [m.pk for m in first] == [m.pk for m in second]
    assert OutboundMessage.objects.count() == 1


@pytest.mark.django_db
def test_another_version_of_the_visit_is_another_message():
    about = Subject("scheduling.appointment", uuid.uuid4(), 1)
    messaging.enqueue(a_draft(now=NOW, about=about), now=NOW)
    messaging.enqueue(a_draft(now=NOW, about=Subject(about.kind, about.uid, 2)), now=NOW)
    assert OutboundMessage.objects.about(about.uid).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("reason", sorted(messaging_states.CURABLE))
def test_what_was_not_sent_is_planned_again_once_the_reason_is_taken_back(reason):
    draft = a_draft(now=NOW)
    message = messaging.enqueue(draft, now=NOW)[0]
    messaging.void_for(subject_uid=draft.about.uid, reason=reason, now=NOW)
    assert fresh(message).state == State.SUPPRESSED
    messaging.enqueue(draft, now=NOW)
    assert fresh(message).state == State.PLANNED


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_what_was_sent_is_never_planned_again(sink):
    draft = a_draft(now=NOW)
    message = messaging.enqueue(draft, now=NOW)[0]
    messaging.deliver_due(now=NOW)
    messaging.void_for(subject_uid=draft.about.uid, reason=Reason.CANCELLED, now=NOW)
    messaging.enqueue(draft, now=NOW)
    messaging.deliver_due(now=NOW + timedelta(hours=1))
    assert fresh(message).state == State.ACCEPTED
    assert len(sink.log) == 1


# -- Going out -------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_a_due_message_reaches_the_server_under_its_own_id_with_a_link_that_works(sink):
    message = a_message(now=NOW)
    done = messaging.deliver_due(now=NOW)
    assert done.by_state == {State.ACCEPTED: 1}
    assert sink.log == [str(message.uid)]
    sent = fresh(message)
    assert sent.state == State.ACCEPTED
    assert sent.provider_id == "queued"
    mail = sink.mails[0]
    assert mail["From"].addresses[0].display_name == "Riverside"
    assert mail["To"] == "Ana Ribeiro <ana@patients.example>"
    text = mail.get_body(("plain",)).get_content()
    token = text.split("/v/")[1].split("/")[0]
    link = links.resolve(token, "visit", NOW)
    assert link is not None
    assert (link.subject_uid, link.subject_version) == (message.subject_uid, message.subject_version)
    assert token in mail.get_body(("html",)).get_content()
    assert token not in str(list(ActionLink.objects.values()))
    assert token not in str(list(OutboundMessage.objects.values()))


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_what_is_not_due_waits(sink):
    a_message(now=NOW, due_at=NOW + timedelta(seconds=1))
    assert messaging.deliver_due(now=NOW).claimed == 0
    assert messaging.deliver_due(now=NOW + timedelta(seconds=1)).claimed == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_nothing_is_sent_after_its_time_and_the_desk_is_told(sink):
    message = a_message(now=NOW, too_late_at=NOW + timedelta(hours=1))
    messaging.deliver_due(now=NOW + timedelta(hours=2))
    ended = fresh(message)
    assert (ended.state, ended.reason, ended.needs_person) == (State.SUPPRESSED, Reason.TOO_LATE, True)
    assert sink.log == []


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_the_sweeper_ends_what_is_too_late_even_if_no_sender_runs():
    message = a_message(now=NOW, too_late_at=NOW + timedelta(hours=1))
    messaging.sweep(now=NOW + timedelta(hours=2))
    assert fresh(message).reason == Reason.TOO_LATE


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
@pytest.mark.parametrize(
    "address",
    [
        "ana@patients.example\r\nBcc: everyone@patients.example",
        "ana@patients.example\nRCPT TO:<x@y.example>",
        "ana\x00@patients.example",
        "not an address",
        "<ana@patients.example>",
        "a@b@c.example",
        "ana@patients.example, bob@patients.example",
    ],
)
def test_an_impossible_address_fails_alone(sink, address):
    bad = a_message(now=NOW, address="first@patients.example")
    OutboundMessage.objects.filter(pk=bad.pk).update(to_address=address.replace("\x00", "\x01"))
    good = a_message(now=NOW, address="good@patients.example")
    messaging.deliver_due(now=NOW)
    assert (fresh(bad).state, fresh(bad).reason) == (State.FAILED, Reason.BAD_ADDRESS)
    assert fresh(bad).needs_person
    assert sink.log == [str(good.uid)]


@pytest.mark.django_db
def test_line_breaks_in_names_and_titles_stay_out_of_the_headers(sink):
    Clinic.objects.create(name="Evil\r\nBcc: a@b.example", phone="")
    a_message(
        now=NOW,
        title="Hello\r\nBcc: c@d.example",
        to=messaging.Recipient("email", "Ana\r\nBcc: e@f.example", "ana@patients.example"),
    )
    messaging.deliver_due(now=NOW)
    (mail,) = sink.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hello Bcc: c@d.example"


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_a_name_and_a_domain_in_any_script_arrive(sink):
    to = messaging.Recipient("email", "Zoë Łukasz 山田", "zoe@bücher.example")
    message = a_message(now=NOW, to=to)
    messaging.deliver_due(now=NOW)
    assert fresh(message).state == State.ACCEPTED
    recipient = sink.mails[0]["To"].addresses[0]
    assert (recipient.display_name, recipient.domain) == ("Zoë Łukasz 山田", "xn--bcher-kva.example")


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
@pytest.mark.parametrize(
    "words",
    [
        ".",
        "..\n.\n.dot first\n",
        "x" * 3000,
        "Größe 山田 🙂\n" * 50,
        "From here\n=3D = ==\n",
        "tab\tand trailing   \nend",
    ],
)
def test_any_words_arrive_as_they_were_written(sink, words):
    a_message(now=NOW, text=words, link_purpose="", link_expires_at=None, title="Grüße " * 20 + "ok")
    messaging.deliver_due(now=NOW)
    (mail,) = sink.mails
    arrived = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert arrived.rstrip("\n") == words.rstrip("\n")
    assert mail["Subject"] == ("Grüße " * 20 + "ok")
    assert max(len(line) for line in mail.as_bytes().splitlines()) <= 998


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_what_the_mail_library_cannot_write_fails_alone(sink, monkeypatch):
    compose = mail.compose

    def cannot_write_the_odd_one(envelope):
        if envelope.to_address.startswith("odd"):
            raise UnicodeEncodeError("ascii", "x", 0, 1, "ordinal not in range")
        return compose(envelope)

    monkeypatch.setattr(mail, "compose", cannot_write_the_odd_one)
    odd = a_message(now=NOW, address="odd@patients.example")
    good = a_message(now=NOW, address="good@patients.example")
    messaging.deliver_due(now=NOW)
    assert (fresh(odd).state, fresh(odd).reason) == (State.FAILED, Reason.UNSENDABLE)
    assert sink.log == [str(good.uid)]


BEHAVIOURS = {
    "rcpt 450": (State.PLANNED, ""),
    "rcpt 451": (State.PLANNED, ""),
    "rcpt 550": (State.FAILED, Reason.BAD_ADDRESS),
    "rcpt 552": (State.FAILED, Reason.REFUSED),
    "data 451": (State.PLANNED, ""),
    "data 554": (State.FAILED, Reason.REFUSED),
    "close before": (State.UNKNOWN, Reason.CONNECTION_LOST),
    "close after": (State.UNKNOWN, Reason.CONNECTION_LOST),
    "garbage": (State.UNKNOWN, Reason.CONNECTION_LOST),
}


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
@pytest.mark.parametrize("how", sorted(BEHAVIOURS))
def test_what_a_server_does_to_one_message_is_told_apart_and_does_not_touch_the_others(sink, how):
    sink.behave["odd"] = how
    before = a_message(now=NOW, address="before@patients.example")
    odd = a_message(now=NOW, address="odd@patients.example")
    after = a_message(now=NOW, address="after@patients.example")
    messaging.deliver_due(now=NOW)
    assert [fresh(m).state for m in (before, after)] == [State.ACCEPTED, State.ACCEPTED]
    assert (fresh(odd).state, fresh(odd).reason) == BEHAVIOURS[how]
    for later in range(1, 4):
        messaging.sweep(now=NOW + timedelta(minutes=10 * later))
        messaging.deliver_due(now=NOW + timedelta(minutes=10 * later))
    assert sink.log.count(str(odd.uid)) <= 1
    assert sink.log.count(str(before.uid)) == sink.log.count(str(after.uid)) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_a_link_of_a_refused_attempt_does_not_stay_open(sink):
    sink.behave["odd"] = "data 451"
    odd = a_message(now=NOW, address="odd@patients.example")
    messaging.deliver_due(now=NOW)
    assert not ActionLink.objects.working(NOW).exists()
    sink.behave.clear()
    messaging.deliver_due(now=fresh(odd).next_try_at)
    assert ActionLink.objects.working(NOW).count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_with_the_server_away_everything_waits_and_then_arrives_once(sink):
    messages = many_messages(20, now=NOW)
    sink.stop()
    at = NOW
    for _ in range(4):
        messaging.deliver_due(now=at)
        at += timedelta(seconds=30)
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {State.PLANNED}
    sink.start()
    for _ in range(20):
        messaging.deliver_due(now=at)
        at += timedelta(minutes=1)
    assert sorted(sink.log) == sorted(str(m.uid) for m in messages)


def test_waits_grow_to_a_quarter_of_an_hour_and_are_spread():
    waits = [delivery.wait_after(n).total_seconds() for n in range(1, 40)]
    assert 3 <= waits[0] <= 7
    assert max(waits) <= 15 * 60 * 1.25
    assert len(set(waits)) == len(waits)


# -- The fence -------------------------------------------------------------------------------------------


class Scripted:
    """A channel whose stages run what a test wants to happen in between."""

    name = "email"

    def __init__(self, *, at_stage=None, at_hand_over=None):
        self.at_stage, self.at_hand_over = at_stage, at_hand_over
        self.handed: list[Envelope] = []
        self.backed_out = 0

    def stage(self, envelope):
        self.staged = envelope
        if self.at_stage:
            self.at_stage()

    def back_out(self):
        self.backed_out += 1

    def hand_over(self):
        if self.at_hand_over:
            self.at_hand_over()
        self.handed.append(self.staged)
        return "taken"

    def close(self):
        """Nothing to hang up."""


@pytest.fixture
def scripted(monkeypatch):
    def use(**kwargs) -> Scripted:
        channel = Scripted(**kwargs)
        monkeypatch.setattr("clinic.channels.open_channels", lambda: {"email": channel})
        return channel

    return use


@pytest.mark.django_db
def test_a_visit_cancelled_after_the_claim_stops_its_message_at_the_fence(scripted):
    message = a_message(now=NOW)
    channel = scripted(
        at_stage=lambda: messaging.void_for(subject_uid=message.subject_uid, reason=Reason.CANCELLED, now=NOW)
    )
    messaging.deliver_due(now=NOW)
    assert channel.handed == []
    assert channel.backed_out == 1
    assert (fresh(message).state, fresh(message).reason) == (State.SUPPRESSED, Reason.CANCELLED)


@pytest.mark.django_db
def test_a_visit_cancelled_during_a_hand_over_that_is_then_refused_is_not_tried_again(scripted):
    message = a_message(now=NOW)

    def cancelled_then_refused():
        messaging.void_for(subject_uid=message.subject_uid, reason=Reason.CANCELLED, now=NOW)
        raise Refused("smtp 451", for_good=False)

    scripted(at_hand_over=cancelled_then_refused)
    messaging.deliver_due(now=NOW)
    ended = fresh(message)
    assert (ended.state, ended.reason, ended.needs_person) == (State.SUPPRESSED, Reason.CANCELLED, False)


@pytest.mark.django_db
def test_nobody_is_asked_to_call_about_a_visit_that_was_cancelled(scripted):
    message = a_message(now=NOW)

    def cancelled_then_lost():
        messaging.void_for(subject_uid=message.subject_uid, reason=Reason.CANCELLED, now=NOW)
        raise Uncertain("gone")

    scripted(at_hand_over=cancelled_then_lost)
    messaging.deliver_due(now=NOW)
    assert fresh(message).state == State.UNKNOWN
    assert not fresh(message).needs_person


@pytest.mark.django_db
def test_a_sender_whose_lease_is_over_hands_nothing_over(scripted):
    message = a_message(now=NOW)
    channel = scripted(at_stage=lambda: messaging.sweep(now=NOW + timedelta(hours=1)))
    messaging.deliver_due(now=NOW)
    assert channel.handed == []
    assert fresh(message).state == State.PLANNED


@pytest.mark.django_db
def test_of_two_senders_with_the_same_message_only_the_later_claim_counts(scripted):
    message = a_message(now=NOW)
    [first] = claimed(1, now=NOW)
    messaging.sweep(now=NOW + timedelta(hours=1))
    [second] = claimed(1, now=NOW + timedelta(hours=1))
    at = NOW + timedelta(hours=1)
    assert not handing_over.begin(first, links.new_token(), now=at)
    assert handing_over.begin(second, links.new_token(), now=at)
    assert fresh(message).attempt == 2


@pytest.mark.django_db
def test_a_crash_before_the_hand_over_is_claimed_again_and_one_after_it_is_unknown(scripted):
    before, after = many_messages(2, now=NOW)
    for hand in claimed(2, now=NOW):
        if hand.message.pk == after.pk:
            handing_over.begin(hand, links.new_token(), now=NOW)
    found = messaging.sweep(now=NOW + handing_over.LEASE)
    assert (found.reclaimed, found.unknown) == (1, 1)
    assert fresh(before).state == State.PLANNED
    assert (fresh(after).state, fresh(after).reason) == (State.UNKNOWN, Reason.WORKER_LOST)
    assert fresh(after).needs_person
    channel = scripted()
    messaging.deliver_due(now=NOW + handing_over.LEASE)
    assert [envelope.message_id for envelope in channel.handed] == [str(before.uid)]


@pytest.mark.django_db
def test_a_sender_that_was_only_slow_still_reports_what_was_accepted(scripted):
    message = a_message(now=NOW)
    scripted(at_hand_over=lambda: messaging.sweep(now=NOW + timedelta(hours=1)))
    messaging.deliver_due(now=NOW)
    assert fresh(message).state == State.ACCEPTED
    assert not fresh(message).needs_person


@pytest.mark.django_db
def test_a_channel_that_is_down_puts_the_whole_batch_back(scripted):
    many_messages(5, now=NOW)

    def down():
        raise Down("refused")

    channel = scripted(at_stage=down)
    messaging.deliver_due(now=NOW)
    assert OutboundMessage.objects.due(NOW + timedelta(minutes=1)).count() == 5
    channel.at_stage = None
    messaging.deliver_due(now=NOW + timedelta(seconds=1))
    assert channel.handed == []
    messaging.deliver_all(now=NOW + timedelta(seconds=10))
    assert len(channel.handed) == 5


@pytest.mark.django_db(transaction=True)
def test_what_was_accepted_is_written_down_even_if_the_database_goes_away_for_a_moment(scripted):
    first, second = many_messages(2, now=NOW)

    def cut_the_line():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (ours,) = cursor.fetchone()
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [ours])
        other.close()

    scripted(at_hand_over=cut_the_line)
    messaging.deliver_due(now=NOW)
    assert (fresh(first).state, fresh(second).state) == (State.ACCEPTED, State.ACCEPTED)


# -- Stopping --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_who_takes_their_consent_back_gets_nothing_that_was_pending():
    mine, other = many_messages(2, now=NOW)
    assert messaging.void_for_patient(patient_uids=[mine.patient_uid], reason=Reason.OPTED_OUT, now=NOW) == 1
    assert fresh(mine).reason == Reason.OPTED_OUT
    assert fresh(other).state == State.PLANNED


@pytest.mark.django_db
def test_an_address_that_opted_out_gets_nothing_whoever_shares_it():
    a_message(now=NOW, address="family@patients.example")
    a_message(now=NOW, address="FAMILY@patients.example")
    stopped = messaging.void_for_address(
        channel="email", address="Family@patients.example", reason=Reason.OPTED_OUT, now=NOW
    )
    assert stopped == 2


@pytest.mark.django_db
def test_pending_messages_follow_the_patient_to_a_new_address():
    message = a_message(now=NOW)
    messaging.readdress(patient_uids=[message.patient_uid], channel="email", address="new@patients.example", now=NOW)
    assert fresh(message).to_address == "new@patients.example"
    messaging.readdress(patient_uids=[message.patient_uid], channel="email", address="", now=NOW)
    assert (fresh(message).reason, fresh(message).needs_person) == (Reason.NO_ADDRESS, True)


# -- The sum, and the cost -------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic")
def test_the_sum_of_a_day_balances(sink):
    sink.behave["p3"] = "rcpt 550"
    many_messages(6, now=NOW)
    a_message(now=NOW, due_at=NOW + timedelta(hours=1), address="later@patients.example")
    messaging.deliver_due(now=NOW)
    day = messaging.reconcile(since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=2), now=NOW)
    assert (day.due, day.sent, day.not_sent, day.waiting) == (7, 5, 1, 1)
    assert day.balances
    assert day.overdue == 0
    assert day.needing_a_person == 1


@pytest.mark.django_db
def test_a_hundred_thousand_messages_of_next_month_do_not_slow_the_sender():
    later = NOW + timedelta(days=30)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO clinic_outboundmessage (uid, purpose, channel, occasion, to_name, to_address, language,
                subject_kind, subject_uid, subject_version, title, text, html, link_purpose, planned_at, due_at,
                too_late_at, next_try_at, state, reason, detail, attempt, provider_id, void_reason, needs_person,
                resolution, resolution_note)
            SELECT gen_random_uuid(), 'visit_reminder', 'email', 'day before', 'x', 'p' || n || '@x.example', 'en',
                'a', gen_random_uuid(), 1, 't', 't', '', '', %s, %s, %s, %s, 'planned', '', '', 0, '', '', false,
                '', ''
            FROM generate_series(1, 100000) n""",
            [NOW, later, later, later],
        )
        cursor.execute("ANALYZE clinic_outboundmessage")
    many_messages(10, now=NOW)
    with CaptureQueriesContext(connection) as made:
        assert len(claimed(100, now=NOW)) == 10
    sql = next(q["sql"] for q in made if "SKIP LOCKED" in q["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "message_due" in plan
    assert "Rows Removed by Filter" not in plan


@pytest.mark.django_db
def test_the_log_says_how_many_and_never_to_whom(caplog, scripted):
    caplog.set_level("DEBUG")
    scripted()
    message = a_message(now=NOW)
    messaging.deliver_due(now=NOW)
    messaging.sweep(now=NOW)
    token_digest = ActionLink.objects.get().digest
    said = caplog.text
    assert "claimed 1" in said
    for secret in (message.to_address, message.to_name, "Ribeiro", token_digest):
        assert secret not in said
