"""Rules as plain values and back: how they are stored. What does not fit the types is refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from treatments.safety.facts import Position
from treatments.safety.rules import Effect, Gate, Rule, Term
from treatments.safety.subjects import NUMBERS, SETS, About


class BadRule(ValueError):
    """A rule that does not fit the types; carries a sentence."""


def when_to_data(when: Sequence[Term]) -> list[dict[str, Any]]:
    return [
        {
            "about": term.about.value,
            "any_of": sorted(term.any_of),
            "at_least": term.at_least,
            "limit": term.limit,
            "or_unknown": term.or_unknown,
        }
        for term in when
    ]


def gates_to_data(gates: Sequence[Gate]) -> list[dict[str, Any]]:
    return [{"effect": gate.effect.value, "cap": gate.cap, "locally": gate.locally} for gate in gates]


def when_from_data(data: Sequence[Mapping[str, Any]]) -> tuple[Term, ...]:
    return tuple(
        Term(
            About(row["about"]),
            frozenset(row["any_of"]),
            at_least=row["at_least"],
            limit=row["limit"],
            or_unknown=row["or_unknown"],
        )
        for row in data
    )


def gates_from_data(data: Sequence[Mapping[str, Any]]) -> tuple[Gate, Gate, Gate]:
    gentle, neuromuscular, deep = (Gate(Effect(row["effect"]), row["cap"], row["locally"]) for row in data)
    return gentle, neuromuscular, deep


def check(rule: Rule) -> None:
    """Raise BadRule unless the rule can fire, says why, and stays within its types."""
    if not rule.when:
        raise BadRule("A rule asks for at least one thing.")
    if len({term.about for term in rule.when}) != len(rule.when):
        raise BadRule("A rule asks for each thing once.")
    for term in rule.when:
        _check_term(term)
    for gate in rule.gates:
        if gate.cap is not None and not 1 <= gate.cap <= 5:
            raise BadRule("A pressure cap is 1 to 5.")
        if gate.cap is not None and gate.effect in (Effect.NONE, Effect.INDICATED):
            raise BadRule("A pressure cap goes with a limit, a clearance or a block.")
    if all(gate.effect is Effect.NONE for gate in rule.gates):
        raise BadRule("Say what happens to at least one technique.")
    if not rule.sentence.strip() or not rule.source.strip() or not rule.title.strip():
        raise BadRule("A rule has a name, a sentence and a source.")
    if "{" in rule.sentence.replace("{what}", "") or "}" in rule.sentence.replace("{what}", ""):
        raise BadRule("The only placeholder is {what}.")
    Position(rule.position)
    if rule.minutes is not None and not 5 <= rule.minutes <= 240:
        raise BadRule("A limit of time is 5 to 240 minutes.")


def _check_term(term: Term) -> None:
    if term.about in NUMBERS:
        if term.any_of or (term.limit is None and not term.or_unknown):
            raise BadRule("Enter a number, or say that it counts when nobody knows.")
        if term.limit is not None and not 0 <= term.limit <= 40000:
            raise BadRule("That number is out of range.")
        return
    subject = SETS[term.about]
    if not term.any_of:
        raise BadRule(f"Choose at least one: {subject.label.lower()}.")
    if subject.values and term.any_of - set(subject.values):
        raise BadRule(f"Not a choice: {', '.join(sorted(term.any_of - set(subject.values)))}.")
    if not 1 <= term.at_least <= len(term.any_of):
        raise BadRule("How many have to be there cannot be more than are chosen.")
