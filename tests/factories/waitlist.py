"""Patients who wait for a time, and the worker's round: keyword-only, only what the test speaks of."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from scheduling import freed, offers, waitlist
from scheduling.freed import Done
from scheduling.models import Appointment, WaitlistEntry, WaitlistOffer
from scheduling.reminders import SECOND_THOUGHTS
from scheduling.waitlist import Wish
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW

#: When the house looks at a time that was freed at NOW.
SOON = NOW + SECOND_THOUGHTS


def an_entry(place: SimpleNamespace, **facts: Any) -> WaitlistEntry:
    """Somebody who can be reached waits for an hour; what is not said is anything."""
    verb = {name: facts.pop(name) for name in ("patient", "intervention", "earlier_than") if name in facts}
    verb.setdefault("patient", None)
    service, now = facts.pop("service", place.service), facts.pop("now", NOW)
    patient = verb.pop("patient") or make.a_reachable_patient()
    return waitlist.put_on(patient=patient, service=service, wish=Wish(**facts), by=place.desk, now=now, **verb)


def frees(visit: Appointment, *, by: Any, now: datetime = NOW) -> None:
    """Called off by the clinic: its time is free."""
    from scheduling import booking

    booking.cancel(appointment=visit, by=by, now=now, reason="Cancelled")


def round_of_work(now: datetime = SOON) -> Done:
    """What the worker does: sees what is new, and a little later looks at it."""
    freed.run(now=now - SECOND_THOUGHTS)
    return freed.run(now=now)


def an_offer(place: SimpleNamespace, starts_at: datetime, **facts: Any) -> WaitlistOffer:
    """By hand: kept and told."""
    entry = facts.pop("entry", None) or an_entry(place, **facts)
    return offers.make_by_hand(
        entry=entry,
        practitioner=place.practitioner,
        location=place.location,
        starts_at=starts_at,
        by=place.desk,
        now=NOW,
    )


def pending() -> list[WaitlistOffer]:
    return list(WaitlistOffer.objects.pending().select_related("entry__patient", "hold").order_by("pk"))


def later(**by: int) -> datetime:
    return NOW + timedelta(**by)
