"""A clinic's own words for what patients read: versions that stay."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from clinic.wording.defaults import SPEECHES
from clinic.wording.kinds import CHANNELS, EMAIL, LONGEST_VARIANT, OF_RULES, SMS, Kind, Spot


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate"]):
    def present(self) -> MessageTemplateQuerySet:
        """The last version of each, also where that is to speak as Tonus comes again."""
        each = ("kind", "variant", "channel", "language")
        return self.order_by(*each, "-version").distinct(*each)

    def at(self, spot: Spot) -> MessageTemplateQuerySet:
        return self.filter(kind=spot.kind, variant=spot.variant, channel=spot.channel, language=spot.language)

    def newest_first(self) -> MessageTemplateQuerySet:
        return self.select_related("written_by").order_by("-version")


class MessageTemplate(models.Model):
    """One version of one template. A change is a new version; one without words speaks as Tonus comes."""

    append_only = True

    kind = models.CharField(max_length=24)
    channel = models.CharField(max_length=10)
    language = models.CharField(max_length=8)
    #: The name of other words than the usual ones, for rules that ask for these.
    variant = models.CharField(max_length=LONGEST_VARIANT, blank=True, default="", db_default="")
    version = models.PositiveIntegerField()
    #: A text message has none.
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "kind", "variant", "channel", "language", "version", name="a_template_has_each_version_once"
            ),
            models.CheckConstraint(
                condition=Q(variant="") | Q(kind__in=sorted(kind.value for kind in OF_RULES)),
                name="only_what_rules_ask_for_has_other_words",
            ),
            models.CheckConstraint(condition=Q(kind__in=[kind.value for kind in Kind]), name="template_kind_is_known"),
            models.CheckConstraint(condition=Q(channel__in=CHANNELS), name="template_channel_is_known"),
            models.CheckConstraint(condition=Q(language__in=list(SPEECHES)), name="template_language_is_known"),
            models.CheckConstraint(condition=Q(version__gte=1), name="template_versions_count_from_one"),
            # A mail has a subject and words, a text message words alone, and what speaks as Tonus comes has neither.
            models.CheckConstraint(
                condition=Q(text="", title="")
                | (Q(channel=EMAIL) & ~Q(title="") & ~Q(text=""))
                | (Q(channel=SMS, title="") & ~Q(text="")),
                name="template_has_its_words_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.spot.name} {self.version}"

    @property
    def spot(self) -> Spot:
        return Spot(Kind(self.kind), self.channel, self.language, self.variant)

    @property
    def is_reset(self) -> bool:
        """From here on it speaks as Tonus comes."""
        return not self.text
