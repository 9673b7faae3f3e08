"""The rules Tonus comes with, each with its source: loaded as version 1, then a clinic's own to change.

Gates read gentle, neuromuscular, deep tissue. A named clinician of the clinic has to approve these defaults.
"""

from __future__ import annotations

from treatments.safety.facts import Concern, Drug, Flag, Position, Since, Tissue, WayHome
from treatments.safety.redflags import CAUDA_EQUINA
from treatments.safety.rules import Effect, Gate, Rule, Term
from treatments.safety.subjects import About

NCCIH = "NCCIH, massage therapy: what you need to know; clinic default"
ERNST = "Ernst 2003, Rheumatology 42:1101"
YIN = "Yin 2014, eCAM 480956"
AFP = "AFP 2008;78:365"
AHCPR = "AHCPR guideline 14, red flags (NBK52120)"
BEERS = "AGS Beers Criteria 2023"
LISTS = "48–72 h window in contraindication lists; clinic default"
HOUSE = "Clinic policy"
PURPOSE = "Technique purposes, clinic policy"

#: 72 hours are surely over only on the fourth day after the day of onset.
ACUTE_DAYS = 3
#: Twelve weeks; the surgeon decides.
SURGERY_DAYS = 84
#: A screen of red flags older than this is asked again.
STALE_DAYS = 31
#: How long a dose is reckoned to work on.
DOSE_HOURS = 12

O, I, X, W = Gate(), Gate(Effect.INDICATED), Gate(Effect.BLOCK), Gate(Effect.LIMIT)  # noqa: E741
L, XL = Gate(Effect.LIMIT, locally=True), Gate(Effect.BLOCK, cap=2, locally=True)
M2, M3 = Gate(Effect.LIMIT, cap=2), Gate(Effect.LIMIT, cap=3)
C2, C3 = Gate(Effect.CLEARANCE, cap=2), Gate(Effect.CLEARANCE, cap=3)
IL = Gate(Effect.INDICATED, locally=True)
CL, L2 = Gate(Effect.CLEARANCE, cap=2, locally=True), Gate(Effect.LIMIT, cap=2, locally=True)

MASKING = (Drug.MUSCLE_RELAXANT, Drug.ALPHA2_RELAXANT, Drug.OPIOID, Drug.SEDATIVE)
#: What weighs little alone: single flags have poor accuracy (serious pathology in 1-4 % of low back pain).
WEAK = frozenset({
    Flag.AGE, Flag.STEROIDS_OR_OSTEOPOROSIS, Flag.IMMUNE_OR_IV_DRUGS, Flag.WORSE_LYING, Flag.NIGHT_PAIN,
    Flag.THROBBING_AT_REST, Flag.VASCULAR_HISTORY, Flag.RECENT_INFECTION,
})  # fmt: skip
STRONG = frozenset(Flag) - WEAK - CAUDA_EQUINA


def of(about: About, *values: str, at_least: int = 1, or_unknown: bool = False) -> Term:
    return Term(about, frozenset(map(str, values)), at_least=at_least, or_unknown=or_unknown)


def number(about: About, limit: int | None, *, or_unknown: bool = False) -> Term:
    return Term(about, limit=limit, or_unknown=or_unknown)


def concern(*which: Concern) -> Term:
    return of(About.CONCERN, *which)


