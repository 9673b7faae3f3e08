"""The rules themselves. Each has an id for life, a sentence, and a source; none decides, each only finds.

Gates follow the table of contraindications in docs/algorithms/safety.md: `block` is absolute, `clear` is a block
that a recorded reason sets aside, `modify` and `locally` warn. Unknown answers warn; they never pass for "no".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from treatments.safety.facts import Allergies, Choice, Concern, Drug, Finding, Severity, Snapshot, Technique, Tissue

VERSION = "2026-11"

NCCIH = "NCCIH, massage therapy: what you need to know; clinic default"
ERNST = "Ernst 2003, Rheumatology 42:1101"
YIN = "Yin 2014, eCAM 480956"
AFP = "AFP 2008;78:365"
HOUSE = "Clinic policy"
PURPOSE = "Technique purposes, clinic policy"

GENTLE, NEURO, DEEP = Technique.GENTLE, Technique.NEUROMUSCULAR, Technique.DEEP_TISSUE
INFO, WARN, BLOCK = Severity.INFO, Severity.WARN, Severity.BLOCK

#: 72 hours are surely over only on the fourth day after the day of onset.
ACUTE_DAYS = 3
SURGERY_DAYS = 84


@dataclass(frozen=True)
class Rule:
    """An id, what it is about, and the function that finds."""

    id: str
    title: str
    source: str
    find: Callable[[Snapshot, Choice], Finding | None]


RULES: list[Rule] = []


@dataclass(frozen=True)
class Said:
    """What a rule's function returns; the rule adds its id and source."""

    severity: Severity
    message: str
    overridable: bool = False
    cap: int | None = None
    indicated: bool = False


def rule(name: str, title: str, source: str) -> Callable[[Callable[[Snapshot, Choice], Said | None]], Rule]:
    def register(function: Callable[[Snapshot, Choice], Said | None]) -> Rule:
        def find(snapshot: Snapshot, choice: Choice) -> Finding | None:
            said = function(snapshot, choice)
            if said is None:
                return None
            return Finding(
                rule=name, severity=said.severity, message=said.message, source=source,
                overridable=said.overridable, pressure_cap=said.cap, indicated=said.indicated,
            )  # fmt: skip

        made = Rule(id=name, title=title, source=source, find=find)
        RULES.append(made)
        return made

    return register


def touches_injury(s: Snapshot, c: Choice) -> bool:
    """Whether hands would work where it is injured; when either is not known, yes."""
    return not s.injured_regions or not c.regions or bool(s.injured_regions & c.regions)


# -- Know the cause, and know the tissue ---------------------------------------------------------------


@rule("TEC-01", "The cause is known", f"{HOUSE}: know the cause first; {NCCIH}")
def cause_comes_first(s: Snapshot, c: Choice) -> Said | None:
    missing = [
        what
        for known, what in (
            (s.cause_known, "the cause is not known"),
            (s.diagnosed, "no doctor's diagnosis is on file"),
            (s.tissue is not Tissue.UNKNOWN, "the tissue has not been examined"),
        )
        if not known
    ]
    if not missing:
        return None
    why = f"{', '.join(missing).capitalize()}: gentle massage only."
    match c.technique:
        case Technique.GENTLE:
            return Said(WARN, why, cap=2)
        case Technique.NEUROMUSCULAR:
            return Said(BLOCK, why, overridable=True, cap=3)
        case _:
            return Said(BLOCK, why)


@rule("TEC-02", "Active spasm", f"{PURPOSE}; {YIN}")
def spasm_wants_sustained_pressure(s: Snapshot, c: Choice) -> Said | None:
    if s.tissue is not Tissue.ACTIVE_SPASM:
        return None
    if c.technique is NEURO:
        return Said(INFO, "Sustained pressure is what an active spasm calls for.", indicated=True)
    if c.technique is DEEP:
        return Said(BLOCK, "No deep tissue work while the spasm is active.")
    return None


@rule("TEC-03", "The first 72 hours", "48–72 h window in contraindication lists; clinic default")
def acute_injury_is_left_alone(s: Snapshot, c: Choice) -> Said | None:
    acute = s.tissue is Tissue.ACUTE_INFLAMED or (s.days_since_onset is not None and s.days_since_onset <= ACUTE_DAYS)
    if not acute:
        return None
    if c.technique is DEEP:
        return Said(BLOCK, "The injury is acute (72 h are not surely over): no deep tissue work.")
    if c.technique is NEURO and touches_injury(s, c):
        return Said(BLOCK, "The injury is acute: no sustained pressure on the injured region.")
    return Said(WARN, "The injury is acute: work around the injured spot, not on it.", cap=2)


@rule("TEC-04", "Onset is known", HOUSE)
def onset_has_to_be_known(s: Snapshot, c: Choice) -> Said | None:
    if s.days_since_onset is not None or s.tissue in (Tissue.ADHESION, Tissue.SCAR) or c.technique is GENTLE:
        return None
    return Said(WARN, "When it began is not recorded: make sure 72 hours have passed.")


