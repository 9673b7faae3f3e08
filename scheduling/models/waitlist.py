"""Who waits for a time, what they were offered, and which times became free. See docs/algorithms/waitlist.md."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clinic import access
from clinic.access import Can
from patients.models import OfPatientQuerySet
from scheduling.models.appointments import Appointment
from scheduling.models.groups import GroupSession
from scheduling.models.holds import Hold
from scheduling.models.hours import Weekday
from scheduling.models.resources import LONGEST_VISIT, Room, Service
from scheduling.states import NOT_BEGUN, ON_THE_LIST, Outcome, Waiting


class Urgency(models.IntegerChoices):
    URGENT = 1, "Before all others"
    NORMAL = 2, "In order"


class WaitlistEntryQuerySet(OfPatientQuerySet["WaitlistEntry"]):
    def visible_to(self, actor: object, can: Can = Can.SEE_DIARY, *, now: datetime | None = None) -> Self:
        """The list is everybody's who may see the diary; for other actions, of patients on whom they are allowed."""
        if can is Can.SEE_DIARY:
            return self.all() if access.allows(actor, can) else self.none()
        return super().visible_to(actor, can, now=now)

    def on_the_list(self) -> Self:
        return self.filter(status__in=ON_THE_LIST)

    def waiting(self) -> Self:
        """Has no offer to answer just now."""
        return self.filter(status=Waiting.WAITING)

    def offered(self) -> Self:
        """A time is kept for them now."""
        return self.filter(status=Waiting.OFFERED)

    def ended(self) -> Self:
        return self.exclude(status__in=ON_THE_LIST)

    def run_out(self, now: datetime) -> Self:
        """The days are over everywhere on earth, or the visit that was to be moved can no longer be."""
        over = Q(last_on__lt=(now - timedelta(hours=12)).date())
        present = Q(earlier_than__starts_at__lte=now) | (
            Q(earlier_than__isnull=False) & ~Q(earlier_than__status__in=sorted(NOT_BEGUN))
        )
        return self.on_the_list().filter(over | present)

    def by_whom(self, practitioner: models.Model) -> Self:
        """Who would be treated by this practitioner: asked for by name, or anybody of the discipline."""
        anybody = Q(practitioners__isnull=True, service__discipline=getattr(practitioner, "discipline", ""))
        return self.filter(Q(practitioners=practitioner.pk) | anybody).distinct()

    def in_order(self) -> Self:
        """As they came, who must not wait first."""
        return self.order_by("urgency", "asked_at", "pk")

    def for_verb(self) -> Self:
        return self.select_related(
            "patient__merged_into", "service", "intervention__plan", "earlier_than__practitioner__user",
            "earlier_than__location",
        )  # fmt: skip

    def for_list(self) -> Self:
        """All that a row shows, in three queries; offers apart."""
        return self.select_related("patient__merged_into", "service", "earlier_than__location").prefetch_related(
            "practitioners__user", "locations"
        )


