"""Gathers what is known about a patient into the frozen snapshot that the safety rules read.

Conditions and diagnoses are read by code and by name. What no pattern knows is handed on as it was written, so
that the therapist is told to judge it; a history that nobody took is None, never empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from clinic.time import age_on
from patients.models import Allergy, AllergyKind, Cause, Condition, DrugClass, Medication, Patient, Precision, Surgery
from treatments.models import Diagnosis, Episode
from treatments.safety import Allergies, Concern, Drug, Snapshot, Tissue

#: Beginnings of ICD-10-CM codes and what they mean to hands.
BY_CODE: tuple[tuple[str, Concern], ...] = (
    ("G83.4", Concern.CAUDA_EQUINA),
    ("I80", Concern.THROMBOSIS),
    ("I82", Concern.THROMBOSIS),
    ("I26", Concern.THROMBOSIS),
    ("D66", Concern.BLEEDING_DISORDER),
    ("D67", Concern.BLEEDING_DISORDER),
    ("D68", Concern.BLEEDING_DISORDER),
    ("D69", Concern.BLEEDING_DISORDER),
    ("M80", Concern.OSTEOPOROSIS),
    ("M81", Concern.OSTEOPOROSIS),
    ("M84.4", Concern.FRACTURE),
    ("S22.0", Concern.FRACTURE),
    ("S32.0", Concern.FRACTURE),
    ("C", Concern.CANCER),
    ("Z33", Concern.PREGNANCY),
    ("Z34", Concern.PREGNANCY),
    ("O", Concern.PREGNANCY),
    ("I50", Concern.UNSTABLE_CIRCULATION),
    ("I71", Concern.UNSTABLE_CIRCULATION),
    ("G60", Concern.NEUROPATHY),
    ("G62", Concern.NEUROPATHY),
    ("I83", Concern.VARICOSE_VEINS),
    ("M51.1", Concern.RADICULOPATHY),
    ("M50.1", Concern.RADICULOPATHY),
    ("M54.1", Concern.RADICULOPATHY),
    ("M05", Concern.INFLAMMATORY_ARTHRITIS),
    ("M06", Concern.INFLAMMATORY_ARTHRITIS),
    ("M45", Concern.INFLAMMATORY_ARTHRITIS),
)

#: What people write for them. Patterns are of whole words, so that "cancerphobia" is not cancer.
BY_NAME: tuple[tuple[Concern, str], ...] = (
    (Concern.CAUDA_EQUINA, r"cauda equina"),
    (Concern.FEVER_OR_INFECTION, r"fever|infection|sepsis|flu|influenza|cellulitis"),
    (Concern.THROMBOSIS, r"dvt|thrombos\w+|phlebitis|blood clots?|(pulmonary )?embol\w+"),
    (Concern.BLEEDING_DISORDER, r"ha?emophilia\w*|bleeding disorder|thrombocytop\w+|low platelets|von willebrand\w*"),
    (Concern.FRACTURE, r"fracture\w*|broken|unstable spine|spondylolisthesis"),
    (Concern.OSTEOPOROSIS, r"osteoporo\w+|osteopenia|bone loss|brittle bones?"),
    (Concern.CANCER, r"cancer|carcinoma|tumou?r|lymphoma|leuk\w+|myeloma|melanoma|metasta\w+|chemo\w*|radiotherapy"),
    (Concern.PREGNANCY, r"pregnan\w+|expecting"),
    (Concern.SKIN_LESION, r"open wound|burn|rash|eczema|shingles|ulcer|psoriasis"),
    (
        Concern.UNSTABLE_CIRCULATION,
        r"heart failure|aneurysm|unstable (hypertension|angina)|uncontrolled (hypertension|blood pressure)",
    ),
    (Concern.NEUROPATHY, r"neuropath\w+|numbness|reduced sensation"),
    (Concern.VARICOSE_VEINS, r"varicose( veins?)?|varices"),
    (Concern.RADICULOPATHY, r"radiculopath\w+|sciatica|herniat\w+|slipped dis[ck]|prolapsed dis[ck]"),
    (
        Concern.INFLAMMATORY_ARTHRITIS,
        r"rheumatoid( arthritis)?|ankylosing spondylitis|psoriatic arthritis|lupus|inflammatory arthritis",
    ),
)
_PATTERNS = tuple((concern, re.compile(rf"\b({pattern})\b")) for concern, pattern in BY_NAME)


#: What hands carry, whatever kind of allergy it was filed as.
_CARRIERS = re.compile(
    r"\b(\w*oil|lotion|cream|almonds?|(tree )?nuts?|lanolin|arnica|menthol|latex|tape|adhesive|fragrance|perfume)\b"
)


def snapshot_of(*, patient: Patient, episode: Episode, today: date) -> Snapshot:
    """What is known on this day, in six queries."""
    diagnoses = list(Diagnosis.objects.for_patient(patient).standing().select_related("code"))
    conditions = list(Condition.objects.for_patient(patient).standing())
    surgeries = list(Surgery.objects.for_patient(patient).standing())
    medicines = list(Medication.objects.for_patient(patient).standing())
    allergies = list(Allergy.objects.for_patient(patient).standing())
    current = [m for m in medicines if m.ended_on is None or m.ended_on >= today]
    read = [(c.name, concerns_of(c.name)) for c in conditions if c.resolved_on is None or c.resolved_on >= today]
    coded = {concern for d in diagnoses for concern in concerns_of_code(d.code.code)}
    asked = bool(conditions or surgeries)
    return Snapshot(
        cause_known=episode.cause != Cause.UNKNOWN,
        diagnosed=any(d.episode_id == episode.pk for d in diagnoses),
        tissue=Tissue(episode.tissue_state),
        days_since_onset=(today - episode.onset_on).days if episode.onset_on else None,
        allergies=Allergies(patient.allergy_status),
        contact_allergens=tuple(
            a.substance for a in allergies if a.kind == AllergyKind.CONTACT or _CARRIERS.search(a.substance.lower())
        ),
        drugs=frozenset(Drug(c) for m in current for c in m.drug_classes if c != DrugClass.OTHER)
        if medicines
        else None,
        unclassified_medicines=tuple(m.name for m in current if not set(m.drug_classes) - {DrugClass.OTHER}),
        concerns=frozenset(coded.union(*(found for _, found in read))) if asked or coded else None,
        other_conditions=tuple(name for name, found in read if not found),
        days_since_surgery=_days_since(surgeries, today),
        age=age_on(patient.born_on, today),
        injured_regions=frozenset(episode.regions),
    )


def _classes(medicines: Iterable[Medication]) -> frozenset[Drug]:
    return frozenset(Drug(c) for m in medicines for c in m.drug_classes if c != DrugClass.OTHER)


def concerns_of(name: str) -> set[Concern]:
    """What a condition, as it was written, means to hands; empty when no pattern knows it."""
    text = name.lower()
    return {concern for concern, pattern in _PATTERNS if pattern.search(text)}


def concerns_of_code(code: str) -> set[Concern]:
    return {concern for beginning, concern in BY_CODE if code.startswith(beginning)}


def _days_since(surgeries: Iterable[Surgery], today: date) -> int | None:
    """Since the latest that the latest operation can have been: "2026" may mean yesterday."""
    days = [
        max(0, (today - s.done_on).days - _SPREAD[Precision(s.done_precision)])
        for s in surgeries
        if s.done_on and s.done_on <= today
    ]
    return min(days, default=None)


_SPREAD = {Precision.DAY: 0, Precision.MONTH: 30, Precision.YEAR: 365, Precision.UNKNOWN: 0}
