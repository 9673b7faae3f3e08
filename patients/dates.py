"""Days that people know only roughly: "2019", "March 2019", "12 Mar 2019". Pure.

A rough day is a calendar day (the first it could be) with a precision that says how much of it is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

DAY, MONTH, YEAR, UNKNOWN = "day", "month", "year", "unknown"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = re.compile(r"^(\d{1,4})\s*[-/.\s]\s*(\d{1,2})(?:\s*[-/.\s]\s*(\d{1,4}))?$")
_WORDS = re.compile(
    r"^(?:(\d{1,2})(?:st|nd|rd|th)?[\s.-]+)?([a-z]{3,9})\.?,?[\s-]+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})$"
)
EARLIEST = date(1880, 1, 1)


class NotADay(ValueError):
    """Carries a sentence fit for the person at the desk."""


@dataclass(frozen=True)
class RoughDay:
    """A day, or the first day of the month or year that is all one knows; `on` is None when nothing is known."""

    on: date | None
    precision: str

    def __str__(self) -> str:
        match self.on, self.precision:
            case None, _:
                return ""
            case day, "day":
                return f"{day.day} {day:%b %Y}"
            case day, "month":
                return f"{day:%b %Y}"
            case day, _:
                return f"{day:%Y}"


NOTHING_KNOWN = RoughDay(None, UNKNOWN)


def parse(text: str, *, month_first: bool = True) -> RoughDay:
    """Read what a person typed; NotADay when it is none. "03/07/1984" is March 7 where months come first."""
    text = " ".join(text.lower().replace("about", " ").replace("~", " ").split())
    if not text:
        return NOTHING_KNOWN
    if re.fullmatch(r"\d{4}", text):
        return _rough(int(text), None, None)
    if (words := _WORDS.match(text)) and words[2][:3] in MONTHS and not (words[1] and words[3]):
        day = words[1] or words[3]
        return _rough(int(words[4]), MONTHS.index(words[2][:3]) + 1, int(day) if day else None)
    if numbers := _NUMBERS.match(text):
        return _from_numbers(*numbers.groups(), month_first=month_first)
    if re.fullmatch(r"\d{8}", text):
        return _eight_digits(text, month_first=month_first)
    raise NotADay("Type a day like 12 Mar 2019, 03/12/2019 or 2019-03-12; or only Mar 2019 or 2019.")


def parse_day(text: str, *, month_first: bool = True) -> date | None:
    """The exact day that a text names, or None: for search boxes, which take anything."""
    try:
        rough = parse(text, month_first=month_first)
    except NotADay:
        return None
    return rough.on if rough.precision == DAY else None


def _from_numbers(first: str, second: str, third: str | None, *, month_first: bool) -> RoughDay:
    if third is None:
        if len(first) == 4:
            return _rough(int(first), int(second), None)
        raise NotADay("Which year? Type it with four digits.")
    if len(first) == 4:
        return _rough(int(first), int(second), int(third))
    if len(third) != 4:
        raise NotADay("Type the year with four digits.")
    month, day = (int(first), int(second)) if month_first else (int(second), int(first))
    if month > 12 >= day:
        month, day = day, month
    return _rough(int(third), month, day)


def _eight_digits(text: str, *, month_first: bool) -> RoughDay:
    if 1880 <= int(text[:4]) <= 2199 and 1 <= int(text[4:6]) <= 12:
        return _rough(int(text[:4]), int(text[4:6]), int(text[6:]))
    return _from_numbers(text[:2], text[2:4], text[4:], month_first=month_first)


def _rough(year: int, month: int | None, day: int | None) -> RoughDay:
    try:
        on = date(year, month or 1, day or 1)
    except ValueError:
        raise NotADay("There is no such day in the calendar.") from None
    if on < EARLIEST:
        raise NotADay("That is too long ago.")
    return RoughDay(on, DAY if day else MONTH if month else YEAR)
