"""What someone had typed when their session ran out, kept for them alone."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from clinic.models.people import User


class HeldInputQuerySet(models.QuerySet["HeldInput"]):
    def kept_for(self, user: User, now: datetime) -> HeldInputQuerySet:
        """What this person can still have back, the latest first."""
        return self.filter(user=user, expires_at__gt=now).order_by("-at", "-pk")

    def outdated(self, now: datetime) -> HeldInputQuerySet:
        return self.filter(expires_at__lte=now)


class HeldInput(models.Model):
    """One form as it stood: where it was to be sent, on which page it was, and what was in it, sealed."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    #: Where the form would have been sent, and the page that showed it.
    path = models.CharField(max_length=300)
    page = models.CharField(max_length=300)
    #: The fields as a query string, sealed: it may be clinical text.
    sealed = models.TextField()
    at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = HeldInputQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("user", "path", name="one_form_is_held_once_for_one_person"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("at")), name="held_input_is_held_for_a_while"),
        ]
        indexes: ClassVar = [models.Index("expires_at", name="held_input_by_expiry")]

    def __str__(self) -> str:
        return f"held for {self.user_id} at {self.path}"
