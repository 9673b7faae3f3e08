"""The exercises Tonus comes with."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

from treatments import catalogue


def load(apps: Any, schema_editor: Any) -> None:
    catalogue.load(apps.get_model("treatments", "Exercise"))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treatments", "0002_guards")]

    operations: ClassVar = [migrations.RunPython(load, migrations.RunPython.noop)]
