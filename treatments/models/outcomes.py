"""What was measured, what the patient was asked, and what the clinic takes for a change."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from patients.models import OfPatient, OfPatientQuerySet
from treatments.outcomes.measures import MEASURES, MOVEMENTS, Source, name_of

ALL = [(slug, measure.name) for slug, measure in MEASURES.items()]
#: What is written down as a measurement; the rest is counted from the diary.
WRITTEN = [(slug, name) for slug, name in ALL if MEASURES[slug].source is not Source.DIARY]


class MeasurementQuerySet(OfPatientQuerySet["Measurement"]):
    def oldest_first(self) -> MeasurementQuerySet:
        return self.order_by("taken_at", "pk")

    def newest_first(self) -> MeasurementQuerySet:
        return self.order_by("-taken_at", "-pk")


class Measurement(OfPatient):
    """One score with the answers it was made of. Never changed: a wrong one is struck out and taken again."""

    episode = models.ForeignKey(
        "treatments.Episode", on_delete=models.PROTECT, null=True, blank=True, related_name="measurements"
    )
    measure = models.CharField(max_length=16, choices=WRITTEN)
    #: Of a range of motion: which movement.
    detail = models.CharField(max_length=20, blank=True)
    taken_at = models.DateTimeField()
    value = models.DecimalField(max_digits=5, decimal_places=1)
    answers = models.JSONField(default=dict)
    #: The questions by link that it answers; empty when it was taken in the clinic.
    request = models.ForeignKey(
        "treatments.MeasureRequest", on_delete=models.PROTECT, null=True, blank=True, related_name="measurements"
    )

    objects = MeasurementQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            models.CheckConstraint(
                condition=Q(measure__in=[slug for slug, _ in WRITTEN]), name="measurement_is_of_a_known_measure"
            ),
            models.CheckConstraint(
                condition=(Q(measure="rom") & Q(detail__in=list(MOVEMENTS))) | (~Q(measure="rom") & Q(detail="")),
                name="a_range_of_motion_and_only_one_names_its_movement",
            ),
            models.CheckConstraint(
                condition=Q(
                    *[
                        Q(measure=slug, value__gte=MEASURES[slug].low, value__lte=MEASURES[slug].high)
                        for slug, _ in WRITTEN
                    ],
                    _connector=Q.OR,
                ),
                name="a_measurement_is_on_its_scale",
            ),
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=False) | Q(request__isnull=False),
                name="a_measurement_was_taken_by_staff_or_answers_a_request",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "taken_at"], name="measurements_of_a_patient")]

    def __str__(self) -> str:
        return f"{self.name} {self.value.normalize():f}"

    @property
    def name(self) -> str:
        return name_of(self.measure, self.detail)


class MeasureRequestQuerySet(OfPatientQuerySet["MeasureRequest"]):
    def open(self) -> MeasureRequestQuerySet:
        return self.filter(answered_at__isnull=True, withdrawn_at__isnull=True)

    def newest_first(self) -> MeasureRequestQuerySet:
        return self.order_by("-asked_at", "-pk")


class MeasureRequest(models.Model):
    """Questions put to a patient by link: answered once, or taken back."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="measure_requests")
    episode = models.ForeignKey(
        "treatments.Episode", on_delete=models.PROTECT, null=True, blank=True, related_name="measure_requests"
    )
    measures = ArrayField(models.CharField(max_length=16, choices=WRITTEN))
    #: The activities to rate again, as the patient named them.
    activities = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    runs_out_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = MeasureRequestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(measures__contained_by=[slug for slug, _ in WRITTEN]) & ~Q(measures=[]),
                name="a_request_asks_for_known_measures",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="a_withdrawn_request_says_when_and_who",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="a_request_is_answered_or_withdrawn",
            ),
            models.CheckConstraint(
                condition=Q(runs_out_at__gt=F("asked_at")), name="a_request_can_be_answered_for_a_while"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "-asked_at"], name="requests_of_a_patient")]

    def __str__(self) -> str:
        return ", ".join(MEASURES[slug].name for slug in self.measures)

    def is_open(self, now: datetime) -> bool:
        return self.answered_at is None and self.withdrawn_at is None and now < self.runs_out_at


class MeasureThreshold(models.Model):
    """The clinic's own threshold of a measure, with its source. Version 1 is what Tonus comes with."""

    append_only = True

    measure = models.CharField(max_length=16, choices=ALL)
    detail = models.CharField(max_length=20, blank=True)
    version = models.PositiveSmallIntegerField()
    mdc = models.DecimalField("reliable from", max_digits=5, decimal_places=1, null=True, blank=True)
    mic = models.DecimalField("important from", max_digits=5, decimal_places=1, null=True, blank=True)
    mic_percent = models.PositiveSmallIntegerField("or from per cent", null=True, blank=True)
    sure_from = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    sure_to = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    citation = models.CharField("source", max_length=400)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("measure", "detail", "version", name="threshold_versions_are_counted_once"),
            models.CheckConstraint(
                condition=Q(measure__in=list(MEASURES), version__gte=2),
                name="a_threshold_follows_what_tonus_comes_with",
            ),
            models.CheckConstraint(condition=~Q(citation=""), name="a_threshold_names_its_source"),
            models.CheckConstraint(
                condition=(Q(mdc__isnull=True) | Q(mdc__gt=0))
                & (Q(mic__isnull=True) | Q(mic__gt=0))
                & (Q(mic_percent__isnull=True) | Q(mic_percent__range=(1, 100))),
                name="a_threshold_is_more_than_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{name_of(self.measure, self.detail)}, version {self.version}"


class OutcomeRules(models.Model):
    """The clinic's own rules of when a plan is spoken of, and how small a group may be to be shown."""

    append_only = True

    version = models.PositiveSmallIntegerField(unique=True)
    goal_times = models.PositiveSmallIntegerField("a goal holds after so many measurements in a row")
    visits_without_change = models.PositiveSmallIntegerField("sessions without a reliable change")
    smallest_group = models.PositiveSmallIntegerField("patients a group must have to be shown")
    citation = models.CharField("source", max_length=400)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "outcome rules"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    version__gte=2,
                    goal_times__range=(1, 5),
                    visits_without_change__range=(1, 60),
                    smallest_group__range=(3, 50),
                )
                & ~Q(citation=""),
                name="outcome_rules_are_possible",
            )
        ]

    def __str__(self) -> str:
        return f"Outcome rules, version {self.version}"

    def values(self) -> dict[str, Any]:
        names = ("version", "goal_times", "visits_without_change", "smallest_group", "citation")
        return {name: getattr(self, name) for name in names}
