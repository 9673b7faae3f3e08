"""What a clinic's safety rules say, which red flags were asked about, and what a decision relied on."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from patients.models import OfPatientQuerySet
from treatments.models.notes import SessionNote
from treatments.models.plans import Intervention, Technique
from treatments.safety import Flag, WayHome
from treatments.safety.redflags import Answer
from treatments.safety.rules import Effect


class SafetyRuleQuerySet(models.QuerySet["SafetyRule"]):
    def in_force(self) -> SafetyRuleQuerySet:
        return self.filter(in_force_until__isnull=True)

    def in_order(self) -> SafetyRuleQuerySet:
        return self.order_by("rule", "-version")


class SafetyRule(models.Model):
    """One version of one rule. A change is a new version; the old one says until when it was in force."""

    rule = models.CharField(max_length=12)
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=80)
    #: The gravest of its gates.
    severity = models.CharField(max_length=12)
    conditions = models.JSONField()
    gates = models.JSONField()
    position = models.CharField(max_length=16, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    slow_rise = models.BooleanField(default=False)
    is_off = models.BooleanField(default=False)
    sentence = models.CharField(max_length=300)
    source = models.CharField(max_length=200)
    in_force_from = models.DateTimeField()
    in_force_until = models.DateTimeField(null=True, blank=True)
    #: Nobody: it came with Tonus.
    changed_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=300)

    objects = SafetyRuleQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("rule", "version", name="a_rule_has_each_version_once"),
            models.UniqueConstraint(
                "rule", condition=Q(in_force_until__isnull=True), name="one_version_of_a_rule_is_in_force"
            ),
            models.CheckConstraint(condition=Q(severity__in=[e.value for e in Effect]), name="rule_severity_is_known"),
            models.CheckConstraint(
                condition=~Q(sentence="") & ~Q(source="") & ~Q(why="") & ~Q(title=""),
                name="a_rule_says_what_why_and_whence",
            ),
            models.CheckConstraint(
                condition=Q(in_force_until__isnull=True) | Q(in_force_until__gte=F("in_force_from")),
                name="a_rule_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}, version {self.version}"


class Occasion(models.TextChoices):
    INTAKE = "intake", "First visit"
    AGAIN = "again", "Asked again"
    TRAUMA = "trauma", "After a new injury"
    FEVER = "fever", "After a fever"


class RedFlagScreen(models.Model):
    """One time that the red flags were asked about; every question is yes, no or not asked. Written once."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="red_flag_screens")
    occasion = models.CharField(max_length=8, choices=Occasion.choices)
    answers = models.JSONField()
    remark = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(occasion__in=Occasion.values), name="screen_occasion_is_known")
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "asked_at"], name="red_flag_screens_of_a_patient")]

    def __str__(self) -> str:
        return f"Red flags asked about on {self.asked_at:%Y-%m-%d}"


class RedFlagClearance(models.Model):
    """A clinician's word on red flags that stood: who, when, in which words. Written once."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="red_flag_clearances")
    flags = ArrayField(models.CharField(max_length=32))
    clinician = models.CharField(max_length=120)
    seen_on = models.DateField()
    words = models.CharField(max_length=1000)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(flags__contained_by=[f.value for f in Flag]) & Q(flags__len__gte=1),
                name="a_clearance_is_of_flags_we_know",
            ),
            models.CheckConstraint(
                condition=~Q(clinician="") & ~Q(words=""), name="a_clearance_says_who_and_in_which_words"
            ),
        ]

    def __str__(self) -> str:
        return f"Cleared by {self.clinician} on {self.seen_on:%Y-%m-%d}"


#: What is asked at a visit: three answers each.
ANSWERS = [(Answer.NOT_ASKED.value, "Not asked"), (Answer.NO.value, "No"), (Answer.YES.value, "Yes")]
WAYS = [
    (WayHome.NOT_ASKED.value, "Not asked"),
    (WayHome.ACCOMPANIED.value, "Is fetched or driven"),
    (WayHome.PUBLIC.value, "Bus, train or taxi"),
    (WayHome.ON_FOOT.value, "Walks alone"),
    (WayHome.DRIVES.value, "Drives"),
]


def _answer() -> models.CharField:
    return models.CharField(max_length=12, choices=ANSWERS, default=Answer.NOT_ASKED.value)


class VisitCheck(models.Model):
    """What was asked when the patient came: doses, the way home, what is new. Holds for the day; written once."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="visit_checks")
    dose = _answer()
    last_dose_at = models.DateTimeField(null=True, blank=True)
    way_home = models.CharField(max_length=12, choices=WAYS, default=WayHome.NOT_ASKED.value)
    intoxicated = _answer()
    new_injury = _answer()
    fever = _answer()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(dose__in=[v for v, _ in ANSWERS], intoxicated__in=[v for v, _ in ANSWERS])
                & Q(new_injury__in=[v for v, _ in ANSWERS], fever__in=[v for v, _ in ANSWERS])
                & Q(way_home__in=[v for v, _ in WAYS]),
                name="what_was_asked_at_a_visit_has_answers",
            ),
            models.CheckConstraint(
                condition=Q(last_dose_at__isnull=True) | Q(dose=Answer.YES.value, last_dose_at__lte=F("asked_at")),
                name="a_last_dose_was_taken_before_it_was_asked",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "asked_at"], name="visit_checks_of_a_patient")]

    def __str__(self) -> str:
        return f"Asked on {self.asked_at:%Y-%m-%d}"


class Reliance(models.Model):
    """The verdict that a signed note or a set-aside rule relied on, with the versions of the rules. Written once."""

    append_only = True

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, null=True, blank=True, related_name="reliances")
    intervention = models.ForeignKey(
        Intervention, on_delete=models.PROTECT, null=True, blank=True, related_name="reliances"
    )
    technique = models.CharField(max_length=16, choices=Technique.choices)
    verdict = models.CharField(max_length=12)
    pressure_cap = models.PositiveSmallIntegerField(null=True, blank=True)
    #: What every rule said: "TEC-01@1", the gravest first.
    rules = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    relied_at = models.DateTimeField()
    relied_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(note__isnull=True, intervention__isnull=False)
                | Q(note__isnull=False, intervention__isnull=True),
                name="a_verdict_was_relied_on_by_a_note_or_a_plan",
            ),
            models.UniqueConstraint("note", "technique", name="a_note_relies_once_on_a_technique"),
        ]

    def __str__(self) -> str:
        return f"{self.technique}: {self.verdict}"
