"""When the clinic writes to its patients of its own accord: one row a rule, and what a day's reckoning found."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.messaging_states import Channel, MessagePurpose
from clinic.wording.kinds import LONGEST_VARIANT, Kind
from scheduling.models.resources import Service

DAY = 24 * 60
#: So long ahead can a patient be reminded; a link lives no longer.
LONGEST_LEAD = 30 * DAY
SHORTEST_LEAD = 60


class Anchor(models.TextChoices):
    """From what the offset of a rule is counted."""

    VISIT = "visit", "before the visit"
    LAST_VISIT = "last_visit", "after the last visit"
    REVIEW = "review", "before the day of the review"
    LAST_ENTRY = "last_entry", "after the last entry"
    ISSUE = "issue", "after the invoice was issued"
    DUE = "due", "after the invoice was due"


#: What can be said at the moment itself, in words; all else needs some days.
AT_ONCE = {Anchor.ISSUE: "when the invoice was issued", Anchor.REVIEW: "on the day of the review"}
#: What rules there can be: for which purpose, counted from what.
ANCHORS: dict[MessagePurpose, tuple[Anchor, ...]] = {
    MessagePurpose.VISIT_REMINDER: (Anchor.VISIT,),
    MessagePurpose.RECALL: (Anchor.LAST_VISIT,),
    MessagePurpose.PLAN_REVIEW: (Anchor.REVIEW,),
    MessagePurpose.EXERCISE_NUDGE: (Anchor.LAST_ENTRY,),
    MessagePurpose.INVOICE: (Anchor.ISSUE, Anchor.DUE),
}


def _counted_from_what_it_speaks_of() -> Q:
    rule = Q()
    for purpose, anchors in ANCHORS.items():
        rule |= Q(purpose=purpose, anchor__in=[*map(str, anchors)])
    return rule


class MessageRuleQuerySet(models.QuerySet["MessageRule"]):
    def in_force(self) -> MessageRuleQuerySet:
        return self.filter(retired_at__isnull=True)

    def of(self, purpose: str) -> MessageRuleQuerySet:
        return self.filter(purpose=purpose)

    def to_follow(self) -> MessageRuleQuerySet:
        """Made or retired since all visits ahead were gone through last."""
        return self.filter(followed_at__isnull=True)

    def for_page(self) -> MessageRuleQuerySet:
        """The general ones first, of those the earliest first."""
        return self.select_related("service", "location").order_by(
            F("service__name").asc(nulls_first=True), F("location__name").asc(nulls_first=True), "-minutes", "pk"
        )


class MessageRule(models.Model):
    """One message that patients get of the clinic's own accord. Never edited: another one takes its place."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purpose = models.CharField(max_length=30, choices=[(p.value, p.label) for p in ANCHORS])
    anchor = models.CharField(max_length=12, choices=Anchor.choices)
    #: How long before or after that. Whole days are counted by the clock on the wall.
    minutes = models.PositiveIntegerField()
    #: Only for this service, only at this location; the most special rules alone hold for a visit.
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    #: Only for patients who are reached this way.
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    #: In which words, where these are not the usual ones: the name of a variant in clinic.wording.
    variant = models.CharField(max_length=LONGEST_VARIANT, blank=True, default="", db_default="")

    made_at = models.DateTimeField()
    #: None: by Tonus itself, when the clinic was opened.
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    #: When all visits ahead had been gone through since it was made, or retired.
    followed_at = models.DateTimeField(null=True)

    objects = MessageRuleQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="a_message_rule_stands_once",
                fields=["purpose", "anchor", "minutes", "service", "location", "channel"],
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
                violation_error_message="There is such a rule already.",
            ),
            models.CheckConstraint(
                name="a_message_rule_counts_from_what_it_speaks_of", condition=_counted_from_what_it_speaks_of()
            ),
            models.CheckConstraint(
                name="only_reminders_are_special_to_a_service_or_place",
                condition=Q(purpose=MessagePurpose.VISIT_REMINDER) | Q(service__isnull=True, location__isnull=True),
            ),
            models.CheckConstraint(
                name="a_message_rule_has_a_possible_offset",
                condition=Q(anchor=Anchor.VISIT, minutes__range=(SHORTEST_LEAD, LONGEST_LEAD))
                | (~Q(anchor=Anchor.VISIT) & Q(minutes__lte=365 * DAY)),
            ),
            models.CheckConstraint(
                name="message_rule_channel_is_known", condition=Q(channel="") | Q(channel__in=Channel.values)
            ),
            models.CheckConstraint(
                name="a_retired_message_rule_says_by_whom",
                condition=Q(retired_at__isnull=True, retired_by__isnull=True)
                | Q(retired_at__isnull=False, retired_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return AT_ONCE[Anchor(self.anchor)] if not self.minutes else f"{self.length} {self.get_anchor_display()}"

    @property
    def length(self) -> str:
        """ "2 days", "3 hours", "1 day and 6 hours" """
        return in_words(self.minutes)

    @property
    def kind(self) -> Kind:
        """Whose words it speaks."""
        return kind_of(self.purpose, self.anchor)

    @property
    def is_special(self) -> bool:
        return self.service_id is not None or self.location_id is not None


def kind_of(purpose: str, anchor: str) -> Kind:
    """What a rule of this purpose, counted from that, speaks of."""
    return Kind.INVOICE_OVERDUE if (purpose, anchor) == (MessagePurpose.INVOICE, Anchor.DUE) else Kind(purpose)


def in_words(minutes: int) -> str:
    """Such as "2 days", "3 hours" or "1 hour and 30 minutes"."""
    days, rest = divmod(minutes, DAY)
    hours, rest = divmod(rest, 60)
    parts = [
        f"{count} {name}{'' if count == 1 else 's'}"
        for count, name in ((days, "day"), (hours, "hour"), (rest, "minute"))
        if count
    ]
    return " and ".join(parts) or "at once"


class DayReckoned(models.Model):
    """What the diary asked to be said on one day, beside what the outbox held, when it was reckoned last."""

    day = models.DateField(unique=True)
    #: Reminders and nudges that were due, and those of them that the outbox had.
    asked = models.PositiveIntegerField()
    written = models.PositiveIntegerField()
    reckoned_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="no_more_is_written_than_was_asked", condition=Q(written__lte=F("asked")))
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.written} of {self.asked}"

    @property
    def missing(self) -> int:
        return self.asked - self.written
