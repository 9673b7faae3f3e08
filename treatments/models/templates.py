"""What a plan for a common trouble usually looks like: it fills the form, the therapist decides."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from patients.models.choices import Cause
from treatments.models.episodes import Episode, TissueState


class PlanTemplateQuerySet(models.QuerySet["PlanTemplate"]):
    def in_use(self) -> PlanTemplateQuerySet:
        return self.filter(retired_at__isnull=True).order_by("name")

    def retired(self) -> PlanTemplateQuerySet:
        return self.filter(retired_at__isnull=False).order_by("name")


class PlanTemplate(models.Model):
    """A starting point for plans. Plans made from it do not change with it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    #: Of those Tonus comes with; a clinic's own have none.
    slug = models.SlugField(max_length=40, unique=True, null=True, blank=True)
    name = models.CharField(max_length=80)
    suits = models.CharField(max_length=200)
    causes = ArrayField(models.CharField(max_length=12, choices=Cause.choices), default=list, blank=True)
    tissue_states = ArrayField(models.CharField(max_length=16, choices=TissueState.choices), default=list, blank=True)
    #: What treatments.starting.Start says, as treatments.starting reads and writes it.
    content = models.JSONField()
    retired_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = PlanTemplateQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "name",
                condition=Q(retired_at__isnull=True),
                name="a_template_in_use_has_its_name_alone",
                violation_error_message="There is a template of that name.",
            ),
            models.CheckConstraint(
                condition=Q(causes__contained_by=Cause.values) & Q(tissue_states__contained_by=TissueState.values),
                name="a_template_suits_what_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def fits(self, episode: Episode) -> int:
        """How well it suits the episode: 2 for its tissue state, 1 for its cause."""
        return 2 * (episode.tissue_state in self.tissue_states) + (episode.cause in self.causes)
