"""A message on its way out, the four answers that a server can give, and what a way out of the house must do.

`stage` may be taken back at any moment; after `hand_over` has begun the message may be with the patient.
Every answer of a server is one of four: accepted, refused for now, refused for good, or no answer at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from clinic import messaging_states as states

if TYPE_CHECKING:
    from datetime import datetime

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Down(Exception):
    """The channel itself is away: nothing was handed over, and it is no use trying the next message."""


class Refused(Exception):
    """The server said no to this message, so it does not have it."""

    def __init__(self, detail: str, *, for_good: bool, reason: str = states.Reason.REFUSED) -> None:
        super().__init__(detail)
        self.detail = detail
        self.for_good = for_good
        #: Why it failed, when it is refused for good.
        self.reason = reason


class Uncertain(Exception):
    """The server may or may not have the message: the line broke while handing over."""


@dataclass(frozen=True)
class Envelope:
    """One message, ready to go. The text holds the link already."""

    message_id: str
    to_name: str
    to_address: str
    sender_name: str
    title: str
    text: str
    html: str
    language: str
    at: datetime
    #: An iCalendar object to go along; it says by its METHOD what it is for.
    calendar: str = ""
    #: What the button that opens the link says.
    link_label: str = "Open"
    #: Where who gets it can end all messages to this address, by one press (RFC 8058).
    unsubscribe: str = ""


@dataclass(frozen=True)
class Sought:
    """A message of which nobody knows whether the provider has it."""

    to_address: str
    #: When it was handed over.
    at: datetime
    #: Whether a text that the provider has is this message.
    is_this: Callable[[str], bool]


class Channel(Protocol):
    """A way out of the house."""

    name: str

    def stage(self, envelope: Envelope) -> None:
        """Get ready to hand it over: all but the last step. Raises Refused or Down; can be taken back."""

    def back_out(self) -> None:
        """Forget what was staged."""

    def hand_over(self) -> str:
        """Give away what was staged; returns the provider's id. Raises Refused or Uncertain."""

    def look_up(self, sought: Sought) -> str:
        """The provider's id of a message, or "" when it surely never had it. Raises Uncertain when it cannot tell."""

    def close(self) -> None:
        """Hang up."""


def in_one_line(text: str, limit: int) -> str:
    """Fit for a header: no line breaks, no control characters."""
    return CONTROL.sub(" ", text).strip()[:limit]
