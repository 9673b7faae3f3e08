"""Templates of plans, levels of exercises, what patients do at home, letters, and consent word for word."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from clinic.together import Together

CAUSES = [
    ("lifting", "Lifting or carrying"),
    ("fall", "A fall"),
    ("twist", "A twist or sudden move"),
    ("overuse", "Overuse or repeated work"),
    ("posture", "Long sitting or standing"),
    ("sport", "Sport"),
    ("collision", "A traffic or other collision"),
    ("surgery", "After surgery"),
    ("illness", "With an illness"),
    ("other", "Something else"),
    ("unknown", "Not known"),
]
STATES = [
    ("unknown", "Not examined yet"),
    ("active_spasm", "Active spasm"),
    ("guarding", "Guarding"),
    ("acute_inflamed", "Acute, inflamed"),
    ("adhesion", "Chronic adhesion"),
    ("scar", "Scar tissue"),
    ("post_acute", "Post-acute, settling"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0008_programme_messages"),
        ("patients", "0004_kinds_that_nobody_said"),
        ("treatments", "0003_exercises"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HomeTick",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField()),
                ("done", models.BooleanField()),
                ("pain", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("said_at", models.DateTimeField()),
                (
                    "prescription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ticks",
                        to="treatments.exerciseprescription",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("prescription"), models.F("on"), name="an_exercise_is_ticked_once_a_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pain__isnull", True), ("pain__range", (0, 10)), _connector="OR"),
                        name="pain_at_home_is_zero_to_ten",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("plan_summary", "Plan summary"), ("progress_report", "Progress report")],
                        max_length=16,
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("dated_on", models.DateField()),
                ("to_name", models.CharField(max_length=160)),
                ("to_address", models.CharField(blank=True, max_length=300)),
                ("opening", models.TextField(blank=True, max_length=2000)),
                ("diagnosis", models.TextField(blank=True, max_length=2000)),
                ("planned", models.TextField(blank=True, max_length=4000)),
                ("sessions", models.TextField(blank=True, max_length=4000)),
                ("measures", models.TextField(blank=True, max_length=4000)),
                ("response", models.TextField(blank=True, max_length=4000)),
                ("next_step", models.TextField(blank=True, max_length=2000)),
                ("closing", models.TextField(blank=True, max_length=2000)),
                ("started_at", models.DateTimeField()),
                ("finalised_at", models.DateTimeField(blank=True, null=True)),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="clinic.practitioner",
                    ),
                ),
                (
                    "document",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letter",
                        to="patients.document",
                    ),
                ),
                (
                    "episode",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="treatments.episode",
                    ),
                ),
                (
                    "finalised_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="patients.patient",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="treatments.plan",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["plan_summary", "progress_report"])),
                        name="letter_kind_is_known",
                    ),
                    models.UniqueConstraint(
                        models.F("episode"),
                        models.F("kind"),
                        models.F("version"),
                        name="letter_versions_are_counted_once",
                    ),
                    models.UniqueConstraint(
                        models.F("episode"),
                        models.F("kind"),
                        condition=models.Q(("finalised_at__isnull", True)),
                        name="one_draft_of_a_letter_at_a_time",
                        violation_error_message="There is a draft of this letter already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("document__isnull", True),
                                ("finalised_at__isnull", True),
                                ("finalised_by__isnull", True),
                            ),
                            models.Q(
                                ("document__isnull", False),
                                ("finalised_at__isnull", False),
                                ("finalised_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_final_letter_says_when_who_and_is_a_document",
                    ),
                ],
                "indexes": [models.Index(fields=["patient", "-started_at"], name="letters_of_a_patient")],
            },
        ),
        migrations.CreateModel(
            name="PlanTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("slug", models.SlugField(blank=True, max_length=40, null=True, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("suits", models.CharField(max_length=200)),
                (
                    "causes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=CAUSES, max_length=12), blank=True, default=list, size=None
                    ),
                ),
                (
                    "tissue_states",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=STATES, max_length=16), blank=True, default=list, size=None
                    ),
                ),
                ("content", models.JSONField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("revision", models.PositiveIntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("name"),
                        condition=models.Q(("retired_at__isnull", True)),
                        name="a_template_in_use_has_its_name_alone",
                        violation_error_message="There is a template of that name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("causes__contained_by", [value for value, _ in CAUSES]),
                            ("tissue_states__contained_by", [value for value, _ in STATES]),
                        ),
                        name="a_template_suits_what_is_known",
                    ),
                ],
            },
        ),
        Together(
            [
                pgtrigger.migrations.RemoveTrigger(
                    model_name="plan",
                    name="insert_insert",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="plan",
                    name="update_update",
                ),
                migrations.RemoveConstraint(
                    model_name="goal",
                    name="goal_measure_is_known",
                ),
                migrations.AddField(
                    model_name="exercise",
                    name="drawing",
                    field=models.CharField(blank=True, max_length=60),
                ),
                migrations.AddField(
                    model_name="exercise",
                    name="progressions",
                    field=django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), blank=True, default=list, size=None
                    ),
                ),
                migrations.AddField(
                    model_name="exercise",
                    name="revision",
                    field=models.PositiveIntegerField(default=1),
                ),
                migrations.AddField(
                    model_name="exercise",
                    name="stop_if",
                    field=models.CharField(blank=True, max_length=300),
                ),
                migrations.AddField(
                    model_name="exerciseprescription",
                    name="level",
                    field=models.PositiveSmallIntegerField(default=1),
                ),
                migrations.AddField(
                    model_name="exerciseprescription",
                    name="level_words",
                    field=models.CharField(blank=True, max_length=200),
                ),
                migrations.AddField(
                    model_name="exerciseprescription",
                    name="next_when",
                    field=models.CharField(blank=True, max_length=200),
                ),
                migrations.AddField(
                    model_name="plan",
                    name="consent_giver",
                    field=models.CharField(blank=True, max_length=120),
                ),
                migrations.AddField(
                    model_name="plan",
                    name="consent_how",
                    field=models.CharField(
                        blank=True,
                        choices=[
                            ("read_out", "Read out, agreed by word"),
                            ("shown", "Read on the screen, agreed by word"),
                            ("signed", "Signed on paper"),
                            ("telephone", "Read out by telephone"),
                        ],
                        max_length=12,
                    ),
                ),
                migrations.AddField(
                    model_name="plan",
                    name="consent_taken_by",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AddField(
                    model_name="plan",
                    name="consent_text",
                    field=models.TextField(blank=True),
                ),
                migrations.AddField(
                    model_name="plan",
                    name="same_day",
                    field=models.CharField(
                        choices=[
                            ("any", "In any order"),
                            ("massage_first", "Massage first, then exercises"),
                            ("exercises_first", "Exercises first, then massage"),
                            ("apart", "Not both on one day"),
                        ],
                        default="any",
                        max_length=16,
                    ),
                ),
                migrations.AddField(
                    model_name="planevent",
                    name="consent_giver",
                    field=models.CharField(blank=True, max_length=120),
                ),
                migrations.AddField(
                    model_name="planevent",
                    name="consent_how",
                    field=models.CharField(
                        blank=True,
                        choices=[
                            ("read_out", "Read out, agreed by word"),
                            ("shown", "Read on the screen, agreed by word"),
                            ("signed", "Signed on paper"),
                            ("telephone", "Read out by telephone"),
                        ],
                        max_length=12,
                    ),
                ),
                migrations.AddField(
                    model_name="planevent",
                    name="consent_taken_by",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AddField(
                    model_name="planevent",
                    name="consent_text",
                    field=models.TextField(blank=True),
                ),
                migrations.AddField(
                    model_name="planevent",
                    name="same_day",
                    field=models.CharField(
                        choices=[
                            ("any", "In any order"),
                            ("massage_first", "Massage first, then exercises"),
                            ("exercises_first", "Exercises first, then massage"),
                            ("apart", "Not both on one day"),
                        ],
                        default="any",
                        max_length=16,
                    ),
                ),
                migrations.AlterField(
                    model_name="goal",
                    name="measure",
                    field=models.CharField(
                        choices=[
                            ("nprs", "Pain, 0 to 10"),
                            ("spasms_per_week", "Spasms a week"),
                            ("psfs", "Activity (PSFS), 0 to 10"),
                            ("rmdq", "Roland-Morris, 0 to 24"),
                            ("odi", "Oswestry score, 0 to 100"),
                            ("rom", "Range of motion, degrees"),
                            ("other", "Other, in words"),
                        ],
                        max_length=16,
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="plan",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "treatments_planevent" ("accepted_at", "accepted_by_id", "author_id", "consent_giver", "consent_how", "consent_taken_by_id", "consent_text", "consent_wording", "consented_on", "end_reason", "ended_at", "ended_by_id", "episode_id", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proposed_at", "proposed_by_id", "replaces_id", "review_on", "revision", "same_day", "status", "summary", "uid", "version") VALUES (NEW."accepted_at", NEW."accepted_by_id", NEW."author_id", NEW."consent_giver", NEW."consent_how", NEW."consent_taken_by_id", NEW."consent_text", NEW."consent_wording", NEW."consented_on", NEW."end_reason", NEW."ended_at", NEW."ended_by_id", NEW."episode_id", NEW."id", NEW."patient_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."proposed_at", NEW."proposed_by_id", NEW."replaces_id", NEW."review_on", NEW."revision", NEW."same_day", NEW."status", NEW."summary", NEW."uid", NEW."version"); RETURN NULL;',
                            hash="612387facecb6b27d02c56d36f654a44baf917bc",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_e8a20",
                            table="treatments_plan",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="plan",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "treatments_planevent" ("accepted_at", "accepted_by_id", "author_id", "consent_giver", "consent_how", "consent_taken_by_id", "consent_text", "consent_wording", "consented_on", "end_reason", "ended_at", "ended_by_id", "episode_id", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proposed_at", "proposed_by_id", "replaces_id", "review_on", "revision", "same_day", "status", "summary", "uid", "version") VALUES (NEW."accepted_at", NEW."accepted_by_id", NEW."author_id", NEW."consent_giver", NEW."consent_how", NEW."consent_taken_by_id", NEW."consent_text", NEW."consent_wording", NEW."consented_on", NEW."end_reason", NEW."ended_at", NEW."ended_by_id", NEW."episode_id", NEW."id", NEW."patient_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."proposed_at", NEW."proposed_by_id", NEW."replaces_id", NEW."review_on", NEW."revision", NEW."same_day", NEW."status", NEW."summary", NEW."uid", NEW."version"); RETURN NULL;',
                            hash="963a6c05ce7979ea77f712895147f1ba968f29ed",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_ae6c0",
                            table="treatments_plan",
                            when="AFTER",
                        ),
                    ),
                ),
                migrations.AddConstraint(
                    model_name="exerciseprescription",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("level", 1), ("level_words", "")),
                            models.Q(("level__range", (2, 9)), models.Q(("level_words", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_level_above_the_first_says_what_it_is",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="goal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("measure__in", ["nprs", "spasms_per_week", "psfs", "rmdq", "odi", "rom", "other"])
                        ),
                        name="goal_measure_is_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="plan",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("same_day__in", ["any", "massage_first", "exercises_first", "apart"])),
                        name="plan_order_of_a_day_is_known",
                    ),
                ),
            ]
        ),
    ]
