"""What providers tell of messages: signed, once, and never against an end. Promise P2."""

from __future__ import annotations

import base64
import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from clinic import messaging, opt_outs, receipts, twilio
from clinic import time as clocks
from clinic.messaging import Recipient
from clinic.messaging_states import Channel, Reason, State
from clinic.models import DeliveryEvent, OptOut, OutboundMessage
from tests.factories.messages import a_message
from tests.factories.text_sink import SECRET, TextSink

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ANA = "+12075550142"
OUTSIDE = "https://clinic.example.org"

pytestmark = pytest.mark.django_db


@pytest.fixture
def phones(settings, monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    settings.PUBLIC_URL = OUTSIDE
    with TextSink() as sink:
        settings.SMS_URL = sink.url
        yield sink


def a_text(**changes) -> OutboundMessage:
    return a_message(now=NOW, to=Recipient(Channel.SMS, "Ana", ANA, patient_uid=None), **changes)


def a_sent_text(phones) -> OutboundMessage:
    message = a_text()
    messaging.deliver_due(now=NOW)
    assert fresh(message).state == State.ACCEPTED
    return fresh(message)


def fresh(message: OutboundMessage) -> OutboundMessage:
    return OutboundMessage.objects.get(pk=message.pk)


def tell(client, message, status: str, *, sid: str = "", code: str = "", signature: str | None = None) -> int:
    """What the provider does at the address that went out with the message."""
    path = reverse("sms_status", args=[message.uid])
    said = {"MessageSid": sid or message.provider_id or "SMx", "MessageStatus": status, "AccountSid": "ACtest"}
    said |= {"ErrorCode": code} if code else {}
    made = twilio.signature(OUTSIDE + path, {name: [value] for name, value in said.items()}, SECRET)
    answer = client.post(
        path,
        urlencode(said),
        content_type="application/x-www-form-urlencoded",
        headers={twilio.SIGNATURE_HEADER: made if signature is None else signature},
    )
    return answer.status_code


# -- Text messages ---------------------------------------------------------------------------------------


def test_a_delivered_text_is_delivered(client, phones):
    message = a_sent_text(phones)
    for status in ("queued", "sent", "delivered"):
        assert tell(client, message, status) == 204
    assert fresh(message).state == State.DELIVERED
    assert [event.said for event in DeliveryEvent.objects.order_by("pk")] == ["queued", "sent", "delivered"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [("30003", Reason.BAD_ADDRESS), ("30005", Reason.BAD_ADDRESS), ("30007", Reason.REFUSED), ("", Reason.REFUSED)],
)
def test_an_undelivered_text_says_why_and_the_desk_is_told(client, phones, code, reason):
    message = a_sent_text(phones)
    tell(client, message, "undelivered", code=code)
    bounced = fresh(message)
    assert (bounced.state, bounced.reason, bounced.needs_person, bounced.detail) == (State.BOUNCED, reason, True, code)


@pytest.mark.parametrize("order", list(itertools.permutations(["queued", "sent", "delivered"])))
def test_in_whichever_order_it_is_told_the_end_is_the_same(client, phones, order):
    message = a_sent_text(phones)
    for status in order:
        tell(client, message, status)
    assert fresh(message).state == State.DELIVERED


@pytest.mark.parametrize(("first", "then"), [("delivered", "failed"), ("undelivered", "delivered"), ("read", "sent")])
def test_what_has_ended_is_not_undone_by_what_comes_later(client, phones, first, then):
    message = a_sent_text(phones)
    tell(client, message, first)
    ended = fresh(message).state
    tell(client, message, then)
    assert fresh(message).state == ended


@pytest.mark.parametrize("status", ["receiving", "canceled", "partially_delivered", "x" * 300, "<b>", "None"])
def test_a_word_that_we_do_not_know_changes_nothing(client, phones, status):
    message = a_sent_text(phones)
    assert tell(client, message, status) == 204
    assert fresh(message).state == State.ACCEPTED


def test_the_same_event_counts_once_however_often_it_is_told(client, phones):
    message = a_sent_text(phones)
    for _ in range(5):
        tell(client, message, "delivered")
    assert DeliveryEvent.objects.count() == 1


@pytest.mark.parametrize("signature", ["", "AAAA", "é", "x" * 10_000])
def test_what_is_not_signed_is_refused_and_leaves_nothing(client, phones, signature):
    message = a_sent_text(phones)
    assert tell(client, message, "undelivered", signature=signature) == 403
    assert fresh(message).state == State.ACCEPTED
    assert not DeliveryEvent.objects.exists()


def test_a_signature_for_one_message_says_nothing_of_another(client, phones):
    message, other = a_sent_text(phones), a_sent_text(phones)
    path, said = reverse("sms_status", args=[message.uid]), {"MessageSid": "SM1", "MessageStatus": "failed"}
    made = twilio.signature(OUTSIDE + path, {name: [value] for name, value in said.items()}, SECRET)
    headers = {twilio.SIGNATURE_HEADER: made}
    kind = "application/x-www-form-urlencoded"
    elsewhere = reverse("sms_status", args=[other.uid])
    assert client.post(elsewhere, urlencode(said), content_type=kind, headers=headers).status_code == 403


def test_what_the_provider_says_of_another_id_is_not_about_our_message(client, phones):
    message = a_sent_text(phones)
    tell(client, message, "failed", sid="SManother")
    assert fresh(message).state == State.ACCEPTED


def test_of_a_message_that_is_not_here_nothing_is_kept(client, phones):
    message = a_sent_text(phones)
    message.uid = uuid.uuid4()
    assert tell(client, message, "delivered") == 204
    assert not DeliveryEvent.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_listened_to(client, phones, method):
    path = reverse("sms_status", args=[uuid.uuid4()])
    assert getattr(client, method)(path).status_code == 405


def test_a_word_of_the_provider_settles_what_nobody_knew(client, phones):
    phones.behave[ANA] = "close after"
    message = a_text()
    messaging.deliver_due(now=NOW)
    assert (fresh(message).state, fresh(message).needs_person) == (State.UNKNOWN, True)
    tell(client, message, "sent", sid=phones.taken[0].sid)
    known = fresh(message)
    assert (known.state, known.reason, known.needs_person) == (State.ACCEPTED, "", False)
    assert known.provider_id == phones.taken[0].sid
    tell(client, message, "delivered", sid=phones.taken[0].sid)
    assert fresh(message).state == State.DELIVERED
    assert len(phones.taken) == 1


def test_a_word_that_is_quicker_than_our_own_sender_is_kept(client, phones):
    """The provider calls back while the answer to our request is still on its way."""
    message = a_text()
    OutboundMessage.objects.filter(pk=message.pk).update(
        state=State.HANDING_OVER, handing_over_at=NOW, lease_until=NOW + timedelta(minutes=3), attempt=1
    )
    tell(client, message, "delivered", sid="SM1")
    assert (fresh(message).state, fresh(message).provider_id) == (State.DELIVERED, "SM1")
    messaging.sweep(now=NOW + timedelta(minutes=10))
    assert fresh(message).state == State.DELIVERED


def test_what_a_person_has_dealt_with_stays_as_they_left_it(client, phones, django_user_model):
    phones.behave[ANA] = "close after"
    message = a_text()
    messaging.deliver_due(now=NOW)
    desk = django_user_model.objects.create_user(email="desk@clinic.example", name="Dee", roles=["admin"])
    messaging.resolve(message_uid=message.uid, how="called", note="", by=desk, now=NOW)
    tell(client, message, "delivered", sid=phones.taken[0].sid)
    assert fresh(message).state == State.UNKNOWN


def test_who_told_the_provider_to_stop_is_written_to_no_more(phones):
    phones.behave[ANA] = "http 400 21610"
    first, other = a_text(), a_text()
    messaging.deliver_due(now=NOW)
    ended = fresh(first)
    assert (ended.state, ended.reason, ended.needs_person) == (State.SUPPRESSED, Reason.OPTED_OUT, False)
    assert OptOut.objects.standing().get().source == OptOut.Source.PROVIDER
    messaging.deliver_due(now=NOW + timedelta(minutes=1))
    assert fresh(other).state == State.SUPPRESSED
    third = a_text()
    messaging.deliver_due(now=NOW + timedelta(minutes=2))
    assert fresh(third).reason == Reason.OPTED_OUT
    assert len([method for method, _ in phones.requests if method == "POST"]) <= 2


def test_a_stop_that_the_provider_tells_of_afterwards_counts_too(client, phones):
    message = a_sent_text(phones)
    tell(client, message, "failed", code="21610")
    assert opt_outs.standing(Channel.SMS, ANA) is not None
    assert not fresh(message).needs_person


# -- E-mail through a provider ---------------------------------------------------------------------------

POSTMARK = "anymail.backends.postmark.EmailBackend"


@pytest.fixture
def postmark(settings, monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    settings.EMAIL_BACKEND = POSTMARK
    settings.ANYMAIL = {"WEBHOOK_SECRET": "tonus:a long word", "POSTMARK_SERVER_TOKEN": "x"}


@pytest.fixture
def mail():
    """A mail that the provider has taken."""
    message = a_message(now=NOW, address="Ana@Patients.example")
    OutboundMessage.objects.filter(pk=message.pk).update(
        state=State.ACCEPTED, handing_over_at=NOW, accepted_at=NOW, settled_at=NOW, provider_id="pm-1"
    )
    return message


def by_postmark(client, *, secret: str = "tonus:a long word", **event):
    headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()} if secret else {}
    return client.post(reverse("mail_hook"), json.dumps(event), content_type="application/json", headers=headers)


def event_of(message, kind: str, **more):
    usual = {"RecordType": kind, "MessageID": "pm-1", "Metadata": {"tonus_message": str(message.uid)}}
    return usual | {"DeliveredAt": "2026-11-24T15:00:05Z"} | more


def test_a_delivered_mail_is_delivered(client, postmark, mail):
    assert by_postmark(client, **event_of(mail, "Delivery", Recipient="ana@patients.example")).status_code == 200
    assert fresh(mail).state == State.DELIVERED


def test_a_mail_that_bounced_says_why_and_the_desk_is_told(client, postmark, mail):
    by_postmark(client, **event_of(mail, "Bounce", ID=7, Type="HardBounce", Email="ana@patients.example"))
    bounced = fresh(mail)
    assert (bounced.state, bounced.reason, bounced.needs_person) == (State.BOUNCED, Reason.BAD_ADDRESS, True)
    by_postmark(client, **event_of(mail, "Delivery", Recipient="ana@patients.example"))
    assert fresh(mail).state == State.BOUNCED


def test_a_mail_that_is_late_has_not_ended(client, postmark, mail):
    by_postmark(client, **event_of(mail, "Bounce", ID=8, Type="Transient", Email="ana@patients.example"))
    assert fresh(mail).state == State.ACCEPTED


def test_without_our_uid_it_is_found_by_the_providers_id_and_the_address(client, postmark, mail):
    event = event_of(mail, "Delivery", Recipient="Ana@Patients.example") | {"Metadata": {}}
    by_postmark(client, **event)
    assert fresh(mail).state == State.DELIVERED


def test_whose_mail_is_spam_to_them_gets_no_more(client, postmark, mail):
    by_postmark(client, **event_of(mail, "SpamComplaint", ID=9, Type="SpamComplaint", Email="ana@patients.example"))
    assert OptOut.objects.standing().get().source == OptOut.Source.COMPLAINT
    assert opt_outs.stopped([("email", "ANA@patients.example")]) == {("email", "ANA@patients.example")}
    by_postmark(client, **event_of(mail, "SubscriptionChange", SuppressSending=False, Recipient="ana@patients.example"))
    assert OptOut.objects.standing().exists(), "no provider brings anybody back"


def test_an_opened_mail_is_nobodys_business(client, postmark, mail):
    by_postmark(client, **event_of(mail, "Open", Recipient="ana@patients.example"))
    assert not DeliveryEvent.objects.exists()


@pytest.mark.parametrize("secret", ["", "tonus:another", "tonus:", ":"])
def test_who_does_not_know_the_secret_is_not_heard(client, postmark, mail, secret):
    client.raise_request_exception = False
    assert by_postmark(client, secret=secret, **event_of(mail, "Delivery")).status_code == 400
    assert fresh(mail).state == State.ACCEPTED


def test_a_provider_that_neither_signs_nor_knows_a_secret_has_no_door(client, postmark, mail, settings):
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "x"}
    assert by_postmark(client, **event_of(mail, "Delivery")).status_code == 404


