"""Promise P3 can fail: each fault that its tests exist for is planted, and they see it."""

from __future__ import annotations

import hashlib

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.template.loader import render_to_string

from tests.treatments import roles
from tests.treatments.test_signed_notes import ATTEMPTS, a_signed_note, everything
from treatments import notes, vouching
from treatments.models import SessionNote

pytestmark = pytest.mark.django_db

ON_ROWS = """
SELECT format('ALTER TABLE %%I DISABLE TRIGGER %%I', c.relname, t.tgname)
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
WHERE t.tgname IN ('a_guard_note_row', 'a_guard_note_row_truncate')
"""
#: Lets the flag go first, then everything else.
UNSIGNING = """
CREATE OR REPLACE FUNCTION treatments_guard_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = 'signed' AND NEW.status = 'signed' THEN
        RAISE EXCEPTION 'signed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' OR TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'kept' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


@pytest.fixture(scope="module", autouse=True)
def _superuser(django_db_setup, django_db_blocker):
    """Whom no grant binds: only the triggers and the digest are left."""
    with roles.acting_as(roles.superuser(), django_db_blocker):
        yield


@pytest.fixture
def signed():
    return a_signed_note()


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def gone_through(note):
    """The paths of P3 that changed the note; each is taken back again."""
    found, before = set(), everything(note)
    for name, attempt in ATTEMPTS.items():
        try:
            with transaction.atomic():
                attempt(note)
                if everything(note) != before:
                    found.add(name)
                transaction.set_rollback(True)
        except (DatabaseError, models.ProtectedError):
            continue
        note = SessionNote.objects.get(pk=note.pk)
    return found


def test_as_it_is_no_path_goes_through(signed):
    assert gone_through(signed) == set()


def test_a_trigger_on_the_note_alone_is_seen(signed):
    """Fault: the rows of a note are not guarded."""
    for (statement,) in run(ON_ROWS.replace("%%", "%")):
        run(statement)
    seen = gone_through(signed)
    assert {
        "technique updated",
        "techniques deleted",
        "technique added",
        "SQL row update",
        "SQL exercise delete",
    } <= seen
    assert "SQL update" not in seen


def test_a_signature_that_can_be_taken_back_is_seen(signed):
    """Fault: the flag may be cleared, and a note without it be written."""
    run(UNSIGNING)
    seen = gone_through(signed)
    assert {"saved unsigned", "SQL unsign"} <= seen
    assert "SQL update" not in seen


def rendered(note):
    """Fault: a digest over the page instead of over the facts."""
    page = render_to_string("treatments/note_body.html", {"note": note})
    return hashlib.sha256(page.encode()).hexdigest()


#: What a page does not show, or shows in other words, and a digest over the facts vouches for all the same.
UNSEEN = {
    "treatments_sessionnote": {"visit_uid": "NULL", "service_at": "service_at - interval '1 second'"},
    "treatments_techniqueapplied": {"position": "position + 40"},
}


@pytest.mark.parametrize(("table", "column"), [(t, c) for t, columns in UNSEEN.items() for c in columns])
def test_a_digest_over_the_page_is_seen(signed, table, column):
    note = SessionNote.objects.with_parts().get(pk=signed.pk)
    by_page, by_facts = rendered(note), vouching.digest(note)
    where = "id" if table == "treatments_sessionnote" else "note_id"
    run("SET LOCAL session_replication_role = replica")
    run(f"UPDATE {table} SET {column} = {UNSEEN[table][column]} WHERE {where} = {note.pk}")
    run("SET LOCAL session_replication_role = DEFAULT")
    later = SessionNote.objects.with_parts().get(pk=note.pk)
    assert rendered(later) == by_page, "the page says nothing of it"
    assert vouching.digest(later) != by_facts, "the facts do"
    assert notes.altered() == [note.uid]
