"""What was changed from one version of a text to the next, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW = "same", "gone", "new"


@dataclass(frozen=True)
class Piece:
    how: str
    text: str


def compared(old: str, new: str) -> list[Piece]:
    before, after = _words(old), _words(new)
    pieces: list[Piece] = []
    for how, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if how == "equal":
            pieces.append(Piece(SAME, "".join(before[a:b])))
            continue
        pieces += [Piece(GONE, "".join(before[a:b]))] if b > a else []
        pieces += [Piece(NEW, "".join(after[c:d]))] if d > c else []
    return pieces


def _words(text: str) -> list[str]:
    return re.findall(r"\{\w+\}|\w+|\s+|[^\w\s]", text)
