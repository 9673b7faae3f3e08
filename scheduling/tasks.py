"""Doors for Celery: ids in, one call, no rule."""

from celery import shared_task

from clinic import time
from scheduling import reminders


@shared_task
def plan_missing_reminders(**_: object) -> None:
    reminders.plan_missing(now=time.now())
