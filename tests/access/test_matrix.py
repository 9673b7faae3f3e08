"""Promise: no role can read or write what it must not, and every look is on record. Every URL, method, actor."""

from __future__ import annotations

import pytest

from tests.access.machinery import Matrix, told
from tests.access.world import ACTORS

pytestmark = pytest.mark.django_db


def test_every_url_declares_a_policy_and_has_something_to_be_tried_on(matrix: Matrix):
    found = matrix.undeclared()
    assert not found, told(found)


@pytest.mark.parametrize("label", ACTORS)
def test_every_url_answers_this_actor_as_the_table_says(matrix: Matrix, label: str):
    actor = matrix.actor(label)
    found = matrix.run(actor)
    assert not found, told(found)
    assert matrix.cells > 2 * len(list(matrix.routes())), "the matrix was not walked"
    if actor.signed_in:
        assert matrix.looks > 0, "nobody was shown anything, so nothing was proven"
