"""What the database itself refuses, whatever the path: plain SQL, no switch turns it off. See ADR 0017.

A signed note and its rows are never changed or removed; what a plan says is never changed (a revision is a new
plan); addenda and overrides are written once. Rows of a note wait for a signature that is under way, and see it.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

NOTE_ROWS = ("treatments_techniqueapplied", "treatments_exercisedone")
APPEND_ONLY = (
    "treatments_addendum",
    "treatments_safetyoverride",
    "treatments_intervention",
    "treatments_exerciseprescription",
    "treatments_goal",
)

NOTE = """
CREATE FUNCTION treatments_guard_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'Notes are never removed.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_signed_note_is_never_changed';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'A note is signed from a draft.'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_note_is_signed_from_a_draft';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.status <> 'draft' THEN
        RAISE EXCEPTION 'A signed note is never changed; an addendum adds to it.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_signed_note_is_never_changed';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF (NEW.uid, NEW.patient_id, NEW.author_id) IS DISTINCT FROM (OLD.uid, OLD.patient_id, OLD.author_id) THEN
        RAISE EXCEPTION 'A note keeps its patient and its author.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_note_keeps_its_patient_and_author';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_guard_note BEFORE INSERT OR UPDATE OR DELETE ON treatments_sessionnote
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_note();
CREATE TRIGGER a_guard_note_truncate BEFORE TRUNCATE ON treatments_sessionnote
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_guard_note();

CREATE FUNCTION treatments_guard_note_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE state text;
BEGIN
    IF TG_OP <> 'TRUNCATE' THEN
        -- FOR SHARE waits for a signature that is under way, and then sees it.
        IF TG_OP <> 'INSERT' THEN
            SELECT status INTO state FROM treatments_sessionnote WHERE id = OLD.note_id FOR SHARE;
        END IF;
        IF TG_OP <> 'DELETE' AND coalesce(state, 'draft') = 'draft' THEN
            SELECT status INTO state FROM treatments_sessionnote WHERE id = NEW.note_id FOR SHARE;
        END IF;
        IF coalesce(state, 'draft') = 'draft' THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'What a signed note lists is never changed; an addendum adds to it.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_signed_note_is_never_changed';
END $$;
"""

NOTE_ROW_TRIGGERS = "\n".join(
    f"""
CREATE TRIGGER a_guard_note_row BEFORE INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_note_row();
CREATE TRIGGER a_guard_note_row_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_guard_note_row();"""
    for table in NOTE_ROWS
)

NOTE_BACK = (
    "DROP TRIGGER a_guard_note ON treatments_sessionnote;"
    "DROP TRIGGER a_guard_note_truncate ON treatments_sessionnote;"
    + "".join(
        f"DROP TRIGGER a_guard_note_row ON {table}; DROP TRIGGER a_guard_note_row_truncate ON {table};"
        for table in NOTE_ROWS
    )
    + "DROP FUNCTION treatments_guard_note(); DROP FUNCTION treatments_guard_note_row();"
)

APPEND = """
CREATE FUNCTION treatments_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'This was written once and is never changed.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'what_was_planned_or_added_is_never_changed';
END $$;
CREATE FUNCTION treatments_guard_addendum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM treatments_sessionnote WHERE id = NEW.note_id AND status = 'signed') THEN
        RAISE EXCEPTION 'Only a signed note is added to; a draft is simply edited.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'only_a_signed_note_is_added_to';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER b_guard_addendum BEFORE INSERT ON treatments_addendum
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_addendum();
""" + "\n".join(
    f"""
CREATE TRIGGER a_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION treatments_append_only();
CREATE TRIGGER a_append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_append_only();"""
    for table in APPEND_ONLY
)

APPEND_BACK = (
    "DROP TRIGGER b_guard_addendum ON treatments_addendum;"
    + "".join(
        f"DROP TRIGGER a_append_only ON {table}; DROP TRIGGER a_append_only_truncate ON {table};"
        for table in APPEND_ONLY
    )
    + "DROP FUNCTION treatments_append_only(); DROP FUNCTION treatments_guard_addendum();"
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treatments", "0001_initial")]

    operations: ClassVar = [
        migrations.RunSQL(NOTE + NOTE_ROW_TRIGGERS, NOTE_BACK),
        migrations.RunSQL(APPEND, APPEND_BACK),
    ]
