"""How names are compared, from Python's side: what is plain ASCII here, what is not by the database's own tonus_fold.

One rule in one place: the database folds what it stores, so it is asked to fold what it is searched for.
"""

from __future__ import annotations

import functools

from django.db import connection

#: The ASCII part of tonus_fold (migration 0000): punctuation becomes a space, apostrophes and + vanish.
_ASCII = {ord(c): " " for c in '-.,;:/()"_\t\n'} | {ord(c): None for c in "'`+"}


def fold(text: str) -> str:
    """Lower case, without accents, apostrophes and punctuation, single spaces, none at the ends."""
    folded = text.lower().translate(_ASCII) if text.isascii() else _by_the_database(text)
    return " ".join(folded.split())


@functools.lru_cache(maxsize=2048)
def _by_the_database(text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tonus_fold(%s)", [text.replace("\x00", "")])
        row = cursor.fetchone()
    return str(row[0])