TECHNIQUE = (
    Rule(
        "TEC-01", "The cause is known", (of(About.CAUSE, "unknown"),), (M2, C3, X),
        "The cause is not known: gentle massage only.", f"{HOUSE}: know the cause first; {NCCIH}",
    ),
    Rule(
        "TEC-02", "Active spasm", (of(About.TISSUE, Tissue.ACTIVE_SPASM),), (O, I, X),
        "The spasm is active: sustained pressure is what it calls for.", f"{PURPOSE}; {YIN}",
    ),
    Rule(
        "TEC-03", "The first 72 hours", (number(About.ONSET_DAYS, ACUTE_DAYS),), (L2, XL, X),
        "The injury is acute (72 h are not surely over): work around the injured spot, not on it.", LISTS,
    ),
    Rule(
        "TEC-04", "Onset is known",
        (
            number(About.ONSET_DAYS, None, or_unknown=True),
            of(About.TISSUE, *(t for t in Tissue if t not in (Tissue.ADHESION, Tissue.SCAR))),
        ),
        (O, W, W), "When it began is not recorded: make sure 72 hours have passed.", HOUSE,
    ),
    Rule(
        "TEC-05", "Adhesion or scar", (of(About.TISSUE, Tissue.ADHESION, Tissue.SCAR),), (O, O, I),
        "Deep tissue work is meant for chronic adhesions and scar tissue.", f"{PURPOSE}; {ERNST}",
    ),
    Rule(
        "TEC-06", "Gentle massage", (of(About.TISSUE, *(t for t in Tissue if t is not Tissue.UNKNOWN)),), (I, O, O),
        "Gentle massage is for blood flow and calm.", PURPOSE,
    ),
    Rule(
        "TEC-07", "No adhesion to work on", (of(About.TISSUE, Tissue.GUARDING, Tissue.POST_ACUTE),), (O, O, M3),
        "Deep tissue work is meant for adhesions and scars; none is recorded here.", f"{PURPOSE}; {ERNST}",
    ),
    Rule(
        "TEC-08", "A doctor's diagnosis is on file", (of(About.DIAGNOSIS, "missing"),), (M2, C3, X),
        "No doctor's diagnosis is on file: gentle massage only.", f"{HOUSE}; {NCCIH}: undiagnosed pain",
    ),
    Rule(
        "TEC-09", "The tissue was examined", (of(About.TISSUE, Tissue.UNKNOWN),), (M2, C3, X),
        "No examination is on file: gentle massage only.", f"{HOUSE}: know the cause first; {NCCIH}",
    ),
    Rule(
        "TEC-10", "Acute inflammation", (of(About.TISSUE, Tissue.ACUTE_INFLAMED),), (L2, XL, X),
        "The tissue is inflamed: work around the injured spot, not on it.", LISTS,
    ),
)  # fmt: skip

ASKED = (
    Rule(
        "ASK-01", "Allergies were asked about", (of(About.ALLERGIES, "not_asked"),), (W, W, W),
        "Allergies have not been asked about: ask before oil or lotion.", HOUSE,
    ),
    Rule(
        "ASK-02", "Medication was asked about", (of(About.MEDICATION, "not_asked"),), (W, W, W),
        "No medication is on file: ask about blood thinners, muscle relaxants and opioids.", HOUSE,
    ),
    Rule(
        "ASK-03", "The history was taken", (of(About.HISTORY, "not_taken"),), (W, W, W),
        "No conditions are on file: ask about clots, bone loss, cancer, pregnancy and fever.", HOUSE,
    ),
    Rule(
        "ASK-04", "Every drug has a class", (of(About.MEDICATION, "unclassified"),), (W, W, W),
        "Check what this medicine does: {what}.", HOUSE,
    ),
    Rule(
        "ASK-05", "Every condition is known to a rule", (of(About.HISTORY, "unread"),), (W, W, W),
        "No rule knows this condition, so judge it yourself: {what}.", HOUSE,
    ),
    Rule(
        "ASK-06", "The day of an operation is on file", (of(About.CAUSE, "surgery_undated"),), (W, W, W),
        "The day of an operation is not on file: ask which and when.", HOUSE,
    ),
    Rule(
        "ASK-07", "The body chart says what hands must mind", (of(About.BODY_CHART, "avoid", "numbness", "scar"),),
        (W, W, W), "No body chart says {what}: ask, and mark it or that it is nowhere.", HOUSE,
    ),
    Rule(
        "ALL-01", "Allergy to what hands carry", (of(About.ALLERGIES, "contact"),), (W, W, W),
        "Allergic to {what}: choose another product.", NCCIH,
    ),
)  # fmt: skip

