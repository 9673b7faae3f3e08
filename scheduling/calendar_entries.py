"""A visit as an entry for the patient's own calendar: it goes with the confirmation and can be taken from the link.

The same UID and SEQUENCE as in the clinic's feeds. It says what messages call the clinic and where to
go, never what for.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from clinic.models import Clinic
from scheduling import ical
from scheduling.ical import Entry, sequence_of, uid_of
from scheduling.models import Appointment

#: What it is called where it is kept as a file.
FILE_NAME = "visit.ics"


def entry_for(visit: Appointment, clinic: Clinic | None) -> bytes:
    """To add or to update; of a visit that was called off, to take out again."""
    return entries_for([visit], clinic)


def entries_for(visits: Sequence[Appointment], clinic: Clinic | None) -> bytes:
    """The same of several visits, in one file."""
    name = clinic.sender if clinic else "Your visit"
    entries = [_entry(visit, name) for visit in visits]
    return ical.kept(entries, organizer=settings.DEFAULT_FROM_EMAIL, organizer_name=name)


def _entry(visit: Appointment, name: str) -> Entry:
    cancelled = visit.cancelled_at is not None
    return Entry(
        uid=uid_of(visit.uid),
        summary=name,
        start=visit.starts_at,
        end=visit.ends_at,
        changed_at=visit.changed_at,
        sequence=sequence_of(visit.version, cancelled=cancelled),
        cancelled=cancelled,
        place=visit.location.address,
    )
