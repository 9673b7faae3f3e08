"""How each way out of the house fares: whether it is away, since when, and when it is tried again."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, Q

from clinic.messaging_states import Channel, State
from clinic.models.messages import OutboundMessage
from clinic.models.people import Clinic

#: A message that should have left so long ago shows that nobody sends.
LATE = timedelta(minutes=5)


class ChannelHealthQuerySet(models.QuerySet["ChannelHealth"]):
    def not_sending(self) -> Self:
        """Away, or paused by somebody."""
        return self.filter(Q(down_since__isnull=False) | Q(paused_at__isnull=False))


class ChannelHealth(models.Model):
    """One row a channel. Its lock is the queue in which senders claim: see docs/algorithms/outbox.md."""

    channel = models.CharField(max_length=10, choices=Channel.choices, unique=True)
    #: Since when nothing gets through, how often it was tried since, and before when nobody tries again.
    down_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    #: What stood in the way, never to whom.
    detail = models.CharField(max_length=60, blank=True)
    #: Where the provider takes only so many a second: when the next one may go.
    next_slot_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ChannelHealthQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="channel_of_health_is_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(
                name="channel_that_is_away_is_tried_again",
                condition=Q(down_since__isnull=True, next_try_at__isnull=True, failures=0)
                | Q(down_since__isnull=False, next_try_at__isnull=False, failures__gte=1),
            ),
            models.CheckConstraint(
                name="channel_is_paused_by_someone",
                condition=Q(paused_at__isnull=True, paused_by__isnull=True)
                | Q(paused_at__isnull=False, paused_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.detail or 'well'}"


def with_trouble(clinics: models.QuerySet[Clinic], now: datetime) -> models.QuerySet[Clinic]:
    """Beside the clinic, in the same statement: whether anything that is due does not go out."""
    away = Exists(ChannelHealth.objects.not_sending())
    late = OutboundMessage.objects.filter(
        state=State.PLANNED, channel__in=Channel.values, next_try_at__lte=now - LATE, too_late_at__gt=now
    )
    return clinics.annotate(has_trouble=away | Exists(late))
