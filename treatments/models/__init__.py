"""Why a patient is treated, what is planned, and what was done."""

from treatments.models.bodychart import BodyMark
from treatments.models.charting import (
    CoSignature,
    MotionMeasured,
    NoteOpening,
    PalpationFound,
    Snippet,
    StrengthTested,
    Supervision,
)
from treatments.models.diagnoses import Diagnosis, DiagnosisCode, DiagnosisRelease, DiagnosisWord
from treatments.models.episodes import Episode, Referral, TissueState
from treatments.models.exercises import DosageUnit, Exercise, ExercisePrescription
from treatments.models.letters import Letter, LetterKind
from treatments.models.licensed import LicensedForm
from treatments.models.notes import (
    Addendum,
    ExerciseDone,
    SessionNote,
    TechniqueApplied,
)
from treatments.models.outcomes import Measurement, MeasureRequest, MeasureThreshold, OutcomeRules
from treatments.models.plans import (
    ConsentHow,
    Goal,
    Intervention,
    Kind,
    Measure,
    Plan,
    SafetyOverride,
    SameDay,
    Technique,
)
from treatments.models.safety import (
    Occasion,
    RedFlagClearance,
    RedFlagScreen,
    Reliance,
    SafetyRule,
    VisitCheck,
)
from treatments.models.spasms import SpasmDiary, SpasmEntry
from treatments.models.templates import PlanTemplate
from treatments.models.ticks import HomeTick

__all__ = [
    "Addendum",
    "BodyMark",
    "CoSignature",
    "ConsentHow",
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
    "HomeTick",
    "Intervention",
    "Kind",
    "Letter",
    "LetterKind",
    "LicensedForm",
    "Measure",
    "MeasureRequest",
    "MeasureThreshold",
    "Measurement",
    "MotionMeasured",
    "NoteOpening",
    "Occasion",
    "OutcomeRules",
    "PalpationFound",
    "Plan",
    "PlanTemplate",
    "RedFlagClearance",
    "RedFlagScreen",
    "Referral",
    "Reliance",
    "SafetyOverride",
    "SafetyRule",
    "SameDay",
    "SessionNote",
    "Snippet",
    "SpasmDiary",
    "SpasmEntry",
    "StrengthTested",
    "Supervision",
    "Technique",
    "TechniqueApplied",
    "TissueState",
    "VisitCheck",
]
