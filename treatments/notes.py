"""Notes of sessions: started once per visit, saved as typed, signed by their author, then only added to.

Who signs vouches for a digest over everything the note says (docs/algorithms/signed-notes.md); the database
refuses to change it from then on.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from clinic import audit
from clinic.models import Location, Practitioner, User
from clinic.time import local_day
from patients import care_team, records
from patients.models import Joining, Patient
from treatments.models import (
    Addendum,
    Episode,
    Exercise,
    ExerciseDone,
    Kind,
    Plan,
    SessionNote,
    Technique,
    TechniqueApplied,
)
from treatments.regions import Region
from treatments.states import NOTE_TRANSITIONS, NoteStatus

#: Which fields a note has and how they are asked; part of the digest.
TEMPLATE_VERSION = 1
#: What is typed, in the order of the chart.
TEXTS = ("subjective", "objective", "response", "assessment", "next_steps")
NUMBERS = ("pain_before", "pain_after", "spasms_since_last")


#: What is carried over from the last note. Pain, response and the patient's own words are asked anew each time.
CARRIED = ("objective", "assessment", "next_steps", "techniques", "exercises")


class NoteRefused(Exception):
    """Carries a sentence fit for the therapist."""


class NoteIsStale(NoteRefused):
    """The draft was saved elsewhere meanwhile. Carries what is stored, so that both can be shown."""

    def __init__(self, stored: SessionNote) -> None:
        super().__init__("This note was saved in another window meanwhile. Both versions are here: nothing is lost.")
        self.stored = stored


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
        remark = f" ({self.remark})" if self.remark else ""
        return f"{self.exercise.name}: {self.sets} × {self.amount}{remark}"


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
    techniques: tuple[Applied, ...] = field(default=())
    exercises: tuple[Done, ...] = field(default=())


# -- Start and save ------------------------------------------------------------------------------------


@transaction.atomic
def start(
    *,
    patient: Patient,
    plan: Plan | None,
    practitioner: Practitioner,
    visit_uid: uuid.UUID | None,
    service_at: datetime,
    zone: str = "",
    episode: Episode | None = None,
    by: User,
    now: datetime,
) -> SessionNote:
    """The draft of a visit's note; the same one however often it is asked for.

    `zone` is that of the place it happened in (the clinic's first location's when not said).
    """
    person = records.lock(patient)
    if visit_uid is not None:
        existing = SessionNote.objects.filter(visit_uid=visit_uid).first()
        if existing is not None:
            return existing
    if plan is not None and plan.patient.root_id != person.pk:
        raise NoteRefused("That plan is another patient's.")
    note = SessionNote.objects.create(
        patient=person,
        plan=plan,
        episode=plan.episode if plan is not None else episode,
        author=practitioner,
        visit_uid=visit_uid,
        service_at=service_at,
        zone=zone or house_zone(),
        started_at=now,
        started_by=by,
        written_at=now,
        template_version=TEMPLATE_VERSION,
    )
    care_team.join(patient=person, practitioner=practitioner, why=Joining.NOTE, by=by, now=now)
    audit.record("note.started", by=by, now=now, subject=note, patient_uid=person.uid)
    return note


def house_zone() -> str:
    """The zone of the clinic's first location; UTC before there is one."""
    return Location.objects.active().order_by("pk").values_list("zone", flat=True).first() or "UTC"


@transaction.atomic
def save_draft(note: SessionNote, *, content: Content, revision: int, by: User, now: datetime) -> SessionNote:
    """Keep what was typed so far. `revision` is the one the typist's page was on.

    Raises NoteIsStale when the draft moved on meanwhile (unless it says the same), NoteRefused when it is signed.
    """
    note = _locked(note)
    check_may_write(note, by=by)
    if content == content_of(note):
        return note
    if revision != note.revision:
        raise NoteIsStale(note)
    for name in (*TEXTS, *NUMBERS):
        setattr(note, name, getattr(content, name))
    note.written_at = now
    note.revision += 1
    note.save(update_fields=[*TEXTS, *NUMBERS, "written_at", "revision"])
    _write_rows(note, content)
    return note


