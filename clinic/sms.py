"""Text messages: over a kept line to a Twilio-compatible provider, or through one of Apprise's.

The line is http.client's own, as every step must be told apart: what was never sent, what was answered, and what
nobody can know. See docs/adr/0079-text-messages-over-a-line-of-our-own.md.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import select
import socket
import ssl
import time as machine
import warnings
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.urls import reverse

from clinic import messaging_states as states
from clinic import twilio
from clinic.outgoing import Channel, Down, Envelope, Refused, Sought, Uncertain

#: No provider takes a longer text; it would cost ten messages by then.
LONGEST = 1_600
#: A line that was silent for longer may be dead without saying so: it is dialled anew before it is trusted.
IDLE = 4.0
TIMEOUT = 20
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
#: The provider's own numbers for what went wrong.
OPTED_OUT = 21610
NO_SUCH_PHONE = frozenset({21211, 21214, 21217, 21401, 21421, 21614, 30003, 30005, 30006})
#: Of a 4xx these speak of the account or the moment, not of the message.
FOR_NOW = frozenset({401, 403, 404, 408, 425, 429})


def open_channel(url: str) -> Channel:
    """The way that SMS_URL names. Nothing is dialled yet."""
    return TwilioChannel(twilio.account(url)) if twilio.is_account(url) else AppriseChannel(url)


def answers_come_back() -> bool:
    """Whether what patients answer by text message reaches this clinic: only by the signed requests of such a line."""
    return twilio.is_account(settings.SMS_URL)


def check_number(number: str) -> None:
    """Raises Refused for what can never be a telephone number."""
    if not twilio.E164.fullmatch(number):
        raise Refused("bad number", for_good=True, reason=states.Reason.BAD_ADDRESS)


def body(envelope: Envelope) -> str:
    """The words as they go out; what is too long for a text message fails alone."""
    text = _UNPRINTABLE.sub("", envelope.text.replace("\r\n", "\n")).strip()
    if not text or len(text) > LONGEST:
        raise Refused("too long" if text else "empty", for_good=True, reason=states.Reason.UNSENDABLE)
    return text


class TwilioChannel:
    """Text messages over one kept connection, in separate steps."""

    name: str = states.Channel.SMS

    def __init__(self, account: twilio.Account) -> None:
        self._account = account
        self._line: http.client.HTTPConnection | None = None
        self._heard_at = 0.0
        self._request = b""

    def stage(self, envelope: Envelope) -> None:
        check_number(envelope.to_address)
        as_whom = "MessagingServiceSid" if self._account.sender.startswith("MG") else "From"
        words = {
            "To": envelope.to_address,
            as_whom: self._account.sender,
            "Body": body(envelope),
            "StatusCallback": settings.PUBLIC_URL + reverse("sms_status", args=[envelope.message_id]),
        }
        try:
            self._request = urlencode(words).encode("ascii")
        except UnicodeError:
            raise Refused("unsendable", for_good=True, reason=states.Reason.UNSENDABLE) from None
        self._connected()

    def back_out(self) -> None:
        self._request = b""

    def hand_over(self) -> str:
        request, self._request = self._request, b""
        if not request:
            raise Refused("nothing staged", for_good=False)
        try:
            line = self._connected()
        except Down as away:
            raise Refused(str(away), for_good=False) from None
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            line.request("POST", self._account.messages, body=request, headers=self._headers() | form)
        except (OSError, http.client.HTTPException) as broken:
            self.close()  # an unfinished request is acted upon by nobody
            raise Refused(type(broken).__name__, for_good=False) from None
        status, said = self._answer(line)
        if 200 <= status < 300:
            sid = said.get("sid")
            if isinstance(sid, str) and sid:
                return sid[:200]
            raise Uncertain(f"http {status} without an id")
        raise _told_apart(status, said.get("code"))

    def look_up(self, sought: Sought) -> str:
        """Among what went to this number on that day and the next, in UTC."""
        since = sought.at - timedelta(minutes=5)
        asked = {
            "To": sought.to_address,
            "DateSent>": f"{since:%Y-%m-%d}",
            "DateSent<": f"{since + timedelta(days=1):%Y-%m-%d}",
            "PageSize": "200",
        }
        line = self._connected()
        try:
            line.request("GET", f"{self._account.messages}?{urlencode(asked)}", headers=self._headers())
        except (OSError, http.client.HTTPException) as broken:
            self.close()
            raise Uncertain(type(broken).__name__) from None
        status, said = self._answer(line)
        listed = said.get("messages")
        if status != 200 or not isinstance(listed, list):
            raise Uncertain(f"http {status}")
        for one in listed:
            if isinstance(one, dict) and sought.is_this(str(one.get("body", ""))):
                return str(one.get("sid", ""))[:200]
        if said.get("next_page_uri"):
            raise Uncertain("too many to that number")
        return ""

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    # -- The line ----------------------------------------------------------------------------------------

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self._account.authorization, "Accept": "application/json", "User-Agent": "Tonus"}

    def _connected(self) -> http.client.HTTPConnection:
        """A line that is surely open: the last harmless step."""
        if self._line is not None and self._has_gone():
            self.close()
        if self._line is None:
            line = self._new_line()
            try:
                line.connect()
            except (OSError, http.client.HTTPException) as broken:
                line.close()
                raise Down(type(broken).__name__) from None
            line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._line, self._heard_at = line, machine.monotonic()
        return self._line

    def _new_line(self) -> http.client.HTTPConnection:
        host, port = self._account.host, self._account.port
        if not self._account.tls:
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())

    def _has_gone(self) -> bool:
        """Whether the server has hung up meanwhile (then there is something to read) or was silent for too long."""
        if self._line is None or self._line.sock is None or machine.monotonic() - self._heard_at > IDLE:
            return True
        readable, _, _ = select.select([self._line.sock], [], [], 0)
        return bool(readable)

    def _answer(self, line: http.client.HTTPConnection) -> tuple[int, dict[str, Any]]:
        try:
            response = line.getresponse()
            content = response.read(1_000_000)
        except (OSError, http.client.HTTPException) as broken:
            self.close()
            raise Uncertain(type(broken).__name__) from None
        self._heard_at = machine.monotonic()
        if response.will_close or not response.isclosed():
            self.close()
        try:
            said = json.loads(content)
        except ValueError:
            said = {}
        return response.status, said if isinstance(said, dict) else {}


def _told_apart(status: int, code: object) -> Refused | Uncertain:
    """What an answer that is no yes means. After a 5xx nobody can know."""
    number = code if isinstance(code, int) else 0
    detail = f"http {status}" + (f", {number}" if number else "")
    if not 400 <= status < 500:
        return Uncertain(detail)
    if status in FOR_NOW:
        return Refused(detail, for_good=False)
    reason = states.Reason.REFUSED
    if number == OPTED_OUT:
        reason = states.Reason.OPTED_OUT
    elif number in NO_SUCH_PHONE:
        reason = states.Reason.BAD_ADDRESS
    return Refused(detail, for_good=True, reason=reason)


#: Apprise writes what a server said into its log, and nowhere else.
_HTTP_STATUS = re.compile(r"error=(\d{3})\b")


class AppriseChannel:
    """Text messages through any provider that Apprise knows. It says only yes or no, so less can be told apart."""

    name: str = states.Channel.SMS

    def __init__(self, url: str) -> None:
        self._url = url
        self._staged: Any = None
        self._words = ""

    def stage(self, envelope: Envelope) -> None:
        check_number(envelope.to_address)
        words = body(envelope)
        self._staged, self._words = provider_of_apprise(self._url, envelope.to_address), words
        if self._staged is None:
            raise Down("Apprise does not know this provider")

    def back_out(self) -> None:
        self._staged = None

    def hand_over(self) -> str:
        apprise = _apprise()
        staged, self._staged = self._staged, None
        if staged is None:
            raise Refused("nothing staged", for_good=False)
        try:
            with apprise.LogCapture(level=logging.INFO, name="apprise") as heard:
                taken = staged.notify(body=self._words, title="", body_format=apprise.NotifyFormat.TEXT)
                said = heard.getvalue()
        except Exception as broken:  # the plugins of many hands: we do not know what happened
            raise Uncertain(type(broken).__name__) from None
        if taken:
            return "accepted"
        status = _HTTP_STATUS.search(said)
        raise _told_apart(int(status.group(1)), None) if status else Uncertain("no answer")

    def look_up(self, _sought: Sought) -> str:
        raise Uncertain("no look-up through Apprise")

    def close(self) -> None:
        self._staged = None


def provider_of_apprise(url: str, number: str) -> Any:
    """Apprise's own sender for one number, or None when it does not understand the address."""
    with warnings.catch_warnings():  # it loads its plugins now, and some of them old modules
        warnings.simplefilter("ignore", DeprecationWarning)
        return _apprise().Apprise.instantiate(url.replace("{to}", quote(number)), suppress_exceptions=True)


def _apprise() -> Any:
    """Loaded when it is needed: it takes a third of a second, and few clinics have such a provider."""
    import apprise  # noqa: PLC0415 -- see above

    return apprise
