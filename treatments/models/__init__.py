"""Why a patient is treated, what is planned, and what was done."""

from treatments.models.diagnoses import Diagnosis, DiagnosisCode, DiagnosisRelease, DiagnosisWord
from treatments.models.episodes import Episode, Referral, TissueState
from treatments.models.exercises import DosageUnit, Exercise, ExercisePrescription
from treatments.models.notes import (
    Addendum,
    ExerciseDone,
    SessionNote,
    TechniqueApplied,
)
from treatments.models.plans import (
    Goal,
    Intervention,
    Kind,
    Measure,
    Plan,
    SafetyOverride,
    Technique,
)

__all__ = [
    "Addendum",
    "Diagnosis",
    "DiagnosisCode",
    "DiagnosisRelease",
    "DiagnosisWord",
    "DosageUnit",
    "Episode",
    "Exercise",
    "ExerciseDone",
    "ExercisePrescription",
    "Goal",
    "Intervention",
    "Kind",
    "Measure",
    "Plan",
    "Referral",
    "SafetyOverride",
    "SessionNote",
    "Technique",
    "TechniqueApplied",
    "TissueState",
]
