"""Doors for Celery: ids in, one call, no rule. Each does the same as `manage.py run_due`."""

from celery import shared_task

from clinic import audit, looking_up, messaging, time


@shared_task
def deliver_due_messages(*, channel: str = "", **_: object) -> None:
    messaging.deliver_all(now=time.now(), seconds=30, channel=channel)


@shared_task
def sweep_messages(**_: object) -> None:
    messaging.sweep(now=time.now())


@shared_task
def look_up_unknown(**_: object) -> None:
    looking_up.look_up_unknown(now=time.now())


@shared_task
def seal_audit(**_: object) -> None:
    audit.seal(now=time.now())
