"""Documents: examined by content, kept apart, handed out only to who may see them."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from clinic.models import AuditEvent, User
from patients import documents
from patients.documents import DocumentRefused
from patients.models import Document
from tests.factories.patients import NOW, a_patient, a_pdf, a_picture, an_upload


def filed(desk: User, data: bytes, name: str = "x") -> Document:
    return documents.file(patient=a_patient(), upload=an_upload(data, name), title="Referral", by=desk, now=NOW)


def kept() -> list[Path]:
    return [path for path in Path(settings.DOCUMENTS_ROOT).rglob("*") if path.is_file()]


def test_a_pdf_is_kept_as_it_is_under_a_random_name(desk: User) -> None:
    document = filed(desk, a_pdf(), "Ana Ribeiro.pdf")
    assert document.content_type == "application/pdf"
    assert documents.read(document, by=desk, now=NOW) == a_pdf()
    assert "Ana" not in str(documents.path_of(document.uid))
    assert "Ana" not in document.file_name
    assert AuditEvent.objects.filter(action="document.viewed", subject_uid=document.uid).exists()


def test_a_picture_loses_where_and_with_what_it_was_taken(desk: User) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6
    document = filed(desk, a_picture(exif=exif.tobytes(), size=(40, 30)))
    data = documents.read(document, by=desk, now=NOW)
    assert b"SecretCamera" not in data
    assert Image.open(io.BytesIO(data)).size == (30, 40)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_what_hides_behind_a_picture_is_left_behind(desk: User, form: str) -> None:
    document = filed(desk, a_picture(form) + b"PK\x03\x04 secret archive")
    assert b"secret" not in documents.read(document, by=desk, now=NOW)


def test_the_name_and_declared_type_are_not_believed(desk: User) -> None:
    assert filed(desk, a_picture("PNG"), "report.exe").content_type == "image/png"
    with pytest.raises(DocumentRefused, match="Only PDF"):
        filed(desk, b"MZ\x90\x00" + b"\x00" * 500, "report.pdf")


def a_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.html", "<html>")
    return out.getvalue()


def in_an_object_stream(words: bytes) -> bytes:
    body = zlib.compress(words)
    return a_pdf(b"5 0 obj << /Type /ObjStm /Filter /FlateDecode /Length 9 >> stream\n" + body + b"\nendstream endobj")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"hello", "Only PDF"),
        (b"<html><script>alert(1)</script></html>", "Only PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Only PDF"),
        (b"GIF89a" + b"\x00" * 50, "Only PDF"),
        (a_zip(), "Only PDF"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 50, "HEIC"),
        (a_pdf()[:60], "cut off"),
        (a_pdf() + a_zip(), "something else at once"),
        (b"%PDF-1.7\n<html><script>x</script>\n" + a_pdf()[9:], "something else at once"),
        (a_pdf(b"3 0 obj << /S /JavaScript /JS (app.alert(1)) >> endobj"), "a program"),
        (a_pdf(b"3 0 obj << /S /Launch /F (cmd.exe) >> endobj"), "a program"),
        (a_pdf(b"3 0 obj << /EmbeddedFile 1 >> endobj"), "other files"),
        (in_an_object_stream(b"<< /S /JavaScript >>"), "a program"),
        (a_picture()[:200], "damaged"),
        (a_picture("PNG")[:60], "damaged"),
        (b"\xff\xd8\xff\xe0<script>alert(1)</script>" + a_picture()[20:], "something else at once"),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence_and_leaves_nothing_behind(
    desk: User, data: bytes, sentence: str
) -> None:
    with pytest.raises(DocumentRefused, match=sentence):
        filed(desk, data)
    assert not Document.objects.exists()
    assert kept() == []


def test_letters_in_a_stream_of_drawing_are_no_program(desk: User) -> None:
    assert filed(desk, a_pdf(b"4 0 obj << /Length 20 >> stream\n\x01/JS \x02/Launch \x03\nendstream endobj"))


def test_too_large_a_file_is_refused_before_it_is_read(desk: User) -> None:
    upload = an_upload(b"%PDF-")
    upload.size = documents.LARGEST + 1
    with pytest.raises(DocumentRefused, match="larger than 15 MB"):
        documents.examine(upload)


def test_a_bomb_of_pixels_is_refused(desk: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_PIXELS", 1000)
    with pytest.raises(DocumentRefused, match="too many pixels"):
        filed(desk, a_picture("PNG", size=(100, 100)))


def test_when_the_row_cannot_be_written_no_bytes_stay(desk: User) -> None:
    with pytest.raises(Exception, match="too long"):
        documents.file(patient=a_patient(), upload=an_upload(a_pdf()), title="x" * 500, by=desk, now=NOW)
    assert kept() == []


def test_changed_or_missing_bytes_are_not_handed_out(desk: User) -> None:
    document = filed(desk, a_pdf())
    path = documents.path_of(document.uid)
    path.write_bytes(b"%PDF- forged")
    with pytest.raises(DocumentRefused, match="not the one that was filed"):
        documents.read(document, by=desk, now=NOW)
    path.unlink()
    with pytest.raises(DocumentRefused, match="missing"):
        documents.read(document, by=desk, now=NOW)


def test_others_on_the_computer_cannot_read_the_store(desk: User) -> None:
    path = documents.path_of(filed(desk, a_pdf()).uid)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
