"""What a visit needs: a service says it, practitioners, rooms and devices give it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower, Mod
from django.db.models.lookups import Exact

from clinic import access
from clinic.access import Can
from clinic.models import Discipline, Practitioner
from treatments.models import Technique

#: Free times are reckoned in cells of five minutes, see docs/algorithms/booking.md.
CELL_MINUTES = 5
LONGEST_VISIT = 480
LONGEST_BUFFER = 120
#: No claim is longer; so those that reach into a window begin less than this before it.
LONGEST_CLAIM = timedelta(hours=12)
BUFFERS = (
    "preparing_minutes", "charting_minutes", "minutes_before", "minutes_after", "device_before", "device_after",
)  # fmt: skip


class Colour(models.TextChoices):
    """How a service looks in the diary; each has a light and a dark form in diary.css."""

    TEAL = "teal", "Teal"
    BLUE = "blue", "Blue"
    INDIGO = "indigo", "Indigo"
    PURPLE = "purple", "Purple"
    PINK = "pink", "Pink"
    ORANGE = "orange", "Orange"
    YELLOW = "yellow", "Yellow"
    GREEN = "green", "Green"


def whole_cells(*fields: str) -> models.CheckConstraint:
    """Minutes come in fives, so that free times can be reckoned exactly."""
    name = "%(class)s_minutes_come_in_fives"
    condition = Q()
    for field in fields:
        condition &= Q(Exact(Mod(field, Value(CELL_MINUTES)), 0))
    return models.CheckConstraint(condition=condition, name=name, violation_error_message="Minutes come in fives.")


def buffer(name: str, why: str) -> models.PositiveSmallIntegerField[Any, Any]:
    """Minutes in fives before or after a visit, for one kind of resource."""
    return models.PositiveSmallIntegerField(
        name, default=0, validators=[MaxValueValidator(LONGEST_BUFFER)], help_text=why
    )


class ForStaffQuerySet(models.QuerySet[Any]):
    """What the clinic itself is made of: whoever may see the diary may see it."""

    def visible_to(self, actor: object, can: Can = Can.SEE_DIARY) -> Self:
        return self.all() if access.allows(actor, can) else self.none()

    def active(self) -> Self:
        return self.filter(is_active=True)


class ServiceQuerySet(ForStaffQuerySet):
    def by_name(self) -> ServiceQuerySet:
        return self.order_by("discipline", "name", "pk")

    def for_practitioner(self, practitioner: Practitioner) -> ServiceQuerySet:
        return self.filter(discipline=practitioner.discipline)


class Service(models.Model):
    """Something the clinic offers by appointment: how long it takes and what it needs."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(
        max_length=80, unique=True, error_messages={"unique": "There is already a service of that name."}
    )
    discipline = models.CharField(max_length=20, choices=Discipline.choices)
    technique = models.CharField(max_length=16, choices=Technique.choices, blank=True)
    minutes = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(5), MaxValueValidator(LONGEST_VISIT)], help_text="How long the patient is here."
    )
    skill = models.CharField(
        "the practitioner must know",
        max_length=40,
        blank=True,
        help_text="For example: deep tissue, lymph drainage. Empty: anyone of the discipline.",
    )
    seats = models.PositiveSmallIntegerField(
        "patients at once",
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="More than one: a group, whose sessions are set up in the diary.",
    )
    #: What comes before and after the visit, for each kind of resource by itself: see `around`.
    preparing_minutes = buffer("preparing, minutes", "The therapist's time before the visit.")
    charting_minutes = buffer("charting, minutes", "The therapist's time after the visit; the room is not held for it.")
    minutes_before = buffer("room set-up, minutes", "Nobody else has the room while it is made ready.")
    minutes_after = buffer("room clean-up, minutes", "Nobody else gets the room until it is clean.")
    device_before = buffer("device set-up, minutes", "Warming up, disinfecting before.")
    device_after = buffer("device clean-up, minutes", "Cooling down, disinfecting after.")
    needs_room = models.BooleanField("takes a room", default=True)
    room_feature = models.CharField(
        "the room must have", max_length=40, blank=True, help_text="For example: table, gym. Empty: any room will do."
    )
    device_kind = models.CharField(
        "takes a device", max_length=40, blank=True, help_text="For example: ultrasound. Empty: none."
    )
    colour = models.CharField(max_length=10, choices=Colour.choices, default=Colour.TEAL)
    billing_code = models.CharField(max_length=20, blank=True, help_text="The clinic's own code for bills.")
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(discipline__in=Discipline.values), name="service_discipline_is_known"),
            models.CheckConstraint(
                condition=Q(technique="") | Q(technique__in=Technique.values), name="service_technique_is_known"
            ),
            models.CheckConstraint(condition=Q(colour__in=Colour.values), name="service_colour_is_known"),
            models.CheckConstraint(
                condition=Q(
                    minutes__range=(5, LONGEST_VISIT),
                    minutes_after__lte=LONGEST_BUFFER,
                    charting_minutes__lte=LONGEST_BUFFER,
                    minutes_before__lte=LONGEST_BUFFER,
                    preparing_minutes__lte=LONGEST_BUFFER,
                    device_before__lte=LONGEST_BUFFER,
                    device_after__lte=LONGEST_BUFFER,
                ),
                name="service_takes_a_possible_time",
            ),
            whole_cells("minutes", *BUFFERS),
            models.CheckConstraint(
                condition=Q(needs_room=True) | Q(room_feature="", minutes_before=0, minutes_after=0),
                name="service_without_a_room_needs_nothing_of_it",
            ),
            models.CheckConstraint(
                condition=~Q(device_kind="") | Q(device_before=0, device_after=0),
                name="service_without_a_device_needs_no_time_of_it",
            ),
            models.CheckConstraint(condition=Q(seats__range=(1, 50)), name="service_is_for_one_to_fifty"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_group(self) -> bool:
        return self.seats > 1

    def around(self, kind: str) -> tuple[timedelta, timedelta]:
        """How long a resource of this kind is taken before and after the visit itself."""
        before, after = {
            ResourceKind.PRACTITIONER: (self.preparing_minutes, self.charting_minutes),
            ResourceKind.ROOM: (self.minutes_before, self.minutes_after),
            ResourceKind.DEVICE: (self.device_before, self.device_after),
        }[ResourceKind(kind)]
        return timedelta(minutes=before), timedelta(minutes=after)


class RoomQuerySet(ForStaffQuerySet):
    def by_name(self) -> RoomQuerySet:
        return self.select_related("location").order_by("location__name", "name", "pk")


class Room(models.Model):
    """A place to treat in, with what it has."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=60)
    features = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="What it has, separated by commas: table, gym, mirror.",
    )
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = RoomQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "location",
                Lower("name"),
                name="rooms_of_a_location_have_different_names",
                violation_error_message="There is already a room of that name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class DeviceQuerySet(ForStaffQuerySet):
    def by_name(self) -> DeviceQuerySet:
        return self.select_related("location").order_by("location__name", "name", "pk")


class Device(models.Model):
    """A machine that a visit may take, with how many of it there are."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="devices")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=40, help_text="What services ask for, such as ultrasound.")
    count = models.PositiveSmallIntegerField(
        "how many", default=1, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "location",
                Lower("name"),
                name="devices_of_a_location_have_different_names",
                violation_error_message="There is already a device of that name.",
            ),
            models.CheckConstraint(condition=Q(count__range=(1, 50)), name="there_are_one_to_fifty_of_a_device"),
            models.CheckConstraint(condition=~Q(kind=""), name="device_is_of_a_kind"),
        ]

    def __str__(self) -> str:
        return self.name


class ResourceKind(models.TextChoices):
    PRACTITIONER = "practitioner", "Practitioner"
    ROOM = "room", "Room"
    DEVICE = "device", "Device"


class Resource(models.Model):
    """What claims point at: one row for each practitioner, room and device that was ever to be booked."""

    kind = models.CharField(max_length=12, choices=ResourceKind.choices)
    practitioner = models.OneToOneField(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, related_name="resource"
    )
    room = models.OneToOneField(Room, on_delete=models.PROTECT, null=True, related_name="resource")
    device = models.OneToOneField(Device, on_delete=models.PROTECT, null=True, related_name="resource")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="practitioner", practitioner__isnull=False, room__isnull=True, device__isnull=True)
                | Q(kind="room", practitioner__isnull=True, room__isnull=False, device__isnull=True)
                | Q(kind="device", practitioner__isnull=True, room__isnull=True, device__isnull=False),
                name="resource_is_one_thing",
            )
        ]

    def __str__(self) -> str:
        return str(self.practitioner or self.room or self.device)
