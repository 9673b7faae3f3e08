"""What the words of a text message, and of a subject line, must not give away: a service, a part of the body, what for,
with what, or how much money.

Fields cannot (clinic.wording.fields). This looks at what the writer types around them: common words in each language
(`Speech.telling`), the names of the clinic's own services, and sums of money.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

#: From this length on a word is found within longer ones without many that only look alike.
LONG = 7
_SYMBOL, _CODE = r"[$€£¥]", r"\b(?:USD|EUR|GBP|CHF|CAD|AUD)\b"
_MONEY = re.compile(rf"(?:{_SYMBOL}|{_CODE})\s*\d|\d\s*(?:{_SYMBOL}|{_CODE})", re.IGNORECASE)


def telling_word(words: str, telling: Collection[str]) -> str | None:
    """The first of these words, or a sum of money, that is said there; None when there is none."""
    if money := _MONEY.search(words):
        return money.group()
    found = _pattern(frozenset(_plain(word) for word in telling if word.strip())).search(_plain(words))
    return found.group() if found else None


@lru_cache(maxsize=16)
def _pattern(telling: frozenset[str]) -> re.Pattern[str]:
    """A long word also inside another ("Massagetermin"); a short one, and several together, as they stand."""
    if not telling:
        return re.compile(r"(?!)")
    inside: list[str] = []
    alone: list[str] = []
    for word in sorted(telling, key=len, reverse=True):
        (inside if len(word) >= LONG and " " not in word else alone).append(re.escape(word).replace(r"\ ", r"\s+"))
    ways = [rf"(?<!\w)(?:{'|'.join(alone)})(?!\w)"] if alone else []
    return re.compile("|".join([*inside, *ways]))


def _plain(words: str) -> str:
    """Without accents, capitals and signs that do not show: none of these hides a word."""
    apart = unicodedata.normalize("NFKD", words)
    shown = (sign for sign in apart if unicodedata.category(sign) not in {"Mn", "Cf"})
    return "".join(shown).casefold()
