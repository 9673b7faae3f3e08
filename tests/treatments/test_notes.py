"""Notes: started once, saved as typed, signed by their author."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.models import AuditEvent
from patients import care_team
from tests.factories import treatments as make
from treatments import notes
from treatments.models import SessionNote

pytestmark = pytest.mark.django_db


def save(note, content, revision=None, now=make.NOW, by=None):
    return notes.save_draft(
        note,
        content=content,
        revision=note.revision if revision is None else revision,
        by=by or note.author.user,
        now=now,
    )


def test_a_visit_has_one_note_however_often_it_is_started():
    plan, visit = make.a_plan(), uuid.uuid4()
    first = make.a_note(plan, visit_uid=visit)
    assert make.a_note(plan, visit_uid=visit) == first
    assert SessionNote.objects.count() == 1


def test_starting_a_note_joins_the_care_team():
    plan = make.a_plan()
    other = make.a_practitioner()
    make.a_note(plan, author=other)
    assert care_team.is_in_care(plan.patient, other)


def start(plan, patient, author):
    return notes.start(
        patient=patient,
        plan=plan,
        practitioner=author,
        visit_uid=None,
        service_at=make.NOW,
        by=author.user,
        now=make.NOW,
    )


def test_a_note_needs_no_plan_and_is_for_no_other_patients_plan():
    plan = make.a_plan()
    assert start(None, plan.patient, plan.author).episode is None
    with pytest.raises(notes.NoteRefused, match="another patient"):
        start(plan, make.a_patient(family_name="Other"), plan.author)


def test_what_is_saved_is_what_was_typed():
    note = make.a_note()
    saved = save(note, make.some_content())
    assert notes.content_of(SessionNote.objects.get(pk=note.pk)) == make.some_content()
    assert saved.revision == note.revision + 1


def test_saving_the_same_again_changes_nothing():
    note = make.a_written_note()
    again = save(note, make.some_content(), revision=1, now=make.NOW + timedelta(minutes=1))
    assert (again.revision, again.written_at) == (note.revision, note.written_at)


def test_of_two_windows_the_second_is_told_and_sees_what_is_stored():
    note = make.a_note()
    save(note, make.some_content(subjective="From the first window"))
    with pytest.raises(notes.NoteIsStale) as stale:
        save(note, make.some_content(subjective="From the second"), revision=note.revision)
    assert stale.value.stored.subjective == "From the first window"


def test_only_the_author_writes_and_signs():
    note = make.a_written_note()
    colleague = make.a_practitioner()
    for attempt in (
        lambda: save(note, make.some_content(subjective="Mine"), by=colleague.user),
        lambda: notes.sign(note, revision=note.revision, by=colleague.user, now=make.NOW),
        lambda: notes.discard(note, by=colleague.user, now=make.NOW),
    ):
        with pytest.raises(notes.NoteRefused, match="author"):
            attempt()


def test_a_signed_note_takes_no_more_saving():
    note = make.a_signed_note()
    with pytest.raises(notes.NoteRefused, match="signed"):
        save(note, make.some_content(subjective="Later"))


def test_an_empty_note_is_not_signed():
    note = make.a_note()
    with pytest.raises(notes.NoteRefused, match="Nothing is written"):
        notes.sign(note, revision=note.revision, by=note.author.user, now=make.NOW)


def test_a_session_to_come_is_not_signed():
    note = make.a_written_note(service_at=make.NOW + timedelta(days=2))
    with pytest.raises(notes.NoteRefused, match="still to come"):
        notes.sign(note, revision=note.revision, by=note.author.user, now=make.NOW)


def test_what_is_signed_is_what_was_shown():
    note = make.a_written_note()
    shown = note.revision
    save(note, make.some_content(subjective="Changed after the page was shown"))
    with pytest.raises(notes.NoteIsStale):
        notes.sign(note, revision=shown, by=note.author.user, now=make.NOW)


def test_a_signature_says_when_who_and_what():
    note = make.a_signed_note()
    assert (note.signed_at, note.signed_by) == (make.NOW, note.author.user)
    assert notes.is_intact(SessionNote.objects.get(pk=note.pk))
    assert AuditEvent.objects.get(action="note.signed").detail == {"digest": note.digest}


def test_a_late_entry_keeps_both_times():
    note = make.a_written_note(service_at=make.NOW - timedelta(days=3))
    assert note.is_late
    assert note.service_at == make.NOW - timedelta(days=3)
    assert not make.a_written_note().is_late


def test_an_empty_note_can_be_taken_back_and_a_written_one_not():
    empty, written = make.a_note(), make.a_written_note()
    notes.discard(empty, by=empty.author.user, now=make.NOW)
    with pytest.raises(notes.NoteRefused, match="stays"):
        notes.discard(written, by=written.author.user, now=make.NOW)
    assert list(SessionNote.objects.all()) == [written]


def test_same_as_last_time_carries_the_work_and_asks_the_rest_anew():
    plan = make.a_plan()
    make.a_signed_note(plan, service_at=make.NOW - timedelta(days=4))
    note = make.a_note(plan)
    save(note, notes.Content(subjective="Better"))
    carried = notes.content_of(notes.carry(note, by=note.author.user, now=make.NOW))
    assert carried.subjective == "Better"
    assert (carried.pain_before, carried.response) == (None, "")
    assert carried.techniques == make.some_content().techniques


def test_what_is_typed_is_never_carried_over():
    plan = make.a_plan()
    make.a_signed_note(plan, service_at=make.NOW - timedelta(days=4))
    note = make.a_note(plan)
    mine = (notes.Applied("gentle", "sacrum", 10, 1),)
    save(note, notes.Content(objective="Mine", techniques=mine))
    carried = notes.content_of(notes.carry(note, by=note.author.user, now=make.NOW))
    assert (carried.objective, carried.techniques) == ("Mine", mine)


def test_without_an_earlier_note_the_plan_is_carried():
    note = make.a_note()
    carried = notes.content_of(notes.carry(note, by=note.author.user, now=make.NOW))
    assert carried.techniques == (notes.Applied("neuromuscular", "low_back_left", 45, None),)


def test_drafts_and_later_sessions_are_not_the_last_note():
    plan = make.a_plan()
    make.a_written_note(plan, service_at=make.NOW - timedelta(days=2))
    note = make.a_note(plan, service_at=make.NOW - timedelta(days=1))
    make.a_signed_note(plan)
    assert notes.last_signed(note) is None


def test_unsigned_are_ones_own_the_oldest_first():
    author = make.a_practitioner()
    plan = make.a_plan(author=author)
    newer = make.a_note(plan)
    older = make.a_note(plan, service_at=make.NOW - timedelta(days=1))
    make.a_signed_note(plan)
    make.a_note(plan, author=make.a_practitioner())
    assert list(SessionNote.objects.unsigned_by(author)) == [older, newer]
    assert SessionNote.objects.signed().count() == 1


def test_a_merged_record_shows_its_notes_with_the_survivor():
    note = make.a_signed_note()
    survivor = make.a_patient(given_name="Anna")
    type(note.patient).objects.filter(pk=note.patient.pk).update(merged_into=survivor)
    assert list(SessionNote.objects.for_patient(survivor)) == [note]
    assert notes.is_intact(note)


def test_the_digest_is_the_same_in_whatever_order_and_zone_it_is_asked():
    note = make.a_signed_note()
    again = SessionNote.objects.with_parts().get(pk=note.pk)
    assert notes.digest(again) == notes.digest(again) == note.digest
    assert replace(make.some_content()) == make.some_content()
