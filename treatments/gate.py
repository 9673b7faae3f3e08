"""The technique gate: what is known of a patient and the clinic's rules, read once, asked as often as one likes.

The chart, the plan and the booking ask here. What a signed note or a set-aside rule relied on is kept with the
versions of the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from clinic.models import User
from clinic.time import local_day
from treatments import history, rulebook, safety, screening
from treatments.models import Diagnosis, Episode, Intervention, Reliance, SessionNote
from treatments.safety import Choice, Rule, Snapshot, Technique, Verdict
from treatments.safety.redflags import State


@dataclass(frozen=True)
class Reading:
    """One patient at one moment, and the rules then in force."""

    snapshot: Snapshot
    rules: tuple[Rule, ...]
    #: What stands of the red flags, and of the diagnoses of the episode, the newest first.
    red_flags: State
    diagnoses: tuple[Diagnosis, ...]

    def verdict(self, technique: str, regions: Iterable[str] = ()) -> Verdict:
        return safety.verdict(self.snapshot, Choice(Technique(technique), frozenset(regions)), self.rules)

    def each(self, regions: Iterable[str] = ()) -> dict[str, Verdict]:
        """All three techniques on these regions."""
        where = frozenset(regions)
        return {technique.value: self.verdict(technique, where) for technique in Technique}


def read(episode: Episode, *, today: date, now: datetime | None) -> Reading:
    """In two statements, however long the history. The episode comes with its patient.

    Without `now` nothing that was asked today counts.
    """
    who = episode.patient.root_id
    rows = history.read({who})
    return Reading(
        screening.snapshot(episode, rows, today=today, now=now),
        rulebook.in_force(),
        screening.red_flags_of(rows, who),
        tuple(one for one in rows.diagnoses[who] if one.episode_id == episode.pk),
    )


def rely(
    verdicts: Sequence[Verdict],
    episode: Episode,
    *,
    note: SessionNote | None = None,
    intervention: Intervention | None = None,
    by: User,
    now: datetime,
) -> None:
    """Keep what these verdicts said and by which versions."""
    Reliance.objects.bulk_create(
        Reliance(
            patient_id=episode.patient_id,
            note=note,
            intervention=intervention,
            technique=verdict.choice.technique.value,
            verdict=verdict.word,
            pressure_cap=verdict.pressure_cap,
            rules=[finding.reference for finding in verdict.findings],
            relied_at=now,
            relied_by=by,
        )
        for verdict in verdicts
    )


def rely_on_note(note: SessionNote, *, by: User, now: datetime) -> None:
    """What the rules said, at the signature, of each technique that the note lists, on the regions it lists."""
    if note.episode is None:
        return
    applied: dict[str, set[str]] = {}
    for row in note.techniques.all():
        applied.setdefault(row.technique, set()).add(row.region)
    if not applied:
        return
    note.episode.patient = note.patient
    reading = read(note.episode, today=local_day(note.service_at, ZoneInfo(note.zone)), now=note.service_at)
    verdicts = [reading.verdict(technique, regions) for technique, regions in sorted(applied.items())]
    rely(verdicts, note.episode, note=note, by=by, now=now)
