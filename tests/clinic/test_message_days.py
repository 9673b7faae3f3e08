"""The sum of each day by channel, and messages found again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import messaging, reckoning
from clinic import time as clocks
from clinic.messaging import Recipient
from clinic.messaging_states import Reason, State
from clinic.models import AuditEvent, OutboundMessage
from tests.factories.messages import a_message, many_messages
from tests.factories.people import a_clinic, a_location, a_therapist, front_desk

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
DAY = reverse("office:messages_day")
SEARCH = reverse("office:messages_search")


@pytest.fixture
def browser(monkeypatch: Any) -> Client:
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    a_clinic()
    a_location()
    client = Client()
    client.force_login(front_desk())
    return client


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def to(name: str, address: str, channel: str = "email") -> Recipient:
    return Recipient(channel, name, address, patient_uid=uuid.uuid4())


def test_each_channel_adds_up_and_so_do_all_together(browser: Client) -> None:
    many_messages(4, now=NOW)
    a_message(now=NOW, to=to("Ana", "+12025550123", "sms"))
    stopped = a_message(now=NOW, address="x@patients.example")
    messaging.void_for(subject_uid=stopped.subject_uid, reason=Reason.CANCELLED, now=NOW)
    messaging.deliver_due(now=NOW, channel="email")
    day = reckoning.of_day(since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=1))
    email, sms = day.channels["email"], day.channels["sms"]
    assert (email.due, email.sent, email.not_sent, email.waiting) == (5, 4, 1, 0)
    assert (sms.due, sms.sent, sms.waiting) == (1, 0, 1)
    assert day.reasons == [(State.SUPPRESSED, Reason.CANCELLED, 1)]
    whole = messaging.reconcile(since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=1), now=NOW)
    assert (day.together.due, day.together.by_state) == (whole.due, whole.by_state)
    assert all(one.balances for one in (email, sms, day.together))
    text = text_of(browser.get(DAY))
    assert "the visit was cancelled" in text
    assert text.count("</i> Yes") == 3 or text.count("Yes</span>") == 3


def test_a_sum_that_lost_something_says_so() -> None:
    assert not reckoning.Reckoning(due=3, by_state={State.ACCEPTED: 2}).balances


def test_another_day_is_a_link_away_and_a_day_that_is_none_is_today(browser: Client) -> None:
    many_messages(2, now=NOW, due_at=NOW + timedelta(days=1), too_late_at=NOW + timedelta(days=2),
                  link_expires_at=NOW + timedelta(days=3))  # fmt: skip
    today = browser.get(DAY)
    assert "?on=2026-11-25" in today.content.decode()
    assert [row.due for _, row in browser.get(DAY, {"on": "2026-11-25"}).context["rows"]] == [2, 0, 2]
    assert browser.get(DAY, {"on": "soon"}).context["on"] == today.context["on"]


@pytest.mark.parametrize("many", [1, 4])
def test_the_sum_costs_the_same_however_much_was_due(browser: Client, many: int) -> None:
    many_messages(many, now=NOW)
    browser.get(DAY)
    with CaptureQueriesContext(connection) as asked:
        browser.get(DAY)
    assert len(asked) <= 9


@pytest.mark.parametrize("word", ["ribeiro", "Ana", "ana rib", "ANA@patients", "5550123", "(202) 555-0123"])
def test_a_message_is_found_by_a_part_of_the_name_or_the_address(browser: Client, word: str) -> None:
    mine = a_message(now=NOW, to=to("Ana Ribeiro", "ana@patients.example"))
    text = a_message(now=NOW, to=to("Ana Ribeiro", "+12025550123", "sms"))
    a_message(now=NOW, to=to("Bo Chen", "bo@clients.example"))
    found = {row.uid for row in browser.post(SEARCH, {"q": word}).context["rows"]}
    assert found
    assert found <= {mine.uid, text.uid}


def test_the_channel_what_it_was_and_the_days_narrow_it_down(browser: Client) -> None:
    early = a_message(now=NOW - timedelta(days=60), to=to("Ana", "ana@patients.example"))
    mail = a_message(now=NOW, to=to("Ana", "ana@patients.example"))
    text = a_message(now=NOW, to=to("Ana", "+12025550123", "sms"))

    def found(**said: str) -> set[Any]:
        return {row.uid for row in browser.post(SEARCH, {"q": "ana", **said}).context["rows"]}

    assert found() == {mail.uid, text.uid}
    assert found(channel="sms") == {text.uid}
    assert found(purpose="invoice") == set()
    assert found(since="2026-09-01", until="2026-10-01") == {early.uid}


def test_days_the_wrong_way_round_are_refused_beside_the_field(browser: Client) -> None:
    answer = browser.post(SEARCH, {"q": "ana", "since": "2026-11-24", "until": "2026-11-23"})
    assert answer.status_code == 422
    assert "The last day is before the first." in text_of(answer)
    assert 'value="ana"' in text_of(answer)


def test_who_was_found_is_written_down_and_a_name_is_never_in_an_address(browser: Client) -> None:
    message = a_message(now=NOW, to=to("Ana", "ana@patients.example"))
    assert browser.get(SEARCH, {"q": "ana"}).context["rows"] == []
    browser.post(SEARCH, {"q": "ana"})
    seen = AuditEvent.objects.filter(action="messages.viewed").values_list("patient_uid", "detail")
    assert str(message.patient_uid) in str(list(seen))


def test_a_message_leads_to_what_it_says_besides_and_back(browser: Client) -> None:
    leader, other = a_message(now=NOW, address="a@patients.example"), a_message(now=NOW, address="b@patients.example")
    OutboundMessage.objects.filter(pk=other.pk).update(
        state=State.SUPPRESSED, reason=Reason.DUPLICATE_CONTACT, settled_at=NOW, said_by_uid=leader.uid
    )
    assert reverse("office:message", args=[other.uid]) in text_of(
        browser.get(reverse("office:message", args=[leader.uid]))
    )
    assert reverse("office:message", args=[leader.uid]) in text_of(
        browser.get(reverse("office:message", args=[other.uid]))
    )


@pytest.mark.parametrize("page", [DAY, SEARCH])
def test_a_therapist_sees_neither(page: str) -> None:
    a_clinic()
    client = Client()
    client.force_login(a_therapist())
    assert client.get(page).status_code in (403, 404)
