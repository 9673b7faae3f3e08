"""What hands and eyes find at a visit, in lists a chart can count: palpation, strength. Names are kept for good.

Strength is graded 0 to 5 as muscle testing by hand is (Medical Research Council, Aids to the Investigation of
Peripheral Nerve Injuries, War Memorandum 7, 1943), with plus and minus at 4. Movements are those of
treatments.outcomes.
"""

from __future__ import annotations

from django.db import models


class Palpation(models.TextChoices):
    TONE = "tone", "Raised tone"
    SPASM = "spasm", "Spasm"
    TRIGGER_POINT = "trigger_point", "Trigger point"
    ADHESION = "adhesion", "Adhesion"
    TENDER = "tender", "Tenderness"
    SWELLING = "swelling", "Swelling"
    WARMTH = "warmth", "Warmth"
    NUMB = "numb", "Reduced feeling"
    FREE = "free", "Nothing found"


class Degree(models.IntegerChoices):
    SLIGHT = 1, "slight"
    MODERATE = 2, "moderate"
    MARKED = 3, "marked"


class MuscleGroup(models.TextChoices):
    TRUNK_FLEXORS = "trunk_flexors", "Trunk, bending forward"
    TRUNK_EXTENSORS = "trunk_extensors", "Trunk, straightening"
    HIP_FLEXORS_LEFT = "hip_flexors_left", "Left hip, bending"
    HIP_FLEXORS_RIGHT = "hip_flexors_right", "Right hip, bending"
    HIP_EXTENSORS_LEFT = "hip_extensors_left", "Left hip, straightening"
    HIP_EXTENSORS_RIGHT = "hip_extensors_right", "Right hip, straightening"
    HIP_ABDUCTORS_LEFT = "hip_abductors_left", "Left hip, outward"
    HIP_ABDUCTORS_RIGHT = "hip_abductors_right", "Right hip, outward"
    KNEE_EXTENSORS_LEFT = "knee_extensors_left", "Left knee, straightening"
    KNEE_EXTENSORS_RIGHT = "knee_extensors_right", "Right knee, straightening"
    ANKLE_LIFTERS_LEFT = "ankle_lifters_left", "Left foot, lifting"
    ANKLE_LIFTERS_RIGHT = "ankle_lifters_right", "Right foot, lifting"
    GREAT_TOE_LEFT = "great_toe_left", "Left great toe, lifting"
    GREAT_TOE_RIGHT = "great_toe_right", "Right great toe, lifting"
    CALF_LEFT = "calf_left", "Left foot, pushing down"
    CALF_RIGHT = "calf_right", "Right foot, pushing down"
    SHOULDER_LEFT = "shoulder_left", "Left shoulder, outward"
    SHOULDER_RIGHT = "shoulder_right", "Right shoulder, outward"
    ELBOW_LEFT = "elbow_left", "Left elbow, bending"
    ELBOW_RIGHT = "elbow_right", "Right elbow, bending"
    GRIP_LEFT = "grip_left", "Left hand, grip"
    GRIP_RIGHT = "grip_right", "Right hand, grip"


class Grade(models.TextChoices):
    NONE = "0", "0"
    FLICKER = "1", "1"
    WITHOUT_GRAVITY = "2", "2"
    AGAINST_GRAVITY = "3", "3"
    FOUR_MINUS = "4-", "4−"
    FOUR = "4", "4"
    FOUR_PLUS = "4+", "4+"
    FULL = "5", "5"
