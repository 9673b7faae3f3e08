"""A real SMTP server in this process, whose log is the judge: what reached it, and how it was told to behave."""

# ruff: noqa: ARG002, N802 -- names and arguments are aiosmtpd's

from __future__ import annotations

import asyncio
import collections
import email
import logging
import re
import threading
import time
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP

logging.getLogger("mail.log").setLevel(logging.WARNING)

_ID = re.compile(r"<([0-9a-f-]{36})@")


class Sink:
    """Accepts mail on a free port of 127.0.0.1. `behave` maps a local part to what the server does to it."""

    def __init__(self, *, delay: float = 0.0, port: int = 0) -> None:
        self.log: list[str] = []
        self.mails: list[EmailMessage] = []
        self.commands: collections.Counter[str] = collections.Counter()
        self.behave: dict[str, str] = {}
        self.delay = delay
        #: How long it says nothing, when it is to hang.
        self.hang = 0.3
        self.dropping = False
        self._wanted_port = port
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    # -- A server that can be switched off and on ---------------------------------------------------

    @property
    def port(self) -> int:
        return self._wanted_port

    def start(self) -> Sink:
        """Listen, on the same port as before when there was one."""
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise TimeoutError("the sink did not start")
        return self

    def _serve(self, ready: threading.Event) -> None:
        sink, loop = self, self._loop

        class Server(SMTP):
            async def smtp_DATA(self, arg: str) -> None:
                sink.commands["DATA"] += 1
                if sink.behave.get(self.envelope.rcpt_tos[0].partition("@")[0]) == "close at data":
                    self.transport.close()
                    return
                await super().smtp_DATA(arg)
                if sink.dropping:
                    sink.dropping = False
                    self.transport.close()

        def protocol() -> SMTP:
            return Server(sink, enable_SMTPUTF8=True, hostname="sink.example", loop=loop)

        server = loop.run_until_complete(
            loop.create_server(protocol, "127.0.0.1", self._wanted_port, reuse_address=True, backlog=128)
        )
        self._wanted_port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    def stop(self) -> None:
        if self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._thread = None

    def __enter__(self) -> Sink:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- What it says ------------------------------------------------------------------------------

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.commands["MAIL"] += 1
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.commands["RCPT"] += 1
        how = self.behave.get(address.partition("@")[0], "")
        if how.startswith("rcpt "):
            return f"{how[5:8]} as you wish"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        how = self.behave.get(envelope.rcpt_tos[0].partition("@")[0], "")
        if how == "close before":
            server.transport.close()
            return "451 gone"
        if how.startswith("data "):
            return f"{how[5:8]} as you wish"
        if self.delay:
            await asyncio.sleep(self.delay)
        mail = email.message_from_bytes(envelope.content, policy=policy.default)
        found = _ID.search(str(mail["Message-ID"]))
        with self._lock:
            self.mails.append(mail)  # type: ignore[arg-type]
            self.log.append(found.group(1) if found else "?")
        if how == "close after":
            server.transport.close()
        if how == "garbage":
            return "9xx ?"
        if how == "hang":
            await asyncio.sleep(self.hang)
        if how == "slow":
            await asyncio.sleep(self.hang / 6)
        if how == "500 after":
            return "554 as you wish"
        self.dropping = how == "drop"
        if self.delay:
            await asyncio.sleep(self.delay)
        return "250 queued"

    def wait_for(self, count: int, *, seconds: float = 10) -> None:
        until = time.monotonic() + seconds
        while len(self.log) < count and time.monotonic() < until:
            time.sleep(0.01)
