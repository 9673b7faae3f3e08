"""The clinic's safety rules: read as typed data, changed by a new version, never overwritten.

What Tonus comes with is version 1 (safety.builtin). Before a change is saved, `touched` says for which patients a
verdict would differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from clinic import audit
from clinic.models import User
from treatments import safety
from treatments.models import Episode, SafetyRule
from treatments.safety import BUILTIN, Choice, Rule, Snapshot, Technique, codec, rules
from treatments.safety.facts import Position

#: One sentence for all that came with Tonus.
SHIPPED = "Came with Tonus"
_LOCK = 0x72756C65  # "rule": one change at a time


class RuleRefused(Exception):
    """Carries a sentence fit for the owner."""


def load(model: Any, *, at: datetime) -> int:
    """Write what came with Tonus as version 1; a rule that is there already stays. Returns how many were written."""
    known = set(model.objects.values_list("rule", flat=True))
    fresh = [model(**values_of(rule), in_force_from=at, why=SHIPPED) for rule in BUILTIN if rule.id not in known]
    model.objects.bulk_create(fresh)
    return len(fresh)


def in_force() -> tuple[Rule, ...]:
    """The rules of today, in one statement. A rule that came with Tonus and has no row yet counts as it came."""
    rows = {row.rule: rule_of(row) for row in SafetyRule.objects.in_force()}
    own = sorted((rule for name, rule in rows.items() if name not in _SHIPPED), key=lambda rule: rule.id)
    return (*(rows.get(rule.id, rule) for rule in BUILTIN), *own)


_SHIPPED = frozenset(rule.id for rule in BUILTIN)


def rule_of(row: SafetyRule) -> Rule:
    return Rule(
        id=row.rule,
        title=row.title,
        when=codec.when_from_data(row.conditions),
        gates=codec.gates_from_data(row.gates),
        sentence=row.sentence,
        source=row.source,
        version=row.version,
        position=Position(row.position),
        minutes=row.minutes,
        slow_rise=row.slow_rise,
        off=row.is_off,
    )


def values_of(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "version": rule.version,
        "title": rule.title,
        "severity": rule.severity.value,
        "conditions": codec.when_to_data(rule.when),
        "gates": codec.gates_to_data(rule.gates),
        "position": rule.position.value,
        "minutes": rule.minutes,
        "slow_rise": rule.slow_rise,
        "is_off": rule.off,
        "sentence": rule.sentence,
        "source": rule.source,
    }


# -- Changing one --------------------------------------------------------------------------------------


def check(rule: Rule, *, old: Rule | None) -> None:
    """Raise RuleRefused unless a clinic may have this rule."""
    try:
        codec.check(rule)
    except codec.BadRule as bad:
        raise RuleRefused(str(bad)) from None
    refusal = rules.forbidden(old, rule) if old is not None else ""
    if refusal:
        raise RuleRefused(refusal)


@transaction.atomic
def save(rule: Rule, *, why: str, by: User, now: datetime) -> SafetyRule:
    """Put a changed rule (its version is the one it was read at) or a new one (version 0) in force from now on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    load(SafetyRule, at=now)
    row = SafetyRule.objects.in_force().filter(rule=rule.id).first()
    if (row.version if row else 0) != rule.version:
        raise RuleRefused("Somebody else changed this rule meanwhile. Look at it again.")
    check(rule, old=rule_of(row) if row else None)
    if not why.strip():
        raise RuleRefused("Say why the rule changes.")
    if row is not None:
        if rule == rule_of(row):
            raise RuleRefused("Nothing was changed.")
        SafetyRule.objects.filter(pk=row.pk).update(in_force_until=now)
    values = values_of(replace(rule, version=rule.version + 1))
    saved = SafetyRule.objects.create(**values, in_force_from=now, changed_by=by, why=why.strip())
    audit.record("rule.changed", by=by, now=now, reason=why, detail={"rule": rule.id, "version": saved.version})
    return saved


def next_own_id() -> str:
    """The id of a clinic's next own rule."""
    own = SafetyRule.objects.filter(rule__startswith="OWN-").values_list("rule", flat=True).distinct()
    return f"OWN-{max((int(name[4:]) for name in own), default=0) + 1:02}"


# -- Whom it would touch -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Touched:
    """One technique for one open episode, before and after."""

    episode: Episode
    technique: Technique
    before: safety.Verdict
    after: safety.Verdict

    @property
    def stricter(self) -> bool:
        return self.after.strictness > self.before.strictness


def touched(changed: Rule, present: Sequence[tuple[Episode, Snapshot]], in_force: Sequence[Rule]) -> list[Touched]:
    """Every verdict that would differ if this rule were in force as given: pure."""
    old = next((rule for rule in in_force if rule.id == changed.id), None)
    after_rules = tuple(changed if rule.id == changed.id else rule for rule in in_force)
    if old is None:
        after_rules = (*after_rules, changed)
    found = []
    for episode, snapshot in present:
        for technique in Technique:
            choice = Choice(technique, frozenset(episode.regions))
            said = old.find(snapshot, choice) if old else None
            says = changed.find(snapshot, choice)
            if (said and _effect(said)) == (says and _effect(says)):
                continue
            before = safety.verdict(snapshot, choice, in_force)
            after = safety.verdict(snapshot, choice, after_rules)
            if _sum(before) != _sum(after):
                found.append(Touched(episode, technique, before, after))
    return found


def _effect(finding: safety.Finding) -> tuple[Any, ...]:
    """All of a finding but its words."""
    return (
        finding.severity, finding.overridable, finding.pressure_cap, finding.indicated, finding.locally,
        finding.regions, finding.position, finding.minutes, finding.slow_rise,
    )  # fmt: skip


def _sum(verdict: safety.Verdict) -> tuple[Any, ...]:
    return (verdict.word, verdict.pressure_cap, verdict.minutes, verdict.positions, verdict.slow_rise, verdict.avoid)
