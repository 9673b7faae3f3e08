"""What comes back from outside: what became of messages, what patients write, and who wants no more of it."""

from __future__ import annotations

from typing import Any, ClassVar, Self
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import OuterRef, Q
from django.db.models.functions import Lower

from clinic.messaging_states import Channel


class DeliveryEvent(models.Model):
    """One thing that a provider told about one message. Each is told once, however often it is said."""

    append_only = True

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    #: The provider's own name for the event: what is said again is known by it.
    event_id = models.CharField(max_length=200, unique=True)
    message_uid = models.UUIDField()
    #: In the provider's words: "queued", "delivered", "bounced".
    said = models.CharField(max_length=30)
    #: A number or a word at most; what servers say may repeat the address.
    detail = models.CharField(max_length=60, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(name="event_of_message", fields=["message_uid", "received_at"])]

    def __str__(self) -> str:
        return self.said


class Meaning(models.TextChoices):
    """What a text message from a patient asks for."""

    CONFIRM = "confirm", "Will come"
    MOVE = "move", "Wants another time"
    STOP = "stop", "No more text messages"
    CANCEL = "cancel", "No more text messages, and may want to cancel"
    START = "start", "Text messages again"
    HELP = "help", "Who is this?"
    WORDS = "words", "Wrote back"


class InboundTextQuerySet(models.QuerySet["InboundText"]):
    def visible_to(self, actor: Any, can: Any = None) -> Self:
        from clinic.access import Can, allows  # noqa: PLC0415 -- access reads the models

        return self.all() if allows(actor, can or Can.SEE_MESSAGES) else self.none()

    def from_number(self, number: str) -> Self:
        return self.filter(from_number=number)

    def newest_first(self) -> Self:
        return self.order_by("-received_at", "-pk")


class InboundText(models.Model):
    """A text message from outside, as it came. Kept whatever it says; the provider's id lets it count once."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    provider_id = models.CharField(max_length=64, unique=True)
    from_number = models.CharField(max_length=16)
    text = models.TextField(max_length=1600)
    meaning = models.CharField(max_length=10, choices=Meaning.choices)
    received_at = models.DateTimeField()
    #: Whose number it is, as far as is known: a family may share one.
    patient_uids = ArrayField(models.UUIDField(), default=list, blank=True)
    #: The visits that were confirmed by it, or that it asks to move.
    about_uids = ArrayField(models.UUIDField(), default=list, blank=True)
    #: When all was done that it asks for.
    handled_at = models.DateTimeField(null=True)

    objects = InboundTextQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="inbound_meaning_is_known", condition=Q(meaning__in=Meaning.values)),
        ]
        indexes: ClassVar = [
            models.Index(name="inbound_number", fields=["from_number", "-received_at"]),
            models.Index(name="inbound_unhandled", fields=["received_at"], condition=Q(handled_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.get_meaning_display()


class OptOutQuerySet(models.QuerySet["OptOut"]):
    def standing(self) -> Self:
        return self.filter(lifted_at__isnull=True)

    def of(self, channel: str | OuterRef, address: str | OuterRef) -> Self:
        """The address as clinic.opt_outs.normal writes it."""
        return self.filter(channel=channel, address=address)


class OptOut(models.Model):
    """A number or an address that wants no more messages, whoever shares it and whatever they agreed to."""

    class Source(models.TextChoices):
        TEXT = "text", "a text message from this number"
        LINK = "link", "the link to unsubscribe in a mail"
        PROVIDER = "provider", "the provider, which has been told so"
        COMPLAINT = "complaint", "a complaint that our mail is spam"

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=254)
    source = models.CharField(max_length=10, choices=Source.choices)
    opted_out_at = models.DateTimeField()
    #: When whoever has this number or address said that they want messages again.
    lifted_at = models.DateTimeField(null=True)

    objects = OptOutQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="opt_out_stands_once", fields=["channel", "address"], condition=Q(lifted_at__isnull=True)
            ),
            models.CheckConstraint(name="opt_out_channel_is_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(
                name="opt_out_source_is_known", condition=Q(source__in=["text", "link", "provider", "complaint"])
            ),
            models.CheckConstraint(
                name="opt_out_address_is_normal", condition=Q(address=Lower("address")) & ~Q(address="")
            ),
            models.CheckConstraint(
                name="opt_out_is_lifted_after_it_was_made",
                condition=Q(lifted_at__isnull=True) | Q(lifted_at__gte=models.F("opted_out_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: no more, since {self.opted_out_at:%Y-%m-%d}"
