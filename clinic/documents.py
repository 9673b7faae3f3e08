"""Documents on paper: a Typst template and data, out come the bytes of an accessible PDF.

Templates live in templates/pdf and read nothing outside that folder. What people typed reaches them as JSON data
and is set as text: it is never Typst code. No network, no font but those inside the wheel (see the fallback).
"""

from __future__ import annotations

import functools
import json
import logging
import unicodedata
from typing import Any

import typst
from django.conf import settings
from django.http import HttpResponse

TEMPLATES = settings.BASE_DIR / "templates" / "pdf"
ACCESSIBLE = "ua-1"

log = logging.getLogger(__name__)


class DocumentFailed(Exception):
    """The template and its data do not make a document: a fault of ours, not of who asked."""


def render(template: str, data: dict[str, Any]) -> bytes:
    """The PDF of `templates/pdf/<template>.typ`, as PDF/UA-1. The same data give the same bytes.

    Names in scripts that the bundled fonts lack are set in the machine's fonts, without the accessibility mark.
    """
    inputs = {"data": json.dumps(_printable(data), ensure_ascii=False)}
    try:
        return _compile(template, inputs, fonts=_bundled_fonts(), standards=[ACCESSIBLE])
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise DocumentFailed(f"{template}: {error.message}") from error
    log.warning("A %s has letters that the bundled fonts lack; it is set in the machine's fonts.", template)
    try:
        return _compile(template, inputs, fonts=_all_fonts(), standards=[])
    except typst.TypstError as error:
        raise DocumentFailed(f"{template}: {error.message}") from error


def answer(pdf: bytes, name: str) -> HttpResponse:
    """The PDF for the browser to show; kept by nobody on the way."""
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _compile(template: str, inputs: dict[str, str], *, fonts: typst.Fonts, standards: list[Any]) -> bytes:
    compiler = typst.Compiler(TEMPLATES / f"{template}.typ", root=TEMPLATES, font_paths=fonts, sys_inputs=inputs)
    pdf = compiler.compile(format="pdf", pdf_standards=standards, timestamp=0)
    assert isinstance(pdf, bytes)
    return pdf


#: Letters that turn the direction of what follows: a name must not read backwards.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Co", "Cn"})


def _printable(value: Any) -> Any:
    """Without control characters, which no font can show, and without overrides of the reading direction."""
    if isinstance(value, str):
        return "".join(
            c for c in value if c in "\n\t" or (c not in _TURNS and unicodedata.category(c) not in _UNPRINTABLE)
        )
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(inner) for inner in value]
    return value


@functools.cache
def _bundled_fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


@functools.cache
def _all_fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)
