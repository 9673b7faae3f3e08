"""A claim may be of a visit, of a group's session or of a hold: each claims exactly the time it holds.

Replaces the one function of 0002 that knew of visits only. A visit in a group claims nothing and has a seat of a
session that meets then; nobody takes the overflow seat without a reason.
"""

from importlib import import_module

from django.db import migrations

GUARD = r"""
CREATE FUNCTION tonus_check_visit(visit_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    visit scheduling_appointment%ROWTYPE;
    holds boolean;
    wanted integer;
    held integer;
    claimed integer;
    squeezed integer;
BEGIN
    SELECT * INTO visit FROM scheduling_appointment WHERE id = visit_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    holds := visit.status IN ('booked', 'arrived', 'in_session', 'completed');
    SELECT count(*),
           count(*) FILTER (WHERE c.during @> tstzrange(visit.starts_at, visit.ends_at)
                              AND (r.practitioner_id = visit.practitioner_id
                                   OR r.room_id = visit.room_id OR r.device_id = visit.device_id)),
           count(*) FILTER (WHERE c.seat > 1 AND r.kind <> 'device')
      INTO claimed, held, squeezed
      FROM scheduling_claim c JOIN scheduling_resource r ON r.id = c.resource_id
     WHERE c.appointment_id = visit.id;
    IF holds AND visit.session_id IS NULL THEN
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
    IF squeezed > 0 AND visit.overbook_reason = '' THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            CONSTRAINT = 'an_overflow_seat_needs_a_reason',
            MESSAGE = format('Visit %s takes an overflow seat without a reason.', visit.id);
    END IF;
    IF holds AND visit.session_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM scheduling_groupsession s
         WHERE s.id = visit.session_id AND s.called_off_at IS NULL AND visit.seat <= s.seats
           AND s.starts_at = visit.starts_at AND s.ends_at = visit.ends_at
           AND s.practitioner_id = visit.practitioner_id AND s.location_id = visit.location_id
           AND s.room_id IS NOT DISTINCT FROM visit.room_id AND s.device_id IS NOT DISTINCT FROM visit.device_id
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            CONSTRAINT = 'a_visit_in_a_group_has_a_seat_of_it',
            MESSAGE = format('Visit %s has no seat in a session that meets then.', visit.id);
    END IF;
END $$;

CREATE FUNCTION tonus_check_session(session_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s scheduling_groupsession%ROWTYPE;
    wanted integer;
    held integer;
    claimed integer;
BEGIN
    SELECT * INTO s FROM scheduling_groupsession WHERE id = session_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*),
           count(*) FILTER (WHERE c.during @> tstzrange(s.starts_at, s.ends_at)
                              AND (r.practitioner_id = s.practitioner_id
                                   OR r.room_id = s.room_id OR r.device_id = s.device_id)
                              AND (c.seat = 1 OR r.kind = 'device'))
      INTO claimed, held
      FROM scheduling_claim c JOIN scheduling_resource r ON r.id = c.resource_id
     WHERE c.session_id = s.id;
    wanted := CASE WHEN s.called_off_at IS NOT NULL THEN 0
              ELSE 1 + (s.room_id IS NOT NULL)::int + (s.device_id IS NOT NULL)::int END;
    IF claimed <> wanted OR held <> wanted THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            CONSTRAINT = 'a_session_claims_exactly_the_time_it_holds',
            MESSAGE = format('Session %s claims %s and holds %s of %s resources.', s.id, claimed, held, wanted);
    END IF;
    IF EXISTS (
        SELECT FROM scheduling_appointment a
         WHERE a.session_id = s.id AND a.status IN ('booked', 'arrived', 'in_session', 'completed')
           AND (s.called_off_at IS NOT NULL OR a.seat > s.seats OR a.starts_at <> s.starts_at OR a.ends_at <> s.ends_at)
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            CONSTRAINT = 'a_visit_in_a_group_has_a_seat_of_it',
            MESSAGE = format('Session %s has a visit without a seat.', s.id);
    END IF;
END $$;

CREATE FUNCTION tonus_check_hold(hold_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    h scheduling_hold%ROWTYPE;
    wanted integer;
    held integer;
    claimed integer;
BEGIN
    SELECT * INTO h FROM scheduling_hold WHERE id = hold_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*),
           count(*) FILTER (WHERE c.during @> tstzrange(h.starts_at, h.ends_at)
                              AND (r.practitioner_id = h.practitioner_id
                                   OR r.room_id = h.room_id OR r.device_id = h.device_id)
                              AND (c.seat = 1 OR r.kind = 'device'))
      INTO claimed, held
      FROM scheduling_claim c JOIN scheduling_resource r ON r.id = c.resource_id
     WHERE c.hold_id = h.id;
    wanted := 1 + (h.room_id IS NOT NULL)::int + (h.device_id IS NOT NULL)::int;
    IF claimed <> wanted OR held <> wanted THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            CONSTRAINT = 'a_hold_claims_exactly_the_time_it_keeps',
            MESSAGE = format('Hold %s claims %s and keeps %s of %s resources.', h.id, claimed, held, wanted);
    END IF;
END $$;

CREATE FUNCTION tonus_check_claims_of(claim scheduling_claim) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF claim.appointment_id IS NOT NULL THEN
        PERFORM tonus_check_visit(claim.appointment_id);
    ELSIF claim.session_id IS NOT NULL THEN
        PERFORM tonus_check_session(claim.session_id);
    ELSE
        PERFORM tonus_check_hold(claim.hold_id);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION tonus_visit_holds_its_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'scheduling_appointment' THEN
        PERFORM tonus_check_visit(NEW.id);
    ELSIF TG_TABLE_NAME = 'scheduling_groupsession' THEN
        PERFORM tonus_check_session(NEW.id);
    ELSIF TG_TABLE_NAME = 'scheduling_hold' THEN
        PERFORM tonus_check_hold(NEW.id);
    ELSE
        IF TG_OP <> 'INSERT' THEN
            PERFORM tonus_check_claims_of(OLD);
        END IF;
        IF TG_OP <> 'DELETE' THEN
            PERFORM tonus_check_claims_of(NEW);
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER a_session_claims_exactly_the_time_it_holds
    AFTER INSERT OR UPDATE ON scheduling_groupsession
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tonus_visit_holds_its_time();
CREATE CONSTRAINT TRIGGER a_hold_claims_exactly_the_time_it_keeps
    AFTER INSERT OR UPDATE ON scheduling_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tonus_visit_holds_its_time();
"""

UNGUARD = """
DROP TRIGGER a_hold_claims_exactly_the_time_it_keeps ON scheduling_hold;
DROP TRIGGER a_session_claims_exactly_the_time_it_holds ON scheduling_groupsession;
"""
#: The function as it was: of visits alone.
BEFORE = import_module("scheduling.migrations.0002_guards").GUARD.split("CREATE CONSTRAINT TRIGGER")[0]
BEFORE = BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
UNCHECK = """
DROP FUNCTION tonus_check_claims_of(scheduling_claim);
DROP FUNCTION tonus_check_hold(bigint);
DROP FUNCTION tonus_check_session(bigint);
DROP FUNCTION tonus_check_visit(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0003_groups_holds_buffers")]

    operations = [migrations.RunSQL(GUARD, UNGUARD + BEFORE + UNCHECK)]
