"""Finding a patient by whatever one remembers: any part of a name, a telephone, a birthday, a number.

How it works and what it guarantees: docs/algorithms/name-search.md. In short: narrow and cheap questions first
(number, birthday, beginnings of names), then word beginnings, then one slip of the fingers, then any part of a
word; each by its own index, each only while the page has room. Nothing that was typed is written down.

The questions are SQL, as what counts is which index answers; they find ids only. What a reader may see is decided
by one `visible_to` over those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from clinic import access, audit, prepared
from clinic.access import Can, Relation
from clinic.models import AuditEvent, User
from patients import dates, folding, spelling
from patients.models import Patient

PAGE = 20
LONGEST = 100
MOST_WORDS = 5
#: How many words one slip away are tried, and how much of a full page they may claim.
GUESSES, ROOM_FOR_GUESSES = 12, 10
#: The looks that count as having opened a record.
OPENED = ("patient.record.viewed", "patient.particulars.viewed")
#: As many people fit all words, each of three letters or more: they were not mistyped.
ENOUGH = 2
#: What is read of each, in the order of the model.
_COLUMNS = (
    "id", "uid", "number", "given_name", "family_name", "preferred_name", "pronouns", "born_on", "phone",
    "deactivated_at", "merged_into_id",
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

    @property
    def says(self) -> str:
        """What tells this person from others of the name, on one line."""
        patient = self.patient
        return " · ".join(
            filter(
                None,
                (
                    f"{patient.born_on.day} {patient.born_on:%b %Y}",
                    patient.number_label,
                    patient.phone and f"…{patient.phone[-4:]}",
                    "deactivated" if patient.deactivated_at else "",
                    f"also {self.merged_from.full_name}" if self.merged_from else "",
                    "spelt like it" if self.is_guess else "",
                ),
            )
        )


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
        _ask(needle, page)
    results = page.resolved(lambda ids: _shown_to(by, ids, now=now))
    audit.record(
        "patients.searched",
        by=by,
        now=now,
        is_look=True,
        detail={"patients": [str(hit.patient.uid) for hit in results.hits], "more": results.has_more},
    )
    return results


def _shown_to(by: User, ids: Iterable[int], *, now: datetime) -> dict[int, Patient]:
    """Of these, whom this person may see. Who may see all is answered by hand: composing took longer."""
    if access.relation(by, Can.SEE_PATIENTS) is not Relation.ANY:
        return Patient.objects.visible_to(by, Can.SEE_PATIENTS, now=now).only(*_COLUMNS).in_bulk(ids)
    with prepared.ask(_OF_THESE, {"ids": list(ids)}) as cursor:
        return {row[0]: Patient.from_db(connection.alias, _COLUMNS, row) for row in cursor.fetchall()}


def recent(*, by: User, now: datetime, at_most: int = 8) -> list[Patient]:
    """The patients whose record this person opened last, the latest first."""
    looks = AuditEvent.objects.filter(actor_uid=by.uid, action__in=OPENED).order_by("-at", "-pk")
    seen = looks.values_list("patient_uid", flat=True)[: at_most * 10]
    uids = [uid for uid in dict.fromkeys(seen) if uid is not None][:at_most]
    rows = {
        p.uid: p for p in Patient.objects.visible_to(by, Can.SEE_PATIENTS, now=now).survivors().filter(uid__in=uids)
    }
    audit.viewed_many("patients.recent", by=by, now=now, patient_uids=rows)
    return [rows[uid] for uid in uids if uid in rows]


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
    return "".join(c for c in text if c.isdigit())


# -- Asking, the narrowest question first --------------------------------------------------------------


class _Page:
    """Ids in the order they were found, no more than fit (and one, to know of more)."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.ids: dict[int, bool] = {}

    @property
    def room(self) -> int:
        return self.limit + 1 - len(self.ids)

    def add(self, ids: Iterable[int], *, guessed: bool = False) -> None:
        for pk in ids:
            if self.room > 0:
                self.ids.setdefault(pk, guessed)

    def resolved(self, shown: Callable[[Iterable[int]], dict[int, Patient]]) -> Results:
        """The rows that may be seen; merged records speak through the one that stands, a person stands there once."""
        rows = shown(self.ids)
        roots = {row.merged_into_id for row in rows.values() if row.merged_into_id}
        standing = shown(roots) if roots else {}
        hits: dict[int, Hit] = {}
        for pk in list(self.ids)[: self.limit]:
            if row := rows.get(pk):
                root = standing.get(row.merged_into_id or 0, row)
                hits.setdefault(root.pk, Hit(root, row if root is not row else None, self.ids[pk]))
        return Results(list(hits.values()), has_more=len(self.ids) > self.limit)


