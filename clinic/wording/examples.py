"""Invented people and visits on which a template is tried before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from clinic.wording.facts import Became, Facts, Line
from clinic.wording.kinds import Kind


@dataclass(frozen=True)
class House:
    """What the examples have of the clinic itself."""

    clinic: str
    place: str = ""
    phone: str = ""
    currency: str = "USD"


def usual(kind: Kind, now: datetime, house: House) -> Facts:
    """As most messages are. `now` is in the zone of the place."""
    return _facts(kind, _at(now, 3, 14, 30), house, name="Ana", names=("Ana", "Ben"))


def longest(kind: Kind, now: datetime, house: House) -> Facts:
    """As long as they are likely to become."""
    return _facts(kind, _longest_day(now), house, name="Maximilian", names=("Maximilian", "Alexandra", "Bernadette"))


def _facts(kind: Kind, at: datetime, house: House, *, name: str, names: tuple[str, ...]) -> Facts:
    return Facts(
        name=name,
        names=names,
        clinic=house.clinic,
        when=at,
        lines=_lines(kind, at, names),
        every_one=True,
        place=house.place,
        phone=house.phone,
        until=(at - timedelta(days=1)) if kind == Kind.WAITLIST_OFFER else at.date() + timedelta(days=14),
        instead=at + timedelta(days=5),
        amount=Decimal("128.50"),
        currency=house.currency,
        number="2026-00417",
        due=at.date() + timedelta(days=14),
    )


def _lines(kind: Kind, at: datetime, names: tuple[str, ...]) -> list[Line]:
    later = at + timedelta(hours=1)
    match kind:
        case Kind.FAMILY_REMINDER:
            return [Line(at + timedelta(minutes=30 * nth), who=who) for nth, who in enumerate(names)]
        case Kind.VISIT_CHANGED:
            return [Line(later, became=Became.MOVED, was=at)]
        case Kind.VISITS_CHANGED:
            return [Line(later, became=Became.MOVED, was=at), Line(at, became=Became.OFF, was=at + timedelta(days=2))]
        case Kind.VISIT_CANCELLED:
            return [Line(at, became=Became.OFF, was=at)]
        case Kind.VISITS_CANCELLED:
            return [Line(at, became=Became.OFF, was=at + timedelta(days=days)) for days in (0, 2)]
        case Kind.SERIES_BOOKED:
            return [Line(at + timedelta(days=7 * nth)) for nth in range(3)]
        case _:
            return [Line(at), Line(later)]


def _at(now: datetime, days: int, hour: int, minute: int) -> datetime:
    return datetime.combine(now.date() + timedelta(days=days), time(hour, minute), tzinfo=now.tzinfo)


def _longest_day(now: datetime) -> datetime:
    """The next Wednesday in the twenties of a September: no day is longer in any of the languages."""
    day = now.date().replace(day=22, month=9)
    if day <= now.date():
        day = day.replace(year=day.year + 1)
    day += timedelta(days=(2 - day.weekday()) % 7)
    return datetime.combine(day, time(14, 30), tzinfo=now.tzinfo)
