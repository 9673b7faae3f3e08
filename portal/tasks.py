"""Doors for Celery: ids in, one call, no rule."""

from celery import shared_task

from clinic import time
from portal import texting


@shared_task
def answer_left_texts(**_: object) -> None:
    texting.answer_left(now=time.now())
