"""Papers and pictures: examined by content before they are kept, kept outside the web root, never changed.

A name or a declared type is never believed. Pictures are decoded and drawn anew, which leaves behind where and
with what they were taken; PDFs must be nothing but a PDF without programs in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import os
import re
import tempfile
import uuid
import warnings
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import puremagic
from django.conf import settings
from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from clinic import audit
from clinic.access import Actor
from patients import records
from patients.models import Document, DocumentKind, Patient

LARGEST = 15 * 1024 * 1024
MOST_PIXELS = 50_000_000
_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png"}
_PROGRAMS = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)(?![A-Za-z])")
_MARKUP = re.compile(rb"<\s*(script|html|svg|!doctype|\?php|iframe)", re.IGNORECASE)
_STREAM = re.compile(rb"(?<!end)stream\r?\n(.*?)endstream", re.DOTALL)
_ZIP_END = b"PK\x05\x06"


class DocumentRefused(Exception):
    """Carries a sentence fit for whoever wanted to file it."""


class Upload(Protocol):
    """What the form hands over: something to read that knows how large it is."""

    size: int | None

    def read(self) -> bytes: ...


def examine(upload: Upload) -> tuple[bytes, str]:
    """The bytes to keep and what they are, or DocumentRefused with a sentence."""
    if (upload.size or 0) > LARGEST:
        raise DocumentRefused(f"The file is larger than {LARGEST // 2**20} MB. Make it smaller, or file it in parts.")
    data = upload.read()
    if not data:
        raise DocumentRefused("The file is empty.")
    if len(data) > LARGEST:
        raise DocumentRefused(f"The file is larger than {LARGEST // 2**20} MB. Make it smaller, or file it in parts.")
    kind = _kind_of(data)
    if kind == "application/pdf":
        return _examined_pdf(data), kind
    if kind in _FORMATS.values():
        return _redrawn(data)
    if kind in {"image/heic", "image/heif"}:
        raise DocumentRefused("Pictures in Apple's HEIC form cannot be filed. Send it as JPEG (“most compatible”).")
    raise DocumentRefused("Only PDF, JPEG and PNG files can be filed.")


@transaction.atomic
def file(
    *,
    patient: Patient,
    upload: Upload,
    title: str,
    kind: str = DocumentKind.OTHER,
    dated_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Document:
    """Examine a file and keep it on the person's record. If the record cannot be written, no bytes stay behind."""
    data, content_type = examine(upload)
    uid = uuid.uuid4()
    with _written(uid, data):
        return records.add(
            Document,
            patient=patient,
            uid=uid,
            kind=kind,
            title=title,
            dated_on=dated_on,
            content_type=content_type,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            by=by,
            now=now,
        )


def read(document: Document, *, by: Actor, now: datetime) -> bytes:
    """The bytes as they were filed, the look written down; DocumentRefused when they are gone or were changed."""
    audit.viewed("document", by=by, now=now, patient_uid=document.patient.uid, subject=document)
    try:
        data = path_of(document.uid).read_bytes()
    except FileNotFoundError:
        raise DocumentRefused("The file is missing from the store. Tell whoever runs this computer.") from None
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise DocumentRefused("The file in the store is not the one that was filed. Tell whoever runs this computer.")
    return data


def path_of(uid: uuid.UUID) -> Path:
    """Where the bytes lie: a random name in one of 256 folders, below no web root."""
    return Path(settings.DOCUMENTS_ROOT) / str(uid)[:2] / str(uid)


@contextlib.contextmanager
def _written(uid: uuid.UUID, data: bytes) -> Iterator[None]:
    """The bytes are on the disk before the row is; without the row they go again."""
    path = path_of(uid)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as new:
        new.write(data)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).replace(path)
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _kind_of(data: bytes) -> str:
    """By its first bytes, never by name."""
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"}:
        return "image/heic"
    try:
        return puremagic.from_string(data[:4096], mime=True)
    except (puremagic.PureError, ValueError):
        return ""


def _examined_pdf(data: bytes) -> bytes:
    if b"%%EOF" not in data[-2048:]:
        raise DocumentRefused("The PDF is cut off. Was it saved to the end?")
    if _ZIP_END in data[-70_000:] or _MARKUP.search(data[:1024]):
        raise DocumentRefused("The file is a PDF and something else at once. Print it to a new PDF and file that.")
    if _PROGRAMS.search(_spoken(data)):
        raise DocumentRefused("The PDF carries a program or other files inside. Print it to a new PDF and file that.")
    return data


def _spoken(data: bytes) -> bytes:
    """What a PDF says outside its streams of drawing, and inside the streams that hold further objects."""
    said = []
    for outside, stream in itertools.zip_longest(*[iter(_STREAM.split(data))] * 2, fillvalue=b""):
        said.append(outside)
        if b"/ObjStm" in outside[-400:]:
            with contextlib.suppress(zlib.error):
                said.append(zlib.decompressobj().decompress(stream.lstrip(b"\r\n"), LARGEST))
    return b"\n".join(said)


def _redrawn(data: bytes) -> tuple[bytes, str]:
    """The picture alone: upright, without where, when and with what it was taken."""
    if data.startswith(b"\xff\xd8") and _MARKUP.search(data[:2048]):
        raise DocumentRefused("The file is a picture and something else at once. Save it anew as JPEG or PNG.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(_FORMATS)) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise DocumentRefused("The picture has too many pixels. Make it smaller.")
                form = picture.format or ""
                picture.load()
                upright = ImageOps.exif_transpose(picture)
                clean = Image.new(upright.mode, upright.size)
                clean.paste(upright)
                if upright.mode == "P" and (palette := upright.getpalette()):
                    clean.putpalette(palette)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DocumentRefused("The picture has too many pixels. Make it smaller.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise DocumentRefused("The picture is damaged and cannot be opened.") from None
    out = io.BytesIO()
    clean.save(out, form, **({"quality": 90} if form == "JPEG" else {"optimize": True}))
    return out.getvalue(), _FORMATS[form]