MEDICATION = (
    Rule(
        "MED-01", "Sedating dose in the last 12 hours", (number(About.DOSE_HOURS, DOSE_HOURS),), (M3, M3, M3),
        "Muscle relaxant, opioid or sedative in the last 12 hours: pain is felt less, so cap the pressure; rise slowly "
        "and in stages; what is measured today is measured under sedation.", AFP, slow_rise=True,
    ),
    Rule(
        "MED-02", "Anticoagulant", (of(About.DRUG, Drug.ANTICOAGULANT),), (M2, C2, X),
        "Takes an anticoagulant: light pressure only, look for bruises.", f"{NCCIH}; {ERNST}",
    ),
    Rule(
        "MED-03", "Antiplatelet or daily NSAID", (of(About.DRUG, Drug.ANTIPLATELET, Drug.NSAID),), (O, M3, M3),
        "Takes {what}: less pressure, look for bruises.", "General practice; clinic default",
    ),
    Rule(
        "MED-04", "Long-term corticosteroid", (of(About.DRUG, Drug.STEROID),), (M3, M3, M3),
        "Takes a corticosteroid: bone and skin may be thin, less pressure.", NCCIH,
    ),
    Rule(
        "MED-05", "Drug that makes dizzy",
        (of(About.DRUG, Drug.ANTIHYPERTENSIVE, Drug.NEUROPATHIC, Drug.ALPHA2_RELAXANT),), (W, W, W),
        "Takes {what}, which can make dizzy: rise slowly from the table.", AFP, slow_rise=True,
    ),
    Rule(
        "MED-06", "Ask when the last dose was",
        (of(About.DRUG, *MASKING), number(About.DOSE_HOURS, None, or_unknown=True)), (M3, M3, M3),
        "Takes {what}, and nobody asked today when the last dose was: cap the pressure, rise slowly, ask about the way "
        "home.", AFP, slow_rise=True,
    ),
    Rule(
        "MED-07", "The way home",
        (number(About.DOSE_HOURS, DOSE_HOURS), of(About.WAY_HOME, WayHome.DRIVES, or_unknown=True)), (W, W, W),
        "How does the patient get home? Not by driving after such a dose.", AFP,
    ),
    Rule(
        "MED-08", "Risk of falls", (of(About.DRUG, *MASKING), number(About.AGE, 65)), (W, W, W),
        "Aged 65 or older and takes {what}: mark a risk of falls.", BEERS, slow_rise=True,
    ),
    Rule(
        "MED-09", "Guarding masked by a dose",
        (number(About.DOSE_HOURS, DOSE_HOURS), of(About.TISSUE, Tissue.GUARDING)), (O, O, X),
        "Guarding is masked by the dose.", f"{AFP}; clinic default",
    ),
    Rule(
        "MED-10", "Guarding perhaps masked",
        (
            of(About.DRUG, *MASKING), number(About.DOSE_HOURS, None, or_unknown=True),
            of(About.TISSUE, Tissue.GUARDING),
        ),
        (O, O, C2), "Guarding may be masked by {what}.", f"{AFP}; clinic default",
    ),
    Rule(
        "MED-11", "Corticosteroid and osteoporosis",
        (of(About.DRUG, Drug.STEROID), concern(Concern.OSTEOPOROSIS, Concern.SEVERE_OSTEOPOROSIS)), (M2, C2, X),
        "Osteoporosis and a long-term corticosteroid: bones may break under pressure.", f"{ERNST}; {NCCIH}",
    ),
)  # fmt: skip

#: Where the low back and the belly are.
BELLY_AND_LOW_BACK = (
    "abdomen", "low_back_left", "low_back_right", "quadratus_lumborum_left", "quadratus_lumborum_right", "sacrum",
)  # fmt: skip

