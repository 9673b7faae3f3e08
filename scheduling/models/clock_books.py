"""By which clock the visits on file were booked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F


class ClockBook(models.Model):
    """How the clock of a zone stands for some years, as it was known when visits there were booked."""

    zone = models.CharField(max_length=64, unique=True)
    #: Pairs: from which second of the epoch, how many seconds east of Greenwich.
    stands = models.JSONField()
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    noted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=F("begins_at")), name="a_clock_book_has_an_end")
        ]

    def __str__(self) -> str:
        return f"Clock of {self.zone} to {self.ends_at:%Y-%m-%d}"
