"""Celery: a doorbell for work that is already in the database. `celery -A clinic worker|beat`.

Nothing is entrusted to the broker: no arguments but ids, no results, nothing delayed by it. All that it may lose
is the wish to look into the outbox, and beat rings again. See docs/adr/0025-the-broker-is-only-a-doorbell.md.
"""

import os
from datetime import timedelta

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

from django.conf import settings

app = Celery("clinic")
app.conf.update(
    broker_url=settings.REDIS_URL,
    # No task runs longer than this: what a dead worker had in hand is given to another after it.
    broker_transport_options={"visibility_timeout": 300, "socket_timeout": 10, "socket_keepalive": True},
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_pool_limit=2,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_soft_time_limit=240,
    task_time_limit=270,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=20,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_send_task_events=False,
    worker_max_tasks_per_child=2_000,
    task_default_queue="messages",
    # Mail must not queue up behind a plan that takes a minute to solve.
    task_queues=[Queue("messages"), Queue("planning"), Queue("exports")],
    task_create_missing_queues=False,
    timezone="UTC",
    enable_utc=True,
    beat_schedule_filename=str(settings.DATA_DIR / "beat"),
    # Intervals only, in UTC: no wall clock that changes twice a year. A ring that nobody heard in time expires.
    beat_schedule={
        # A ring for each channel, so that where several workers run a slow provider keeps none of the other's waiting.
        "deliver": {
            "task": "clinic.tasks.deliver_due_messages",
            "schedule": timedelta(seconds=5),
            "kwargs": {"channel": "email"},
            "options": {"expires": 5, "queue": "messages"},
        },
        "deliver-texts": {
            "task": "clinic.tasks.deliver_due_messages",
            "schedule": timedelta(seconds=5),
            "kwargs": {"channel": "sms"},
            "options": {"expires": 5, "queue": "messages"},
        },
        "sweep": {
            "task": "clinic.tasks.sweep_messages",
            "schedule": timedelta(seconds=5),
            "options": {"expires": 5, "queue": "messages"},
        },
        "look-up": {
            "task": "clinic.tasks.look_up_unknown",
            "schedule": timedelta(seconds=60),
            "options": {"expires": 60, "queue": "messages"},
        },
        "plan-reminders": {
            "task": "scheduling.tasks.plan_missing_reminders",
            "schedule": timedelta(minutes=5),
            "options": {"expires": 300, "queue": "planning"},
        },
        "plan-nudges": {
            "task": "scheduling.tasks.plan_nudges",
            "schedule": timedelta(minutes=5),
            "options": {"expires": 300, "queue": "planning"},
        },
        "reckon-reminders": {
            "task": "scheduling.tasks.reckon_yesterday",
            "schedule": timedelta(minutes=30),
            "options": {"expires": 1800, "queue": "planning"},
        },
        "complete-charted": {
            "task": "scheduling.tasks.complete_charted_visits",
            "schedule": timedelta(seconds=60),
            "options": {"expires": 60, "queue": "planning"},
        },
        "waitlist": {
            "task": "scheduling.tasks.offer_freed_times",
            "schedule": timedelta(seconds=15),
            "options": {"expires": 15, "queue": "planning"},
        },
        "answer-texts": {
            "task": "portal.tasks.answer_left_texts",
            "schedule": timedelta(seconds=60),
            "options": {"expires": 60, "queue": "messages"},
        },
        "pull-charges": {
            "task": "billing.tasks.pull_charges",
            "schedule": timedelta(minutes=5),
            "options": {"expires": 300, "queue": "planning"},
        },
        "note-clocks": {
            "task": "scheduling.tasks.note_clocks",
            "schedule": timedelta(hours=1),
            "options": {"expires": 3600, "queue": "planning"},
        },
        "seal-audit": {
            "task": "clinic.tasks.seal_audit",
            "schedule": timedelta(seconds=60),
            "options": {"expires": 60, "queue": "planning"},
        },
    },
)
app.autodiscover_tasks()
