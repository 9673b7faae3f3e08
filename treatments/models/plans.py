"""The plan of care: massage, physical therapy and medication side by side, for one diagnosed cause."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clinic.access import Can
from patients.models import OfPatientQuerySet, Patient
from treatments import regions
from treatments.models.episodes import Episode
from treatments.regions import Region
from treatments.states import OPEN_PLAN, PlanStatus


class Kind(models.TextChoices):
    MASSAGE = "massage", "Massage"
    PHYSICAL_THERAPY = "physical_therapy", "Physical therapy"
    MEDICATION = "medication", "Medication as ordered"


class Technique(models.TextChoices):
    GENTLE = "gentle", "Gentle massage"
    NEUROMUSCULAR = "neuromuscular", "Neuromuscular, sustained pressure"
    DEEP_TISSUE = "deep_tissue", "Deep tissue"


class SameDay(models.TextChoices):
    """In which order massage and exercises come when both fall on one day."""

    ANY = "any", "In any order"
    MASSAGE_FIRST = "massage_first", "Massage first, then exercises"
    EXERCISES_FIRST = "exercises_first", "Exercises first, then massage"
    APART = "apart", "Not both on one day"


class ConsentHow(models.TextChoices):
    """How the patient came to know what they agreed to, and said so."""

    READ_OUT = "read_out", "Read out, agreed by word"
    SHOWN = "shown", "Read on the screen, agreed by word"
    SIGNED = "signed", "Signed on paper"
    TELEPHONE = "telephone", "Read out by telephone"


class Measure(models.TextChoices):
    NPRS = "nprs", "Pain, 0 to 10"
    SPASMS_PER_WEEK = "spasms_per_week", "Spasms a week"
    PSFS = "psfs", "Activity (PSFS), 0 to 10"
    RMDQ = "rmdq", "Roland-Morris, 0 to 24"
    ODI = "odi", "Oswestry score, 0 to 100"
    ROM = "rom", "Range of motion, degrees"
    OTHER = "other", "Other, in words"


class PlanQuerySet(OfPatientQuerySet["Plan"]):
    def open(self) -> PlanQuerySet:
        return self.filter(status__in=OPEN_PLAN)

    def proposed(self) -> PlanQuerySet:
        return self.filter(status=PlanStatus.PROPOSED)

    def accepted(self) -> PlanQuerySet:
        return self.filter(status=PlanStatus.ACCEPTED)

    def with_parts(self) -> PlanQuerySet:
        """All that a plan page shows of its parts, in a fixed number of queries."""
        return self.select_related("episode", "patient", "author__user").prefetch_related(
            "interventions__exercises__exercise",
            "interventions__medication",
            "interventions__overrides",
            "goals",
        )

    def newest_first(self) -> PlanQuerySet:
        return self.order_by("-proposed_at", "-version", "-pk")


@pghistory.track()
class Plan(models.Model):
    """One version of the plan for an episode. A revision is a new version; the old one is kept."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="plans")
    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="plans")
    author = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="plans")
    version = models.PositiveSmallIntegerField(default=1)
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
    )
    status = models.CharField(max_length=12, choices=PlanStatus.choices, default=PlanStatus.PROPOSED)
    summary = models.CharField(max_length=500, blank=True)
    review_on = models.DateField()
    same_day = models.CharField(max_length=16, choices=SameDay.choices, default=SameDay.ANY)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    #: The day the patient agreed, and the version of the words they agreed to.
    consented_on = models.DateField(null=True, blank=True)
    consent_wording = models.CharField(max_length=20, blank=True)
    #: The words themselves, how they reached the patient, who agreed if not the patient, and to whom it was said.
    consent_text = models.TextField(blank=True)
    consent_how = models.CharField(max_length=12, choices=ConsentHow.choices, blank=True)
    consent_giver = models.CharField(max_length=120, blank=True)
    consent_taken_by = models.ForeignKey(
        "clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    end_reason = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=PlanStatus.values), name="plan_status_is_known"),
            models.UniqueConstraint("episode", "version", name="plan_versions_are_counted_once"),
            models.UniqueConstraint(
                "episode",
                condition=Q(status=PlanStatus.ACCEPTED),
                name="an_episode_has_one_accepted_plan",
                violation_error_message="This episode already has an accepted plan.",
            ),
            models.UniqueConstraint(
                "episode",
                condition=Q(status=PlanStatus.PROPOSED),
                name="an_episode_has_one_proposed_plan",
                violation_error_message="This episode already has a proposed plan.",
            ),
            models.CheckConstraint(
                condition=Q(
                    accepted_at__isnull=True,
                    accepted_by__isnull=True,
                    consented_on__isnull=True,
                    consent_wording="",
                )
                | (
                    Q(
                        accepted_at__isnull=False,
                        accepted_by__isnull=False,
                        consented_on__isnull=False,
                    )
                    & ~Q(consent_wording="")
                ),
                name="an_accepted_plan_says_when_who_and_to_what_words",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, consent_text="", consent_how="", consent_taken_by__isnull=True)
                | (
                    Q(accepted_at__isnull=False, consent_how__in=ConsentHow.values, consent_taken_by__isnull=False)
                    & ~Q(consent_text="")
                ),
                name="consent_keeps_its_words_how_and_to_whom",
            ),
            models.CheckConstraint(condition=Q(same_day__in=SameDay.values), name="plan_order_of_a_day_is_known"),
            models.CheckConstraint(
                condition=~Q(status__in=[PlanStatus.ACCEPTED, PlanStatus.COMPLETED]) | Q(accepted_at__isnull=False),
                name="a_plan_is_worked_on_only_with_consent",
            ),
            models.CheckConstraint(
                condition=Q(
                    ended_at__isnull=True,
                    ended_by__isnull=True,
                    end_reason="",
                    status__in=OPEN_PLAN,
                )
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="") & ~Q(status__in=OPEN_PLAN)),
                name="a_plan_that_ended_says_when_who_and_why",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "-proposed_at"], name="plans_of_a_patient")]

    def __str__(self) -> str:
        return f"{self.episode.title}, version {self.version}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_PLAN


