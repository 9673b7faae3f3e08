"""Is this technique right for this patient now? A frozen snapshot in, findings out; someone else decides.

Guarantees (docs/algorithms/safety.md): same snapshot, same findings; every finding names its rule and source;
what nobody knows warns and is never read as "none"; no finding speaks of doses.
"""

from __future__ import annotations

from dataclasses import dataclass

from treatments.safety.facts import (
    Allergies,
    Choice,
    Concern,
    Drug,
    Finding,
    Severity,
    Snapshot,
    Technique,
    Tissue,
)
from treatments.safety.rules import RULES, VERSION, Rule

__all__ = [
    "RULES",
    "VERSION",
    "Allergies",
    "Choice",
    "Concern",
    "Drug",
    "Finding",
    "Rule",
    "Severity",
    "Snapshot",
    "Technique",
    "Tissue",
    "Verdict",
    "findings",
    "verdict",
]


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
    def indicated(self) -> bool:
        return not self.blocks and any(f.indicated for f in self.findings)


def findings(snapshot: Snapshot, choice: Choice) -> tuple[Finding, ...]:
    """What every rule finds, the gravest first, in the rules' own order within one severity."""
    found = [f for f in (rule.find(snapshot, choice) for rule in RULES) if f is not None]
    return tuple(sorted(found, key=lambda f: -f.severity))


def verdict(snapshot: Snapshot, choice: Choice) -> Verdict:
    return Verdict(choice=choice, findings=findings(snapshot, choice))
