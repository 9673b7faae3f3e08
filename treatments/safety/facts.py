"""What is known about a patient when a technique is chosen, and what a rule may answer. No Django here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
    """Findings in the history, on the body chart or of the day that change what hands may do."""

    CAUDA_EQUINA = "cauda_equina"
    FEVER_OR_INFECTION = "fever_or_infection"
    THROMBOSIS = "thrombosis"
    BLEEDING_DISORDER = "bleeding_disorder"
    FRACTURE = "fracture"
    OSTEOPOROSIS = "osteoporosis"
    SEVERE_OSTEOPOROSIS = "severe_osteoporosis"
    CANCER = "cancer"
    #: Pregnant, and how far is not on file.
    PREGNANCY = "pregnancy"
    PREGNANCY_FIRST = "pregnancy_first"
    PREGNANCY_LATER = "pregnancy_later"
    PREGNANCY_HIGH_RISK = "pregnancy_high_risk"
    SKIN_LESION = "skin_lesion"
    UNSTABLE_CIRCULATION = "unstable_circulation"
    NEUROPATHY = "neuropathy"
    VARICOSE_VEINS = "varicose_veins"
    RADICULOPATHY = "radiculopathy"
    INFLAMMATORY_ARTHRITIS = "inflammatory_arthritis"
    ARTHRITIS_FLARE = "arthritis_flare"
    INTOXICATION = "intoxication"
    ABUSE_HISTORY = "abuse_history"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    #: Where the body chart says: hands off.
    AVOID_ZONE = "avoid_zone"
    #: A scar or an adhesion that is marked on the body chart.
    SCAR_OR_ADHESION = "scar_or_adhesion"


class Flag(StrEnum):
    """Red flags that a screen asks about; the words of the questions are in safety.redflags."""

    SADDLE_NUMBNESS = "saddle_numbness"
    BLADDER_OR_BOWEL = "bladder_or_bowel"
    LEG_DEFICIT = "leg_deficit"
    SPHINCTER = "sphincter"
    MOTOR_WEAKNESS = "motor_weakness"
    MAJOR_TRAUMA = "major_trauma"
    MINOR_TRAUMA_FRAGILE = "minor_trauma_fragile"
    STEROIDS_OR_OSTEOPOROSIS = "steroids_or_osteoporosis"
    AGE = "age"
    CANCER_HISTORY = "cancer_history"
    WEIGHT_LOSS = "weight_loss"
    FEVER = "fever"
    RECENT_INFECTION = "recent_infection"
    IMMUNE_OR_IV_DRUGS = "immune_or_iv_drugs"
    WORSE_LYING = "worse_lying"
    NIGHT_PAIN = "night_pain"
    PULSATING_MASS = "pulsating_mass"
    THROBBING_AT_REST = "throbbing_at_rest"
    VASCULAR_HISTORY = "vascular_history"


class Since(StrEnum):
    """What happened since the red flags were last asked about."""

    TRAUMA = "trauma"
    FEVER = "fever"


class WayHome(StrEnum):
    NOT_ASKED = "not_asked"
    ACCOMPANIED = "accompanied"
    PUBLIC = "public"
    ON_FOOT = "on_foot"
    DRIVES = "drives"


class Position(StrEnum):
    """How the patient lies while hands work."""

    ANY = ""
    NOT_PRONE = "not_prone"
    SIDE_LYING = "side_lying"
    HEAD_RAISED = "head_raised"
    SUPPORTED = "supported"


class Severity(IntEnum):
    INFO = 1
    WARN = 2
    BLOCK = 3


#: So many hours since a dose, when the patient said that there was none.
NO_DOSE = 10**6


@dataclass(frozen=True)
class Mark:
    """A concern that has a place, such as an avoid zone on the body chart. The door for whoever knows places."""

    concern: Concern
    regions: frozenset[str]


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
    #: What the history says and may be anywhere; None when the history was never taken.
    concerns: frozenset[Concern] | None = None
    #: Concerns whose place is known, from the history or the body chart.
    places: tuple[Mark, ...] = ()
    #: Layers of the body chart that hands must mind and that no chart says anything about: nobody knows.
    chart_silent: frozenset[str] = frozenset()
    #: Conditions that no rule knows, as written.
    other_conditions: tuple[str, ...] = ()
    days_since_surgery: int | None = None
    #: An operation is on file without its day, or none is although the trouble began with one.
    surgery_undated: bool = False
    age: int | None = None
    injured_regions: frozenset[str] = frozenset()
    #: Red flags that stand: said yes to, and not cleared.
    red_flags: frozenset[Flag] = frozenset()
    #: Days since the oldest answer to a question of the screen; None when one was never asked.
    screen_days: int | None = None
    since_screen: frozenset[Since] = frozenset()
    #: Hours since a muscle relaxant, opioid or sedative; NO_DOSE when the patient took none; None: not asked today.
    hours_since_dose: int | None = None
    way_home: WayHome = WayHome.NOT_ASKED

    def marked(self, marks: Iterable[Mark]) -> Snapshot:
        """The same patient with these concerns at these places besides."""
        more = tuple(marks)
        if not more:
            return self
        # A history that nobody took stays unknown; what is drawn on the chart is known all the same.
        return replace(self, places=self.places + more)

    @property
    def known_concerns(self) -> frozenset[Concern]:
        """All that is known, from the history and from the chart."""
        return (self.concerns or frozenset()) | {mark.concern for mark in self.places}

    def regions_of(self, concern: Concern) -> frozenset[str]:
        """Where it is; empty when it may be anywhere."""
        if concern in (self.concerns or frozenset()):
            return frozenset()
        return frozenset().union(*(mark.regions for mark in self.places if mark.concern is concern))


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
    version: int = 1
    #: Hands stay away from the place it is about; the regions, when they are known.
    locally: bool = False
    regions: frozenset[str] = frozenset()
    position: Position = Position.ANY
    minutes: int | None = None
    slow_rise: bool = False

    @property
    def level(self) -> str:
        """The severity as a word for pages: info, warn, block."""
        return self.severity.name.lower()

    @property
    def reference(self) -> str:
        """The rule and its version, as evaluations keep it."""
        return f"{self.rule}@{self.version}"
