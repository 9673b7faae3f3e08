"""The whole demo, from the door plate to the till."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from clinic import audit
from clinic import time as clock
from clinic.demo import books, care, diary, groups, outcomes, patients, places, red_flags, series, waiting, wishes
from treatments import diagnoses

SEED = 20261124


@transaction.atomic
def build(*, patients_count: int, now: datetime, tell: Callable[[str], None]) -> None:
    """Make the clinic as it stands at `now`: the same people, plans and visits for the same day."""
    chance = random.Random(SEED)
    diagnoses.load(now=now)
    where = places.build(now=now, today=now.date())
    today = clock.local_day(now, where.locations[0].tz)
    tell(f"{len(where.locations)} locations, {len(where.practitioners)} therapists, {len(places.ROOMS)} rooms")
    people = patients.build(where, count=patients_count, now=now, today=today, chance=chance)
    tell(f"{len(people)} patients")
    plans = care.build(where, people[: int(patients_count * 0.6)], now=now, today=today, chance=chance)
    ticked = care.tick_at_home(plans, now=now, today=today, chance=random.Random("exercises at home"))
    tell(f"{len(plans)} plans of care, {ticked} exercises ticked at home")
    tell(f"{red_flags.build(where, plans, now=now)} patients asked about red flags")
    visits = diary.build(where, plans, now=now, today=today, chance=chance)
    tell(f"{len(visits)} visits")
    met = groups.build(where, people, visits, now=now, today=today)
    tell(f"{met} sessions of a group")
    repeats = series.build(where, people, now=now, today=today)
    listed = waiting.build(where, people, visits, now=now, today=today)
    tell(f"{repeats} series, {listed} on the waitlist")
    wishes.build(visits, now=now)
    groups.falls_ill(where, visits, now=now, today=today)
    tell(f"{outcomes.build(plans, now=now)} courses of treatment measured")
    issued = books.build(where, people, now=now, chance=chance)
    tell(f"{issued} invoices")
    while audit.seal(now=now):
        pass
