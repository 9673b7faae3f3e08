"""One world, stopped at one instant, for everything in this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from tests.access.machinery import Matrix
from tests.access.samples import NOT_CROSSED, samples
from tests.access.world import NOW, World, build


@pytest.fixture
def world(settings, tmp_path) -> Iterator[World]:
    settings.DOCUMENTS_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield build()


@pytest.fixture
def matrix(world: World) -> Matrix:
    return Matrix([world.a, world.b], world.actors(), samples(world), not_crossed=NOT_CROSSED)
