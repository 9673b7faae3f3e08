"""The circuit breaker of each channel: one that is away is left alone for a while, then tried with one message.

    well → away (nobody claims for it) → at next_try_at one sender tries one message → well, or away for longer

Every channel has a row of its own, so a dead provider holds up nothing else. See docs/algorithms/outbox.md.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from clinic import audit, channels
from clinic.messaging_states import Channel, State
from clinic.models import ChannelHealth, OutboundMessage, User
from clinic.models.channel_health import LATE
from clinic.models.messages import OutboundMessageQuerySet

#: Waits between tries: this, doubled each time, never more than the last; a quarter more or less.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=4)
#: So long a sender that tries has for it; when it dies, the next one tries after that.
A_TRY = timedelta(minutes=1)
#: As much of a provider's pace as is given out at once.
SLOTS_AHEAD = timedelta(seconds=20)


@dataclass(frozen=True)
class Turn:
    """What a sender may claim now: how many, from when on, and how far apart they have to go."""

    most: int
    begins_at: datetime
    apart: timedelta = timedelta(0)
    #: The channel was away, and this is the try.
    is_try: bool = False


def enter(channel: str, *, now: datetime, limit: int) -> Turn | None:
    """Queue up for the channel until the end of the transaction. None: it is paused, away, or at its pace already."""
    row = _locked(channel)
    if row.paused_at is not None:
        return None
    if row.next_try_at is not None:
        if now < row.next_try_at:
            return None
        return Turn(1, now, is_try=True)
    a_second = settings.MESSAGES_A_SECOND.get(channel, 0)
    if not a_second:
        return Turn(limit, now)
    begins_at = max(now, row.next_slot_at or now)
    most = min(limit, int((now + SLOTS_AHEAD - begins_at).total_seconds() * a_second))
    return Turn(most, begins_at, timedelta(seconds=1 / a_second)) if most > 0 else None


def begin(channel: str, turn: Turn, count: int, *, now: datetime) -> None:
    """So many are claimed, in the transaction of `enter`: the next sender's turn comes after them."""
    row = ChannelHealth.objects.filter(channel=channel)
    if turn.is_try and count:
        row.update(next_try_at=now + A_TRY)
    elif turn.apart and count:
        row.update(next_slot_at=turn.begins_at + turn.apart * count)


def _locked(channel: str) -> ChannelHealth:
    rows = ChannelHealth.objects.select_for_update()
    found = rows.filter(channel=channel).first()
    if found is None:
        ChannelHealth.objects.bulk_create([ChannelHealth(channel=channel)], ignore_conflicts=True)
        found = rows.get(channel=channel)
    return found


@transaction.atomic
def failed(channel: str, *, detail: str, now: datetime) -> datetime:
    """Nothing got through: leave it alone for a while; returns until when."""
    row = _locked(channel)
    row.failures += 1
    row.down_since, row.detail = row.down_since or now, detail[:60]
    row.next_try_at = now + wait_after(row.failures)
    row.save(update_fields=["failures", "down_since", "detail", "next_try_at"])
    return row.next_try_at


def answered(channel: str) -> bool:
    """A server has answered for a message: the channel is well. Whether it was away before."""
    away = ChannelHealth.objects.filter(channel=channel, down_since__isnull=False)
    return away.update(down_since=None, failures=0, next_try_at=None, detail="") == 1


def wait_after(failures: int) -> timedelta:
    base = min(FIRST_WAIT * 2 ** min(failures - 1, 20), LONGEST_WAIT)
    return base * random.uniform(0.75, 1.25)  # noqa: S311 -- spreads load, hides nothing


# -- A pause, by hand ------------------------------------------------------------------------------------


@transaction.atomic
def pause(*, channel: str, by: User, now: datetime) -> None:
    """Nothing more leaves this way until somebody resumes it. What has begun to leave leaves."""
    row = _locked(Channel(channel))
    if row.paused_at is None:
        row.paused_at, row.paused_by = now, by
        row.save(update_fields=["paused_at", "paused_by"])
        audit.record("channel.paused", by=by, now=now, subject=row, detail={"channel": channel})


@transaction.atomic
def resume(*, channel: str, by: User, now: datetime) -> None:
    """What waits leaves again, what came too late meanwhile excepted; one that was away is tried at once."""
    row = _locked(Channel(channel))
    if row.paused_at is not None or row.next_try_at is not None:
        row.paused_at = row.paused_by = None
        row.next_try_at = now if row.next_try_at is not None else None
        row.save(update_fields=["paused_at", "paused_by", "next_try_at"])
        audit.record("channel.resumed", by=by, now=now, subject=row, detail={"channel": channel})


# -- What the desk reads ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trouble:
    """A channel by which nothing goes out, in what the desk wants to know of it."""

    channel: str
    label: str
    since: datetime | None
    waiting: int
    next_try_at: datetime | None = None
    paused_by: str = ""
    is_set_up: bool = True


def troubles(now: datetime) -> list[Trouble]:
    """Every channel by which messages that are due do not go out, and why. Two queries, three when there is some."""
    rows = {row.channel: row for row in ChannelHealth.objects.not_sending().select_related("paused_by")}
    offered = channels.offered()
    late = set(_waiting(now - LATE).order_by().values_list("channel", flat=True).distinct())
    found = []
    for channel in Channel:
        row = rows.get(channel)
        if row is None and channel not in late:
            continue
        since = row.paused_at or row.down_since if row else None
        waiting = _waiting(now).filter(channel=channel).count()
        found.append(
            Trouble(
                channel=channel,
                label=channel.label,
                since=since,
                waiting=waiting,
                next_try_at=row.next_try_at if row and row.paused_at is None else None,
                paused_by=row.paused_by.name if row and row.paused_by else "",
                is_set_up=channel in offered,
            )
        )
    return found


def _waiting(now: datetime) -> OutboundMessageQuerySet:
    return OutboundMessage.objects.filter(
        state=State.PLANNED, channel__in=Channel.values, next_try_at__lte=now, too_late_at__gt=now
    )
