"""What was done in one session. Signed, it is never changed: the database refuses, 0002_guards says how."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic.access import Can
from clinic.models import User
from clinic.time import local_day
from patients.models import OfPatientQuerySet
from treatments.models.episodes import Episode
from treatments.models.exercises import DosageUnit, Exercise
from treatments.models.plans import Plan, Technique
from treatments.regions import Region
from treatments.states import NotePrivacy, NoteStatus

if TYPE_CHECKING:
    from clinic.models import Practitioner


class SessionNoteQuerySet(OfPatientQuerySet["SessionNote"]):
    def signed(self) -> SessionNoteQuerySet:
        return self.filter(status=NoteStatus.SIGNED)

    def drafts(self) -> SessionNoteQuerySet:
        return self.filter(status=NoteStatus.DRAFT)

    def visible_to(self, actor: object, can: Can, *, now: datetime | None = None) -> Self:
        """Of patients on whom the actor may do this, as far as each note's author lets them.

        Who is to co-sign a note may read it until then, in their care or not.
        """
        rows = super().visible_to(actor, can, now=now)
        if not isinstance(actor, User):
            return rows
        seen = Q(pk__in=rows.let_read_by(actor).values("pk"))
        if can is Can.SEE_NOTES and actor.can(can) and actor.practitioner_or_none is not None:
            seen |= Q(pk__in=self.model.objects.to_cosign(actor.practitioner).values("pk"))
        return self.filter(seen)

    def to_cosign(self, practitioner: Practitioner) -> Self:
        """Signed notes that wait for this practitioner's co-signature."""
        return self.waiting_for_cosignature().filter(
            author__supervisions__cosigner=practitioner, author__supervisions__ended_at__isnull=True
        )

    def waiting_for_cosignature(self) -> Self:
        return self.filter(needs_cosignature=True, cosignature__isnull=True)

    def visible_for_opening(self, actor: object, *, now: datetime | None = None) -> Self:
        """Signed notes that their authors keep private, for who may open them with a reason."""
        rows = super().visible_to(actor, Can.OPEN_PRIVATE_NOTES, now=now)
        return rows.signed().filter(privacy=NotePrivacy.PRIVATE)  # type: ignore[return-value]

    def let_read_by(self, actor: User) -> Self:
        """Those whose author lets this person read them, if they may read the patient's notes at all."""
        return self.filter(_readable_by(actor))

    def saying_who_reads(self, actor: User) -> Self:
        """Each says whether this reader may read it: `is_readable`."""
        return self.annotate(is_readable=models.ExpressionWrapper(_readable_by(actor), models.BooleanField()))

    def unsigned_by(self, practitioner: Practitioner) -> SessionNoteQuerySet:
        """Drafts this practitioner still has to sign, the oldest session first."""
        return self.drafts().filter(author=practitioner).order_by("service_at", "pk")

    def charted(self) -> Self:
        """Those with anything marked on the body."""
        return self.filter(marks__isnull=False).distinct()

    def newest_first(self) -> SessionNoteQuerySet:
        return self.order_by("-service_at", "-pk")

    def for_list(self) -> SessionNoteQuerySet:
        """All that a row in a list of notes shows."""
        return self.select_related("author__user", "patient", "episode", "cosignature").prefetch_related("techniques")

    def with_parts(self) -> SessionNoteQuerySet:
        return self.select_related(
            "author__user", "patient", "episode", "plan", "signed_by", "carried_from", "cosignature__signed_by"
        ).prefetch_related(
            "techniques", "exercises__exercise", "motions", "strengths", "palpations", "marks", "addenda__written_by"
        )


def _readable_by(actor: User) -> Q:
    """What the author of a note lets this person read, if they may read the patient's notes at all."""
    readable = Q(privacy=NotePrivacy.CLINICIANS) | Q(author__user=actor)
    treats = actor.practitioner_or_none
    return readable | Q(privacy=NotePrivacy.DISCIPLINE, author__discipline=treats.discipline) if treats else readable


