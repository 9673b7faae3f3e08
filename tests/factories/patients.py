"""Patients for tests: one call each, only what the test speaks of."""

from __future__ import annotations

import io
import itertools
from datetime import UTC, date, datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from clinic.access import SYSTEM
from clinic.models import User
from patients import care_team, registration
from patients.models import Joining, Patient

#: Tuesday 24 November 2026, 08:00 in New York.
NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
_number = itertools.count(1)


def a_patient(given_name: str = "Ana", family_name: str = "", *, by: User | None = None, **facts: Any) -> Patient:
    """A registered patient, born on 7 March 1984 unless said otherwise. Likeness to others is not asked about."""
    return registration.register(
        given_name=given_name,
        family_name=family_name or f"Ribeiro{next(_number)}",
        born_on=facts.pop("born_on", date(1984, 3, 7)),
        accept_duplicates=True,
        by=by or SYSTEM,
        now=facts.pop("now", NOW),
        **facts,
    )


def in_the_care_of(user: User, patient: Patient, *, now: datetime = NOW) -> Patient:
    """The same patient, now treated by this therapist."""
    care_team.join(patient=patient, practitioner=user.practitioner, why=Joining.ASSIGNED, by=SYSTEM, now=now)
    return patient


def a_picture(form: str = "JPEG", size: tuple[int, int] = (40, 30), **save: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(out, form, **save)
    return out.getvalue()


def a_pdf(inside: bytes = b"") -> bytes:
    """The smallest file that is honestly a PDF."""
    return (
        b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
        b"2 0 obj << /Type /Pages /Kids [] /Count 0 >> endobj\n" + inside + b"\ntrailer << /Root 1 0 R >>\n%%EOF\n"
    )


def an_upload(data: bytes, name: str = "scan.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)
