"""No more mail by one press: RFC 8058, and a page that asks. Promises P5 and P12."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic import messaging, opt_outs
from clinic import time as clocks
from clinic.logs import discreet
from clinic.messaging import Recipient
from clinic.messaging_states import Channel, MessagePurpose, Reason, State
from clinic.models import AuditEvent, OptOut, OutboundMessage
from tests.factories.messages import a_message
from tests.factories.people import a_clinic
from tests.factories.sink import Sink

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(settings, monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.PUBLIC_URL = "https://clinic.example.org"
    a_clinic()
    with Sink() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def path_of(mail) -> str:
    link = re.fullmatch(r"<https://clinic\.example\.org(/unsubscribe/[^>]+)>", mail["List-Unsubscribe"])
    assert link
    return link.group(1)


def a_sent_mail(sink, **changes) -> str:
    a_message(now=NOW, **changes)
    messaging.deliver_due(now=NOW)
    return path_of(sink.mails[-1])


def test_every_mail_to_a_patient_says_how_to_end_them_and_names_nobody_in_it(sink):
    path = a_sent_mail(sink)
    assert sink.mails[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "ana" not in path.lower()
    assert "@" not in path


@pytest.mark.parametrize(
    "purpose", [MessagePurpose.INVITATION, MessagePurpose.PASSWORD_RESET, MessagePurpose.SIGN_IN_NOTICE]
)
def test_a_mail_to_staff_cannot_be_ended(sink, purpose):
    a_message(now=NOW, purpose=purpose, link_purpose="password")
    messaging.deliver_due(now=NOW)
    assert sink.mails[0]["List-Unsubscribe"] is None


def test_one_press_in_a_mail_program_ends_mail_without_cookies_and_without_a_form(sink):
    path = a_sent_mail(sink)
    waiting = a_message(now=NOW, address="ANA@patients.example", due_at=NOW + timedelta(hours=1))
    program = Client(enforce_csrf_checks=True)
    answer = program.post(path, ONE_CLICK)
    assert answer.status_code == 200
    assert (OutboundMessage.objects.get(pk=waiting.pk).state, OptOut.objects.get().source) == (
        State.SUPPRESSED,
        OptOut.Source.LINK,
    )
    again = Client().post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert again.status_code == 200
    assert OptOut.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
def test_looking_changes_nothing(sink, client, method):
    path = a_sent_mail(sink)
    for _ in range(3):
        getattr(client, method)(path)
    assert not OptOut.objects.exists()


@pytest.mark.parametrize("said", [{}, {"List-Unsubscribe": "no"}, {"list-unsubscribe": "One-Click"}, {"x": "y"}])
def test_a_post_that_does_not_say_so_changes_nothing(sink, client, said):
    assert client.post(a_sent_mail(sink), said).status_code == 200
    assert not OptOut.objects.exists()


def test_the_page_asks_ends_and_begins_again(sink, client):
    path = a_sent_mail(sink)
    assert "Send me no more mail" in client.get(path).content.decode()
    assert "No more mail from us." in client.post(path, ONE_CLICK).content.decode()
    assert "Write to me again" in client.get(path).content.decode()
    assert "We write to you again." in client.post(f"{path}again/").content.decode()
    assert not OptOut.objects.standing().exists()
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["opt_out.made", "opt_out.lifted"]


def test_to_begin_again_needs_the_page(sink):
    path = a_sent_mail(sink)
    browser = Client(enforce_csrf_checks=True)
    browser.post(path, ONE_CLICK)
    assert browser.post(f"{path}again/").status_code == 403
    assert browser.get(f"{path}again/").status_code == 405
    assert OptOut.objects.standing().exists()


def test_the_page_speaks_the_language_of_the_mail(sink, client):
    path = a_sent_mail(sink, to=Recipient(Channel.EMAIL, "Ana", "ana@patients.example", language="de"))
    assert "Keine E-Mails mehr von uns?" in client.get(path).content.decode()


def test_text_messages_go_on(sink, client):
    client.post(a_sent_mail(sink), ONE_CLICK)
    assert opt_outs.stopped([("email", "ana@patients.example"), ("sms", "+12075550142")]) == {
        ("email", "ana@patients.example")
    }


def test_a_mail_to_this_address_is_stopped_whoever_shares_it_and_staff_mail_is_not(sink, client):
    client.post(a_sent_mail(sink), ONE_CLICK)
    patient = a_message(now=NOW)
    staff = a_message(now=NOW, purpose=MessagePurpose.PASSWORD_RESET, link_purpose="password")
    messaging.deliver_due(now=NOW)
    assert OutboundMessage.objects.get(pk=patient.pk).reason == Reason.OPTED_OUT
    assert OutboundMessage.objects.get(pk=staff.pk).state == State.ACCEPTED


@pytest.mark.parametrize("change", ["swap", "cut", "other salt", "nonsense", "uid only"])
def test_a_link_that_we_did_not_sign_opens_nothing(sink, client, change):
    path = a_sent_mail(sink)
    token = path.split("/")[2]
    uid, _, mark = token.partition("~")
    other = a_message(now=NOW, address="ben@patients.example")
    forged = {
        "swap": f"{other.uid.hex}~{mark}",
        "cut": token[:-1],
        "other salt": opt_outs.signing.Signer(salt="other", sep="~").sign(uid),
        "nonsense": "x" * 80,
        "uid only": uid,
    }[change]
    for name in ("unsubscribe", "unsubscribe_again"):
        assert client.post(reverse(name, args=[forged]), ONE_CLICK).status_code == 410
    assert client.get(reverse("unsubscribe", args=[forged])).status_code == 410
    assert not OptOut.objects.exists()


def test_no_log_keeps_the_link_and_no_referrer_takes_it_along(sink, client, caplog):
    path = a_sent_mail(sink)
    with caplog.at_level(logging.DEBUG):
        answer = client.post(path, ONE_CLICK)
    token = path.split("/")[2]
    assert token not in discreet(f"GET {path} 200")
    assert token not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("clinic"))
    assert (answer["Referrer-Policy"], answer["Cache-Control"]) == ("strict-origin", "no-store")