def _ask(needle: Needle, page: _Page) -> None:
    if needle.number is not None and needle.number < 2**31:
        page.add(_ids("number = %s", [needle.number], limit=1))
    if needle.days:
        parts = _parts(needle.words)
        condition = " AND ".join(["born_on = ANY(%s)", *("search_text LIKE %s" for _ in parts)])
        order = "array_position(%s, born_on), family_key, given_key"
        page.add(_ids(condition, [list(needle.days), *parts, list(needle.days)], order=order, limit=page.room))
    elif needle.digits and not needle.words:
        _ask_digits(needle.digits, page)
    elif needle.digits:
        page.add(pk for pk, _ in _with_parts((*needle.words, needle.digits), page.limit + 1))
    elif needle.words:
        _ask_words(needle.words, page)


def _ask_digits(digits: str, page: _Page) -> None:
    """The last digits of a telephone, then digits anywhere in it. One or two digits are only a patient number.

    Leading zeros end a number as they are; at its beginning they are the trunk zero, which E.164 leaves out.
    """
    if len(digits) < 3:
        return
    page.add(_ids("reverse(phone) LIKE %s", [f"{digits[::-1]}%"], limit=page.room))
    for part in dict.fromkeys((digits, digits.lstrip("0"))):
        if page.room > 0 and len(part) >= 3:
            page.add(pk for pk, _ in _with_parts((part,), page.limit + 1))


def _ask_words(words: tuple[str, ...], page: _Page) -> None:
    """Beginnings of names; any part of them; and, while there is room, one slip of the fingers.

    Somebody who types one word that is nowhere a beginning more likely mistyped a name than remembers its middle,
    so for one word the guesses keep a part of the page even when many names contain it. Several words that begin
    somebody's names, or are in the names of a few people, were hardly mistyped.
    """
    anywhere = _beginnings_then_anywhere(words, page)
    if page.room <= 0:
        return
    mistyped = len(words) == 1 or (not page.ids and len(anywhere) < ENOUGH)
    guessed = _guesses(words, page) if mistyped else []
    page.add(anywhere[: max(page.room - min(len(guessed), ROOM_FOR_GUESSES), 0)])
    page.add(guessed, guessed=True)
    page.add(anywhere)


def _beginnings_then_anywhere(words: tuple[str, ...], page: _Page) -> list[int]:
    """Put names that begin so on the page; return who else has every word in any part, if there is room to ask.

    Beginnings come in the order of the index, last name first, then first name; of the others, words that begin so
    come before words that only contain it. One trip to the database: the second question is asked there only
    when the first did not fill the page.
    """
    limit = page.limit + 1
    if len(words) == 1:
        arms, values = [_FAMILY_BEGINS, _GIVEN_BEGINS], [f"{_like(words[0])}%", limit] * 2
    else:
        pairs = _both_ways_round(words)
        arms = [_NAME_BEGINS] * len(pairs)
        values = [value for pair in pairs for value in (*(f"{_like(name)}%" for name in pair), limit)]
    asks_more = limit if max(map(len, words)) >= 3 else 0
    sql = _BEGINNINGS_THEN_ANYWHERE.format(arms=" UNION ALL ".join(arms))
    rows = _rows(sql, [*values, _parts(words), 3 * page.limit, asks_more])
    page.add(pk for pk, text in rows if text is None)
    others = [(pk, text) for pk, text in rows if text is not None and pk not in page.ids]
    return [pk for pk, _ in sorted(others, key=lambda row: sum(f" {word}" not in row[1] for word in words))]


def _both_ways_round(words: Sequence[str]) -> list[tuple[str, str]]:
    """(first name, last name), both ways round, wherever between the words one ends and the other begins."""
    cuts = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words))]
    return [pair for one, two in cuts for pair in ((one, two), (two, one))]


# -- One slip of the fingers ---------------------------------------------------------------------------


def neighbours(words: Sequence[str]) -> dict[str, list[str]]:
    """For each word, the words of names here that are one slip away from it, the likeliest first."""
    keys = {word: spelling.deletion_keys(word) for word in words if len(word) >= spelling.SHORTEST}
    if not keys:
        return {}
    near = _column("SELECT word FROM patients_nameword WHERE keys && %s", [list(frozenset().union(*keys.values()))])
    return {
        word: sorted(
            (other for other in near if other != word and spelling.slip(word, other) is not None),
            key=lambda other, word=word: (*spelling.likelihood(word, other), other),  # type: ignore[misc]
        )[:GUESSES]
        for word in keys
    }


def _guesses(words: tuple[str, ...], page: _Page) -> list[int]:
    """People whose name fits when one of the words was mistyped, the likelier words first."""
    near = neighbours(words)
    found = _in_turn(near.get(words[0], []), page.limit) if len(words) == 1 else _in_names(words, near, page.limit)
    return [pk for pk in found if pk not in page.ids]