def _write_rows(note: SessionNote, content: Content) -> None:
    note.techniques.all().delete()
    note.exercises.all().delete()
    TechniqueApplied.objects.bulk_create(
        TechniqueApplied(
            note=note, position=n, technique=t.technique, region=t.region, minutes=t.minutes, pressure=t.pressure
        )
        for n, t in enumerate(content.techniques, start=1)
    )
    ExerciseDone.objects.bulk_create(
        ExerciseDone(note=note, position=n, exercise=e.exercise, sets=e.sets, amount=e.amount, remark=e.remark)
        for n, e in enumerate(content.exercises, start=1)
    )


def content_of(note: SessionNote) -> Content:
    """What is stored, in the shape that a form fills."""
    read = "exercises" in getattr(note, "_prefetched_objects_cache", {})
    done = note.exercises.all() if read else note.exercises.select_related("exercise")
    return Content(
        **{name: getattr(note, name) for name in (*TEXTS, *NUMBERS)},
        techniques=tuple(Applied(t.technique, t.region, t.minutes, t.pressure) for t in note.techniques.all()),
        exercises=tuple(Done(e.exercise, e.sets, e.amount, e.remark) for e in done),
    )


def carried(note: SessionNote) -> Content | None:
    """What to start from: the last signed note's work, else what the plan says."""
    last = last_signed(note)
    if last is not None:
        then = content_of(last)
        return Content(**{name: getattr(then, name) for name in CARRIED})
    return as_planned(note.plan) if note.plan is not None else None


@transaction.atomic
def carry(note: SessionNote, *, by: User, now: datetime) -> SessionNote:
    """Fill what is still empty in the draft from the last note or the plan; what is typed stays."""
    note = _locked(note)
    check_may_write(note, by=by)
    start_from = carried(note)
    if start_from is None:
        raise NoteRefused("There is no earlier note and no plan to start from.")
    typed = content_of(note)
    filled = replace(typed, **{n: getattr(typed, n) or getattr(start_from, n) for n in CARRIED})
    return save_draft(note, content=filled, revision=note.revision, by=by, now=now)


def last_signed(note: SessionNote) -> SessionNote | None:
    """The newest signed note of this person before this session, of the same episode when it has one."""
    earlier = SessionNote.objects.for_patient(note.patient).signed().filter(service_at__lt=note.service_at)
    if note.episode_id:
        earlier = earlier.filter(episode=note.episode_id)
    return earlier.newest_first().with_parts().first()


def as_planned(plan: Plan) -> Content:
    """One row per planned region, the planned minutes shared among them; the exercises at their dose."""
    techniques: list[Applied] = []
    done: list[Done] = []
    for part in plan.interventions.prefetch_related("exercises__exercise"):
        if part.kind == Kind.MASSAGE:
            techniques.extend(_rows_of(part.technique, part.regions, part.minutes or 0, part.pressure_cap))
        done.extend(Done(p.exercise, p.sets, p.amount) for p in part.exercises.all())
    return Content(techniques=tuple(techniques), exercises=tuple(done))


def _rows_of(technique: str, regions: Sequence[str], minutes: int, pressure: int | None) -> Iterator[Applied]:
    if not regions:
        return
    share, rest = divmod(minutes, len(regions))
    for n, region in enumerate(regions):
        if share + (n < rest):
            yield Applied(technique, region, share + (n < rest), pressure)


@transaction.atomic
def discard(note: SessionNote, *, by: User, now: datetime) -> None:
    """Take back a note that was started by mistake, as long as nothing is written in it."""
    note = _locked(note)
    check_may_write(note, by=by)
    if content_of(note) != Content():
        raise NoteRefused("Something is written in this note, so it stays.")
    audit.record("note.discarded", by=by, now=now, subject=note, patient_uid=note.patient.uid)
    note.delete()


# -- Sign and amend ------------------------------------------------------------------------------------


def check_may_write(note: SessionNote, *, by: User) -> None:
    """Raise NoteRefused unless this person may go on writing this note."""
    if note.is_signed:
        raise NoteRefused("This note is signed. Add an addendum instead.")
    if note.author.user_id != by.pk:
        raise NoteRefused("Only its author may write in this note.")


