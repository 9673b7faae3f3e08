"""Beside the usual words of a message there may be others, under a name, for rules that ask for these."""

from django.db import migrations, models

from clinic.together import Together


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0015_unknown_is_looked_up"),
    ]

    operations = [
        Together(
            [
                migrations.RemoveConstraint(
                    model_name="messagetemplate",
                    name="a_template_has_each_version_once",
                ),
                migrations.AddField(
                    model_name="messagetemplate",
                    name="variant",
                    field=models.CharField(blank=True, db_default="", default="", max_length=30),
                ),
                migrations.AddConstraint(
                    model_name="messagetemplate",
                    constraint=models.UniqueConstraint(
                        models.F("kind"),
                        models.F("variant"),
                        models.F("channel"),
                        models.F("language"),
                        models.F("version"),
                        name="a_template_has_each_version_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="messagetemplate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("variant", ""),
                            (
                                "kind__in",
                                [
                                    "exercise_nudge",
                                    "invoice",
                                    "invoice_overdue",
                                    "plan_review",
                                    "recall",
                                    "visit_reminder",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="only_what_rules_ask_for_has_other_words",
                    ),
                ),
            ]
        ),
    ]
