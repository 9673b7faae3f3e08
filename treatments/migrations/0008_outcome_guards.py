"""What was measured or set is refused a change by the database: a measurement is struck out, a threshold gets a
next version, an entry of a diary is taken back by its patient and stays. Plain SQL, as in 0002.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

GUARDS = """
CREATE FUNCTION treatments_guard_measurement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'A measurement is never removed; it is struck out, with the reason.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_measurement_is_never_changed';
    END IF;
    IF OLD.voided_at IS NOT NULL
       OR (NEW.uid, NEW.patient_id, NEW.episode_id, NEW.measure, NEW.detail, NEW.taken_at, NEW.value, NEW.answers,
           NEW.request_id, NEW.recorded_at, NEW.recorded_by_id)
          IS DISTINCT FROM
          (OLD.uid, OLD.patient_id, OLD.episode_id, OLD.measure, OLD.detail, OLD.taken_at, OLD.value, OLD.answers,
           OLD.request_id, OLD.recorded_at, OLD.recorded_by_id) THEN
        RAISE EXCEPTION 'A measurement is never changed; strike it out and take it again.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_measurement_is_never_changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_guard_measurement BEFORE UPDATE OR DELETE ON treatments_measurement
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_measurement();
CREATE TRIGGER a_guard_measurement_truncate BEFORE TRUNCATE ON treatments_measurement
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_guard_measurement();

CREATE FUNCTION treatments_guard_spasm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'An entry of a diary is never removed; its patient takes it back.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_spasm_entry_is_never_removed';
    END IF;
    IF OLD.removed_at IS NOT NULL
       OR (NEW.uid, NEW.diary_id, NEW.patient_id, NEW.key, NEW.written_at)
          IS DISTINCT FROM (OLD.uid, OLD.diary_id, OLD.patient_id, OLD.key, OLD.written_at) THEN
        RAISE EXCEPTION 'An entry keeps its diary and its hour; what was taken back stays so.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_spasm_entry_is_never_removed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_guard_spasm BEFORE UPDATE OR DELETE ON treatments_spasmentry
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_spasm();
CREATE TRIGGER a_guard_spasm_truncate BEFORE TRUNCATE ON treatments_spasmentry
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_guard_spasm();
""" + "\n".join(
    f"""
CREATE TRIGGER a_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION treatments_append_only();
CREATE TRIGGER a_append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_append_only();"""
    for table in ("treatments_measurethreshold", "treatments_outcomerules")
)

BACK = """
DROP TRIGGER a_append_only ON treatments_measurethreshold;
DROP TRIGGER a_append_only_truncate ON treatments_measurethreshold;
DROP TRIGGER a_append_only ON treatments_outcomerules;
DROP TRIGGER a_append_only_truncate ON treatments_outcomerules;
DROP TRIGGER a_guard_spasm ON treatments_spasmentry;
DROP TRIGGER a_guard_spasm_truncate ON treatments_spasmentry;
DROP FUNCTION treatments_guard_spasm();
DROP TRIGGER a_guard_measurement ON treatments_measurement;
DROP TRIGGER a_guard_measurement_truncate ON treatments_measurement;
DROP FUNCTION treatments_guard_measurement();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treatments", "0007_outcomes")]

    operations: ClassVar = [migrations.RunSQL(GUARDS, BACK)]
