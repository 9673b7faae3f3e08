"""Promise: no role can read or write what it must not, and every look is on record. Every URL, method, actor."""

from __future__ import annotations

import pytest

from tests.access.machinery import Matrix, told
from tests.access.world import ACTORS
from treatments import vouching

pytestmark = pytest.mark.django_db


def test_every_url_declares_a_policy_and_has_something_to_be_tried_on(matrix: Matrix):
    found = matrix.undeclared()
    assert not found, told(found)


#: Who is kept out as another is: left to the long tier.
LIKE_OTHERS = {"link of B", "revoked calendar of A", "deactivated"}


@pytest.mark.parametrize(
    "label",
    [pytest.param(label, marks=pytest.mark.long) if label in LIKE_OTHERS else label for label in ACTORS],
)
def test_every_url_answers_this_actor_as_the_table_says(matrix: Matrix, label: str):
    actor = matrix.actor(label)
    found = matrix.run(actor)
    assert not found, told(found)
    assert vouching.altered() == [], "a signed note was changed on the way"
    assert matrix.cells > 2 * len(list(matrix.routes())), "the matrix was not walked"
    if actor.signed_in:
        assert matrix.looks > 0, "nobody was shown anything, so nothing was proven"
