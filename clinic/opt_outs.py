"""Who wants no more messages: by number and by address, whoever shares it and whatever they agreed to.

A word from the number or address itself ends it and only that begins it again: nothing a clinic types does, and no
consent of somebody who shares it. See docs/adr/0072-an-opt-out-belongs-to-the-number.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from clinic import audit
from clinic.access import Actor
from clinic.messaging_states import Channel
from clinic.models import OptOut

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


def standing_for(channel: object, *addresses: str) -> Exists:
    """For a query whose rows name a channel: whether one of these addresses wants no more on it."""
    spelt = {normal(address) for address in addresses if address}
    return Exists(OptOut.objects.standing().filter(channel=OuterRef(str(channel)), address__in=spelt))


def standing(channel: str, address: str) -> OptOut | None:
    """Since when, and how they said it; None when they may be written to."""
    return OptOut.objects.standing().of(channel, normal(address)).first()


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
