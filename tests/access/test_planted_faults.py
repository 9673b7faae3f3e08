"""The matrix must be able to fail: each planted fault turns it red, the same views without fault leave it green."""

from __future__ import annotations

import pytest
import time_machine
from django.test import override_settings

from tests.access import planted
from tests.access.machinery import Matrix, Sample, Violation
from tests.access.world import NOW, World, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings, tmp_path) -> World:
    settings.DOCUMENTS_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield build()


_SAMPLES: dict[str, Sample] = {
    planted.NOTE: lambda side: {"uid": side.objects["note"].uid},
    planted.INJURY: lambda side: {"uid": side.patient_uid, "record": side.objects["injury"].uid},
    planted.TOKEN: lambda side: {"token": side.links["visit"]},
    planted.SECRET: lambda side: {"token": side.links["calendar"]},
}


def found_in(world: World, views: dict[str, tuple]) -> list[Violation]:
    """What the matrix finds in a house of these views alone."""
    samples = {name: _SAMPLES[pattern] for name, (pattern, _) in views.items() if pattern in _SAMPLES}
    conf = planted.urlconf(views)
    matrix = Matrix([world.a, world.b], world.actors(), samples, urlconf=conf, only=frozenset(views))
    with override_settings(ROOT_URLCONF=conf):
        found = matrix.undeclared()
        for actor in matrix.actors:
            found += matrix.run(actor)
    return found


def test_sound_views_leave_it_green(world: World):
    found = found_in(world, planted.SOUND)
    assert not found, "\n".join(map(str, found))


def test_every_planted_fault_turns_it_red(world: World):
    missed = []
    for name, (pattern, view, kind) in planted.FAULTS.items():
        found = found_in(world, {name: (pattern, view)})
        if kind not in {each.kind for each in found}:
            missed.append(f"{name}: wanted {kind}, found {sorted({each.kind for each in found}) or 'nothing'}")
    assert not missed, "\n".join(missed)
    assert len(planted.FAULTS) >= 17
