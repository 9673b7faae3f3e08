"""Finding a patient by whatever one remembers: any part of a name, a telephone, a birthday, a number.

How it works and what it guarantees: docs/algorithms/name-search.md. In short: narrow and cheap questions first
(number, birthday, beginnings of names), then word beginnings, then one slip of the fingers, then any part of a
word; each by its own index, each only while the page has room. Nothing that was typed is written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from operator import or_

from django.db.models import F, Q
from django.db.models.functions import Reverse

from clinic import audit
from clinic.access import Can
from clinic.models import User
from patients import dates, folding, spelling
from patients.models import NameWord, Patient, PatientQuerySet

PAGE = 20
LONGEST = 100
MOST_WORDS = 5
#: How many words one slip away are tried, and how much of a full page they may claim.
GUESSES, ROOM_FOR_GUESSES = 12, 10
_COLUMNS = (
    "uid", "number", "given_name", "family_name", "preferred_name", "pronouns", "born_on", "phone",
    "deactivated_at", "merged_into",
)  # fmt: skip
_DAY_INSIDE = re.compile(
    r"\b(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{1,2}(?:st|nd|rd|th)?\s+[a-z]{3,9}\.?,?\s+\d{4}"
    r"|[a-z]{3,9}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4})\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^p\s*-?\s*(\d{1,9})$", re.IGNORECASE)
_ONLY_DIGITS = re.compile(r"^[\d\s()+./-]+$")


@dataclass(frozen=True)
class Needle:
    """What was typed, understood: every reading that makes sense."""

    words: tuple[str, ...] = ()
    digits: str = ""
    days: tuple[date, ...] = ()
    number: int | None = None

    def __bool__(self) -> bool:
        return bool(self.words or self.digits or self.days or self.number is not None)


@dataclass(frozen=True)
class Hit:
    """One person found: the record that stands, and the one merged into it through which it was found."""

    patient: Patient
    merged_from: Patient | None = None
    is_guess: bool = False


@dataclass
class Results:
    """One page of people, the best first."""

    hits: list[Hit] = field(default_factory=list)
    has_more: bool = False


def find(text: str, *, by: User, now: datetime, limit: int = PAGE) -> Results:
    """The patients this person may see who fit what was typed. The search is written down, the words are not."""
    needle = understand(text, now.date())
    page = _Page(limit)
    if needle:
        _ask(needle, Patient.objects.visible_to(by, Can.SEE_PATIENTS, now=now).only(*_COLUMNS), page)
    results = page.resolved()
    audit.record(
        "patients.searched",
        by=by,
        now=now,
        is_look=True,
        detail={"patients": [str(hit.patient.uid) for hit in results.hits], "more": results.has_more},
    )
    return results


def understand(text: str, today: date) -> Needle:
    """Every reading of what was typed: "0307" may end a telephone, "03/07/1984" is a day in either order."""
    text = " ".join(text.replace("\x00", "").split())[:LONGEST]
    if match := _NUMBER.match(text):
        return Needle(number=int(match[1]))
    days = _days(text, today)
    if days:
        return Needle(days=days, digits=_digits(text) if text.isdigit() else "")
    if _ONLY_DIGITS.match(text):
        digits = _digits(text)
        return Needle(digits=digits, number=int(digits) if digits and len(digits) <= 9 else None)
    inside = _DAY_INSIDE.search(text)
    days = _days(inside[0], today) if inside else ()
    if inside and days:
        text = f"{text[: inside.start()]} {text[inside.end() :]}"
    words = [word for word in folding.fold(text).split() if word][:MOST_WORDS]
    return Needle(words=tuple(w for w in words if not w.isdigit()), digits=_only(words), days=days)


def _only(words: Sequence[str]) -> str:
    """Digits typed beside a name: "garcia 0142"."""
    return "".join(word for word in words if word.isdigit())


def _days(text: str, today: date) -> tuple[date, ...]:
    """The day a text names; where day and month could be swapped, both."""
    readings = (dates.parse_day(text, month_first=True), dates.parse_day(text, month_first=False))
    return tuple(dict.fromkeys(day for day in readings if day and day <= today))


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit()).lstrip("0") if "+" not in text else re.sub(r"\D", "", text)


# -- Asking, the narrowest question first --------------------------------------------------------------


class _Page:
    """Rows in the order they were found, each person's record once, no more than fit (and one, to know of more)."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.rows: dict[int, Patient] = {}
        self.guesses: set[int] = set()

    @property
    def room(self) -> int:
        return self.limit + 1 - len(self.rows)

    def add(self, rows: Iterable[Patient], *, guessed: bool = False) -> None:
        for row in rows:
            if self.room > 0 and row.pk not in self.rows:
                self.rows[row.pk] = row
                if guessed:
                    self.guesses.add(row.pk)

    def resolved(self) -> Results:
        """Merged records speak through the one that stands; a person stands on the page once."""
        roots = {row.merged_into_id for row in self.rows.values() if row.merged_into_id}
        standing = Patient.objects.only(*_COLUMNS).in_bulk(roots) if roots else {}
        hits: dict[int, Hit] = {}
        for row in list(self.rows.values())[: self.limit]:
            root = standing.get(row.merged_into_id or 0, row)
            hits.setdefault(root.pk, Hit(root, row if root is not row else None, row.pk in self.guesses))
        return Results(list(hits.values()), has_more=len(self.rows) > self.limit)