CONDITIONS = (
    Rule(
        "CON-01", "Recent surgery", (number(About.SURGERY_DAYS, SURGERY_DAYS),), (CL, C2, X),
        "Surgery within 12 weeks: the surgeon decides; stay away from the wound.",
        "6–12 weeks, surgeon decides; clinic default",
    ),
    Rule(
        "CON-02", "Cauda equina", (concern(Concern.CAUDA_EQUINA),), (X, X, X),
        "Possible cauda equina: stop, emergency referral the same day.", AHCPR,
    ),
    Rule(
        "CON-03", "Fever or infection", (concern(Concern.FEVER_OR_INFECTION),), (X, X, X), "Fever or infection.", NCCIH
    ),
    Rule(
        "CON-04", "Thrombosis or phlebitis", (concern(Concern.THROMBOSIS),), (X, X, X),
        "Thrombosis or phlebitis, known or suspected.", ERNST,
    ),
    Rule(
        "CON-05", "Fracture or unstable spine", (concern(Concern.FRACTURE),), (XL, X, X),
        "Fracture that has not healed, or unstable spine.", NCCIH,
    ),
    Rule(
        "CON-06", "Osteoporosis", (concern(Concern.OSTEOPOROSIS),), (M2, M2, C2),
        "Osteoporosis: light pressure, mind the position.", ERNST, position=Position.SUPPORTED,
    ),
    Rule(
        "CON-07", "Cancer", (concern(Concern.CANCER),), (CL, C2, X),
        "Cancer: the oncologist decides; not near the tumour.", NCCIH,
    ),
    Rule(
        "CON-08", "Pregnancy, how far not known", (concern(Concern.PREGNANCY),), (C2, C2, X),
        "Pregnant, and how far is not on file: ask; a therapist trained for it.", NCCIH, position=Position.NOT_PRONE,
    ),
    Rule("CON-09", "Wound, burn or rash", (concern(Concern.SKIN_LESION),), (L, L, L),
         "Open wound, burn, skin infection or rash: stay away from it.", NCCIH),
    Rule(
        "CON-10", "Unstable circulation", (concern(Concern.UNSTABLE_CIRCULATION),), (C2, C2, X),
        "Unstable blood pressure, heart failure or aneurysm.", NCCIH,
    ),
    Rule(
        "CON-11", "Reduced sensation", (concern(Concern.NEUROPATHY),), (M2, M2, XL),
        "Reduced sensation: the patient cannot report pain.", NCCIH,
    ),
    Rule("CON-12", "Varicose veins", (concern(Concern.VARICOSE_VEINS),), (L, L, L),
         "Varicose veins: stay away from them.", NCCIH),
    Rule(
        "CON-13", "Disc trouble with radiating pain", (concern(Concern.RADICULOPATHY),), (M2, C2, CL),
        "Disc trouble with radiating pain: no direct deep pressure at that level.", YIN,
    ),
    Rule(
        "CON-14", "Inflammatory arthritis", (concern(Concern.INFLAMMATORY_ARTHRITIS),), (L, C2, X),
        "Inflammatory arthritis: whether it flares is not on file; not on a flaring joint.", NCCIH,
    ),
    Rule(
        "CON-15", "Bleeding disorder", (concern(Concern.BLEEDING_DISORDER),), (M2, C2, X),
        "Bleeds easily: light pressure only, look for bruises.", f"{NCCIH}; {ERNST}",
    ),
    Rule(
        "CON-16", "Severe osteoporosis", (concern(Concern.SEVERE_OSTEOPOROSIS),), (M2, C2, X),
        "Severe osteoporosis: bones may break under pressure.", ERNST, position=Position.SUPPORTED,
    ),
    Rule(
        "CON-17", "Pregnancy, first trimester", (concern(Concern.PREGNANCY_FIRST),), (C2, C2, X),
        "First three months of pregnancy.", NCCIH, position=Position.NOT_PRONE,
    ),
    Rule(
        "CON-18", "Pregnancy, later", (concern(Concern.PREGNANCY_LATER),), (M2, M2, M2),
        "Pregnant: not prone, nothing deep on belly or low back; a therapist trained for it.", NCCIH,
        position=Position.NOT_PRONE,
    ),
    Rule(
        "CON-19", "Pregnancy, high risk", (concern(Concern.PREGNANCY_HIGH_RISK),), (C2, C2, X),
        "High-risk pregnancy: the obstetrician decides.", NCCIH, position=Position.NOT_PRONE,
    ),
    Rule(
        "CON-20", "Pregnancy, belly and low back",
        (concern(Concern.PREGNANCY_LATER), of(About.REGION, *BELLY_AND_LOW_BACK, or_unknown=True)), (O, O, X),
        "Pregnant, and belly or low back may be meant.", NCCIH,
    ),
    Rule(
        "CON-21", "Alcohol or drugs today", (concern(Concern.INTOXICATION),), (X, X, X),
        "Alcohol or drugs today.", NCCIH,
    ),
    Rule(
        "CON-22", "History of abuse", (concern(Concern.ABUSE_HISTORY),), (W, W, W),
        "Agree beforehand what is touched and how, and ask again on the way.", f"{NCCIH}: consult first",
    ),
    Rule(
        "CON-23", "Consent withdrawn", (concern(Concern.CONSENT_WITHDRAWN),), (X, X, X),
        "The patient has taken back consent to be touched.", HOUSE,
    ),
    Rule(
        "CON-24", "Avoid zone", (concern(Concern.AVOID_ZONE),), (XL, XL, XL),
        "An avoid zone is marked on the body chart.", HOUSE,
    ),
    Rule(
        "CON-26", "Scar or adhesion on the chart", (concern(Concern.SCAR_OR_ADHESION),), (O, O, IL),
        "A scar or adhesion is marked on the body chart: deep tissue work is meant for it.", f"{PURPOSE}; {ERNST}",
    ),
    Rule(
        "CON-25", "Arthritis in a flare", (concern(Concern.ARTHRITIS_FLARE),), (L, XL, X),
        "Inflammatory arthritis in a flare: not on the flaring joint.", NCCIH,
    ),
)  # fmt: skip

