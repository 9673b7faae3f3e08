"""Calendars that people subscribe to outside Tonus."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic import access
from clinic.access import Can
from clinic.models import Location, Practitioner, User
from scheduling.models.resources import Room


class Shows(models.TextChoices):
    """How much an entry of a feed says about a visit."""

    BUSY = "busy", "Busy, nothing else"
    INITIALS = "initials", "The patient's initials"
    NAME = "name", "First name and service"


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, actor: object, can: Can = Can.SEE_DIARY) -> Self:
        """One's own; for who manages rooms and hours, all of the clinic."""
        if not access.allows(actor, can):
            return self.none()
        if can is Can.MANAGE_RESOURCES:
            return self.all()
        return self.filter(practitioner__user=actor) if isinstance(actor, User) else self.none()

    def working(self) -> Self:
        return self.filter(revoked_at__isnull=True)

    def known_to(self, user: User) -> Self:
        """Whose secret this person was shown."""
        return self.filter(issued_by=user)

    def of_practitioner_of(self, user: User) -> Self:
        return self.filter(practitioner__user=user)

    def of(self, subject: Practitioner | Room | Location) -> Self:
        return self.filter(**{str(subject._meta.model_name): subject})

    def of_places(self) -> Self:
        return self.filter(practitioner__isnull=True)

    def for_page(self) -> Self:
        return self.select_related("practitioner__user", "room__location", "location", "issued_by").order_by(
            "created_at", "pk"
        )


class CalendarFeed(models.Model):
    """One subscription to the visits of a practitioner, a room or a location. Whoever has its secret reads it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    practitioner = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="calendar_feeds"
    )
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="calendar_feeds")
    location = models.ForeignKey(
        "clinic.Location", on_delete=models.PROTECT, null=True, blank=True, related_name="calendar_feeds"
    )
    label = models.CharField(max_length=60)
    shows = models.CharField(max_length=10, choices=Shows.choices, default=Shows.BUSY)
    #: SHA-256 of the secret, in hex. The secret itself was shown once and is not kept.
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    #: When the present secret was made, and who was shown it.
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    fetched_at = models.DateTimeField(null=True)
    #: The program that came last, as far as it says.
    fetched_with = models.CharField(max_length=60, blank=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(practitioner__isnull=False, room__isnull=True, location__isnull=True)
                | Q(practitioner__isnull=True, room__isnull=False, location__isnull=True)
                | Q(practitioner__isnull=True, room__isnull=True, location__isnull=False),
                name="a_feed_is_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="a_feed_keeps_only_a_digest"),
            models.CheckConstraint(condition=Q(shows__in=Shows.values), name="what_a_feed_shows_is_known"),
            models.CheckConstraint(
                condition=~Q(shows=Shows.NAME) | Q(practitioner__isnull=False),
                name="only_a_practitioners_own_feed_names",
            ),
            models.CheckConstraint(condition=~Q(label=""), name="a_feed_has_a_label"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="a_feed_is_revoked_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def subject(self) -> Practitioner | Room | Location:
        return self.practitioner or self.room or self.location  # type: ignore[return-value]

    @property
    def subject_name(self) -> str:
        if self.practitioner:
            return self.practitioner.user.name
        return f"{self.room}, {self.room.location}" if self.room else str(self.location)
