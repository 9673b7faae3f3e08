"""Promise: no id and no name that is put into a form reaches what its sender may not write."""

from __future__ import annotations

import pytest

from tests.access.machinery import Matrix, told
from tests.access.posts import Posts
from tests.access.rows import House

pytestmark = pytest.mark.django_db


def walked(matrix: Matrix, label: str, *, backwards: bool = False) -> Posts:
    mine, theirs = reversed(matrix.sides) if backwards else matrix.sides
    return Posts(matrix, House(), matrix.actor(label), mine, theirs)


@pytest.mark.parametrize(
    ("label", "forms"),
    [
        ("front desk", 80),
        ("therapist of A", 55),
        pytest.param("owner", 45, marks=pytest.mark.long),
    ],
)
def test_no_form_reaches_what_its_sender_may_not_write(matrix: Matrix, label: str, forms: int):
    posts = walked(matrix, label)
    found = posts.run()
    assert not found, told(found)
    assert len(posts.forms) >= forms, f"only {len(posts.forms)} forms were found"
    assert len(posts.accepted) > 2 * len(posts.refused), f"too many forms did nothing: {sorted(posts.refused)}"
    assert posts.swaps > 20, "no ids were swapped"


@pytest.mark.long
@pytest.mark.parametrize("label", ["front desk", "owner"])
def test_nor_does_it_the_other_way_round(matrix: Matrix, label: str):
    found = walked(matrix, label, backwards=True).run()
    assert not found, told(found)
