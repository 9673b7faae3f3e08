"""Promise: whatever is typed into whichever field, the answer is a page with a sentence and never an error of ours.

The forms are found as the access matrix finds them, so that each new one is tried by itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.access.conftest import matrix, standing_world, world  # noqa: F401 -- fixtures
from tests.access.machinery import Matrix
from tests.access.pages import Form, Pairs
from tests.access.posts import Posts
from tests.access.rows import House

pytestmark = pytest.mark.django_db

HOSTILE = {
    "over-long": "x" * 5_000,
    "a null character": "a\0b",
    "written backwards": "\u202egnp.exe",
    "emoji": "👩🏽‍⚕️💆",
    "the last day": "9999-12-31",
    "the first day": "0001-01-01",
    "a moment beyond time": "9999-12-31T23:59",
    "negative": "-1",
    "too large a figure": "1e309",
    "a whole number of twenty digits": "99999999999999999999",
    "not a number": "NaN",
    "a tag": "<script>alert(1)</script>",
    "a template": "{{ 7 }}{% load x %}",
    "half a quote": "' OR 1=1 --",
    "lines": "a\r\nBcc: someone@patients.example",
}
#: What a page may answer: shown again with a sentence, done, gone on, an id that is none, or (where only the buttons of
#: a form say where it goes) nothing that is posted to.
FINE = {200, 204, 302, 303, 404, 405, 409, 422}
#: The quick tier tries one field in so many, always the same ones; the long one tries them all.
QUICK_SHARE = 16
ROLES = ["front desk", "therapist of A", "owner"]
ROOMS = ["patients", "treatments", "scheduling", "billing", "office"]


def tried(posts: Posts, form: Form, *, every: bool) -> Iterator[tuple[str, str, Pairs]]:
    """(field, what is typed, all that is sent): each field alone, the others as they would be."""
    pairs, _ = posts.honest(form)
    for at, (name, value) in enumerate(pairs):
        if name in ("csrfmiddlewaretoken", "page_of"):
            continue
        turn = zlib.crc32(f"{posts.label(form)} {name}".encode())
        if not every and turn % QUICK_SHARE:
            continue
        for number, (what, hostile) in enumerate(HOSTILE.items()):
            if (every or number == turn % len(HOSTILE)) and hostile != value:
                yield name, what, (*pairs[:at], (name, hostile), *pairs[at + 1 :])


def wrong(posts: Posts, *, every: bool, known: set[object]) -> list[str]:
    found = []
    for each in posts.collect():
        key = (each.route.name, each.form.key[2])
        if key in known:
            continue
        known.add(key)
        for name, what, pairs in tried(posts, each.form, every=every):
            answer = posts.send("POST", each.form.action, pairs, each.form)
            if answer.status not in FINE:
                found.append(f"{each.route.name}: {name} with {what} answers {answer.status}")
            elif HOSTILE["a tag"] in answer.body:
                found.append(f"{each.route.name}: {name} comes back as a tag")
    return found


def all_wrong(matrix: Matrix, room: str, *, every: bool) -> list[str]:  # noqa: F811 -- the fixture's name
    only = frozenset(route.name for route in matrix.routes() if route.name.startswith(f"{room}:"))
    matrix = replace(matrix, only=only)
    known: set[object] = set()
    house, found = House(), []
    for label in ROLES:
        found += wrong(Posts(matrix, house, matrix.actor(label), *matrix.sides), every=every, known=known)
    assert len(known) > 7, f"only {len(known)} forms were found"
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_no_field_of_any_form_breaks_on_a_hostile_value(matrix: Matrix, room: str):  # noqa: F811
    found = all_wrong(matrix, room, every=False)
    assert not found, "\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize("room", ROOMS)
def test_no_field_of_any_form_breaks_on_any_hostile_value(matrix: Matrix, room: str):  # noqa: F811
    found = all_wrong(matrix, room, every=True)
    assert not found, "\n".join(found)
