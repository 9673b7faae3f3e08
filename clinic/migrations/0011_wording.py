"""The clinic's own words for what patients read."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clinic.together import Together


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0010_accounted_for"),
    ]

    operations = [
        Together(
            [
                migrations.AddField(
                    model_name="clinic",
                    name="wording_stamp",
                    field=models.UUIDField(editable=False, null=True),
                ),
                migrations.CreateModel(
                    name="MessageTemplate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=24)),
                        ("channel", models.CharField(max_length=10)),
                        ("language", models.CharField(max_length=8)),
                        ("version", models.PositiveIntegerField()),
                        ("title", models.CharField(blank=True, max_length=200)),
                        ("text", models.TextField(blank=True)),
                        ("written_at", models.DateTimeField()),
                        (
                            "written_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                models.F("kind"),
                                models.F("channel"),
                                models.F("language"),
                                models.F("version"),
                                name="a_template_has_each_version_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "visit_booked",
                                            "visits_booked",
                                            "visit_moved",
                                            "visit_changed",
                                            "visits_changed",
                                            "visit_cancelled",
                                            "visits_cancelled",
                                            "visit_reminder",
                                            "visits_reminder",
                                            "family_reminder",
                                            "waitlist_offer",
                                            "recall",
                                            "plan_review",
                                            "exercise_nudge",
                                            "home_programme",
                                            "questions",
                                            "diary",
                                            "invoice",
                                            "invoice_overdue",
                                            "reply_confirmed",
                                            "reply_other_time",
                                            "reply_no_visit",
                                            "reply_passed_on",
                                            "reply_help",
                                            "reply_stopped",
                                            "reply_started",
                                        ],
                                    )
                                ),
                                name="template_kind_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("channel__in", ("email", "sms"))), name="template_channel_is_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("language__in", ["en", "es", "de", "fr"])),
                                name="template_language_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("version__gte", 1)), name="template_versions_count_from_one"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("text", ""), ("title", "")),
                                    models.Q(
                                        ("channel", "email"),
                                        models.Q(("title", ""), _negated=True),
                                        models.Q(("text", ""), _negated=True),
                                    ),
                                    models.Q(("channel", "sms"), ("title", ""), models.Q(("text", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="template_has_its_words_or_none",
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
