"""Promise: no role can read or write what it must not, and every look is on record. Every URL, method, actor."""

from __future__ import annotations

from collections import Counter

import pytest
import time_machine

from tests.access.machinery import Actor, Matrix, Violation
from tests.access.samples import NOT_CROSSED, samples
from tests.access.world import ACTORS, NOW, World, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings, tmp_path) -> World:
    settings.DOCUMENTS_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield build()


@pytest.fixture
def matrix(world: World) -> Matrix:
    return Matrix([world.a, world.b], world.actors(), samples(world), not_crossed=NOT_CROSSED)


def told(found: list[Violation]) -> str:
    """Readable when there are many: by URL, then each."""
    by_route = Counter(each.route for each in found)
    return f"{len(found)} cells of the matrix are not as POLICY says: {dict(by_route)}\n" + "\n".join(map(str, found))


def test_every_url_declares_a_policy_and_has_something_to_be_tried_on(matrix: Matrix):
    found = matrix.undeclared()
    assert not found, told(found)


@pytest.mark.parametrize("label", ACTORS)
def test_every_url_answers_this_actor_as_the_table_says(matrix: Matrix, label: str):
    actor: Actor = next(each for each in matrix.actors if each.label == label)
    found = matrix.run(actor)
    assert not found, told(found)
    assert matrix.cells > 2 * len(list(matrix.routes())), "the matrix was not walked"
    if actor.signed_in:
        assert matrix.looks > 0, "nobody was shown anything, so nothing was proven"
