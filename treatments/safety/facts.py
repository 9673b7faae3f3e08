"""What is known about a patient when a technique is chosen, and what a rule may answer. No Django here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Technique(StrEnum):
    GENTLE = "gentle"
    NEUROMUSCULAR = "neuromuscular"
    DEEP_TISSUE = "deep_tissue"


class Tissue(StrEnum):
    UNKNOWN = "unknown"
    ACTIVE_SPASM = "active_spasm"
    GUARDING = "guarding"
    ACUTE_INFLAMED = "acute_inflamed"
    ADHESION = "adhesion"
    SCAR = "scar"
    POST_ACUTE = "post_acute"


class Allergies(StrEnum):
    NOT_ASKED = "not_asked"
    NONE_KNOWN = "none_known"
    LISTED = "listed"


class Drug(StrEnum):
    """Classes of medicine that change what hands may do."""

    MUSCLE_RELAXANT = "muscle_relaxant"
    ALPHA2_RELAXANT = "alpha2_relaxant"
    OPIOID = "opioid"
    SEDATIVE = "sedative"
    ANTICOAGULANT = "anticoagulant"
    ANTIPLATELET = "antiplatelet"
    NSAID = "nsaid"
    STEROID = "steroid"
    NEUROPATHIC = "neuropathic"
    ANTIHYPERTENSIVE = "antihypertensive"
    PARACETAMOL = "paracetamol"


class Concern(StrEnum):
    """Findings in the history that change what hands may do."""

    CAUDA_EQUINA = "cauda_equina"
    FEVER_OR_INFECTION = "fever_or_infection"
    THROMBOSIS = "thrombosis"
    BLEEDING_DISORDER = "bleeding_disorder"
    FRACTURE = "fracture"
    OSTEOPOROSIS = "osteoporosis"
    CANCER = "cancer"
    PREGNANCY = "pregnancy"
    SKIN_LESION = "skin_lesion"
    UNSTABLE_CIRCULATION = "unstable_circulation"
    NEUROPATHY = "neuropathy"
    VARICOSE_VEINS = "varicose_veins"
    RADICULOPATHY = "radiculopathy"
    INFLAMMATORY_ARTHRITIS = "inflammatory_arthritis"


class Severity(IntEnum):
    INFO = 1
    WARN = 2
    BLOCK = 3


@dataclass(frozen=True)
class Snapshot:
    """One patient at one moment. None means that nobody knows, which is never read as "none"."""

    cause_known: bool
    diagnosed: bool
    tissue: Tissue
    days_since_onset: int | None
    allergies: Allergies
    #: What hands carry and the skin does not bear, as written.
    contact_allergens: tuple[str, ...] = ()
    #: Classes of the medicines taken now; None when medication was never recorded.
    drugs: frozenset[Drug] | None = None
    #: Names of medicines whose class is not known to us.
    unclassified_medicines: tuple[str, ...] = ()
    #: What the history says; None when the history was never taken.
    concerns: frozenset[Concern] | None = None
    #: Conditions that no rule knows, as written.
    other_conditions: tuple[str, ...] = ()
    days_since_surgery: int | None = None
    age: int | None = None
    injured_regions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Choice:
    """The massage being considered."""

    technique: Technique
    regions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Finding:
    """What one rule says about one choice."""

    rule: str
    severity: Severity
    message: str
    source: str
    #: A block that a therapist may set aside with a reason (the clearance); absolute ones never.
    overridable: bool = False
    #: The most pressure allowed, 1 to 5; None when the rule says nothing about it.
    pressure_cap: int | None = None
    #: The technique is what this state calls for.
    indicated: bool = False

    @property
    def level(self) -> str:
        """The severity as a word for pages: info, warn, block."""
        return self.severity.name.lower()
