"""Whatever frees a time says so in its own transaction; a held seat of a group claims nothing of its own.

Rows are only added, never changed here, so that no booking ever waits for the waitlist. A row is a hint that somebody
should look: whether the time is free, the diary says.
"""

from importlib import import_module

from django.db import migrations

FREED = r"""
CREATE FUNCTION tonus_a_claim_was_given_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who bigint;
BEGIN
    SELECT practitioner_id INTO who FROM scheduling_resource WHERE id = OLD.resource_id;
    IF who IS NULL OR (TG_OP = 'UPDATE' AND NEW.resource_id = OLD.resource_id AND NEW.during @> OLD.during) THEN
        RETURN NULL;
    END IF;
    INSERT INTO scheduling_freedtime (practitioner_id, location_id, starts_at, ends_at, at_once)
    SELECT who, o.location_id, o.starts_at, o.ends_at, OLD.hold_id IS NOT NULL
      FROM (SELECT location_id, starts_at, ends_at FROM scheduling_appointment WHERE id = OLD.appointment_id
            UNION ALL
            SELECT location_id, starts_at, ends_at FROM scheduling_groupsession WHERE id = OLD.session_id
            UNION ALL
            SELECT location_id, starts_at, ends_at FROM scheduling_hold WHERE id = OLD.hold_id) o;
    RETURN NULL;
END $$;
CREATE TRIGGER a_freed_time_is_noticed AFTER DELETE OR UPDATE ON scheduling_claim
    FOR EACH ROW EXECUTE FUNCTION tonus_a_claim_was_given_back();

CREATE FUNCTION tonus_a_seat_was_given_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which bigint;
BEGIN
    IF TG_TABLE_NAME = 'scheduling_groupsession' THEN
        which := NEW.id;
    ELSE
        which := OLD.session_id;
    END IF;
    INSERT INTO scheduling_freedtime (practitioner_id, location_id, session_id, starts_at, ends_at, at_once)
    SELECT practitioner_id, location_id, id, starts_at, ends_at, TG_TABLE_NAME = 'scheduling_hold'
      FROM scheduling_groupsession WHERE id = which AND called_off_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER a_freed_seat_is_noticed AFTER UPDATE OF status ON scheduling_appointment
    FOR EACH ROW WHEN (OLD.session_id IS NOT NULL
                       AND OLD.status IN ('booked', 'arrived', 'in_session', 'completed')
                       AND NEW.status NOT IN ('booked', 'arrived', 'in_session', 'completed'))
    EXECUTE FUNCTION tonus_a_seat_was_given_back();
CREATE TRIGGER a_freed_seat_is_noticed AFTER DELETE ON scheduling_hold
    FOR EACH ROW WHEN (OLD.session_id IS NOT NULL) EXECUTE FUNCTION tonus_a_seat_was_given_back();
CREATE TRIGGER a_freed_seat_is_noticed AFTER UPDATE OF seats ON scheduling_groupsession
    FOR EACH ROW WHEN (NEW.seats > OLD.seats) EXECUTE FUNCTION tonus_a_seat_was_given_back();

CREATE FUNCTION tonus_somebody_is_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scheduling_freedtime (practitioner_id, location_id, starts_at, ends_at)
    SELECT DISTINCT OLD.practitioner_id, h.location_id, OLD.starts_at, OLD.ends_at
      FROM scheduling_workinghours h WHERE h.practitioner_id = OLD.practitioner_id;
    RETURN NULL;
END $$;
CREATE TRIGGER a_freed_time_is_noticed AFTER DELETE OR UPDATE OF starts_at, ends_at ON scheduling_absence
    FOR EACH ROW EXECUTE FUNCTION tonus_somebody_is_back();

CREATE FUNCTION tonus_somebody_works_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scheduling_freedtime (practitioner_id, location_id, starts_at, ends_at)
    VALUES (NEW.practitioner_id, NEW.location_id, NEW.starts_at, NEW.ends_at);
    RETURN NULL;
END $$;
CREATE TRIGGER a_freed_time_is_noticed AFTER INSERT OR UPDATE ON scheduling_extrahours
    FOR EACH ROW EXECUTE FUNCTION tonus_somebody_works_more();
"""

NOT_FREED = """
DROP TRIGGER a_freed_time_is_noticed ON scheduling_extrahours;
DROP TRIGGER a_freed_time_is_noticed ON scheduling_absence;
DROP TRIGGER a_freed_seat_is_noticed ON scheduling_groupsession;
DROP TRIGGER a_freed_seat_is_noticed ON scheduling_hold;
DROP TRIGGER a_freed_seat_is_noticed ON scheduling_appointment;
DROP TRIGGER a_freed_time_is_noticed ON scheduling_claim;
DROP FUNCTION tonus_somebody_works_more();
DROP FUNCTION tonus_somebody_is_back();
DROP FUNCTION tonus_a_seat_was_given_back();
DROP FUNCTION tonus_a_claim_was_given_back();
"""

#: What a hold claims, as 0004 says it; a seat of a group is the session's.
_GUARD = import_module("scheduling.migrations.0004_claims_of_groups_and_holds").GUARD
_BEFORE = (
    "CREATE OR REPLACE FUNCTION tonus_check_hold"
    + _GUARD.split("CREATE FUNCTION tonus_check_hold")[1].split("CREATE FUNCTION")[0]
)
_COUNTED = "wanted := 1 + (h.room_id IS NOT NULL)::int + (h.device_id IS NOT NULL)::int;"
_SEATS = f"""IF h.session_id IS NULL THEN
        {_COUNTED}
    ELSE
        wanted := 0;
    END IF;"""
_AFTER = _BEFORE.replace(_COUNTED, _SEATS)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0010_waitlist")]

    operations = [migrations.RunSQL(_AFTER, _BEFORE), migrations.RunSQL(FREED, NOT_FREED)]
