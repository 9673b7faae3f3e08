"""One world, stopped at one instant, for everything in this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import override_settings

from tests.access.machinery import Matrix
from tests.access.samples import NOT_CROSSED, samples
from tests.access.world import NOW, World, build
from tests.factories.standing import Standing, standing


@pytest.fixture(scope="module")
def standing_world(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Standing[World]]:
    with override_settings(DOCUMENTS_ROOT=tmp_path_factory.mktemp("documents")):

        def made() -> World:
            with time_machine.travel(NOW, tick=False):
                return build()

        with standing(django_db_blocker, made) as world:
            yield world


@pytest.fixture
def world(standing_world: Standing[World]) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield standing_world.fresh()


@pytest.fixture
def matrix(world: World) -> Matrix:
    return Matrix([world.a, world.b], world.actors(), samples(world), not_crossed=NOT_CROSSED)
