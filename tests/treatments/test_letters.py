"""Letters: drafted from the record, edited, made final for good, sent by nobody."""

from __future__ import annotations

import io

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from pypdf import PdfReader

from clinic.forms import StaleRecord
from clinic.models import AuditEvent, OutboundMessage
from patients import documents as papers
from patients.models import Document
from tests.factories import people
from tests.factories import treatments as make
from treatments import letters, plans
from treatments.models import Letter

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def plan(settings, tmp_path):
    settings.DOCUMENTS_ROOT = tmp_path
    episode = make.an_episode()
    make.a_referral(episode)
    goal = plans.GoalPart(measure="nprs", baseline=7, target=6)
    plan = make.a_plan(episode, exercises=make.some_exercises(), goals=(goal,), summary="Calm it, then strengthen.")
    make.a_signed_note(plan)
    return plan


def a_letter(plan, kind="progress_report"):
    return letters.start(
        plan.episode, kind=kind, author=plan.author, by=plan.author.user, now=make.NOW, today=make.TODAY
    )


def final(letter):
    return letters.finalise(letter, by=letter.author.user, now=make.NOW)


def printed(letter) -> str:
    data = papers.read(letter.document, by=letter.author.user, now=make.NOW)
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def test_a_report_is_drafted_from_the_record(plan):
    letter = a_letter(plan)
    assert letter.to_name == "Dr. Okafor"
    assert "M62.830 Muscle spasm of back" in letter.diagnosis
    assert "Calm it, then strengthen." in letter.planned
    assert "Shoulder bridge" in letter.planned
    assert letter.sessions.startswith("1 session on Tue 24 Nov 2026.")
    assert "Of the 10 planned, 1 are done and 9 left." in letter.sessions
    assert "Pain, 0 to 10: 7 at the start, 6 last, goal 6, reached." in letter.measures
    assert "Walks upright." in letter.response
    assert "look again on Tue 22 Dec 2026" in letter.next_step


def test_a_plan_summary_says_what_is_planned_and_not_how_it_went(plan):
    letter = a_letter(plan, "plan_summary")
    assert letter.planned
    assert (letter.sessions, letter.response) == ("", "")


def test_nothing_of_another_episode_or_of_a_draft_note_gets_in(plan):
    other = make.a_plan(make.an_episode(plan.patient, title="Another"), author=plan.author, summary="A secret plan")
    make.a_written_note(plan, service_at=make.NOW)
    letter = a_letter(plan)
    assert "A secret plan" not in letter.planned
    assert letter.sessions.startswith("1 session")
    assert other.episode.letters.count() == 0


def test_there_is_one_draft_of_a_kind_and_starting_again_goes_on_with_it(plan):
    first = a_letter(plan)
    assert a_letter(plan) == first
    assert a_letter(plan, "plan_summary") != first


def test_what_was_edited_is_what_the_paper_says(plan):
    letter = letters.save(
        a_letter(plan), response="He #panic() dances *again*.", measures="", by=plan.author.user, now=make.NOW
    )
    done = final(letter)
    said = printed(done)
    assert "He #panic() dances *again*." in said
    assert "Measures" not in said
    assert "Draft" not in said
    assert (done.document.title, done.document.kind) == ("Progress report to Dr. Okafor, version 1", "report")


