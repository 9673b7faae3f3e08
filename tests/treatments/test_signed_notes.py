"""Promise P3: a signed note is never changed, only amended. Every path is tried and counted."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, models, transaction
from psycopg import errors

from tests.factories import people
from tests.factories import treatments as make
from tests.factories.standing import standing
from tests.treatments import roles
from treatments import bodychart, notes
from treatments.body.marks import fingerprint
from treatments.models import Addendum, BodyMark, ExerciseDone, PalpationFound, SessionNote, TechniqueApplied

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", params=["application", "superuser"], autouse=True)
def role(request, django_db_setup, django_db_blocker):
    """As the application, and as a superuser whom no grant binds: then only the triggers refuse."""
    name = roles.APP if request.param == "application" else roles.superuser()
    with roles.acting_as(name, django_db_blocker):
        yield


@contextmanager
def refused():
    """By a trigger, by a missing grant, or by a protected key; a slip in the test itself is no refusal."""
    with pytest.raises((DatabaseError, models.ProtectedError)) as why, transaction.atomic():
        yield
    cause = why.value.__cause__
    assert isinstance(why.value, models.ProtectedError) or isinstance(
        cause, (errors.RestrictViolation, errors.InsufficientPrivilege, errors.ForeignKeyViolation)
    ), repr(cause)


def everything(note):
    """What the database holds of a note, its rows and its addenda."""
    with connection.cursor() as cursor:
        found = []
        for table, column in (
            ("treatments_sessionnote", "id"),
            ("treatments_techniqueapplied", "note_id"),
            ("treatments_exercisedone", "note_id"),
            ("treatments_bodymark", "note_id"),
            ("treatments_palpationfound", "note_id"),
            ("treatments_motionmeasured", "note_id"),
            ("treatments_strengthtested", "note_id"),
            ("treatments_addendum", "note_id"),
        ):
            cursor.execute(f"SELECT to_jsonb(t) FROM {table} AS t WHERE {column} = %s ORDER BY id", [note.pk])
            found.append(cursor.fetchall())
    return json.dumps(found, default=str)


def sql(statement):
    def attempt(note):
        with connection.cursor() as cursor:
            cursor.execute(statement, [note.pk] if "%s" in statement else None)

    return attempt


def by_orm(change):
    def attempt(note):
        change(SessionNote.objects.get(pk=note.pk))

    return attempt


def _saved(note, **values):
    for name, value in values.items():
        setattr(note, name, value)
    note.save()


def _bulk_update(note):
    note.subjective = "Never said"
    SessionNote.objects.bulk_update([note], ["subjective"])


def _bulk_rows(note):
    row = note.techniques.first()
    row.minutes = 90
    TechniqueApplied.objects.bulk_update([row], ["minutes"])


def _bulk_marks(note):
    row = note.marks.first()
    row.remark = "Rewritten"
    BodyMark.objects.bulk_update([row], ["remark"])


def _upsert(note):
    fields = {f.attname: getattr(note, f.attname) for f in note._meta.concrete_fields}
    SessionNote.objects.bulk_create(
        [SessionNote(**(fields | {"subjective": "Upserted"}))],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["subjective"],
    )


ATTEMPTS = {
    "saved with another text": by_orm(lambda n: _saved(n, subjective="Never said")),
    "saved unsigned": by_orm(lambda n: _saved(n, status="draft", signed_at=None, signed_by=None, digest="")),
    "saved with another digest": by_orm(lambda n: _saved(n, digest="0" * 64)),
    "moved to another session": by_orm(lambda n: _saved(n, service_at=n.service_at - timedelta(days=1))),
    "queryset update": lambda n: SessionNote.objects.filter(pk=n.pk).update(pain_after=0),
    "bulk update": by_orm(_bulk_update),
    "upsert": by_orm(_upsert),
    "deleted": by_orm(lambda n: n.delete()),
    "queryset delete": lambda n: SessionNote.objects.filter(pk=n.pk).delete(),
    "raw delete": lambda n: SessionNote.objects.filter(pk=n.pk)._raw_delete("default"),
    "technique saved": by_orm(lambda n: _saved(n.techniques.first(), minutes=90)),
    "technique updated": lambda n: TechniqueApplied.objects.filter(note=n.pk).update(pressure=5),
    "technique bulk updated": by_orm(_bulk_rows),
    "technique deleted": by_orm(lambda n: n.techniques.first().delete()),
    "techniques deleted": lambda n: TechniqueApplied.objects.filter(note=n.pk).delete(),
    "technique added": lambda n: TechniqueApplied.objects.create(
        note=n, position=9, technique="gentle", region="sacrum", minutes=5
    ),
    "exercise updated": lambda n: ExerciseDone.objects.filter(note=n.pk).update(sets=9),
    "exercises deleted": lambda n: ExerciseDone.objects.filter(note=n.pk).delete(),
    "addendum updated": lambda n: Addendum.objects.filter(note=n.pk).update(text="Rewritten"),
    "addendum deleted": lambda n: Addendum.objects.filter(note=n.pk).delete(),
    "SQL update": sql("UPDATE treatments_sessionnote SET subjective = 'x' WHERE id = %s"),
    "SQL unsign": sql(
        "UPDATE treatments_sessionnote SET status = 'draft', signed_at = NULL, signed_by_id = NULL, digest = ''"
        " WHERE id = %s"
    ),
    "SQL delete": sql("DELETE FROM treatments_sessionnote WHERE id = %s"),
    "SQL merge": sql(
        "MERGE INTO treatments_sessionnote AS n USING (SELECT %s::bigint AS id) AS s ON n.id = s.id"
        " WHEN MATCHED THEN UPDATE SET subjective = 'merged'"
    ),
    "SQL truncate": sql("TRUNCATE treatments_sessionnote CASCADE"),
    "SQL row update": sql("UPDATE treatments_techniqueapplied SET minutes = 1 WHERE note_id = %s"),
    "SQL row moved in": sql(
        "UPDATE treatments_techniqueapplied SET note_id = %s WHERE note_id IN"
        " (SELECT id FROM treatments_sessionnote WHERE status = 'draft')"
    ),
    "SQL row delete": sql("DELETE FROM treatments_techniqueapplied WHERE note_id = %s"),
    "SQL row insert": sql(
        "INSERT INTO treatments_techniqueapplied (note_id, position, technique, region, minutes)"
        " VALUES (%s, 7, 'gentle', 'sacrum', 5)"
    ),
    "SQL rows truncate": sql("TRUNCATE treatments_techniqueapplied"),
    "SQL exercises truncate": sql("TRUNCATE treatments_exercisedone"),
    "SQL exercise update": sql("UPDATE treatments_exercisedone SET sets = 1 WHERE note_id = %s"),
    "SQL exercise delete": sql("DELETE FROM treatments_exercisedone WHERE note_id = %s"),
    "SQL addendum update": sql("UPDATE treatments_addendum SET text = 'x' WHERE note_id = %s"),
    "SQL addendum delete": sql("DELETE FROM treatments_addendum WHERE note_id = %s"),
    "SQL addenda truncate": sql("TRUNCATE treatments_addendum"),
    "mark saved": by_orm(lambda n: _saved(n.marks.get(layer="pain"), intensity=1)),
    "mark moved": by_orm(lambda n: _saved(n.marks.get(layer="scar"), region="heel_left")),
    "marks updated": lambda n: BodyMark.objects.filter(note=n.pk).update(remark="Rewritten"),
    "mark bulk updated": by_orm(_bulk_marks),
    "mark deleted": by_orm(lambda n: n.marks.first().delete()),
    "marks deleted": lambda n: BodyMark.objects.filter(note=n.pk).delete(),
    "marks raw deleted": lambda n: BodyMark.objects.filter(note=n.pk)._raw_delete("default"),
    "mark added": lambda n: BodyMark.objects.create(note=n, region="heel_left", layer="avoid"),
    "SQL mark update": sql("UPDATE treatments_bodymark SET intensity = 1 WHERE note_id = %s AND layer = 'pain'"),
    "SQL mark moved in": sql(
        "UPDATE treatments_bodymark SET note_id = %s WHERE note_id IN"
        " (SELECT id FROM treatments_sessionnote WHERE status = 'draft')"
    ),
    "SQL mark delete": sql("DELETE FROM treatments_bodymark WHERE note_id = %s"),
    "SQL mark insert": sql(
        "INSERT INTO treatments_bodymark (note_id, region, layer, remark, atlas)"
        " VALUES (%s, 'heel_left', 'avoid', '', 1)"
    ),
    "SQL marks truncate": sql("TRUNCATE treatments_bodymark"),
    "made readable by others": by_orm(lambda n: _saved(n, privacy="discipline")),
    "made to need no co-signature": lambda n: SessionNote.objects.filter(pk=n.pk).update(needs_cosignature=True),
    "carried from elsewhere": by_orm(lambda n: _saved(n, carried_from=n)),
    **{
        f"{name} {how}": change
        for name, field, value in (
            ("palpations", "remark", "Never felt"),
            ("motions", "degrees", 1),
            ("strengths", "grade", "0"),
        )
        for how, change in (
            ("updated", lambda n, rows=name, said=field, to=value: getattr(n, rows).update(**{said: to})),
            ("deleted", lambda n, rows=name: getattr(n, rows).all().delete()),
            (
                "saved",
                by_orm(lambda n, rows=name, said=field, to=value: _saved(getattr(n, rows).first(), **{said: to})),
            ),
            ("truncated", lambda n, rows=name: sql(f"TRUNCATE {getattr(n, rows).model._meta.db_table}")(n)),
        )
    },
    "palpation added": lambda n: PalpationFound.objects.create(note=n, position=9, region="sacrum", finding="tone"),
    "motion moved in": sql(
        "UPDATE treatments_motionmeasured SET note_id = %s WHERE note_id IN"
        " (SELECT id FROM treatments_sessionnote WHERE status = 'draft')"
    ),
    "patient deleted": by_orm(lambda n: n.patient.delete()),
    "author deleted": by_orm(lambda n: n.author.delete()),
    "author's account deleted": by_orm(lambda n: n.author.user.delete()),
    "whoever amended it deleted": by_orm(lambda n: n.addenda.first().written_by.delete()),
    "episode deleted": by_orm(lambda n: n.episode.delete()),
    "plan deleted": by_orm(lambda n: n.plan.delete()),
}


FOUND = {
    "palpations": (notes.Palpated("low_back_left", "spasm", 3, "L4"),),
    "motions": (notes.Moved("lumbar_flexion", 45),),
    "strengths": (notes.Strength("great_toe_left", "4-"),),
}


def with_findings(note):
    content = make.some_content(**FOUND)
    return notes.save_draft(note, content=content, revision=note.revision, by=note.author.user, now=make.NOW)


def a_signed_note():
    """With everything that a note can hold, an addendum, and a draft of somebody else beside it."""
    marks = make.some_marks()
    note = with_findings(make.a_note())
    bodychart.save(note, marks=marks, seen="", by=note.author.user, now=make.NOW)
    note = notes.sign(note, revision=note.revision, marks=fingerprint(marks), by=note.author.user, now=make.NOW)
    notes.amend(note, text="The left side, not the right.", reason="Slip", by=note.author.user, now=make.NOW)
    other = with_findings(make.a_note(make.a_plan(make.an_episode(make.a_patient(family_name="Other")))))
    BodyMark.objects.create(note=other, region="heel_left", layer="avoid")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or TRUNCATE is refused for waiting checks alone
    return note


@pytest.fixture(scope="module")
def standing_note(role, django_db_blocker):
    with standing(django_db_blocker, a_signed_note) as note:
        yield note


@pytest.fixture
def signed(standing_note):
    return standing_note.fresh()


@pytest.mark.parametrize("name", ATTEMPTS)
def test_no_path_changes_a_signed_note(signed, name):
    before = everything(signed)
    with refused():
        ATTEMPTS[name](signed)
    assert everything(signed) == before
    assert notes.is_intact(SessionNote.objects.get(pk=signed.pk))


def test_at_least_fifty_paths_were_tried():
    assert len(ATTEMPTS) >= 50


def test_a_note_cannot_be_born_signed(signed):
    fields = {f.attname: getattr(signed, f.attname) for f in signed._meta.concrete_fields if f.name != "id"}
    before = SessionNote.objects.count()
    with refused():
        SessionNote.objects.create(**(fields | {"uid": uuid.uuid4(), "visit_uid": None}))
    assert SessionNote.objects.count() == before


def test_a_draft_keeps_its_patient_and_its_author():
    draft = make.a_written_note()
    other = make.a_practitioner()
    with refused():
        SessionNote.objects.filter(pk=draft.pk).update(author=other)
    assert SessionNote.objects.get(pk=draft.pk).author_id == draft.author_id


def test_only_addenda_are_added(signed):
    for n in range(3):
        notes.amend(signed, text=f"More {n}", reason="Remembered", by=signed.author.user, now=make.NOW)
    assert signed.addenda.count() == 4
    assert notes.is_intact(SessionNote.objects.get(pk=signed.pk))


def test_a_draft_takes_no_addendum():
    draft = make.a_written_note()
    with pytest.raises(notes.NoteRefused, match="simply edit it"):
        notes.amend(draft, text="More", reason="Why", by=draft.author.user, now=make.NOW)
    with refused():
        Addendum.objects.create(
            note=draft, text="More", reason="Why", written_at=make.NOW, written_by=people.an_owner()
        )