@pytest.mark.parametrize(
    "backend",
    [
        "django.core.mail.backends.smtp.EmailBackend",
        "django.core.mail.backends.locmem.EmailBackend",
        "anymail.backends.nosuch.EmailBackend",
        "anymail.backends.test.EmailBackend",
    ],
)
def test_without_a_provider_there_is_no_door(client, settings, backend):
    settings.EMAIL_BACKEND = backend
    assert client.post(reverse("mail_hook")).status_code == 404


def test_a_provider_that_signs_needs_no_secret_and_a_wrong_signature_is_refused(client, settings, mail):
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {"MAILGUN_API_KEY": "x", "MAILGUN_WEBHOOK_SIGNING_KEY": "key"}
    client.raise_request_exception = False
    event = {
        "signature": {"timestamp": "1", "token": "t", "signature": "wrong"},
        "event-data": {"event": "delivered", "id": "1"},
    }
    answer = client.post(reverse("mail_hook"), json.dumps(event), content_type="application/json")
    assert answer.status_code == 400
    assert fresh(mail).state == State.ACCEPTED


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '"x"', '{"RecordType": 7}', '{"RecordType": "Delivery"}', "\x00"]
)
def test_what_cannot_be_read_is_refused_without_a_fault(client, postmark, body):
    headers = {"Authorization": "Basic " + base64.b64encode(b"tonus:a long word").decode()}
    client.raise_request_exception = False
    answer = client.post(reverse("mail_hook"), body, content_type="application/json", headers=headers)
    assert answer.status_code in (200, 400)
    assert not DeliveryEvent.objects.exists()


def test_a_report_is_a_value_and_says_no_address():
    report = receipts.of_text(sid="SM1", status="delivered", error_code="x" * 50)
    assert report == receipts.Report("sms SM1 delivered", "delivered", State.DELIVERED, "SM1")
