"""What a rule is: an id for life, typed conditions, a gate for each technique, a sentence and its source.

A rule is data. It asks only for a danger or for "nobody knows", never for "none": so that knowing one more danger,
or knowing less, can make a verdict stricter and never looser, whatever a clinic writes into its rules.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from treatments.body import atlas
from treatments.safety.facts import Choice, Concern, Finding, Position, Severity, Snapshot, Technique
from treatments.safety.subjects import NUMBERS, SETS, About, listed


class Effect(StrEnum):
    """What a rule does to one technique."""

    NONE = "none"
    INDICATED = "indicated"
    LIMIT = "limit"
    CLEARANCE = "clearance"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        return {"none": 0, "indicated": 0, "limit": 1, "clearance": 2, "block": 3}[self.value]


@dataclass(frozen=True)
class Gate:
    """One cell of the table: what happens, how much pressure is left, and whether it holds for the place alone."""

    effect: Effect = Effect.NONE
    cap: int | None = None
    locally: bool = False

    @property
    def letters(self) -> str:
        """As the table prints it: X, XL, C, CL, M, L, I or -."""
        first = {"none": "-", "indicated": "I", "limit": "M", "clearance": "C", "block": "X"}[self.effect.value]
        if self.effect is Effect.LIMIT:
            return "L" if self.locally else "M"
        return first + ("L" if self.locally else "")


@dataclass(frozen=True)
class Term:
    """One condition. A set holds when enough of `any_of` are there, a number on its dangerous side of `limit`."""

    about: About
    any_of: frozenset[str] = frozenset()
    at_least: int = 1
    limit: int | None = None
    #: Holds as well when nobody knows.
    or_unknown: bool = False

    def matches(self, s: Snapshot, c: Choice) -> tuple[str, ...] | None:
        """The values that make it hold; None when it does not."""
        if self.about in NUMBERS:
            return self._number(NUMBERS[self.about].read(s))
        subject = SETS[self.about]
        known = subject.read(s, c)
        if self.about is About.REGION:
            found = tuple(sorted(region for region in self.any_of if _meet({region}, known)))
        else:
            found = tuple(sorted(known & self.any_of))
        if len(found) >= self.at_least:
            return found
        return () if self.or_unknown and subject.unknown(s, c) else None

    def _number(self, value: int | None) -> tuple[str, ...] | None:
        if value is None:
            return () if self.or_unknown else None
        if self.limit is None:
            return None
        holds = value <= self.limit if NUMBERS[self.about].at_most else value >= self.limit
        return () if holds else None


@dataclass(frozen=True)
class Rule:
    """All terms together make it fire; then each technique has its gate."""

    id: str
    title: str
    when: tuple[Term, ...]
    #: Gentle, neuromuscular, deep tissue.
    gates: tuple[Gate, Gate, Gate]
    #: {what} stands for what was found: the drugs, the conditions, the names.
    sentence: str
    source: str
    version: int = 1
    position: Position = Position.ANY
    minutes: int | None = None
    slow_rise: bool = False
    off: bool = False

    def gate(self, technique: Technique) -> Gate:
        return self.gates[tuple(Technique).index(technique)]

    @property
    def severity(self) -> Effect:
        """The gravest of its gates."""
        return max((gate.effect for gate in self.gates), key=tuple(Effect).index)

    def find(self, s: Snapshot, c: Choice) -> Finding | None:
        """What it says of this choice; None when it has nothing to say."""
        if self.off:
            return None
        gate = self.gate(c.technique)
        if gate.effect is Effect.NONE:
            return None
        found: dict[About, tuple[str, ...]] = {}
        for term in self.when:
            matched = term.matches(s, c)
            if matched is None:
                return None
            found[term.about] = matched
        return self._finding(gate, s, c, found)

    def _finding(self, gate: Gate, s: Snapshot, c: Choice, found: dict[About, tuple[str, ...]]) -> Finding | None:
        regions = self._place(s, found) if gate.locally else frozenset()
        effect = gate.effect
        if effect is Effect.INDICATED and gate.locally and not _meet(regions, c.regions):
            # Called for at its place, and there alone.
            return None
        if effect is Effect.BLOCK and gate.locally and regions and c.regions and not _meet(regions, c.regions):
            # Known to be elsewhere on both sides: hands may work around it.
            effect = Effect.LIMIT
        limited = effect is not Effect.INDICATED
        return Finding(
            rule=self.id,
            version=self.version,
            severity=_SEVERITY[effect],
            message=self._sentence(s, found) + self._ending(gate, effect, c.technique),
            source=self.source,
            overridable=effect is Effect.CLEARANCE,
            pressure_cap=gate.cap if limited else None,
            indicated=effect is Effect.INDICATED,
            locally=gate.locally and limited,
            regions=regions,
            position=self.position if limited else Position.ANY,
            minutes=self.minutes if limited else None,
            slow_rise=self.slow_rise and limited,
        )

    def _place(self, s: Snapshot, found: dict[About, tuple[str, ...]]) -> frozenset[str]:
        """Where "locally" is: the place of what was found, else of the injury; empty when one is not known."""
        if About.CONCERN not in found:
            return s.injured_regions
        places = [s.regions_of(Concern(value)) for value in found[About.CONCERN]]
        return frozenset().union(*places) if all(places) else frozenset()

    def _sentence(self, s: Snapshot, found: dict[About, tuple[str, ...]]) -> str:
        what = next((listed(about, values, s) for about, values in found.items() if values), "this")
        return self.sentence.replace("{what}", what)

    def _ending(self, gate: Gate, effect: Effect, technique: Technique) -> str:
        """What follows for this technique, said after the reason."""
        where = " there" if gate.locally else ""
        if effect is Effect.CLEARANCE:
            return " Needs clearance first."
        if effect is not Effect.BLOCK:
            return ""
        if all(each.effect is Effect.BLOCK for each in self.gates):
            return f" No massage{where}."
        return f" No {_WORK[technique]}{where}."


def _meet(some: AbstractSet[str], others: AbstractSet[str]) -> bool:
    """Whether a place of one is, covers or is part of a place of the other."""
    return bool(some & others) or any(atlas.touch(one, other) for one in some for other in others)


_SEVERITY = {
    Effect.INDICATED: Severity.INFO,
    Effect.LIMIT: Severity.WARN,
    Effect.CLEARANCE: Severity.BLOCK,
    Effect.BLOCK: Severity.BLOCK,
}
_WORK = {
    Technique.GENTLE: "gentle massage",
    Technique.NEUROMUSCULAR: "sustained pressure",
    Technique.DEEP_TISSUE: "deep tissue work",
}


# -- What a clinic may not take away -------------------------------------------------------------------

#: Emergencies: neither switched off nor loosened, and their conditions stay.
LOCKED = frozenset({"RED-01", "CON-02"})
#: Whether it was asked, examined, screened: may be made stricter, never silent.
ALWAYS = frozenset({"ASK-01", "ASK-02", "ASK-03", "TEC-09", "RED-05"})


def forbidden(old: Rule, new: Rule) -> str:
    """Why a clinic may not change a rule so; empty when it may."""
    if old.id not in LOCKED | ALWAYS:
        return ""
    if new.off:
        return "This rule stands for every clinic and cannot be switched off."
    if any(n.effect.rank < o.effect.rank for o, n in zip(old.gates, new.gates, strict=True)):
        return "This rule can be made stricter, not looser."
    if old.id in LOCKED and (new.when != old.when or any(gate.locally for gate in new.gates)):
        return "What this rule asks for is the same in every clinic."
    if old.id in ALWAYS and any(not _covers(new, term) for term in old.when):
        return "What nobody knows must go on showing: keep what this rule asks for."
    return ""


def _covers(new: Rule, old: Term) -> bool:
    """Whether the changed rule still asks for all that the old test asked for, and for nothing besides."""
    if len(new.when) != 1:
        return False
    term = new.when[0]
    return (
        term.about is old.about
        and term.any_of >= old.any_of
        and term.at_least <= old.at_least
        and (term.or_unknown or not old.or_unknown)
    )