def may_write(note: SessionNote, *, by: User) -> bool:
    try:
        check_may_write(note, by=by)
    except NoteRefused:
        return False
    return True


def check_can_sign(note: SessionNote, content: Content, *, by: User, now: datetime) -> None:
    """Raise NoteRefused unless its author may vouch for what it says now."""
    check_may_write(note, by=by)
    if NoteStatus.SIGNED not in NOTE_TRANSITIONS[NoteStatus(note.status)]:
        raise NoteRefused("This note cannot be signed.")
    tz = ZoneInfo(note.zone)
    if local_day(note.service_at, tz) > local_day(now, tz):
        raise NoteRefused("This session is still to come: a note is signed after it.")
    if not (content.techniques or content.exercises or content.subjective or content.objective):
        raise NoteRefused("Nothing is written down yet: say what was found or done before you sign.")


@transaction.atomic
def sign(note: SessionNote, *, revision: int, by: User, now: datetime) -> SessionNote:
    """Vouch for the stored draft exactly as it was on the page (`revision`). From here on it is only added to."""
    note = _locked(note)
    check_can_sign(note, content_of(note), by=by, now=now)
    if revision != note.revision:
        raise NoteIsStale(note)
    note.status, note.signed_at, note.signed_by = NoteStatus.SIGNED, now, by
    note.digest = digest(note)
    note.save(update_fields=["status", "signed_at", "signed_by", "digest"])
    audit.record(
        "note.signed", by=by, now=now, subject=note, patient_uid=note.patient.uid, detail={"digest": note.digest}
    )
    return note


@transaction.atomic
def amend(note: SessionNote, *, text: str, reason: str, by: User, now: datetime) -> Addendum:
    """Add words to a signed note, beside the original."""
    note = _locked(note)
    if not note.is_signed:
        raise NoteRefused("This note is not signed yet: simply edit it.")
    if not text.strip() or not reason.strip():
        raise NoteRefused("Say what is added, and why.")
    addendum = Addendum.objects.create(note=note, text=text, reason=reason, written_at=now, written_by=by)
    audit.record("note.amended", by=by, now=now, subject=addendum, patient_uid=note.patient.uid)
    return addendum


def _locked(note: SessionNote) -> SessionNote:
    return (
        SessionNote.objects.select_for_update(of=("self",))
        .select_related("author", "patient", "episode", "plan", "signed_by")
        .get(pk=note.pk)
    )


# -- What was vouched for ------------------------------------------------------------------------------


def digest(note: SessionNote) -> str:
    """SHA-256 over all that the note says, in one canonical form."""
    said = json.dumps(canonical(note), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def canonical(note: SessionNote) -> dict[str, object]:
    """Every fact of the note as plain values: opaque ids, never row numbers; instants in UTC."""
    return {
        "template": note.template_version,
        "note": str(note.uid),
        "patient": str(note.patient.uid),
        "episode": str(note.episode.uid) if note.episode else None,
        "plan": str(note.plan.uid) if note.plan else None,
        "author": str(note.author.uid),
        "visit": str(note.visit_uid) if note.visit_uid else None,
        "service_at": _utc(note.service_at),
        "zone": note.zone,
        "started_at": _utc(note.started_at),
        "written_at": _utc(note.written_at),
        "signed_at": _utc(note.signed_at) if note.signed_at else None,
        "signed_by": str(note.signed_by.uid) if note.signed_by else None,
        **{name: getattr(note, name) for name in (*TEXTS, *NUMBERS)},
        "techniques": [[t.position, t.technique, t.region, t.minutes, t.pressure] for t in note.techniques.all()],
        "exercises": [[e.position, e.exercise.slug, e.sets, e.amount, e.remark] for e in note.exercises.all()],
    }


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def is_intact(note: SessionNote) -> bool:
    """Whether a signed note still says what was vouched for."""
    return note.is_signed and digest(note) == note.digest


def altered() -> list[uuid.UUID]:
    """The signed notes that no longer say what was vouched for."""
    signed = SessionNote.objects.signed().with_parts().select_related("author", "signed_by").order_by("pk")
    return [note.uid for note in signed.iterator(chunk_size=500) if not is_intact(note)]
