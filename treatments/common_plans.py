"""The templates Tonus comes with, in its own words: a place to start from, never a recommendation for one patient."""

from __future__ import annotations

from typing import Any, NamedTuple

from treatments.starting import DoseStart, GoalStart, MassageStart, Start, written


class Common(NamedTuple):
    slug: str
    name: str
    suits: str
    causes: tuple[str, ...]
    tissue_states: tuple[str, ...]
    start: Start


COMMON: tuple[Common, ...] = (
    Common(
        "acute-lifting-spasm", "Acute spasm after lifting", "The first weeks of a back that seized up under a load.",
        ("lifting", "twist"), ("active_spasm", "guarding"),
        Start(
            summary="Calm the spasm first, keep moving, then teach the back to lift again.",
            review_in_days=14,
            same_day="massage_first",
            massages=(
                MassageStart("gentle", 30, 2, 2, 2, "Lying on the side, cushion between the knees; no stretch."),
                MassageStart("neuromuscular", 45, 4, 3, 3, "Hold each point until it gives way, at most a minute."),
            ),
            pt_minutes=30, pt_sessions=4, pt_days_between=4,
            pt_instructions="Little and often. Walking counts from the first day.",
            doses=(
                DoseStart("walking", 1, 10, 7, next_when="ten minutes are easy three days running"),
                DoseStart("belly-breathing", 2, 10, 7),
                DoseStart("pelvic-tilt", 2, 10, 7, next_when="it goes without guarding"),
                DoseStart("knee-rocks", 2, 10, 7),
                DoseStart("heel-slide", 2, 8, 5, next_when="pain at rest is 2 or less"),
            ),
            goals=(
                GoalStart("nprs", "2", due_in_days=28),
                GoalStart("spasms_per_week", "1", due_in_days=28),
                GoalStart("other", "", "Lift a full shopping bag from the floor", 42),
            ),
        ),
    ),
    Common(
        "chronic-adhesions", "Chronic adhesions", "Stiff for months, with tissue that does not glide.",
        ("overuse", "posture", "other"), ("adhesion", "scar"),
        Start(
            summary="Free the tissue step by step and use the new range the same day.",
            review_in_days=42,
            same_day="massage_first",
            massages=(
                MassageStart("deep_tissue", 45, 6, 7, 4, "Slow, along the fibres first; sore for a day is all right."),
            ),
            pt_minutes=30, pt_sessions=6, pt_days_between=7,
            pt_instructions="Move through the whole new range right after the massage.",
            doses=(
                DoseStart("cat-and-cow", 2, 8, 7),
                DoseStart("upper-back-turn", 2, 8, 5),
                DoseStart("hip-hinge", 3, 10, 4, next_when="the stick keeps all three contacts"),
                DoseStart("bridge", 3, 10, 4, next_when="3 sets of 12 are easy"),
                DoseStart("bird-dog", 5, 8, 4, next_when="the pelvis stays level"),
            ),
            goals=(GoalStart("nprs", "3", due_in_days=42), GoalStart("psfs", "7", due_in_days=56)),
        ),
    ),
    Common(
        "after-surgery", "After back surgery", "Once the surgeon has released the back for hands and exercise.",
        ("surgery",), ("scar", "post_acute"),
        Start(
            summary="Trust first, then strength. The surgeon's limits come before everything here.",
            review_in_days=28,
            same_day="exercises_first",
            massages=(
                MassageStart("gentle", 30, 6, 7, 2, "Around the scar, not on it, until it is closed and released."),
            ),
            pt_minutes=45, pt_sessions=8, pt_days_between=4,
            pt_instructions="No bending with a load and no twisting before the surgeon agrees.",
            doses=(
                DoseStart("walking", 2, 10, 7, next_when="two walks of ten minutes are easy"),
                DoseStart("belly-breathing", 2, 10, 7),
                DoseStart("abdominal-brace", 5, 8, 7, next_when="the breath goes on by itself"),
                DoseStart("heel-slide", 2, 8, 5),
                DoseStart("sit-to-stand", 2, 6, 5, next_when="3 sets of 8 go without the hands"),
            ),
            goals=(
                GoalStart("nprs", "3", due_in_days=42),
                GoalStart("other", "", "Walk for thirty minutes without a stop", 42),
            ),
        ),
    ),
    Common(
        "tension", "Neck and shoulder tension", "Tight neck and upper back from long sitting.",
        ("posture", "overuse"), ("guarding", "post_acute"),
        Start(
            summary="Loosen the neck, wake the shoulder blades, break up the sitting.",
            review_in_days=42,
            same_day="massage_first",
            massages=(MassageStart("gentle", 45, 4, 7, 3, "Upper back first; the neck only lying on the back."),),
            pt_minutes=30, pt_sessions=4, pt_days_between=7,
            pt_instructions="At the desk every hour, rather than all at once in the evening.",
            doses=(
                DoseStart("chin-tuck", 2, 10, 7),
                DoseStart("shoulder-blade-squeeze", 2, 12, 7, next_when="it is easy at the desk"),
                DoseStart("chest-stretch", 2, 30, 5),
                DoseStart("upper-back-turn", 2, 8, 5),
                DoseStart("band-row", 3, 10, 3, next_when="3 sets of 12 are easy"),
            ),
            goals=(GoalStart("nprs", "2", due_in_days=42), GoalStart("psfs", "8", due_in_days=42)),
        ),
    ),
)  # fmt: skip


def load(template_model: Any) -> None:
    """Bring the common templates to these words; those that a clinic changed or retired stay as they are."""
    kept = set(template_model.objects.filter(revision__gt=1).values_list("slug", flat=True))
    for one in COMMON:
        if one.slug in kept:
            continue
        template_model.objects.update_or_create(
            slug=one.slug,
            defaults={
                "name": one.name,
                "suits": one.suits,
                "causes": list(one.causes),
                "tissue_states": list(one.tissue_states),
                "content": written(one.start),
            },
        )
