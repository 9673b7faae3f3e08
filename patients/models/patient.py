"""The person whom everything is done for."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce, Concat, Reverse

from clinic import access, time
from clinic.access import Can, Relation
from clinic.models import Language, User
from clinic.models.people import validate_zone
from patients.models.choices import AllergyStatus, Channel, Sex
from patients.models.tracking import tracked

#: A telephone number as the world writes it: plus sign, country, number.
E164 = r"^\+[1-9][0-9]{6,14}$"
FIRST_BIRTHDAY = "1880-01-01"
#: A month: no link in a reminder lives longer.
LONGEST_LEAD_HOURS = 30 * 24


class Fold(Func):
    """Lower case without accents, apostrophes and punctuation: how names are compared (see 0000_folding)."""

    function = "tonus_fold"
    arity = 1


class NextNumber(Func):
    """The next number of the sequence that numbers patients; see 0000_folding."""

    template = "nextval('patient_number')"
    arity = 0
    output_field: ClassVar[models.Field[Any, Any]] = models.IntegerField()


def folded(*parts: Any) -> models.GeneratedField:
    """A column that the database keeps: the parts, folded, byte by byte so that an index serves prefixes."""
    return models.GeneratedField(
        expression=Fold(Concat(*parts) if len(parts) > 1 else parts[0]),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )


class PatientQuerySet(models.QuerySet["Patient"]):
    """Whom an actor may see, and who is who."""

    def visible_to(self, actor: object, can: Can = Can.SEE_PATIENTS, *, now: datetime | None = None) -> PatientQuerySet:
        """The patients on whom the actor may do this: all, those in the actor's care, or none."""
        relation = access.relation(actor, can)
        if relation is Relation.ANY:
            return self.all()
        if relation is None or not isinstance(actor, User):
            return self.none()
        member, opened = _in_the_care_of(actor, now or time.now())
        return self.filter(Q(pk__in=member) | Q(merged_into__in=member) | Q(pk__in=opened) | Q(merged_into__in=opened))

    def family(self, patient: Patient) -> PatientQuerySet:
        """The record and those merged into it: one person."""
        return self.filter(Q(pk=patient.pk) | Q(merged_into=patient.pk))

    def active(self) -> PatientQuerySet:
        """Neither deactivated nor merged into another."""
        return self.filter(deactivated_at__isnull=True, merged_into__isnull=True)

    def survivors(self) -> PatientQuerySet:
        """Not merged into another: one row a person."""
        return self.filter(merged_into__isnull=True)

    def by_name(self) -> PatientQuerySet:
        return self.order_by("family_key", "given_key", "pk")


def _in_the_care_of(user: User, now: datetime) -> tuple[Any, Any]:
    """The surviving records whose care team, and whose open break-glass, names this person."""
    from patients.models.care_team import BreakGlass, CareTeamMember  # noqa: PLC0415 -- they point at patients

    root = Coalesce(F("patient__merged_into_id"), F("patient_id"), output_field=models.BigIntegerField())
    member = CareTeamMember.objects.current().filter(practitioner__user=user).values_list(root)
    opened = BreakGlass.objects.open_at(now).filter(opened_by=user).values_list(root)
    return member, opened


