"""A template tried on invented facts: what a patient would read, and what a text message would cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinic import links, wordings
from clinic.forms import show_phone
from clinic.models import Clinic, Location
from clinic.wording import EMAIL, SPEECHES, Facts, Kind, Refused, Spot, Wording, check, examples, fields, render
from clinic.wording.examples import House
from clinic.wording.kinds import link_of
from clinic.wording.mail import Letter
from clinic.wording.segments import Count, count

_TOKEN = "kT7wQ2mZx9Rb4LnV8cHs1YpD6fGj3EuA5oXi0BqWtNa"[: links.TOKEN_LENGTH]
#: Where the clinic has none yet.
_PHONE, _PLACE = "+12125550142", "12 Harbor Street, New York, NY 10004"


@dataclass(frozen=True)
class Tried:
    """What a template says, or why a clinic may not have it."""

    title: str = ""
    text: str = ""
    #: A mail as it is dressed.
    letter: Letter | None = None
    #: A text message in places and parts: as it usually is, and at its longest.
    count: Count | None = None
    longest: Count | None = None
    #: By the field of the form.
    problems: dict[str, str] | None = None


@dataclass(frozen=True)
class Ground:
    """What examples are made of, read once a page."""

    house: House
    #: In the zone of the place.
    now: datetime

    def link_for(self, kind: Kind) -> str:
        """As long as the real one, and opening nothing."""
        return links.url_for(_TOKEN, links.Purpose(link_of(kind)))


def ground(clinic: Clinic, now: datetime) -> Ground:
    place = Location.objects.active().order_by("name", "pk").first()
    phone = (place.phone if place else "") or clinic.phone or _PHONE
    house = House(
        clinic=clinic.sender,
        place=(place.address if place else "") or _PLACE,
        phone=show_phone(phone, clinic.country),
        currency=clinic.currency,
    )
    return Ground(house, now.astimezone(place.tz) if place else now)


def try_out(spot: Spot, *, title: str, text: str, on: Ground) -> Tried:
    """The template as it is typed."""
    text = text.replace("\r\n", "\n").strip()
    try:
        wording = check(spot, title=title, text=text, private=wordings.telling_words())
    except Refused as refused:
        return Tried(problems=refused.problems)
    return of(wording, on)


def of(wording: Wording, on: Ground) -> Tried:
    """A template that is in order."""
    kind, speech = wording.spot.kind, SPEECHES[wording.spot.language]
    title, text = _rendered(wording, examples.usual(kind, on.now, on.house), on)
    if wording.spot.channel == EMAIL:
        letter = speech.letter(title=title, text=text, link_label=speech.label(link_of(kind)), clinic=on.house.clinic)
        return Tried(title, text, letter=letter)
    _, long_text = _rendered(wording, examples.longest(kind, on.now, on.house), on)
    return Tried(title, text, count=count(text), longest=count(long_text))


def _rendered(wording: Wording, facts: Facts, on: Ground) -> tuple[str, str]:
    title, text = render(wording, SPEECHES[wording.spot.language], facts)
    return title, text.replace("{link}", on.link_for(wording.spot.kind))


def palette(kind: Kind, channel: str) -> list[tuple[str, str, bool, bool]]:
    """The fields that may be used: name, meaning, whether it must be there, whether it belongs in [ ]."""
    needed, may_be_empty = fields.needed(kind, channel), fields.may_be_empty(kind)
    return [
        (field.value, fields.MEANINGS[field], field in needed, field in may_be_empty)
        for field in fields.allowed(kind, channel)
    ]
