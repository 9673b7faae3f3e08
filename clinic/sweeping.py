"""After the fact: what senders left behind when their lease ended, what came too late, and what others did not say."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from clinic.messaging_states import Reason, State
from clinic.models import OutboundMessage

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swept:
    """What the sweeper found."""

    reclaimed: int
    unknown: int
    too_late: int
    #: Another message was to say it, and was not sent.
    unsaid: int = 0


@transaction.atomic
def sweep(*, now: datetime) -> Swept:
    """Deal with what senders left behind when their lease ended, and with what has become too late."""
    free = OutboundMessage.objects.select_for_update(skip_locked=True)
    over = list(free.in_hand().filter(lease_until__lte=now).values_list("pk", "state", "void_reason"))
    stale = list(free.due(now).filter(too_late_at__lte=now).values_list("pk", flat=True))
    unsaid = list(free.unsaid(now).values_list("pk", flat=True))
    reclaimed = _rows(pk for pk, state, _ in over if state == State.CLAIMED)
    moot = _rows(pk for pk, state, void in over if state == State.HANDING_OVER and void)
    unknown = _rows(pk for pk, state, void in over if state == State.HANDING_OVER and not void)
    found = Swept(
        reclaimed=reclaimed.update(state=State.PLANNED, lease_until=None, next_try_at=now),
        unknown=moot.update(**_unknown(now, needs_person=False)) + unknown.update(**_unknown(now, needs_person=True)),
        too_late=_rows(stale).update(state=State.SUPPRESSED, reason=Reason.TOO_LATE, settled_at=now, needs_person=True),
        unsaid=_rows(unsaid).update(state=State.PLANNED, reason="", settled_at=None, said_by_uid=None, next_try_at=now),
    )
    if over or stale or unsaid:
        log.warning("outbox: %s", found)
    return found


def _rows(pks: Iterable[int]) -> QuerySet[OutboundMessage]:
    return OutboundMessage.objects.filter(pk__in=list(pks))


def _unknown(now: datetime, *, needs_person: bool) -> dict[str, object]:
    return {
        "state": State.UNKNOWN,
        "reason": Reason.WORKER_LOST,
        "settled_at": now,
        "lease_until": None,
        "needs_person": needs_person,
    }
