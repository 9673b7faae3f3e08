"""When patients are written to is a matter of rules; each clinic keeps the one it had: a day before the visit."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clinic.together import Together

AS_BEFORE = """
INSERT INTO scheduling_messagerule (uid, purpose, anchor, minutes, channel, made_at, followed_at)
SELECT gen_random_uuid(), 'visit_reminder', 'visit', 1440, '', '2026-01-01 00:00+00', '2026-01-01 00:00+00'
  FROM clinic_clinic
"""
#: What is planned for visits to come knows its rule.
NAMED_ANEW = """
UPDATE clinic_outboundmessage AS m
   SET rule_uid = r.uid, occasion = 'rule ' || left(replace(r.uid::text, '-', ''), 16)
  FROM scheduling_messagerule r
 WHERE m.purpose = 'visit_reminder' AND m.occasion = 'day before' AND m.too_late_at > now()
"""
NAMED_AS_BEFORE = """
UPDATE clinic_outboundmessage SET rule_uid = NULL, occasion = 'day before'
 WHERE purpose = 'visit_reminder' AND occasion LIKE 'rule %'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0010_accounted_for"),
        ("scheduling", "0015_bookable_from_the_first_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="DayReckoned",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("day", models.DateField(unique=True)),
                        ("asked", models.PositiveIntegerField()),
                        ("written", models.PositiveIntegerField()),
                        ("reckoned_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("written__lte", models.F("asked"))),
                                name="no_more_is_written_than_was_asked",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MessageRule",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("visit_reminder", "Reminder"),
                                    ("recall", "Invitation to book"),
                                    ("plan_review", "Review of the plan is due"),
                                    ("exercise_nudge", "Reminder of exercises"),
                                    ("invoice", "Invoice"),
                                ],
                                max_length=30,
                            ),
                        ),
                        (
                            "anchor",
                            models.CharField(
                                choices=[
                                    ("visit", "before the visit"),
                                    ("last_visit", "after the last visit"),
                                    ("review", "before the day of the review"),
                                    ("last_entry", "after the last entry"),
                                    ("issue", "after the invoice was issued"),
                                    ("due", "after the invoice was due"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("minutes", models.PositiveIntegerField()),
                        (
                            "channel",
                            models.CharField(
                                blank=True, choices=[("email", "E-mail"), ("sms", "Text message")], max_length=10
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("retired_at", models.DateTimeField(null=True)),
                        ("followed_at", models.DateTimeField(null=True)),
                        (
                            "location",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="clinic.location",
                            ),
                        ),
                        (
                            "made_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "retired_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "service",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="scheduling.service",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("retired_at__isnull", True)),
                                fields=("purpose", "anchor", "minutes", "service", "location", "channel"),
                                name="a_message_rule_stands_once",
                                nulls_distinct=False,
                                violation_error_message="There is such a rule already.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("anchor__in", ["visit"]), ("purpose", "visit_reminder")),
                                    models.Q(("anchor__in", ["last_visit"]), ("purpose", "recall")),
                                    models.Q(("anchor__in", ["review"]), ("purpose", "plan_review")),
                                    models.Q(("anchor__in", ["last_entry"]), ("purpose", "exercise_nudge")),
                                    models.Q(("anchor__in", ["issue", "due"]), ("purpose", "invoice")),
                                    _connector="OR",
                                ),
                                name="a_message_rule_counts_from_what_it_speaks_of",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("purpose", "visit_reminder"),
                                    models.Q(("location__isnull", True), ("service__isnull", True)),
                                    _connector="OR",
                                ),
                                name="only_reminders_are_special_to_a_service_or_place",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("anchor", "visit"), ("minutes__range", (60, 43200))),
                                    models.Q(models.Q(("anchor", "visit"), _negated=True), ("minutes__lte", 525600)),
                                    _connector="OR",
                                ),
                                name="a_message_rule_has_a_possible_offset",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("channel", ""), ("channel__in", ["email", "sms"]), _connector="OR"),
                                name="message_rule_channel_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("retired_at__isnull", True), ("retired_by__isnull", True)),
                                    models.Q(("retired_at__isnull", False), ("retired_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="a_retired_message_rule_says_by_whom",
                            ),
                        ],
                    },
                ),
            ]
        ),
        migrations.RunSQL(AS_BEFORE, "DELETE FROM scheduling_messagerule"),
        migrations.RunSQL(NAMED_ANEW, NAMED_AS_BEFORE),
    ]
