"""Celery is a doorbell: nothing is entrusted to it. Promises P2, P9, P12."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from celery.schedules import crontab

from clinic.celery import app

ROOT = Path(__file__).resolve().parents[2]
OURS = [
    path
    for folder in ("clinic", "patients", "treatments", "scheduling", "billing", "portal")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
LATER = re.compile(r"\b(eta|countdown)\s*=|\.(delay|apply_async|delay_on_commit)\(")


@pytest.fixture(scope="module", autouse=True)
def _tasks_are_found():
    app.loader.import_default_modules()


def our_tasks():
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


@pytest.mark.parametrize("path", OURS, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_left_to_the_broker_to_do_later(path):
    """No eta, no countdown: beyond the visibility timeout they run again and again. Beat rings; rows wait."""
    assert not LATER.search(path.read_text())


def test_settings_of_celery_are_those_that_lose_nothing():
    conf = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.task_ignore_result
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_serializer == "json"
    assert conf.accept_content == ["json"]
    assert conf.broker_connection_retry_on_startup
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit > conf.task_soft_time_limit
    assert {queue.name for queue in conf.task_queues} == {"messages", "planning", "exports"}


def test_beat_rings_at_intervals_in_utc_and_every_ring_expires():
    assert app.conf.timezone == "UTC"
    assert app.conf.enable_utc
    for entry in app.conf.beat_schedule.values():
        assert isinstance(entry["schedule"], timedelta)
        assert not isinstance(entry["schedule"], crontab)
        assert 0 < entry["options"]["expires"] <= entry["schedule"].total_seconds()
        assert entry["task"] in our_tasks()
        assert not entry.get("args")


def test_every_task_takes_whatever_a_newer_caller_may_add():
    assert our_tasks()
    for task in our_tasks().values():
        code = task.run.__code__
        assert code.co_flags & 0x08, f"{task.name} must take **_"
        assert code.co_argcount == 0, f"{task.name} takes keyword arguments only"
