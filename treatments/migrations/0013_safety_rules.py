"""Safety rules as rows; red flags asked about and cleared; what is asked at a visit; what a decision relied on."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0004_kinds_that_nobody_said"),
        ("treatments", "0012_bodychart"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RedFlagClearance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None),
                ),
                ("clinician", models.CharField(max_length=120)),
                ("seen_on", models.DateField()),
                ("words", models.CharField(max_length=1000)),
                ("recorded_at", models.DateTimeField()),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="red_flag_clearances",
                        to="patients.patient",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "flags__contained_by",
                                [
                                    "saddle_numbness",
                                    "bladder_or_bowel",
                                    "leg_deficit",
                                    "sphincter",
                                    "motor_weakness",
                                    "major_trauma",
                                    "minor_trauma_fragile",
                                    "steroids_or_osteoporosis",
                                    "age",
                                    "cancer_history",
                                    "weight_loss",
                                    "fever",
                                    "recent_infection",
                                    "immune_or_iv_drugs",
                                    "worse_lying",
                                    "night_pain",
                                    "pulsating_mass",
                                    "throbbing_at_rest",
                                    "vascular_history",
                                ],
                            ),
                            ("flags__len__gte", 1),
                        ),
                        name="a_clearance_is_of_flags_we_know",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("clinician", ""), _negated=True), models.Q(("words", ""), _negated=True)
                        ),
                        name="a_clearance_says_who_and_in_which_words",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RedFlagScreen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "occasion",
                    models.CharField(
                        choices=[
                            ("intake", "First visit"),
                            ("again", "Asked again"),
                            ("trauma", "After a new injury"),
                            ("fever", "After a fever"),
                        ],
                        max_length=8,
                    ),
                ),
                ("answers", models.JSONField()),
                ("remark", models.CharField(blank=True, max_length=500)),
                ("asked_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="red_flag_screens",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "asked_at"], name="red_flag_screens_of_a_patient")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("occasion__in", ["intake", "again", "trauma", "fever"])),
                        name="screen_occasion_is_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reliance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "technique",
                    models.CharField(
                        choices=[
                            ("gentle", "Gentle massage"),
                            ("neuromuscular", "Neuromuscular, sustained pressure"),
                            ("deep_tissue", "Deep tissue"),
                        ],
                        max_length=16,
                    ),
                ),
                ("verdict", models.CharField(max_length=12)),
                ("pressure_cap", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "rules",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), blank=True, default=list, size=None
                    ),
                ),
                ("relied_at", models.DateTimeField()),
                (
                    "intervention",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reliances",
                        to="treatments.intervention",
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reliances",
                        to="treatments.sessionnote",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "relied_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("intervention__isnull", False), ("note__isnull", True)),
                            models.Q(("intervention__isnull", True), ("note__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_verdict_was_relied_on_by_a_note_or_a_plan",
                    ),
                    models.UniqueConstraint(
                        models.F("note"), models.F("technique"), name="a_note_relies_once_on_a_technique"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SafetyRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=12)),
                ("version", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=80)),
                ("severity", models.CharField(max_length=12)),
                ("conditions", models.JSONField()),
                ("gates", models.JSONField()),
                ("position", models.CharField(blank=True, max_length=16)),
                ("minutes", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("slow_rise", models.BooleanField(default=False)),
                ("is_off", models.BooleanField(default=False)),
                ("sentence", models.CharField(max_length=300)),
                ("source", models.CharField(max_length=200)),
                ("in_force_from", models.DateTimeField()),
                ("in_force_until", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(max_length=300)),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(models.F("rule"), models.F("version"), name="a_rule_has_each_version_once"),
                    models.UniqueConstraint(
                        models.F("rule"),
                        condition=models.Q(("in_force_until__isnull", True)),
                        name="one_version_of_a_rule_is_in_force",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["none", "indicated", "limit", "clearance", "block"])),
                        name="rule_severity_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sentence", ""), _negated=True),
                            models.Q(("source", ""), _negated=True),
                            models.Q(("why", ""), _negated=True),
                            models.Q(("title", ""), _negated=True),
                        ),
                        name="a_rule_says_what_why_and_whence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("in_force_until__isnull", True),
                            ("in_force_until__gte", models.F("in_force_from")),
                            _connector="OR",
                        ),
                        name="a_rule_ends_after_it_began",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VisitCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "dose",
                    models.CharField(
                        choices=[("not_asked", "Not asked"), ("no", "No"), ("yes", "Yes")],
                        default="not_asked",
                        max_length=12,
                    ),
                ),
                ("last_dose_at", models.DateTimeField(blank=True, null=True)),
                (
                    "way_home",
                    models.CharField(
                        choices=[
                            ("not_asked", "Not asked"),
                            ("accompanied", "Is fetched or driven"),
                            ("public", "Bus, train or taxi"),
                            ("on_foot", "Walks alone"),
                            ("drives", "Drives"),
                        ],
                        default="not_asked",
                        max_length=12,
                    ),
                ),
                (
                    "intoxicated",
                    models.CharField(
                        choices=[("not_asked", "Not asked"), ("no", "No"), ("yes", "Yes")],
                        default="not_asked",
                        max_length=12,
                    ),
                ),
                (
                    "new_injury",
                    models.CharField(
                        choices=[("not_asked", "Not asked"), ("no", "No"), ("yes", "Yes")],
                        default="not_asked",
                        max_length=12,
                    ),
                ),
                (
                    "fever",
                    models.CharField(
                        choices=[("not_asked", "Not asked"), ("no", "No"), ("yes", "Yes")],
                        default="not_asked",
                        max_length=12,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="visit_checks", to="patients.patient"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "asked_at"], name="visit_checks_of_a_patient")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("dose__in", ["not_asked", "no", "yes"]),
                            ("intoxicated__in", ["not_asked", "no", "yes"]),
                            ("fever__in", ["not_asked", "no", "yes"]),
                            ("new_injury__in", ["not_asked", "no", "yes"]),
                            ("way_home__in", ["not_asked", "accompanied", "public", "on_foot", "drives"]),
                        ),
                        name="what_was_asked_at_a_visit_has_answers",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_dose_at__isnull", True),
                            models.Q(("dose", "yes"), ("last_dose_at__lte", models.F("asked_at"))),
                            _connector="OR",
                        ),
                        name="a_last_dose_was_taken_before_it_was_asked",
                    ),
                ],
            },
        ),
    ]
