"""The walks must be able to fail: each planted fault turns one red, the same views without fault leave it green."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings

from tests.access import planted, planted_forms
from tests.access.crawl import Crawl
from tests.access.machinery import Matrix, Sample, Violation
from tests.access.posts import Posts
from tests.access.rows import House
from tests.access.test_sessions_and_records import take_role, unrecorded
from tests.access.world import World

pytestmark = pytest.mark.django_db

Views = dict[str, tuple[Any, ...]]

_SAMPLES: dict[str, Sample] = {
    planted.NOTE: lambda side: {"uid": side.objects["note"].uid},
    planted.INJURY: lambda side: {"uid": side.patient_uid, "record": side.objects["injury"].uid},
    planted.TOKEN: lambda side: {"token": side.links["visit"]},
    planted.SECRET: lambda side: {"token": side.links["calendar"]},
}


def of_patient(side: Any) -> dict[str, Any]:
    return {"uid": side.patient_uid}


@contextmanager
def house_of(world: World, views: Views, *, sample: Sample | None = None, whole: bool = False) -> Iterator[Matrix]:
    """The matrix of a house of these views alone, or of these among all others."""
    samples = {name: sample or _SAMPLES[view[0]] for name, view in views.items() if view[0] in _SAMPLES}
    conf = planted.urlconf({name: view[:2] for name, view in views.items()})
    only = frozenset() if whole else frozenset(views)
    with override_settings(ROOT_URLCONF=conf):
        yield Matrix([world.a, world.b], world.actors(), samples, urlconf=conf, only=only)


def by_matrix(world: World, views: Views) -> list[Violation]:
    with house_of(world, views) as matrix:
        found = matrix.undeclared()
        for actor in matrix.actors:
            found += matrix.run(actor)
    return found


def by_forms(world: World, views: Views) -> list[Violation]:
    with house_of(world, views, sample=of_patient) as matrix:
        return Posts(matrix, House(), matrix.actor("therapist of A"), world.a, world.b).run()


def by_links(world: World, views: Views) -> list[Violation]:
    found = []
    with house_of(world, views, whole=True) as matrix:
        for name in views:
            crawl = Crawl(matrix, matrix.actor("front desk"), each=1, steps=1)
            found += crawl.run(f"/planted/{name.replace(' ', '-')}/")
    return found


def by_time(world: World, views: Views) -> list[Violation]:
    with house_of(world, views) as matrix:
        client = Client(raise_request_exception=False)
        client.force_login(world.hers)
        for name in views:
            client.get(f"/planted/{name.replace(' ', '-')}/{world.a.objects['note'].uid}/")
        return matrix.run(take_role(world, world.hers), client=client)


def by_record(world: World, views: Views) -> list[Violation]:
    with house_of(world, views) as matrix:
        return unrecorded(matrix, matrix.actor("therapist of A"))[0]


Walk = Callable[[World, Views], list[Violation]]
#: Each walk with what it must find, and with sound views in which it must find nothing.
WALKS: list[tuple[Walk, Views, Views]] = [
    (by_matrix, planted.FAULTS, planted.SOUND),
    (by_forms, planted_forms.OF_FORMS, {"form": (planted.NOTE, planted_forms.sound_form)}),
    (by_links, planted_forms.OF_LINKS, {"links": (planted.LIST, planted_forms.sound_links)}),
    (by_time, planted_forms.OF_TIME, {"note": planted.SOUND["note"]}),
    (by_record, planted_forms.OF_RECORD, {"note": planted.SOUND["note"]}),
]


@pytest.mark.parametrize(("walk", "faults", "sound"), WALKS, ids=lambda each: getattr(each, "__name__", ""))
def test_sound_views_leave_it_green(world: World, walk: Walk, faults: Views, sound: Views):
    found = walk(world, sound)
    assert not found, "\n".join(map(str, found))


def test_every_planted_fault_turns_a_walk_red_as_many_as_the_house_says(world: World):
    missed, planted_there = [], 0
    for walk, faults, _ in WALKS:
        for name, (pattern, view, kind) in faults.items():
            planted_there += 1
            with transaction.atomic():
                found = walk(world, {name: (pattern, view)})
                transaction.set_rollback(True)
            world.hers.refresh_from_db()
            if kind not in {each.kind for each in found}:
                missed.append(f"{name}: wanted {kind}, found {sorted({each.kind for each in found}) or 'nothing'}")
    assert not missed, "\n".join(missed)
    told = f"{planted_there} of {planted_there} planted faults"
    assert told in (settings.BASE_DIR / "docs" / "architecture.md").read_text(), f"docs/architecture.md: {told}"
