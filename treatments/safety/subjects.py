"""What a rule can ask about, how it is read from a snapshot, and the words for each answer.

Every subject knows only dangers and "nobody knows": `read` gives the dangers that are known, `unknown` whether there
may be more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from treatments.safety.facts import Allergies, Choice, Concern, Drug, Flag, Since, Snapshot, Tissue, WayHome


class About(StrEnum):
    CAUSE = "cause"
    DIAGNOSIS = "diagnosis"
    TISSUE = "tissue"
    REGION = "region"
    ALLERGIES = "allergies"
    MEDICATION = "medication"
    HISTORY = "history"
    BODY_CHART = "body_chart"
    DRUG = "drug"
    CONCERN = "concern"
    RED_FLAG = "red_flag"
    SINCE_SCREEN = "since_screen"
    WAY_HOME = "way_home"
    ONSET_DAYS = "onset_days"
    SURGERY_DAYS = "surgery_days"
    DOSE_HOURS = "dose_hours"
    AGE = "age"
    SCREEN_DAYS = "screen_days"


@dataclass(frozen=True)
class SetSubject:
    label: str
    values: Mapping[str, str]
    read: Callable[[Snapshot, Choice], frozenset[str]]
    #: Whether there may be more than is known.
    unknown: Callable[[Snapshot, Choice], bool] = lambda _s, _c: False


@dataclass(frozen=True)
class NumberSubject:
    label: str
    unit: str
    #: The danger is at or below the limit (recent), or at or above it (old).
    at_most: bool
    read: Callable[[Snapshot], int | None]


def _words(values: Sequence[StrEnum], **other: str) -> dict[str, str]:
    return {v.value: other.get(v.value, v.value.replace("_", " ")) for v in values}


def _cause(s: Snapshot, _: Choice) -> frozenset[str]:
    said = set() if s.cause_known else {"unknown"}
    return frozenset(said | ({"surgery_undated"} if s.surgery_undated else set()))


def _allergies(s: Snapshot, _: Choice) -> frozenset[str]:
    said = {"not_asked"} if s.allergies is Allergies.NOT_ASKED else set()
    return frozenset(said | ({"contact"} if s.contact_allergens else set()))


def _medication(s: Snapshot, _: Choice) -> frozenset[str]:
    said = {"not_asked"} if s.drugs is None else set()
    return frozenset(said | ({"unclassified"} if s.unclassified_medicines else set()))


def _history(s: Snapshot, _: Choice) -> frozenset[str]:
    said = {"not_taken"} if s.concerns is None else set()
    return frozenset(said | ({"unread"} if s.other_conditions else set()))


def _drugs(s: Snapshot, _: Choice) -> frozenset[str]:
    return frozenset(d.value for d in s.drugs or ())


def _concerns(s: Snapshot, _: Choice) -> frozenset[str]:
    return frozenset(c.value for c in s.known_concerns)


def _flags(s: Snapshot, _: Choice) -> frozenset[str]:
    return frozenset(f.value for f in s.red_flags)


def _way_home(s: Snapshot, _: Choice) -> frozenset[str]:
    return frozenset({s.way_home.value})


DRUGS = _words(
    tuple(Drug), alpha2_relaxant="muscle relaxant that lowers blood pressure", nsaid="anti-inflammatory (NSAID)",
    steroid="corticosteroid", neuropathic="nerve-pain drug", antihypertensive="blood-pressure drug",
)  # fmt: skip
CONCERNS = _words(
    tuple(Concern), fever_or_infection="fever or infection", pregnancy="pregnancy, how far not known",
    pregnancy_first="pregnancy, first trimester", pregnancy_later="pregnancy, later",
    pregnancy_high_risk="pregnancy, high risk", skin_lesion="open wound, burn or rash",
    unstable_circulation="unstable blood pressure, heart failure or aneurysm", neuropathy="reduced sensation",
    radiculopathy="disc trouble with radiating pain", arthritis_flare="arthritis in a flare",
    intoxication="alcohol or drugs today", abuse_history="history of abuse", avoid_zone="avoid zone on the body chart",
    scar_or_adhesion="scar or adhesion on the body chart",
)  # fmt: skip
FLAGS = _words(
    tuple(Flag), saddle_numbness="numbness where one sits on a saddle", bladder_or_bowel="bladder or bowel trouble",
    leg_deficit="severe or growing weakness or numbness of a leg", sphincter="loss of anal tone or feeling",
    motor_weakness="major weakness of thigh, ankle or foot",
    minor_trauma_fragile="a small fall or lifting with frail bones",
    steroids_or_osteoporosis="long-term steroids or osteoporosis", age="age below 20 or above 50",
    cancer_history="cancer in the past", weight_loss="unexplained loss of weight", fever="fever or chills",
    recent_infection="recent bacterial infection", immune_or_iv_drugs="weak immune system or drugs by needle",
    worse_lying="pain worse when lying", night_pain="severe pain at night", pulsating_mass="beating in the belly",
    throbbing_at_rest="throbbing back pain at rest", vascular_history="disease of the blood vessels",
)  # fmt: skip

CHART = {"avoid": "where hands must not go", "numbness": "where skin is numb", "scar": "where scars are"}

SETS: dict[About, SetSubject] = {
    About.CAUSE: SetSubject(
        "The cause", {"unknown": "not known", "surgery_undated": "an operation whose day is not on file"}, _cause
    ),
    About.DIAGNOSIS: SetSubject(
        "A doctor's diagnosis",
        {"missing": "missing"},
        lambda s, _: frozenset() if s.diagnosed else frozenset({"missing"}),
    ),
    About.TISSUE: SetSubject(
        "The tissue", _words(tuple(Tissue), unknown="not examined"), lambda s, _: frozenset({s.tissue.value})
    ),
    # Values are whatever regions of the body the clinic's atlas has.
    About.REGION: SetSubject("Where hands would work", {}, lambda _, c: c.regions, lambda _, c: not c.regions),
    About.ALLERGIES: SetSubject(
        "Allergies", {"not_asked": "not asked about", "contact": "to what hands carry"}, _allergies
    ),
    About.MEDICATION: SetSubject(
        "Medication", {"not_asked": "not asked about", "unclassified": "a drug of no class known to us"}, _medication
    ),
    About.HISTORY: SetSubject(
        "The history", {"not_taken": "not taken", "unread": "a condition that no rule knows"}, _history
    ),
    About.BODY_CHART: SetSubject("The body chart does not say", CHART, lambda s, _: s.chart_silent),
    About.DRUG: SetSubject("Takes", DRUGS, _drugs, lambda s, _: s.drugs is None),
    About.CONCERN: SetSubject("Condition or finding", CONCERNS, _concerns, lambda s, _: s.concerns is None),
    About.RED_FLAG: SetSubject("Red flag that stands", FLAGS, _flags, lambda s, _: s.screen_days is None),
    About.SINCE_SCREEN: SetSubject(
        "Since the red flags were asked about",
        {Since.TRAUMA.value: "a new injury", Since.FEVER.value: "a fever"},
        lambda s, _: frozenset(e.value for e in s.since_screen),
    ),
    About.WAY_HOME: SetSubject(
        "The way home",
        {WayHome.DRIVES.value: "drives", WayHome.ON_FOOT.value: "walks alone"},
        _way_home,
        lambda s, _: s.way_home is WayHome.NOT_ASKED,
    ),
}

NUMBERS: dict[About, NumberSubject] = {
    About.ONSET_DAYS: NumberSubject("Began", "days ago", True, lambda s: s.days_since_onset),
    About.SURGERY_DAYS: NumberSubject("Last operation", "days ago", True, lambda s: s.days_since_surgery),
    About.DOSE_HOURS: NumberSubject(
        "Last muscle relaxant, opioid or sedative", "hours ago", True, lambda s: s.hours_since_dose
    ),
    About.AGE: NumberSubject("Age", "years", False, lambda s: s.age),
    About.SCREEN_DAYS: NumberSubject("Red flags asked about", "days ago", False, lambda s: s.screen_days),
}


def label_of(about: About) -> str:
    return SETS[about].label if about in SETS else NUMBERS[about].label


def listed(about: About, values: Sequence[str], s: Snapshot) -> str:
    """What was found, in words: the names as written where the subject has names."""
    named: dict[tuple[About, str], tuple[str, ...]] = {
        (About.ALLERGIES, "contact"): s.contact_allergens,
        (About.MEDICATION, "unclassified"): s.unclassified_medicines,
        (About.HISTORY, "unread"): s.other_conditions,
    }
    words: list[str] = []
    for value in values:
        words.extend(named.get((about, value)) or (SETS[about].values.get(value, value.replace("_", " ")),))
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else words[0]
