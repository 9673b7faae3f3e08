"""What works here: every course of treatment with a first and a later value, for the owner, in groups."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Sum

from treatments import judging
from treatments.models import Measurement, SessionNote, Technique
from treatments.outcomes import works
from treatments.outcomes.measures import MEASURES, Measure
from treatments.outcomes.verdicts import Step, compare
from treatments.outcomes.works import Course, Group

#: What one course is judged by; a range of motion is of many movements, a rating of change is none.
JUDGED = ("nprs", "rmdq", "psfs", "odi")
#: A course without hands-on work.
NO_HANDS = "none"


@dataclass(frozen=True)
class Result:
    measure: Measure
    groups: list[Group]


def what_works() -> list[Result]:
    """Per measure, the groups that are large enough to be shown; four statements, whatever there is."""
    known = judging.in_force()
    smallest = judging.rules().smallest_group
    taken: dict[tuple[str, int], list[tuple[int, str, object, object]]] = defaultdict(list)
    rows = (
        Measurement.objects.standing()
        .filter(measure__in=JUDGED, episode__isnull=False)
        .oldest_first()
        .values_list("measure", "episode", "patient", "patient__merged_into", "episode__cause", "value", "taken_at")
    )
    for measure, episode, patient, merged_into, cause, value, at in rows:
        taken[measure, episode].append((merged_into or patient, cause, value, at))
    mostly = _mostly()
    found: dict[str, list[Course]] = defaultdict(list)
    for (measure, episode), values in taken.items():
        (patient, cause, first, _), (_, _, last, _) = values[0], values[-1]
        if len(values) < 2:
            continue
        change = compare(MEASURES[measure], known[measure, ""], first, last)  # type: ignore[arg-type]
        found[measure].append(
            Course(
                patient, mostly.get(episode, NO_HANDS), cause, float(change.gain), change.reliable is Step.BETTER
            )
        )  # fmt: skip
    return [Result(MEASURES[slug], works.groups(found[slug], smallest=smallest)) for slug in JUDGED if slug in found]


def _mostly() -> dict[int, str]:
    """The technique with the most hands-on minutes in the signed notes of each episode."""
    minutes: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    signed = SessionNote.objects.signed().filter(episode__isnull=False)
    rows = signed.values_list("episode", "techniques__technique").annotate(spent=Sum("techniques__minutes"))
    for episode, technique, spent in rows:
        if technique is not None:
            minutes[episode][technique] += spent
    return {episode: max(sorted(spent), key=spent.__getitem__) for episode, spent in minutes.items()}


def technique_words(technique: str) -> str:
    return "Without hands-on work" if technique == NO_HANDS else str(Technique(technique).label)
