"""Every safety rule: fires, does not fire, and what it says when nobody knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from patients.models import AllergyStatus, DrugClass
from treatments import models, safety
from treatments.safety import (
    BUILTIN,
    NO_DOSE,
    Allergies,
    Choice,
    Concern,
    Drug,
    Flag,
    Mark,
    Severity,
    Since,
    Snapshot,
    Technique,
    Tissue,
    WayHome,
)
from treatments.safety.builtin import STRONG, WEAK
from treatments.safety.redflags import CAUDA_EQUINA

GENTLE, NEURO, DEEP = Technique.GENTLE, Technique.NEUROMUSCULAR, Technique.DEEP_TISSUE

#: Everything known and asked, and nothing against any technique.
CLEAR = Snapshot(
    cause_known=True,
    diagnosed=True,
    tissue=Tissue.ADHESION,
    days_since_onset=90,
    allergies=Allergies.NONE_KNOWN,
    drugs=frozenset(),
    concerns=frozenset(),
    age=40,
    injured_regions=frozenset({"low_back_left"}),
    screen_days=0,
    hours_since_dose=NO_DOSE,
    way_home=WayHome.ACCOMPANIED,
)


def found(rule, technique=NEURO, regions=(), **facts):
    """What one rule finds when these facts differ from a clear patient."""
    choice = Choice(technique, frozenset(regions))
    return next((f for f in safety.findings(replace(CLEAR, **facts), choice) if f.rule == rule), None)


def letter(finding):
    """One letter of the table in docs/algorithms/safety.md, with the cap of the pressure behind it."""
    if finding is None:
        return "-"
    if finding.indicated:
        return "I"
    cap = str(finding.pressure_cap or "")
    if finding.severity is Severity.BLOCK:
        return ("C" if finding.overridable else "X") + ("L" if finding.locally else "") + cap
    return ("L" if finding.locally else "M") + cap


def gates(rule, regions=(), **facts):
    return " ".join(letter(found(rule, t, regions, **facts)) for t in Technique)


def has(*concerns):
    return {"concerns": frozenset(concerns)}


def takes(*drugs, **more):
    return {"drugs": frozenset(drugs)} | more


@dataclass(frozen=True)
class Block:
    """The tests of one rule: what makes it fire and with which gates, and what leaves it silent."""

    fires: dict[str, Any]
    gates: str
    #: Each of these leaves it silent.
    silent: tuple[dict[str, Any], ...] = ({},)
    #: What nobody knows, and what the rule then says.
    unknown: dict[str, Any] = field(default_factory=dict)
    unknown_gates: str = "- - -"
    #: Another rule that speaks when nobody knows, if this one does not.
    instead: str = ""


MASKED = Drug.MUSCLE_RELAXANT
SCARRED = (Mark(Concern.SCAR_OR_ADHESION, frozenset({"low_back_upper_left"})),)
UNTAKEN, UNASKED = {"concerns": None}, {"drugs": None}


def condition(concern, expected):
    return Block(has(concern), expected, unknown=UNTAKEN, instead="ASK-03")


#: Every rule by its id.
BLOCKS: dict[str, Block] = {
    "TEC-01": Block({"cause_known": False}, "M2 C3 X"),
    "TEC-02": Block(
        {"tissue": Tissue.ACTIVE_SPASM}, "- I X",
        silent=tuple({"tissue": t} for t in Tissue if t is not Tissue.ACTIVE_SPASM),
        unknown={"tissue": Tissue.UNKNOWN}, instead="TEC-09",
    ),
    "TEC-03": Block(
        {"days_since_onset": 3}, "L2 XL2 X", silent=({}, {"days_since_onset": 4}),
        unknown={"days_since_onset": None, "tissue": Tissue.GUARDING}, instead="TEC-04",
    ),
    "TEC-04": Block(
        {"days_since_onset": None, "tissue": Tissue.GUARDING}, "- M M",
        silent=({"tissue": Tissue.GUARDING}, {"days_since_onset": None}),
        unknown={"days_since_onset": None, "tissue": Tissue.UNKNOWN}, unknown_gates="- M M",
    ),
    "TEC-05": Block(
        {"tissue": Tissue.SCAR}, "- - I", silent=({"tissue": Tissue.GUARDING}, {"tissue": Tissue.ACTIVE_SPASM}),
        unknown={"tissue": Tissue.UNKNOWN}, instead="TEC-09",
    ),
    "TEC-06": Block(
        {"tissue": Tissue.GUARDING}, "I - -", silent=(), unknown={"tissue": Tissue.UNKNOWN}, instead="TEC-09"
    ),
    "TEC-07": Block(
        {"tissue": Tissue.GUARDING}, "- - M3", silent=({}, {"tissue": Tissue.ACTIVE_SPASM}),
        unknown={"tissue": Tissue.UNKNOWN}, instead="TEC-09",
    ),
    "TEC-08": Block({"diagnosed": False}, "M2 C3 X"),
    "TEC-09": Block({"tissue": Tissue.UNKNOWN}, "M2 C3 X", silent=tuple({"tissue": t} for t in list(Tissue)[1:])),
    "TEC-10": Block(
        {"tissue": Tissue.ACUTE_INFLAMED}, "L2 XL2 X", silent=({}, {"tissue": Tissue.ACTIVE_SPASM}),
        unknown={"tissue": Tissue.UNKNOWN}, instead="TEC-09",
    ),
    "ASK-01": Block({"allergies": Allergies.NOT_ASKED}, "M M M", silent=({}, {"allergies": Allergies.LISTED})),
    "ASK-02": Block(UNASKED, "M M M", silent=({}, takes(Drug.PARACETAMOL))),
    "ASK-03": Block(UNTAKEN, "M M M", silent=({}, has(Concern.CANCER))),
    "ASK-04": Block({"unclassified_medicines": ("Wondermycin",)}, "M M M", unknown=UNASKED, instead="ASK-02"),
    "ASK-05": Block({"other_conditions": ("Gout",)}, "M M M", unknown=UNTAKEN, instead="ASK-03"),
    "ASK-06": Block({"surgery_undated": True}, "M M M"),
    "ASK-07": Block({"chart_silent": frozenset({"avoid", "numbness", "scar"})}, "M M M"),
    "ALL-01": Block(
        {"contact_allergens": ("almond oil",)}, "M M M", unknown={"allergies": Allergies.NOT_ASKED}, instead="ASK-01"
    ),
    "MED-01": Block(
        {"hours_since_dose": 12}, "M3 M3 M3", silent=({}, {"hours_since_dose": 13}),
        unknown=takes(MASKED, hours_since_dose=None), instead="MED-06",
    ),
    "MED-02": Block(
        takes(Drug.ANTICOAGULANT), "M2 C2 X", silent=({}, takes(Drug.PARACETAMOL)), unknown=UNASKED, instead="ASK-02"
    ),
    "MED-03": Block(
        takes(Drug.NSAID), "- M3 M3", silent=({}, takes(Drug.PARACETAMOL)), unknown=UNASKED, instead="ASK-02"
    ),
    "MED-04": Block(
        takes(Drug.STEROID), "M3 M3 M3", silent=({}, takes(Drug.NSAID)), unknown=UNASKED, instead="ASK-02"
    ),
    "MED-05": Block(
        takes(Drug.ANTIHYPERTENSIVE), "M M M", silent=({}, takes(Drug.NSAID)), unknown=UNASKED, instead="ASK-02"
    ),
    "MED-06": Block(
        takes(MASKED, hours_since_dose=None), "M3 M3 M3",
        silent=({"hours_since_dose": None}, takes(MASKED), takes(MASKED, hours_since_dose=2)),
        unknown=takes(Drug.OPIOID, hours_since_dose=None), unknown_gates="M3 M3 M3",
    ),
    "MED-07": Block(
        {"hours_since_dose": 2, "way_home": WayHome.DRIVES}, "M M M",
        silent=({"hours_since_dose": 2}, {"way_home": WayHome.DRIVES}),
        unknown={"hours_since_dose": 2, "way_home": WayHome.NOT_ASKED}, unknown_gates="M M M",
    ),
    "MED-08": Block(
        takes(MASKED, age=65), "M M M", silent=(takes(MASKED, age=64), {"age": 65}),
        unknown=takes(MASKED, age=None, hours_since_dose=None), instead="MED-06",
    ),
    "MED-09": Block(
        {"hours_since_dose": 2, "tissue": Tissue.GUARDING}, "- - X",
        silent=({"hours_since_dose": 2}, {"tissue": Tissue.GUARDING}),
        unknown=takes(MASKED, tissue=Tissue.GUARDING, hours_since_dose=None), instead="MED-10",
    ),
    "MED-10": Block(
        takes(MASKED, tissue=Tissue.GUARDING, hours_since_dose=None), "- - C2",
        silent=(takes(MASKED, tissue=Tissue.GUARDING), {"tissue": Tissue.GUARDING, "hours_since_dose": None}),
        unknown={"drugs": None, "tissue": Tissue.GUARDING, "hours_since_dose": None}, instead="ASK-02",
    ),
    "MED-11": Block(
        takes(Drug.STEROID) | has(Concern.OSTEOPOROSIS), "M2 C2 X",
        silent=(takes(Drug.STEROID), has(Concern.OSTEOPOROSIS)),
        unknown=takes(Drug.STEROID) | UNTAKEN, instead="ASK-03",
    ),
    "CON-01": Block(
        {"days_since_surgery": 84}, "CL2 C2 X", silent=({}, {"days_since_surgery": 85}),
        unknown={"surgery_undated": True}, instead="ASK-06",
    ),
    "CON-02": condition(Concern.CAUDA_EQUINA, "X X X"),
    "CON-03": condition(Concern.FEVER_OR_INFECTION, "X X X"),
    "CON-04": condition(Concern.THROMBOSIS, "X X X"),
    "CON-05": condition(Concern.FRACTURE, "XL2 X X"),
    "CON-06": condition(Concern.OSTEOPOROSIS, "M2 M2 C2"),
    "CON-07": condition(Concern.CANCER, "CL2 C2 X"),
    "CON-08": condition(Concern.PREGNANCY, "C2 C2 X"),
    "CON-09": condition(Concern.SKIN_LESION, "L L L"),
    "CON-10": condition(Concern.UNSTABLE_CIRCULATION, "C2 C2 X"),
    "CON-11": condition(Concern.NEUROPATHY, "M2 M2 XL2"),
    "CON-12": condition(Concern.VARICOSE_VEINS, "L L L"),
    "CON-13": condition(Concern.RADICULOPATHY, "M2 C2 CL2"),
    "CON-14": condition(Concern.INFLAMMATORY_ARTHRITIS, "L C2 X"),
    "CON-15": condition(Concern.BLEEDING_DISORDER, "M2 C2 X"),
    "CON-16": condition(Concern.SEVERE_OSTEOPOROSIS, "M2 C2 X"),
    "CON-17": condition(Concern.PREGNANCY_FIRST, "C2 C2 X"),
    "CON-18": condition(Concern.PREGNANCY_LATER, "M2 M2 M2"),
    "CON-19": condition(Concern.PREGNANCY_HIGH_RISK, "C2 C2 X"),
    "CON-20": condition(Concern.PREGNANCY_LATER, "- - X"),
    "CON-21": condition(Concern.INTOXICATION, "X X X"),
    "CON-22": condition(Concern.ABUSE_HISTORY, "M M M"),
    "CON-23": condition(Concern.CONSENT_WITHDRAWN, "X X X"),
    "CON-24": condition(Concern.AVOID_ZONE, "XL2 XL2 XL2"),
    "CON-25": condition(Concern.ARTHRITIS_FLARE, "L XL2 X"),
    "CON-26": Block(
        {"places": SCARRED, "regions": ("low_back_left",)}, "- - I",
        silent=({}, {"places": SCARRED}, {"places": SCARRED, "regions": ("low_back_right",)}),
        unknown={"chart_silent": frozenset({"scar"})}, instead="ASK-07",
    ),
    "RED-01": Block(
        {"red_flags": frozenset({Flag.SADDLE_NUMBNESS})}, "X X X",
        silent=({}, {"red_flags": frozenset({Flag.CANCER_HISTORY})}), unknown={"screen_days": None}, instead="RED-05",
    ),
    "RED-02": Block(
        {"red_flags": frozenset({Flag.CANCER_HISTORY})}, "X X X",
        silent=({}, {"red_flags": frozenset({Flag.NIGHT_PAIN})}), unknown={"screen_days": None}, instead="RED-05",
    ),
    "RED-03": Block(
        {"red_flags": frozenset({Flag.NIGHT_PAIN, Flag.AGE})}, "X X X",
        silent=({}, {"red_flags": frozenset({Flag.AGE})}), unknown={"screen_days": None}, instead="RED-05",
    ),
    "RED-04": Block(
        {"red_flags": frozenset({Flag.AGE})}, "M M M",
        silent=({}, {"red_flags": frozenset({Flag.FEVER})}), unknown={"screen_days": None}, instead="RED-05",
    ),
    "RED-05": Block({"screen_days": None}, "M M M", silent=({}, {"screen_days": 400})),
    "RED-06": Block(
        {"screen_days": 31}, "M M M", silent=({}, {"screen_days": 30}), unknown={"screen_days": None}, instead="RED-05"
    ),
    "RED-07": Block(
        {"since_screen": frozenset({Since.TRAUMA})}, "M2 C2 X", unknown={"screen_days": None}, instead="RED-05"
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", BLOCKS)
def test_a_rule_fires_with_its_gates(rule):
    assert gates(rule, **BLOCKS[rule].fires) == BLOCKS[rule].gates


@pytest.mark.parametrize("rule", BLOCKS)
def test_a_rule_does_not_fire_without_its_cause(rule):
    for facts in BLOCKS[rule].silent:
        assert gates(rule, **facts) == "- - -", facts


@pytest.mark.parametrize("rule", BLOCKS)
def test_what_nobody_knows_is_said_by_the_rule_or_by_the_one_that_asks(rule):
    block = BLOCKS[rule]
    assert gates(rule, **block.unknown) == block.unknown_gates
    if block.instead:
        assert gates(block.instead, **block.unknown) != "- - -", f"{block.instead} is silent"


def test_every_rule_has_an_id_a_severity_a_source_and_tests():
    ids = [rule.id for rule in BUILTIN]
    assert len(set(ids)) == len(ids) == len(BLOCKS)
    assert set(ids) == set(BLOCKS)
    for rule in BUILTIN:
        assert rule.title, rule.id
        assert rule.source, rule.id
        assert rule.sentence, rule.id
        assert rule.severity is not safety.Effect.NONE, rule.id


# -- The table, as domain knowledge prints it ----------------------------------------------------------

#: Gentle, neuromuscular, deep tissue. M: modify; C: clearance; L: avoid locally; X: block; -: nothing said.
PRINTED = {
    "cause unknown": ({"cause_known": False}, "M C X"),
    "no examination": ({"tissue": Tissue.UNKNOWN}, "M C X"),
    "cauda equina": (has(Concern.CAUDA_EQUINA), "X X X"),
    "cauda equina, by the screen": ({"red_flags": frozenset({Flag.LEG_DEFICIT})}, "X X X"),
    "fever, infection": (has(Concern.FEVER_OR_INFECTION), "X X X"),
    "DVT or phlebitis": (has(Concern.THROMBOSIS), "X X X"),
    "anticoagulant": (takes(Drug.ANTICOAGULANT), "M CM X"),
    "bleeding disorder": (has(Concern.BLEEDING_DISORDER), "M CM X"),
    "antiplatelet": (takes(Drug.ANTIPLATELET), "- M M"),
    "daily NSAID": (takes(Drug.NSAID), "- M M"),
    "acute injury": ({"days_since_onset": 2}, "L XL X"),
    "acute inflammation": ({"tissue": Tissue.ACUTE_INFLAMED}, "L XL X"),
    "fracture": (has(Concern.FRACTURE), "XL X X"),
    "osteoporosis, known": (has(Concern.OSTEOPOROSIS), "M M C"),
    "osteoporosis, severe": (has(Concern.SEVERE_OSTEOPOROSIS), "M C X"),
    "osteoporosis and steroids": (takes(Drug.STEROID) | has(Concern.OSTEOPOROSIS), "M C X"),
    "recent surgery": ({"days_since_surgery": 20}, "LC C X"),
    "cancer": (has(Concern.CANCER), "CL C X"),
    "pregnancy, first trimester": (has(Concern.PREGNANCY_FIRST), "C C X"),
    "pregnancy, later": (has(Concern.PREGNANCY_LATER), "M M M"),
    "pregnancy, high risk": (has(Concern.PREGNANCY_HIGH_RISK), "C C X"),
    "wound, burn, rash": (has(Concern.SKIN_LESION), "L L L"),
    "unstable circulation": (has(Concern.UNSTABLE_CIRCULATION), "C C X"),
    "reduced sensation": (has(Concern.NEUROPATHY), "M M XL"),
    "varicose veins": (has(Concern.VARICOSE_VEINS), "L L L"),
    "radiculopathy": (has(Concern.RADICULOPATHY), "M C CL"),
    "arthritis flare": (has(Concern.ARTHRITIS_FLARE), "L XL X"),
    "alcohol or drugs today": (has(Concern.INTOXICATION), "X X X"),
    "oil or lotion allergy": ({"contact_allergens": ("lanolin",)}, "M M M"),
}
PART = {"M": "limits", "L": "limits", "C": "clearance", "X": "blocked", "-": "free"}


@pytest.mark.parametrize("row", PRINTED)
def test_the_table_is_as_printed(row):
    facts, cells = PRINTED[row]
    # Away from belly and low back, where one row adds a block of its own.
    s = replace(CLEAR, **facts)
    for technique, cell in zip(Technique, cells.split(), strict=True):
        verdict = safety.verdict(s, Choice(technique, frozenset({"neck_left", "low_back_left"})))
        if row == "pregnancy, later":
            verdict = safety.verdict(s, Choice(technique, frozenset({"neck_left"})))
        word = "free" if verdict.word in ("indicated", "allowed") else verdict.word
        strongest = "X" if "X" in cell else "C" if "C" in cell else cell[0]
        assert word == PART[strongest], (technique, verdict.findings)
        assert any(f.locally for f in verdict.findings) == ("L" in cell), technique
        if "M" in cell and row != "oil or lotion allergy":
            assert verdict.pressure_cap, technique


# -- What a rule says besides --------------------------------------------------------------------------


@pytest.mark.parametrize(("regions", "cell"), [(("low_back_left",), "XL2"), (("neck_left",), "L2"), ((), "XL2")])
def test_sustained_pressure_stays_off_the_injured_region(regions, cell):
    assert letter(found("TEC-03", NEURO, regions, days_since_onset=1)) == cell


def test_where_the_injury_is_nobody_knows_so_everywhere_is_injured():
    finding = found("TEC-03", NEURO, ("neck_left",), days_since_onset=1, injured_regions=frozenset())
    assert finding.severity is Severity.BLOCK


def test_a_part_of_a_place_is_that_place():
    broken = (Mark(Concern.FRACTURE, frozenset({"low_back_left"})),)
    assert letter(found("CON-05", GENTLE, ("low_back_upper_left",), places=broken)) == "XL2"
    assert letter(found("CON-05", GENTLE, ("neck_left",), places=broken)) == "L2"


def test_a_concern_that_may_be_anywhere_is_not_freed_by_a_place():
    placed = (Mark(Concern.FRACTURE, frozenset({"low_back_left"})),)
    both = found("CON-05", GENTLE, ("neck_left",), concerns=frozenset({Concern.FRACTURE}), places=placed)
    assert both.severity is Severity.BLOCK


def test_an_avoid_zone_is_avoided_and_only_there():
    zone = (Mark(Concern.AVOID_ZONE, frozenset({"neck_left"})),)
    assert gates("CON-24", ("neck_left",), places=zone) == "XL2 XL2 XL2"
    assert gates("CON-24", ("low_back_left",), places=zone) == "L2 L2 L2"
    assert gates("CON-24", (), places=zone) == "XL2 XL2 XL2"


def test_what_no_body_chart_says_is_named_and_never_taken_for_none():
    said = found("ASK-07", chart_silent=frozenset({"avoid", "numbness"})).message
    assert "where hands must not go and where skin is numb" in said


def test_a_scar_on_the_chart_keeps_hands_off_nowhere():
    verdict = safety.verdict(replace(CLEAR, places=SCARRED), Choice(DEEP, frozenset({"low_back_left"})))
    assert not verdict.avoid


def test_late_in_pregnancy_belly_and_low_back_are_never_worked_deep():
    facts = has(Concern.PREGNANCY_LATER)
    assert letter(found("CON-20", DEEP, ("abdomen",), **facts)) == "X"
    assert letter(found("CON-20", DEEP, ("low_back_lower_right",), **facts)) == "X"
    assert found("CON-20", DEEP, ("neck_left",), **facts) is None
    assert found("CON-18", NEURO, ("neck_left",), **facts).position is safety.Position.NOT_PRONE


@pytest.mark.parametrize("technique", Technique)
def test_a_sedating_dose_caps_the_pressure_and_asks_for_a_slow_rise(technique):
    finding = found("MED-01", technique, hours_since_dose=0)
    assert (finding.pressure_cap, finding.slow_rise) == (3, True)


@pytest.mark.parametrize("drug", [Drug.MUSCLE_RELAXANT, Drug.ALPHA2_RELAXANT, Drug.OPIOID, Drug.SEDATIVE])
def test_not_having_asked_about_the_last_dose_caps_it_as_well(drug):
    assert found("MED-06", drugs=frozenset({drug}), hours_since_dose=None).pressure_cap == 3


@pytest.mark.parametrize("flag", sorted(CAUDA_EQUINA))
def test_each_sign_of_cauda_equina_stops_everything(flag):
    assert gates("RED-01", red_flags=frozenset({flag})) == "X X X"


def test_every_flag_has_one_weight():
    assert set(Flag) == CAUDA_EQUINA | STRONG | WEAK
    assert len(CAUDA_EQUINA) + len(STRONG) + len(WEAK) == len(Flag)


@pytest.mark.parametrize("flag", sorted(WEAK))
def test_one_weak_flag_warns_and_does_not_hold(flag):
    verdict = safety.verdict(replace(CLEAR, red_flags=frozenset({flag})), Choice(GENTLE))
    assert verdict.word == "limits"


@pytest.mark.parametrize("flag", sorted(STRONG))
def test_one_strong_flag_holds_every_technique(flag):
    for technique in Technique:
        assert safety.verdict(replace(CLEAR, red_flags=frozenset({flag})), Choice(technique)).word == "blocked"


def test_names_are_said_as_they_were_written():
    assert "Wondermycin" in found("ASK-04", unclassified_medicines=("Wondermycin",)).message
    assert "Gout and Vertigo" in found("ASK-05", other_conditions=("Gout", "Vertigo")).message
    assert "almond oil" in found("ALL-01", contact_allergens=("almond oil",)).message
    assert "cancer in the past" in found("RED-02", red_flags=frozenset({Flag.CANCER_HISTORY})).message


def test_no_rule_speaks_of_doses():
    for rule in BUILTIN:
        for technique in Technique:
            said = found(rule.id, technique, **BLOCKS[rule.id].fires)
            if said is not None:
                words = said.message.lower()
                assert not any(word in words for word in (" mg", "tablet", "stop taking", "reduce the")), rule.id


def test_a_clear_patient_has_nothing_against_any_technique():
    words = [safety.verdict(CLEAR, Choice(t, frozenset({"low_back_left"}))).word for t in Technique]
    assert words == ["indicated", "allowed", "indicated"]


def test_the_words_are_the_databases():
    assert {t.value for t in Technique} == set(models.Technique.values)
    assert {t.value for t in Tissue} == set(models.TissueState.values)
    assert {a.value for a in Allergies} == set(AllergyStatus.values)
    assert {d.value for d in Drug} == set(DrugClass.values) - {"other"}


@pytest.mark.parametrize("rule", BUILTIN, ids=lambda rule: rule.id)
def test_the_table_in_the_docs_is_the_rules(rule):
    cells = [gate.letters + (f" ({gate.cap})" if gate.cap else "") for gate in rule.gates]
    row = f"| {rule.id} | {rule.title} | {' | '.join(cells)} | {rule.source} |"
    assert row in Path("docs/algorithms/safety.md").read_text().splitlines()
