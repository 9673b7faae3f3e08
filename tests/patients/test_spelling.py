"""One slip of the fingers: the law that an index on deletion keys finds every word one slip away."""

from __future__ import annotations

import string

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from patients.spelling import Slip, deletion_keys, likelihood, slip

LETTERS = string.ascii_lowercase + "ñ"
words = st.text(LETTERS, min_size=3, max_size=14)


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str]:
    """A word and what became of it under one slip, at any place."""
    word = draw(words)
    at = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from(LETTERS))
    how = draw(st.sampled_from(["left out", "put in", "replaced", "swapped"]))
    if how == "left out":
        return word, word[:at] + word[at + 1 :]
    if how == "put in":
        return word, word[:at] + letter + word[at:]
    if how == "replaced":
        return word, word[:at] + letter + word[at + 1 :]
    at = min(at, len(word) - 2)
    return word, word[:at] + word[at + 1] + word[at] + word[at + 2 :]


@given(slips())
def test_a_word_and_its_slip_share_a_deletion_key(pair: tuple[str, str]) -> None:
    meant, typed = pair
    assert deletion_keys(meant) & deletion_keys(typed)


@given(slips())
def test_every_single_slip_is_recognised_as_one(pair: tuple[str, str]) -> None:
    meant, typed = pair
    assert slip(typed, meant) is not None


@given(words, words)
def test_a_recognised_slip_is_the_same_seen_from_either_side(one: str, other: str) -> None:
    assert (slip(one, other) is None) == (slip(other, one) is None)


@pytest.mark.parametrize(
    ("typed", "meant", "how"),
    [
        ("smith", "smith", Slip.NONE),
        ("simth", "smith", Slip.SWAPPED),
        ("smth", "smith", Slip.LEFT_OUT),
        ("smiith", "smith", Slip.PUT_IN),
        ("smyth", "smith", Slip.REPLACED),
        ("schmidt", "smith", None),
        ("htims", "smith", None),
    ],
)
def test_slips_are_told_apart(typed: str, meant: str, how: Slip | None) -> None:
    assert slip(typed, meant) == how


def test_a_swap_is_likelier_than_another_letter_and_a_wrong_first_letter_unlikeliest() -> None:
    near = ["smyth", "smith", "emith"]
    assert min(near, key=lambda word: likelihood("simth", word)) == "smith"
    assert likelihood("smithe", "emithe") > likelihood("smithe", "smythe")


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["nunez", "ana", "aaaa", "li", "garcía", "x" * 40])
def test_the_database_cuts_the_same_keys_as_python(word: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tonus_deletion_keys(%s)", [word])
        assert set(cursor.fetchone()[0]) == deletion_keys(word)
