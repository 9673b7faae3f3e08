"""The exercises: their words and drawings, what is found, and what an owner may change."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from clinic.forms import StaleRecord
from clinic.models import AuditEvent
from tests.factories import people
from tests.factories import treatments as make
from treatments import catalogue, library
from treatments.catalogue import EXERCISES
from treatments.drawings import DRAWINGS, svg
from treatments.drawings.kit import FLOOR, HIGHEST, WIDTH
from treatments.models import DosageUnit, Exercise

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NEW = {
    "name": "Swim on dry land", "group": "Core", "purpose": "Strengthens the back.", "steps": ["Lie.", "Swim."],
    "take_care": "", "stop_if": "It hurts.", "progressions": ["Faster."], "drawing": "prone-lift",
    "unit": "repetitions", "usual_sets": 2, "usual_amount": 10, "usual_times_a_week": 4,
}  # fmt: skip


# -- What Tonus comes with ---------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", EXERCISES, ids=lambda entry: entry.slug)
def test_every_exercise_says_what_it_is_for_how_when_to_stop_and_how_to_go_on(entry):
    assert len(entry.steps) >= 3
    assert all(text.strip() for text in (entry.purpose, entry.take_care, entry.stop_if, *entry.steps))
    assert entry.progressions
    assert entry.unit in DosageUnit.values
    assert entry.slug in DRAWINGS


def test_there_are_at_least_thirty_and_no_two_alike():
    assert len(EXERCISES) >= 30
    for part in ("slug", "name", "purpose"):
        assert len({getattr(entry, part) for entry in EXERCISES}) == len(EXERCISES)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_on_the_paper_above_the_floor_and_says_in_words_what_is_seen(name):
    drawing = DRAWINGS[name]
    assert 1 <= len(drawing.panels) <= 2
    for panel in drawing.panels:
        for x, y in panel.points():
            assert 0 <= x <= WIDTH, f"{x:.0f} is beside the paper"
            assert HIGHEST <= y <= FLOOR + 5, f"{y:.0f} is above the paper or below the floor"
    root = ET.fromstring(svg(drawing))  # noqa: S314 -- made by ourselves
    assert root.get("role") == "img"
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == drawing.seen
    assert len(drawing.seen.split()) > 5


def test_two_moments_are_never_the_same():
    for name, drawing in DRAWINGS.items():
        if len(drawing.panels) == 2:
            first, second = drawing.panels
            assert first.figures != second.figures, name
            assert second.arrows or first.arrows or name == "sit-to-stand", name


# -- The pages ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("role", [people.front_desk, people.a_therapist, people.an_owner])
def test_everybody_on_the_staff_finds_an_exercise(client, role):
    client.force_login(role(), backend=BACKEND)
    page = client.get(reverse("treatments:exercises"), {"q": "spine flank"})
    assert page.status_code == 200
    text = client.get(reverse("treatments:exercises"), {"q": "carry shopping"}).content.decode()
    assert "Carry on one side" in text
    assert "Clam" not in text
    assert "Carry on one side" not in client.get(reverse("treatments:exercises"), {"q": "zebra"}).content.decode()


@pytest.mark.django_db
def test_a_group_narrows_and_htmx_gets_the_list_alone(client):
    client.force_login(people.a_therapist(), backend=BACKEND)
    url = reverse("treatments:exercises")
    part = client.get(url, {"group": "Posture"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Long neck" in part
    assert "Clam" not in part


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 4])
def test_the_library_costs_the_same_however_full_it_is(client, rows, django_assert_num_queries):
    client.force_login(people.a_therapist(), backend=BACKEND)
    kept = [entry.slug for entry in EXERCISES[:rows]]
    Exercise.objects.exclude(slug__in=kept).update(retired_at=make.NOW)
    url = reverse("treatments:exercises")
    client.get(url)
    with django_assert_num_queries(6):
        text = client.get(url).content.decode()
    assert text.count("library-card") == rows


# -- What an owner changes ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_owner_adds_an_exercise_that_plans_can_take(client):
    client.force_login(people.an_owner(), backend=BACKEND)
    typed = {**NEW, "steps": "Lie.\n\n Swim. ", "progressions": "Faster."}
    answer = client.post(reverse("treatments:exercise_add"), typed)
    assert answer.status_code == 303
    made = Exercise.objects.get(slug="swim-on-dry-land")
    assert made.steps == ["Lie.", "Swim."]
    assert AuditEvent.objects.get(action="exercise.added").detail == {"name": "Swim on dry land"}
    assert make.a_plan(massages=(), exercises=make.some_exercises("swim-on-dry-land"))


@pytest.mark.django_db
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(client):
    client.force_login(people.an_owner(), backend=BACKEND)
    answer = client.post(
        reverse("treatments:exercise_add"), {**NEW, "name": "Clam", "steps": "Lie.", "progressions": "Faster."}
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "There is an exercise of that name." in text
    assert "Strengthens the back." in text


@pytest.mark.django_db
def test_words_change_at_once_but_a_name_that_plans_say_does_not():
    owner, exercise = people.an_owner(), Exercise.objects.get(slug="bridge")
    make.a_plan(massages=(), exercises=make.some_exercises("bridge"))
    library.change_exercise(exercise, purpose="Better said.", revision=1, by=owner, now=make.NOW)
    with pytest.raises(library.LibraryRefused, match="its name and how it is counted stay"):
        library.change_exercise(exercise, name="The bridge", by=owner, now=make.NOW)
    exercise.refresh_from_db()
    assert (exercise.name, exercise.purpose, exercise.revision) == ("Shoulder bridge", "Better said.", 2)
    assert AuditEvent.objects.get(action="exercise.changed").detail == {"fields": ["purpose"]}
    with pytest.raises(StaleRecord):
        library.change_exercise(exercise, purpose="Mine", revision=1, by=owner, now=make.NOW)


@pytest.mark.django_db
def test_the_database_keeps_the_name_that_plans_say():
    make.a_plan(massages=(), exercises=make.some_exercises("bridge"))
    with pytest.raises(DatabaseError, match="retire it"), transaction.atomic():
        Exercise.objects.filter(slug="bridge").update(name="Another")
    Exercise.objects.filter(slug="clam").update(name="Nobody's plan names it")


@pytest.mark.django_db
def test_a_retired_exercise_is_offered_no_more_and_comes_back():
    owner, exercise = people.an_owner(), Exercise.objects.get(slug="bridge")
    library.retire_exercise(exercise, by=owner, now=make.NOW)
    assert not Exercise.objects.in_use().filter(slug="bridge").exists()
    library.bring_back_exercise(exercise, by=owner, now=make.NOW)
    assert Exercise.objects.in_use().filter(slug="bridge").exists()


@pytest.mark.django_db
def test_a_release_never_overwrites_an_exercise_that_a_clinic_changed():
    owner, exercise = people.an_owner(), Exercise.objects.get(slug="bridge")
    library.change_exercise(exercise, purpose="Our words.", revision=1, by=owner, now=make.NOW)
    catalogue.load(Exercise)
    exercise.refresh_from_db()
    assert exercise.purpose == "Our words."


@pytest.mark.django_db
@pytest.mark.parametrize("role", [people.front_desk, people.a_therapist])
def test_only_an_owner_changes_exercises(client, role):
    client.force_login(role(), backend=BACKEND)
    for name, args in (("exercise_add", []), ("exercise_change", ["bridge"])):
        assert client.get(reverse(f"treatments:{name}", args=args)).status_code == 403
    assert client.post(reverse("treatments:exercise_retire", args=["bridge"])).status_code == 403