def _in_turn(meant: Sequence[str], limit: int) -> list[int]:
    """A few people of each word, so that the right one of several likely words is on the page."""
    if not meant:
        return []
    each = max(2, -(-limit // len(meant)))
    people: dict[str, list[int]] = {word: [] for word in meant}
    for word, pk in _rows(_OF_EACH_WORD, [list(meant), each, list(meant), each]):
        people[word] = [*people[word], pk][:each]
    for word in [word for word, ids in people.items() if not ids]:
        people[word] = [pk for pk, _ in _with_parts((f" {word} ",), each)]
    return [pk for turn in range(each) for word in meant for pk in people[word][turn : turn + 1]]


def _in_names(words: tuple[str, ...], near: dict[str, list[str]], limit: int) -> list[int]:
    """Whole first or last names with one word put right, beside a name that begins as the rest was typed."""
    right = [
        ((*words[:at], other, *words[at + 1 :]), other)
        for at, word in enumerate(words)
        for other in near.get(word, [])[: GUESSES // len(words)]
    ]
    whole_family: list[tuple[str, str]] = []
    whole_given: list[tuple[str, str]] = []
    for put_right, other in right:
        for given, family in _both_ways_round(put_right):
            (whole_family if other in family.split() else whole_given).append((given, family))
    found = []
    if whole_family or whole_given:
        asked = [_columns_of(whole_family), _columns_of(whole_given)]
        values = [value for columns in asked for value in (*columns, limit)]
        found = _column(f"{_WHOLE_FAMILY} UNION ALL {_WHOLE_GIVEN}", values)
    if not found:
        found = [pk for put_right, _ in right[:3] for pk, _ in _with_parts(put_right, limit)]
    return found


def _columns_of(names: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Given names and family names, as two arrays."""
    return [given for given, _ in names], [family for _, family in names]


# -- The questions, each for one index -----------------------------------------------------------------


_FAMILY_BEGINS = """
SELECT id FROM (SELECT id FROM patients_patient WHERE family_key LIKE %s ORDER BY family_key, given_key LIMIT %s) AS f
""".strip()
_GIVEN_BEGINS = """
SELECT id FROM (SELECT id FROM patients_patient WHERE given_key LIKE %s ORDER BY given_key, family_key LIMIT %s) AS g
""".strip()
_NAME_BEGINS = """
SELECT id FROM (SELECT id FROM patients_patient WHERE given_key LIKE %s AND family_key LIKE %s
                ORDER BY family_key, given_key LIMIT %s) AS n
""".strip()
_BEGINNINGS_THEN_ANYWHERE = """
SELECT id, search_text FROM (
    WITH begins AS MATERIALIZED ({arms})
    SELECT id, NULL AS search_text FROM begins
    UNION ALL
    SELECT id, search_text FROM patients_with_parts(%s, %s) WHERE (SELECT count(*) FROM begins) < %s
) AS asked
""".strip()
_OF_EACH_WORD = """
SELECT word, id FROM unnest(%s::text[]) AS word
CROSS JOIN LATERAL (SELECT id FROM patients_patient WHERE family_key = word COLLATE "C" LIMIT %s) AS f
UNION ALL
SELECT word, id FROM unnest(%s::text[]) AS word
CROSS JOIN LATERAL (SELECT id FROM patients_patient WHERE given_key = word COLLATE "C" LIMIT %s) AS g
""".strip()
# The greatest letter there is ends the range of all that begins so; a LIKE would not use the index here.
_WHOLE_FAMILY = """
SELECT id FROM unnest(%s::text[], %s::text[]) AS meant (given, family) CROSS JOIN LATERAL (
    SELECT id FROM patients_patient WHERE family_key = family COLLATE "C"
    AND given_key >= given COLLATE "C" AND given_key < given || chr(1114111) COLLATE "C" LIMIT %s) AS people
""".strip()
_WHOLE_GIVEN = """
SELECT id FROM unnest(%s::text[], %s::text[]) AS meant (given, family) CROSS JOIN LATERAL (
    SELECT id FROM patients_patient WHERE given_key = given COLLATE "C"
    AND family_key >= family COLLATE "C" AND family_key < family || chr(1114111) COLLATE "C" LIMIT %s) AS people
""".strip()


_OF_THESE = f"SELECT {', '.join(_COLUMNS)} FROM patients_patient WHERE id = ANY(%(ids)s::bigint[])"  # noqa: S608


def _ids(condition: str, values: Sequence[Any], *, limit: int, order: str = "") -> list[int]:
    ordered = f" ORDER BY {order}" if order else ""
    return _column(f"SELECT id FROM patients_patient WHERE {condition}{ordered} LIMIT {limit:d}", values)  # noqa: S608


def _with_parts(words: Sequence[str], limit: int) -> list[tuple[int, str]]:
    """Those with every word somewhere: one LIKE each (LIKE ALL would not use the index)."""
    return _rows("SELECT id, search_text FROM patients_with_parts(%s, %s)", [_parts(words), limit])


def _parts(words: Sequence[str]) -> list[str]:
    """Three letters are enough for a trigram anywhere; fewer count at the beginning of a word."""
    return [f"%{_like(word)}%" if len(word) >= 3 else f"% {_like(word)}%" for word in words]


def _like(word: str) -> str:
    return word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _column(sql: str, values: Sequence[Any]) -> list[Any]:
    return [row[0] for row in _rows(sql, values)]


def _rows(sql: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
