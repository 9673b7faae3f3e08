"""The body chart of a session: saved as it is marked, signed with its note, carried, read across visits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import treatments as make
from treatments import bodychart, gate, notes, screening
from treatments.body.marks import Layer, Mark, fingerprint
from treatments.models import BodyMark, SessionNote

pytestmark = pytest.mark.django_db
PAIN, SCAR = Mark("low_back_upper_left", "pain", 6, "Turning"), Mark("knee_back_right", "scar")
AVOID = Mark("neck_front_left", "avoid")


def save(note, *marks, seen=None, by=None):
    seen = fingerprint(bodychart.marks_of(note)) if seen is None else seen
    return bodychart.save(note, marks=marks, seen=seen, by=by or note.author.user, now=make.NOW)


def sign(note):
    note.refresh_from_db()
    shown = fingerprint(bodychart.marks_of(note))
    return notes.sign(note, revision=note.revision, marks=shown, by=note.author.user, now=make.NOW)


def a_signed(plan, *marks, days_ago=0):
    return make.a_signed_note(plan, marks=marks, service_at=make.NOW - timedelta(days=days_ago, hours=1))


# -- Saved as it is marked -----------------------------------------------------------------------------


def test_what_is_marked_is_kept_and_only_what_differs_is_written():
    note = make.a_note()
    save(note, PAIN, SCAR)
    kept = BodyMark.objects.get(layer="scar").pk
    save(note, Mark(PAIN.region, "pain", 4), SCAR)
    assert bodychart.marks_of(note) == [Mark(PAIN.region, "pain", 4), SCAR]
    assert BodyMark.objects.get(layer="scar").pk == kept


def test_saving_the_chart_leaves_the_words_on_their_revision():
    """So that the two parts of the page save by themselves and never take each other for another window."""
    note = make.a_written_note()
    save(note, PAIN)
    again = notes.save_draft(
        note, content=make.some_content(subjective="More"), revision=note.revision, by=note.author.user, now=make.NOW
    )
    assert bodychart.marks_of(again) == [PAIN]


def test_of_two_windows_the_second_is_shown_both():
    note = make.a_note()
    save(note, PAIN, seen="")
    with pytest.raises(bodychart.ChartIsStale) as stale:
        save(note, SCAR, seen="")
    assert stale.value.stored == [PAIN]
    assert bodychart.marks_of(note) == [PAIN]


def test_two_windows_that_say_the_same_do_not_quarrel():
    note = make.a_note()
    save(note, PAIN, SCAR, seen="")
    assert save(note, SCAR, PAIN, seen="") == [PAIN, SCAR]


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ([PAIN, Mark(PAIN.region, "pain", 2)], "twice at the same place"),
        ([Mark("nowhere", "pain"), PAIN], "somewhere and nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(marks, words):
    note = make.a_note()
    with pytest.raises(bodychart.ChartRefused, match=words):
        save(note, *marks)
    assert not note.marks.exists()


def test_only_its_author_marks():
    note = make.a_note()
    with pytest.raises(notes.NoteRefused, match="Only its author"):
        save(note, PAIN, by=make.a_practitioner().user)


def test_a_chart_is_something_written_so_the_note_stays():
    note = make.a_note()
    save(note, PAIN)
    with pytest.raises(notes.NoteRefused, match="Something is written"):
        notes.discard(note, by=note.author.user, now=make.NOW)


# -- Signed with its note ------------------------------------------------------------------------------


def test_a_chart_alone_is_enough_to_sign():
    note = make.a_note()
    save(note, PAIN)
    assert sign(note).is_signed


def test_the_chart_signed_is_the_chart_that_was_shown():
    note = make.a_written_note()
    save(note, PAIN)
    with pytest.raises(notes.NoteIsStale):
        notes.sign(note, revision=note.revision, marks="", by=note.author.user, now=make.NOW)


def test_a_signed_chart_is_amended_by_addendum_only():
    note = make.a_signed_note(marks=[PAIN])
    with pytest.raises(notes.NoteRefused, match="Add an addendum instead"):
        save(note, PAIN, SCAR)
    with pytest.raises(notes.NoteRefused, match="Add an addendum instead"):
        bodychart.carry(note, by=note.author.user, now=make.NOW)
    notes.amend(note, text="The right side.", reason="Slip", by=note.author.user, now=make.NOW)
    assert bodychart.marks_of(note) == [PAIN]


CHANGES = {"region": "heel_left", "layer": "spasm", "intensity": 1, "remark": "x", "atlas": 2}


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_mark_shows_in_the_digest_even_if_the_database_was_got_past(column):
    note = make.a_signed_note(marks=[PAIN])
    altered = SessionNote.objects.with_parts().get(pk=note.pk)
    setattr(altered.marks.all()[0], column, CHANGES[column])
    assert notes.is_intact(SessionNote.objects.with_parts().get(pk=note.pk))
    assert not notes.is_intact(altered)


def test_a_note_that_was_signed_before_there_were_charts_is_still_intact():
    note = make.a_signed_note()
    note.template_version = 1
    note.digest = notes.digest(note)
    assert "marks" not in notes.canonical(note)
    assert notes.is_intact(note)


# -- Carried -------------------------------------------------------------------------------------------


def test_what_stays_is_carried_and_pain_is_asked_anew():
    plan = make.a_plan()
    a_signed(plan, PAIN, SCAR, AVOID, Mark("heel_left", "technique"), Mark("nowhere", "numbness"), days_ago=3)
    note = make.a_note(plan)
    bodychart.carry(note, by=note.author.user, now=make.NOW)
    assert bodychart.marks_of(note) == [SCAR, Mark("nowhere", "numbness"), AVOID]


def test_a_layer_that_was_marked_already_is_not_mixed_with_the_last_visit():
    plan = make.a_plan()
    a_signed(plan, SCAR, AVOID, days_ago=3)
    note = make.a_note(plan)
    mine = Mark("heel_left", "scar")
    save(note, mine)
    bodychart.carry(note, by=note.author.user, now=make.NOW)
    assert bodychart.marks_of(note) == [mine, AVOID]


def test_nothing_is_carried_from_another_patient():
    a_signed(make.a_plan(make.an_episode(make.a_patient(family_name="Other"))), SCAR, days_ago=3)
    note = make.a_note()
    with pytest.raises(bodychart.ChartRefused, match="no earlier body chart"):
        bodychart.carry(note, by=note.author.user, now=make.NOW)


# -- What hands must mind ------------------------------------------------------------------------------


def minded(plan):
    """What the gate's snapshot knows of each layer; None where nobody knows."""
    snapshot = screening.snapshots([plan.episode], today=make.TODAY, now=make.NOW)[0]
    return {
        layer: None if layer in snapshot.chart_silent else snapshot.regions_of(concern)
        for layer, concern in screening.MARKED.items()
    }


