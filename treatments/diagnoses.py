"""The official ICD-10-CM list: loaded once per release, then searched by words, codes and their misspellings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from treatments.models import DiagnosisRelease

#: The list that the package of requirements.txt carries; a newer package brings a newer pair.
VERSION = "April 2026"
EFFECTIVE_ON = date(2026, 4, 1)
#: Codes of the list in force are taken to be valid since the start of its fiscal year.
FISCAL_YEAR_FROM = date(2025, 10, 1)


# -- Loading -------------------------------------------------------------------------------------------


def load(*, now: datetime, again: bool = False) -> int:
    """Bring the table to the official list; returns how many lines it has. Does nothing when it is there.

    What the list no longer has is retired the day before it takes effect, and stays readable on old records.
    """
    if not again and DiagnosisRelease.objects.filter(version=VERSION).exists():
        return DiagnosisRelease.objects.get(version=VERSION).codes
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('treatments.diagnoses'))")
        cursor.execute(
            "CREATE TEMP TABLE official (code text, description text, also_called text, parent_code text,"
            " is_billable boolean, words text) ON COMMIT DROP"
        )
        with cursor.copy("COPY official FROM STDIN") as copy:
            for line in _official_lines():
                copy.write_row(line)
        cursor.execute(_MERGE, {"valid_from": FISCAL_YEAR_FROM})
        cursor.execute(_RETIRE, {"valid_to": EFFECTIVE_ON - timedelta(days=1)})
        cursor.execute("SELECT count(*) FROM official")
        (count,) = cursor.fetchone()
        DiagnosisRelease.objects.update_or_create(
            version=VERSION, defaults={"effective_on": EFFECTIVE_ON, "loaded_at": now, "codes": count}
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE treatments_diagnosiscode")
    return int(count)


_MERGE = """
INSERT INTO treatments_diagnosiscode
       (code, description, also_called, parent_code, is_billable, words, valid_from)
SELECT code, description, also_called, parent_code, is_billable, words, %(valid_from)s FROM official
ON CONFLICT (code) DO UPDATE SET
       description = excluded.description, also_called = excluded.also_called,
       parent_code = excluded.parent_code, is_billable = excluded.is_billable, words = excluded.words,
       valid_to = NULL
 WHERE (treatments_diagnosiscode.description, treatments_diagnosiscode.also_called,
        treatments_diagnosiscode.parent_code, treatments_diagnosiscode.is_billable,
        treatments_diagnosiscode.words, treatments_diagnosiscode.valid_to)
       IS DISTINCT FROM (excluded.description, excluded.also_called, excluded.parent_code,
        excluded.is_billable, excluded.words, NULL::date)
"""
_RETIRE = """
UPDATE treatments_diagnosiscode SET valid_to = greatest(%(valid_to)s, valid_from)
 WHERE valid_to IS NULL AND NOT EXISTS (SELECT FROM official WHERE official.code = treatments_diagnosiscode.code)
"""


def _official_lines() -> Iterator[tuple[Any, ...]]:
    """(code, description, other names, parent, billable, words to search) of every line of the list."""
    import simple_icd_10_cm as official  # noqa: PLC0415 -- reads 17 MB of XML, only when loading

    for code in official.get_all_codes():
        description = official.get_description(code)
        also = official.get_inclusion_term(code)
        yield (
            code,
            description,
            "; ".join(also),
            official.get_parent(code),
            official.is_leaf(code),
            " ; ".join([description, *also]).lower(),
        )