def test_a_final_letter_is_changed_by_nobody(plan):
    letter = final(a_letter(plan))
    with pytest.raises(letters.LetterRefused, match="final"):
        letters.save(letter, response="No.", by=plan.author.user, now=make.NOW)
    with pytest.raises(letters.LetterRefused, match="final"):
        letters.discard(letter, by=plan.author.user, now=make.NOW)
    for act in (
        lambda: Letter.objects.filter(pk=letter.pk).update(response="No."),
        lambda: Letter.objects.filter(pk=letter.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            act()


def test_the_next_one_is_the_next_version_and_the_first_stays(plan):
    first = final(a_letter(plan))
    second = a_letter(plan)
    assert (first.version, second.version) == (1, 2)
    final(second)
    assert Document.objects.count() == 2


def test_who_when_and_which_version_are_on_record_and_nothing_is_sent(plan):
    letter = final(a_letter(plan))
    event = AuditEvent.objects.get(action="letter.finalised")
    assert (event.actor_uid, event.patient_uid, event.detail["version"]) == (
        plan.author.user.uid, plan.patient.uid, 1,
    )  # fmt: skip
    assert (letter.finalised_by, letter.finalised_at) == (plan.author.user, make.NOW)
    assert not OutboundMessage.objects.exists()


def test_a_letter_to_nobody_or_with_nothing_in_it_stays_a_draft(plan):
    letter = letters.save(a_letter(plan), to_name=" ", by=plan.author.user, now=make.NOW)
    with pytest.raises(letters.LetterRefused, match="to whom"):
        final(letter)
    empty = letters.save(letter, to_name="Dr. A", **dict.fromkeys(letters.PARTS, ""), by=plan.author.user, now=make.NOW)
    with pytest.raises(letters.LetterRefused, match="says nothing"):
        final(empty)
    assert not Document.objects.exists()


def test_of_two_people_editing_the_second_is_told(plan):
    letter = a_letter(plan)
    letters.save(letter, response="One.", revision=1, by=plan.author.user, now=make.NOW)
    with pytest.raises(StaleRecord):
        letters.save(letter, response="Two.", revision=1, by=plan.author.user, now=make.NOW)


def test_a_discarded_draft_leaves_its_number(plan):
    letters.discard(a_letter(plan), by=plan.author.user, now=make.NOW)
    assert a_letter(plan).version == 1
    assert AuditEvent.objects.filter(action="letter.discarded").count() == 1


# -- The pages ---------------------------------------------------------------------------------------------


def test_from_the_episode_to_the_filed_paper(client, plan):
    client.force_login(plan.author.user, backend=BACKEND)
    start = reverse("treatments:letter_start", args=[plan.episode.uid])
    page = client.post(start, {"kind": "progress_report"})["Location"]
    form = client.get(page).context["form"]
    said = {name: form[name].value() for name in form.fields}
    assert client.get(reverse("treatments:letter_preview", args=[Letter.objects.get().uid])).content[:5] == b"%PDF-"
    assert client.post(page, said | {"to_name": "", "finalise": "1"}).status_code == 422
    answer = client.post(page, said | {"next_step": "We stop here.", "revision": "", "finalise": "1"})
    assert answer.status_code == 303
    shown = client.get(page).content.decode()
    assert "We stop here." in shown
    assert "Sent to nobody from here" in shown
    assert (
        client.get(reverse("patients:document", args=[plan.patient.uid, Document.objects.get().uid])).status_code == 200
    )


@pytest.mark.parametrize(("who", "status"), [("desk", 403), ("owner", 403), ("stranger", 404)])
def test_a_draft_is_for_who_may_read_notes(client, plan, who, status):
    letter = a_letter(plan)
    user = {"desk": people.front_desk, "owner": people.an_owner, "stranger": people.a_therapist}[who]()
    client.force_login(user, backend=BACKEND)
    for name in ("letter", "letter_preview"):
        assert client.get(reverse(f"treatments:{name}", args=[letter.uid])).status_code == status
    for name in ("letter", "letter_discard"):
        assert client.post(reverse(f"treatments:{name}", args=[letter.uid])).status_code == status


@pytest.mark.parametrize("rows", [1, 4])
def test_the_letters_of_an_episode_cost_the_same_however_many(client, plan, rows):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(rows):
        final(a_letter(plan))
    client.force_login(plan.author.user, backend=BACKEND)
    url = reverse("treatments:episode", args=[plan.episode.uid])
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        text = client.get(url).content.decode()
    assert text.count("Progress report, version") == rows
    assert sum("treatments_letter" in query["sql"] for query in asked) == 1
