"""The two steps that every message takes, each one statement and one commit: it goes out next, and it was accepted.

By hand, as they are most of what a message costs: see docs/algorithms/outbox.md, *What it costs*.
"""

from __future__ import annotations

import logging
import time as machine
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from clinic import links
from clinic.claiming import InHand
from clinic.messaging_states import State
from clinic.models import OutboundMessage

log = logging.getLogger(__name__)

#: How long a sender has for a message that it has begun to hand over, before it counts as lost with it.
LEASE = timedelta(minutes=3)

#: One commit, which is on the disk before the content goes: the link works if and only if the message may leave.
_BEGIN = f"""
WITH mine AS (
  UPDATE clinic_outboundmessage SET state = '{State.HANDING_OVER}', handing_over_at = %(now)s, lease_until = %(until)s
   WHERE id = %(id)s AND state = '{State.CLAIMED}' AND attempt = %(attempt)s RETURNING id),
issued AS (
  INSERT INTO clinic_actionlink (uid, digest, purpose, subject_uid, subject_version, message_uid, issued_at, expires_at,
         used_for)
  SELECT %(link)s, %(digest)s, %(purpose)s, %(subject)s, %(version)s, %(message)s, %(now)s, %(expires)s, ''
    FROM mine WHERE %(digest)s <> '')
SELECT count(*) FROM mine"""  # noqa: S608 -- constants of ours

#: Whatever the disk does not have of it yet, it has with the sender's next message, which is committed in full. Should
#: the database's machine fail in between, that one message is found handed over, and is `unknown`.
_ACCEPTED = f"""
UPDATE clinic_outboundmessage SET state = '{State.ACCEPTED}', reason = '', detail = '', needs_person = FALSE,
       accepted_at = %(now)s, settled_at = %(now)s, provider_id = %(provider)s, lease_until = NULL
  FROM (SELECT set_config('synchronous_commit', 'off', TRUE)) AS soon
 WHERE id = %(id)s AND state = '{State.HANDING_OVER}' AND attempt = %(attempt)s"""  # noqa: S608 -- constants of ours


def begin(hand: InHand, token: str, *, now: datetime) -> bool:
    """Commit that the content goes out next, and that its links work from now on.

    False: it was stopped, another sender has it, or what it says is no longer so: it must not leave in these words.
    The fence: of a cancellation and this, whoever comes second waits for the row and then finds it changed.
    """
    step = _begin_alone if hand.is_simple else _begin_with_others
    try:
        may_go = step(hand, token, now)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        # Whether it was committed before the database went away is asked when it is back: nothing has been sent.
        may_go = surely(lambda: _has_begun(hand.message, now))
    if may_go:
        hand.message.state, hand.message.handing_over_at = State.HANDING_OVER, now
    return may_go


def _begin_alone(hand: InHand, token: str, now: datetime) -> bool:
    message = hand.message
    has_link = bool(token and message.link_expires_at)
    values: dict[str, Any] = {
        "id": message.pk,
        "attempt": message.attempt,
        "now": now,
        "until": now + LEASE,
        "link": uuid.uuid4(),
        "digest": links.digest_of(token) if has_link else "",
        "purpose": message.link_purpose,
        "subject": message.subject_uid,
        "version": message.subject_version,
        "message": message.uid,
        "expires": message.link_expires_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, values)
        return bool(cursor.fetchone() == (1,))


def _has_begun(message: OutboundMessage, now: datetime) -> bool:
    begun = OutboundMessage.objects.filter(pk=message.pk, state=State.HANDING_OVER, attempt=message.attempt)
    return begun.filter(handing_over_at=now).exists()


@transaction.atomic
def _begin_with_others(hand: InHand, token: str, now: datetime) -> bool:
    """It speaks for others, or of several visits: all that it rests on is locked, and nothing is waited for.

    Who changes a visit holds its row and waits for its messages; so here the message comes first, and what somebody
    holds already counts as changed.
    """
    mine = OutboundMessage.objects.filter(pk=hand.message.pk, state=State.CLAIMED, attempt=hand.message.attempt)
    if mine.select_for_update(skip_locked=True).first() is None or (hand.holds is not None and not hand.holds()):
        return False
    mine.update(state=State.HANDING_OVER, handing_over_at=now, lease_until=now + LEASE)
    _issue_links(hand, token, now)
    return True


def _issue_links(hand: InHand, token: str, now: datetime) -> None:
    message = hand.message
    if not (token and message.link_expires_at):
        return
    links.issue(
        purpose=message.link_purpose,
        # A page of several visits is about the message that names them: each of them has a link of its own on it.
        subject_uid=message.uid if hand.opens else message.subject_uid,
        subject_version=1 if hand.opens else message.subject_version,
        message_uid=message.uid,
        expires_at=message.link_expires_at,
        now=now,
        token=token,
    )
    for each in hand.opens:
        links.issue(
            purpose=each.purpose,
            subject_uid=each.subject_uid,
            subject_version=each.subject_version,
            message_uid=message.uid,
            expires_at=each.expires_at,
            now=now,
            token=links.token_within(token, each.subject_uid),
        )


def accepted(message: OutboundMessage, *, provider_id: str, now: datetime) -> bool:
    """A server has it; also what the sweeper had given up as unknown, unless somebody has dealt with it."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPTED, {"id": message.pk, "attempt": message.attempt, "now": now, "provider": provider_id})
        if cursor.rowcount:
            return True
    return _known_after_all(message, provider_id=provider_id, now=now) == 1


def _known_after_all(message: OutboundMessage, *, provider_id: str, now: datetime) -> int:
    given_up: QuerySet[OutboundMessage] = OutboundMessage.objects.unresolved()
    return given_up.filter(pk=message.pk, attempt=message.attempt).update(
        state=State.ACCEPTED, reason="", detail="", needs_person=False, accepted_at=now, settled_at=now,
        provider_id=provider_id, lease_until=None,
    )  # fmt: skip


#: Waits while the database is away and we hold something that must not be lost.
_PATIENCE = (0.2, 0.5, 1, 2, 4, 8)


def surely(step: Callable[[], bool]) -> bool:
    """Write down what we know even if the database goes away for a moment: else it would count as unknown."""
    for wait in _PATIENCE:
        try:
            return step()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            log.warning("outbox: the database is away, what was accepted waits to be written down")
            connection.close()
            machine.sleep(wait)
    return step()
