"""Letters to the referring doctor: drafted from the record, edited by a person, made final as a document.

Nothing is sent from here. A final letter is a PDF among the patient's documents, with who, when and which version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from clinic import audit, documents
from clinic.forms import check_revision
from clinic.models import Clinic, Practitioner, User
from clinic.time import local_day
from patients import documents as papers
from patients import records
from patients.models import DocumentKind
from treatments import letterhead, measured, overview
from treatments.models import Diagnosis, Episode, Kind, Letter, LetterKind, Plan, Referral, SessionNote

#: The parts of a letter that a person edits, in the order in which they are read.
PARTS = ("opening", "diagnosis", "planned", "sessions", "measures", "response", "next_step", "closing")
TITLES = {
    "diagnosis": "Diagnosis",
    "planned": "Plan",
    "sessions": "Sessions so far",
    "measures": "Measures",
    "response": "Response",
    "next_step": "Next step",
}
#: Of so many sessions the response is quoted.
QUOTED = 3


class LetterRefused(Exception):
    """Carries a sentence fit for the therapist, and which field it is about."""

    def __init__(self, sentence: str, *, part: str = "") -> None:
        super().__init__(sentence)
        self.part = part


class _File(BytesIO):
    """A PDF of ours as something to file."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.size: int | None = len(data)


@transaction.atomic
def start(episode: Episode, *, kind: str, author: Practitioner, by: User, now: datetime, today: date) -> Letter:
    """A draft from what the record says now; the draft there is, when one of this kind is being written already."""
    records.lock(episode.patient)
    mine = Letter.objects.filter(episode=episode, kind=kind)
    draft = mine.drafts().first()
    if draft is not None:
        return draft
    newest, plan = mine.order_by("-version").first(), _plan_of(episode)
    letter = Letter.objects.create(
        patient=episode.patient,
        episode=episode,
        plan=plan,
        author=author,
        kind=LetterKind(kind),
        version=newest.version + 1 if newest else 1,
        dated_on=today,
        started_at=now,
        started_by=by,
        **drafted(episode, plan, kind=kind, today=today),
    )
    said = {"kind": str(letter.kind), "version": letter.version}
    audit.record("letter.started", by=by, now=now, subject=letter, patient_uid=episode.patient.uid, detail=said)
    return letter


@transaction.atomic
def save(letter: Letter, *, revision: int | None = None, by: User, now: datetime, **words: Any) -> Letter:
    """What the therapist made of the draft."""
    letter = _draft(letter, revision)
    changed = [name for name, value in words.items() if getattr(letter, name) != value]
    if changed:
        for name in changed:
            setattr(letter, name, words[name])
        letter.revision += 1
        letter.save(update_fields=[*changed, "revision"])
        audit.record("letter.edited", by=by, now=now, subject=letter, patient_uid=letter.patient.uid,
                     detail={"fields": sorted(changed)})  # fmt: skip
    return letter


@transaction.atomic
def finalise(letter: Letter, *, revision: int | None = None, by: User, now: datetime) -> Letter:
    """Fix the letter for good and file it among the patient's documents. It is not sent: a person does that."""
    letter = _draft(letter, revision)
    if not letter.to_name.strip():
        raise LetterRefused("Say to whom the letter goes.", part="to_name")
    if not any(getattr(letter, part).strip() for part in PARTS):
        raise LetterRefused("The letter says nothing yet.", part="opening")
    pdf = documents.render("letter", paper_data(letter, is_draft=False))
    letter.document = papers.file(
        patient=letter.patient, upload=_File(pdf), kind=DocumentKind.REPORT, dated_on=letter.dated_on,
        title=f"{letter.get_kind_display()} to {letter.to_name}, version {letter.version}"[:120], by=by, now=now,
    )  # fmt: skip
    letter.finalised_at, letter.finalised_by = now, by
    letter.revision += 1
    letter.save(update_fields=["document", "finalised_at", "finalised_by", "revision"])
    said = {"kind": str(letter.kind), "version": letter.version, "document": str(letter.document.uid)}
    audit.record("letter.finalised", by=by, now=now, subject=letter, patient_uid=letter.patient.uid, detail=said)
    return letter


@transaction.atomic
def discard(letter: Letter, *, by: User, now: datetime) -> None:
    """Throw a draft away; its number is free again."""
    letter = _draft(letter, None)
    said = {"kind": str(letter.kind), "version": letter.version}
    audit.record("letter.discarded", by=by, now=now, subject=letter, patient_uid=letter.patient.uid, detail=said)
    letter.delete()


def _draft(letter: Letter, revision: int | None) -> Letter:
    records.lock(letter.patient)
    found = Letter.objects.select_for_update(of=("self",)).for_page().get(pk=letter.pk)
    if found.is_final:
        raise LetterRefused("This letter is final. Write the next version.")
    check_revision(found, revision)
    return found


def _plan_of(episode: Episode) -> Plan | None:
    """The plan in force, or else the newest."""
    plans = Plan.objects.filter(episode=episode).with_parts()
    return plans.accepted().first() or plans.order_by("-version").first()


# -- What the record says ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """All that a draft is made of, read once."""

    episode: Episode
    plan: Plan | None
    diagnoses: list[Diagnosis]
    referral: Referral | None
    notes: list[SessionNote]
    today: date


