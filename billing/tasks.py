"""Billing's doors for the beat."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from billing import charges
from clinic import time
from clinic.access import SYSTEM


@shared_task
def pull_charges(**_: Any) -> None:
    """Signed visits become charges, also when nobody opens the billing day."""
    charges.pull(now=time.now(), by=SYSTEM)
