"""What both ends of a Twilio-compatible line agree on: the account, how requests are signed, what numbers mean.

Knows no Django: the local inbox of `make run` speaks the other end of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

SCHEMES = {"twilio": True, "twilio+http": False}
SIGNATURE_HEADER = "X-Twilio-Signature"
#: A telephone number as the world writes it.
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
#: Alphanumeric senders have eleven characters, a messaging service is named by its id.
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|MG[0-9a-f]{32}|[A-Za-z0-9 ]{1,11}")
_LOCAL = {"127.0.0.1", "localhost", "::1"}


class NoAccount(ValueError):
    """Carries a sentence for whoever set SMS_URL."""


@dataclass(frozen=True)
class Account:
    """Where text messages are handed over, as whom, and from which number."""

    host: str
    port: int | None
    #: Over TLS; without it only to this machine.
    tls: bool
    #: What some providers put before the usual path.
    prefix: str
    name: str
    secret: str = field(repr=False)
    sender: str

    @property
    def messages(self) -> str:
        return f"{self.prefix}/2010-04-01/Accounts/{self.name}/Messages.json"

    @property
    def authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self.name}:{self.secret}".encode()).decode()


def is_account(url: str) -> bool:
    return url.partition("://")[0] in SCHEMES


def account(url: str) -> Account:
    """Reads `twilio://ACCOUNT:TOKEN@api.twilio.com/+12075550100`. Raises NoAccount with a sentence."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NoAccount("SMS_URL is no address.") from None
    prefix, _, sender = unquote(parts.path).rpartition("/")
    if parts.scheme not in SCHEMES or not (parts.hostname and parts.username and parts.password):
        raise NoAccount("SMS_URL must read twilio://ACCOUNT:TOKEN@api.twilio.com/+12075550100.")
    if not _SENDER.fullmatch(sender):
        raise NoAccount("SMS_URL must end in the number that messages come from, such as /+12075550100.")
    tls = SCHEMES[parts.scheme]
    if not tls and parts.hostname not in _LOCAL:
        raise NoAccount("SMS_URL without TLS is only for this machine: write twilio://, not twilio+http://.")
    return Account(parts.hostname, port, tls, prefix, unquote(parts.username), unquote(parts.password), sender)


def signature(url: str, params: Mapping[str, Sequence[str]], secret: str) -> str:
    """What the provider writes beside a request to us: over the whole address and every parameter, by name."""
    said = url + "".join(name + value for name in sorted(params) for value in sorted(set(params[name])))
    made = hmac.new(secret.encode(), said.encode("utf-8", "surrogatepass"), hashlib.sha1).digest()
    return base64.b64encode(made).decode()


def is_signed(url: str, params: Mapping[str, Sequence[str]], secret: str, claimed: str) -> bool:
    ours = signature(url, params, secret)
    return hmac.compare_digest(ours.encode(), claimed.encode("utf-8", "surrogatepass"))