RED_FLAGS = (
    Rule(
        "RED-01", "Possible cauda equina", (of(About.RED_FLAG, *CAUDA_EQUINA),), (X, X, X),
        "Possible cauda equina ({what}): stop, emergency department today.", AHCPR,
    ),
    Rule(
        "RED-02", "Red flag", (of(About.RED_FLAG, *STRONG),), (X, X, X),
        "Red flag: {what}. Held until a clinician's clearance is recorded.", AHCPR,
    ),
    Rule(
        "RED-03", "Two weak flags", (of(About.RED_FLAG, *WEAK, at_least=2),), (X, X, X),
        "Two or more weak red flags: {what}. Held until a clinician's clearance is recorded.", AHCPR,
    ),
    Rule(
        "RED-04", "One weak flag", (of(About.RED_FLAG, *WEAK),), (W, W, W),
        "Weak red flag: {what}. Keep it in mind.", f"{AHCPR}; single flags have poor accuracy",
    ),
    Rule(
        "RED-05", "Red flags were asked about", (number(About.SCREEN_DAYS, None, or_unknown=True),), (W, W, W),
        "Not every red flag has been asked about.", AHCPR,
    ),
    Rule(
        "RED-06", "The screen is stale", (number(About.SCREEN_DAYS, STALE_DAYS),), (W, W, W),
        "The red flags were asked about more than a month ago: ask again.", HOUSE,
    ),
    Rule(
        "RED-07", "Something happened since the screen", (of(About.SINCE_SCREEN, Since.TRAUMA, Since.FEVER),),
        (M2, C2, X), "Since the red flags were asked about: {what}. Ask again.", HOUSE,
    ),
)  # fmt: skip

BUILTIN: tuple[Rule, ...] = (*RED_FLAGS, *TECHNIQUE, *ASKED, *MEDICATION, *CONDITIONS)
