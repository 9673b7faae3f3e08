"""What a note says, as one value: what a form fills, what is stored, what is carried from visit to visit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from treatments.findings import Degree, Grade, MuscleGroup, Palpation
from treatments.models import (
    Exercise,
    ExerciseDone,
    MotionMeasured,
    PalpationFound,
    SessionNote,
    StrengthTested,
    Technique,
    TechniqueApplied,
)
from treatments.outcomes.measures import MOVEMENTS
from treatments.regions import Region
from treatments.states import NotePrivacy

#: What is typed, in the order of the chart.
TEXTS = ("subjective", "objective", "response", "assessment", "next_steps")
NUMBERS = ("pain_before", "pain_after", "spasms_since_last")
#: What is listed, row by row.
LISTS = ("palpations", "motions", "strengths", "techniques", "exercises")
#: What stands in the note's own row.
PLAIN = (*TEXTS, *NUMBERS, "privacy")
PARTS = (*PLAIN, *LISTS)
#: What is carried over from the last note. Pain, response and the patient's own words are asked anew each time.
CARRIED = ("objective", "palpations", "motions", "strengths", "techniques", "exercises", "assessment", "next_steps")
#: What a part is called on the page.
LABELS = {
    "subjective": "Subjective", "objective": "Objective", "response": "Response to treatment",
    "assessment": "Assessment", "next_steps": "Plan", "pain_before": "Pain before", "pain_after": "Pain after",
    "spasms_since_last": "Spasms since last time", "privacy": "Who may read it", "palpations": "Palpation",
    "motions": "Range of motion", "strengths": "Strength", "techniques": "Techniques", "exercises": "Exercises",
}  # fmt: skip


@dataclass(frozen=True)
class Palpated:
    region: str
    finding: str
    degree: int | None = None
    remark: str = ""

    @property
    def words(self) -> str:
        degree = f"{Degree(self.degree).label} " if self.degree else ""
        found = f"{degree}{Palpation(self.finding).label.lower()}"
        return f"{Region(self.region).label}: {found}{_more(self.remark)}"


@dataclass(frozen=True)
class Moved:
    movement: str
    degrees: int
    remark: str = ""

    @property
    def words(self) -> str:
        return f"{MOVEMENTS[self.movement]} {self.degrees}°{_more(self.remark)}"


@dataclass(frozen=True)
class Strength:
    muscles: str
    grade: str
    remark: str = ""

    @property
    def words(self) -> str:
        return f"{MuscleGroup(self.muscles).label} {Grade(self.grade).label} of 5{_more(self.remark)}"


@dataclass(frozen=True)
class Applied:
    technique: str
    region: str
    minutes: int
    pressure: int | None = None

    @property
    def words(self) -> str:
        pressure = f", pressure {self.pressure} of 5" if self.pressure else ""
        return f"{Technique(self.technique).label}: {Region(self.region).label}, {self.minutes} min{pressure}"


@dataclass(frozen=True)
class Done:
    exercise: Exercise
    sets: int
    amount: int
    remark: str = ""

    @property
    def words(self) -> str:
        return f"{self.exercise.name}: {self.sets} × {self.amount}{_more(self.remark)}"


def _more(remark: str) -> str:
    return f" ({remark})" if remark else ""


@dataclass(frozen=True)
class Content:
    """All that a therapist fills in."""

    subjective: str = ""
    objective: str = ""
    response: str = ""
    assessment: str = ""
    next_steps: str = ""
    pain_before: int | None = None
    pain_after: int | None = None
    spasms_since_last: int | None = None
    privacy: str = NotePrivacy.CLINICIANS.value
    palpations: tuple[Palpated, ...] = field(default=())
    motions: tuple[Moved, ...] = field(default=())
    strengths: tuple[Strength, ...] = field(default=())
    techniques: tuple[Applied, ...] = field(default=())
    exercises: tuple[Done, ...] = field(default=())

    @property
    def says_something(self) -> bool:
        """Enough for a signature: what was found or done, in words or in rows."""
        return bool(self.subjective or self.objective or any(getattr(self, name) for name in LISTS))


def content_of(note: SessionNote) -> Content:
    """What is stored, in the shape that a form fills."""
    read = "exercises" in getattr(note, "_prefetched_objects_cache", {})
    done = note.exercises.all() if read else note.exercises.select_related("exercise")
    return Content(
        **{name: getattr(note, name) for name in PLAIN},
        palpations=tuple(Palpated(p.region, p.finding, p.degree, p.remark) for p in note.palpations.all()),
        motions=tuple(Moved(m.movement, m.degrees, m.remark) for m in note.motions.all()),
        strengths=tuple(Strength(s.muscles, s.grade, s.remark) for s in note.strengths.all()),
        techniques=tuple(Applied(t.technique, t.region, t.minutes, t.pressure) for t in note.techniques.all()),
        exercises=tuple(Done(e.exercise, e.sets, e.amount, e.remark) for e in done),
    )


def write_rows(note: SessionNote, content: Content, before: Content) -> None:
    """Store the lists that differ from what was stored before, each as a whole."""
    models_of: dict[str, type[models.Model]] = {
        "palpations": PalpationFound, "motions": MotionMeasured, "strengths": StrengthTested,
        "techniques": TechniqueApplied, "exercises": ExerciseDone,
    }  # fmt: skip
    for name, model in models_of.items():
        rows = getattr(content, name)
        if rows != getattr(before, name):
            _replace(model, note, rows)


def _replace(model: type[models.Model], note: SessionNote, rows: Iterable[Any]) -> None:
    kept: Any = model._default_manager
    kept.filter(note=note).delete()
    kept.bulk_create(model(note=note, position=n, **vars(row)) for n, row in enumerate(rows, start=1))
