"""A channel that is away is left alone, tried with one message, and holds up no other. Promises P2, P9."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import breaker, messaging
from clinic import time as clocks
from clinic.channels import Down, Envelope, Refused
from clinic.messaging import Recipient
from clinic.messaging_states import State
from clinic.models import AuditEvent, ChannelHealth, OutboundMessage, User
from tests.factories.messages import a_message, claimed, many_messages
from tests.factories.people import a_clinic, a_location, a_therapist, front_desk

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


class Line:
    """A channel that does what a test tells it to."""

    def __init__(self, name: str) -> None:
        self.name, self.handed, self.staged, self.trouble = name, [], [], None

    def stage(self, envelope: Envelope) -> None:
        self.staged.append(envelope)
        if self.trouble:
            raise self.trouble

    def back_out(self) -> None:
        """Nothing to take back."""

    def hand_over(self) -> str:
        self.handed.append(self.staged[-1])
        return "taken"

    def close(self) -> None:
        """Nothing to hang up."""


@pytest.fixture
def lines(monkeypatch: Any) -> dict[str, Line]:
    made = {"email": Line("email"), "sms": Line("sms")}
    monkeypatch.setattr("clinic.channels.open_channels", lambda: made)
    return made


def a_text(*, now: datetime, number: int = 1, **facts: Any) -> OutboundMessage:
    return a_message(now=now, to=Recipient("sms", "Ana Ribeiro", f"+1202555{number:04}"), **facts)


def health(channel: str = "email") -> ChannelHealth:
    return ChannelHealth.objects.get(channel=channel)


# -- Away, tried, well -----------------------------------------------------------------------------------


def test_a_dead_provider_holds_up_no_other(lines: Any) -> None:
    many_messages(5, now=NOW)
    text = a_text(now=NOW)
    lines["email"].trouble = Down("refused")
    messaging.deliver_all(now=NOW)
    assert [envelope.message_id for envelope in lines["sms"].handed] == [str(text.uid)]
    assert (health().detail, health().failures) == ("refused", 1)
    assert ChannelHealth.objects.filter(channel="sms", down_since__isnull=True).exists()


def test_while_it_is_away_nobody_claims_and_then_one_message_tries_it(lines: Any) -> None:
    many_messages(5, now=NOW)
    lines["email"].trouble = Down("refused")
    messaging.deliver_all(now=NOW)
    assert len(lines["email"].staged) == 1
    messaging.deliver_all(now=NOW + timedelta(seconds=1))
    assert len(lines["email"].staged) == 1
    messaging.deliver_all(now=health().next_try_at)
    assert len(lines["email"].staged) == 2
    assert health().failures == 2
    lines["email"].trouble = None
    messaging.deliver_all(now=health().next_try_at)
    assert len(lines["email"].handed) == 5
    assert (health().down_since, health().failures, health().next_try_at) == (None, 0, None)


def test_of_two_senders_only_one_tries(lines: Any) -> None:
    many_messages(3, now=NOW)
    breaker.failed("email", detail="refused", now=NOW)
    at = health().next_try_at
    assert len(claimed(100, now=at)) == 1
    assert claimed(100, now=at) == []
    assert len(claimed(100, now=at + breaker.A_TRY)) == 1


def test_a_provider_that_says_no_to_one_patient_is_not_away(lines: Any) -> None:
    many_messages(5, now=NOW)
    lines["email"].trouble = Refused("smtp 550", for_good=True)
    messaging.deliver_all(now=NOW)
    assert len(lines["email"].staged) == 5
    assert health().down_since is None


def test_several_refusals_for_now_in_a_row_mean_that_it_is_unwell(lines: Any) -> None:
    many_messages(20, now=NOW)
    lines["email"].trouble = Refused("smtp 451", for_good=False)
    messaging.deliver_all(now=NOW)
    assert len(lines["email"].staged) == 3
    assert health().down_since is not None
    assert OutboundMessage.objects.filter(state=State.PLANNED).count() == 20


def test_waits_between_tries_grow_to_four_minutes_and_are_spread() -> None:
    waits = [breaker.wait_after(n).total_seconds() for n in range(1, 40)]
    assert 3 <= waits[0] <= 7
    assert max(waits) <= 4 * 60 * 1.25
    assert len(set(waits)) == len(waits)


def test_after_an_hour_without_a_server_all_goes_out_within_five_minutes(lines: Any) -> None:
    many_messages(30, now=NOW)
    lines["email"].trouble = Down("refused")
    for second in range(0, 3600, 5):
        messaging.deliver_all(now=NOW + timedelta(seconds=second))
    lines["email"].trouble = None
    for second in range(3600, 3900, 5):
        messaging.deliver_all(now=NOW + timedelta(seconds=second))
    assert len({envelope.message_id for envelope in lines["email"].handed}) == len(lines["email"].handed) == 30


def test_the_database_refuses_an_outage_without_an_end() -> None:
    with pytest.raises(IntegrityError, match="is_away_is_tried_again"), transaction.atomic():
        ChannelHealth.objects.create(channel="email", down_since=NOW)


# -- Not faster than the provider takes ------------------------------------------------------------------


def test_no_more_are_claimed_than_the_provider_takes_for_all_senders_together(lines: Any, settings: Any) -> None:
    settings.MESSAGES_A_SECOND = {"email": 2}
    many_messages(100, now=NOW)
    first = claimed(100, now=NOW)
    assert len(first) == 2 * breaker.SLOTS_AHEAD.total_seconds()
    assert claimed(100, now=NOW) == []
    assert len(claimed(100, now=NOW + timedelta(seconds=5))) == 10


def test_messages_leave_at_the_providers_pace(lines: Any, settings: Any, monkeypatch: Any) -> None:
    settings.MESSAGES_A_SECOND = {"email": 5}
    many_messages(11, now=NOW)
    slept: list[float] = []
    monkeypatch.setattr("clinic.delivery.machine.sleep", slept.append)
    messaging.deliver_all(now=NOW)
    assert len(lines["email"].handed) == 11
    assert len(slept) == 10
    assert max(slept) == pytest.approx(2, abs=0.5)


# -- By hand ---------------------------------------------------------------------------------------------


@pytest.fixture
def desk(monkeypatch: Any) -> User:
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    a_clinic()
    a_location()
    return front_desk(name="Dana Desk")


@pytest.fixture
def browser(desk: User) -> Client:
    client = Client()
    client.force_login(desk)
    return client


def test_what_is_paused_stays_until_somebody_lets_it_go_on(lines: Any, browser: Client, desk: User) -> None:
    many_messages(2, now=NOW)
    text = a_text(now=NOW)
    assert browser.post(reverse("office:channel"), {"channel": "email", "do": "pause"}).status_code == 303
    messaging.deliver_all(now=NOW)
    assert lines["email"].handed == []
    assert [envelope.message_id for envelope in lines["sms"].handed] == [str(text.uid)]
    assert "E-mail is paused" in browser.get(reverse("office:messages")).content.decode()
    browser.post(reverse("office:channel"), {"channel": "email", "do": "resume"})
    messaging.deliver_all(now=NOW)
    assert len(lines["email"].handed) == 2
    assert set(AuditEvent.objects.filter(action__startswith="channel.").values_list("action", flat=True)) == {
        "channel.paused",
        "channel.resumed",
    }


def test_nothing_is_paused_that_is_no_channel(browser: Client) -> None:
    assert browser.post(reverse("office:channel"), {"channel": "pigeon", "do": "pause"}).status_code == 303
    assert not ChannelHealth.objects.exists()


# -- The banner ------------------------------------------------------------------------------------------


def test_every_page_of_the_desk_says_what_does_not_go_out_since_when_and_when_it_is_tried(browser: Client) -> None:
    many_messages(3, now=NOW - timedelta(minutes=2))
    breaker.failed("email", detail="refused", now=NOW - timedelta(minutes=2))
    ChannelHealth.objects.update(next_try_at=NOW + timedelta(minutes=1))
    for page in ("office:messages", "patients:search", "scheduling:diary"):
        text = " ".join(browser.get(reverse(page)).content.decode().split())
        assert "E-mail is not going out" in text
        assert "3 wait." in text
        assert "Try now" in text


def test_who_may_not_see_messages_reads_nothing_of_it(desk: User) -> None:
    breaker.failed("email", detail="refused", now=NOW)
    client = Client()
    client.force_login(a_therapist())
    assert "not going out" not in client.get(reverse("scheduling:diary")).content.decode()


def test_messages_that_nobody_sends_are_noticed(browser: Client) -> None:
    a_message(now=NOW - timedelta(minutes=6))
    assert "nobody is sending" in browser.get(reverse("office:messages")).content.decode()


def test_text_messages_without_a_provider_are_noticed(browser: Client, settings: Any) -> None:
    settings.SMS_URL = ""
    a_text(now=NOW - timedelta(minutes=6))
    assert "no provider is set up" in browser.get(reverse("office:messages")).content.decode()


def test_while_all_is_well_no_page_asks_for_it(browser: Client) -> None:
    browser.get(reverse("patients:search"))
    with CaptureQueriesContext(connection) as asked:
        text = browser.get(reverse("patients:search")).content.decode()
    assert "not going out" not in text
    assert len([q for q in asked if "clinic_channelhealth" in q["sql"]]) == 1
    assert [q for q in asked if "clinic_channelhealth" in q["sql"] and "clinic_clinic" not in q["sql"]] == []