class InterventionQuerySet(models.QuerySet["Intervention"]):
    def visible_to(self, actor: object, can: Can, *, now: datetime | None = None) -> InterventionQuerySet:
        """Parts of the plans of patients on whom the actor may do this."""
        return self.filter(plan__in=Plan.objects.visible_to(actor, can, now=now))

    def for_patient(self, patient: Patient) -> InterventionQuerySet:
        return self.filter(plan__in=Plan.objects.for_patient(patient))

    def bookable(self) -> InterventionQuerySet:
        """What sessions can be booked for: the hands-on parts of accepted plans."""
        return self.filter(
            plan__status=PlanStatus.ACCEPTED,
            kind__in=[Kind.MASSAGE, Kind.PHYSICAL_THERAPY],
        ).select_related("plan__episode", "plan__author__user")


class Intervention(models.Model):
    """One part of a plan: a massage, physical therapy, or a medicine as its prescriber ordered it."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="interventions")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    position = models.PositiveSmallIntegerField(default=1)
    technique = models.CharField(max_length=16, choices=Technique.choices, blank=True)
    regions = ArrayField(
        models.CharField(max_length=32, choices=Region.choices),
        default=list,
        blank=True,
    )
    #: The most pressure allowed, 1 (resting hand) to 5 (as deep as it goes).
    pressure_cap = models.PositiveSmallIntegerField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    sessions = models.PositiveSmallIntegerField(null=True, blank=True)
    days_between = models.PositiveSmallIntegerField(null=True, blank=True)
    instructions = models.CharField(max_length=500, blank=True)
    medication = models.ForeignKey(
        "patients.Medication",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    #: What the prescriber ordered on the day of this plan, word for word.
    as_ordered = models.CharField(max_length=400, blank=True)

    objects = InterventionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="intervention_kind_is_known"),
            models.CheckConstraint(
                condition=Q(kind=Kind.MASSAGE, technique__in=Technique.values)
                | (~Q(kind=Kind.MASSAGE) & Q(technique="")),
                name="a_massage_and_only_a_massage_names_its_technique",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.MEDICATION, medication__isnull=False)
                | (~Q(kind=Kind.MEDICATION) & Q(medication__isnull=True, as_ordered="")),
                name="a_medicine_and_only_a_medicine_points_at_its_order",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind=Kind.MEDICATION,
                    minutes__isnull=True,
                    sessions__isnull=True,
                    days_between__isnull=True,
                )
                | (
                    ~Q(kind=Kind.MEDICATION)
                    & Q(
                        minutes__range=(5, 240),
                        sessions__range=(1, 60),
                        days_between__range=(0, 60),
                    )
                ),
                name="hands_on_work_has_minutes_sessions_and_spacing",
            ),
            models.CheckConstraint(
                condition=Q(pressure_cap__isnull=True) | Q(kind=Kind.MASSAGE, pressure_cap__range=(1, 5)),
                name="a_pressure_cap_is_one_to_five",
            ),
            models.CheckConstraint(
                condition=Q(regions__contained_by=Region.values),
                name="intervention_regions_are_known",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What the diary and the bill call it: "Massage: deep tissue, 45 min"."""
        if self.kind == Kind.MEDICATION:
            return self.as_ordered
        name = Kind(self.kind).label
        if self.technique:
            name = f"{name}: {Technique(self.technique).label.split(',')[0].lower()}"
        return f"{name}, {self.minutes} min"

    @property
    def region_labels(self) -> str:
        return regions.labels(self.regions)


class SafetyOverride(models.Model):
    """A blocking finding that a therapist set aside, with the reason; written once."""

    append_only = True

    intervention = models.ForeignKey(Intervention, on_delete=models.PROTECT, related_name="overrides")
    rule = models.CharField(max_length=12)
    message = models.CharField(max_length=300)
    reason = models.CharField(max_length=300)
    overridden_at = models.DateTimeField()
    overridden_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="an_override_says_why"),
            models.UniqueConstraint(
                "intervention",
                "rule",
                name="a_rule_is_overridden_once_per_intervention",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} set aside: {self.reason}"


class Goal(models.Model):
    """What the patient wants to reach, tied to a measure."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="goals")
    position = models.PositiveSmallIntegerField(default=1)
    measure = models.CharField(max_length=16, choices=Measure.choices)
    wording = models.CharField(max_length=200, blank=True)
    baseline = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    target = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(measure__in=Measure.values), name="goal_measure_is_known"),
            models.CheckConstraint(
                condition=Q(measure=Measure.OTHER) & ~Q(wording="")
                | (~Q(measure=Measure.OTHER) & Q(target__isnull=False)),
                name="a_goal_has_a_target_or_words",
            ),
            models.CheckConstraint(
                condition=Q(baseline__isnull=True) | Q(target__isnull=True) | ~Q(baseline=F("target")),
                name="a_goal_changes_something",
            ),
        ]

    def __str__(self) -> str:
        return self.wording or Measure(self.measure).label
