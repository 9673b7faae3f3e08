"""The official ICD-10-CM list: loaded once per release, then searched by words, codes and their misspellings.

How a search is answered, and why so: docs/algorithms/diagnosis-search.md.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Q
from django.db.models.functions import Length

from treatments.models import DiagnosisCode, DiagnosisRelease, DiagnosisWord
from treatments.spelling import distance

#: The list that the package of requirements.txt carries; a newer package brings a newer pair.
VERSION = "April 2026"
EFFECTIVE_ON = date(2026, 4, 1)
#: Codes of the list in force are taken to be valid since the start of its fiscal year.
FISCAL_YEAR_FROM = date(2025, 10, 1)


# -- Loading -------------------------------------------------------------------------------------------


def load(*, now: datetime, again: bool = False) -> int:
    """Bring the table to the official list; returns how many codes it has. Does nothing when it is there.

    What the list no longer has is retired the day before it takes effect, and stays readable on old records.
    """
    loaded = DiagnosisRelease.objects.filter(version=VERSION).first()
    if loaded and not again:
        return loaded.codes
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('treatments.diagnoses'))")
        cursor.execute(
            "CREATE TEMP TABLE official (code text, description text, also_called text, parent_code text,"
            " is_billable boolean, words text, weight int) ON COMMIT DROP"
        )
        with cursor.copy("COPY official FROM STDIN") as copy:
            for line in _official_lines():
                copy.write_row(line)
        with _index_built_at_once(cursor):
            cursor.execute(_MERGE, {"valid_from": FISCAL_YEAR_FROM})
        cursor.execute(_RETIRE, {"valid_to": EFFECTIVE_ON - timedelta(days=1)})
        cursor.execute("DELETE FROM treatments_diagnosisword")
        cursor.execute(_VOCABULARY)
        cursor.execute("SELECT count(*) FROM official")
        (count,) = cursor.fetchone()
        cursor.execute("ANALYZE treatments_diagnosiscode, treatments_diagnosisword")
        DiagnosisRelease.objects.update_or_create(
            version=VERSION, defaults={"effective_on": EFFECTIVE_ON, "loaded_at": now, "codes": count}
        )
    return int(count)


@contextmanager
def _index_built_at_once(cursor: CursorWrapper) -> Iterator[None]:
    """Into an empty table the lines go first, their trigrams after them: line by line takes four times as long.

    Only the owner of the table may do so; whoever else loads, loads slowly.
    """
    cursor.execute(_INDEX_OF_AN_EMPTY_TABLE)
    found = cursor.fetchone()
    if found is None:
        yield
        return
    cursor.execute("DROP INDEX diagnosis_words_by_trigram")
    yield
    cursor.execute(found[0])


_INDEX_OF_AN_EMPTY_TABLE = """
SELECT pg_get_indexdef('diagnosis_words_by_trigram'::regclass) FROM pg_class
 WHERE oid = 'treatments_diagnosiscode'::regclass AND pg_has_role(relowner, 'USAGE')
   AND NOT EXISTS (SELECT FROM treatments_diagnosiscode)
"""
_MERGE = """
INSERT INTO treatments_diagnosiscode
       (code, description, also_called, parent_code, is_billable, words, weight, valid_from)
SELECT code, description, also_called, parent_code, is_billable, words, weight, %(valid_from)s FROM official
ON CONFLICT (code) DO UPDATE SET
       description = excluded.description, also_called = excluded.also_called,
       parent_code = excluded.parent_code, is_billable = excluded.is_billable, words = excluded.words,
       weight = excluded.weight, valid_to = NULL
 WHERE (treatments_diagnosiscode.description, treatments_diagnosiscode.also_called,
        treatments_diagnosiscode.parent_code, treatments_diagnosiscode.is_billable,
        treatments_diagnosiscode.words, treatments_diagnosiscode.weight, treatments_diagnosiscode.valid_to)
       IS DISTINCT FROM (excluded.description, excluded.also_called, excluded.parent_code,
        excluded.is_billable, excluded.words, excluded.weight, NULL::date)
"""
_RETIRE = """
UPDATE treatments_diagnosiscode SET valid_to = greatest(%(valid_to)s, valid_from)
 WHERE valid_to IS NULL AND NOT EXISTS (SELECT FROM official WHERE official.code = treatments_diagnosiscode.code)
"""
_VOCABULARY = """
INSERT INTO treatments_diagnosisword (word, lines)
SELECT word, count(*) FROM official, LATERAL (SELECT DISTINCT regexp_split_to_table(words, '[^a-z]+') AS word) AS w
 WHERE is_billable AND length(word) BETWEEN 3 AND 60 GROUP BY word
"""


def _official_lines() -> Iterator[tuple[Any, ...]]:
    """(code, description, other names, parent, billable, words to search) of every code of the list, once.

    39 of its 98 505 lines name a block and the only category in it by the same code, such as C50: 98 466 codes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the package's own way to read its files
        import simple_icd_10_cm as official  # noqa: PLC0415 -- reads 17 MB of XML, only when loading

    for code in dict.fromkeys(official.get_all_codes()):
        description = official.get_description(code)
        also = official.get_inclusion_term(code)
        yield (
            code,
            description,
            "; ".join(also),
            official.get_parent(code),
            official.is_leaf(code),
            " ; ".join([description, *also]).lower(),
            _weight(code, description),
        )


#: A clinic of muscles and backs means these first: musculoskeletal, injuries, nerves, symptoms; the rest; factors.
_CHAPTERS = {"M": 0, "S": 1, "G": 2, "R": 3, "Z": 8, "V": 9, "W": 9, "X": 9, "Y": 9}


