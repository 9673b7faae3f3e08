"""The words of licensed forms that clinics bring: written once, as in 0002_guards."""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLE = "treatments_licensedform"
GUARDS = f"""
CREATE TRIGGER a_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION treatments_append_only();
CREATE TRIGGER a_append_only_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_append_only();
"""
BACK = f"DROP TRIGGER a_append_only ON {TABLE}; DROP TRIGGER a_append_only_truncate ON {TABLE};"


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [
        ("treatments", "0015_rules_of_the_body_chart"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="LicensedForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("measure", models.CharField(choices=[("odi", "Oswestry index (ODI)")], max_length=16)),
                ("version", models.PositiveSmallIntegerField()),
                ("instruction", models.TextField(blank=True, max_length=2000)),
                ("sections", models.JSONField(blank=True, default=list)),
                ("licence", models.CharField(max_length=400)),
                ("set_at", models.DateTimeField()),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("measure"), models.F("version"), name="licensed_form_versions_are_counted_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("measure__in", ["odi"]), ("version__gte", 1), models.Q(("licence", ""), _negated=True)
                        ),
                        name="a_licensed_form_states_its_licence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sections", []), models.Q(("instruction", ""), _negated=True), _connector="OR"
                        ),
                        name="a_licensed_form_has_its_instruction",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, BACK),
    ]
