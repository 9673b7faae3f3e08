"""The last look at a message: after a sender has claimed it, and before a word of it is said to a server.

What is written into the outbox may be days old when it is due. Whoever owns a subject registers how it is read again:
a batch at a time, in few queries, in the transaction of the claim. See docs/algorithms/outbox.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from clinic.models import OutboundMessage

if TYPE_CHECKING:
    from clinic.messaging import Draft


@dataclass(frozen=True)
class Stop:
    """It does not go out any more."""

    reason: str
    #: Whether the desk should know; by default as messaging_states.WANTS_A_PERSON says.
    needs_person: bool | None = None


@dataclass(frozen=True)
class Later:
    """Not at this hour; it is looked at again then."""

    at: datetime


@dataclass(frozen=True)
class Opens:
    """One of several visits that the message's link leads to, each with buttons of its own."""

    purpose: str
    subject_uid: uuid.UUID
    subject_version: int
    expires_at: datetime


@dataclass(frozen=True)
class Say:
    """It goes out, in these words and to this address; what is None stays as it is."""

    title: str | None = None
    text: str | None = None
    html: str | None = None
    language: str | None = None
    wording: str | None = None
    calendar: str | None = None
    link_purpose: str | None = None
    link_expires_at: datetime | None = None
    to_name: str | None = None
    to_address: str | None = None
    #: Other messages whose words are said as well: they do not go out themselves.
    with_: tuple[OutboundMessage, ...] = ()
    opens: tuple[Opens, ...] = ()
    #: Asked once more in the transaction that lets it go: whether all that the words rest on is still so. It locks
    #: what it reads, and waits for nobody.
    holds: Callable[[], bool] | None = None

    @classmethod
    def of(
        cls,
        draft: Draft,
        *,
        with_: Sequence[OutboundMessage] = (),
        opens: Sequence[Opens] = (),
        holds: Callable[[], bool] | None = None,
    ) -> Say:
        """What the draft says, as it would be planned now."""
        return cls(
            title=draft.title[:200],
            text=draft.text,
            html=draft.html,
            language=draft.to.language,
            wording=draft.wording,
            calendar=draft.calendar,
            link_purpose=draft.link_purpose,
            link_expires_at=draft.link_expires_at,
            to_name=draft.to.name[:200],
            with_=tuple(with_),
            opens=tuple(opens),
            holds=holds,
        )

    def changes(self, message: OutboundMessage) -> dict[str, object]:
        """The columns of the message that are other than they were."""
        said = {
            field: value
            for field in (
                "title", "text", "html", "language", "wording", "calendar", "link_purpose", "to_name", "to_address",
            )
            if (value := getattr(self, field)) is not None and value != getattr(message, field)
        }  # fmt: skip
        if self.link_purpose is not None and self.link_expires_at != message.link_expires_at:
            said["link_expires_at"] = self.link_expires_at
        return said


Answer = Stop | Later | Say
#: Reads the batch again; which messages are missing from the answer go as they are. Few queries for a whole batch.
Look = Callable[[Sequence[OutboundMessage], datetime], Mapping[uuid.UUID, Answer]]

_LOOKS: dict[str, Look] = {}
_GUARDS: list[Look] = []
_LIMITS: list[Look] = []


def register(subject_kind: str, look: Look) -> None:
    """Messages about this kind of subject are looked at so."""
    _LOOKS[subject_kind] = look


def register_guard(look: Look, *, first: bool = False) -> None:
    """All messages are looked at so, before what they speak of is; `first` by who may send them to another address."""
    if look not in _GUARDS:
        _GUARDS.insert(0 if first else len(_GUARDS), look)


def register_limit(look: Look) -> None:
    """What would go is looked at so in the end, when what is said by another message is left out."""
    if look not in _LIMITS:
        _LIMITS.append(look)


def look(batch: Sequence[OutboundMessage], now: datetime) -> dict[uuid.UUID, Answer]:
    """The answers of all who have something to say; of what a guard has addressed anew the others see that."""
    answers: dict[uuid.UUID, Answer] = {}
    going, addresses = list(batch), {message.uid: message.to_address for message in batch}
    for guard in _GUARDS:
        found = guard(going, now) if going else {}
        answers |= found
        for message in going:
            if isinstance(said := found.get(message.uid), Say) and said.to_address is not None:
                message.to_address = said.to_address
        going = [message for message in going if not isinstance(found.get(message.uid), Stop | Later)]
    for kind in sorted({message.subject_kind for message in going} & _LOOKS.keys()):
        answers |= _LOOKS[kind]([message for message in going if message.subject_kind == kind], now)
    _limit(going, answers, now)
    for message in going:
        if (new := message.to_address) != addresses[message.uid]:
            message.to_address = addresses[message.uid]
            answer = answers.get(message.uid, Say())
            answers[message.uid] = replace(answer, to_address=new) if isinstance(answer, Say) else answer
    return answers


def guarded(rows: Sequence[OutboundMessage], now: datetime) -> dict[uuid.UUID, Answer]:
    """What the guards have to say of these: of what is claimed with others, before it is said with them."""
    found: dict[uuid.UUID, Answer] = {}
    for guard in _GUARDS:
        found |= guard(rows, now)
    return found


def _limit(going: Sequence[OutboundMessage], answers: dict[uuid.UUID, Answer], now: datetime) -> None:
    """What a limit stops is stopped with all that it was to say for others."""
    said = {message.uid: answers.get(message.uid, Say()) for message in going}
    absorbed = {other.uid for answer in said.values() if isinstance(answer, Say) for other in answer.with_}
    for limit in _LIMITS:
        left = [m for m in going if m.uid not in absorbed and isinstance(said[m.uid], Say)]
        for uid, stop in (limit(left, now) if left else {}).items():
            answer = said[uid]
            others = answer.with_ if isinstance(answer, Say) else ()
            for each in (uid, *(other.uid for other in others)):
                answers[each] = said[each] = stop
