"""Where the provider can be asked, nobody has to guess whether a message left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clinic import links, looking_up, messaging
from clinic.channels import Envelope, Sought, Uncertain
from clinic.messaging import Recipient
from clinic.messaging_states import Reason, State
from clinic.models import ActionLink, OutboundMessage
from tests.factories.messages import a_message
from tests.factories.people import a_clinic, a_location, front_desk

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
LATER = NOW + looking_up.SETTLED_AFTER + timedelta(seconds=30)


class Provider:
    """Takes messages, loses the line while it does, and can be asked what it has."""

    name = "sms"

    def __init__(self) -> None:
        self.has: list[Envelope] = []
        self.keeps, self.tells, self.asked = True, True, 0

    def stage(self, envelope: Envelope) -> None:
        self.staged = envelope

    def back_out(self) -> None:
        """Nothing to take back."""

    def hand_over(self) -> str:
        if self.keeps:
            self.has.append(self.staged)
        raise Uncertain("gone")

    def look_up(self, sought: Sought) -> str:
        self.asked += 1
        if not self.tells:
            raise Uncertain("http 500")
        return next((f"SM{n}" for n, one in enumerate(self.has) if sought.is_this(one.text)), "")

    def close(self) -> None:
        """Nothing to hang up."""


@pytest.fixture
def provider(monkeypatch: Any) -> Provider:
    made = Provider()
    monkeypatch.setattr("clinic.channels.open_channels", lambda: {"sms": made})
    return made


def lost(provider: Provider, *, keeps: bool, **facts: Any) -> OutboundMessage:
    provider.keeps = keeps
    message = a_message(now=NOW, to=Recipient("sms", "Ana", "+12025550123"), **facts)
    messaging.deliver_all(now=NOW)
    assert fresh(message).state == State.UNKNOWN
    return message


def fresh(message: OutboundMessage) -> OutboundMessage:
    return OutboundMessage.objects.get(pk=message.pk)


def test_what_the_provider_has_was_sent_and_nobody_has_to_call(provider: Provider) -> None:
    message = lost(provider, keeps=True)
    assert looking_up.look_up_unknown(now=LATER) == {"accepted": 1}
    found = fresh(message)
    assert (found.state, found.provider_id, found.needs_person) == (State.ACCEPTED, "SM0", False)
    assert ActionLink.objects.working(LATER).count() == 1


def test_what_the_provider_never_had_goes_out_after_all_once(provider: Provider) -> None:
    message = lost(provider, keeps=False)
    assert looking_up.look_up_unknown(now=LATER) == {"never had": 1}
    assert (fresh(message).state, fresh(message).needs_person) == (State.PLANNED, False)
    assert not ActionLink.objects.working(LATER).exists()
    provider.keeps = True
    messaging.deliver_all(now=LATER)
    looking_up.look_up_unknown(now=LATER + looking_up.SETTLED_AFTER + timedelta(seconds=30))
    assert fresh(message).state == State.ACCEPTED
    assert len(provider.has) == 1


def test_when_it_cannot_tell_a_person_decides_and_it_is_asked_again_later_but_not_for_ever(provider: Provider) -> None:
    message = lost(provider, keeps=True)
    provider.tells = False
    assert looking_up.look_up_unknown(now=LATER) == {"cannot tell": 1}
    assert looking_up.look_up_unknown(now=LATER) == {}
    assert (fresh(message).state, fresh(message).needs_person) == (State.UNKNOWN, True)
    assert looking_up.look_up_unknown(now=LATER + looking_up.AGAIN_AFTER) == {"cannot tell": 1}
    assert looking_up.look_up_unknown(now=NOW + timedelta(days=2)) == {}


def test_a_provider_is_not_asked_before_what_was_on_its_way_has_arrived(provider: Provider) -> None:
    lost(provider, keeps=False)
    assert looking_up.look_up_unknown(now=NOW + looking_up.SETTLED_AFTER) == {}
    assert provider.asked == 0


def test_the_same_words_to_the_same_number_are_another_message_when_their_link_is_another(provider: Provider) -> None:
    lost(provider, keeps=True)
    other = lost(provider, keeps=False)
    assert looking_up.look_up_unknown(now=LATER) == {"accepted": 1, "never had": 1}
    assert fresh(other).state == State.PLANNED


def test_words_without_a_link_are_known_by_themselves(provider: Provider) -> None:
    message = lost(provider, keeps=True, text="We call you.", link_purpose="", link_expires_at=None)
    looking_up.look_up_unknown(now=LATER)
    assert fresh(message).state == State.ACCEPTED


def _cancel(message: OutboundMessage) -> None:
    OutboundMessage.objects.filter(pk=message.pk).update(void_reason=Reason.CANCELLED, needs_person=False)


def _resolve(message: OutboundMessage) -> None:
    a_clinic()
    a_location()
    messaging.resolve(message_uid=message.uid, how="called", note="", by=front_desk(), now=NOW)


@pytest.mark.parametrize(
    ("what", "state"), [(_cancel, State.SUPPRESSED), (_resolve, State.UNKNOWN)], ids=["cancelled", "dealt with"]
)
def test_what_was_stopped_or_dealt_with_meanwhile_does_not_go_out(
    provider: Provider, what: Callable[[OutboundMessage], None], state: State
) -> None:
    message = lost(provider, keeps=False)
    what(message)
    looking_up.look_up_unknown(now=LATER)
    assert fresh(message).state == state
    messaging.deliver_all(now=LATER)
    assert provider.has == []


def test_what_would_come_too_late_is_left_to_a_person(provider: Provider) -> None:
    message = lost(provider, keeps=False, too_late_at=NOW + timedelta(minutes=5))
    assert looking_up.look_up_unknown(now=LATER) == {"too late": 1}
    assert fresh(message).state == State.UNKNOWN


def test_a_token_is_found_again_by_its_digest_alone(provider: Provider) -> None:
    lost(provider, keeps=True)
    token = looking_up._TOKEN.findall(provider.has[0].text)[0]
    assert ActionLink.objects.get().digest == links.digest_of(token)
