"""One slip of the fingers: words that differ by one letter left out, put in, replaced, or swapped with the next. Pure.

Two words one slip apart share a deletion key, so an index on keys finds all of them without comparing every
word. The proof and the SQL twin of `deletion_keys` are in docs/algorithms/name-search.md.
"""

from __future__ import annotations

from enum import IntEnum

#: Shorter words have too many neighbours to be worth guessing.
SHORTEST = 3


class Slip(IntEnum):
    """How one word became another, the likelier slips of quick typing first."""

    NONE = 0
    SWAPPED = 1
    LEFT_OUT = 2
    PUT_IN = 3
    REPLACED = 4


def deletion_keys(word: str) -> frozenset[str]:
    """The word itself, and the word without each one of its letters."""
    return frozenset({word, *(word[:i] + word[i + 1 :] for i in range(len(word)))})


def slip(typed: str, meant: str) -> Slip | None:
    """The one slip that turns `meant` into `typed`, or None when one is not enough."""
    if typed == meant:
        return Slip.NONE
    start = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    rest_typed, rest_meant = typed[start:], meant[start:]
    if rest_typed[1:] == rest_meant:
        return Slip.PUT_IN
    if rest_typed == rest_meant[1:]:
        return Slip.LEFT_OUT
    if rest_typed[:2] == rest_meant[1::-1] and len(rest_meant) >= 2 and rest_typed[2:] == rest_meant[2:]:
        return Slip.SWAPPED
    if rest_typed[1:] == rest_meant[1:] and rest_typed and rest_meant:
        return Slip.REPLACED
    return None


def likelihood(typed: str, meant: str) -> tuple[bool, int, int]:
    """Sort key among neighbours of what was typed: people rarely miss the first letter, and mostly swap or drop."""
    how = slip(typed, meant)
    return typed[:1] != meant[:1], how if how is not None else 9, abs(len(typed) - len(meant))
