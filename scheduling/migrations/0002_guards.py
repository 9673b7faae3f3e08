"""What no constraint on one row can say: a visit that holds time has claims for it, and one that does not has none.

Checked at commit, so that a verb may write in any order; no path escapes, not even SQL.
"""

from django.db import migrations

GUARD = r"""
CREATE FUNCTION tonus_visit_holds_its_time() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    visit scheduling_appointment%ROWTYPE;
    wanted integer;
    held integer;
    claimed integer;
BEGIN
    IF TG_TABLE_NAME = 'scheduling_claim' THEN
        SELECT * INTO visit FROM scheduling_appointment
         WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.appointment_id ELSE NEW.appointment_id END;
    ELSE
        SELECT * INTO visit FROM scheduling_appointment WHERE id = NEW.id;
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT count(*),
           count(*) FILTER (WHERE c.during @> tstzrange(visit.starts_at, visit.ends_at)
                              AND (r.practitioner_id = visit.practitioner_id
                                   OR r.room_id = visit.room_id OR r.device_id = visit.device_id))
      INTO claimed, held
      FROM scheduling_claim c JOIN scheduling_resource r ON r.id = c.resource_id
     WHERE c.appointment_id = visit.id;
    IF visit.status IN ('booked', 'arrived', 'in_session', 'completed') THEN
        wanted := 1 + (visit.room_id IS NOT NULL)::int + (visit.device_id IS NOT NULL)::int;
    ELSE
        wanted := 0;
    END IF;
    IF claimed <> wanted OR held <> wanted THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            CONSTRAINT = 'a_visit_claims_exactly_the_time_it_holds',
            MESSAGE = format('Visit %s (%s) claims %s and holds %s of %s resources.',
                             visit.id, visit.status, claimed, held, wanted);
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER a_visit_claims_exactly_the_time_it_holds
    AFTER INSERT OR UPDATE ON scheduling_appointment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tonus_visit_holds_its_time();
CREATE CONSTRAINT TRIGGER a_claim_is_of_a_visit_that_holds_it
    AFTER INSERT OR UPDATE OR DELETE ON scheduling_claim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tonus_visit_holds_its_time();
"""

UNGUARD = """
DROP TRIGGER a_claim_is_of_a_visit_that_holds_it ON scheduling_claim;
DROP TRIGGER a_visit_claims_exactly_the_time_it_holds ON scheduling_appointment;
DROP FUNCTION tonus_visit_holds_its_time();
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
