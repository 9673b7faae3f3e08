"""What pages show at a glance: a patient's episodes, plans with their progress, notes. Reads only."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count

from clinic.models import User
from patients.models import Patient
from treatments import gate as gates
from treatments import safety
from treatments.models import Diagnosis, Episode, Intervention, Kind, Plan, PlanTemplate, SessionNote, Technique
from treatments.progress import Progress, progress_of

#: More than this many notes are behind a link.
RECENT = 12


@dataclass(frozen=True)
class EpisodeRow:
    """One episode on a patient's page: what it is, its diagnoses, its plan in force (or proposed) and how far."""

    episode: Episode
    diagnoses: list[Diagnosis]
    plan: Plan | None
    progress: Progress | None


@dataclass(frozen=True)
class Panel:
    episodes: list[EpisodeRow]
    notes: list[SessionNote]
    more_notes: int


@dataclass(frozen=True)
class PlanRow:
    plan: Plan
    progress: Progress


@dataclass(frozen=True)
class Card:
    """One technique and what is said of it alone."""

    technique: Technique
    verdict: safety.Verdict
    own: list[safety.Finding]


@dataclass(frozen=True)
class Gate:
    """The three techniques side by side; what holds for every one of them is said once."""

    common: list[safety.Finding]
    cards: list[Card]


def gate(verdicts: Mapping[str, safety.Verdict]) -> Gate:
    """Arrange the verdicts for a page. Only presentation: no finding is dropped."""
    every = [verdict.findings for verdict in verdicts.values()]
    common = [f for f in every[0] if all(f in found for found in every)] if every else []
    cards = [
        Card(Technique(name), verdict, [f for f in verdict.findings if f not in common])
        for name, verdict in verdicts.items()
    ]
    return Gate(common=common, cards=cards)


def of_patient(patient: Patient, *, reader: User | None) -> Panel:
    """All of one patient, in a number of queries that does not grow with what there is; notes for a reader of notes."""
    episodes = list(Episode.objects.for_patient(patient).newest_first())
    diagnoses = list(Diagnosis.objects.for_patient(patient).standing().newest_first())
    current = list(
        Plan.objects.for_patient(patient).open().prefetch_related("interventions").select_related("author__user")
    )
    current.sort(key=lambda plan: (plan.status == "proposed", plan.pk))
    progress = _progress(current)
    rows = []
    for episode in episodes:
        plan = next((p for p in current if p.episode_id == episode.pk), None)
        rows.append(
            EpisodeRow(
                episode=episode,
                diagnoses=[d for d in diagnoses if d.episode_id == episode.pk],
                plan=plan,
                progress=progress[plan.uid] if plan else None,
            )
        )
    notes: list[SessionNote] = []
    if reader is not None:
        written = SessionNote.objects.for_patient(patient).saying_who_reads(reader)
        notes = list(written.newest_first().for_list()[: RECENT + 1])
    return Panel(episodes=rows, notes=notes[:RECENT], more_notes=max(0, len(notes) - RECENT))


def plans_of(episode: Episode) -> list[PlanRow]:
    """Every version, the newest first."""
    versions = list(episode.plans.prefetch_related("interventions").select_related("author__user").order_by("-version"))
    progress = _progress(versions)
    return [PlanRow(plan, progress[plan.uid]) for plan in versions]


def templates_for(episode: Episode) -> list[PlanTemplate]:
    """The templates in use, those that suit the episode best first."""
    return sorted(PlanTemplate.objects.in_use(), key=lambda template: (-template.fits(episode), template.name))


def notes_of(episode: Episode, *, reader: User) -> list[SessionNote]:
    return list(episode.notes.saying_who_reads(reader).newest_first().for_list())  # type: ignore[attr-defined]


def progress(plan: Plan) -> Progress:
    return _progress([plan])[plan.uid]


def _progress(several: Iterable[Plan]) -> dict[uuid.UUID, Progress]:
    several = list(several)
    counted = SessionNote.objects.signed().filter(plan__in=several).values_list("plan__uid").annotate(done=Count("pk"))
    return progress_of(several, dict(counted))


def verdicts_of_plan(plan: Plan, today: date, now: datetime) -> dict[int, safety.Verdict]:
    """What the rules say today about each massage of a plan, by its row: a patient changes, a plan does not."""
    massages: list[Intervention] = [part for part in plan.interventions.all() if part.kind == Kind.MASSAGE]
    if not massages:
        return {}
    plan.episode.patient = plan.patient
    reading = gates.read(plan.episode, today=today, now=now)
    return {part.pk: reading.verdict(part.technique, part.regions) for part in massages}
