"""What a page needs to keep a sealed copy in its browser of what is typed or marked (static/js/chart-copy.js)."""

from __future__ import annotations

from base64 import b64encode

from clinic import sealing
from clinic.requests import StaffRequest
from treatments.models import SessionNote

CHART, BODY = "chart", "body"


def name(request: StaffRequest, note: SessionNote, what: str) -> str:
    """Where it lies in the browser; it says neither whose it is nor about whom."""
    return sealing.key_for(*_whose(request, note), purpose=f"{what} copy name").hex()[:32]


def names(request: StaffRequest, note: SessionNote) -> str:
    """All that may lie there of this note: forgotten once everything is stored."""
    return " ".join(name(request, note, what) for what in (CHART, BODY))


def key(request: StaffRequest, note: SessionNote, what: str) -> str:
    """It belongs to this note and this person, and only their own page is given it."""
    return b64encode(sealing.key_for(*_whose(request, note), purpose=f"{what} copy")).decode()


def _whose(request: StaffRequest, note: SessionNote) -> tuple[str, str]:
    return str(note.uid), str(request.user.uid)
