"""What the owner fills in: staff, locations, the clinic, and what to look for in the audit log."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from clinic import geography
from clinic.forms import DateInput, PhoneField, TimeInput, TonusForm, WordsField
from clinic.models import Clinic, Discipline, Language, Location, Role, User
from clinic.models.people import validate_zone
from clinic.money import SYMBOLS
from clinic.staff import Credentials

#: What each role is for, beside its name.
ROLE_HELP = {
    Role.OWNER: "runs the clinic: staff, prices, audit log. Sees no clinical text.",
    Role.ADMIN: "registers patients, books, bills. Sees no treatment notes.",
    Role.THERAPIST: "plans, treats and writes notes for patients in their care.",
}
#: Minutes of a day in which messages may arrive at least.
SHORTEST_DAY = 180
TEN_DIGITS = RegexValidator(r"^\d{10}$", "An NPI has ten digits.")


class ZoneField(forms.CharField):
    """A time zone: typed or chosen from the list of the IANA database."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Time zone")
        kwargs.setdefault("max_length", 64)
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"})
        )
        kwargs.setdefault("validators", [validate_zone])
        kwargs.setdefault("help_text", "Type a city, such as New_York or Berlin.")
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        """The name as the database writes it: "new york" becomes America/New_York where that is unambiguous."""
        typed = str(super().to_python(value)).strip().replace(" ", "_")
        if typed in geography.zones():
            return typed
        ends = [zone for zone in geography.zones() if zone.lower().endswith(typed.lower().rpartition("/")[2])]
        exact = [zone for zone in ends if typed and zone.rpartition("/")[2].lower() == typed.lower()]
        return exact[0] if len(exact) == 1 else typed


