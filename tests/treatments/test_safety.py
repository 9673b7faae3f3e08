"""Every safety rule: fires, does not fire, and what it says when nobody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatments import models, safety
from treatments.safety import Allergies, Choice, Concern, Drug, Severity, Snapshot, Technique, Tissue
from treatments.safety.rules import TABLE

GENTLE, NEURO, DEEP = Technique.GENTLE, Technique.NEUROMUSCULAR, Technique.DEEP_TISSUE

#: Everything known, and nothing against any technique.
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
)


def found(rule, technique=NEURO, regions=(), **facts):
    """What one rule finds when these facts differ from a clear patient."""
    choice = Choice(technique, frozenset(regions))
    return next((f for f in safety.findings(replace(CLEAR, **facts), choice) if f.rule == rule), None)


def gate(rule, technique, **facts):
    """One letter of the table in docs/algorithms/safety.md."""
    finding = found(rule, technique, **facts)
    if finding is None:
        return "-"
    if finding.severity is Severity.BLOCK:
        return "C" if finding.overridable else "X"
    return "M" if finding.pressure_cap else "L"


# -- TEC-01: know the cause first ----------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [{"cause_known": False}, {"diagnosed": False}, {"tissue": Tissue.UNKNOWN}])
def test_what_is_not_known_leaves_gentle_massage_only(unknown):
    assert [gate("TEC-01", t, **unknown) for t in (GENTLE, NEURO, DEEP)] == ["M", "C", "X"]


def test_a_known_cause_holds_nothing_back():
    assert [gate("TEC-01", t) for t in (GENTLE, NEURO, DEEP)] == ["-", "-", "-"]


def test_it_says_what_is_missing():
    said = found("TEC-01", DEEP, cause_known=False, diagnosed=False).message
    assert "cause is not known" in said
    assert "no doctor's diagnosis" in said


# -- TEC-02: active spasm ------------------------------------------------------------------------------


def test_an_active_spasm_calls_for_sustained_pressure():
    finding = found("TEC-02", NEURO, tissue=Tissue.ACTIVE_SPASM)
    assert finding.indicated
    assert finding.severity is Severity.INFO


def test_an_active_spasm_blocks_deep_tissue_whatever_the_reason():
    assert gate("TEC-02", DEEP, tissue=Tissue.ACTIVE_SPASM) == "X"


def test_an_active_spasm_says_nothing_of_gentle_massage():
    assert found("TEC-02", GENTLE, tissue=Tissue.ACTIVE_SPASM) is None


@pytest.mark.parametrize("tissue", [t for t in Tissue if t is not Tissue.ACTIVE_SPASM])
def test_without_a_spasm_the_spasm_rule_is_silent(tissue):
    assert [found("TEC-02", t, tissue=tissue) for t in Technique] == [None, None, None]


# -- TEC-03: the first 72 hours ------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "acute"), [(0, True), (1, True), (3, True), (4, False), (30, False)])
def test_deep_tissue_waits_until_72_hours_are_surely_over(days, acute):
    assert (gate("TEC-03", DEEP, days_since_onset=days) == "X") is acute


def test_acute_inflammation_counts_as_acute_whenever_it_began():
    assert gate("TEC-03", DEEP, tissue=Tissue.ACUTE_INFLAMED, days_since_onset=90) == "X"


@pytest.mark.parametrize(
    ("regions", "verdict"),
    [(("low_back_left",), "X"), (("neck_left",), "M"), ((), "X")],
)
def test_sustained_pressure_stays_off_the_injured_region(regions, verdict):
    finding = found("TEC-03", NEURO, regions, days_since_onset=1)
    assert (finding.severity is Severity.BLOCK) == (verdict == "X")


def test_where_the_injury_is_nobody_knows_so_everywhere_is_injured():
    finding = found("TEC-03", NEURO, ("neck_left",), days_since_onset=1, injured_regions=frozenset())
    assert finding.severity is Severity.BLOCK


def test_gentle_massage_works_around_an_acute_injury():
    assert gate("TEC-03", GENTLE, days_since_onset=1) == "M"


def test_an_old_injury_is_not_acute():
    assert [found("TEC-03", t) for t in Technique] == [None, None, None]


# -- TEC-04, 05, 06 ------------------------------------------------------------------------------------


def test_an_unknown_onset_warns_before_pressure():
    facts = {"days_since_onset": None, "tissue": Tissue.ACTIVE_SPASM}
    assert gate("TEC-04", NEURO, **facts) == "L"
    assert found("TEC-04", GENTLE, **facts) is None


def test_a_known_onset_or_an_old_adhesion_needs_no_such_warning():
    assert found("TEC-04", NEURO, tissue=Tissue.ACTIVE_SPASM) is None
    assert found("TEC-04", NEURO, days_since_onset=None) is None


@pytest.mark.parametrize("tissue", [Tissue.ADHESION, Tissue.SCAR])
def test_deep_tissue_is_for_adhesions_and_scars(tissue):
    assert found("TEC-05", DEEP, tissue=tissue).indicated


@pytest.mark.parametrize("tissue", [Tissue.GUARDING, Tissue.POST_ACUTE])
def test_deep_tissue_without_an_adhesion_warns(tissue):
    assert gate("TEC-05", DEEP, tissue=tissue) == "M"


def test_deep_tissue_of_unknown_tissue_is_another_rules_business():
    assert found("TEC-05", DEEP, tissue=Tissue.UNKNOWN) is None
    assert found("TEC-05", NEURO) is None


def test_gentle_massage_is_for_blood_flow():
    assert found("TEC-06", GENTLE).indicated
    assert not found("TEC-06", GENTLE, tissue=Tissue.UNKNOWN).indicated
    assert found("TEC-06", NEURO) is None


# -- What must have been asked -------------------------------------------------------------------------


def test_allergies_not_asked_is_not_none():
    assert found("ASK-01", allergies=Allergies.NOT_ASKED).severity is Severity.WARN
    assert found("ASK-01", allergies=Allergies.NONE_KNOWN) is None
    assert found("ASK-01", allergies=Allergies.LISTED) is None


def test_medication_never_recorded_is_not_none():
    assert found("ASK-02", drugs=None).severity is Severity.WARN
    assert found("ASK-02", drugs=frozenset()) is None


def test_a_medicine_of_unknown_class_is_named():
    assert "Wondermycin" in found("ASK-02", unclassified_medicines=("Wondermycin",)).message


def test_a_history_never_taken_is_not_empty():
    assert found("ASK-03", concerns=None).severity is Severity.WARN
    assert found("ASK-03", concerns=frozenset()) is None


def test_a_condition_no_rule_knows_is_named():
    assert "Gout" in found("ASK-03", other_conditions=("Gout",)).message


def test_an_allergy_to_what_hands_carry():
    assert "almond oil" in found("ALL-01", contact_allergens=("almond oil",)).message
    assert found("ALL-01") is None


# -- Medication ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("drug", [Drug.MUSCLE_RELAXANT, Drug.ALPHA2_RELAXANT, Drug.OPIOID, Drug.SEDATIVE])
@pytest.mark.parametrize("technique", Technique)
def test_what_masks_guarding_caps_the_pressure(drug, technique):
    finding = found("MED-01", technique, drugs=frozenset({drug}))
    assert finding.pressure_cap == 3
    assert "rise slowly" in finding.message


def test_the_old_are_marked_for_falls():
    drugs = frozenset({Drug.MUSCLE_RELAXANT})
    assert "falls" in found("MED-01", drugs=drugs, age=65).message
    assert "falls" not in found("MED-01", drugs=drugs, age=64).message
    assert "falls" not in found("MED-01", drugs=drugs, age=None).message


def test_anticoagulants():
    drugs = frozenset({Drug.ANTICOAGULANT})
    assert [gate("MED-02", t, drugs=drugs) for t in (GENTLE, NEURO, DEEP)] == ["M", "C", "X"]


def test_antiplatelets_and_nsaids():
    for drug in (Drug.ANTIPLATELET, Drug.NSAID):
        assert [gate("MED-03", t, drugs=frozenset({drug})) for t in (GENTLE, NEURO, DEEP)] == ["-", "M", "M"]


def test_corticosteroids_and_with_osteoporosis():
    drugs, brittle = frozenset({Drug.STEROID}), frozenset({Concern.OSTEOPOROSIS})
    assert [gate("MED-04", t, drugs=drugs) for t in (GENTLE, NEURO, DEEP)] == ["M", "M", "M"]
    assert [gate("MED-04", t, drugs=drugs, concerns=brittle) for t in (GENTLE, NEURO, DEEP)] == ["M", "C", "X"]


@pytest.mark.parametrize("drug", [Drug.ANTIHYPERTENSIVE, Drug.NEUROPATHIC, Drug.ALPHA2_RELAXANT])
def test_what_makes_dizzy_asks_for_a_slow_rise(drug):
    assert "slowly" in found("MED-05", drugs=frozenset({drug})).message


@pytest.mark.parametrize("rule", ["MED-01", "MED-02", "MED-03", "MED-04", "MED-05"])
@pytest.mark.parametrize("drugs", [frozenset(), frozenset({Drug.PARACETAMOL}), None])
def test_no_drug_rule_fires_without_its_drug(rule, drugs):
    assert [found(rule, t, drugs=drugs) for t in Technique] == [None, None, None]


def test_no_rule_speaks_of_doses():
    facts = {"drugs": frozenset(Drug), "concerns": frozenset(Concern), "days_since_surgery": 3}
    for technique in Technique:
        for finding in safety.findings(replace(CLEAR, **facts), Choice(technique)):
            assert not any(word in finding.message.lower() for word in (" mg", "dose", "tablet", "stop taking"))


# -- Surgery and the table -----------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "gates"), [(0, "CCX"), (84, "CCX"), (85, "---"), (None, "---")])
def test_recent_surgery(days, gates):
    assert "".join(gate("CON-01", t, days_since_surgery=days) for t in (GENTLE, NEURO, DEEP)) == gates


#: domain.md, section 3, as printed in docs/algorithms/safety.md.
PRINTED = {
    Concern.CAUDA_EQUINA: "XXX",
    Concern.FEVER_OR_INFECTION: "XXX",
    Concern.THROMBOSIS: "XXX",
    Concern.FRACTURE: "CXX",
    Concern.OSTEOPOROSIS: "MMC",
    Concern.CANCER: "CCX",
    Concern.PREGNANCY: "CCX",
    Concern.SKIN_LESION: "LLL",
    Concern.UNSTABLE_CIRCULATION: "CCX",
    Concern.NEUROPATHY: "MMX",
    Concern.VARICOSE_VEINS: "LLL",
    Concern.RADICULOPATHY: "MCC",
    Concern.INFLAMMATORY_ARTHRITIS: "LCX",
    Concern.BLEEDING_DISORDER: "MCX",
}
RULE_OF = {concern: rule for rule, concern, *_ in TABLE} | {Concern.BLEEDING_DISORDER: "CON-15"}


@pytest.mark.parametrize("concern", Concern)
def test_the_table_is_as_printed(concern):
    rule, concerns = RULE_OF[concern], frozenset({concern})
    assert "".join(gate(rule, t, concerns=concerns) for t in (GENTLE, NEURO, DEEP)) == PRINTED[concern]


@pytest.mark.parametrize("concern", Concern)
@pytest.mark.parametrize("concerns", [frozenset(), None])
def test_no_condition_rule_fires_without_its_condition(concern, concerns):
    assert [found(RULE_OF[concern], t, concerns=concerns) for t in Technique] == [None, None, None]


# -- Laws ----------------------------------------------------------------------------------------------


def test_every_rule_has_an_id_of_its_own_a_title_and_a_source():
    ids = [rule.id for rule in safety.RULES]
    assert len(set(ids)) == len(ids) >= 29
    assert all(rule.title and rule.source for rule in safety.RULES)


def test_every_rule_is_tested_here():
    import pathlib

    text = pathlib.Path(__file__).read_text()
    named = {rule.id for rule in safety.RULES if f'"{rule.id}"' in text} | set(RULE_OF.values())
    assert {rule.id for rule in safety.RULES} <= named


def test_the_words_are_the_databases():
    assert {t.value for t in Technique} == set(models.Technique.values)
    assert {t.value for t in Tissue} == set(models.TissueState.values)
    from patients.models import AllergyStatus, DrugClass

    assert {a.value for a in Allergies} == set(AllergyStatus.values)
    assert {d.value for d in Drug} == set(DrugClass.values) - {"other"}


snapshots = st.builds(
    Snapshot,
    cause_known=st.booleans(),
    diagnosed=st.booleans(),
    tissue=st.sampled_from(Tissue),
    days_since_onset=st.none() | st.integers(0, 400),
    allergies=st.sampled_from(Allergies),
    contact_allergens=st.sampled_from([(), ("almond oil",)]),
    drugs=st.none() | st.frozensets(st.sampled_from(Drug)),
    concerns=st.none() | st.frozensets(st.sampled_from(Concern)),
    days_since_surgery=st.none() | st.integers(0, 200),
    age=st.none() | st.integers(0, 110),
    injured_regions=st.frozensets(st.sampled_from(["low_back_left", "neck_left"])),
)
choices = st.builds(Choice, st.sampled_from(Technique), st.frozensets(st.sampled_from(["low_back_left", "neck_left"])))


@given(snapshots, choices)
@settings(max_examples=300, deadline=None)
def test_findings_are_the_same_each_time_sorted_and_sourced(snapshot, choice):
    first = safety.findings(snapshot, choice)
    assert first == safety.findings(snapshot, choice)
    assert [f.severity for f in first] == sorted((f.severity for f in first), reverse=True)
    assert all(f.message and f.source and f.rule for f in first)


@given(snapshots, st.sampled_from(Concern))
@settings(max_examples=200, deadline=None)
def test_knowing_one_more_condition_never_frees_a_technique(snapshot, concern):
    more = replace(snapshot, concerns=(snapshot.concerns or frozenset()) | {concern})
    for technique in Technique:
        before, after = (safety.verdict(s, Choice(technique)) for s in (snapshot, more))
        assert {f.rule for f in before.blocks} <= {f.rule for f in after.blocks}


@given(snapshots)
@settings(max_examples=200, deadline=None)
def test_an_unknown_history_always_shows(snapshot):
    nobody_knows = replace(snapshot, concerns=None, drugs=None, allergies=Allergies.NOT_ASKED)
    for technique in Technique:
        rules = {f.rule for f in safety.findings(nobody_knows, Choice(technique))}
        assert {"ASK-01", "ASK-02", "ASK-03"} <= rules


@given(snapshots, choices)
@settings(max_examples=200, deadline=None)
def test_a_verdicts_word_follows_from_its_findings(snapshot, choice):
    verdict = safety.verdict(snapshot, choice)
    assert (verdict.word == "blocked") == bool(verdict.absolute)
    assert not (verdict.indicated and verdict.blocks)
    caps = [f.pressure_cap for f in verdict.findings if f.pressure_cap]
    assert verdict.pressure_cap == (min(caps) if caps else None)
