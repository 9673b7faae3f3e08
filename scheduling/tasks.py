"""Doors for Celery: ids in, one call, no rule."""

from celery import shared_task

from clinic import time
from scheduling import ahead, booking, clock_law, freed, nudges, reminders


@shared_task
def plan_missing_reminders(**_: object) -> None:
    reminders.plan_all(now=time.now(), seconds=180)


@shared_task
def plan_nudges(**_: object) -> None:
    nudges.plan(now=time.now())


@shared_task
def reckon_yesterday(**_: object) -> None:
    ahead.reckon(now=time.now())


@shared_task
def complete_charted_visits(**_: object) -> None:
    booking.complete_charted(now=time.now())


@shared_task
def offer_freed_times(**_: object) -> None:
    freed.run(now=time.now())


@shared_task
def note_clocks(**_: object) -> None:
    clock_law.note(now=time.now())