def test_who_was_never_asked_is_not_without_numbness():
    plan = make.a_plan()
    a_signed(plan, PAIN)
    assert minded(plan) == {Layer.AVOID: None, Layer.NUMBNESS: None, Layer.SCAR: None}


def test_nowhere_is_an_answer():
    plan = make.a_plan()
    a_signed(plan, Mark("nowhere", "numbness"))
    assert minded(plan)[Layer.NUMBNESS] == frozenset()


def test_the_newest_signed_chart_that_speaks_of_a_layer_holds():
    plan = make.a_plan()
    a_signed(plan, AVOID, days_ago=9)
    a_signed(plan, PAIN, days_ago=6)
    assert minded(plan)[Layer.AVOID] == {AVOID.region}
    a_signed(plan, Mark("heel_left", "avoid"), days_ago=3)
    assert minded(plan)[Layer.AVOID] == {"heel_left"}


def test_a_draft_adds_at_once_and_takes_nothing_away():
    plan = make.a_plan()
    a_signed(plan, AVOID, days_ago=3)
    draft = make.a_note(plan)
    save(draft, Mark("heel_left", "avoid"))
    assert minded(plan)[Layer.AVOID] == {AVOID.region, "heel_left"}
    save(draft, Mark("nowhere", "avoid"))
    assert minded(plan)[Layer.AVOID] == {AVOID.region}


def test_a_coarse_mark_is_all_its_parts():
    plan = make.a_plan()
    a_signed(plan, Mark("low_back_left", "numbness"))
    assert minded(plan)[Layer.NUMBNESS] == {"low_back_upper_left", "low_back_lower_left"}


def test_the_gate_hears_of_it_and_says_where():
    plan = make.a_plan()
    a_signed(plan, Mark("low_back_upper_left", "numbness"), Mark("nowhere", "avoid"), Mark("nowhere", "scar"))
    verdicts = gate.read(plan.episode, today=make.TODAY, now=make.NOW).each(["low_back_left"])
    assert "CON-11" in {finding.rule for finding in verdicts["deep_tissue"].blocks}
    assert "low_back_upper_left" in verdicts["deep_tissue"].avoid
    assert "ASK-07" not in {finding.rule for finding in verdicts["gentle"].findings}


def test_the_gate_asks_for_what_no_chart_says():
    plan = make.a_plan()
    a_signed(plan, AVOID)
    verdicts = gate.read(plan.episode, today=make.TODAY, now=make.NOW).each(["low_back_left"])
    asked = next(f for f in verdicts["gentle"].findings if f.rule == "ASK-07")
    assert "where skin is numb and where scars are" in asked.message
    assert "must not go" not in asked.message
