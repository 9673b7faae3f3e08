"""E-mail through a provider's own interface, by django-anymail; or through whatever mail backend Django is told of."""

from __future__ import annotations

import requests
from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused
from anymail.message import AnymailMessage
from django.core.mail import get_connection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from clinic import mail
from clinic import messaging_states as states
from clinic.outgoing import Envelope, Refused, Sought, Uncertain, in_one_line

#: By this name a provider keeps our uid beside the mail, and tells it with whatever becomes of it.
OUR_UID = "tonus_message"


class BackendChannel:
    """E-mail through whatever Django mail backend is configured: a provider's API by django-anymail, or memory."""

    name: str = states.Channel.EMAIL

    def __init__(self) -> None:
        self._backend = get_connection()
        self._outgoing: AnymailMessage | None = None
        self._message_id = ""

    def stage(self, envelope: Envelope) -> None:
        mail.check_address(envelope.to_address)
        outgoing = AnymailMessage(
            subject=in_one_line(envelope.title, 200),
            body=envelope.text,
            from_email=mail.sender(envelope),
            to=[mail.recipient(envelope)],
            connection=self._backend,
            headers={
                "Message-ID": mail.message_id(envelope),
                "Auto-Submitted": "auto-generated",
                **mail.list_headers(envelope),
            },
        )
        outgoing.metadata = {OUR_UID: envelope.message_id}
        outgoing.attach_alternative(envelope.html or mail.as_html(envelope), "text/html")
        if envelope.calendar:
            outgoing.attach(mail.calendar_part(envelope.calendar))
        self._outgoing, self._message_id = outgoing, envelope.message_id

    def back_out(self) -> None:
        self._outgoing = None

    def hand_over(self) -> str:
        outgoing, self._outgoing = self._outgoing, None
        if outgoing is None:
            raise Refused("nothing staged", for_good=False)
        try:
            taken = outgoing.send()
        except AnymailError as said:
            raise _told_apart(said) from None
        except Exception as broken:  # a provider's library may raise anything: we do not know what happened
            raise Uncertain(type(broken).__name__) from None
        if not taken:
            raise Refused("backend took none", for_good=False)
        return (getattr(outgoing.anymail_status, "message_id", None) or self._message_id)[:200]

    def look_up(self, _sought: Sought) -> str:
        raise Uncertain("no look-up by a provider's API")

    def close(self) -> None:
        self._backend.close()


def _told_apart(said: AnymailError) -> Refused | Uncertain:
    """What a provider's answer means. Before it has the mail it says 4xx; after a 5xx nobody can know."""
    if isinstance(said, AnymailRecipientsRefused | AnymailInvalidAddress):
        return Refused("recipient refused", for_good=True, reason=states.Reason.BAD_ADDRESS)
    status, cause = said.status_code, said.__cause__
    if status is None and isinstance(cause, requests.RequestException):
        why = getattr(cause.args[0] if cause.args else None, "reason", None)
        never_met = isinstance(why, NewConnectionError | ConnectTimeoutError)
        return Refused("no connection", for_good=False) if never_met else Uncertain(type(cause).__name__)
    if status is None:  # the library could not make a request of it
        return Refused("unsendable", for_good=True, reason=states.Reason.UNSENDABLE)
    if status in (401, 403, 408, 429):
        return Refused(f"http {status}", for_good=False)
    return Refused(f"http {status}", for_good=True) if 400 <= status < 500 else Uncertain(f"http {status}")
