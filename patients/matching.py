"""Who might be the same person: likely duplicates of somebody about to be registered, with the reasons.

Candidates come from indexes (same birthday, same phone, same e-mail, same names); each is then weighed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import F, Q
from django.db.models.functions import Reverse

from patients import folding
from patients.models import Patient
from patients.spelling import Slip, slip

#: From this weight on the person at the desk has to decide before a new record is made.
LIKELY = 60
AT_MOST = 8
_PER_CLUE = 60


@dataclass(frozen=True)
class Particulars:
    """What is known of somebody so far; any of it may be missing."""

    given_name: str = ""
    family_name: str = ""
    preferred_name: str = ""
    born_on: date | None = None
    phones: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True)
class Likeness:
    """A patient who may be the same person, how much speaks for it, and what."""

    patient: Patient
    weight: int
    reasons: list[str] = field(default_factory=list)

    @property
    def is_likely(self) -> bool:
        return self.weight >= LIKELY


def find(someone: Particulars, *, besides: Iterable[int] = ()) -> list[Likeness]:
    """Those who may be this person, the likeliest first; records merged away speak through their survivor."""
    seen: dict[int, Likeness] = {}
    for patient in _candidates(someone):
        root = patient.merged_into or patient
        found = weigh(someone, patient)
        if root.pk in besides or patient.pk in besides or found.weight < LIKELY // 2:
            continue
        if root.pk not in seen or seen[root.pk].weight < found.weight:
            seen[root.pk] = Likeness(root, found.weight, found.reasons)
    return sorted(seen.values(), key=lambda likeness: -likeness.weight)[:AT_MOST]


def of(patient: Patient) -> Particulars:
    """What a record says, to look for others like it."""
    phones = tuple(phone for phone in (patient.phone, patient.other_phone) if phone)
    return Particulars(
        patient.given_name, patient.family_name, patient.preferred_name, patient.born_on, phones, patient.email
    )


def _candidates(someone: Particulars) -> list[Patient]:
    """A few dozen rows at most, each clue by its own index."""
    clues: list[Q] = []
    if someone.born_on and someone.family_name:
        clues.append(Q(born_on=someone.born_on))
    if someone.family_name and someone.given_name:
        family, given = folding.fold(someone.family_name), folding.fold(someone.given_name)
        clues += [Q(family_key=family, given_key=given), Q(family_key=given, given_key=family)]
    if someone.email:
        clues.append(Q(email=someone.email))
    rows = Patient.objects.select_related("merged_into").annotate(phone_reversed=Reverse(F("phone")))
    found = {patient.pk: patient for clue in clues for patient in rows.filter(clue)[:_PER_CLUE]}
    for phone in someone.phones:
        found |= {p.pk: p for p in rows.filter(phone_reversed=phone[::-1])[:_PER_CLUE]}
    return list(found.values())


def weigh(someone: Particulars, patient: Patient) -> Likeness:
    """How much speaks for it: names up to 50, birthday 35, telephone 25, e-mail 25; other names and days against."""
    weight, reasons = _weigh_names(someone, patient)
    if someone.born_on:
        if someone.born_on == patient.born_on:
            weight, reasons = weight + 35, [*reasons, "same date of birth"]
        elif _mistyped_day(someone.born_on, patient.born_on):
            weight, reasons = weight + 15, [*reasons, "date of birth alike"]
        else:
            weight -= 30
    if set(someone.phones) & {patient.phone, patient.other_phone} - {""}:
        weight, reasons = weight + 25, [*reasons, "same telephone"]
    if someone.email and someone.email.lower() == patient.email.lower():
        weight, reasons = weight + 25, [*reasons, "same e-mail"]
    return Likeness(patient, weight, reasons)


def _weigh_names(someone: Particulars, patient: Patient) -> tuple[int, list[str]]:
    family, given = folding.fold(someone.family_name), folding.fold(someone.given_name)
    called = {given, folding.fold(someone.preferred_name)} - {""}
    known_as = {patient.given_key, folding.fold(patient.preferred_name)} - {""}
    if not family:
        return 0, []
    if family == patient.family_key and called & known_as:
        return 50, ["same name"]
    if {family, given} == {patient.family_key, patient.given_key} and given:
        return 45, ["first and last name swapped"]
    same_family, same_given = _alike(family, patient.family_key), any(_alike(a, b) for a in called for b in known_as)
    if same_family and same_given:
        return 40, ["name alike"]
    if same_given and (set(family.split()) & set(patient.family_key.split())):
        return 40, ["part of the last name is the same"]
    if same_given:
        return 20, ["same first name"]
    if same_family:
        return 15, ["same last name"]
    return -25, []


def _alike(one: str, other: str) -> bool:
    """The same, or one slip of the fingers apart, or one the beginning of the other (Ann, Anna; Alex, Alexander)."""
    how = slip(one, other)
    if how is not None and (how is Slip.NONE or min(len(one), len(other)) >= 3):
        return True
    return min(len(one), len(other)) >= 3 and (one.startswith(other) or other.startswith(one))


def _mistyped_day(one: date, other: date) -> bool:
    """Day and month swapped, or one digit differs."""
    if (one.year, one.month, one.day) == (other.year, other.day, other.month):
        return True
    return sum(a != b for a, b in zip(one.isoformat(), other.isoformat(), strict=True)) == 1