class SessionNote(models.Model):
    """S O A P of one session, with what can be counted in fields of its own."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="notes")
    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, null=True, blank=True, related_name="notes")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="notes")
    author = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="notes")
    #: The appointment it is about (scheduling points down, so only its uid is known here).
    visit_uid = models.UUIDField(unique=True, null=True, blank=True)
    service_at = models.DateTimeField()
    #: The zone of the place it happened in: pages show its times there.
    zone = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    #: When its words were last saved: a late entry shows both times.
    written_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=NoteStatus.choices, default=NoteStatus.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    privacy = models.CharField(max_length=12, choices=NotePrivacy.choices, default=NotePrivacy.CLINICIANS)
    #: The note that "same as last time" was taken from, and which parts of it nobody has looked at yet.
    carried_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    carried = ArrayField(models.CharField(max_length=24), default=list, blank=True)

    subjective = models.TextField(max_length=4000, blank=True)
    objective = models.TextField(max_length=4000, blank=True)
    assessment = models.TextField(max_length=4000, blank=True)
    next_steps = models.TextField("plan", max_length=4000, blank=True)
    response = models.CharField(max_length=500, blank=True)
    pain_before = models.PositiveSmallIntegerField(null=True, blank=True)
    pain_after = models.PositiveSmallIntegerField(null=True, blank=True)
    spasms_since_last = models.PositiveSmallIntegerField(null=True, blank=True)

    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, blank=True)
    template_version = models.PositiveSmallIntegerField(default=1)
    #: Said at signing: whether somebody else has to vouch for it, too.
    needs_cosignature = models.BooleanField(default=False, db_default=False)

    objects = SessionNoteQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=NoteStatus.values), name="note_status_is_known"),
            models.CheckConstraint(
                condition=Q(
                    status=NoteStatus.DRAFT,
                    signed_at__isnull=True,
                    signed_by__isnull=True,
                    digest="",
                )
                | Q(
                    status=NoteStatus.SIGNED,
                    signed_at__isnull=False,
                    signed_by__isnull=False,
                    digest__regex=r"^[0-9a-f]{64}$",
                ),
                name="a_signed_note_says_when_who_and_what_exactly",
            ),
            models.CheckConstraint(condition=Q(privacy__in=NotePrivacy.values), name="note_privacy_is_known"),
            models.CheckConstraint(
                condition=Q(status=NoteStatus.DRAFT) | Q(carried=[]),
                name="what_was_carried_is_looked_at_before_it_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(status=NoteStatus.SIGNED) | Q(needs_cosignature=False),
                name="only_a_signed_note_waits_for_a_cosignature",
            ),
            models.CheckConstraint(
                condition=(Q(pain_before__isnull=True) | Q(pain_before__range=(0, 10)))
                & (Q(pain_after__isnull=True) | Q(pain_after__range=(0, 10))),
                name="pain_is_zero_to_ten",
            ),
            models.CheckConstraint(
                condition=Q(spasms_since_last__isnull=True) | Q(spasms_since_last__lte=999),
                name="spasms_can_be_counted",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["patient", "-service_at"], name="notes_of_a_patient"),
            models.Index(
                fields=["author", "service_at"],
                condition=Q(status="draft"),
                name="unsigned_notes_of_an_author",
            ),
            models.Index(
                fields=["author", "service_at"],
                condition=Q(needs_cosignature=True),
                name="notes_that_need_a_cosignature",
            ),
        ]

    def __str__(self) -> str:
        return f"Note of {self.service_at:%Y-%m-%d}"

    @property
    def is_signed(self) -> bool:
        return self.status == NoteStatus.SIGNED

    @property
    def waits_for_cosignature(self) -> bool:
        return self.needs_cosignature and self.cosigned is None

    @property
    def cosigned(self) -> Any:
        """The co-signature, or None."""
        return getattr(self, "cosignature", None)

    @property
    def is_late(self) -> bool:
        """Written on a later day than the session: both times are shown."""
        tz = ZoneInfo(self.zone)
        return local_day(self.written_at, tz) > local_day(self.service_at, tz)

    @property
    def minutes(self) -> int:
        """Hands-on minutes, as listed."""
        return sum(applied.minutes for applied in self.techniques.all())


class TechniqueApplied(models.Model):
    """One technique on one region: how long and how hard."""

    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, related_name="techniques")
    position = models.PositiveSmallIntegerField()
    technique = models.CharField(max_length=16, choices=Technique.choices)
    region = models.CharField(max_length=32, choices=Region.choices)
    minutes = models.PositiveSmallIntegerField()
    pressure = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "techniques applied"
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(technique__in=Technique.values),
                name="applied_technique_is_known",
            ),
            models.CheckConstraint(condition=Q(region__in=Region.values), name="applied_region_is_known"),
            models.CheckConstraint(
                condition=Q(minutes__range=(1, 240)),
                name="applied_minutes_are_possible",
            ),
            models.CheckConstraint(
                condition=Q(pressure__isnull=True) | Q(pressure__range=(1, 5)),
                name="applied_pressure_is_one_to_five",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_technique_display()}, {self.get_region_display()}, {self.minutes} min"


class ExerciseDone(models.Model):
    """One exercise as it was done in the session."""

    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, related_name="exercises")
    position = models.PositiveSmallIntegerField()
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="+")
    sets = models.PositiveSmallIntegerField()
    amount = models.PositiveSmallIntegerField()
    remark = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "exercises done"
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(sets__range=(1, 20), amount__range=(1, 600)),
                name="exercise_done_is_possible",
            )
        ]

    def __str__(self) -> str:
        return f"{self.exercise.name}: {self.sets} × {self.amount} {DosageUnit(self.exercise.unit).label}"


class Addendum(models.Model):
    """Words added to a signed note, beside the original and never instead of it."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, related_name="addenda")
    reason = models.CharField(max_length=200)
    text = models.TextField(max_length=4000)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "addenda"
        ordering: ClassVar = ["written_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(reason=""),
                name="an_addendum_says_something_and_why",
            )
        ]

    def __str__(self) -> str:
        return f"Addendum of {self.written_at:%Y-%m-%d %H:%M}"
