"""What a message is about, as typed values. There is no place here for what nobody else may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum


class Became(Enum):
    """What became of a visit of which the patient knew another time."""

    AS_IT_WAS = "as it was"
    MOVED = "moved"
    OFF = "off"
    SAME_TIME = "same time, another therapist"


@dataclass(frozen=True)
class Line:
    """One visit among others. Its time is an aware datetime in the zone of the place."""

    at: datetime
    #: First name, when the message speaks of several people.
    who: str = ""
    became: Became = Became.AS_IT_WAS
    #: When it was to be before.
    was: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """All that a message may say. What it lacks is empty; `{link}` is put in at hand-over."""

    name: str = ""
    names: Sequence[str] = ()
    clinic: str = ""
    #: In the zone of the place, as all times here.
    when: datetime | None = None
    lines: Sequence[Line] = ()
    #: Whether all lines are named, however many; otherwise those at the end are only counted.
    every_one: bool = False
    place: str = ""
    #: As people at home write it.
    phone: str = ""
    until: datetime | date | None = None
    instead: datetime | None = None
    #: By e-mail only.
    amount: Decimal | None = None
    currency: str = ""
    number: str = ""
    due: date | None = None
