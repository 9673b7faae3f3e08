"""What is marked on the body in a session. Marks of a signed note are locked with it, as in 0002_guards."""

from __future__ import annotations

from typing import ClassVar

import django.contrib.postgres.constraints
import django.db.models.deletion
from django.db import migrations, models

LOCK = """
CREATE TRIGGER a_guard_note_row BEFORE INSERT OR UPDATE OR DELETE ON treatments_bodymark
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_note_row();
CREATE TRIGGER a_guard_note_row_truncate BEFORE TRUNCATE ON treatments_bodymark
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_guard_note_row();
"""
BACK = """
DROP TRIGGER a_guard_note_row ON treatments_bodymark;
DROP TRIGGER a_guard_note_row_truncate ON treatments_bodymark;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("treatments", "0011_note_in_full_guards"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="BodyMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.CharField(max_length=40)),
                (
                    "layer",
                    models.CharField(
                        choices=[
                            ("pain", "Pain"),
                            ("spasm", "Spasm"),
                            ("trigger_point", "Trigger point"),
                            ("scar", "Scar or adhesion"),
                            ("numbness", "Numbness"),
                            ("avoid", "Avoid zone"),
                            ("technique", "Technique applied"),
                        ],
                        max_length=16,
                    ),
                ),
                ("intensity", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("remark", models.CharField(blank=True, max_length=120)),
                ("atlas", models.PositiveSmallIntegerField(default=1)),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="treatments.sessionnote"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "region__in",
                                [
                                    "forehead_left",
                                    "forehead_right",
                                    "temple_left",
                                    "temple_right",
                                    "cheek_left",
                                    "cheek_right",
                                    "jaw_left",
                                    "jaw_right",
                                    "head_back_left",
                                    "head_back_right",
                                    "head_base_left",
                                    "head_base_right",
                                    "neck_left",
                                    "neck_right",
                                    "neck_front_left",
                                    "neck_front_right",
                                    "neck_side_left",
                                    "neck_side_right",
                                    "neck_back_left",
                                    "neck_back_right",
                                    "upper_trapezius_left",
                                    "upper_trapezius_right",
                                    "collarbone_left",
                                    "collarbone_right",
                                    "shoulder_left",
                                    "shoulder_right",
                                    "shoulder_front_left",
                                    "shoulder_front_right",
                                    "shoulder_side_left",
                                    "shoulder_side_right",
                                    "shoulder_back_left",
                                    "shoulder_back_right",
                                    "chest_left",
                                    "chest_right",
                                    "ribs_front_left",
                                    "ribs_front_right",
                                    "ribs_side_left",
                                    "ribs_side_right",
                                    "upper_back_left",
                                    "upper_back_right",
                                    "upper_back_spine_left",
                                    "upper_back_spine_right",
                                    "shoulder_blade_edge_left",
                                    "shoulder_blade_edge_right",
                                    "shoulder_blade_left",
                                    "shoulder_blade_right",
                                    "mid_back_left",
                                    "mid_back_right",
                                    "mid_back_spine_left",
                                    "mid_back_spine_right",
                                    "mid_back_outer_left",
                                    "mid_back_outer_right",
                                    "low_back_left",
                                    "low_back_right",
                                    "low_back_upper_left",
                                    "low_back_upper_right",
                                    "low_back_lower_left",
                                    "low_back_lower_right",
                                    "quadratus_lumborum_left",
                                    "quadratus_lumborum_right",
                                    "flank_left",
                                    "flank_right",
                                    "sacroiliac_left",
                                    "sacroiliac_right",
                                    "abdomen_upper_left",
                                    "abdomen_upper_right",
                                    "abdomen_lower_left",
                                    "abdomen_lower_right",
                                    "buttock_left",
                                    "buttock_right",
                                    "buttock_upper_left",
                                    "buttock_upper_right",
                                    "piriformis_left",
                                    "piriformis_right",
                                    "buttock_lower_left",
                                    "buttock_lower_right",
                                    "hip_left",
                                    "hip_right",
                                    "hip_front_left",
                                    "hip_front_right",
                                    "hip_side_left",
                                    "hip_side_right",
                                    "groin_left",
                                    "groin_right",
                                    "thigh_front_left",
                                    "thigh_front_right",
                                    "thigh_front_inner_left",
                                    "thigh_front_inner_right",
                                    "thigh_front_outer_left",
                                    "thigh_front_outer_right",
                                    "thigh_back_left",
                                    "thigh_back_right",
                                    "thigh_back_inner_left",
                                    "thigh_back_inner_right",
                                    "thigh_back_outer_left",
                                    "thigh_back_outer_right",
                                    "thigh_inner_left",
                                    "thigh_inner_right",
                                    "thigh_outer_left",
                                    "thigh_outer_right",
                                    "knee_front_left",
                                    "knee_front_right",
                                    "knee_outer_left",
                                    "knee_outer_right",
                                    "knee_back_left",
                                    "knee_back_right",
                                    "shin_left",
                                    "shin_right",
                                    "leg_outer_left",
                                    "leg_outer_right",
                                    "calf_left",
                                    "calf_right",
                                    "calf_inner_left",
                                    "calf_inner_right",
                                    "calf_outer_left",
                                    "calf_outer_right",
                                    "achilles_left",
                                    "achilles_right",
                                    "ankle_front_left",
                                    "ankle_front_right",
                                    "ankle_outer_left",
                                    "ankle_outer_right",
                                    "heel_left",
                                    "heel_right",
                                    "foot_top_left",
                                    "foot_top_right",
                                    "toes_left",
                                    "toes_right",
                                    "foot_ball_left",
                                    "foot_ball_right",
                                    "foot_arch_left",
                                    "foot_arch_right",
                                    "upper_arm_front_left",
                                    "upper_arm_front_right",
                                    "upper_arm_back_left",
                                    "upper_arm_back_right",
                                    "elbow_front_left",
                                    "elbow_front_right",
                                    "elbow_back_left",
                                    "elbow_back_right",
                                    "forearm_front_left",
                                    "forearm_front_right",
                                    "forearm_back_left",
                                    "forearm_back_right",
                                    "wrist_front_left",
                                    "wrist_front_right",
                                    "wrist_back_left",
                                    "wrist_back_right",
                                    "palm_left",
                                    "palm_right",
                                    "hand_back_left",
                                    "hand_back_right",
                                    "thumb_left",
                                    "thumb_right",
                                    "fingers_left",
                                    "fingers_right",
                                    "breastbone",
                                    "abdomen",
                                    "sacrum",
                                    "sacrum_middle",
                                    "coccyx",
                                    "nowhere",
                                ],
                            )
                        ),
                        name="a_mark_is_on_a_place_of_the_atlas",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("layer__in", ["pain", "spasm", "trigger_point", "scar", "numbness", "avoid", "technique"])
                        ),
                        name="mark_layer_is_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("atlas__in", (1,))), name="mark_edition_is_known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("intensity__isnull", True),
                            models.Q(
                                ("intensity__range", (0, 10)),
                                ("layer__in", ["pain", "spasm", "trigger_point", "numbness"]),
                                models.Q(("region", "nowhere"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="only_what_can_be_rated_is_zero_to_ten",
                    ),
                    models.UniqueConstraint(
                        fields=("note", "region", "layer"), name="a_layer_is_marked_once_at_a_place"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("note", "="),
                            ("layer", "="),
                            (
                                models.Case(
                                    models.When(region="nowhere", then=models.Value(1)),
                                    default=models.Value(0),
                                    output_field=models.IntegerField(),
                                ),
                                "<>",
                            ),
                        ],
                        name="a_layer_is_somewhere_or_nowhere",
                    ),
                ],
            },
        ),
        migrations.RunSQL(LOCK, BACK),
    ]
