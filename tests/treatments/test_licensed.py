"""A licensed form's words are brought by a clinic that may use them, and asked like any other measure."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.models import AuditEvent
from tests.factories import outcomes as make
from tests.factories import people
from tests.factories import treatments as care
from treatments import asking, licensing, measuring
from treatments.measuring import MeasureRefused
from treatments.models import LicensedForm, Measurement, MeasureRequest
from treatments.outcomes import licensed, scoring
from treatments.outcomes.licensed import NotAForm, Section, Words
from treatments.outcomes.scoring import NotScorable

pytestmark = pytest.mark.django_db

LICENCE = "Licensed to us by its owner, no. 4711, until 2028."


def some_text(sections=10, statements=6):
    """A form of the right shape with words of our own: the real ones are not ours to write down."""
    parts = ["\n".join([f"Heading {n}", *(f"Statement {n} {k}" for k in range(statements))]) for n in range(sections)]
    return "\n\n".join(["Choose one sentence in each part.", *parts])


@pytest.fixture
def owner():
    return people.an_owner()


def bring(owner, **facts):
    said = {"words": licensed.read(some_text()), "licence": LICENCE, "seen": 0} | facts
    return licensing.bring(measure="odi", by=owner, now=care.NOW, **said)


# -- Reading --------------------------------------------------------------------------------------------


def test_an_instruction_and_ten_sections_of_six_statements_are_read():
    words = licensed.read("\ufeff" + some_text().replace("\n", "\r\n") + "\r\n\r\n\r\n")
    assert words.instruction == "Choose one sentence in each part."
    assert len(words.sections) == 10
    assert words.sections[9] == Section("Heading 9", tuple(f"Statement 9 {k}" for k in range(6)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (some_text(sections=9), "here are 10"),
        (some_text(sections=11), "here are 12"),
        (some_text(statements=5), "Section 1 .Heading 0. has 5 statements instead of 6"),
        (some_text().replace("Statement 3 1", "Statement 3 0"), "Section 4 .Heading 3. has the same statement twice"),
        (some_text().replace("Statement 2 2", "x" * 401), "section 3 is longer than 400"),
        ("x" * 20_001, "at most 20000"),
        ("", "here are 0"),
    ],
)
def test_what_has_another_shape_is_refused_and_says_where(text, why):
    with pytest.raises(NotAForm, match=why):
        licensed.read(text)


_line = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30)


@given(
    st.builds(
        Words, _line,
        st.tuples(*[st.builds(Section, _line, st.lists(_line, min_size=6, max_size=6, unique=True).map(tuple))] * 10),
    )
)  # fmt: skip
def test_what_was_read_is_written_and_read_again_as_it_was(words):
    assert licensed.read(words.text) == words


# -- The score ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "score"),
    [
        ([1, 2, 1, 2, 1, 2, 1, 2, 2, 2], "32.0"),  # 16 of 50, as the authors reckon it
        ([1, 2, 1, 2, 1, 2, 1, 4, 2, None], "35.6"),  # 16 of 45
        ([0] * 10, "0.0"),
        ([5] * 10, "100.0"),
    ],
)
def test_sections_are_scored_as_the_authors_do_with_a_section_left_out(points, score):
    assert scoring.odi_sections(points) == Decimal(score)


@pytest.mark.parametrize("points", [[1] * 9, [1] * 11, [6, *[1] * 9], [-1, *[1] * 9], [1] * 7 + [None] * 3])
def test_too_few_sections_or_points_that_cannot_be_make_no_score(points):
    with pytest.raises(NotScorable):
        scoring.odi_sections(points)


# -- Kept -----------------------------------------------------------------------------------------------


def test_each_version_says_who_brought_it_when_and_by_what_licence_and_stays(owner):
    first = bring(owner)
    second = bring(owner, seen=1, licence="Renewed until 2030.")
    assert [(v.version, v.licence, v.set_by, v.set_at) for v in licensing.history("odi")] == [
        (2, "Renewed until 2030.", owner, care.NOW), (1, LICENCE, owner, care.NOW),
    ]  # fmt: skip
    assert LicensedForm.objects.in_use() == {"odi": second}
    for change in (
        lambda: LicensedForm.objects.filter(pk=first.pk).update(licence="x"),
        lambda: LicensedForm.objects.filter(pk=first.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert AuditEvent.objects.filter(action="licensed_form.brought").count() == 2


@pytest.mark.parametrize("seen", [0, 2])
def test_of_two_owners_the_second_is_told(owner, seen):
    bring(owner)
    with pytest.raises(licensing.FormRefused, match="Somebody else"):
        bring(owner, seen=seen)


def test_when_the_licence_ends_questions_that_wait_are_taken_back_and_what_was_measured_stays(owner):
    patient = care.a_patient()
    therapist = make.a_therapist_of(patient).user
    bring(owner)
    waiting = asking.ask(patient=patient, measures=["odi", "nprs"], by=therapist, now=care.NOW)
    other = asking.ask(patient=patient, measures=["rmdq"], by=therapist, now=care.NOW)
    taken = measuring.take(
        patient=patient, measure="odi", answers={"form": 1, "sections": [2] * 10, "answered": 10}, taken_at=care.NOW,
        by=therapist, now=care.NOW,
    )  # fmt: skip
    licensing.stop(measure="odi", why="Expired", seen=1, by=owner, now=care.NOW)
    assert LicensedForm.objects.in_use() == {}
    assert list(MeasureRequest.objects.open()) == [other]
    assert MeasureRequest.objects.get(pk=waiting.pk).withdrawn_by == owner
    assert Measurement.objects.standing().get(pk=taken.pk).value == 40
    with pytest.raises(MeasureRefused, match="measured in the clinic"):
        asking.ask(patient=patient, measures=["odi"], by=therapist, now=care.NOW)


# -- The owner's page -----------------------------------------------------------------------------------

PAGE = "treatments:licensed_form"


def test_the_owner_brings_it_as_text_or_as_a_file_and_stops_using_it(owner, as_):
    client = as_(owner)
    assert "not part of Tonus" in client.get(reverse(PAGE)).content.decode()
    said = {"licence": LICENCE, "holds": "on", "seen": "0"}
    assert client.post(reverse(PAGE), said | {"text": some_text()}).status_code == 303
    file = SimpleUploadedFile("form.txt", some_text().replace("Heading 0", "Walking").encode())
    assert client.post(reverse(PAGE), said | {"seen": "1", "text": "", "file": file}).status_code == 303
    shown = client.get(reverse(PAGE)).content.decode()
    assert "In use: version 2" in shown
    assert "Walking" in shown
    stop = reverse("treatments:licensed_form_stop")
    assert client.post(stop, {"why": "", "seen": "2"}).status_code == 422
    assert client.post(stop, {"why": "Expired", "seen": "1"}).status_code == 422
    assert client.post(stop, {"why": "Expired", "seen": "2"}).status_code == 303
    assert LicensedForm.objects.in_use() == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"text": some_text(sections=9)}, "here are 10"),
        ({"text": ""}, "Put the form here"),
        ({"holds": ""}, "required"),
        ({"licence": ""}, "required"),
        ({"text": "", "file": SimpleUploadedFile("form.pdf", b"%PDF-1.7 \xff\xfe\x00")}, "not plain text"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(owner, as_, change, why):
    said = {"licence": LICENCE, "holds": "on", "seen": "0", "text": some_text()} | change
    answer = as_(owner).post(reverse(PAGE), said)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert why in text
    if said.get("text"):
        assert "Statement 3 4" in text
    assert not LicensedForm.objects.exists()


def test_somebody_faster_is_told_with_the_text_kept(owner, as_):
    bring(owner)
    mine = some_text().replace("Heading 0", "Mine")
    answer = as_(owner).post(reverse(PAGE), {"licence": LICENCE, "holds": "on", "seen": "0", "text": mine})
    assert answer.status_code == 409
    assert "Mine" in answer.content.decode()


@pytest.mark.parametrize("who", ["therapist", "desk"])
def test_nobody_else_brings_or_reads_it_there(owner, as_, who):
    user = care.a_practitioner().user if who == "therapist" else people.front_desk()
    client = as_(user)
    for name in (PAGE, "treatments:licensed_form_stop"):
        assert client.post(reverse(name), {}).status_code == 403


# -- Asked like the others ------------------------------------------------------------------------------


@pytest.fixture
def patient():
    return care.a_patient()


def test_in_the_clinic_it_is_asked_section_by_section_or_entered_as_a_score(owner, patient, as_):
    client = as_(make.a_therapist_of(patient).user)
    url = reverse("treatments:measure_take", args=[patient.uid, "odi"])
    assert "Points, all sections together" in client.get(url).content.decode()
    bring(owner)
    asked = client.get(url).content.decode()
    assert "Statement 9 5" in asked
    assert "Points, all sections together" not in asked
    assert "Points, all sections together" in client.get(f"{url}?score=1").content.decode()
    on = {"taken_on": care.NOW.date().isoformat(), "episode": ""}
    few = client.post(url, on | {f"section_{n}": "2" for n in range(1, 8)})
    assert few.status_code == 422
    assert "At least 8 of the 10 sections" in few.content.decode()
    assert client.post(url, on | {f"section_{n}": "2" for n in range(1, 10)}).status_code == 303
    taken = Measurement.objects.get()
    assert (taken.value, taken.answers["form"], taken.answers["sections"][-1]) == (40, 1, None)
    assert client.post(f"{url}?score=1", on | {"percent": "12.0"}).status_code == 303
    assert "9 of 10 sections" in client.get(reverse("treatments:timeline", args=[patient.uid])).content.decode()


def test_by_link_the_patient_answers_it_with_the_rest(owner, patient, as_, client):
    therapist = make.a_therapist_of(patient).user
    asking_page = reverse("treatments:measures_ask", args=[patient.uid])
    assert "Oswestry" not in as_(therapist).get(asking_page).content.decode()
    bring(owner)
    assert "Oswestry" in as_(therapist).get(asking_page).content.decode()
    request = make.some_questions(patient, "nprs", "odi", by=therapist)
    url = reverse("portal:measures", args=[make.token_for(request)])
    client.logout()
    assert "Statement 4 2" in client.get(url).content.decode()
    answers = {"nprs-answer": "4"} | {f"odi-section_{n}": "1" for n in range(1, 11)}
    assert client.post(url, answers).status_code in (200, 303)
    assert {(m.measure, m.value) for m in Measurement.objects.all()} == {("nprs", 4), ("odi", 20)}