class WaitlistEntry(models.Model):
    """A patient waits for a time: of which service, with whom, where, when; perhaps earlier than the present one."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="waitlist_entries")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    #: The part of the plan that the visit would be a session of.
    intervention = models.ForeignKey(
        "treatments.Intervention", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    #: None at all: anybody who does it; anywhere.
    practitioners = models.ManyToManyField("clinic.Practitioner", blank=True, related_name="+")
    locations = models.ManyToManyField("clinic.Location", blank=True, related_name="+")
    #: None: as long as the service takes.
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(choices=Weekday.choices), default=list, blank=True)
    earliest = models.TimeField("not before", null=True, blank=True)
    latest = models.TimeField("over by", null=True, blank=True)
    first_on = models.DateField("first day", null=True, blank=True)
    last_on = models.DateField("last day", null=True, blank=True)
    #: The visit that would be moved.
    earlier_than = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="waitlist_entries"
    )
    urgency = models.PositiveSmallIntegerField("order", choices=Urgency.choices, default=Urgency.NORMAL)
    #: For the desk, such as "lives ten minutes away". Not clinical.
    note = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Waiting.choices, default=Waiting.WAITING)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    #: The visit that came of it.
    visit = models.ForeignKey(Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    #: Why it ended without one.
    ended_for = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    #: The last change of anything about it, its offers included: for pages that refresh themselves.
    changed_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)

    objects = WaitlistEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "patient",
                "service",
                condition=Q(status__in=sorted(ON_THE_LIST)),
                name="a_patient_waits_for_a_service_once",
            ),
            models.CheckConstraint(condition=Q(status__in=Waiting.values), name="waitlist_status_is_known"),
            models.CheckConstraint(condition=Q(urgency__in=Urgency.values), name="waitlist_urgency_is_known"),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=Weekday.values), name="waitlist_days_are_days_of_the_week"
            ),
            models.CheckConstraint(
                condition=Q(earliest__isnull=True) | Q(latest__isnull=True) | Q(latest__gt=F("earliest")),
                name="waitlist_hours_end_after_they_begin",
                violation_error_message="The hours end before they begin.",
            ),
            models.CheckConstraint(
                condition=Q(first_on__isnull=True) | Q(last_on__isnull=True) | Q(last_on__gte=F("first_on")),
                name="waitlist_days_end_after_they_begin",
                violation_error_message="The last day is before the first.",
            ),
            models.CheckConstraint(
                condition=Q(minutes__isnull=True) | Q(minutes__range=(5, LONGEST_VISIT)),
                name="waitlist_visit_lasts_a_possible_time",
            ),
            models.CheckConstraint(
                condition=Q(status=Waiting.TAKEN, visit__isnull=False)
                | (~Q(status=Waiting.TAKEN) & Q(visit__isnull=True)),
                name="who_has_taken_a_time_has_a_visit",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(ON_THE_LIST), ended_at__isnull=True, ended_for="")
                | Q(status=Waiting.TAKEN, ended_at__isnull=False, ended_for="")
                | (Q(status__in=[Waiting.WITHDRAWN, Waiting.EXPIRED], ended_at__isnull=False) & ~Q(ended_for="")),
                name="who_left_the_waitlist_says_when_and_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index("urgency", "asked_at", name="waitlist_in_order", condition=Q(status__in=sorted(ON_THE_LIST))),
            models.Index("changed_at", name="waitlist_by_last_change"),
        ]

    def __str__(self) -> str:
        return f"Waits for {self.service}"

    @property
    def length(self) -> int:
        return self.minutes or self.service.minutes

    @property
    def is_on_the_list(self) -> bool:
        return self.status in ON_THE_LIST


class WaitlistOfferQuerySet(models.QuerySet["WaitlistOffer"]):
    def visible_to(self, actor: object, can: Can = Can.SEE_DIARY, *, now: datetime | None = None) -> Self:
        return self.filter(entry__in=WaitlistEntry.objects.visible_to(actor, can, now=now))

    def pending(self) -> Self:
        return self.filter(outcome=Outcome.PENDING)

    def over(self, now: datetime) -> Self:
        """Nobody has answered, and the time to do so is past; or the time is no longer held."""
        return self.pending().filter(Q(expires_at__lte=now) | Q(hold__isnull=True))

    def for_verb(self) -> Self:
        return self.select_related(
            "entry__patient__merged_into", "entry__service", "entry__intervention__plan", "entry__earlier_than",
            "practitioner__user", "location", "room", "hold", "session",
        )  # fmt: skip

    def for_list(self) -> Self:
        return self.select_related("practitioner__user", "location", "phoned_by").order_by("-made_at", "-pk")


class WaitlistOffer(models.Model):
    """One time, kept for one patient on the waitlist until it is answered or the time to answer is over."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    entry = models.ForeignKey(WaitlistEntry, on_delete=models.PROTECT, related_name="offers")
    #: What keeps the time; gone when it was taken, given back or has run out.
    hold = models.OneToOneField(Hold, on_delete=models.SET_NULL, null=True, related_name="offer")
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+")
    #: A seat of a group's session.
    session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_at = models.DateTimeField()
    #: None: by Tonus itself.
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    #: When the patient hears of it: at once, or at the next decent hour.
    tell_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    #: No message can be sent, or none in time: the desk calls.
    by_phone = models.BooleanField(default=False)
    phoned_at = models.DateTimeField(null=True)
    phoned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.PENDING)
    settled_at = models.DateTimeField(null=True)
    #: Why it was taken back.
    why = models.CharField(max_length=200, blank=True)

    objects = WaitlistOfferQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "entry", condition=Q(outcome=Outcome.PENDING), name="who_waits_has_one_offer_at_a_time"
            ),
            models.UniqueConstraint(
                "practitioner",
                "starts_at",
                condition=Q(outcome=Outcome.PENDING, session__isnull=True),
                name="a_free_time_is_offered_to_one_at_a_time",
            ),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="offer_outcome_is_known"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.PENDING, settled_at__isnull=True)
                | (~Q(outcome=Outcome.PENDING) & Q(settled_at__isnull=False)),
                name="a_settled_offer_says_when",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), expires_at__lt=F("starts_at"), tell_at__lt=F("expires_at")),
                name="an_offer_can_be_answered_before_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(phoned_at__isnull=True, phoned_by__isnull=True)
                | Q(phoned_at__isnull=False, phoned_by__isnull=False),
                name="who_phoned_about_an_offer_and_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index("expires_at", name="offers_by_their_end", condition=Q(outcome=Outcome.PENDING)),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} ({self.get_outcome_display()})"

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def is_pending(self) -> bool:
        return self.outcome == Outcome.PENDING


class FreedTimeQuerySet(models.QuerySet["FreedTime"]):
    def due(self, now: datetime) -> Self:
        return self.filter(is_due=True, look_at__lte=now).order_by("starts_at", "pk")

    def new(self) -> Self:
        """Nobody has seen them yet."""
        return self.filter(is_due=True, look_at__isnull=True)

    def known(self, now: datetime) -> Self:
        """Looked at, still ahead, and nobody on the list wanted all of it."""
        return self.filter(is_due=False, ends_at__gt=now)


class FreedTime(models.Model):
    """A time that became free: for the house to look at, or looked at and still free for who comes next.

    Written by triggers of the database alone, in the transaction that frees the time, so that no way of freeing one
    is forgotten; only ever added to and removed, so that nobody waits for it. Not a record of anything.
    """

    #: A hint, not a record: the diary itself is asked before anything is offered.
    may_cascade = True

    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.CASCADE, related_name="+")
    location = models.ForeignKey("clinic.Location", on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey(GroupSession, on_delete=models.CASCADE, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    #: To be looked at; else it was, and is still free for who joins the list.
    is_due = models.BooleanField(default=True, db_default=True)
    #: A time that was only held is free again at once; of a visit somebody may still take the change back.
    at_once = models.BooleanField(default=False, db_default=False)
    #: None: nobody has seen it yet. The triggers know no clock.
    look_at = models.DateTimeField(null=True)

    objects = FreedTimeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_freed_time_ends_after_it_begins"),
        ]
        indexes: ClassVar = [
            models.Index("look_at", name="freed_times_to_look_at", condition=Q(is_due=True)),
            models.Index("location", "starts_at", name="freed_times_of_a_location"),
        ]

    def __str__(self) -> str:
        return f"{self.practitioner} at {self.starts_at:%Y-%m-%d %H:%M}"