def _weight(code: str, description: str) -> int:
    later = description.endswith(("subsequent encounter", "sequela")) or "subsequent encounter" in description
    return later * 1_000_000 + _CHAPTERS.get(code[:1], 5) * 10_000 + len(description)


# -- Searching -----------------------------------------------------------------------------------------

_CODE = re.compile(r"^[a-z]\d[\da-z]?\.?[\da-z]*$")
_WORD = re.compile(r"[a-z0-9]+")
_SMALL = frozenset({"a", "an", "and", "at", "by", "due", "for", "from", "in", "of", "on", "or", "the", "to", "with"})
#: More words than this narrow nothing down any further.
_MOST_WORDS = 8
_LONGEST = 120


@dataclass(frozen=True)
class Found:
    """What a search gave: choosable codes, the likeliest first, and the spelling that was searched instead."""

    codes: list[DiagnosisCode] = field(default_factory=list)
    corrected: str = ""


def search(typed: str, *, limit: int = 12) -> Found:
    """The choosable codes that fit what was typed: a code or its beginning, or words, misspelt or not."""
    text = " ".join(typed.lower().replace("\0", "").split())[:_LONGEST]
    if len(text) < 2:
        return Found()
    if _CODE.match(text) and (codes := _by_code(text, limit)):
        return Found(codes)
    for said in _readings(text):
        words = [word for word in _WORD.findall(said) if word not in _SMALL][:_MOST_WORDS]
        if words and (codes := _by_words(words, said, limit)):
            return Found(codes, said if said != text else "")
    return Found()


#: What people say, and what the list calls it.
SAID_OTHERWISE = {
    "lower back": "low back",
    "neck pain": "cervicalgia",
    "whiplash": "sprain cervical spine",
    "slipped disc": "disc displacement",
    "slipped disk": "disc displacement",
    "herniated disc": "disc displacement",
    "herniated disk": "disc displacement",
    "bulging disc": "disc displacement",
    "pinched nerve": "radiculopathy",
    "trapped nerve": "radiculopathy",
    "pulled muscle": "strain muscle",
    "trigger point": "myalgia",
    "frozen shoulder": "adhesive capsulitis shoulder",
    "tennis elbow": "lateral epicondylitis",
}


def _readings(text: str) -> Iterator[str]:
    """What may have been meant, in the order it is tried: as the list says it, as typed, with slips corrected."""
    otherwise = _said_otherwise(text)
    if otherwise != text:
        yield otherwise
    yield text
    for prefixes_stand in (True, False):
        words = [word for word in _WORD.findall(text) if word not in _SMALL][:_MOST_WORDS]
        corrected = " ".join(_nearest(word, prefixes_stand=prefixes_stand) for word in words)
        yield corrected
        yield _said_otherwise(corrected)


def _said_otherwise(text: str) -> str:
    for phrase, name in SAID_OTHERWISE.items():
        text = text.replace(phrase, name)
    return text


def _by_code(text: str, limit: int) -> list[DiagnosisCode]:
    bare = text.replace(".", "").upper()
    dotted = f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 or text.endswith(".") else bare
    found = DiagnosisCode.objects.choosable().filter(code__startswith=dotted)
    return list(found.order_by("code")[:limit])


#: The weightiest that fit, then by what is closest to the words; the weight's order is cheap, likeness is not.
_RANKED = """
WITH fits AS MATERIALIZED (
    SELECT id, description, weight FROM treatments_diagnosiscode
     WHERE is_billable AND valid_to IS NULL AND {contains}
     ORDER BY weight LIMIT 300
)
SELECT code.* FROM fits JOIN treatments_diagnosiscode AS code USING (id)
 ORDER BY {whole} DESC, fits.weight / 10000, starts_with(lower(fits.description), %(typed)s) DESC,
          similarity(lower(fits.description), %(typed)s) DESC, fits.weight, code.code
 LIMIT %(limit)s
"""


def _by_words(words: list[str], typed: str, limit: int) -> list[DiagnosisCode]:
    """Lines that contain every word, in any order; those with whole words (or beginnings) in their name first."""
    params: dict[str, Any] = {"typed": typed, "limit": limit}
    contains, whole = [], []
    for n, word in enumerate(words):
        params[f"like{n}"], params[f"start{n}"] = f"%{word}%", rf"\m{word}"
        contains.append(f"words LIKE %(like{n})s")
        whole.append(f"(fits.description ~* %(start{n})s)::int")
    sql = _RANKED.format(contains=" AND ".join(contains), whole="(" + " + ".join(whole) + ")")
    return list(DiagnosisCode.objects.raw(sql, params))


def _nearest(word: str, *, prefixes_stand: bool) -> str:
    """The list's word that is the fewest slips away; the word itself when the list has it (or a longer one)."""
    known = Q(word__startswith=word) if prefixes_stand else Q(word=word)
    if len(word) < 3 or not word.isalpha() or DiagnosisWord.objects.filter(known).exists():
        return word
    starts = reduce(or_, (Q(word__startswith=letter) for letter in {word[0], word[1]}))
    near = (
        DiagnosisWord.objects.annotate(length=Length("word"))
        .filter(starts, length__gte=len(word) - 2, length__lte=len(word) + 2)
        .values_list("word", "lines")
    )
    allowed = 1 if len(word) < 6 else 2
    ranked = sorted(
        (slips, -lines, candidate)
        for candidate, lines in near
        if (slips := distance(word, candidate, at_most=allowed)) <= allowed
    )
    return ranked[0][2] if ranked else word
