"""The clinic, its locations, and the people who work there."""

from __future__ import annotations

import uuid
import zoneinfo
from datetime import time
from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from clinic.access import Can


def first_name(name: str) -> str:
    """Of a member of staff, without "Dr." and the like before it."""
    words = name.split(" ")
    return next((word for word in words if not word.endswith(".")), words[0])


def validate_zone(name: str) -> None:
    """Refuse what is not a time zone of the IANA database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("Choose a time zone from the list, such as America/New_York.")


class Role(models.TextChoices):
    """What a member of staff is here for; one person may hold several."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Front desk"
    THERAPIST = "therapist", "Therapist"


class Discipline(models.TextChoices):
    MASSAGE = "massage", "Massage therapy"
    PHYSICAL_THERAPY = "physical_therapy", "Physical therapy"
    MEDICAL = "medical", "Medicine"


class Language(models.TextChoices):
    """What patients prefer and practitioners speak; the codes are those of BCP 47."""

    ENGLISH = "en", "English"
    SPANISH = "es", "Spanish"
    ARABIC = "ar", "Arabic"
    CHINESE = "zh", "Chinese"
    FRENCH = "fr", "French"
    GERMAN = "de", "German"
    GREEK = "el", "Greek"
    HAITIAN = "ht", "Haitian Creole"
    HINDI = "hi", "Hindi"
    ITALIAN = "it", "Italian"
    JAPANESE = "ja", "Japanese"
    KOREAN = "ko", "Korean"
    POLISH = "pl", "Polish"
    PORTUGUESE = "pt", "Portuguese"
    RUSSIAN = "ru", "Russian"
    TAGALOG = "tl", "Tagalog"
    TURKISH = "tr", "Turkish"
    UKRAINIAN = "uk", "Ukrainian"
    URDU = "ur", "Urdu"
    VIETNAMESE = "vi", "Vietnamese"
    SIGN = "sgn", "Sign language"


class Clinic(models.Model):
    """The organisation that runs Tonus: exactly one row."""

    name = models.CharField(max_length=120)
    #: What messages call the clinic: a name may itself reveal care, so it can be a neutral one.
    sender_name = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    country = models.CharField(max_length=2, default="US")
    currency = models.CharField(max_length=3, default="USD")
    language = models.CharField(max_length=8, default="en")
    #: Between these hours of the recipient's day a message that answers nobody may arrive.
    messages_from = models.TimeField(default=time(8), db_default=time(8))
    messages_until = models.TimeField(default=time(21), db_default=time(21))
    #: How many text messages, answers aside, one phone may get in a day.
    texts_a_day = models.PositiveSmallIntegerField(default=3, db_default=3)
    #: New whenever a template was changed, so that nobody speaks in old words; none while all speak as Tonus comes.
    wording_stamp = models.UUIDField(null=True, editable=False)
    tax_number = models.CharField(max_length=30, blank=True)
    npi = models.CharField(max_length=10, blank=True)
    #: Whether a therapist's own calendar feed may show first names and services. They leave the house with it.
    calendars_may_name = models.BooleanField(default=False, db_default=False)
    revision = models.PositiveIntegerField(default=1)
    #: True for the row that keeps it single; nothing else is allowed.
    is_the_one = models.BooleanField(default=True, unique=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(is_the_one=True), name="there_is_one_clinic"),
            models.CheckConstraint(condition=Q(messages_from__lt=F("messages_until")), name="decent_hours_have_an_end"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def the(cls) -> Clinic:
        """The one clinic. Raises DoesNotExist before the first start is done."""
        return cls.objects.get(is_the_one=True)

    @property
    def sender(self) -> str:
        """The name that patients see in messages."""
        return self.sender_name or self.name


class LocationQuerySet(models.QuerySet["Location"]):
    def active(self) -> LocationQuerySet:
        return self.filter(is_active=True)


class Location(models.Model):
    """A place where patients are treated, with its own time zone."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, unique=True)
    zone = models.CharField("time zone", max_length=64, validators=[validate_zone])
    phone = models.CharField(max_length=20, blank=True)
    address_line = models.CharField("address", max_length=160, blank=True)
    city = models.CharField(max_length=80, blank=True)
    region = models.CharField("state or region", max_length=60, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    country = models.CharField(max_length=2, default="US")
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)

    objects = LocationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.zone)

    @property
    def address(self) -> str:
        """On one line, without empty parts."""
        town = " ".join(part for part in (self.region, self.postal_code) if part)
        return ", ".join(part for part in (self.address_line, self.city, town) if part)


class StaffManager(BaseUserManager["User"]):
    """Looks staff up by e-mail whatever its capitals."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def owners(self) -> models.QuerySet[User]:
        """Who runs the clinic and may sign in."""
        return self.filter(roles__contains=[Role.OWNER], is_active=True).order_by("pk")

    def create_user(self, *, email: str, name: str, roles: list[str], password: str | None = None) -> User:
        """A member of staff; without a password the account cannot sign in until one is set."""
        user = self.model(email=self.normalize_email(email).lower(), name=name, roles=sorted(roles))
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A member of staff who signs in. Patients never do: they act by link."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120)
    roles = ArrayField(models.CharField(max_length=12, choices=Role.choices), default=list)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects: ClassVar[StaffManager] = StaffManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"), name="email_signs_one_person_in", violation_error_message="That e-mail is taken."
            ),
            models.CheckConstraint(condition=Q(roles__contained_by=Role.values), name="roles_are_known"),
            models.CheckConstraint(
                condition=Q(is_active=True, deactivated_at__isnull=True)
                | Q(is_active=False, deactivated_at__isnull=False),
                name="who_is_inactive_was_deactivated",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return first_name(self.name)

    def can(self, action: Can) -> bool:
        """Whether one of this person's roles allows the action at all."""
        from clinic import access  # noqa: PLC0415 -- access speaks about users

        return access.allows(self, action)

    def holds(self, role: Role) -> bool:
        return role in self.roles

    @property
    def role_labels(self) -> list[str]:
        return [Role(role).label for role in self.roles]

    @property
    def practitioner_or_none(self) -> Practitioner | None:
        """What this person is as a practitioner, if they treat; one query, then remembered."""
        try:
            return self.practitioner
        except Practitioner.DoesNotExist:
            return None


class PractitionerQuerySet(models.QuerySet["Practitioner"]):
    def active(self) -> PractitionerQuerySet:
        return self.filter(is_active=True)

    def by_name(self) -> PractitionerQuerySet:
        return self.select_related("user").order_by("user__name", "pk")


class Practitioner(models.Model):
    """A person who treats patients."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="practitioner")
    title = models.CharField("credentials", max_length=40, blank=True)
    discipline = models.CharField(max_length=20, choices=Discipline.choices)
    npi = models.CharField("NPI", max_length=10, blank=True)
    licence_number = models.CharField(max_length=40, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    #: What services may ask for, in the clinic's own lower-case words: "deep tissue", "lymph drainage".
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)

    objects = PractitionerQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(discipline__in=Discipline.values), name="discipline_is_known"),
            models.CheckConstraint(condition=Q(npi="") | Q(npi__regex=r"^\d{10}$"), name="npi_has_ten_digits"),
        ]

    def __str__(self) -> str:
        return f"{self.user.name}, {self.title}" if self.title else self.user.name
