"""New weekly hours and closures that are taken back make time free as well: the database says so, as of all others.

One statement for all rules of an act, and at most eight weeks from the day on which they begin to hold: a row for each
stretch of a day that was not open to the practitioner before. What a rule has in common with older ones that still hold
was free already, so whoever replaces hours writes the new ones first and ends the old ones then. A closure is one row
for each who works there; whoever looks at it takes it day by day, as far ahead as makes sense (`scheduling.freed`).
"""

from django.db import migrations

GAINED = r"""
CREATE FUNCTION tonus_hours_on(day date, opens time, closes time, zone text) RETURNS tstzmultirange
LANGUAGE sql STABLE AS $$
    -- A stretch that no clock shows, as the clocks go forward in it, is none.
    SELECT CASE WHEN a < b THEN tstzmultirange(tstzrange(a, b)) ELSE '{}' END
      FROM (SELECT (day + opens) AT TIME ZONE zone AS a,
                   (day + CASE WHEN closes = '00:00' THEN interval '1 day' ELSE closes::interval END)
                   AT TIME ZONE zone AS b) edges;
$$;

CREATE FUNCTION tonus_somebody_has_new_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scheduling_freedtime (practitioner_id, location_id, starts_at, ends_at)
    SELECT practitioner_id, location_id, lower(part), upper(part)
      FROM (SELECT d.practitioner_id, d.location_id, unnest(
                       range_agg(tonus_hours_on(d.day, d.opens, d.closes, d.zone))
                       - coalesce((SELECT range_agg(tonus_hours_on(d.day, o.opens, o.closes, d.zone))
                                     FROM scheduling_workinghours o
                                    WHERE o.practitioner_id = d.practitioner_id AND o.location_id = d.location_id
                                      AND o.weekday = d.weekday AND o.valid_from <= d.day
                                      AND (o.valid_to IS NULL OR o.valid_to >= d.day)
                                      AND o.id NOT IN (SELECT id FROM gained)), '{}')) AS part
              FROM (SELECT n.practitioner_id, n.location_id, n.weekday, n.opens, n.closes, l.zone,
                           n.valid_from + (n.weekday + 8 - extract(isodow FROM n.valid_from)::int) % 7 + 7 * week AS day,
                           n.valid_to
                      FROM gained n JOIN clinic_location l ON l.id = n.location_id, generate_series(0, 7) week) d
             WHERE d.valid_to IS NULL OR d.day <= d.valid_to
             GROUP BY d.practitioner_id, d.location_id, d.weekday, d.zone, d.day) parts;
    RETURN NULL;
END $$;
CREATE TRIGGER a_freed_time_is_noticed AFTER INSERT ON scheduling_workinghours
    REFERENCING NEW TABLE AS gained FOR EACH STATEMENT EXECUTE FUNCTION tonus_somebody_has_new_hours();

CREATE FUNCTION tonus_a_location_opens_longer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scheduling_freedtime (practitioner_id, location_id, starts_at, ends_at)
    SELECT practitioner_id, location_id, lower(part), upper(part)
      FROM (SELECT w.practitioner_id, d.location_id,
                   unnest(d.hours * range_agg(tonus_hours_on(d.day, w.opens, w.closes, d.zone))) AS part
              FROM (SELECT e.location_id, e.weekday, e.zone, e.day,
                           range_agg(tonus_hours_on(e.day, e.opens, e.closes, e.zone))
                           - coalesce((SELECT range_agg(tonus_hours_on(e.day, o.opens, o.closes, e.zone))
                                         FROM scheduling_openinghours o
                                        WHERE o.location_id = e.location_id AND o.weekday = e.weekday
                                          AND o.valid_from <= e.day AND (o.valid_to IS NULL OR o.valid_to >= e.day)
                                          AND o.id NOT IN (SELECT id FROM gained)), '{}') AS hours
                      FROM (SELECT n.location_id, n.weekday, n.opens, n.closes, l.zone, n.valid_to,
                                   n.valid_from + (n.weekday + 8 - extract(isodow FROM n.valid_from)::int) % 7
                                   + 7 * week AS day
                              FROM gained n JOIN clinic_location l ON l.id = n.location_id,
                                   generate_series(0, 7) week) e
                     WHERE e.valid_to IS NULL OR e.day <= e.valid_to
                     GROUP BY e.location_id, e.weekday, e.zone, e.day) d
              JOIN scheduling_workinghours w
                ON w.location_id = d.location_id AND w.weekday = d.weekday AND w.valid_from <= d.day
                   AND (w.valid_to IS NULL OR w.valid_to >= d.day)
             GROUP BY w.practitioner_id, d.location_id, d.day, d.hours) parts;
    RETURN NULL;
END $$;
CREATE TRIGGER a_freed_time_is_noticed AFTER INSERT ON scheduling_openinghours
    REFERENCING NEW TABLE AS gained FOR EACH STATEMENT EXECUTE FUNCTION tonus_a_location_opens_longer();

CREATE FUNCTION tonus_a_location_is_open_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scheduling_freedtime (practitioner_id, location_id, starts_at, ends_at)
    SELECT DISTINCT h.practitioner_id, OLD.location_id, OLD.starts_on::timestamp AT TIME ZONE l.zone,
           (OLD.ends_on + 1)::timestamp AT TIME ZONE l.zone
      FROM clinic_location l JOIN scheduling_workinghours h ON h.location_id = l.id
     WHERE l.id = OLD.location_id AND h.valid_from <= OLD.ends_on
       AND (h.valid_to IS NULL OR h.valid_to >= OLD.starts_on);
    RETURN NULL;
END $$;
CREATE TRIGGER a_freed_time_is_noticed AFTER DELETE OR UPDATE OF starts_on, ends_on, location_id ON scheduling_closure
    FOR EACH ROW EXECUTE FUNCTION tonus_a_location_is_open_again();
"""

NOT_GAINED = """
DROP TRIGGER a_freed_time_is_noticed ON scheduling_closure;
DROP TRIGGER a_freed_time_is_noticed ON scheduling_openinghours;
DROP TRIGGER a_freed_time_is_noticed ON scheduling_workinghours;
DROP FUNCTION tonus_a_location_is_open_again();
DROP FUNCTION tonus_a_location_opens_longer();
DROP FUNCTION tonus_somebody_has_new_hours();
DROP FUNCTION tonus_hours_on(date, time, time, text);
"""


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial"), ("scheduling", "0012_last_day_of_a_series")]

    operations = [migrations.RunSQL(GAINED, NOT_GAINED)]
