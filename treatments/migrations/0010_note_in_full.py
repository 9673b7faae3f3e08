"""Findings in rows, privacy, what is carried, co-signatures, snippets. Guards follow in 0011."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clinic.together import Together


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0009_questions_by_link"),
        ("patients", "0004_kinds_that_nobody_said"),
        ("treatments", "0009_programme_library"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="CoSignature",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("signed_at", models.DateTimeField()),
                        ("digest", models.CharField(max_length=64)),
                        ("remark", models.CharField(blank=True, max_length=300)),
                        (
                            "note",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="cosignature",
                                to="treatments.sessionnote",
                            ),
                        ),
                        (
                            "signed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "co-signature",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("digest__regex", "^[0-9a-f]{64}$")),
                                name="a_cosignature_says_what_it_vouches_for",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MotionMeasured",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("movement", models.CharField(max_length=32)),
                        ("degrees", models.PositiveSmallIntegerField()),
                        ("remark", models.CharField(blank=True, max_length=120)),
                        (
                            "note",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="motions",
                                to="treatments.sessionnote",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "motions measured",
                        "ordering": ["position", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "movement__in",
                                        [
                                            "lumbar_flexion",
                                            "lumbar_extension",
                                            "lumbar_side_left",
                                            "lumbar_side_right",
                                            "thoracic_turn_left",
                                            "thoracic_turn_right",
                                            "neck_flexion",
                                            "neck_extension",
                                            "neck_turn_left",
                                            "neck_turn_right",
                                            "hip_flexion_left",
                                            "hip_flexion_right",
                                            "leg_raise_left",
                                            "leg_raise_right",
                                        ],
                                    )
                                ),
                                name="measured_movement_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("degrees__lte", 360)), name="measured_degrees_are_possible"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NoteOpening",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("reason", models.CharField(max_length=300)),
                        ("opened_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        (
                            "note",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="openings",
                                to="treatments.sessionnote",
                            ),
                        ),
                        (
                            "opened_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["opened_at", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True),
                                name="a_private_note_is_opened_for_a_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("opened_at"))),
                                name="an_opened_note_closes_again",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PalpationFound",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        (
                            "region",
                            models.CharField(
                                choices=[
                                    ("neck_left", "Neck, left"),
                                    ("neck_right", "Neck, right"),
                                    ("upper_trapezius_left", "Upper trapezius, left"),
                                    ("upper_trapezius_right", "Upper trapezius, right"),
                                    ("shoulder_left", "Shoulder, left"),
                                    ("shoulder_right", "Shoulder, right"),
                                    ("upper_back_left", "Upper back, left"),
                                    ("upper_back_right", "Upper back, right"),
                                    ("mid_back_left", "Mid back, left"),
                                    ("mid_back_right", "Mid back, right"),
                                    ("low_back_left", "Low back, left"),
                                    ("low_back_right", "Low back, right"),
                                    ("quadratus_lumborum_left", "Quadratus lumborum, left"),
                                    ("quadratus_lumborum_right", "Quadratus lumborum, right"),
                                    ("sacrum", "Sacrum"),
                                    ("buttock_left", "Buttock, left"),
                                    ("buttock_right", "Buttock, right"),
                                    ("hip_left", "Hip, left"),
                                    ("hip_right", "Hip, right"),
                                    ("thigh_back_left", "Back of thigh, left"),
                                    ("thigh_back_right", "Back of thigh, right"),
                                    ("thigh_front_left", "Front of thigh, left"),
                                    ("thigh_front_right", "Front of thigh, right"),
                                    ("calf_left", "Calf, left"),
                                    ("calf_right", "Calf, right"),
                                    ("abdomen", "Abdomen"),
                                ],
                                max_length=32,
                            ),
                        ),
                        (
                            "finding",
                            models.CharField(
                                choices=[
                                    ("tone", "Raised tone"),
                                    ("spasm", "Spasm"),
                                    ("trigger_point", "Trigger point"),
                                    ("adhesion", "Adhesion"),
                                    ("tender", "Tenderness"),
                                    ("swelling", "Swelling"),
                                    ("warmth", "Warmth"),
                                    ("numb", "Reduced feeling"),
                                    ("free", "Nothing found"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "degree",
                            models.PositiveSmallIntegerField(
                                blank=True, choices=[(1, "slight"), (2, "moderate"), (3, "marked")], null=True
                            ),
                        ),
                        ("remark", models.CharField(blank=True, max_length=120)),
                        (
                            "note",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="palpations",
                                to="treatments.sessionnote",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "palpations found",
                        "ordering": ["position", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "region__in",
                                        [
                                            "neck_left",
                                            "neck_right",
                                            "upper_trapezius_left",
                                            "upper_trapezius_right",
                                            "shoulder_left",
                                            "shoulder_right",
                                            "upper_back_left",
                                            "upper_back_right",
                                            "mid_back_left",
                                            "mid_back_right",
                                            "low_back_left",
                                            "low_back_right",
                                            "quadratus_lumborum_left",
                                            "quadratus_lumborum_right",
                                            "sacrum",
                                            "buttock_left",
                                            "buttock_right",
                                            "hip_left",
                                            "hip_right",
                                            "thigh_back_left",
                                            "thigh_back_right",
                                            "thigh_front_left",
                                            "thigh_front_right",
                                            "calf_left",
                                            "calf_right",
                                            "abdomen",
                                        ],
                                    )
                                ),
                                name="palpated_region_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "finding__in",
                                        [
                                            "tone",
                                            "spasm",
                                            "trigger_point",
                                            "adhesion",
                                            "tender",
                                            "swelling",
                                            "warmth",
                                            "numb",
                                            "free",
                                        ],
                                    )
                                ),
                                name="palpation_finding_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("degree__isnull", True), ("degree__in", [1, 2, 3]), _connector="OR"
                                ),
                                name="palpation_degree_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Snippet",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("short", models.CharField(max_length=20, verbose_name="short name")),
                        ("text", models.TextField(max_length=1000)),
                        ("written_at", models.DateTimeField()),
                        ("retired_at", models.DateTimeField(blank=True, null=True)),
                        ("revision", models.PositiveIntegerField(default=1)),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="snippets",
                                to="clinic.practitioner",
                            ),
                        ),
                        (
                            "retired_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
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
                            models.CheckConstraint(
                                condition=models.Q(("short__regex", "^[a-z0-9][a-z0-9-]*$")),
                                name="a_short_name_can_be_typed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("text", ""), _negated=True), name="a_snippet_says_something"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("retired_at__isnull", True), ("retired_by__isnull", True)),
                                    models.Q(("retired_at__isnull", False), ("retired_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="a_snippet_that_is_retired_says_when_and_by_whom",
                            ),
                            models.UniqueConstraint(
                                models.F("owner"),
                                models.F("short"),
                                condition=models.Q(("retired_at__isnull", True)),
                                name="a_short_name_is_used_once",
                                nulls_distinct=False,
                                violation_error_message="That short name is taken.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StrengthTested",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        (
                            "muscles",
                            models.CharField(
                                choices=[
                                    ("trunk_flexors", "Trunk, bending forward"),
                                    ("trunk_extensors", "Trunk, straightening"),
                                    ("hip_flexors_left", "Left hip, bending"),
                                    ("hip_flexors_right", "Right hip, bending"),
                                    ("hip_extensors_left", "Left hip, straightening"),
                                    ("hip_extensors_right", "Right hip, straightening"),
                                    ("hip_abductors_left", "Left hip, outward"),
                                    ("hip_abductors_right", "Right hip, outward"),
                                    ("knee_extensors_left", "Left knee, straightening"),
                                    ("knee_extensors_right", "Right knee, straightening"),
                                    ("ankle_lifters_left", "Left foot, lifting"),
                                    ("ankle_lifters_right", "Right foot, lifting"),
                                    ("great_toe_left", "Left great toe, lifting"),
                                    ("great_toe_right", "Right great toe, lifting"),
                                    ("calf_left", "Left foot, pushing down"),
                                    ("calf_right", "Right foot, pushing down"),
                                    ("shoulder_left", "Left shoulder, outward"),
                                    ("shoulder_right", "Right shoulder, outward"),
                                    ("elbow_left", "Left elbow, bending"),
                                    ("elbow_right", "Right elbow, bending"),
                                    ("grip_left", "Left hand, grip"),
                                    ("grip_right", "Right hand, grip"),
                                ],
                                max_length=32,
                            ),
                        ),
                        (
                            "grade",
                            models.CharField(
                                choices=[
                                    ("0", "0"),
                                    ("1", "1"),
                                    ("2", "2"),
                                    ("3", "3"),
                                    ("4-", "4−"),
                                    ("4", "4"),
                                    ("4+", "4+"),
                                    ("5", "5"),
                                ],
                                max_length=2,
                            ),
                        ),
                        ("remark", models.CharField(blank=True, max_length=120)),
                        (
                            "note",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="strengths",
                                to="treatments.sessionnote",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "strengths tested",
                        "ordering": ["position", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "muscles__in",
                                        [
                                            "trunk_flexors",
                                            "trunk_extensors",
                                            "hip_flexors_left",
                                            "hip_flexors_right",
                                            "hip_extensors_left",
                                            "hip_extensors_right",
                                            "hip_abductors_left",
                                            "hip_abductors_right",
                                            "knee_extensors_left",
                                            "knee_extensors_right",
                                            "ankle_lifters_left",
                                            "ankle_lifters_right",
                                            "great_toe_left",
                                            "great_toe_right",
                                            "calf_left",
                                            "calf_right",
                                            "shoulder_left",
                                            "shoulder_right",
                                            "elbow_left",
                                            "elbow_right",
                                            "grip_left",
                                            "grip_right",
                                        ],
                                    )
                                ),
                                name="tested_muscles_are_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("grade__in", ["0", "1", "2", "3", "4-", "4", "4+", "5"])),
                                name="strength_is_graded_nought_to_five",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Supervision",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("began_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "began_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "cosigner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="supervises",
                                to="clinic.practitioner",
                            ),
                        ),
                        (
                            "ended_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "practitioner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="supervisions",
                                to="clinic.practitioner",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("practitioner", models.F("cosigner")), _negated=True),
                                name="nobody_cosigns_their_own_notes",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="a_supervision_that_ended_says_when_and_by_whom",
                            ),
                            models.UniqueConstraint(
                                models.F("practitioner"),
                                models.F("cosigner"),
                                condition=models.Q(("ended_at__isnull", True)),
                                name="a_supervision_holds_once",
                                violation_error_message="That is agreed already.",
                            ),
                        ],
                    },
                ),
                migrations.AddField(
                    model_name="sessionnote",
                    name="carried",
                    field=django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=24), blank=True, default=list, size=None
                    ),
                ),
                migrations.AddField(
                    model_name="sessionnote",
                    name="carried_from",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="treatments.sessionnote",
                    ),
                ),
                migrations.AddField(
                    model_name="sessionnote",
                    name="needs_cosignature",
                    field=models.BooleanField(db_default=False, default=False),
                ),
                migrations.AddField(
                    model_name="sessionnote",
                    name="privacy",
                    field=models.CharField(
                        choices=[
                            ("clinicians", "All clinicians of the patient"),
                            ("discipline", "My discipline"),
                            ("private", "Only me (the owner with a reason)"),
                        ],
                        default="clinicians",
                        max_length=12,
                    ),
                ),
                migrations.AddIndex(
                    model_name="sessionnote",
                    index=models.Index(
                        condition=models.Q(("needs_cosignature", True)),
                        fields=["author", "service_at"],
                        name="notes_that_need_a_cosignature",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sessionnote",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("privacy__in", ["clinicians", "discipline", "private"])),
                        name="note_privacy_is_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sessionnote",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("status", "draft"), ("carried", []), _connector="OR"),
                        name="what_was_carried_is_looked_at_before_it_is_signed",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sessionnote",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("status", "signed"), ("needs_cosignature", False), _connector="OR"),
                        name="only_a_signed_note_waits_for_a_cosignature",
                    ),
                ),
            ]
        ),
    ]
