"""Promise P3 behind the guards: whoever gets past them, as superuser and with the triggers off, is found out."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from clinic import audit
from tests.factories import people
from tests.factories import treatments as make
from tests.treatments import roles
from tests.treatments.test_signed_notes import with_findings
from treatments import bodychart, cosigning, notes, verification, vouching
from treatments.body.marks import fingerprint
from treatments.models import SessionNote

pytestmark = pytest.mark.django_db

EDITS = [20, pytest.param(100, marks=pytest.mark.long)]
CUTS = [6, pytest.param(50, marks=pytest.mark.long)]


@pytest.fixture(scope="module", autouse=True)
def _superuser(django_db_setup, django_db_blocker):
    with roles.acting_as(roles.superuser(), django_db_blocker):
        yield


@pytest.fixture
def signed():
    """Nine signed notes with everything a note can have, added to twice each and co-signed; the audit sealed."""
    author, senior = make.a_practitioner(), make.a_practitioner()
    cosigning.agree(practitioner=author, cosigner=senior, by=people.an_owner(), now=make.NOW)
    plan, marks = make.a_plan(author=author), make.some_marks()
    made = []
    for n in range(9):
        note = with_findings(make.a_note(plan, service_at=make.NOW - timedelta(days=n)))
        bodychart.save(note, marks=marks, seen="", by=author.user, now=make.NOW)
        note = notes.sign(note, revision=note.revision, marks=fingerprint(marks), by=author.user, now=make.NOW)
        for hour in (1, 2):
            later = make.NOW + timedelta(hours=hour)
            notes.amend(note, text=f"Added {n} {hour}", reason="Forgotten", by=author.user, now=later)
        cosigning.cosign(note, remark="Read.", by=senior.user, now=make.NOW)
        made.append(note)
    audit.seal(now=make.NOW)
    return made


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else cursor.rowcount


@contextmanager
def past_the_guards():
    """What is done here is taken back at the end, whoever looks at it in between."""
    with transaction.atomic():
        sql("SET LOCAL session_replication_role = replica")
        yield
        transaction.set_rollback(True)


TABLES = (
    "techniqueapplied", "exercisedone", "palpationfound", "motionmeasured", "strengthtested", "bodymark", "addendum",
    "cosignature",
)  # fmt: skip
#: Column of a table, and another value than it has.
COLUMNS = {
    "sessionnote": {
        "subjective": "subjective || '.'", "objective": "'x'", "response": "''", "pain_after": "pain_after + 1",
        "written_at": "written_at - interval '1 day'", "signed_at": "signed_at - interval '1 minute'",
        "privacy": "'private'", "digest": "repeat('0', 64)", "needs_cosignature": "false",
    },
    "techniqueapplied": {"minutes": "minutes + 1", "pressure": "5", "region": "'sacrum'"},
    "exercisedone": {"sets": "sets + 1", "remark": "'x'"},
    "palpationfound": {"degree": "1", "remark": "''"},
    "motionmeasured": {"degrees": "degrees - 1"},
    "strengthtested": {"grade": "'0'"},
    "bodymark": {"remark": "remark || '!'", "region": "'heel_left'"},
    "addendum": {"text": "text || '.'", "reason": "'x'", "written_at": "written_at + interval '1 hour'"},
    "cosignature": {"remark": "'Never read.'", "signed_at": "signed_at - interval '1 day'"},
}  # fmt: skip


def a_row(dice, table):
    return dice.choice(sql(f"SELECT id FROM treatments_{table} ORDER BY id"))[0]


def edit(dice):
    table = dice.choice(list(COLUMNS))
    column = dice.choice(list(COLUMNS[table]))
    return sql(f"UPDATE treatments_{table} SET {column} = {COLUMNS[table][column]} WHERE id = %s", a_row(dice, table))


def delete(dice):
    table = dice.choice(TABLES)
    return sql(f"DELETE FROM treatments_{table} WHERE id = %s", a_row(dice, table))


def reorder(dice):
    """Two of a kind change places: what was added first and last, or to two notes; the times of two visits."""
    table, column = dice.choice([("addendum", "written_at"), ("addendum", "note_id"), ("sessionnote", "service_at")])
    rows = sql(f"SELECT id, {column} FROM treatments_{table} ORDER BY id")
    one = dice.choice(rows)
    other = dice.choice([row for row in rows if row[1] != one[1]])
    sql(f"UPDATE treatments_{table} SET {column} = %s WHERE id = %s", other[1], one[0])
    return sql(f"UPDATE treatments_{table} SET {column} = %s WHERE id = %s", one[1], other[0])


def forge(dice):
    """Changed, and its digest reckoned anew: the note alone would be believed."""
    sql(
        "UPDATE treatments_sessionnote SET pain_before = pain_before + 1 WHERE id = %s",
        pk := a_row(dice, "sessionnote"),
    )
    note = SessionNote.objects.with_parts().get(pk=pk)
    forged = sql("UPDATE treatments_sessionnote SET digest = %s WHERE id = %s", vouching.digest(note), pk)
    sql("UPDATE treatments_cosignature SET digest = %s WHERE note_id = %s", vouching.digest(note), pk)
    assert notes.altered() == []
    return forged


@pytest.mark.parametrize("edits", EDITS)
def test_of_a_hundred_random_edits_deletions_and_reorderings_each_is_found(signed, edits):
    dice, found = random.Random(21), 0
    assert verification.verify()[0] == []
    for number in range(edits):
        with past_the_guards():
            assert (edit, delete, reorder, forge)[number % 4](dice) == 1
            found += verification.verify()[0] != []
    assert found == edits
    assert verification.verify()[0] == []


def test_a_whole_note_that_is_gone_with_everything_of_it_is_missed(signed):
    with past_the_guards():
        gone(signed[0].pk)
        breaches, _ = verification.verify()
    assert f"Note {signed[0].uid} was signed and is not there as a signed note." in breaches
    assert len(breaches) == 4


def gone(pk):
    for table in TABLES:
        sql(f"DELETE FROM treatments_{table} WHERE note_id = %s", pk)
    sql("DELETE FROM treatments_sessionnote WHERE id = %s", pk)


def cut(events):
    """The last entries of the audit with their seals, and what they were about: as if it had never been."""
    rows = sql(
        "DELETE FROM clinic_auditseal WHERE position > (SELECT max(position) FROM clinic_auditseal) - %s"
        " RETURNING event_id", events,
    )  # fmt: skip
    ids = [row[0] for row in rows]
    about = sql("DELETE FROM clinic_auditevent WHERE id = ANY(%s) RETURNING action, subject_uid", ids)
    for action, uid in about:
        if action == "note.amended":
            sql("DELETE FROM treatments_addendum WHERE uid = %s", uid)
        elif action == "note.cosigned":
            sql("DELETE FROM treatments_cosignature USING treatments_sessionnote AS n WHERE note_id = n.id"
                " AND n.uid = %s", uid)  # fmt: skip
        elif action == "note.signed":
            gone(sql("SELECT id FROM treatments_sessionnote WHERE uid = %s", uid)[0][0])
    return len(ids)


@pytest.mark.parametrize("cuts", CUTS)
def test_a_tail_that_was_cut_off_clean_is_found_by_the_anchor_and_by_nothing_else(signed, cuts):
    _, chain = verification.verify()
    anchor, found, unseen = (chain.sealed, chain.head), 0, 0
    for events in range(1, cuts + 1):
        with past_the_guards():
            assert cut(events) == events
            unseen += verification.verify()[0] == []
            found += verification.verify(anchor=anchor)[0] != []
    assert found == cuts
    assert unseen == cuts, "without the anchor nobody would know"


# -- The command ------------------------------------------------------------------------------------------


def run(**options):
    out, err = StringIO(), StringIO()
    call_command("verify_notes", stdout=out, stderr=err, **options)
    return out.getvalue()


def test_the_command_says_all_is_well_and_adds_an_anchor_to_those_kept_elsewhere(signed, tmp_path):
    kept = tmp_path / "anchors.txt"
    assert "All signed notes are what was signed" in run(anchors=kept)
    make.a_signed_note()
    run(anchors=kept)
    positions = [int(line.split()[1]) for line in kept.read_text().splitlines()]
    assert positions[0] < positions[1]


def test_the_command_fails_and_names_what_is_not_what_it_was_and_keeps_the_last_good_anchor(signed, tmp_path):
    kept, err = tmp_path / "anchors.txt", StringIO()
    run(anchors=kept)
    before = kept.read_text()
    with past_the_guards():
        sql("UPDATE treatments_addendum SET text = 'x' WHERE note_id = %s AND text = 'Added 0 1'", signed[0].pk)
        with pytest.raises(CommandError, match="1 breaches"):
            call_command("verify_notes", stdout=StringIO(), stderr=err, anchors=kept)
    assert f"of note {signed[0].uid} is not what was added" in err.getvalue()
    with past_the_guards():
        cut(3)
        with pytest.raises(CommandError):
            call_command("verify_notes", stdout=StringIO(), stderr=err, anchors=kept)
    assert kept.read_text() == before


def test_a_file_that_holds_no_anchor_is_said_to(tmp_path):
    kept = tmp_path / "anchors.txt"
    kept.write_text("something else\n")
    with pytest.raises(CommandError, match="is not an anchor"):
        run(anchors=kept)
