"""What a note lists of findings, who else vouches for it, whose notes need that, and the words one types often."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q

from patients.models import OfPatientQuerySet
from treatments.findings import Degree, Grade, MuscleGroup, Palpation
from treatments.models.notes import SessionNote
from treatments.outcomes.measures import MOVEMENTS
from treatments.regions import Region

if TYPE_CHECKING:
    from clinic.models import Practitioner


class MotionMeasured(models.Model):
    """How far one movement went, in degrees."""

    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, related_name="motions")
    position = models.PositiveSmallIntegerField()
    movement = models.CharField(max_length=32)
    degrees = models.PositiveSmallIntegerField()
    remark = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "motions measured"
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(movement__in=list(MOVEMENTS)), name="measured_movement_is_known"),
            models.CheckConstraint(condition=Q(degrees__lte=360), name="measured_degrees_are_possible"),
        ]

    def __str__(self) -> str:
        return f"{self.get_movement_display()} {self.degrees}°"

    def get_movement_display(self) -> str:
        return MOVEMENTS.get(self.movement, self.movement)


class StrengthTested(models.Model):
    """One muscle group, tested by hand."""

    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, related_name="strengths")
    position = models.PositiveSmallIntegerField()
    muscles = models.CharField(max_length=32, choices=MuscleGroup.choices)
    grade = models.CharField(max_length=2, choices=Grade.choices)
    remark = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "strengths tested"
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(muscles__in=MuscleGroup.values), name="tested_muscles_are_known"),
            models.CheckConstraint(condition=Q(grade__in=Grade.values), name="strength_is_graded_nought_to_five"),
        ]

    def __str__(self) -> str:
        return f"{self.get_muscles_display()} {self.get_grade_display()} of 5"


class PalpationFound(models.Model):
    """What hands found in one region."""

    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, related_name="palpations")
    position = models.PositiveSmallIntegerField()
    region = models.CharField(max_length=32, choices=Region.choices)
    finding = models.CharField(max_length=16, choices=Palpation.choices)
    degree = models.PositiveSmallIntegerField(choices=Degree.choices, null=True, blank=True)
    remark = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "palpations found"
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(region__in=Region.values), name="palpated_region_is_known"),
            models.CheckConstraint(condition=Q(finding__in=Palpation.values), name="palpation_finding_is_known"),
            models.CheckConstraint(
                condition=Q(degree__isnull=True) | Q(degree__in=Degree.values), name="palpation_degree_is_known"
            ),
        ]

    def __str__(self) -> str:
        degree = f"{self.get_degree_display()} " if self.degree else ""
        return f"{self.get_region_display()}: {degree}{self.get_finding_display().lower()}"


class CoSignature(models.Model):
    """Somebody else vouches for a signed note as well. A row beside the note, which stays locked. See ADR 0064."""

    append_only = True

    note = models.OneToOneField(SessionNote, on_delete=models.PROTECT, related_name="cosignature")
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    #: The digest of the note as it was read: what is vouched for.
    digest = models.CharField(max_length=64)
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "co-signature"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="a_cosignature_says_what_it_vouches_for"
            )
        ]

    def __str__(self) -> str:
        return f"Co-signed by {self.signed_by}"


class SupervisionQuerySet(models.QuerySet["Supervision"]):
    def current(self) -> SupervisionQuerySet:
        return self.filter(ended_at__isnull=True)

    def of(self, practitioner: Practitioner) -> SupervisionQuerySet:
        """Whose notes this practitioner co-signs."""
        return self.current().filter(cosigner=practitioner)

    def for_list(self) -> SupervisionQuerySet:
        return self.select_related("practitioner__user", "cosigner__user").order_by(
            "practitioner__user__name", "cosigner__user__name", "pk"
        )


class Supervision(models.Model):
    """The notes of one practitioner need the co-signature of another."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="supervisions")
    cosigner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="supervises")
    began_at = models.DateTimeField()
    began_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = SupervisionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(practitioner=F("cosigner")), name="nobody_cosigns_their_own_notes"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="a_supervision_that_ended_says_when_and_by_whom",
            ),
            models.UniqueConstraint(
                "practitioner",
                "cosigner",
                condition=Q(ended_at__isnull=True),
                name="a_supervision_holds_once",
                violation_error_message="That is agreed already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cosigner} co-signs for {self.practitioner}"


class NoteOpeningQuerySet(OfPatientQuerySet["NoteOpening"]):
    def open_at(self, now: datetime) -> NoteOpeningQuerySet:
        return self.filter(opened_at__lte=now, expires_at__gt=now)


class NoteOpening(models.Model):
    """An owner opened a note that its author keeps private, for an hour, with a reason that the author reads."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, related_name="openings")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    opened_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = NoteOpeningQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["opened_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="a_private_note_is_opened_for_a_reason"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("opened_at")), name="an_opened_note_closes_again"),
        ]

    def __str__(self) -> str:
        return self.reason


class SnippetQuerySet(models.QuerySet["Snippet"]):
    def in_use(self) -> SnippetQuerySet:
        return self.filter(retired_at__isnull=True)

    def offered_to(self, practitioner: Practitioner) -> SnippetQuerySet:
        """The clinic's and one's own, by their short names; one's own goes before the clinic's of that name."""
        return self.in_use().filter(Q(owner=practitioner) | Q(owner__isnull=True)).order_by("short", F("owner").desc())


class Snippet(models.Model):
    """Words that are typed often, under a short name: one practitioner's own, or the clinic's."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    #: None for the clinic's.
    owner = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="snippets"
    )
    short = models.CharField("short name", max_length=20)
    text = models.TextField(max_length=1000)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    revision = models.PositiveIntegerField(default=1)

    objects = SnippetQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(short__regex=r"^[a-z0-9][a-z0-9-]*$"), name="a_short_name_can_be_typed"),
            models.CheckConstraint(condition=~Q(text=""), name="a_snippet_says_something"),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True, retired_by__isnull=True)
                | Q(retired_at__isnull=False, retired_by__isnull=False),
                name="a_snippet_that_is_retired_says_when_and_by_whom",
            ),
            models.UniqueConstraint(
                "owner",
                "short",
                condition=Q(retired_at__isnull=True),
                name="a_short_name_is_used_once",
                nulls_distinct=False,
                violation_error_message="That short name is taken.",
            ),
        ]

    def __str__(self) -> str:
        return f".{self.short}"

    @property
    def is_clinics(self) -> bool:
        return self.owner_id is None