def drafted(episode: Episode, plan: Plan | None, *, kind: str, today: date) -> dict[str, str]:
    """The words of a draft, part by part."""
    known = _Known(
        episode, plan,
        list(Diagnosis.objects.filter(episode=episode).standing().newest_first().select_related("code")),
        Referral.objects.standing().filter(episode=episode).newest_first().first(),
        list(SessionNote.objects.signed().filter(episode=episode).order_by("service_at", "pk")),
        today,
    )  # fmt: skip
    report = kind == LetterKind.PROGRESS_REPORT
    return {
        "to_name": known.referral.provider_name if known.referral else "",
        "opening": _opening(known, report=report),
        "diagnosis": _diagnosis(known),
        "planned": _planned(known),
        "sessions": _sessions(known) if report else "",
        "measures": _measures(known),
        "response": _response(known) if report else "",
        "next_step": _next_step(known),
        "closing": "Please let us know if you would do anything differently.\n\nWith kind regards",
    }


def _opening(known: _Known, *, report: bool) -> str:
    thanks = f"Thank you for referring this patient to us on {letterhead.day(known.referral.dated_on)}. " if (
        known.referral) else ""  # fmt: skip
    what = "Here is how the treatment has gone so far." if report else "Here is what we have planned together."
    return f"Dear colleague,\n\n{thanks}{what}"


def _diagnosis(known: _Known) -> str:
    lines = [f"{one.code.code} {one.code.description}" for one in known.diagnoses]
    lines.append(f"Cause: {known.episode.get_cause_display().lower()}." if known.episode.cause != "unknown" else "")
    if known.episode.tissue_state != "unknown":
        where = f" ({known.episode.region_labels})" if known.episode.regions else ""
        lines.append(f"On examination: {known.episode.get_tissue_state_display().lower()}{where}.")
    return "\n".join(line for line in lines if line)


def _planned(known: _Known) -> str:
    if known.plan is None:
        return ""
    lines = [known.plan.summary] if known.plan.summary else []
    for part in known.plan.interventions.all():
        if part.kind == Kind.MEDICATION:
            lines.append(f"Medication as ordered: {part.as_ordered}.")
            continue
        lines.append(f"{part.label}: {part.sessions} sessions, at least {part.days_between} days apart.")
        names = [prescription.exercise.name for prescription in part.exercises.all()]
        if names:
            lines.append(f"Exercises: {', '.join(names)}.")
    agreed = known.plan.consented_on
    lines.append(f"The patient agreed on {letterhead.day(agreed)}." if agreed else "The patient has yet to agree.")
    return "\n".join(lines)


def _sessions(known: _Known) -> str:
    if not known.notes:
        return "No session has been charted yet."
    first, last = (local_day(note.service_at, _zone(note)) for note in (known.notes[0], known.notes[-1]))
    count = len(known.notes)
    when = f"on {letterhead.day(first)}" if count == 1 else f"from {letterhead.day(first)} to {letterhead.day(last)}"
    line = f"{count} session{'' if count == 1 else 's'} {when}."
    if known.plan is not None:
        progress = overview.progress(known.plan)
        line += f" Of the {progress.planned} planned, {progress.done} are done and {progress.left} left."
    return line


def _measures(known: _Known) -> str:
    if known.plan is None:
        return ""
    lines = []
    for standing in measured.standings(known.plan):
        goal = standing.goal
        if goal.target is None:
            lines.append(f"Goal: {goal.wording}.")
            continue
        start = "" if goal.baseline is None else f" {_plain(goal.baseline)} at the start,"
        now = "" if standing.latest is None else f" {_plain(standing.latest.value)} last,"
        lines.append(f"{goal.get_measure_display()}:{start}{now} goal {_plain(goal.target)}"
                     f"{', reached' if standing.is_reached else ''}.")  # fmt: skip
    return "\n".join(lines)


def _plain(value: Decimal) -> str:
    """6.0 as 6, 2.5 as it is."""
    return f"{value.normalize():f}"


def _response(known: _Known) -> str:
    pains = [(n.pain_before, n.pain_after) for n in known.notes if n.pain_before is not None]
    lines = []
    if len(pains) > 1:
        lines.append(f"Pain before a session went from {pains[0][0]} to {pains[-1][0]} of 10.")
    quoted = [note.response.strip() for note in known.notes if note.response.strip()][-QUOTED:]
    return "\n".join([*lines, *quoted])


def _next_step(known: _Known) -> str:
    if known.plan is None:
        return ""
    if not known.plan.is_open:
        return f"The plan has ended: {known.plan.end_reason}."
    return f"We go on as planned and look again on {letterhead.day(known.plan.review_on)}."


def _zone(note: SessionNote) -> ZoneInfo:
    return ZoneInfo(note.zone)


# -- On paper ------------------------------------------------------------------------------------------------


def paper(letter: Letter) -> bytes:
    """The draft as it would look."""
    return documents.render("letter", paper_data(letter, is_draft=True))


def paper_data(letter: Letter, *, is_draft: bool) -> dict[str, Any]:
    clinic = Clinic.objects.first()
    patient = letter.patient
    sections = [
        {"title": title, "text": text} for part, title in TITLES.items() if (text := getattr(letter, part).strip())
    ]
    return {
        "issuer": letterhead.issuer(clinic),
        "paper": letterhead.paper_size(clinic),
        "title": letter.get_kind_display(),
        "number": f"version {letter.version}",
        "to": {"name": letter.to_name, "lines": [line for line in letter.to_address.splitlines() if line.strip()]},
        "patient": {
            "name": patient.full_name, "born": letterhead.day(patient.born_on), "number": patient.number_label,
        },
        "dated": letterhead.day(letter.dated_on),
        "opening": letter.opening.strip(),
        "sections": sections,
        "closing": letter.closing.strip(),
        "author": str(letter.author),
        "is_draft": is_draft,
    }  # fmt: skip
