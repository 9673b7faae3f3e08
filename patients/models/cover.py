"""Numbers other places know the patient by, and who pays."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from patients.models.choices import IdentifierKind, Relationship
from patients.models.of_patient import OfPatient, OfPatientQuerySet
from patients.models.tracking import tracked


class IdentifierQuerySet(OfPatientQuerySet["Identifier"]):
    def in_order(self) -> IdentifierQuerySet:
        return self.standing().order_by("kind", "pk")


@tracked()
class Identifier(OfPatient):
    """A number that somebody else knows the patient by."""

    kind = models.CharField(max_length=10, choices=IdentifierKind.choices)
    value = models.CharField("number", max_length=60)
    issuer = models.CharField("issued by", max_length=120, blank=True)

    objects = IdentifierQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            models.CheckConstraint(condition=Q(kind__in=IdentifierKind.values), name="identifier_kind_is_known"),
            models.UniqueConstraint(
                fields=["patient", "kind", "issuer", "value"],
                condition=Q(voided_at__isnull=True),
                name="identifier_is_listed_once",
                violation_error_message="That number is on the list already.",
            ),
        ]
        indexes: ClassVar = [models.Index("value", name="identifier_value")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"


class CoverageQuerySet(OfPatientQuerySet["Coverage"]):
    def in_order(self) -> CoverageQuerySet:
        """Who pays first, first; ended cover last."""
        return self.standing().order_by(F("valid_to").desc(nulls_first=True), "priority", "pk")

    def on(self, day: date) -> CoverageQuerySet:
        """In force on that day, who pays first, first."""
        return (
            self.standing()
            .filter(
                Q(valid_from__isnull=True) | Q(valid_from__lte=day), Q(valid_to__isnull=True) | Q(valid_to__gte=day)
            )
            .order_by("priority", "pk")
        )


@tracked()
class Coverage(OfPatient):
    """Insurance: who pays, under which numbers, from when to when."""

    payer_name = models.CharField("insurer", max_length=120)
    plan_name = models.CharField("plan", max_length=120, blank=True)
    member_id = models.CharField("member number", max_length=60)
    group_number = models.CharField(max_length=60, blank=True)
    relationship = models.CharField(
        "insured person", max_length=10, choices=Relationship.choices, default=Relationship.SELF
    )
    subscriber_name = models.CharField("name of the insured", max_length=120, blank=True)
    subscriber_born_on = models.DateField("their date of birth", null=True, blank=True)
    priority = models.PositiveSmallIntegerField("pays", choices=[(1, "First"), (2, "Second"), (3, "Third")], default=1)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    objects = CoverageQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            models.CheckConstraint(
                condition=Q(relationship__in=Relationship.values), name="coverage_relationship_is_known"
            ),
            models.CheckConstraint(condition=Q(priority__in=(1, 2, 3)), name="coverage_pays_first_second_or_third"),
            models.CheckConstraint(
                condition=Q(relationship=Relationship.SELF) | ~Q(subscriber_name=""),
                name="coverage_of_another_names_them",
                violation_error_message="Whose insurance is it? Type the name of the insured.",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="coverage_ends_after_it_begins",
                violation_error_message="Cover cannot end before it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payer_name} {self.member_id}"
