"""The clinic's rules: versions, what may not be changed, whom a change would touch, and what a decision relied on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from clinic.models import AuditEvent
from tests.factories import people
from tests.factories import treatments as make
from treatments import gate, plans, rulebook
from treatments.forms.safety import RuleForm
from treatments.models import Reliance, SafetyOverride, SafetyRule
from treatments.safety import BUILTIN, About, Effect, Gate, Rule, Technique, Term
from treatments.safety.rules import ALWAYS, LOCKED

pytestmark = pytest.mark.django_db
#: After the tables of these tests were made.
LATER = datetime(2040, 1, 2, 9, tzinfo=UTC)


def the(name):
    return next(rule for rule in rulebook.in_force() if rule.id == name)


def changed(name, **facts):
    return replace(the(name), **facts)


def save(rule, why="Our physician decided so"):
    return rulebook.save(rule, why=why, by=people.an_owner(), now=LATER)


def read(episode):
    return gate.read(episode, today=make.TODAY, now=make.NOW)


# -- Rows ----------------------------------------------------------------------------------------------


def test_what_tonus_comes_with_is_version_one_of_each_rule():
    rulebook.load(SafetyRule, at=make.NOW)
    assert SafetyRule.objects.count() == len(BUILTIN)
    assert set(SafetyRule.objects.values_list("version", flat=True)) == {1}
    assert rulebook.in_force() == BUILTIN
    assert all(row.changed_by is None and row.why for row in SafetyRule.objects.all())


def test_loading_again_adds_nothing_and_changes_nothing():
    save(changed("CON-09", sentence="Stay off broken skin."))
    assert rulebook.load(SafetyRule, at=LATER) == 0
    assert the("CON-09").sentence == "Stay off broken skin."


def test_a_change_is_the_next_version_and_the_old_one_says_until_when():
    save(changed("TEC-03", when=(Term(About.ONSET_DAYS, limit=5),)))
    old, new = SafetyRule.objects.filter(rule="TEC-03").order_by("version")
    assert (old.version, old.in_force_until, new.version, new.in_force_until) == (1, LATER, 2, None)
    assert (new.changed_by.roles, new.why) == (["owner"], "Our physician decided so")
    assert AuditEvent.objects.get(action="rule.changed").detail == {"rule": "TEC-03", "version": 2}


def test_what_is_changed_is_what_is_asked_from_then_on():
    episode = make.an_episode(onset_on=make.TODAY - timedelta(days=5))
    assert "TEC-03" not in {f.rule for f in read(episode).verdict("neuromuscular").findings}
    save(changed("TEC-03", when=(Term(About.ONSET_DAYS, limit=5),)))
    found = next(f for f in read(episode).verdict("neuromuscular").findings if f.rule == "TEC-03")
    assert found.reference == "TEC-03@2"


def test_of_two_who_change_one_rule_the_second_looks_again():
    first, second = changed("CON-09", title="Skin"), changed("CON-09", title="Broken skin")
    save(first)
    with pytest.raises(rulebook.RuleRefused, match="Somebody else"):
        save(second)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, "Nothing was changed"),
        ({"source": " "}, "a sentence and a source"),
        ({"sentence": "Look at {where}"}, "only placeholder"),
        ({"when": ()}, "at least one thing"),
        ({"gates": (Gate(), Gate(), Gate())}, "at least one technique"),
        ({"gates": (Gate(Effect.NONE, cap=2), Gate(Effect.LIMIT), Gate())}, "goes with a limit"),
        ({"minutes": 900}, "5 to 240"),
        ({"when": (Term(About.CONCERN, frozenset({"bad hair"})),)}, "Not a choice"),
        ({"when": (Term(About.CONCERN, frozenset({"cancer"}), at_least=3),)}, "more than are chosen"),
        ({"when": (Term(About.AGE),)}, "Enter a number"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(facts, sentence):
    with pytest.raises(rulebook.RuleRefused, match=sentence):
        save(changed("CON-09", **facts))
    assert SafetyRule.objects.filter(rule="CON-09").count() == 1


def test_a_change_says_why():
    with pytest.raises(rulebook.RuleRefused, match="Say why"):
        save(changed("CON-09", title="Skin"), why="  ")


@pytest.mark.parametrize("name", sorted(LOCKED))
def test_an_emergency_is_neither_loosened_nor_switched_off_nor_asked_for_otherwise(name):
    free = Gate(Effect.LIMIT)
    for facts in ({"off": True}, {"gates": (free, free, free)}, {"when": (Term(About.AGE, limit=60),)}):
        with pytest.raises(rulebook.RuleRefused):
            save(changed(name, **facts))
    assert save(changed(name, sentence="Stop. Ambulance.")).version == 2


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_what_nobody_knows_cannot_be_silenced_but_made_stricter(name):
    for facts in ({"off": True}, {"gates": (Gate(), Gate(), Gate())}, {"when": (Term(About.AGE, limit=60),)}):
        with pytest.raises(rulebook.RuleRefused):
            save(changed(name, **facts))
    block = Gate(Effect.BLOCK)
    assert save(changed(name, gates=(block, block, block))).version == 2


def test_any_other_rule_can_be_switched_off():
    patient = make.a_patient()
    make.a_condition(patient, "Varicose veins")
    episode = make.an_episode(patient)
    assert "CON-12" in {f.rule for f in read(episode).verdict("gentle").findings}
    save(changed("CON-12", off=True))
    assert "CON-12" not in {f.rule for f in read(episode).verdict("gentle").findings}


def own(**facts):
    limit = Gate(Effect.LIMIT, cap=2)
    rule = Rule(
        rulebook.next_own_id(), "Over ninety", (Term(About.AGE, limit=90),), (limit, limit, Gate(Effect.BLOCK)),
        "Over ninety: light hands.", "Clinic policy 7", version=0, minutes=30,
    )  # fmt: skip
    return replace(rule, **facts)


def test_a_clinic_adds_rules_of_its_own():
    save(own())
    old = make.an_episode(make.a_patient(born_on=make.TODAY.replace(year=1930)))
    verdict = read(old).verdict("gentle")
    assert (verdict.minutes, rulebook.next_own_id()) == (30, "OWN-02")
    assert "OWN-01@1" in {f.reference for f in verdict.findings}


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: SafetyRule.objects.filter(rule="RED-01").update(gates=[]),
        lambda: SafetyRule.objects.filter(rule="RED-01").update(sentence="Go on"),
        lambda: SafetyRule.objects.filter(rule="RED-01").delete(),
        lambda: SafetyRule.objects.all()._raw_delete("default"),
        lambda: SafetyRule.objects.filter(rule="RED-01").update(version=9),
    ],
)
def test_no_path_changes_a_version_of_a_rule(attempt):
    with pytest.raises(DatabaseError), transaction.atomic():
        attempt()
    assert rulebook.in_force() == BUILTIN


def test_a_version_that_ended_stays_ended():
    save(changed("CON-09", title="Skin"))
    with pytest.raises(DatabaseError), transaction.atomic():
        SafetyRule.objects.filter(rule="CON-09", version=1).update(in_force_until=None)


# -- Whom it would touch -------------------------------------------------------------------------------


def three_patients():
    made = []
    for name in ("Varicose veins", "Osteoporosis", "Gout"):
        patient = make.a_patient(family_name=name.split()[0])
        make.a_condition(patient, name)
        made.append(make.an_episode(patient))
    return [(episode, read(episode).snapshot) for episode in made]


def test_a_change_names_the_verdicts_that_differ_and_no_other():
    present = three_patients()
    block = Gate(Effect.BLOCK)
    touched = rulebook.touched(
        changed("CON-12", gates=(Gate(Effect.LIMIT, locally=True), block, block)), present, rulebook.in_force()
    )
    assert {(t.episode.patient.family_name, t.technique) for t in touched} == {("Varicose", Technique.NEUROMUSCULAR)}
    assert [(t.before.word, t.after.word, t.stricter) for t in touched] == [("limits", "blocked", True)]


def test_a_change_of_words_touches_nobody():
    assert rulebook.touched(changed("CON-12", sentence="Mind the veins."), three_patients(), rulebook.in_force()) == []


def test_what_was_shown_is_what_becomes_true():
    """The verdicts before the save and after it are those of the preview."""
    present = three_patients()
    rule = changed("CON-06", gates=(Gate(Effect.CLEARANCE), Gate(Effect.BLOCK), Gate(Effect.BLOCK)))
    touched = rulebook.touched(rule, present, rulebook.in_force())
    assert len(touched) == 2 or len(touched) == 3
    save(rule)
    for row in touched:
        now = read(row.episode).verdict(row.technique, row.episode.regions)
        assert (now.word, now.pressure_cap) == (row.after.word, row.after.pressure_cap)


# -- What a decision relied on -------------------------------------------------------------------------


def test_a_rule_that_is_set_aside_is_kept_with_its_version():
    save(changed("TEC-08", sentence="No diagnosis: gentle only."))
    plan = make.a_plan(make.an_episode(diagnosed=False), massages=(make.a_massage(override_reason="Dr. O agreed"),))
    kept = Reliance.objects.get(intervention__plan=plan)
    assert kept.verdict == "clearance"
    assert "TEC-08@2" in kept.rules
    assert SafetyOverride.objects.get().rule == "TEC-08"


def test_a_signed_note_is_kept_with_what_the_rules_said_of_what_was_done():
    note = make.a_signed_note()
    kept = note.reliances.get()
    assert (kept.technique, kept.relied_by) == ("neuromuscular", note.author.user)
    assert "TEC-02@1" in kept.rules
    with pytest.raises(DatabaseError), transaction.atomic():
        Reliance.objects.update(rules=[])


def test_a_plan_without_a_block_relies_on_nothing():
    make.a_plan()
    assert not Reliance.objects.exists()


def test_only_who_may_set_a_rule_aside_does():
    episode = make.an_episode(diagnosed=False)
    part = make.a_massage(override_reason="The desk thinks so")
    author = make.a_practitioner()
    with pytest.raises(plans.PlanRefused, match="Only a therapist"):
        plans.propose(
            episode, author=author, proposal=make.a_proposal(massages=(part,)), by=people.front_desk(), now=make.NOW,
            today=make.TODAY,
        )  # fmt: skip


# -- Pages ---------------------------------------------------------------------------------------------


@pytest.fixture
def owner(client):
    client.force_login(people.an_owner(), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def as_posted(rule, **facts):
    """The form of a rule as a browser sends it."""
    form = RuleForm(rule=rule)
    sent = {}
    for name in form.fields:
        value = form[name].value()
        if value is True:
            sent[name] = "on"
        elif value not in (None, False, ""):
            sent[name] = value
    return sent | {"why": "Our physician decided so"} | facts


@pytest.mark.parametrize("rule", BUILTIN, ids=lambda rule: rule.id)
def test_every_rule_comes_back_from_its_form_as_it_went_in(rule):
    form = RuleForm(as_posted(rule), rule=rule)
    assert form.is_valid(), form.errors
    assert form.changed == rule


def test_the_owner_sees_whom_a_change_touches_before_it_is_saved(owner):
    episode, *_ = [episode for episode, _ in three_patients()]
    url = reverse("treatments:rule", args=["CON-12"])
    sent = as_posted(the("CON-12"), gentle_effect="block")
    shown = owner.post(url, sent)
    text = shown.content.decode()
    assert shown.status_code == 200
    assert "1 patient</strong>" in text
    assert episode.patient.display_name in text
    assert the("CON-12").version == 1, "looking saves nothing"
    mark = shown.context["preview"]["mark"]
    assert owner.post(url, sent | {"save": "1", "shown": mark}).status_code == 303
    assert (the("CON-12").version, the("CON-12").gates[0].effect) == (2, Effect.BLOCK)


def test_what_was_changed_after_the_look_is_looked_at_again(owner):
    url = reverse("treatments:rule", args=["CON-12"])
    sent = as_posted(the("CON-12"), gentle_effect="block")
    mark = owner.post(url, sent).context["preview"]["mark"]
    again = owner.post(url, sent | {"deep_tissue_effect": "block", "save": "1", "shown": mark})
    assert again.context["preview"]["mark"] != mark
    assert the("CON-12").version == 1


def test_a_refused_change_says_so_and_keeps_what_was_typed(owner):
    url = reverse("treatments:rule", args=["RED-01"])
    answer = owner.post(url, as_posted(the("RED-01"), gentle_effect="limit", sentence="Perhaps {what}"))
    assert answer.status_code == 422
    assert "made stricter, not looser" in answer.content.decode()
    assert "Perhaps {what}" in answer.content.decode()


def test_a_rule_of_ones_own_is_made_in_two_steps(owner):
    url = reverse("treatments:rule_new")
    assert owner.get(url, {"about": "age", "besides": "age"}).status_code == 422
    url = f"{url}?about=age&besides=drug"
    assert "Last muscle relaxant" not in owner.get(url).content.decode()
    sent = {
        "t0_limit": "80", "t1_values": ["nsaid"], "t1_least": "1", "gentle_effect": "none",
        "neuromuscular_effect": "limit", "neuromuscular_cap": "2", "deep_tissue_effect": "block", "title": "Old, NSAID",
        "sentence": "Bruises easily: {what}.", "source": "Clinic policy 9", "why": "Two bad bruises",
    }  # fmt: skip
    mark = owner.post(url, sent).context["preview"]["mark"]
    owner.post(url, sent | {"save": "1", "shown": mark})
    made = the("OWN-01")
    assert (made.version, made.when[0].limit, made.when[1].any_of) == (1, 80, {"nsaid"})


def test_what_was_set_aside_is_listed_for_the_owner(owner):
    make.a_plan(make.an_episode(diagnosed=False), massages=(make.a_massage(override_reason="Dr. O agreed"),))
    text = owner.get(reverse("treatments:rules_set_aside")).content.decode()
    assert "Dr. O agreed" in text
    assert "TEC-08@1" in text
    assert AuditEvent.objects.filter(action="rules.set_aside.viewed").count() == 1


@pytest.mark.parametrize("name", ["rules", "rules_set_aside", "rule_new"])
def test_nobody_but_the_owner_sees_the_rules(client, name):
    for user in (people.front_desk(), make.a_practitioner().user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert client.get(reverse(f"treatments:{name}")).status_code == 403


def test_an_unknown_rule_is_not_found(owner):
    assert owner.get(reverse("treatments:rule", args=["XYZ-99"])).status_code == 404


@pytest.mark.parametrize("rows", [1, 4])
def test_the_lists_and_the_preview_cost_the_same_however_many_there_are(owner, rows, django_assert_max_num_queries):
    for n in range(rows):
        patient = make.a_patient(family_name=f"P{n}")
        make.a_condition(patient, "Varicose veins")
        make.a_plan(make.an_episode(patient, diagnosed=False), massages=(make.a_massage(override_reason="Dr. O"),))
    with django_assert_max_num_queries(12):
        owner.get(reverse("treatments:rules_set_aside"))
    with django_assert_max_num_queries(12):
        owner.get(reverse("treatments:rules"))
    with django_assert_max_num_queries(26):
        owner.post(reverse("treatments:rule", args=["CON-12"]), as_posted(the("CON-12"), gentle_effect="block"))


@pytest.mark.parametrize("rows", [1, 4])
def test_a_gate_costs_two_statements_whatever_is_known(rows, django_assert_num_queries):
    patient = make.a_patient()
    for n in range(rows):
        make.a_condition(patient, f"Condition {n}")
        make.a_medication(patient, f"Drug {n}")
        make.an_injury(patient)
    episode = make.an_episode(patient)
    with django_assert_num_queries(2):
        read(episode).each(["low_back_left"])
