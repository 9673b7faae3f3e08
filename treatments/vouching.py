"""What a signature vouches for: a digest over everything a note says (docs/algorithms/signed-notes.md)."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from treatments.content import NUMBERS, TEXTS
from treatments.models import Addendum, CoSignature, SessionNote

#: Which fields a note has and how they are asked; part of the digest. Older notes keep the one they were signed under.
TEMPLATE_VERSION = 3


def digest(note: SessionNote) -> str:
    """SHA-256 over all that the note says, in one canonical form."""
    return _sha256(canonical(note))


def digest_of_addendum(addendum: Addendum) -> str:
    """Of what was added to a note, by whom, when and why. It stands in the audit: an addendum has no signature."""
    facts = {
        "addendum": str(addendum.uid),
        "note": str(addendum.note.uid),
        "text": addendum.text,
        "reason": addendum.reason,
        "written_at": _utc(addendum.written_at),
        "written_by": str(addendum.written_by.uid),
    }
    return _sha256(facts)


def digest_of_cosignature(cosignature: CoSignature) -> str:
    facts = {
        "note": str(cosignature.note.uid),
        "digest": cosignature.digest,
        "signed_at": _utc(cosignature.signed_at),
        "signed_by": str(cosignature.signed_by.uid),
        "remark": cosignature.remark,
    }
    return _sha256(facts)


def _sha256(facts: Mapping[str, object]) -> str:
    said = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def canonical(note: SessionNote) -> dict[str, object]:
    """Every fact of the note as plain values: opaque ids, never row numbers; instants in UTC."""
    facts: dict[str, object] = {
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
    if note.template_version >= 2:
        facts |= _since_2(note)
    if note.template_version >= 3:
        facts |= _since_3(note)
    return facts


def _since_2(note: SessionNote) -> dict[str, object]:
    return {
        "privacy": note.privacy,
        "carried_from": str(note.carried_from.uid) if note.carried_from else None,
        "needs_cosignature": note.needs_cosignature,
        "palpations": [[p.position, p.region, p.finding, p.degree, p.remark] for p in note.palpations.all()],
        "motions": [[m.position, m.movement, m.degrees, m.remark] for m in note.motions.all()],
        "strengths": [[s.position, s.muscles, s.grade, s.remark] for s in note.strengths.all()],
    }


def _since_3(note: SessionNote) -> dict[str, object]:
    marks = sorted(note.marks.all(), key=lambda m: (m.layer, m.region))
    return {"marks": [[m.layer, m.region, m.intensity, m.remark, m.atlas] for m in marks]}


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def is_intact(note: SessionNote) -> bool:
    """Whether a signed note still says what was vouched for."""
    return note.is_signed and digest(note) == note.digest


def all_signed() -> Iterator[SessionNote]:
    signed = SessionNote.objects.signed().with_parts().select_related("author", "signed_by").order_by("pk")
    return signed.iterator(chunk_size=500)


def altered() -> list[uuid.UUID]:
    """The signed notes that no longer say what was vouched for."""
    return [note.uid for note in all_signed() if not is_intact(note)]
