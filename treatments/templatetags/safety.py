"""How pages draw rules and red flags."""

from __future__ import annotations

from dataclasses import dataclass, field

from django import template
from django.template.context import Context

from clinic.access import Can
from patients.models import Patient
from treatments import red_flags, regions
from treatments.safety import Effect, Finding, Gate, Position, Term
from treatments.safety.subjects import FLAGS, NUMBERS, SETS, About

register = template.Library()

#: What a gate does, in words, with the colour of its badge.
EFFECTS = {
    Effect.NONE: ("–", "light"),
    Effect.INDICATED: ("Indicated", "success"),
    Effect.LIMIT: ("With limits", "warning"),
    Effect.CLEARANCE: ("Needs clearance", "danger"),
    Effect.BLOCK: ("Blocked", "danger"),
}
POSITIONS = {
    Position.NOT_PRONE: "not face down",
    Position.SIDE_LYING: "on the side",
    Position.HEAD_RAISED: "head raised",
    Position.SUPPORTED: "supported with cushions",
}


@register.filter
def gate_words(gate: Gate) -> str:
    cap = f", pressure ≤ {gate.cap}" if gate.cap else ""
    return f"{EFFECTS[gate.effect][0]}{' there' if gate.locally else ''}{cap}"


@register.filter
def gate_tone(gate: Gate) -> str:
    return EFFECTS[gate.effect][1]


@register.filter
def term_words(term: Term) -> str:
    """One condition of a rule, in words."""
    unknown = "nobody knows" if term.or_unknown else ""
    if term.about in NUMBERS:
        subject = NUMBERS[term.about]
        side = "at most" if subject.at_most else "at least"
        said = f"{side} {term.limit} {subject.unit}" if term.limit is not None else ""
        return f"{subject.label}: {' or '.join(filter(None, (said, unknown)))}"
    named = SETS[term.about].values
    if term.about is About.REGION:
        words = regions.labels(term.any_of)
    else:
        words = ", ".join(sorted(named.get(value, value) for value in term.any_of))
    least = f"{term.at_least} of " if term.at_least > 1 else ""
    return f"{SETS[term.about].label}: {least}{words}" + (f", or {unknown}" if unknown else "")


@register.filter
def limits_words(finding: Finding) -> str:
    """What a finding limits besides the pressure: where, how the patient lies, how long."""
    said = []
    if finding.locally and finding.regions:
        said.append(f"stay off: {_places(finding)}")
    if finding.position:
        said.append(POSITIONS[finding.position])
    if finding.minutes:
        said.append(f"at most {finding.minutes} min")
    return "; ".join(said)


def _places(finding: Finding) -> str:
    known = regions.labels(finding.regions)
    return known or ", ".join(sorted(name.replace("_", " ") for name in finding.regions))


@dataclass(frozen=True)
class Flags:
    """What the header and the chart show of the screen; empty for who may not know."""

    shown: bool = False
    emergency: list[str] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)
    unasked: int = 0


@register.simple_tag(takes_context=True)
def standing_flags(context: Context, patient: Patient) -> Flags:
    """Red flags that stand, for who may read the history; nothing for anyone else."""
    request = context["request"]
    visible = Patient.objects.visible_to(request.user, Can.SEE_HISTORY, now=request.now)
    if not visible.filter(pk=patient.pk).exists():
        return Flags()
    state = red_flags.state_of(patient)
    return Flags(
        shown=True,
        emergency=[FLAGS[f.value].capitalize() for f in sorted(state.emergency)],
        standing=[FLAGS[f.value].capitalize() for f in sorted(state.standing)],
        unasked=len(state.unasked),
    )
