"""E-mail: how it is written, and how it goes over one kept SMTP connection."""

from __future__ import annotations

import binascii
import contextlib
import re
import secrets
import smtplib
import ssl
from email.charset import BASE64, Charset
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from clinic import messaging_states as states
from clinic.outgoing import CONTROL, Down, Envelope, Refused, Sought, Uncertain, in_one_line
from clinic.wording import spoken

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def check_address(address: str) -> None:
    """Raises Refused for what can never be an address, line breaks above all."""
    try:
        if CONTROL.search(address):
            raise ValidationError("no")
        validate_email(address)
        in_ascii(address)
    except (ValidationError, UnicodeError):
        raise Refused("bad address", for_good=True, reason=states.Reason.BAD_ADDRESS) from None


def in_ascii(address: str) -> str:
    """A domain in any script, as mail servers know it; the part before it is ASCII already (check_address)."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def compose(envelope: Envelope) -> bytes:
    """The mail itself: plain text and simple HTML, our uid as its Message-ID.

    Written by hand, eight times as fast as by Python's mail library: all that goes into a header is in one line
    already, and the parts are quoted-printable, in which no boundary of ours can occur. The way to unsubscribe stays on
    the line of its header: not every mail program looks on the next one.
    """
    title = in_one_line(envelope.title, 200)
    headers = {
        "MIME-Version": "1.0",
        "From": sender(envelope),
        "To": recipient(envelope),
        "Subject": title if title.isascii() else Header(title, "utf-8", header_name="Subject").encode(),
        "Date": format_datetime(envelope.at),
        "Message-ID": message_id(envelope),
        "Auto-Submitted": "auto-generated",
        "Content-Language": in_one_line(envelope.language, 10),
        **list_headers(envelope),
    }
    head = "".join(f"{name}: {value}\n" for name, value in headers.items()).encode("ascii")
    words = _several(
        "alternative",
        _readable("plain", envelope.text),
        _readable("html", envelope.html or as_html(envelope)),
    )
    return head + (
        _several("mixed", words, calendar_part(envelope.calendar).as_bytes()) if envelope.calendar else words
    )


def _several(kind: str, *parts: bytes) -> bytes:
    """The parts, each with its own headers, as one."""
    boundary = f"=_{secrets.token_hex(16)}".encode()
    body = b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
    return (
        f'Content-Type: multipart/{kind}; boundary="{boundary.decode()}"\n\n'.encode()
        + body
        + b"--"
        + boundary
        + b"--\n"
    )


def _readable(kind: str, text: str) -> bytes:
    """Quoted-printable, readable where it is ASCII."""
    lines = re.sub(r"\r\n?", "\n", text).encode("utf-8")
    head = f'Content-Type: text/{kind}; charset="utf-8"\nContent-Transfer-Encoding: quoted-printable\n\n'
    return head.encode() + binascii.b2a_qp(lines, istext=True)


def list_headers(envelope: Envelope) -> dict[str, str]:
    """How a mail program ends messages to this address by one press of its own button: RFC 2369 and RFC 8058."""
    if not envelope.unsubscribe:
        return {}
    return {"List-Unsubscribe": f"<{envelope.unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def calendar_part(calendar: str) -> MIMEText:
    """The calendar object as programs look for it: its own METHOD in the type too, its bytes kept by base64.

    That is said here: Apprise changes what UTF-8 means for mails in the whole process, and line ends would go.
    """
    utf8 = Charset("utf-8")
    utf8.body_encoding = BASE64
    part = MIMEText(calendar, "calendar", utf8)  # type: ignore[arg-type]
    part.set_param("method", calendar.partition("METHOD:")[2].partition("\r\n")[0])
    part.add_header("Content-Disposition", "attachment", filename="visit.ics")
    return part


def sender(envelope: Envelope) -> str:
    return formataddr((in_one_line(envelope.sender_name, 60), settings.DEFAULT_FROM_EMAIL))


def recipient(envelope: Envelope) -> str:
    return formataddr((in_one_line(envelope.to_name, 100), in_ascii(envelope.to_address)))


def message_id(envelope: Envelope) -> str:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    return f"<{envelope.message_id}@{domain}>"


def written(envelope: Envelope) -> bytes:
    """The mail as it goes over the line; what the library cannot write fails alone and holds up no other."""
    try:
        return compose(envelope)
    except Exception as odd:  # the mail library raises many kinds for text it cannot encode
        raise Refused(type(odd).__name__, for_good=True, reason=states.Reason.UNSENDABLE) from None


def as_html(envelope: Envelope) -> str:
    """The text as paragraphs, its link as a button. No picture, no style sheet, nothing loaded from anywhere."""
    letter = spoken(envelope.language).letter(
        title=envelope.title, text=envelope.text, link_label=envelope.link_label, clinic=envelope.sender_name
    )
    return letter.html()


class SmtpChannel:
    """E-mail over one kept SMTP connection, in separate steps."""

    name: str = states.Channel.EMAIL

    def __init__(self) -> None:
        self._line: smtplib.SMTP | None = None
        self._content = b""

    def stage(self, envelope: Envelope) -> None:
        check_address(envelope.to_address)
        self._content = _dotted(written(envelope))
        self._say_for_whom(envelope.to_address)

    def _say_for_whom(self, to_address: str) -> None:
        kept = self._line is not None
        try:
            self._introduce(self._connected(), to_address)
        except smtplib.SMTPResponseException as answer:  # said before any recipient: it is about the line
            self.close()
            raise Down(f"smtp {answer.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as broken:
            self.close()
            if kept:  # it may only have been idle for too long
                self._say_for_whom(to_address)
            else:  # perhaps it is this address that it cannot bear
                raise Refused(type(broken).__name__, for_good=False) from None

    def _introduce(self, line: smtplib.SMTP, to_address: str) -> None:
        """MAIL and RCPT: who it is from and whom it is for. Takes nothing yet."""
        code, answer = line.mail(settings.DEFAULT_FROM_EMAIL)
        if code != 250:
            raise smtplib.SMTPResponseException(code, answer)
        code, answer = line.rcpt(in_ascii(to_address))
        if code not in (250, 251):
            self.back_out()
            if code == 421:
                raise smtplib.SMTPResponseException(code, answer)
            for_good = 500 <= code < 600
            unknown_there = states.Reason.BAD_ADDRESS if code in (550, 551, 553) else states.Reason.REFUSED
            raise Refused(f"smtp {code}", for_good=for_good, reason=unknown_there)

    def back_out(self) -> None:
        if self._line is None:
            return
        try:
            code, _ = self._line.rset()
            if code != 250:
                self.close()
        except (smtplib.SMTPException, OSError):
            self.close()

    def hand_over(self) -> str:
        line = self._line
        if line is None:
            raise Refused("not connected", for_good=False)
        try:
            code, _ = line.docmd("DATA")
        except (smtplib.SMTPException, OSError) as broken:
            self.close()
            raise Refused(type(broken).__name__, for_good=False) from None  # no content has left yet
        if code != 354:
            self._end_of_refused(code)
            raise Refused(f"smtp {code}", for_good=500 <= code < 600)
        try:
            line.send(self._content)
            code, answer = line.getreply()
        except (smtplib.SMTPException, OSError) as broken:
            self.close()
            raise Uncertain(type(broken).__name__) from None
        if code == 250:
            return provider_id(answer)
        self._end_of_refused(code)
        if 400 <= code < 600:
            raise Refused(f"smtp {code}", for_good=code >= 500)
        raise Uncertain(f"smtp {code}")

    def _end_of_refused(self, code: int) -> None:
        if code == 421 or not 400 <= code < 600:
            self.close()
        else:
            self.back_out()

    def look_up(self, _sought: Sought) -> str:
        raise Uncertain("SMTP has no look-up")

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                line.quit()
            line.close()

    def _connected(self) -> smtplib.SMTP:
        if self._line is None:
            try:
                self._line = self._connect()
            except (smtplib.SMTPException, OSError) as broken:
                raise Down(type(broken).__name__) from None
        return self._line

    def _connect(self) -> smtplib.SMTP:
        host, port, timeout = settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT
        me = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2]
        line: smtplib.SMTP
        if settings.EMAIL_USE_SSL:
            line = smtplib.SMTP_SSL(host, port, me, timeout=timeout, context=ssl.create_default_context())
        else:
            line = smtplib.SMTP(host, port, me, timeout=timeout)
        try:
            line.ehlo_or_helo_if_needed()
            if settings.EMAIL_USE_TLS:
                line.starttls(context=ssl.create_default_context())
                line.ehlo_or_helo_if_needed()
            if settings.EMAIL_HOST_USER:
                line.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        except BaseException:
            line.close()
            raise
        return line


def _dotted(content: bytes) -> bytes:
    """The content as SMTP wants it: lines end in CRLF, a leading dot is doubled, a lone dot ends it."""
    body = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    body = re.sub(rb"(?m)^\.", b"..", body)
    return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def provider_id(answer: bytes) -> str:
    """What the server calls the message, from its last words, or that it said nothing of use."""
    said = CONTROL.sub(" ", answer.decode("ascii", "replace")).strip()
    return said[:200] or "accepted"
