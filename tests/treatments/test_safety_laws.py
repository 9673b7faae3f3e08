"""Laws of the gate, for the shipped rules and for any rules that a clinic could write: more knowledge of danger never
loosens a verdict, and knowing nothing is never better than knowing that there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatments import safety
from treatments.safety import (
    BUILTIN,
    NO_DOSE,
    Allergies,
    Choice,
    Concern,
    Drug,
    Flag,
    Mark,
    Rule,
    Since,
    Snapshot,
    Technique,
    Term,
    Tissue,
    WayHome,
    codec,
)
from treatments.safety.rules import LOCKED, Effect, Gate, forbidden
from treatments.safety.subjects import NUMBERS, SETS, About

REGIONS = ["low_back_left", "low_back_upper_left", "neck_left", "abdomen", "knee_left"]
places = st.frozensets(st.sampled_from(REGIONS))
marks = st.builds(Mark, st.sampled_from(Concern), st.frozensets(st.sampled_from(REGIONS), min_size=1))
snapshots = st.builds(
    Snapshot,
    cause_known=st.booleans(),
    diagnosed=st.booleans(),
    tissue=st.sampled_from(Tissue),
    days_since_onset=st.none() | st.integers(0, 400),
    allergies=st.sampled_from(Allergies),
    contact_allergens=st.sampled_from([(), ("almond oil",)]),
    drugs=st.none() | st.frozensets(st.sampled_from(Drug)),
    unclassified_medicines=st.sampled_from([(), ("Wondermycin",)]),
    concerns=st.none() | st.frozensets(st.sampled_from(Concern)),
    places=st.lists(marks, max_size=3).map(tuple),
    other_conditions=st.sampled_from([(), ("Gout",)]),
    days_since_surgery=st.none() | st.integers(0, 200),
    surgery_undated=st.booleans(),
    age=st.none() | st.integers(0, 110),
    injured_regions=places,
    red_flags=st.frozensets(st.sampled_from(Flag)),
    screen_days=st.none() | st.integers(0, 400),
    since_screen=st.frozensets(st.sampled_from(Since)),
    hours_since_dose=st.none() | st.integers(0, 30) | st.just(NO_DOSE),
    way_home=st.sampled_from(WayHome),
)
choices = st.builds(Choice, st.sampled_from(Technique), places)


def _sets():
    def of(about):
        values = sorted(SETS[about].values) or REGIONS
        return st.builds(
            lambda any_of, n, u: Term(about, any_of, at_least=min(n, len(any_of)), or_unknown=u),
            st.frozensets(st.sampled_from(values), min_size=1),
            st.integers(1, 2),
            st.booleans(),
        )

    return st.sampled_from(sorted(SETS)).flatmap(of)


_numbers = st.builds(
    lambda about, limit, unknown: Term(about, limit=limit, or_unknown=unknown or limit is None),
    st.sampled_from(sorted(NUMBERS)),
    st.none() | st.integers(0, 400),
    st.booleans(),
)
_gate = st.builds(Gate, st.sampled_from(Effect), st.none() | st.integers(1, 5), st.booleans()).map(
    lambda g: replace(g, cap=None) if g.effect in (Effect.NONE, Effect.INDICATED) else g
)
own_rules = st.builds(
    Rule,
    id=st.integers(1, 99).map(lambda n: f"OWN-{n:02}"),
    title=st.just("Own"),
    when=st.lists(_sets() | _numbers, min_size=1, max_size=3, unique_by=lambda t: t.about).map(tuple),
    gates=st.tuples(_gate, _gate, _gate),
    sentence=st.just("Own: {what}."),
    source=st.just("Clinic policy"),
    minutes=st.none() | st.integers(5, 60),
)
#: What Tonus comes with, and whatever else a clinic writes.
rulebooks = st.lists(own_rules, max_size=4).map(lambda own: (*BUILTIN, *own))


def stricter(after, before):
    """Never freer, never more pressure, never longer; no block is gone."""
    assert after.strictness[0] >= before.strictness[0]
    assert (after.pressure_cap or 5) <= (before.pressure_cap or 5)
    assert (after.minutes or 240) <= (before.minutes or 240)
    assert set(after.positions) >= set(before.positions)
    assert {f.rule for f in after.blocks} >= {f.rule for f in before.blocks}


@given(snapshots, choices, rulebooks, st.sampled_from(Concern))
@settings(max_examples=250, deadline=None)
def test_one_more_condition_never_loosens_a_verdict(s, c, rules, concern):
    more = replace(s, concerns=(s.concerns or frozenset()) | {concern})
    if s.concerns is None:
        # The history was taken meanwhile: what asked for it may fall silent; every danger still shows.
        s = replace(s, concerns=frozenset())
    stricter(safety.verdict(more, c, rules), safety.verdict(s, c, rules))


@given(snapshots, choices, rulebooks, marks)
@settings(max_examples=250, deadline=None)
def test_one_more_mark_on_the_body_chart_never_loosens_a_verdict(s, c, rules, mark):
    stricter(safety.verdict(s.marked([mark]), c, rules), safety.verdict(s, c, rules))


@given(snapshots, choices, rulebooks, st.tuples(*map(st.sampled_from, (Drug, Flag, Since))))
@settings(max_examples=250, deadline=None)
def test_one_more_drug_flag_or_event_never_loosens_a_verdict(s, c, rules, dangers):
    drug, flag, event = dangers
    known = replace(s, drugs=s.drugs or frozenset())
    before = safety.verdict(known, c, rules)
    for more in (
        replace(known, drugs=known.drugs | {drug}),
        replace(known, red_flags=known.red_flags | {flag}),
        replace(known, since_screen=known.since_screen | {event}),
        replace(known, unclassified_medicines=("Wondermycin",)),
        replace(known, contact_allergens=("almond oil",)),
        replace(known, surgery_undated=True),
    ):
        stricter(safety.verdict(more, c, rules), before)


@given(snapshots, choices, rulebooks, st.integers(0, 400), st.integers(0, 400))
@settings(max_examples=250, deadline=None)
def test_fresher_injuries_operations_and_doses_and_older_screens_never_loosen_it(s, c, rules, one, other):
    near, far = sorted((one, other))
    for fresh, old in (
        ({"days_since_onset": near}, {"days_since_onset": far}),
        ({"days_since_surgery": near}, {"days_since_surgery": far}),
        ({"hours_since_dose": near}, {"hours_since_dose": far}),
        ({"screen_days": far}, {"screen_days": near}),
        ({"age": far}, {"age": near}),
    ):
        stricter(safety.verdict(replace(s, **fresh), c, rules), safety.verdict(replace(s, **old), c, rules))


#: What nobody knows, and the same known to be harmless.
UNKNOWN_AND_NONE = {
    "drugs": ({"drugs": None}, {"drugs": frozenset()}),
    "history": ({"concerns": None, "places": ()}, {"concerns": frozenset(), "places": ()}),
    "allergies": ({"allergies": Allergies.NOT_ASKED}, {"allergies": Allergies.NONE_KNOWN}),
    "dose": ({"hours_since_dose": None}, {"hours_since_dose": NO_DOSE}),
    "way home": ({"way_home": WayHome.NOT_ASKED}, {"way_home": WayHome.ACCOMPANIED}),
    "onset": ({"days_since_onset": None}, {"days_since_onset": 50_000}),
    "surgery": ({"days_since_surgery": None}, {"days_since_surgery": 50_000}),
    "screen": ({"screen_days": None, "red_flags": frozenset()}, {"screen_days": 0, "red_flags": frozenset()}),
}


@pytest.mark.parametrize("what", UNKNOWN_AND_NONE)
@given(s=snapshots, c=choices, rules=rulebooks)
@settings(max_examples=150, deadline=None)
def test_not_knowing_is_never_better_than_knowing_that_there_is_none(what, s, c, rules):
    unknown, none = UNKNOWN_AND_NONE[what]
    if what == "screen" and any(t.about is About.SCREEN_DAYS and t.limit == 0 for r in rules for t in r.when):
        return  # "asked about at least nought days ago" counts every screen as stale: nobody can know better
    stricter(safety.verdict(replace(s, **unknown), c, rules), safety.verdict(replace(s, **none), c, rules))


@given(snapshots, choices)
@settings(max_examples=200, deadline=None)
def test_what_nobody_knows_always_shows(s, c):
    blank = replace(
        s, concerns=None, drugs=None, allergies=Allergies.NOT_ASKED, screen_days=None, tissue=Tissue.UNKNOWN
    )
    said = {f.rule for f in safety.findings(blank, c)}
    assert {"ASK-01", "ASK-02", "ASK-03", "RED-05", "TEC-09"} <= said
    assert safety.verdict(blank, c).word not in ("indicated", "allowed")


@given(snapshots, choices, rulebooks)
@settings(max_examples=200, deadline=None)
def test_findings_are_the_same_each_time_sorted_and_sourced(s, c, rules):
    first = safety.findings(s, c, rules)
    assert first == safety.findings(s, c, rules)
    assert [f.severity for f in first] == sorted((f.severity for f in first), reverse=True)
    assert all(f.message and f.source and f.rule and f.version for f in first)


@given(snapshots, choices, rulebooks)
@settings(max_examples=200, deadline=None)
def test_a_verdicts_word_follows_from_its_findings(s, c, rules):
    verdict = safety.verdict(s, c, rules)
    assert (verdict.word == "blocked") == bool(verdict.absolute)
    assert not (verdict.indicated and verdict.blocks)
    caps = [f.pressure_cap for f in verdict.findings if f.pressure_cap]
    assert verdict.pressure_cap == (min(caps) if caps else None)


@given(own_rules)
@settings(max_examples=200, deadline=None)
def test_a_rule_is_the_same_after_it_was_stored(rule):
    assert codec.when_from_data(codec.when_to_data(rule.when)) == rule.when
    assert codec.gates_from_data(codec.gates_to_data(rule.gates)) == rule.gates


@pytest.mark.parametrize("rule", BUILTIN, ids=lambda rule: rule.id)
def test_what_tonus_comes_with_fits_its_own_types(rule):
    codec.check(rule)
    assert forbidden(rule, rule) == ""


@given(st.sampled_from([r for r in BUILTIN if r.id in LOCKED]), own_rules, snapshots, choices)
@settings(max_examples=200, deadline=None)
def test_an_emergency_stops_everything_whatever_a_clinic_may_write_in_its_place(locked, typed, s, c):
    changed = replace(typed, id=locked.id)
    if forbidden(locked, changed):
        return
    said, says = locked.find(s, c), changed.find(s, c)
    assert (said is None) == (says is None)
    assert says is None or (says.severity is safety.Severity.BLOCK and not says.overridable)