def _ask(needle: Needle, patients: PatientQuerySet, page: _Page) -> None:
    if needle.number is not None and needle.number < 2**31:
        page.add(patients.filter(number=needle.number))
    if needle.days:
        born = patients.filter(born_on__in=needle.days)
        page.add(_with_parts(born, needle.words).order_by("family_key", "given_key")[: page.room])
        return
    if needle.digits and not needle.words:
        _ask_digits(needle.digits, patients, page)
    elif needle.digits:
        page.add(_with_parts(patients, (*needle.words, needle.digits))[: page.room])
    elif needle.words:
        _ask_words(needle.words, patients, page)


def _ask_digits(digits: str, patients: PatientQuerySet, page: _Page) -> None:
    """The last digits of a telephone, then digits anywhere in it. One or two digits are only a patient number."""
    if len(digits) < 3:
        return
    ending = patients.alias(phone_reversed=Reverse(F("phone"))).filter(phone_reversed__startswith=digits[::-1])
    page.add(ending[: page.room])
    if page.room > 0:
        page.add(patients.filter(search_text__contains=digits)[: page.limit + 1])


def _ask_words(words: tuple[str, ...], patients: PatientQuerySet, page: _Page) -> None:
    page.add(_beginnings(words, patients, page.limit + 1))
    if page.room > 0:
        starting = reduce(lambda rows, word: rows.filter(search_text__contains=f" {word}"), words, patients)
        page.add(starting[: page.limit + 1])
    if page.room <= 0:
        return
    anywhere = list(_with_parts(patients, words)[: page.limit + 1]) if max(map(len, words)) >= 3 else []
    anywhere = [row for row in anywhere if row.pk not in page.rows]
    guessed = _guesses(words, patients, page)
    spared = max(page.room - min(len(guessed), ROOM_FOR_GUESSES), 0)
    page.add(anywhere[:spared])
    page.add(guessed, guessed=True)
    page.add(anywhere)


def _with_parts(patients: PatientQuerySet, words: Sequence[str]) -> PatientQuerySet:
    """Those with every word somewhere: one LIKE each (LIKE ALL would not use the index)."""
    for word in words:
        patients = patients.filter(search_text__contains=word if len(word) >= 3 else f" {word}")
    return patients


def _beginnings(words: tuple[str, ...], patients: PatientQuerySet, limit: int) -> Iterable[Patient]:
    """Names that begin so, in the order of the index: last name first, then first name; both ways round."""
    if len(words) == 1:
        by_family = patients.filter(family_key__startswith=words[0]).order_by("family_key", "given_key")[:limit]
        by_given = patients.filter(given_key__startswith=words[0]).order_by("given_key", "family_key")[:limit]
        return [*by_family, *by_given]
    arms = []
    for cut in range(1, len(words)):
        first, last = " ".join(words[:cut]), " ".join(words[cut:])
        for given, family in ((first, last), (last, first)):
            named = patients.filter(family_key__startswith=family, given_key__startswith=given)
            arms.append(named.order_by("family_key", "given_key")[:limit])
    return arms[0].union(*arms[1:], all=True)


# -- One slip of the fingers ---------------------------------------------------------------------------


def neighbours(word: str) -> list[str]:
    """Words of names here that are one slip away from this one, the likeliest first."""
    if len(word) < spelling.SHORTEST:
        return []
    keys = list(spelling.deletion_keys(word))
    near = NameWord.objects.filter(keys__overlap=keys).exclude(word=word).values_list("word", flat=True)
    return sorted(
        (other for other in near if spelling.slip(word, other) is not None),
        key=lambda other: (*spelling.likelihood(word, other), other),
    )[:GUESSES]


def _guesses(words: tuple[str, ...], patients: PatientQuerySet, page: _Page) -> list[Patient]:
    """People whose name fits when one of the words was mistyped, each likely word's people in turn."""
    found: list[Patient] = []
    for at, word in enumerate(words):
        meant = neighbours(word)
        if not meant:
            continue
        others = words[:at] + words[at + 1 :]
        if others:
            either = reduce(or_, (Q(search_text__contains=f" {m} ") for m in meant))
            found += _with_parts(patients, others).filter(either)[: page.limit]
        else:
            found += _in_turn(meant, patients, page.limit)
    return [row for row in found if row.pk not in page.rows]


def _in_turn(meant: Sequence[str], patients: PatientQuerySet, limit: int) -> list[Patient]:
    """A few people of each word, so that the right one of several likely words is on the page."""
    each = max(2, -(-limit // len(meant)))
    arms = [patients.filter(**{key: word})[:each] for word in meant for key in ("family_key", "given_key")]
    rows = list(arms[0].union(*arms[1:], all=True))
    by_word: dict[str, list[Patient]] = {word: [] for word in meant}
    for row in rows:
        family, given = folding.fold(row.family_name), folding.fold(row.given_name)
        by_word[family if family in by_word else given].append(row)
    for word in [word for word, people in by_word.items() if not people]:
        by_word[word] = list(patients.filter(search_text__contains=f" {word} ")[:2])
    turns = [by_word[word][turn : turn + 1] for turn in range(each) for word in meant]
    return [row for one in turns for row in one]
