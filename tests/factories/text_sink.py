"""A real provider of text messages in this process, whose log is the judge: what it took, and how it behaved."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ACCOUNT, SECRET, SENDER = "ACtest", "not a secret at all", "+12075550100"
_UID = re.compile(r"/hooks/sms/status/([0-9a-f-]{36})/")


@dataclass(frozen=True)
class Taken:
    """One text message that the provider has."""

    sid: str
    uid: str
    to: str
    body: str
    callback: str


class TextSink:
    """Takes text messages on a free port of 127.0.0.1. `behave` maps a number to what the server does to it.

    "http 429", "http 400 21211", "http 500 after" (it has the message all the same), "close before", "close after",
    "reset", "garbage", "not json", "no id", "hang", "slow", "drop" (it answers, and then hangs up).
    """

    def __init__(self, *, port: int = 0, hang: float = 30.0) -> None:
        self.taken: list[Taken] = []
        self.requests: list[tuple[str, str]] = []
        self.behave: dict[str, str] = {}
        self.lines = 0
        self.hang = hang
        self._port = port
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._over = threading.Event()

    @property
    def log(self) -> list[str]:
        return [text.uid for text in self.taken]

    @property
    def url(self) -> str:
        return f"twilio+http://{ACCOUNT}:{SECRET.replace(' ', '%20')}@127.0.0.1:{self._port}/{SENDER}"

    @property
    def port(self) -> int:
        return self._port

    def start(self) -> TextSink:
        self._over.clear()
        self._server = _Server(self._port, self)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        self._over.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._server = None

    def __enter__(self) -> TextSink:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def keep(self, said: dict[str, str]) -> Taken:
        found = _UID.search(said.get("StatusCallback", ""))
        with self._lock:
            taken = Taken(
                sid=f"SM{len(self.taken):032x}",
                uid=found.group(1) if found else "?",
                to=said.get("To", ""),
                body=said.get("Body", ""),
                callback=said.get("StatusCallback", ""),
            )
            self.taken.append(taken)
        return taken

    def wait(self, seconds: float) -> None:
        self._over.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, sink: TextSink) -> None:
        self.sink = sink
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[Any, Any]:
        line, address = super().get_request()
        self.sink.lines += 1
        self._open.add(line)
        return line, address

    def hang_up(self) -> None:
        for line in self._open:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, *_: object) -> None:
        """A line that broke is what was asked for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        sink = self.server.sink
        sink.requests.append(("GET", self.path))
        to = parse_qs(urlsplit(self.path).query).get("To", [""])[0]
        how = sink.behave.get(to, "")
        if how.startswith("look-up http "):
            return self._say(int(how.split()[2]), {})
        found = [{"sid": text.sid, "body": text.body, "to": text.to} for text in sink.taken if text.to == to]
        self._say(200, {"messages": found, "next_page_uri": None})
        return None

    def do_POST(self) -> None:
        sink = self.server.sink
        sink.requests.append(("POST", self.path))
        length = int(self.headers.get("Content-Length") or 0)
        form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
        said = {name: values[0] for name, values in form.items()}
        how = sink.behave.get(said.get("To", ""), "")
        if how == "close before":
            return self._hang_up()
        if how == "reset":
            return self._reset()
        if how == "hang":
            sink.wait(sink.hang)
            return self._hang_up()
        if how.startswith("http ") and not how.endswith("after"):
            _, status, *code = how.split()
            return self._say(int(status), {"code": int(code[0]) if code else None, "status": int(status)})
        taken = sink.keep(said)
        return self._after(how, taken)

    def _after(self, how: str, taken: Taken) -> None:
        """The provider has it now, whatever it answers."""
        if how == "close after":
            return self._hang_up()
        if how.startswith("http "):
            return self._say(int(how.split()[1]), {"message": "an error of ours"})
        if how == "garbage":
            self.wfile.write(b"\x00\xffwhat?\r\n\r\n")
            return self._hang_up()
        if how == "not json":
            return self._send(201, b"<html>")
        if how == "no id":
            return self._say(201, {"status": "queued"})
        if how == "slow":
            time.sleep(min(0.3, self.server.sink.hang / 6))
        self._say(201, {"sid": taken.sid, "status": "queued"})
        return self._hang_up() if how == "drop" else None

    def _say(self, status: int, said: dict[str, Any]) -> None:
        self._send(status, json.dumps(said).encode())

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
