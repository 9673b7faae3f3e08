"""What the database itself refuses of the rows that 0010 brings: as in 0002_guards, in plain SQL.

Findings of a signed note are locked with it. A co-signature is given once, to a signed note that needs one, by
somebody else than its author, for the digest that was signed. Openings of private notes are written once.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

NOTE_ROWS = ("treatments_palpationfound", "treatments_motionmeasured", "treatments_strengthtested")
APPEND_ONLY = ("treatments_cosignature", "treatments_noteopening")

GUARDS = """
CREATE FUNCTION treatments_guard_cosignature() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE said record;
BEGIN
    SELECT n.status, n.needs_cosignature, n.digest, p.user_id INTO said
        FROM treatments_sessionnote AS n JOIN clinic_practitioner AS p ON p.id = n.author_id WHERE n.id = NEW.note_id;
    IF said.status = 'signed' AND said.needs_cosignature AND said.digest = NEW.digest
       AND said.user_id <> NEW.signed_by_id THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A note is co-signed when it is signed and needs it, by another than its author, as it was signed.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'only_a_waiting_note_is_cosigned';
END $$;
CREATE TRIGGER b_guard_cosignature BEFORE INSERT ON treatments_cosignature
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_cosignature();
"""
BACK = "DROP TRIGGER b_guard_cosignature ON treatments_cosignature; DROP FUNCTION treatments_guard_cosignature();"

for name, function, tables in (
    ("a_guard_note_row", "treatments_guard_note_row", NOTE_ROWS),
    ("a_append_only", "treatments_append_only", APPEND_ONLY),
):
    events = "INSERT OR UPDATE OR DELETE" if tables is NOTE_ROWS else "UPDATE OR DELETE"
    for table in tables:
        GUARDS += (
            f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();\n"
            f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n"
        )
        BACK += f"DROP TRIGGER {name} ON {table}; DROP TRIGGER {name}_truncate ON {table};"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treatments", "0010_note_in_full")]

    operations: ClassVar = [migrations.RunSQL(GUARDS, BACK)]
