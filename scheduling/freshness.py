"""Whether a diary that somebody looks at is still what it would be: a stamp, in one query."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from clinic import prepared
from clinic.models import Location
from scheduling.models.resources import LONGEST_CLAIM

#: The red line and the gaps that pass by are drawn anew this often.
PACE = timedelta(minutes=5)

#: Everything that is drawn, as sums that no change leaves alone. Rules, rooms and people of one place are few.
_SEEN = """
SELECT concat_ws('|',
  (SELECT concat(count(*), '/', sum(hash_record_extended(
            ROW(v.id, v.changed_at, v.version, v.status, v.room_id,
                p.given_name, p.preferred_name, p.family_name), 0)::numeric))
     FROM scheduling_appointment v JOIN patients_patient p ON p.id = v.patient_id
    WHERE v.location_id = %(place)s AND v.starts_at > %(start)s - %(longest)s AND v.starts_at < %(end)s
      AND v.ends_at > %(start)s),
  (SELECT sum(hash_record_extended(ROW(h.id, h.runs_out_at), 0)::numeric) FROM scheduling_hold h
    WHERE h.location_id = %(place)s AND h.starts_at > %(start)s - %(longest)s AND h.starts_at < %(end)s
      AND h.ends_at > %(start)s AND h.runs_out_at > %(now)s),
  (SELECT sum(hash_record_extended(ROW(g.id, g.changed_at), 0)::numeric) FROM scheduling_groupsession g
    WHERE g.location_id = %(place)s AND g.starts_at > %(start)s - %(longest)s AND g.starts_at < %(end)s
      AND g.ends_at > %(start)s),
  (SELECT sum(hash_record_extended(x, 0)::numeric) FROM scheduling_extrahours x
    WHERE x.location_id = %(place)s AND x.starts_at < %(end)s AND x.ends_at > %(start)s),
  (SELECT sum(hash_record_extended(a, 0)::numeric) FROM scheduling_absence a
    WHERE a.starts_at < %(end)s AND a.ends_at > %(start)s),
  (SELECT sum(hash_record_extended(c, 0)::numeric) FROM scheduling_closure c
    WHERE c.location_id = %(place)s AND c.starts_on <= (%(end)s)::date + 1 AND c.ends_on >= (%(start)s)::date - 1),
  (SELECT sum(hash_record_extended(o, 0)::numeric) FROM scheduling_openinghours o WHERE o.location_id = %(place)s),
  (SELECT sum(hash_record_extended(w, 0)::numeric) FROM scheduling_workinghours w WHERE w.location_id = %(place)s),
  (SELECT sum(hash_record_extended(r, 0)::numeric) FROM scheduling_room r WHERE r.location_id = %(place)s),
  (SELECT sum(hash_record_extended(s, 0)::numeric) FROM scheduling_service s),
  (SELECT sum(hash_record_extended(ROW(t.id, t.is_active, t.discipline, u.name), 0)::numeric)
     FROM clinic_practitioner t JOIN clinic_user u ON u.id = t.user_id))
"""


def stamp(location: Location, start: datetime, end: datetime, *, now: datetime) -> str:
    """Differs whenever the diary of these days would look different, whatever was changed by whom. One query."""
    facts: dict[str, Any] = {"place": location.pk, "start": start, "end": end, "longest": LONGEST_CLAIM, "now": now}
    with prepared.ask(_SEEN, facts) as cursor:
        seen = cursor.fetchone()[0]
    beat = int(now.timestamp() // PACE.total_seconds()) if start <= now < end else 0
    return hashlib.sha256(f"{seen}|{beat}".encode()).hexdigest()[:16]
