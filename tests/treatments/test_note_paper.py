"""A signed note reads the same wherever it is read: the original first and whole, then what was added, in order."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader

from clinic.models import AuditEvent
from tests.factories import people
from tests.factories import treatments as make
from tests.treatments.test_signed_notes import with_findings
from treatments import bodychart, cosigning, note_paper, notes
from treatments.body.marks import fingerprint
from treatments.models import SessionNote

pytestmark = pytest.mark.django_db

ADDED = ("It was the left side.", "And the exercise was done twice.", "Seen by the doctor meanwhile.")
#: What the original says, in its order, and then what was added.
ORDER = (
    "Two spasms since last time", "Tone high left of L4", "Low back", "Walks upright", "Spasm is giving way",
    "Same again in four days", "Signed by", "Co-signed by", *ADDED,
)  # fmt: skip


@pytest.fixture
def signed():
    author, senior = make.a_practitioner(name="Ada"), make.a_practitioner(name="Cy")
    cosigning.agree(practitioner=author, cosigner=senior, by=people.an_owner(), now=make.NOW)
    note, marks = with_findings(make.a_note(make.a_plan(author=author))), make.some_marks()
    bodychart.save(note, marks=marks, seen="", by=author.user, now=make.NOW)
    note = notes.sign(note, revision=note.revision, marks=fingerprint(marks), by=author.user, now=make.NOW)
    for hours, words in enumerate(ADDED, start=1):
        later = make.NOW + timedelta(hours=hours)
        notes.amend(note, text=words, reason=f"Reason {hours}", by=author.user, now=later)
    cosigning.cosign(note, remark="Read.", by=senior.user, now=make.NOW + timedelta(hours=9))
    return note


def text_of(pdf):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def in_order(text, words):
    places = [text.find(one) for one in words]
    return -1 not in places and places == sorted(places)


def test_the_paper_shows_the_original_and_then_the_addenda_in_order(signed, as_):
    answer = as_(signed.author.user).get(reverse("treatments:note_paper", args=[signed.uid]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    text = text_of(answer.content)
    assert in_order(text, ORDER), text
    assert signed.digest in text.replace(" ", "")
    assert "not what was signed" not in text
    assert "Pain 6 of 10: Low back above the waist, left" in text
    assert AuditEvent.objects.filter(action="note.paper.viewed", subject_uid=signed.uid).count() == 1


def test_the_page_shows_them_in_the_same_order(signed, as_):
    text = as_(signed.author.user).get(reverse("treatments:note", args=[signed.uid])).content.decode()
    original = [words for words in ORDER[:6] if words != "Low back"]
    assert in_order(text, [*original, "Signed by", "Co-signed by", *ADDED])


def test_paper_of_a_draft_says_that_nobody_signed_it():
    draft = make.a_written_note()
    text = text_of(note_paper.paper(SessionNote.objects.with_parts().get(pk=draft.pk)))
    assert "Draft. Nobody has signed it." in text
    assert "Signed by" not in text


def test_what_was_typed_is_text_and_never_code():
    note = make.a_note()
    nasty = make.some_content(subjective="#panic() *bold* $x$ \\", next_steps="<b>&amp;")
    notes.save_draft(note, content=nasty, revision=note.revision, by=note.author.user, now=make.NOW)
    text = text_of(note_paper.paper(SessionNote.objects.with_parts().get(pk=note.pk)))
    assert "#panic() *bold* $x$ \\" in text
    assert "<b>&amp;" in text


def test_a_private_note_is_no_paper_for_others(signed, as_):
    stranger = make.a_practitioner().user
    assert as_(stranger).get(reverse("treatments:note_paper", args=[signed.uid])).status_code in (403, 404)
