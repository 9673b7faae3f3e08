"""The rules that the body chart brought are written down as version 1, like those that came before."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations
from django.utils import timezone

from treatments import rulebook


def load(apps: Any, schema_editor: Any) -> None:
    rulebook.load(apps.get_model("treatments", "SafetyRule"), at=timezone.now())


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treatments", "0014_safety_rules_guards")]

    operations: ClassVar = [migrations.RunPython(load, migrations.RunPython.noop)]