@rule("TEC-05", "Adhesion or scar", f"{PURPOSE}; {ERNST}")
def deep_work_is_for_old_tissue(s: Snapshot, c: Choice) -> Said | None:
    if c.technique is not DEEP:
        return None
    if s.tissue in (Tissue.ADHESION, Tissue.SCAR):
        return Said(INFO, "Deep tissue work is meant for chronic adhesions and scar tissue.", indicated=True)
    if s.tissue in (Tissue.GUARDING, Tissue.POST_ACUTE):
        return Said(WARN, "Deep tissue work is meant for adhesions and scars; none is recorded here.", cap=3)
    return None


@rule("TEC-06", "Gentle massage", PURPOSE)
def gentle_is_for_blood_flow(s: Snapshot, c: Choice) -> Said | None:
    if c.technique is not GENTLE:
        return None
    return Said(INFO, "Gentle massage is for blood flow and calm.", indicated=s.tissue is not Tissue.UNKNOWN)


# -- What must have been asked -------------------------------------------------------------------------


@rule("ASK-01", "Allergies were asked about", HOUSE)
def allergies_must_have_been_asked(s: Snapshot, _: Choice) -> Said | None:
    if s.allergies is Allergies.NOT_ASKED:
        return Said(WARN, "Allergies have not been asked about: ask before oil or lotion.")
    return None


@rule("ASK-02", "Medication was asked about", HOUSE)
def medication_must_have_been_asked(s: Snapshot, _: Choice) -> Said | None:
    if s.drugs is None:
        return Said(WARN, "No medication is on file: ask about blood thinners, muscle relaxants and opioids.")
    if s.unclassified_medicines:
        return Said(WARN, f"Check what this medicine does: {', '.join(s.unclassified_medicines)}.")
    return None


@rule("ASK-03", "The history was taken", HOUSE)
def history_must_have_been_taken(s: Snapshot, _: Choice) -> Said | None:
    if s.concerns is None:
        return Said(WARN, "No conditions are on file: ask about clots, bone loss, cancer, pregnancy and fever.")
    if s.other_conditions:
        return Said(WARN, f"No rule knows this condition, so judge it yourself: {', '.join(s.other_conditions)}.")
    return None


@rule("ALL-01", "Allergy to what hands carry", f"{NCCIH}")
def allergy_to_the_product(s: Snapshot, _: Choice) -> Said | None:
    if s.contact_allergens:
        return Said(WARN, f"Allergic to {', '.join(s.contact_allergens)}: choose another product.")
    return None


# -- Medication: what it does to touch, never how much of it -------------------------------------------


@rule("MED-01", "Muscle relaxant, opioid or sedative", AFP)
def sedation_hides_guarding(s: Snapshot, _: Choice) -> Said | None:
    masking = (s.drugs or frozenset()) & {Drug.MUSCLE_RELAXANT, Drug.ALPHA2_RELAXANT, Drug.OPIOID, Drug.SEDATIVE}
    if not masking:
        return None
    names = " and ".join(sorted({d.value.replace("alpha2", "muscle").replace("_", " ") for d in masking}))
    older = " Aged 65 or older: mark a risk of falls." if s.age is not None and s.age >= 65 else ""
    return Said(
        WARN, f"Takes a {names}: cap the pressure, rise slowly from the table, ask about the way home.{older}", cap=3
    )


@rule("MED-02", "Anticoagulant", f"{NCCIH}; {ERNST}")
def anticoagulants_bruise(s: Snapshot, c: Choice) -> Said | None:
    if Drug.ANTICOAGULANT not in (s.drugs or frozenset()):
        return None
    return _bleeding(c, "Takes an anticoagulant")


@rule("MED-03", "Antiplatelet or daily NSAID", "General practice; clinic default")
def antiplatelets_bruise_a_little(s: Snapshot, c: Choice) -> Said | None:
    if c.technique is GENTLE or not (s.drugs or frozenset()) & {Drug.ANTIPLATELET, Drug.NSAID}:
        return None
    return Said(WARN, "Takes an antiplatelet or NSAID: less pressure, look for bruises.", cap=3)


@rule("MED-04", "Long-term corticosteroid", f"{NCCIH}")
def steroids_thin_bone_and_skin(s: Snapshot, c: Choice) -> Said | None:
    if Drug.STEROID not in (s.drugs or frozenset()):
        return None
    if Concern.OSTEOPOROSIS in (s.concerns or frozenset()) and c.technique is not GENTLE:
        if c.technique is DEEP:
            return Said(BLOCK, "Osteoporosis and a corticosteroid: no deep tissue work.")
        return Said(BLOCK, "Osteoporosis and a corticosteroid: needs clearance.", overridable=True, cap=2)
    return Said(WARN, "Takes a corticosteroid: bone and skin may be thin, less pressure.", cap=3)


