"""A note on paper: as it was signed, with both signatures, and what was added to it in the order it was added."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from clinic import documents
from clinic.models import Clinic
from treatments import letterhead, vouching
from treatments.body.marks import in_order
from treatments.content import content_of
from treatments.models import SessionNote


def paper(note: SessionNote) -> bytes:
    return documents.render("note", paper_data(note))


def paper_data(note: SessionNote) -> dict[str, Any]:
    """What the Typst template is given. The note comes with its parts."""
    clinic, patient = Clinic.objects.first(), note.patient
    return {
        "title": "Session note",
        "issuer": letterhead.issuer(clinic),
        "paper": letterhead.paper_size(clinic),
        "number": f"{note.service_at.astimezone(ZoneInfo(note.zone)):%Y-%m-%d}",
        "patient": {
            "name": patient.full_name,
            "born": letterhead.day(patient.born_on),
            "number": patient.number_label,
        },
        "session": _at(note, note.service_at),
        "author": str(note.author),
        "about": [line for line in (note.episode and note.episode.title, _late(note)) if line],
        "is_draft": not note.is_signed,
        "sections": [{"title": title, "lines": lines} for title, lines in _sections(note) if lines],
        "signed": _signatures(note),
        "digest": f"SHA-256 of what was signed: {note.digest}" if note.is_signed else "",
        "addenda": [
            {
                "title": f"Addendum, {_at(note, addendum.written_at)}",
                "who": f"{addendum.written_by}: {addendum.reason}",
                "text": addendum.text,
            }
            for addendum in note.addenda.all()
        ],
    }


def _sections(note: SessionNote) -> list[tuple[str, list[str]]]:
    said = content_of(note)
    before = [] if said.pain_before is None else [f"Pain before: {said.pain_before} of 10"]
    spasms = [] if said.spasms_since_last is None else [f"Spasms since last time: {said.spasms_since_last}"]
    after = [] if said.pain_after is None else [f"Pain after: {said.pain_after} of 10"]
    found = [row.words for name in ("palpations", "motions", "strengths") for row in getattr(said, name)]
    done = [row.words for name in ("techniques", "exercises") for row in getattr(said, name)]
    return [
        ("Subjective", [*before, *spasms, *_words(said.subjective)]),
        ("Objective", [*_words(said.objective), *found]),
        ("Body chart", [mark.words for mark in in_order(row.mark for row in note.marks.all())]),
        ("Done", [*done, *after, *_words(said.response)]),
        ("Assessment", _words(said.assessment)),
        ("Plan", _words(said.next_steps)),
    ]


def _words(text: str) -> list[str]:
    return [text] if text else []


def _signatures(note: SessionNote) -> list[str]:
    if not note.is_signed or note.signed_at is None:
        return []
    intact = "" if vouching.is_intact(note) else " This is not what was signed."
    said = [f"Signed by {note.signed_by}, {_at(note, note.signed_at)}.{intact}"]
    if note.cosigned is not None:
        remark = f" {note.cosigned.remark}" if note.cosigned.remark else ""
        said.append(f"Co-signed by {note.cosigned.signed_by}, {_at(note, note.cosigned.signed_at)}.{remark}")
    elif note.needs_cosignature:
        said.append("Waits for a co-signature.")
    return said


def _late(note: SessionNote) -> str:
    return f"written {_at(note, note.written_at)}" if note.is_late else ""


def _at(note: SessionNote, instant: datetime) -> str:
    """In the zone of the place where it happened."""
    here = instant.astimezone(ZoneInfo(note.zone))
    return f"{letterhead.day(here.date())}, {here:%H:%M}"
