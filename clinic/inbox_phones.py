"""The telephones of one machine: a provider of text messages that keeps them in a folder, where the inbox shows them.

It speaks the Twilio-compatible API, signs what it tells the clinic, and blocks a number that said STOP, as a real one
does: so nothing of the clinic's own way is played. It listens on this machine alone and hands nothing on.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import queue
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from clinic import twilio

#: More than this many are never shown, and the oldest beyond it are forgotten.
KEPT = 500
LONGEST = 1_600
#: What carriers themselves take for "no more" and "again"; they answer it themselves, too.
STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "UNSTOP", "YES"})
STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
STARTED = "You have successfully been re-subscribed to messages from this number."
#: Seconds between a text message and the word that it arrived.
ON_ITS_WAY = 0.4
#: How often, and how long after each other, the clinic is told when it does not answer.
TRIES = (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Text:
    """One text message as the page shows it."""

    sid: str
    #: When it was taken, in microseconds: also what it is kept under.
    stamp: int
    phone: str
    clinic: str
    body: str
    from_patient: bool
    status: str = "queued"
    #: Said by the provider itself, not by the clinic.
    by_provider: bool = False
    #: Where the clinic wants to hear of it.
    callback: str = field(default="", repr=False)

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.stamp / 1_000_000, UTC)

    @property
    def key(self) -> str:
        return key_of(self.phone)


def key_of(phone: str) -> str:
    """What a telephone is called in addresses of pages: no number belongs there."""
    return hashlib.sha256(phone.encode()).hexdigest()[:16]


def newest(folder: Path) -> list[Text]:
    """The text messages of the folder, the newest first."""
    found = (_read(path) for path in sorted(folder.glob("*.json"), reverse=True)[:KEPT])
    return [text for text in found if text]


def _read(path: Path) -> Text | None:
    try:
        return Text(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


class Phones:
    """The texts in the folder, which telephones said STOP, and what the clinic has yet to be told."""

    def __init__(self, folder: Path, account: twilio.Account, hook: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.account, self.hook = folder, account, hook
        self._lock = threading.Lock()
        self._last = 0
        self._to_tell: queue.Queue[tuple[float, str, dict[str, str], Text | None]] = queue.Queue()
        self._stopped: set[str] = set()
        for text in reversed(newest(folder)):
            self._mind(text)
        threading.Thread(target=self._tell, daemon=True).start()

    # -- What the clinic sends ---------------------------------------------------------------------------

    def take(self, to: str, body: str, callback: str) -> tuple[int, dict[str, Any]]:
        """One text message from the clinic: the provider's answer to it."""
        if not twilio.E164.fullmatch(to):
            return _no(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if not body or len(body) > LONGEST:
            return _no(400, 21617 if body else 21602, "The message body is too long or missing.")
        if to in self._stopped:
            return _no(400, 21610, "Attempt to send to unsubscribed recipient")
        text = self._keep(Text(_sid(), self._stamp(), to, self.account.sender, body, from_patient=False))
        sent = replace(text, callback=callback)
        for status in ("sent", "delivered"):
            self._to_tell.put((ON_ITS_WAY, callback, self._status(sent, status), replace(sent, status=status)))
        return 201, self._resource(text)

    def listed(self, to: str) -> tuple[int, dict[str, Any]]:
        """What went to one number, as a list of the provider's."""
        found = [self._resource(text) for text in newest(self.folder) if text.phone == to and not text.from_patient]
        return 200, {"messages": found, "next_page_uri": None}

    # -- What a patient writes ---------------------------------------------------------------------------

    def write(self, phone: str, body: str) -> tuple[int, dict[str, Any]]:
        """A patient's text message: kept, and told to the clinic by a signed request."""
        if not twilio.E164.fullmatch(phone) or not body.strip():
            return _no(400, 21211, "No number or no words.")
        sid, words = _sid(), body[:LONGEST]
        text = Text(sid, self._stamp(), phone, self.account.sender, words, from_patient=True, status="received")
        was_stopped = phone in self._stopped
        self._mind(self._keep(text))
        said = {
            "MessageSid": sid, "SmsSid": sid, "AccountSid": self.account.name, "From": phone,
            "To": self.account.sender, "Body": words, "NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01",
        }  # fmt: skip
        self._to_tell.put((0.0, self.hook, said, None))
        if (phone in self._stopped) != was_stopped:
            own = STOPPED if phone in self._stopped else STARTED
            answer = Text(_sid(), self._stamp(), phone, self.account.sender, own, False, "delivered", by_provider=True)
            self._keep(answer)
        return 201, {"sid": sid}

    def _mind(self, text: Text) -> None:
        word = re.sub(r"[^A-Z]", "", text.body.upper()) if text.from_patient else ""
        if word in STOP:
            self._stopped.add(text.phone)
        elif word in START:
            self._stopped.discard(text.phone)

    # -- Keeping and telling -----------------------------------------------------------------------------

    def _stamp(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1_000)
            return self._last

    def _keep(self, text: Text) -> Text:
        name = f"{text.stamp:017d}"
        building = self.folder / f"{name}.part"
        building.write_text(json.dumps(asdict(text)))
        building.rename(self.folder / f"{name}.json")
        for old in sorted(self.folder.glob("*.json"), reverse=True)[KEPT:]:
            old.unlink(missing_ok=True)
        return text

    def _status(self, text: Text, status: str) -> dict[str, str]:
        return {
            "MessageSid": text.sid, "SmsSid": text.sid, "MessageStatus": status, "SmsStatus": status,
            "AccountSid": self.account.name, "From": text.clinic, "To": text.phone, "ApiVersion": "2010-04-01",
        }  # fmt: skip

    def _resource(self, text: Text) -> dict[str, Any]:
        return {
            "sid": text.sid, "status": text.status, "to": text.phone, "from": text.clinic, "body": text.body,
            "account_sid": self.account.name, "date_created": format_datetime(text.at), "error_code": None,
        }  # fmt: skip

    def _tell(self) -> None:
        """Tell the clinic in turn, for ever."""
        while True:
            wait, url, said, becomes = self._to_tell.get()
            time.sleep(wait)
            if becomes is not None:
                self._keep(becomes)
            if url:
                any(self._told(url, said, after) for after in TRIES)

    def _told(self, url: str, said: Mapping[str, str], after: float) -> bool:
        time.sleep(after)
        place = urlsplit(url)
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        signed = twilio.signature(url, {name: [value] for name, value in said.items()}, self.account.secret)
        headers = {"Content-Type": "application/x-www-form-urlencoded", twilio.SIGNATURE_HEADER: signed}
        line = kind(place.hostname or "", place.port, timeout=10)
        try:
            line.request("POST", place.path, body=urlencode(said), headers=headers)
            return line.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()


def _sid() -> str:
    return f"SM{os.urandom(16).hex()}"


def _no(status: int, code: int, why: str) -> tuple[int, dict[str, Any]]:
    return status, {"code": code, "message": why, "status": status}


class Exchange(BaseHTTPRequestHandler):
    """The provider's API, as far as the clinic uses it, and the patients' side of it."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        said = self._form()
        phones = self.server.phones
        if self._path == phones.account.messages:
            self._answer(lambda: phones.take(said.get("To", ""), said.get("Body", ""), said.get("StatusCallback", "")))
        elif self._path == "/phones/":
            self._answer(lambda: phones.write(said.get("From", ""), said.get("Body", "")))
        else:
            self._answer(lambda: _no(404, 20404, "There is nothing here."))

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if self._path == self.server.phones.account.messages:
            self._answer(lambda: self.server.phones.listed(asked.get("To", [""])[0]))
        else:
            self._answer(lambda: _no(404, 20404, "There is nothing here."))

    @property
    def _path(self) -> str:
        return urlsplit(self.path).path

    def _form(self) -> dict[str, str]:
        length = min(int(self.headers.get("Content-Length") or 0), 100_000)
        said = parse_qs(self.rfile.read(length).decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in said.items()}

    def _answer(self, act: Any) -> None:
        allowed = self.headers.get("Authorization") == self.server.phones.account.authorization
        status, said = act() if allowed else _no(401, 20003, "Authenticate")
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: it would name numbers."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, phones: Phones) -> None:
        super().__init__(("127.0.0.1", port), Exchange)
        self.phones = phones


def serve(folder: Path, account: twilio.Account, hook: str) -> Server:
    """Take text messages, in threads of their own, until the process ends."""
    server = Server(account.port or 0, Phones(folder, account, hook))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def conversations(folder: Path) -> Iterator[list[Text]]:
    """One list a telephone, oldest text first; who was written to or wrote last comes first."""
    by_phone: dict[str, list[Text]] = {}
    for text in newest(folder):
        by_phone.setdefault(text.phone, []).insert(0, text)
    yield from by_phone.values()


def write(account: twilio.Account, phone: str, body: str) -> bool:
    """From a page of the inbox: as if somebody had written it on that telephone. False: nobody took it."""
    line = http.client.HTTPConnection(account.host, account.port, timeout=5)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": account.authorization}
    try:
        line.request("POST", "/phones/", body=urlencode({"From": phone, "Body": body}), headers=form)
        return line.getresponse().status == 201
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
