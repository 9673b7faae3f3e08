"""Notes of sessions: started once per visit, saved as typed, signed by their author, then only added to.

Who signs vouches for a digest over everything the note says (treatments.vouching); the database refuses to change
it from then on. What a note says is a value (treatments.content).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from clinic import audit
from clinic.models import Location, Practitioner, User
from clinic.time import local_day
from patients import care_team, records
from patients.models import Joining, Patient
from treatments import gate
from treatments.body.marks import fingerprint
from treatments.content import (  # noqa: F401 -- read as notes.Content by all who write notes
    CARRIED,
    LABELS,
    LISTS,
    NUMBERS,
    PARTS,
    PLAIN,
    TEXTS,
    Applied,
    Content,
    Done,
    Moved,
    Palpated,
    Strength,
    content_of,
    write_rows,
)
from treatments.models import Addendum, Episode, Kind, Plan, SessionNote, Supervision
from treatments.states import NOTE_TRANSITIONS, NoteStatus
from treatments.vouching import (  # noqa: F401 -- the same
    TEMPLATE_VERSION,
    altered,
    canonical,
    digest,
    digest_of_addendum,
    is_intact,
)


class NoteRefused(Exception):
    """Carries a sentence fit for the therapist."""


class NoteIsStale(NoteRefused):
    """The draft was saved elsewhere meanwhile. Carries what is stored, so that both can be shown."""

    def __init__(self, stored: SessionNote) -> None:
        super().__init__("This note was saved in another window meanwhile. Both versions are here: nothing is lost.")
        self.stored = stored


class NoteIsSigned(NoteRefused):
    """It is never changed any more. What was typed meanwhile goes into an addendum."""

    def __init__(self) -> None:
        super().__init__("This note is signed. Add an addendum instead.")


class NotLookedAt(NoteRefused):
    """Something was carried over and nobody has looked at it yet: it is not vouched for. Carries what."""

    def __init__(self, parts: Sequence[str]) -> None:
        named = ", ".join(LABELS[part] for part in parts)
        super().__init__(f"Carried over and not looked at yet: {named}. Say that it still holds, or change it.")
        self.parts = list(parts)


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
def save_draft(
    note: SessionNote,
    *,
    content: Content,
    revision: int,
    looked: Collection[str] = (),
    by: User,
    now: datetime,
) -> SessionNote:
    """Keep what was typed so far. `revision` is the one the typist's page was on.

    What was carried over stays marked until it is changed or said to have been looked at (`looked`).
    Raises NoteIsStale when the draft moved on meanwhile (unless it says the same), NoteRefused when it is signed.
    """
    note = _locked(note)
    check_may_write(note, by=by)
    before = content_of(note)
    marked = [p for p in note.carried if p not in looked and getattr(content, p) == getattr(before, p)]
    if content == before and marked == note.carried:
        return note
    if revision != note.revision:
        raise NoteIsStale(note)
    _store(note, content, before, marked=marked, now=now)
    return note


def _store(note: SessionNote, content: Content, before: Content, *, marked: list[str], now: datetime) -> None:
    for name in PLAIN:
        setattr(note, name, getattr(content, name))
    note.carried = marked
    note.written_at = now
    note.revision += 1
    note.save(update_fields=[*PLAIN, "carried", "carried_from", "written_at", "revision"])
    write_rows(note, content, before)


# -- Same as last time ---------------------------------------------------------------------------------


@transaction.atomic
def carry(note: SessionNote, *, by: User, now: datetime) -> SessionNote:
    """Fill what is still empty in the draft from the last note, or from the plan; what is typed stays.

    What came over is marked until somebody has looked at it: it is last time's, or only planned.
    """
    note = _locked(note)
    check_may_write(note, by=by)
    last = last_signed(note)
    if last is None and note.plan is None:
        raise NoteRefused("There is no earlier note and no plan to start from.")
    start_from = content_of(last) if last is not None else as_planned(note.plan)  # type: ignore[arg-type]
    before = content_of(note)
    filled = [part for part in CARRIED if not getattr(before, part) and getattr(start_from, part)]
    values = {name: getattr(start_from if name in filled else before, name) for name in PARTS}
    marked = [part for part in CARRIED if part in note.carried or part in filled]
    note.carried_from = last
    if filled:
        _store(note, Content(**values), before, marked=marked, now=now)
    return note


def last_signed(note: SessionNote, *, with_parts: bool = True) -> SessionNote | None:
    """The newest signed note of this person before this session that its author may read, of the same episode."""
    earlier = SessionNote.objects.for_patient(note.patient).signed().filter(service_at__lt=note.service_at)
    earlier = earlier.let_read_by(note.author.user)
    if note.episode_id:
        earlier = earlier.filter(episode=note.episode_id)
    earlier = earlier.newest_first()
    return (earlier.with_parts() if with_parts else earlier.select_related("author__user")).first()


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
    if content_of(note) != Content(privacy=note.privacy) or note.marks.exists():
        raise NoteRefused("Something is written in this note, so it stays.")
    audit.record("note.discarded", by=by, now=now, subject=note, patient_uid=note.patient.uid)
    note.delete()


# -- Sign and amend ------------------------------------------------------------------------------------


def check_may_write(note: SessionNote, *, by: User) -> None:
    """Raise NoteRefused unless this person may go on writing this note."""
    if note.is_signed:
        raise NoteIsSigned
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
    if not content.says_something and not note.marks.exists():
        raise NoteRefused("Nothing is written down yet: say what was found or done before you sign.")
    if note.carried:
        raise NotLookedAt(note.carried)


@transaction.atomic
def sign(note: SessionNote, *, revision: int, marks: str = "", by: User, now: datetime) -> SessionNote:
    """Vouch for the stored draft exactly as it was on the page. From here on it is only added to.

    `revision` and `marks`, the fingerprint of its body chart, are what the page showed.
    """
    note = _locked(note)
    check_can_sign(note, content_of(note), by=by, now=now)
    if revision != note.revision or marks != fingerprint(m.mark for m in note.marks.all()):
        raise NoteIsStale(note)
    note.status, note.signed_at, note.signed_by = NoteStatus.SIGNED, now, by
    note.template_version = TEMPLATE_VERSION
    note.needs_cosignature = Supervision.objects.current().filter(practitioner=note.author).exists()
    note.digest = digest(note)
    note.save(update_fields=["status", "signed_at", "signed_by", "template_version", "needs_cosignature", "digest"])
    gate.rely_on_note(note, by=by, now=now)
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
    audit.record(
        "note.amended", by=by, now=now, subject=addendum, patient_uid=note.patient.uid,
        detail={"digest": digest_of_addendum(addendum)},
    )  # fmt: skip
    return addendum


def _locked(note: SessionNote) -> SessionNote:
    return (
        SessionNote.objects.select_for_update(of=("self",))
        .select_related("author__user", "patient", "episode", "plan", "signed_by", "carried_from")
        .get(pk=note.pk)
    )
