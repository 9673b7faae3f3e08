"""Messages of which nobody knows whether they left: where the provider can be asked, it is.

It has it: then it was sent. It surely never had it: then it is planned again, and may still be in time. It cannot tell:
then a person decides, as for every provider that has no look-up. See docs/algorithms/outbox.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from clinic import channels, links
from clinic.channels import Down, Sought, Uncertain
from clinic.messaging_states import State, check_transition
from clinic.models import ActionLink, OutboundMessage

log = logging.getLogger(__name__)

#: What was on its way when the line broke has arrived, or never will, after this.
SETTLED_AFTER = timedelta(minutes=10)
#: When it cannot tell it is asked again after this, for a day.
AGAIN_AFTER, FOR = timedelta(minutes=15), timedelta(days=1)
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{links.TOKEN_LENGTH}}}")


def look_up_unknown(*, now: datetime, limit: int = 50) -> dict[str, int]:
    """Ask the providers about what is unknown and nobody has dealt with; how many came to what."""
    found: dict[str, int] = {}
    rows = list(OutboundMessage.objects.to_look_up(now, after=SETTLED_AFTER, within=FOR)[:limit])
    if not rows:
        return found
    lines = channels.open_channels()
    try:
        for message in rows:
            line = lines.get(message.channel)
            came_to = _ask(line, message, now) if line else _cannot_tell(message, now)
            found[came_to] = found.get(came_to, 0) + 1
    finally:
        for line in lines.values():
            line.close()
    log.info("outbox: looked up %s", found)
    return found


def _ask(line: channels.Channel, message: OutboundMessage, now: datetime) -> str:
    sought = Sought(message.to_address, at=message.handing_over_at or message.due_at, is_this=_recognises(message))
    try:
        provider_id = line.look_up(sought)
    except (Uncertain, Down):
        return _cannot_tell(message, now)
    return _it_has(message, provider_id, now) if provider_id else _it_never_had(message, now)


def _recognises(message: OutboundMessage) -> Callable[[str], bool]:
    """By its words, and by the link in them: another message may say the same."""
    words = re.compile(re.escape(message.text.strip()).replace(re.escape("{link}"), r"(\S+)"))

    def is_this(body: str) -> bool:
        if not (same := words.fullmatch(body.strip().replace("\r\n", "\n"))):
            return False
        tokens = _TOKEN.findall(same.group(1)) if words.groups else []
        digests = [links.digest_of(token) for token in tokens]
        return not words.groups or ActionLink.objects.filter(message_uid=message.uid, digest__in=digests).exists()

    return is_this


def _cannot_tell(message: OutboundMessage, now: datetime) -> str:
    OutboundMessage.objects.unresolved().filter(pk=message.pk).update(next_try_at=now + AGAIN_AFTER)
    return "cannot tell"


def _it_has(message: OutboundMessage, provider_id: str, now: datetime) -> str:
    check_transition(message.state, State.ACCEPTED)
    mine = OutboundMessage.objects.unresolved().filter(pk=message.pk, attempt=message.attempt)
    mine.update(
        state=State.ACCEPTED, reason="", needs_person=False, accepted_at=now, settled_at=now, provider_id=provider_id
    )
    return "accepted"


@transaction.atomic
def _it_never_had(message: OutboundMessage, now: datetime) -> str:
    """Its links were in no one's hands; what was stopped meanwhile stays stopped, what is too late stays unknown."""
    row = (
        OutboundMessage.objects.unresolved().filter(pk=message.pk, attempt=message.attempt).select_for_update().first()
    )
    if row is None or (now >= row.too_late_at and not row.void_reason):
        return "too late"
    row.state = State.SUPPRESSED if row.void_reason else State.PLANNED
    check_transition(message.state, row.state)
    row.reason, row.settled_at = row.void_reason, now if row.void_reason else None
    row.handing_over_at, row.needs_person, row.next_try_at = None, False, now
    row.save()
    links.revoke_of_message(row.uid, now)
    return "never had"
