"""Migrations are carried out together: the same schema, at a fraction of the time (docs/adr/0051)."""

from __future__ import annotations

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from clinic.together import Together

OURS = ("clinic", "patients", "treatments", "scheduling", "billing")
#: Operations that change no model: nothing is rendered anew after them.
CHANGE_NO_MODEL = (migrations.RunSQL, migrations.RunPython)
#: With more than these, starting a clinic is noticeably slower; `Together` makes them one.
ALONE = 10


def steps() -> list[Operation]:
    """A table that points to an old one, what hangs on it, and changes of the old one."""
    return [
        migrations.CreateModel(
            "Shelf",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("height", models.PositiveSmallIntegerField()),
                ("location", models.ForeignKey("clinic.Location", models.PROTECT)),
            ],
            options={
                "indexes": [models.Index(fields=["height"], name="shelves_by_height")],
                "constraints": [models.CheckConstraint(condition=models.Q(height__gt=0), name="a_shelf_has_a_height")],
            },
        ),
        migrations.AddField("location", "shelves", models.PositiveSmallIntegerField(default=0)),
        migrations.AddConstraint(
            "location", models.CheckConstraint(condition=models.Q(shelves__lt=100), name="shelves_can_be_counted")
        ),
        migrations.RemoveField("location", "region"),
    ]


def models_before() -> ProjectState:
    state = MigrationLoader(connection).project_state(("clinic", "0001_initial"))
    assert state.apps.get_model("clinic", "Location")  # rendered, as they are while Django migrates
    return state


def told(operations: list[Operation], *, back: bool = False) -> list[str]:
    """What the database is told, comments apart."""
    migration = migrations.Migration("of_shelves", "clinic")
    migration.operations = operations
    with connection.schema_editor(collect_sql=True) as editor:
        (migration.unapply if back else migration.apply)(models_before(), editor, collect_sql=True)
    return [line for line in editor.collected_sql if line and not line.startswith("--")]


@pytest.mark.django_db
@pytest.mark.parametrize("back", [False, True], ids=["forwards", "backwards"])
def test_done_together_the_database_is_told_the_same(*, back: bool) -> None:
    one_by_one = told(steps(), back=back)
    assert len(one_by_one) > 4
    assert told([Together(steps())], back=back) == one_by_one


@pytest.mark.django_db
def test_done_together_no_model_is_rendered_before_all_are_changed() -> None:
    state = models_before()
    Together(steps()).state_forwards("clinic", state)
    assert "apps" not in vars(state)
    assert {"shelves", "region"} & set(state.models["clinic", "location"].fields) == {"shelves"}


def test_no_migration_has_many_steps_that_render_the_models_each() -> None:
    long = {
        f"{app}.{name}": len(alone)
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in OURS
        and len(alone := [one for one in migration.operations if not isinstance(one, (Together, *CHANGE_NO_MODEL))])
        > ALONE
    }
    assert not long, f"fold them into CreateModel and carry them out `Together`: {long}"
