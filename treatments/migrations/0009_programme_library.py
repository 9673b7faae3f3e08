"""Forty-five exercises with drawings, when to stop and how to go on; templates for four common troubles."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

from treatments import catalogue, common_plans


def load(apps: Any, schema_editor: Any) -> None:
    catalogue.load(apps.get_model("treatments", "Exercise"))
    common_plans.load(apps.get_model("treatments", "PlanTemplate"))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treatments", "0008_outcome_guards")]

    operations: ClassVar = [migrations.RunPython(load, migrations.RunPython.noop)]
