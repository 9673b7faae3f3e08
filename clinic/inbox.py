"""A mail server for one machine: it takes every mail and keeps it in a folder, where the inbox page reads it.

`python -m clinic.inbox PORT FOLDER`; it listens on this machine alone and hands nothing on. With SMS_URL and INBOX_HOOK
in its environment it is the provider of text messages as well (clinic.inbox_phones).
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.handlers import Message
from aiosmtpd.smtp import SMTP

from clinic import inbox_phones, twilio

#: More than this many are never shown, and the oldest beyond it are forgotten.
KEPT = 500
#: The folder of the text messages, in that of the mails.
TEXTS = "texts"


@dataclass(frozen=True)
class Mail:
    """One mail as the page shows it."""

    key: str
    at: datetime
    sender: str
    to: str
    subject: str
    text: str
    html: str
    #: The names of what is attached.
    attached: tuple[str, ...] = ()


def newest(folder: Path, *, containing: str = "", limit: int = 100) -> list[Mail]:
    """The mails of the folder, the newest first, whose subject, address or text contains the words."""
    found: list[Mail] = []
    for path in sorted(folder.glob("*.eml"), reverse=True)[:KEPT]:
        mail = read(folder, path.stem)
        if mail and containing.lower() in f"{mail.to} {mail.subject} {mail.text}".lower():
            found.append(mail)
        if len(found) == limit:
            break
    return found


def read(folder: Path, key: str) -> Mail | None:
    """One mail, or None when there is none of that key."""
    path = folder / f"{key}.eml"
    if not key.replace("-", "").isalnum() or not path.is_file():
        return None
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    return Mail(
        key=key,
        at=datetime.fromtimestamp(int(key.split("-", maxsplit=1)[0]) / 1_000_000, UTC),
        sender=str(message["From"] or ""),
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        text=str(plain.get_content()) if plain else "",
        html=str(html.get_content()) if html else "",
        attached=tuple(part.get_filename() or part.get_content_type() for part in message.iter_attachments())
        if message.get_content_type() == "multipart/mixed"
        else (),
    )


class Keep(Message):
    """Writes each mail to a file whose name tells its age; complete or not at all."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def handle_message(self, message: email.message.Message) -> None:
        stamp = f"{time.time_ns() // 1_000:017d}-{os.urandom(3).hex()}"
        building = self.folder / f"{stamp}.part"
        building.write_bytes(message.as_bytes())
        building.rename(self.folder / f"{stamp}.eml")
        for old in sorted(self.folder.glob("*.eml"), reverse=True)[KEPT:]:
            old.unlink(missing_ok=True)


async def serve(port: int, folder: Path) -> None:
    """Take mails until told to stop."""
    folder.mkdir(parents=True, exist_ok=True)
    if hook := os.environ.get("INBOX_HOOK"):
        inbox_phones.serve(folder / TEXTS, twilio.account(os.environ["SMS_URL"]), hook)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    handler = Keep(folder)
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True, hostname="inbox"), "127.0.0.1", port)
    async with server:
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