def country_field(**kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(choices=geography.countries, initial="US", **kwargs)


class StaffForm(TonusForm):
    """One member of staff. The practitioner's part counts only for therapists."""

    name = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        help_text="Signs this person in, and receives the invitation.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    roles = forms.MultipleChoiceField(
        choices=[(role.value, f"{role.label}: {ROLE_HELP[role]}") for role in Role],
        widget=forms.CheckboxSelectMultiple,
        help_text="One person may hold several.",
    )
    discipline = forms.ChoiceField(choices=[("", "—"), *Discipline.choices], required=False)
    title = forms.CharField(label="Credentials", max_length=40, required=False, help_text="Such as LMT or PT, DPT.")
    licence_number = forms.CharField(max_length=40, required=False)
    npi = forms.CharField(
        label="NPI",
        max_length=10,
        required=False,
        validators=[TEN_DIGITS],
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    skills = WordsField(
        required=False,
        max_length=400,
        help_text="What services may ask for, separated by commas: deep tissue, lymph drainage.",
    )
    languages = forms.MultipleChoiceField(
        choices=Language.choices, required=False, widget=forms.CheckboxSelectMultiple, label="Speaks"
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @classmethod
    def initial_of(cls, user: User) -> dict[str, Any]:
        facts = {"name": user.name, "email": user.email, "roles": user.roles, "revision": user.revision}
        practitioner = user.practitioner_or_none
        if practitioner is not None:
            for name in ("discipline", "title", "licence_number", "npi", "skills", "languages"):
                facts[name] = getattr(practitioner, name)
        return facts

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if Role.THERAPIST in data.get("roles", []) and not data.get("discipline") and "discipline" not in self.errors:
            self.add_error("discipline", "Say what this therapist practises.")
        return data

    def facts(self) -> dict[str, Any]:
        """As the verbs of clinic.staff take them."""
        data = self.cleaned_data
        credentials = None
        if data["discipline"]:
            credentials = Credentials(
                discipline=Discipline(data["discipline"]),
                title=data["title"],
                npi=data["npi"],
                licence_number=data["licence_number"],
                skills=tuple(data["skills"]),
                languages=tuple(data["languages"]),
            )
        roles = [Role(role) for role in data["roles"]]
        return {"email": data["email"], "name": data["name"], "roles": roles, "credentials": credentials}


class LocationForm(TonusForm):
    """A place where patients are treated."""

    name = forms.CharField(max_length=80)
    zone = ZoneField()
    phone = PhoneField(required=False)
    address_line = forms.CharField(label="Address", max_length=160, required=False)
    city = forms.CharField(max_length=80, required=False)
    region = forms.CharField(label="State or region", max_length=60, required=False)
    postal_code = forms.CharField(max_length=16, required=False)
    country = country_field()
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @classmethod
    def initial_of(cls, location: Location) -> dict[str, Any]:
        return {name: getattr(location, name) for name in cls.base_fields}

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "revision"}


class ClinicForm(TonusForm):
    """What the clinic is called and how it is reached."""

    name = forms.CharField(max_length=120)
    sender_name = forms.CharField(
        label="Name in messages",
        max_length=60,
        required=False,
        help_text="What patients read in mails and texts, when the clinic's name alone would say too much.",
    )
    phone = PhoneField(required=False)
    email = forms.EmailField(label="E-mail", max_length=254, required=False)
    country = country_field()
    currency = forms.ChoiceField(choices=[(code, code) for code in SYMBOLS])
    messages_from = forms.TimeField(label="Messages from", widget=TimeInput(), initial="08:00")
    messages_until = forms.TimeField(
        label="until",
        widget=TimeInput(),
        initial="21:00",
        help_text="By the patient's own clock. Outside these hours only answers to what they just did go out.",
    )
    texts_a_day = forms.IntegerField(
        label="Text messages a day",
        min_value=1,
        max_value=20,
        initial=3,
        help_text="So many may one phone get, answers aside. What is more than that is left to the desk.",
    )
    calendars_may_name = forms.BooleanField(
        label="Therapists may have first names and services in their own calendars",
        required=False,
        help_text="Outside Tonus, such as on a phone. Otherwise their calendars say “busy” or initials.",
    )
    tax_number = forms.CharField(max_length=30, required=False)
    npi = forms.CharField(label="NPI of the clinic", max_length=10, required=False, validators=[TEN_DIGITS])
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @classmethod
    def initial_of(cls, clinic: Clinic) -> dict[str, Any]:
        return {name: getattr(clinic, name) for name in cls.base_fields}

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        begin, end = typed.get("messages_from"), typed.get("messages_until")
        if begin and end and (end.hour * 60 + end.minute) - (begin.hour * 60 + begin.minute) < SHORTEST_DAY:
            self.add_error("messages_until", "Leave at least three hours of a day in which messages may arrive.")
        return typed

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "revision"}


class AuditFilter(TonusForm):
    """What to look for in the audit log; everything optional."""

    patient = forms.CharField(label="Patient number", max_length=60, required=False)
    who = forms.ChoiceField(label="Who", required=False)
    action = forms.ChoiceField(label="What", required=False)
    on = forms.DateField(label="Day", required=False, widget=DateInput())
    looks = forms.ChoiceField(
        label="Kind",
        required=False,
        choices=[("", "Acts and looks"), ("acts", "Acts only"), ("looks", "Looks only")],
    )

    def __init__(self, *args: Any, actions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(user.uid), user.name) for user in User.objects.order_by("name")]
        who, action = self.fields["who"], self.fields["action"]
        assert isinstance(who, forms.ChoiceField)
        assert isinstance(action, forms.ChoiceField)
        who.choices = [("", "Anyone"), *people, ("link", "Patients by link"), ("system", "Tonus itself")]
        action.choices = [("", "Anything"), *[(each, each) for each in actions]]

    def clean_patient(self) -> str:
        """A number such as P-00042 or 42, or the uid itself."""
        typed = str(self.cleaned_data["patient"]).strip()
        if not typed:
            return ""
        try:
            return str(uuid.UUID(typed))
        except ValueError:
            digits = typed.upper().removeprefix("P-")
        if not digits.isdigit():
            raise ValidationError("Enter the patient's number, such as P-00042.")
        return str(int(digits))
