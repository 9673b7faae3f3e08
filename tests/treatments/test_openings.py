"""Who may read a note: all who treat the patient, the author's discipline, the author alone; an owner with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from clinic.access import Can
from clinic.models import AuditEvent, Practitioner
from tests.factories import people
from tests.factories import treatments as make
from treatments import notes, openings
from treatments.models import NoteOpening, SessionNote

pytestmark = pytest.mark.django_db


def signed(privacy, *, author=None):
    note = make.a_note(make.a_plan(author=author))
    note = notes.save_draft(
        note, content=make.some_content(privacy=privacy), revision=note.revision, by=note.author.user, now=make.NOW
    )
    return notes.sign(note, revision=note.revision, by=note.author.user, now=make.NOW)


def a_colleague(note, discipline="massage"):
    colleague = make.a_practitioner()
    Practitioner.objects.filter(pk=colleague.pk).update(discipline=discipline)
    colleague = Practitioner.objects.select_related("user").get(pk=colleague.pk)
    make.care_team.join(patient=note.patient, practitioner=colleague, why="assigned", by=colleague.user, now=make.NOW)
    return colleague


def sees(user, note, can=Can.SEE_NOTES):
    return SessionNote.objects.visible_to(user, can, now=make.NOW).filter(pk=note.pk).exists()


@pytest.mark.parametrize(
    ("privacy", "same", "other"),
    [("clinicians", True, True), ("discipline", True, False), ("private", False, False)],
)
def test_who_of_the_care_team_reads_it(privacy, same, other):
    note = signed(privacy)
    for can in (Can.SEE_NOTES, Can.WRITE_NOTES):
        assert sees(note.author.user, note, can)
        assert sees(a_colleague(note).user, note, can) is same
        assert sees(a_colleague(note, "physical_therapy").user, note, can) is other
    assert not sees(make.a_practitioner().user, note)


def test_a_broken_glass_opens_no_private_note():
    note, stranger = signed("private"), make.a_practitioner()
    make.care_team.break_glass(patient=note.patient, reason="Called in need", by=stranger.user, now=make.NOW)
    assert sees(stranger.user, signed_of(note, "clinicians"))
    assert not sees(stranger.user, note)


def signed_of(note, privacy):
    made = make.a_note(note.plan)
    made = notes.save_draft(
        made, content=make.some_content(privacy=privacy), revision=made.revision, by=made.author.user, now=make.NOW
    )
    return notes.sign(made, revision=made.revision, by=made.author.user, now=make.NOW)


def test_a_signed_note_keeps_its_privacy():
    note = signed("private")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        SessionNote.objects.filter(pk=note.pk).update(privacy="clinicians")
    assert notes.canonical(note)["privacy"] == "private"


def test_others_see_that_there_is_one_and_not_what_it_says(as_):
    note = signed("private")
    client = as_(a_colleague(note).user)
    for name, uid in (("patient_panel", note.patient.uid), ("episode", note.episode.uid)):
        shown = client.get(reverse(f"treatments:{name}", args=[uid])).content.decode()
        assert "lets only themselves read it" in shown
        assert "Neuromuscular, sustained pressure, Low back" not in shown
    assert client.get(reverse("treatments:note", args=[note.uid])).status_code == 404


def test_an_owner_opens_one_private_note_for_an_hour_with_a_reason_that_its_author_reads(as_):
    note, owner = signed("private"), people.an_owner(name="Olga Owner")
    client = as_(owner)
    assert "Tone high" not in client.get(reverse("treatments:private_notes")).content.decode()
    url = reverse("treatments:private_note", args=[note.uid])
    assert "Tone high" not in client.get(url).content.decode()
    assert client.post(url, {"reason": "hm"}).status_code == 422
    assert client.post(url, {"reason": "Complaint of the patient"}).status_code == 303
    assert "Tone high left of L4." in client.get(url).content.decode()
    assert client.get(reverse("treatments:note", args=[note.uid])).status_code == 403
    assert AuditEvent.objects.get(action="private_note.opened").reason == "Complaint of the patient"
    assert AuditEvent.objects.filter(action="private_note.viewed").count() == 1
    shown = as_(note.author.user).get(reverse("treatments:note", args=[note.uid])).content.decode()
    assert "Opened by Olga Owner" in shown
    assert "Complaint of the patient" in shown


def test_it_closes_after_an_hour_and_for_another_owner_it_never_opened():
    note, owner = signed("private"), people.an_owner()
    openings.open_note(note, reason="Complaint", by=owner, now=make.NOW)
    assert openings.is_open(note, to=owner, now=make.NOW + timedelta(minutes=59))
    assert not openings.is_open(note, to=owner, now=make.NOW + timedelta(minutes=60))
    assert not openings.is_open(note, to=people.an_owner(), now=make.NOW)


def test_only_owners_open_only_private_notes_and_what_was_opened_stays_written():
    note = signed("private")
    with pytest.raises(openings.OpeningRefused, match="Only an owner"):
        openings.open_note(note, reason="Curious", by=people.front_desk(), now=make.NOW)
    with pytest.raises(openings.OpeningRefused, match="not kept private"):
        openings.open_note(signed("discipline"), reason="Curious", by=people.an_owner(), now=make.NOW)
    made = openings.open_note(note, reason="Complaint", by=people.an_owner(), now=make.NOW)
    for change in (lambda: NoteOpening.objects.update(reason="None"), made.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize("name", ["private_notes", "private_note"])
@pytest.mark.parametrize("who", [people.front_desk, people.a_therapist])
def test_nobody_else_finds_the_page(as_, name, who):
    args = [signed("private").uid] if name == "private_note" else []
    assert as_(who()).get(reverse(f"treatments:{name}", args=args)).status_code == 403


def test_what_is_not_private_is_not_found_there(as_):
    note = signed("discipline")
    assert as_(people.an_owner()).get(reverse("treatments:private_note", args=[note.uid])).status_code == 404
