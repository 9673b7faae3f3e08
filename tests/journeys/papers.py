"""The papers of a journey: one that a doctor sent, and the text of those that the clinic prints."""

from __future__ import annotations

import io

from pypdf import PdfReader, PdfWriter


def a_referral() -> bytes:
    """A small PDF of one page."""
    writer = PdfWriter()
    writer.add_blank_page(width=595, height=842)
    writer.add_metadata({"/Title": "Referral"})
    paper = io.BytesIO()
    writer.write(paper)
    return paper.getvalue()


def text_of(pdf: bytes) -> str:
    """All that a PDF says, on one line."""
    assert pdf.startswith(b"%PDF-")
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
