"""Text messages: what goes over the line, what each answer means, and what Apprise's providers can tell. Promise P2."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from clinic import channels, sms, twilio
from clinic.channels import Down, Envelope, Refused, Sought, Uncertain
from clinic.messaging_states import Reason
from tests.factories.text_sink import ACCOUNT, SECRET, SENDER, TextSink

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ANA = "+12075550142"


@pytest.fixture
def phones(settings):
    with TextSink() as sink:
        settings.SMS_URL = sink.url
        settings.PUBLIC_URL = "https://clinic.example.org"
        yield sink


@pytest.fixture
def line(phones, settings):
    channel = sms.open_channel(settings.SMS_URL)
    yield channel
    channel.close()


def a_text(**changes) -> Envelope:
    told = Envelope(
        message_id=str(uuid.uuid4()), to_name="Ana", to_address=ANA, sender_name="Riverside", title="Reminder",
        text="Riverside: Ana, Tue 24 Nov, 14:30. Reply C to confirm.", html="", language="en", at=NOW,
    )  # fmt: skip
    return replace(told, **changes)


def hand_over(line, **changes) -> str:
    line.stage(a_text(**changes))
    return line.hand_over()


# -- The address of the account --------------------------------------------------------------------------


def test_an_account_is_read_from_one_line():
    account = twilio.account("twilio://AC1:a%2Fb@space.example.org:8443/api/laml/+12075550100")
    assert (account.host, account.port, account.tls) == ("space.example.org", 8443, True)
    assert account.messages == "/api/laml/2010-04-01/Accounts/AC1/Messages.json"
    assert account.authorization == "Basic " + base64.b64encode(b"AC1:a/b").decode()
    assert account.sender == "+12075550100"
    assert "a/b" not in repr(account)


@pytest.mark.parametrize(
    "url",
    [
        "twilio://AC1:x@api.twilio.com/",
        "twilio://AC1:x@api.twilio.com",
        "twilio://AC1@api.twilio.com/+12075550100",
        "twilio://api.twilio.com/+12075550100",
        "twilio://AC1:x@/+12075550100",
        "twilio://AC1:x@api.twilio.com/++1207",
        "twilio://AC1:x@api.twilio.com:none/+12075550100",
        "twilio+http://AC1:x@api.twilio.com/+12075550100",
        "http://AC1:x@api.twilio.com/+12075550100",
    ],
)
def test_an_account_that_cannot_be_right_is_refused_with_a_sentence_that_repeats_no_secret(url):
    with pytest.raises(twilio.NoAccount) as refusal:
        twilio.account(url)
    assert "SMS_URL" in str(refusal.value)
    assert "AC1" not in str(refusal.value)


def test_without_a_provider_there_are_no_text_messages(settings):
    settings.SMS_URL = ""
    assert channels.offered() == {"email"}
    assert set(channels.open_channels()) == {"email"}


def test_with_one_they_are_offered(phones):
    assert channels.offered() == {"email", "sms"}
    assert isinstance(channels.open_channels()["sms"], sms.TwilioChannel)
    assert sms.answers_come_back()


# -- What goes over the line -----------------------------------------------------------------------------


def test_a_text_goes_out_with_the_address_under_which_we_hear_of_it(line, phones):
    told = a_text()
    line.stage(told)
    assert phones.requests == [], "nothing is said before it is handed over"
    sid = line.hand_over()
    (taken,) = phones.taken
    assert (taken.sid, taken.to, taken.body) == (sid, ANA, told.text)
    assert taken.callback == f"https://clinic.example.org/hooks/sms/status/{told.message_id}/"
    assert phones.requests == [("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")]


def test_fifty_texts_keep_one_line(line, phones):
    for number in range(50):
        hand_over(line, to_address=f"+120755501{number:02d}")
    assert len(phones.taken) == 50
    assert phones.lines == 1


def test_a_line_that_the_server_has_closed_is_dialled_anew_before_anything_is_said(line, phones):
    hand_over(line)
    phones.stop()
    phones.start()
    hand_over(line)
    assert len(phones.taken) == 2
    assert phones.lines == 2


def test_a_line_that_was_silent_for_long_is_dialled_anew(line, phones):
    hand_over(line)
    line._heard_at -= sms.IDLE + 1
    hand_over(line)
    assert phones.lines == 2


def test_what_is_backed_out_of_is_never_sent(line, phones):
    line.stage(a_text())
    line.back_out()
    with pytest.raises(Refused):
        line.hand_over()
    assert phones.requests == []


def test_words_in_any_script_arrive_as_they_were_written(line, phones):
    words = "Grüße, Zoë 山田 🙂\n& = % + ; #"
    hand_over(line, text=words + "\r\n\x00\x07")
    assert phones.taken[0].body == words


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("", "bad number"),
        ("2075550142", "bad number"),
        ("+1207555014²", "bad number"),
        ("+12075550142\r\nX: y", "bad number"),
        ("+12075550142&To=+19995550100", "bad number"),
        ("ana@patients.example", "bad number"),
        ("+0123456789", "bad number"),
    ],
)
def test_what_can_be_no_number_fails_before_anything_is_said(line, phones, number, why):
    with pytest.raises(Refused, match=why) as refusal:
        line.stage(a_text(to_address=number))
    assert (refusal.value.for_good, refusal.value.reason) == (True, Reason.BAD_ADDRESS)
    assert phones.lines == 0


@pytest.mark.parametrize("text", ["", " \n ", "x" * (sms.LONGEST + 1), "\ud800"])
def test_words_that_no_text_message_can_carry_fail_alone(line, phones, text):
    with pytest.raises(Refused) as refusal:
        line.stage(a_text(text=text))
    assert (refusal.value.for_good, refusal.value.reason) == (True, Reason.UNSENDABLE)
    hand_over(line)
    assert len(phones.taken) == 1


# -- What each answer means ------------------------------------------------------------------------------

SURELY_NOT = {
    "http 400 21211": (True, Reason.BAD_ADDRESS),
    "http 400 21614": (True, Reason.BAD_ADDRESS),
    "http 400 21610": (True, Reason.OPTED_OUT),
    "http 400 21612": (True, Reason.REFUSED),
    "http 422": (True, Reason.REFUSED),
    "http 429": (False, Reason.REFUSED),
    "http 429 20429": (False, Reason.REFUSED),
    "http 401 20003": (False, Reason.REFUSED),
    "http 403": (False, Reason.REFUSED),
}
NOBODY_KNOWS = [
    "http 500", "http 503", "http 302", "http 500 after", "close before", "close after", "reset", "garbage", "not json",
    "no id", "hang",
]  # fmt: skip


@pytest.mark.parametrize("how", sorted(SURELY_NOT))
def test_an_answer_that_it_was_not_taken_is_for_now_or_for_good(line, phones, how):
    phones.behave[ANA] = how
    with pytest.raises(Refused) as refusal:
        hand_over(line)
    assert (refusal.value.for_good, refusal.value.reason) == SURELY_NOT[how]
    assert phones.taken == []
    phones.behave.clear()
    hand_over(line)
    assert phones.lines == 1, "the line is still good"


@pytest.mark.parametrize("how", NOBODY_KNOWS)
def test_an_answer_from_which_nobody_can_know_is_uncertain_and_the_next_message_goes_on(line, phones, how, monkeypatch):
    monkeypatch.setattr(sms, "TIMEOUT", 0.3)
    phones.behave[ANA] = how
    with pytest.raises(Uncertain):
        hand_over(line)
    assert len(phones.taken) <= 1
    before = len(phones.taken)
    hand_over(line, to_address="+12075550143")
    assert len(phones.taken) == before + 1


def test_a_slow_answer_is_waited_for(line, phones):
    phones.behave[ANA] = "slow"
    assert hand_over(line) == phones.taken[0].sid


def test_no_server_is_no_message(line, phones):
    phones.stop()
    with pytest.raises(Down):
        line.stage(a_text())


def test_a_server_without_tls_is_no_server(settings, phones):
    line = sms.open_channel(settings.SMS_URL.replace("twilio+http", "twilio"))
    with pytest.raises(Down):
        line.stage(a_text())


def test_a_name_that_is_nowhere_is_no_server():
    line = sms.open_channel("twilio://AC1:x@nowhere.invalid/+12075550100")
    with pytest.raises(Down):
        line.stage(a_text())


def test_no_answer_repeats_the_number_or_the_words(line, phones):
    phones.behave[ANA] = "http 400 21612"
    with pytest.raises(Refused) as refusal:
        hand_over(line)
    assert refusal.value.detail == "http 400, 21612"


# -- Looking up what became of a message -----------------------------------------------------------------


def sought(words: str) -> Sought:
    return Sought(to_address=ANA, at=NOW, is_this=lambda body: body == words)


def test_what_the_provider_has_is_found_by_its_words(line, phones):
    phones.behave[ANA] = "close after"
    with pytest.raises(Uncertain):
        hand_over(line, text="one")
    assert line.look_up(sought("one")) == phones.taken[0].sid
    assert line.look_up(sought("another")) == ""


def test_the_provider_is_asked_for_two_days_of_that_number(line, phones):
    line.look_up(sought("one"))
    asked = parse_qs(phones.requests[-1][1].partition("?")[2])
    assert asked == {"To": [ANA], "DateSent>": ["2026-11-24"], "DateSent<": ["2026-11-25"], "PageSize": ["200"]}


def test_a_provider_that_does_not_answer_leaves_it_unknown(line, phones):
    phones.behave[ANA] = "look-up http 500"
    with pytest.raises(Uncertain):
        line.look_up(sought("one"))


# -- What both ends sign ---------------------------------------------------------------------------------


def test_the_signature_is_the_one_of_the_providers_own_example():
    """From the documentation of Twilio, "Validating signatures from Twilio"."""
    params = {
        "CallSid": ["CA1234567890ABCDE"], "Caller": ["+14158675309"], "Digits": ["1234"], "From": ["+14158675309"],
        "To": ["+18005551212"],
    }  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio.signature(url, params, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert twilio.is_signed(url, params, "12345", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@pytest.mark.parametrize("claimed", ["", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "\udcff", "x" * 10_000, "é"])
def test_any_other_signature_is_none(claimed):
    assert not twilio.is_signed("https://mycompany.com/", {}, SECRET, claimed)


# -- Apprise ---------------------------------------------------------------------------------------------


@pytest.fixture
def through_apprise():
    """Apprise's own plugin for JSON by HTTP, as a provider: a real request to a real server."""

    def open_line(phones: TextSink, path: str = "") -> sms.AppriseChannel:
        channel = sms.open_channel(f"json://127.0.0.1:{phones.port}/{path}?+to={{to}}")
        assert isinstance(channel, sms.AppriseChannel)
        return channel

    return open_line


def test_apprise_takes_a_text_to_a_number(phones, through_apprise):
    assert hand_over(through_apprise(phones)) == "accepted"
    assert len(phones.requests) == 1


def test_what_apprise_says_tells_nobodys_number_to_our_log(phones, through_apprise, caplog, capfd):
    hand_over(through_apprise(phones))
    assert ANA not in caplog.text + "".join(capfd.readouterr())


def test_an_address_that_apprise_does_not_know_is_a_channel_that_is_away():
    with pytest.raises(Down):
        sms.open_channel("nosuchprovider://{to}").stage(a_text())


def test_a_patient_cannot_answer_through_apprise(settings):
    settings.SMS_URL = "json://127.0.0.1/{to}"
    assert channels.offered() == {"email", "sms"}
    assert not sms.answers_come_back()
    assert SENDER not in settings.SMS_URL
