"""Gathers what is known about a patient into the frozen snapshot that the safety rules read.

Conditions and diagnoses are read by code and by name. What no pattern knows is handed on as it was written, so
that the therapist is told to judge it; a history that nobody took is None, never empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from clinic.time import age_on
from patients.models import AllergyKind, Cause, Condition, DrugClass, Medication, Patient, Precision, Surgery
from treatments import history
from treatments.body.marks import Layer, Visit, minded
from treatments.history import History
from treatments.models import BodyMark, Episode, VisitCheck
from treatments.safety import NO_DOSE, Allergies, Concern, Drug, Flag, Mark, Since, Snapshot, Tissue, WayHome, redflags

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
    ("M80", Concern.SEVERE_OSTEOPOROSIS),
    ("M80", Concern.FRACTURE),
    ("M81", Concern.OSTEOPOROSIS),
    ("M84.4", Concern.FRACTURE),
    ("S22.0", Concern.FRACTURE),
    ("S32.0", Concern.FRACTURE),
    ("C", Concern.CANCER),
    ("Z33", Concern.PREGNANCY),
    ("Z34", Concern.PREGNANCY),
    ("O09", Concern.PREGNANCY_HIGH_RISK),
    ("O", Concern.PREGNANCY),
    ("F10.12", Concern.INTOXICATION),
    ("Z91.41", Concern.ABUSE_HISTORY),
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
    (Concern.SEVERE_OSTEOPOROSIS, r"(severe|advanced|manifest) osteoporo\w+"),
    (Concern.OSTEOPOROSIS, r"osteoporo\w+|osteopenia|bone loss|brittle bones?"),
    (Concern.CANCER, r"cancer|carcinoma|tumou?r|lymphoma|leuk\w+|myeloma|melanoma|metasta\w+|chemo\w*|radiotherapy"),
    (Concern.PREGNANCY, r"pregnan\w+|expecting|trimester"),
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
    (Concern.INTOXICATION, r"intoxicated|drunk"),
    (Concern.ABUSE_HISTORY, r"history of (abuse|violence)|abused?|survivor of (abuse|violence)|sexual violence"),
    (Concern.CONSENT_WITHDRAWN, r"consent (withdrawn|taken back|revoked)|refuses touch|no touch"),
)
_PATTERNS = tuple((concern, re.compile(rf"\b({pattern})\b")) for concern, pattern in BY_NAME)


#: What hands carry, whatever kind of allergy it was filed as.
_CARRIERS = re.compile(
    r"\b(\w*oil|lotion|cream|almonds?|(tree )?nuts?|lanolin|arnica|menthol|latex|tape|adhesive|fragrance|perfume)\b"
)


def snapshot_of(*, patient: Patient, episode: Episode, today: date, now: datetime | None = None) -> Snapshot:
    """What is known of one patient. Without `now` nothing that was asked today counts: nobody knows it."""
    episode.patient = patient
    return snapshots([episode], today=today, now=now)[0]


def snapshots(episodes: Sequence[Episode], *, today: date, now: datetime | None = None) -> list[Snapshot]:
    """One for each episode, in one statement however many there are. Episodes come with their patients."""
    rows = history.read({episode.patient.root_id for episode in episodes})
    return [snapshot(episode, rows, today=today, now=now) for episode in episodes]


#: Layers of the body chart that hands must mind, and what they mean to a rule.
MARKED = {
    Layer.AVOID: Concern.AVOID_ZONE,
    Layer.NUMBNESS: Concern.NEUROPATHY,
    Layer.SCAR: Concern.SCAR_OR_ADHESION,
}


def snapshot(episode: Episode, rows: History, *, today: date, now: datetime | None) -> Snapshot:
    patient = episode.patient
    who = patient.root_id
    medicines, surgeries = rows.medicines[who], rows.surgeries[who]
    diagnoses, allergies = rows.diagnoses[who], rows.allergies[who]
    current = [m for m in medicines if m.ended_on is None or m.ended_on >= today]
    lasting = [c for c in rows.conditions[who] if c.resolved_on is None or c.resolved_on >= today]
    read = [(c, _stage(concerns_of(c.name), c.name, c.recorded_at.date(), today)) for c in lasting]
    coded = {concern for d in diagnoses for concern in concerns_of_code(d.code.code)}
    asked = _today(rows.checks[who], now)
    concerns, placed = _by_place(read)
    concerns |= coded | asked.concerns
    age = age_on(patient.born_on, today)
    state = red_flags_of(rows, who)
    return Snapshot(
        cause_known=episode.cause != Cause.UNKNOWN,
        diagnosed=any(d.episode_id == episode.pk for d in diagnoses),
        tissue=Tissue(episode.tissue_state),
        days_since_onset=(today - episode.onset_on).days if episode.onset_on else None,
        allergies=Allergies(patient.allergy_status),
        contact_allergens=tuple(
            a.substance for a in allergies if a.kind == AllergyKind.CONTACT or _CARRIERS.search(a.substance.lower())
        ),
        drugs=_classes(current) if medicines else None,
        unclassified_medicines=tuple(m.name for m in current if not set(m.drug_classes) - {DrugClass.OTHER}),
        concerns=frozenset(concerns) if rows.conditions[who] or surgeries or concerns else None,
        places=(*placed, *_marks(rows.marks[who])),
        chart_silent=frozenset(MARKED) - {mark.layer for mark in rows.marks[who]},
        other_conditions=tuple(c.name for c, found in read if not found),
        days_since_surgery=_days_since(surgeries, today),
        surgery_undated=any(s.done_on is None for s in surgeries) or (episode.cause == Cause.SURGERY and not surgeries),
        age=age,
        injured_regions=frozenset(episode.regions),
        red_flags=state.standing | ({Flag.AGE} if not AGES_WITHOUT_FLAG[0] <= age <= AGES_WITHOUT_FLAG[1] else set()),
        screen_days=(today - state.complete_at.date()).days if state.complete_at else None,
        since_screen=_since(rows, who, state.complete_at),
        hours_since_dose=asked.hours,
        way_home=asked.way_home,
    )


#: Below and above, age itself is a weak red flag (AHCPR, NBK52120).
AGES_WITHOUT_FLAG = (20, 50)


def red_flags_of(rows: History, who: int) -> redflags.State:
    """What the screens and clearances of one person amount to."""
    return redflags.state(
        [redflags.Screen(s.asked_at, _answers(s.answers)) for s in rows.screens[who]],
        [redflags.Cleared(c.recorded_at, frozenset(map(Flag, c.flags))) for c in rows.clearances[who]],
    )


def _answers(stored: dict[str, str]) -> dict[Flag, redflags.Answer]:
    return {Flag(flag): redflags.Answer(answer) for flag, answer in stored.items()}


def _since(rows: History, who: int, screened_at: datetime | None) -> frozenset[Since]:
    """A new injury or a fever that came to be known after the screen."""
    if screened_at is None:
        return frozenset()
    day = screened_at.date()
    checks = [check for check in rows.checks[who] if check.asked_at > screened_at]
    hurt = any(
        i.recorded_at > screened_at and (i.happened_on is None or i.happened_on >= day) for i in rows.injuries[who]
    )
    hot = any(
        c.recorded_at > screened_at and Concern.FEVER_OR_INFECTION in concerns_of(c.name) for c in rows.conditions[who]
    )
    found = set()
    if hurt or any(check.new_injury == redflags.Answer.YES for check in checks):
        found.add(Since.TRAUMA)
    if hot or any(check.fever == redflags.Answer.YES for check in checks):
        found.add(Since.FEVER)
    return frozenset(found)


# -- What was asked today ------------------------------------------------------------------------------

#: What was asked at a visit holds so long.
ASKED_FOR = timedelta(hours=12)


@dataclass(frozen=True)
class Today:
    hours: int | None = None
    way_home: WayHome = WayHome.NOT_ASKED
    concerns: frozenset[Concern] = frozenset()


def _today(checks: Iterable[VisitCheck], now: datetime | None) -> Today:
    """The last answer to each question; "not asked" takes none back."""
    if now is None:
        return Today()
    hours, way_home = None, WayHome.NOT_ASKED
    said = {"intoxicated": redflags.Answer.NOT_ASKED.value, "fever": redflags.Answer.NOT_ASKED.value}
    for check in checks:
        if not now - ASKED_FOR <= check.asked_at <= now:
            continue
        if check.dose == redflags.Answer.NO:
            hours = NO_DOSE
        elif check.dose == redflags.Answer.YES:
            # A dose at an hour that nobody remembers may have been just now.
            hours = int((now - check.last_dose_at) / timedelta(hours=1)) if check.last_dose_at else 0
        if check.way_home != WayHome.NOT_ASKED:
            way_home = WayHome(check.way_home)
        for name in said:
            if getattr(check, name) != redflags.Answer.NOT_ASKED:
                said[name] = getattr(check, name)
    found = {"intoxicated": Concern.INTOXICATION, "fever": Concern.FEVER_OR_INFECTION}
    return Today(hours, way_home, frozenset(found[name] for name, answer in said.items() if answer == "yes"))


# -- Reading what people write -------------------------------------------------------------------------


def _classes(medicines: Iterable[Medication]) -> frozenset[Drug]:
    return frozenset(Drug(c) for m in medicines for c in m.drug_classes if c != DrugClass.OTHER)


def concerns_of(name: str) -> set[Concern]:
    """What a condition, as it was written, means to hands; empty when no pattern knows it."""
    text = name.lower()
    found = {concern for concern, pattern in _PATTERNS if pattern.search(text)}
    if Concern.INFLAMMATORY_ARTHRITIS in found and re.search(r"\bflar(e|ing)\b", text):
        found.add(Concern.ARTHRITIS_FLARE)
    return found


def concerns_of_code(code: str) -> set[Concern]:
    """By the longest beginning that fits each meaning; O09 is a pregnancy of high risk, not just any."""
    found = {concern for beginning, concern in BY_CODE if code.startswith(beginning)}
    return found - {Concern.PREGNANCY} if Concern.PREGNANCY_HIGH_RISK in found else found


def _stage(found: set[Concern], name: str, recorded_on: date, today: date) -> set[Concern]:
    """How far a pregnancy is, by the words: weeks go on counting from the day they were written down."""
    if Concern.PREGNANCY not in found:
        return found
    text, rest = name.lower(), found - {Concern.PREGNANCY}
    if re.search(r"high[- ]risk|pre-?eclampsia|placenta pr(a)?evia", text):
        return rest | {Concern.PREGNANCY_HIGH_RISK}
    if weeks := re.search(r"(\d{1,2})\s*(weeks|wk|w\b)", text):
        so_far = int(weeks[1]) + (today - recorded_on).days // 7
        return rest | {Concern.PREGNANCY_FIRST if so_far < FIRST_TRIMESTER else Concern.PREGNANCY_LATER}
    if re.search(r"(second|third|2nd|3rd|last) trimester", text):
        return rest | {Concern.PREGNANCY_LATER}
    return found


FIRST_TRIMESTER = 14

#: Words for places, and the regions of the body they mean. A limb beyond the atlas's coarse names is itself.
_PLACES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(rf"\b({words})\b"), places)
    for words, places in (
        (r"cervical|neck|c[1-7]", ("neck",)),
        (r"thoracic|upper back", ("upper_back", "mid_back")),
        (r"t\d{1,2}|mid back", ("upper_back", "mid_back")),
        (r"lumbar|low(er)? back|l[1-5]", ("low_back", "quadratus_lumborum")),
        (r"sacr\w+|s1|coccyx|tailbone", ("sacrum",)),
        (r"pelvi\w+", ("sacrum", "hip", "buttock", "abdomen")),
        (r"hips?", ("hip", "buttock")),
        (r"femur|thighs?", ("thigh_front", "thigh_back", "thigh_inner", "thigh_outer")),
        (r"knees?", ("knee",)),
        (r"shins?|tibia\w*|fibula\w*|lower legs?|cal(f|ves)", ("calf", "shin")),
        (r"ankles?|foot|feet|heels?|toes?|metatars\w+", ("foot",)),
        (r"shoulders?|clavicle|collarbone|scapula", ("shoulder", "collarbone", "upper_trapezius")),
        (r"arms?|humerus|elbows?|radius|ulna|wrists?|hands?|fingers?|thumbs?", ("arm",)),
        (r"ribs?|chest|sternum", ("ribs_front", "ribs_side", "chest", "mid_back", "upper_back")),
        (r"abdom\w+|belly", ("abdomen",)),
        (r"face|jaw|skull|head", ("jaw",)),
    )
)
_HAS_NO_SIDES = frozenset({"sacrum", "abdomen"})


def places_of(name: str) -> frozenset[str]:
    """Where a condition is, as far as its words say; empty when they do not."""
    text = name.lower()
    sides = [side for side in ("left", "right") if re.search(rf"\b{side}\b", text)] or ["left", "right"]
    stems = {stem for pattern, places in _PLACES if pattern.search(text) for stem in places}
    return frozenset(
        place for stem in stems for place in ([stem] if stem in _HAS_NO_SIDES else [f"{stem}_{side}" for side in sides])
    )


def _by_place(read: Iterable[tuple[Condition, set[Concern]]]) -> tuple[set[Concern], list[Mark]]:
    """Concerns that may be anywhere, and those whose words name a place."""
    anywhere: set[Concern] = set()
    placed: list[Mark] = []
    for condition, found in read:
        regions = places_of(condition.name)
        if regions:
            placed.extend(Mark(concern, regions) for concern in sorted(found))
        else:
            anywhere |= found
    return anywhere, placed


def _marks(marks: Sequence[BodyMark]) -> Iterator[Mark]:
    """What stands on the body chart: the newest signed chart that speaks of a layer, and drafts after it."""
    visits = [
        Visit(rows[0].note.is_signed, tuple(row.mark for row in rows))
        for rows in (list(group) for _, group in groupby(marks, key=lambda mark: mark.note_id))
    ]
    for layer, concern in MARKED.items():
        regions = minded(visits, layer)
        if regions:
            yield Mark(concern, regions)


def _days_since(surgeries: Iterable[Surgery], today: date) -> int | None:
    """Since the latest that the latest operation can have been: "2026" may mean yesterday."""
    days = [
        max(0, (today - s.done_on).days - _SPREAD[Precision(s.done_precision)])
        for s in surgeries
        if s.done_on and s.done_on <= today
    ]
    return min(days, default=None)


_SPREAD = {Precision.DAY: 0, Precision.MONTH: 30, Precision.YEAR: 365, Precision.UNKNOWN: 0}
