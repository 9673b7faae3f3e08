"""Whether the signed notes are what was signed: every note, addendum and co-signature against the audit, and back.

The audit keeps each digest in a chain of its own (clinic.audit). So a row that was changed, moved or removed past the
database's guards shows, whether or not whoever did it reckoned its digest anew; with an anchor kept elsewhere the end
of the chain cannot be cut off either. See docs/algorithms/signed-notes.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from clinic import audit
from clinic.models import AuditEvent
from treatments import vouching
from treatments.models import Addendum, CoSignature

SIGNED, AMENDED, COSIGNED = "note.signed", "note.amended", "note.cosigned"


def verify(*, anchor: tuple[int, str] | None = None) -> tuple[list[str], audit.ChainReport]:
    """Every breach as a sentence, none when all is well; and the chain, whose head is the next anchor."""
    chain = audit.verify(anchor=anchor)
    breaches = [] if chain.whole else [f"The audit chain does not hold from position {chain.broken_at} on."]
    said: dict[str, dict[uuid.UUID | None, list[dict[str, str]]]] = {SIGNED: {}, AMENDED: {}, COSIGNED: {}}
    events = AuditEvent.objects.filter(action__in=said).order_by("pk").values_list("action", "subject_uid", "detail")
    for action, subject, detail in events.iterator(chunk_size=2_000):
        said[action].setdefault(subject, []).append(detail)
    breaches += [*_notes(said[SIGNED]), *_addenda(said[AMENDED]), *_cosignatures(said[COSIGNED])]
    return breaches, chain


def _notes(said: dict[uuid.UUID | None, list[dict[str, str]]]) -> Iterator[str]:
    for note in vouching.all_signed():
        known = said.pop(note.uid, [])
        if not vouching.is_intact(note):
            yield f"Note {note.uid} does not say what was signed."
        elif [one.get("digest") for one in known] != [note.digest]:
            yield f"Note {note.uid} is not signed as the audit says."
    yield from (f"Note {uid} was signed and is not there as a signed note." for uid in said)


def _addenda(said: dict[uuid.UUID | None, list[dict[str, str]]]) -> Iterator[str]:
    rows = Addendum.objects.select_related("note", "written_by").order_by("pk")
    for addendum in rows.iterator(chunk_size=500):
        known = said.pop(addendum.uid, [])
        if not _as_said(known, "digest", vouching.digest_of_addendum(addendum)):
            yield f"Addendum {addendum.uid} of note {addendum.note.uid} is not what was added."
    yield from (f"Addendum {uid} was written and is not there." for uid in said)


def _cosignatures(said: dict[uuid.UUID | None, list[dict[str, str]]]) -> Iterator[str]:
    rows = CoSignature.objects.select_related("note", "signed_by").order_by("pk")
    for one in rows.iterator(chunk_size=500):
        known = said.pop(one.note.uid, [])
        if one.digest != one.note.digest or not _as_said(known, "row", vouching.digest_of_cosignature(one)):
            yield f"The co-signature of note {one.note.uid} is not what was given."
    yield from (f"Note {uid} was co-signed and its co-signature is not there." for uid in said)


def _as_said(known: list[dict[str, str]], name: str, digest: str) -> bool:
    """Once in the audit; entries from before such digests were kept say only that it was written."""
    return len(known) == 1 and known[0].get(name, digest) == digest