@rule("MED-05", "Drug that lowers blood pressure or dizzies", AFP)
def some_drugs_make_dizzy(s: Snapshot, _: Choice) -> Said | None:
    if not (s.drugs or frozenset()) & {Drug.ANTIHYPERTENSIVE, Drug.NEUROPATHIC, Drug.ALPHA2_RELAXANT}:
        return None
    return Said(WARN, "Takes a drug that can make dizzy: rise slowly from the table.")


def _bleeding(c: Choice, why: str) -> Said:
    if c.technique is DEEP:
        return Said(BLOCK, f"{why}: no deep tissue work.")
    if c.technique is NEURO:
        return Said(BLOCK, f"{why}: needs clearance, then light pressure only.", overridable=True, cap=2)
    return Said(WARN, f"{why}: light pressure only, look for bruises.", cap=2)


# -- Surgery and conditions: the table -----------------------------------------------------------------


@rule("CON-01", "Recent surgery", "6–12 weeks, surgeon decides; clinic default")
def recent_surgery(s: Snapshot, c: Choice) -> Said | None:
    if s.days_since_surgery is None or s.days_since_surgery > SURGERY_DAYS:
        return None
    if c.technique is DEEP:
        return Said(BLOCK, "Surgery within 12 weeks: no deep tissue work.")
    return Said(
        BLOCK,
        "Surgery within 12 weeks: needs the surgeon's clearance.",
        overridable=True,
        cap=2,
    )


@dataclass(frozen=True)
class Gate:
    """One cell of the table: how grave, whether a reason sets it aside, how much pressure is left."""

    severity: Severity
    overridable: bool = False
    cap: int | None = None


X = Gate(BLOCK)
C = Gate(BLOCK, overridable=True, cap=2)
M = Gate(WARN, cap=2)
L = Gate(WARN)

#: One row of the contraindication table: rule, concern, gates for gentle / neuromuscular / deep, sentence, source.
TABLE: tuple[tuple[str, Concern, tuple[Gate, Gate, Gate], str, str], ...] = (
    (
        "CON-02", Concern.CAUDA_EQUINA, (X, X, X),
        "Possible cauda equina: stop, emergency referral the same day.", "AHCPR, NBK52120",
    ),
    ("CON-03", Concern.FEVER_OR_INFECTION, (X, X, X), "Fever or infection: no massage today.", NCCIH),
    ("CON-04", Concern.THROMBOSIS, (X, X, X), "Thrombosis or phlebitis, known or suspected: no massage.", ERNST),
    ("CON-05", Concern.FRACTURE, (C, X, X), "Fracture or unstable spine: not on that region.", NCCIH),
    ("CON-06", Concern.OSTEOPOROSIS, (M, M, C), "Osteoporosis: light pressure, mind the position.", ERNST),
    ("CON-07", Concern.CANCER, (C, C, X), "Cancer: needs the oncologist's clearance; not near the tumour.", NCCIH),
    (
        "CON-08", Concern.PREGNANCY, (C, C, X),
        "Pregnancy: needs clearance; not prone, nothing deep on abdomen or low back.", NCCIH,
    ),
    ("CON-09", Concern.SKIN_LESION, (L, L, L), "Open wound, burn or rash: stay away from it.", NCCIH),
    (
        "CON-10", Concern.UNSTABLE_CIRCULATION, (C, C, X),
        "Unstable blood pressure, heart failure or aneurysm: needs clearance.", NCCIH,
    ),
    ("CON-11", Concern.NEUROPATHY, (M, M, X), "Reduced sensation: the patient cannot report pain.", NCCIH),
    ("CON-12", Concern.VARICOSE_VEINS, (L, L, L), "Varicose veins: stay away from them.", NCCIH),
    (
        "CON-13", Concern.RADICULOPATHY, (M, C, C),
        "Disc trouble with radiating pain: no direct deep pressure at that level.", YIN,
    ),
    ("CON-14", Concern.INFLAMMATORY_ARTHRITIS, (L, C, X), "Inflammatory arthritis: not on a flaring joint.", NCCIH),
)  # fmt: skip

Finder = Callable[[Snapshot, Choice], Said | None]


def _condition(
    concern: Concern, gates: tuple[Gate, Gate, Gate], message: str
) -> Callable[[Snapshot, Choice], Said | None]:
    gate_of = dict(zip((GENTLE, NEURO, DEEP), gates, strict=True))

    def find(s: Snapshot, c: Choice) -> Said | None:
        if concern not in (s.concerns or frozenset()):
            return None
        gate = gate_of[c.technique]
        return Said(gate.severity, message, overridable=gate.overridable, cap=gate.cap)

    return find


for _id, _concern, _gates, _message, _source in TABLE:
    rule(_id, _concern.value.replace("_", " ").capitalize(), _source)(_condition(_concern, _gates, _message))


@rule("CON-15", "Bleeding disorder", f"{NCCIH}; {ERNST}")
def bleeding_disorders_bruise(s: Snapshot, c: Choice) -> Said | None:
    if Concern.BLEEDING_DISORDER not in (s.concerns or frozenset()):
        return None
    return _bleeding(c, "Bleeds easily")
