"""What was signed is vouched for by a digest: if the database were got past, it would show."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.factories import treatments as make
from tests.treatments import roles
from treatments import note_paper, notes
from treatments.models import SessionNote

pytestmark = pytest.mark.django_db

CHILDREN = ("treatments_techniqueapplied", "treatments_exercisedone")


@pytest.fixture(scope="module", autouse=True)
def _superuser(django_db_setup, django_db_blocker):
    """Only a superuser can get past the triggers, or drop them."""
    with roles.acting_as(roles.superuser(), django_db_blocker):
        yield


@pytest.fixture
def signed():
    return make.a_signed_note()


def test_the_trigger_is_what_refuses(signed):
    """The fault planted: without the trigger, the plain update goes through."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER a_guard_note ON treatments_sessionnote")
    SessionNote.objects.filter(pk=signed.pk).update(subjective="Never said")
    assert not notes.is_intact(SessionNote.objects.get(pk=signed.pk))


@pytest.mark.parametrize("table", CHILDREN)
def test_the_trigger_on_its_rows_is_what_refuses(signed, table):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER a_guard_note_row ON {table}")
        cursor.execute(f"UPDATE {table} SET position = 99 WHERE note_id = %s", [signed.pk])
    assert not notes.is_intact(SessionNote.objects.get(pk=signed.pk))


# -- Digest --------------------------------------------------------------------------------------------

CHANGES = {
    "treatments_sessionnote": {
        "subjective": "'x'", "objective": "'x'", "assessment": "'x'", "next_steps": "'x'", "response": "'x'",
        "pain_before": "1", "pain_after": "9", "spasms_since_last": "77", "zone": "'UTC'", "template_version": "9",
        "service_at": "service_at - interval '1 hour'", "written_at": "written_at - interval '1 hour'",
        "signed_at": "signed_at + interval '1 second'", "visit_uid": "NULL",
    },
    "treatments_techniqueapplied": {
        "minutes": "1", "pressure": "5", "technique": "'gentle'", "region": "'sacrum'", "position": "9",
    },
    "treatments_exercisedone": {"sets": "9", "amount": "9", "remark": "'x'"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in CHANGES.items() for column in columns]
)
def test_the_digest_shows_any_change_that_got_past_the_database(table, column):
    note = make.a_signed_note()
    where = "id" if table == "treatments_sessionnote" else "note_id"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE {table} SET {column} = {CHANGES[table][column]} WHERE {where} = %s", [note.pk])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert notes.altered() == [note.uid]


def test_untouched_notes_are_intact():
    make.a_signed_note()
    assert notes.altered() == []


def test_a_missing_row_shows():
    note = make.a_signed_note()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM treatments_exercisedone WHERE note_id = %s", [note.pk])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert notes.altered() == [note.uid]


def test_the_paper_of_an_altered_note_says_so(signed):
    assert note_paper.paper_data(SessionNote.objects.with_parts().get(pk=signed.pk))["signed"][0].endswith("10:00.")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE treatments_sessionnote SET subjective = 'x' WHERE id = %s", [signed.pk])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    altered = note_paper.paper_data(SessionNote.objects.with_parts().get(pk=signed.pk))
    assert "This is not what was signed." in altered["signed"][0]
