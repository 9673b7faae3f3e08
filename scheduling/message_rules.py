"""The clinic's rules of when patients are written to of its own accord. A rule is never edited: what it asked for
stays what it was. The planner follows within minutes: it stops what no rule asks for any more and plans what is new.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from clinic import audit, wordings
from clinic.access import Actor
from clinic.messaging_states import MessagePurpose
from clinic.models import Location
from patients.records import staff
from scheduling.due import WINDOW
from scheduling.models import Anchor, MessageRule, Service
from scheduling.models.message_rules import AT_ONCE, DAY, SHORTEST_LEAD, in_words

#: What a clinic begins with.
USUAL = DAY


class RuleRefused(Exception):
    """Carries a sentence fit for whoever runs the clinic."""


def begin(*, now: datetime) -> None:
    """A clinic that was just opened reminds its patients a day before each visit."""
    if not MessageRule.objects.of(MessagePurpose.VISIT_REMINDER).exists():
        MessageRule.objects.create(
            purpose=MessagePurpose.VISIT_REMINDER, anchor=Anchor.VISIT, minutes=USUAL, made_at=now, followed_at=now
        )


@transaction.atomic
def add(
    *,
    purpose: str,
    anchor: str,
    minutes: int,
    by: Actor,
    now: datetime,
    service: Service | None = None,
    location: Location | None = None,
    channel: str = "",
    variant: str = "",
) -> MessageRule:
    """From now on patients are written to by this rule too. Raises RuleRefused."""
    rule = MessageRule(
        purpose=MessagePurpose(purpose), anchor=Anchor(anchor), minutes=minutes, service=service, location=location,
        channel=channel, variant=variant, made_at=now, made_by=staff(by),
    )  # fmt: skip
    _check(rule)
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as exc:  # somebody else made it in the same moment
        if getattr(getattr(exc.__cause__, "diag", None), "constraint_name", "") != "a_message_rule_stands_once":
            raise
        raise RuleRefused("There is such a rule already.") from exc
    _say("added", rule, by=by, now=now)
    return rule


@transaction.atomic
def retire(rule: MessageRule, *, by: Actor, now: datetime) -> MessageRule:
    """Nobody is written to by this rule any more; what is planned by it is stopped. Doing it twice changes nothing."""
    rule = MessageRule.objects.select_for_update(of=("self",)).select_related("service", "location").get(pk=rule.pk)
    if rule.retired_at is None:
        rule.retired_at, rule.retired_by, rule.followed_at = now, staff(by), None
        rule.save(update_fields=["retired_at", "retired_by", "followed_at"])
        _say("retired", rule, by=by, now=now)
    return rule


@transaction.atomic
def change(
    rule: MessageRule, *, minutes: int, channel: str, anchor: str, variant: str = "", by: Actor, now: datetime
) -> MessageRule:
    """Another rule in its place, for the same visits. Raises RuleRefused, also when it was retired meanwhile."""
    rule = MessageRule.objects.select_for_update(of=("self",)).select_related("service", "location").get(pk=rule.pk)
    if rule.retired_at is not None:
        raise RuleRefused("Somebody has changed or retired this rule meanwhile.")
    if (rule.minutes, rule.channel, rule.anchor, rule.variant) == (minutes, channel, anchor, variant):
        return rule
    retire(rule, by=by, now=now)
    return add(
        purpose=rule.purpose, anchor=anchor, minutes=minutes, service=rule.service, location=rule.location,
        channel=channel, variant=variant, by=by, now=now,
    )  # fmt: skip


def _check(rule: MessageRule) -> None:
    if rule.variant and rule.variant not in wordings.variants(rule.kind):
        raise RuleRefused("There are no words of that name any more.")
    if rule.anchor == Anchor.VISIT and rule.minutes < SHORTEST_LEAD:
        raise RuleRefused(f"A reminder goes out at least {in_words(SHORTEST_LEAD)} before the visit.")
    if not rule.minutes and rule.anchor not in AT_ONCE:
        raise RuleRefused(f"At least one day {rule.get_anchor_display()}.")
    beside = (
        MessageRule.objects.in_force()
        .of(rule.purpose)
        .filter(anchor=rule.anchor, service=rule.service, location=rule.location)
    )
    for other in beside.select_for_update():
        if other.channel not in ("", rule.channel) and rule.channel:
            continue
        if other.minutes == rule.minutes:
            raise RuleRefused("There is such a rule already.")
        if rule.anchor == Anchor.VISIT and timedelta(minutes=abs(other.minutes - rule.minutes)) < WINDOW:
            raise RuleRefused(
                f"There is a reminder {other.length} before the same visits already. Two within twelve hours would go "
                "out as one: leave at least twelve hours between them."
            )


def _say(done: str, rule: MessageRule, *, by: Actor, now: datetime) -> None:
    detail = {
        "purpose": rule.purpose,
        "anchor": rule.anchor,
        "minutes": rule.minutes,
        "service": rule.service.name if rule.service else "",
        "location": rule.location.name if rule.location else "",
        "channel": rule.channel,
        "variant": rule.variant,
    }
    audit.record(f"messagerule.{done}", by=by, now=now, subject=rule, detail=detail)