@tracked(exclude=["given_key", "family_key", "search_text"])
class Patient(models.Model):
    """A person who is or was treated here. Never deleted: deactivated, or merged into the record that stays."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.IntegerField(unique=True, editable=False, db_default=NextNumber())

    given_name = models.CharField("first name", max_length=100, blank=True)
    family_name = models.CharField("last name", max_length=100)
    preferred_name = models.CharField(max_length=100, blank=True)
    pronouns = models.CharField(max_length=40, blank=True)
    sex = models.CharField(max_length=10, choices=Sex.choices, default=Sex.UNKNOWN)
    born_on = models.DateField("date of birth")

    phone = models.CharField(max_length=16, blank=True)
    other_phone = models.CharField(max_length=16, blank=True)
    email = models.EmailField("e-mail", max_length=254, blank=True)
    address_line = models.CharField("address", max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField("state or region", max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, default="US")
    preferred_channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.NONE)
    language = models.CharField(max_length=8, choices=Language.choices, default=Language.ENGLISH)
    #: So many hours before a visit they want to be reminded; none: as the clinic does.
    lead_hours = models.PositiveSmallIntegerField("reminded", null=True, blank=True)
    #: Where they live by another clock than the clinic: whose night messages leave alone.
    zone = models.CharField("time zone", max_length=64, blank=True, db_default="", validators=[validate_zone])

    allergy_status = models.CharField(
        max_length=12, choices=AllergyStatus.choices, default=AllergyStatus.NOT_ASKED, editable=False
    )

    registered_at = models.DateTimeField(editable=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    deactivated_at = models.DateTimeField(null=True, editable=False)
    deactivated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    deactivated_reason = models.CharField("why", max_length=200, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="merged_records"
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    given_key = folded(F("given_name"))
    family_key = folded(F("family_name"))
    search_text = folded(
        Value(" "), F("given_name"), Value(" "), F("preferred_name"), Value(" "), F("family_name"),
        Value(" "), F("phone"), Value(" "), F("other_phone"),
    )  # fmt: skip

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(family_name=""), name="patient_has_a_name"),
            models.CheckConstraint(condition=Q(born_on__gte=FIRST_BIRTHDAY), name="patient_was_born_after_1880"),
            models.CheckConstraint(condition=Q(sex__in=Sex.values), name="patient_sex_is_known"),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="patient_language_is_known"),
            models.CheckConstraint(
                condition=Q(preferred_channel__in=Channel.values), name="preferred_channel_is_known"
            ),
            models.CheckConstraint(
                condition=Q(allergy_status__in=AllergyStatus.values), name="allergy_status_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(phone="") | Q(phone__regex=E164)) & (Q(other_phone="") | Q(other_phone__regex=E164)),
                name="patient_phone_is_international",
                violation_error_message="That is not a telephone number.",
            ),
            models.CheckConstraint(
                condition=Q(lead_hours__isnull=True) | Q(lead_hours__range=(1, LONGEST_LEAD_HOURS)),
                name="patient_is_reminded_a_possible_time_before",
            ),
            models.CheckConstraint(
                condition=~Q(preferred_channel=Channel.EMAIL, email="") & ~Q(preferred_channel=Channel.SMS, phone=""),
                name="preferred_channel_has_an_address",
                violation_error_message="To reach the patient that way, its address or number is needed.",
            ),
            models.CheckConstraint(
                condition=Q(deactivated_at__isnull=True, deactivated_by__isnull=True, deactivated_reason="")
                | (Q(deactivated_at__isnull=False, deactivated_by__isnull=False) & ~Q(deactivated_reason="")),
                name="who_deactivated_a_patient_and_why_is_known",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="patient_is_not_merged_into_itself",
            ),
        ]
        indexes: ClassVar = [
            GinIndex(OpClass(F("search_text"), "gin_trgm_ops"), name="patient_search_trgm"),
            models.Index("family_key", "given_key", name="patient_family_given"),
            models.Index("given_key", "family_key", name="patient_given_family"),
            models.Index(OpClass(Reverse("phone"), "text_pattern_ops"), name="patient_phone_reversed"),
            models.Index("born_on", "family_key", name="patient_born"),
            models.Index(F("email"), name="patient_email", condition=~Q(email="")),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def display_name(self) -> str:
        """What the patient is called here: the preferred name before the family name."""
        return f"{self.preferred_name or self.given_name} {self.family_name}".strip()

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def greeting_name(self) -> str:
        """What messages call the patient: never more than the first name."""
        return self.preferred_name or self.given_name or self.family_name

    @property
    def reminded(self) -> str:
        """ "2 days before", when they have chosen otherwise than the clinic does."""
        if self.lead_hours is None:
            return ""
        days, hours = divmod(self.lead_hours, 24)
        parts = [
            f"{count} {name}{'' if count == 1 else 's'}" for count, name in ((days, "day"), (hours, "hour")) if count
        ]
        return f"{' and '.join(parts)} before"

    @property
    def number_label(self) -> str:
        return f"P-{self.number:05d}"

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None and self.merged_into_id is None

    @property
    def root_id(self) -> int:
        """The id of the record that stands for this person."""
        return self.merged_into_id or self.pk

    @property
    def survivor(self) -> Patient:
        """The record that stands for this person: this one, or the one it was merged into."""
        return self.merged_into or self

    @property
    def address(self) -> str:
        """On one line, without empty parts."""
        town = " ".join(part for part in (self.region, self.postal_code) if part)
        return ", ".join(part for part in (self.address_line, self.city, town) if part)
