"""Doors for Celery: ids in, one call, no rule. Each does the same as `manage.py run_due`."""

from celery import shared_task

from clinic import audit, messaging, time


@shared_task
def deliver_due_messages(**_: object) -> None:
    messaging.deliver_all(now=time.now(), seconds=30)


@shared_task
def sweep_messages(**_: object) -> None:
    messaging.sweep(now=time.now())


@shared_task
def seal_audit(**_: object) -> None:
    audit.seal(now=time.now())
