"""Who wants no more messages: by number and by address, whoever shares it and whatever they agreed to.

A word from the number or address itself ends it and only that begins it again: nothing a clinic types does, and no
consent of somebody who shares it. See docs/adr/0080-an-opt-out-belongs-to-the-number.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from clinic import audit
from clinic.access import Actor
from clinic.last_look import Answer, Stop
from clinic.messaging_states import WHATEVER_WAS_SAID, Channel, Reason
from clinic.models import OptOut, OutboundMessage

Address = tuple[str, str]


def normal(address: str) -> str:
    """How an address is compared: mail boxes differ in capitals and are one all the same."""
    return address.strip().lower()


def stopped(addresses: Iterable[Address]) -> set[Address]:
    """Those of the (channel, address) pairs that want no more, as they were given. One query, none for none."""
    asked = {(channel, address): (channel, normal(address)) for channel, address in addresses if address}
    if not asked:
        return set()
    wanted = Q()
    for channel in {channel for channel, _ in asked.values()}:
        wanted |= Q(channel=channel, address__in={address for way, address in asked.values() if way == channel})
    said = set(OptOut.objects.standing().filter(wanted).values_list("channel", "address"))
    return {given for given, pair in asked.items() if pair in said}


def standing(channel: str, address: str) -> OptOut | None:
    """Since when, and how they said it; None when they may be written to."""
    return OptOut.objects.standing().of(channel, normal(address)).first()


def look(batch: Sequence[OutboundMessage], now: datetime) -> Mapping[UUID, Answer]:  # noqa: ARG001 -- a last look
    """The last look at a batch that is about to leave: whatever goes to who has said no meanwhile stays here."""
    heeding = [message for message in batch if message.purpose not in WHATEVER_WAS_SAID]
    said = stopped((message.channel, message.to_address) for message in heeding)
    return {m.uid: Stop(Reason.OPTED_OUT) for m in heeding if (m.channel, m.to_address) in said}


@transaction.atomic
def record(*, channel: str, address: str, source: str, by: Actor, now: datetime) -> bool:
    """Write down that this number or address wants no more. False: that was known."""
    kept, is_new = OptOut.objects.get_or_create(
        channel=Channel(channel),
        address=normal(address),
        lifted_at=None,
        defaults={"source": OptOut.Source(source), "opted_out_at": now},
    )
    if is_new:
        audit.record("opt_out.made", by=by, now=now, subject=kept, detail={"channel": channel, "source": source})
    return is_new


@transaction.atomic
def lift(*, channel: str, address: str, by: Actor, now: datetime) -> bool:
    """Whoever has this number or address wants messages again. False: nothing had ended."""
    kept = OptOut.objects.standing().of(channel, normal(address)).select_for_update().first()
    if kept is None:
        return False
    kept.lifted_at = now
    kept.save(update_fields=["lifted_at"])
    audit.record("opt_out.lifted", by=by, now=now, subject=kept, detail={"channel": channel})
    return True


# -- The link that ends them ---------------------------------------------------------------------------

_SIGNER = signing.Signer(salt="unsubscribe", sep="~")


def link_of(message: OutboundMessage) -> str:
    """By what a patient's mail can be answered that no more are wanted; empty for any other message.

    It names the message, so that no address is in it, and is signed.
    """
    if message.channel != Channel.EMAIL or message.purpose in WHATEVER_WAS_SAID:
        return ""
    return settings.PUBLIC_URL + reverse("unsubscribe", args=[_SIGNER.sign(message.uid.hex)])


def message_of(token: str) -> OutboundMessage | None:
    """The mail that the link came with, or None for anything that we did not sign."""
    try:
        uid = UUID(_SIGNER.unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return OutboundMessage.objects.filter(uid=uid).exclude(to_address="").first()
