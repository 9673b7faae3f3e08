"""Forms whose words belong to others: brought by a clinic that holds a licence, kept with its word on that licence."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from treatments.outcomes.licensed import Section, Words
from treatments.outcomes.measures import LICENSED, MEASURES

CHOICES = [(slug, MEASURES[slug].name) for slug in sorted(LICENSED)]


class LicensedFormQuerySet(models.QuerySet["LicensedForm"]):
    def newest_first(self) -> LicensedFormQuerySet:
        return self.select_related("set_by").order_by("-version")

    def in_use(self) -> dict[str, LicensedForm]:
        """By measure, the words to ask by; a measure that is missing here is entered as a score."""
        latest = self.order_by("measure", "-version").distinct("measure")
        return {form.measure: form for form in latest if form.is_used}


class LicensedForm(models.Model):
    """One version of the words. It is never changed: the next takes its place, also one that says "no longer"."""

    append_only = True

    measure = models.CharField(max_length=16, choices=CHOICES)
    version = models.PositiveSmallIntegerField()
    #: Empty from the version on by which the clinic stopped using it.
    instruction = models.TextField(max_length=2000, blank=True)
    sections = models.JSONField(default=list, blank=True)
    #: What the licence is, in the words of whoever brought the form.
    licence = models.CharField(max_length=400)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    objects = LicensedFormQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("measure", "version", name="licensed_form_versions_are_counted_once"),
            models.CheckConstraint(
                condition=Q(measure__in=sorted(LICENSED), version__gte=1) & ~Q(licence=""),
                name="a_licensed_form_states_its_licence",
            ),
            models.CheckConstraint(
                condition=Q(sections=[]) | ~Q(instruction=""), name="a_licensed_form_has_its_instruction"
            ),
        ]

    def __str__(self) -> str:
        return f"{MEASURES[self.measure].name}, words version {self.version}"

    @property
    def is_used(self) -> bool:
        return bool(self.sections)

    @property
    def words(self) -> Words:
        sections: list[dict[str, Any]] = self.sections
        return Words(self.instruction, tuple(Section(s["heading"], tuple(s["statements"])) for s in sections))
