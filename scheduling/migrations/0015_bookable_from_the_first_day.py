"""Rooms and owners of a clinic that was opened by the first start could not be offered: nothing was there to claim.

From now on the first start adds these rows as every other way does; this adds them where they are missing.
"""

from django.db import migrations

MISSING = """
INSERT INTO scheduling_resource (kind, practitioner_id)
SELECT 'practitioner', p.id FROM clinic_practitioner p
 WHERE NOT EXISTS (SELECT FROM scheduling_resource r WHERE r.practitioner_id = p.id);
INSERT INTO scheduling_resource (kind, room_id)
SELECT 'room', o.id FROM scheduling_room o
 WHERE NOT EXISTS (SELECT FROM scheduling_resource r WHERE r.room_id = o.id);
INSERT INTO scheduling_resource (kind, device_id)
SELECT 'device', d.id FROM scheduling_device d
 WHERE NOT EXISTS (SELECT FROM scheduling_resource r WHERE r.device_id = d.id);
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0014_holiday_calendars")]

    operations = [migrations.RunSQL(MISSING, migrations.RunSQL.noop)]
