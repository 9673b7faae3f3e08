"""How a language says days, times, amounts and what became of a visit. The words themselves are in `defaults`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from clinic.wording.facts import Became, Line
from clinic.wording.kinds import SMS, Kind
from clinic.wording.mail import Letter

#: How many lines a message names before it counts the rest.
NAMED = {SMS: 3}
NAMED_BY_MAIL = 24

Words = tuple[str, str]


@dataclass(frozen=True)
class Speech:
    """One language: its calendar, its fixed phrases, and what every template says as Tonus comes."""

    code: str
    name: str
    #: Monday first; January first.
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    #: Of {day_name}, {d}, {m}, {month}, {year}, {hour} and {zone}.
    long: str
    short: str
    day: str
    #: Of {h} and {mm}; and the same at the full hour.
    hour: str
    full_hour: str
    short_hour: str
    short_full_hour: str
    #: Of {amount} and {symbol}; what parts thousands, and what parts cents.
    money: str
    thousands: str
    decimals: str
    #: Of {who} and {when}; of {was} and {now}; and so on.
    line_for: str
    moved: str
    off: str
    same_time: str
    more: str
    last_and: str
    #: Who writes, before the clinic has a name.
    nameless: str
    #: Below the button of a mail, where the whole address stands.
    fallback: str
    #: What the button that opens a link says, by the purpose of the link; the one of "" when there is none.
    labels: Mapping[str, str]
    #: Title and text by kind; a text message has no title.
    mails: Mapping[Kind, Words]
    texts: Mapping[Kind, str]
    #: The first day of a month, where it is not said as a number.
    first: str = ""
    #: Words that would say what a patient is treated for.
    telling: frozenset[str] = field(default_factory=frozenset)

    # -- Time --------------------------------------------------------------------------------------

    def when(self, at: datetime, channel: str) -> str:
        """In full, with whose hour it is; in a text message as short as it can be and still be clear."""
        short = channel == SMS
        names = self.short_days if short else self.days
        months = self.short_months if short else self.months
        hours = (self.short_full_hour, self.short_hour) if short else (self.full_hour, self.hour)
        hour = hours[at.minute > 0].format(h=at.hour, hh=f"{at.hour:02}", mm=f"{at.minute:02}")
        return (self.short if short else self.long).format(
            day_name=names[at.weekday()], d=self._number_of_day(at), m=at.month, month=months[at.month - 1],
            year=at.year, hour=hour, zone=f"{at:%Z}",
        )  # fmt: skip

    def on(self, day: date) -> str:
        return self.day.format(d=self._number_of_day(day), m=day.month, month=self.months[day.month - 1], year=day.year)

    def until(self, end: datetime | date, channel: str) -> str:
        return self.when(end, channel) if isinstance(end, datetime) else self.on(end)

    def _number_of_day(self, day: date) -> str:
        return self.first if day.day == 1 and self.first else str(day.day)

    # -- Visits ------------------------------------------------------------------------------------

    def line(self, line: Line, channel: str) -> str:
        at = self.when(line.at, channel)
        was = self.when(line.was, channel) if line.was else at
        said = {
            Became.AS_IT_WAS: at,
            Became.MOVED: self.moved.format(was=was, now=at),
            Became.OFF: self.off.format(was=was),
            Became.SAME_TIME: self.same_time.format(was=was),
        }[line.became]
        return self.line_for.format(who=line.who, when=said) if line.who else said

    def lines(self, lines: Sequence[Line], channel: str, *, every_one: bool) -> str:
        most = len(lines) if every_one else NAMED.get(channel, NAMED_BY_MAIL)
        said = [self.line(line, channel) for line in lines[:most]]
        if more := len(lines) - len(said):
            said.append(self.more.format(count=more))
        return "\n".join(said)

    # -- The rest ----------------------------------------------------------------------------------

    def listed(self, names: Sequence[str]) -> str:
        """ "Ana", "Ana and Ben", "Ana, Ben and Cleo"."""
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])}{self.last_and}{names[-1]}"

    def sum(self, amount: Decimal, currency: str) -> str:
        sign, symbol = ("-" if amount < 0 else ""), _SYMBOLS.get(currency, currency)
        whole, _, cents = f"{abs(amount):.2f}".partition(".")
        grouped = f"{int(whole):,}".replace(",", self.thousands)
        return sign + self.money.format(amount=f"{grouped}{self.decimals}{cents}", symbol=symbol)

    def label(self, link_purpose: str) -> str:
        return self.labels.get(link_purpose, self.labels[""])

    def letter(self, *, title: str, text: str, link_label: str, clinic: str) -> Letter:
        return Letter(self.code, title, text, link_label, clinic, self.fallback)


_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$", "CHF": "CHF"}
