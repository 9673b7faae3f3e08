"""Is this technique right for this patient now? A frozen snapshot and a set of rules in, findings out.

Guarantees (docs/algorithms/safety.md): same snapshot and rules, same findings; every finding names its rule, the
rule's version and its source; what nobody knows is never read as "none"; no finding speaks of doses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from treatments.safety.builtin import BUILTIN
from treatments.safety.facts import (
    NO_DOSE,
    Allergies,
    Choice,
    Concern,
    Drug,
    Finding,
    Flag,
    Mark,
    Position,
    Severity,
    Since,
    Snapshot,
    Technique,
    Tissue,
    WayHome,
)
from treatments.safety.rules import Effect, Gate, Rule, Term
from treatments.safety.subjects import About

__all__ = [
    "BUILTIN",
    "NO_DOSE",
    "About",
    "Allergies",
    "Choice",
    "Concern",
    "Drug",
    "Effect",
    "Finding",
    "Flag",
    "Gate",
    "Mark",
    "Position",
    "Rule",
    "Severity",
    "Since",
    "Snapshot",
    "Technique",
    "Term",
    "Tissue",
    "Verdict",
    "WayHome",
    "findings",
    "verdict",
]

#: A verdict's words, the strictest last. "indicated" is as free as "allowed".
STRICTNESS = {"indicated": 0, "allowed": 0, "limits": 1, "clearance": 2, "blocked": 3}


@dataclass(frozen=True)
class Verdict:
    """All findings about one choice, the gravest first, and what follows from them."""

    choice: Choice
    findings: tuple[Finding, ...]

    @property
    def blocks(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity is Severity.BLOCK)

    @property
    def absolute(self) -> tuple[Finding, ...]:
        """Blocks that no reason sets aside."""
        return tuple(f for f in self.blocks if not f.overridable)

    @property
    def pressure_cap(self) -> int | None:
        """The lowest cap of any finding; None when no rule limits the pressure."""
        return min((f.pressure_cap for f in self.findings if f.pressure_cap is not None), default=None)

    @property
    def minutes(self) -> int | None:
        """The shortest limit of time; None when no rule sets one."""
        return min((f.minutes for f in self.findings if f.minutes is not None), default=None)

    @property
    def positions(self) -> tuple[Position, ...]:
        return tuple(sorted({f.position for f in self.findings if f.position}))

    @property
    def avoid(self) -> frozenset[str]:
        """Regions that hands stay away from, as far as they are known."""
        return frozenset().union(*(f.regions for f in self.findings if f.locally))

    @property
    def slow_rise(self) -> bool:
        return any(f.slow_rise for f in self.findings)

    @property
    def word(self) -> str:
        """One word for pages: blocked, clearance, limits, indicated or allowed."""
        if self.absolute:
            return "blocked"
        if self.blocks:
            return "clearance"
        if any(f.severity is Severity.WARN for f in self.findings):
            return "limits"
        return "indicated" if any(f.indicated for f in self.findings) else "allowed"

    @property
    def strictness(self) -> tuple[int, int]:
        """To compare two verdicts: how closed, then how little pressure is left."""
        return STRICTNESS[self.word], -(self.pressure_cap or 5)

    @property
    def indicated(self) -> bool:
        return not self.blocks and any(f.indicated for f in self.findings)


def findings(snapshot: Snapshot, choice: Choice, rules: Sequence[Rule] = BUILTIN) -> tuple[Finding, ...]:
    """What every rule finds, the gravest first, in the rules' own order within one severity."""
    found = [f for f in (rule.find(snapshot, choice) for rule in rules) if f is not None]
    return tuple(sorted(found, key=lambda f: -f.severity))


def verdict(snapshot: Snapshot, choice: Choice, rules: Sequence[Rule] = BUILTIN) -> Verdict:
    return Verdict(choice=choice, findings=findings(snapshot, choice, rules))
