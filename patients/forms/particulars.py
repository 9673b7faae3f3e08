"""Who the patient is and how to reach them: the same form for registering and for correcting."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms

from clinic import geography
from clinic.forms import PhoneField, TonusForm, TonusModelForm
from clinic.office_forms import ZoneField
from patients.consent import WORDING
from patients.forms.fields import BirthdayField, set_today
from patients.models import Channel, ConsentSource, Patient

#: How long before a visit somebody may want to be reminded, in hours.
LEADS = [
    ("", "As the clinic does"),
    *((hours, f"{hours} hours before") for hours in (2, 3, 5, 8, 12)),
    (24, "1 day before"),
    *((24 * days, f"{days} days before") for days in (2, 3, 5, 7, 14)),
]
ASKED = [("", "Not asked"), ("yes", "Yes"), ("no", "No")]
_ANSWER: dict[str, Any] = {"choices": ASKED, "required": False, "widget": forms.RadioSelect}


class ParticularsForm(TonusModelForm):
    """Identity and contacts."""

    born_on = BirthdayField()
    phone = PhoneField(label="Mobile phone", required=False)
    other_phone = PhoneField(label="Other phone", required=False)
    country = forms.ChoiceField(choices=geography.countries)
    lead_hours = forms.TypedChoiceField(
        label="Reminded", choices=LEADS, coerce=int, empty_value=None, required=False,
    )  # fmt: skip
    zone = ZoneField(
        label="Lives by the clock of",
        required=False,
        help_text="Only if it is another than the clinic's: messages keep quiet in their night. A city will do.",
    )

    class Meta:
        model = Patient
        fields = (
            "given_name", "family_name", "preferred_name", "pronouns", "born_on", "sex", "phone", "other_phone",
            "email", "preferred_channel", "lead_hours", "zone", "language", "address_line", "city", "region",
            "postal_code", "country",
        )  # fmt: skip
        labels: ClassVar = {
            "preferred_name": "Called",
            "preferred_channel": "Messages by",
            "postal_code": "ZIP or postal code",
        }
        help_texts: ClassVar = {"preferred_name": "If it is another name than the first."}
        widgets: ClassVar = {
            name: forms.TextInput(attrs={"autocomplete": "off"})
            for name in (
                "given_name",
                "family_name",
                "preferred_name",
                "address_line",
                "city",
                "region",
                "postal_code",
            )
        } | {
            "pronouns": forms.TextInput(attrs={"autocomplete": "off", "list": "pronouns"}),
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
        }

    def __init__(self, *args: Any, today: date, country: str = "US", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_today(self, today)
        self.fields["given_name"].required = False
        lead: Any = self.fields["lead_hours"]
        if (own := self.instance.lead_hours) not in dict(LEADS):
            lead.choices = [*LEADS, (own, f"{own} hours before")] if own else LEADS
        if not self.instance.pk:
            self.fields["country"].initial = country
            self.fields["preferred_channel"].initial = Channel.EMAIL

    def clean_family_name(self) -> str:
        return " ".join(self.cleaned_data["family_name"].split())

    def clean_given_name(self) -> str:
        return " ".join(self.cleaned_data["given_name"].split())

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        channel = typed.get("preferred_channel")
        if channel == Channel.EMAIL and not typed.get("email") and "email" not in self.errors:
            self.add_error(
                "email", "To send e-mail, its address is needed. Or choose another way to reach the patient."
            )
        if channel == Channel.SMS and not typed.get("phone") and "phone" not in self.errors:
            self.add_error("phone", "To send text messages, the mobile number is needed. Or choose another way.")
        return typed

    def _get_validation_exclusions(self) -> set[str]:
        # The channel and its address are checked above, beside the field that lacks something.
        return super()._get_validation_exclusions() | {"preferred_channel"}  # type: ignore[misc]

    def said(self) -> dict[str, Any]:
        """The particulars, as the verbs take them."""
        return {name: value for name, value in self.cleaned_data.items() if name != "revision"}


class ConsentForm(TonusForm):
    """What the patient says to messages on each channel, once the words were read to them."""

    consent_email = forms.ChoiceField(label="May we send e-mail?", **_ANSWER)
    consent_sms = forms.ChoiceField(label="May we send text messages?", **_ANSWER)
    consent_source = forms.ChoiceField(
        label="Answered", choices=ConsentSource.choices[:3], initial=ConsentSource.DESK, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["consent_email"].help_text = WORDING[Channel.EMAIL]
        self.fields["consent_sms"].help_text = WORDING[Channel.SMS]

    def consents(self) -> list[dict[str, Any]]:
        """What was answered, as consent.record takes it; not asked is not an answer."""
        answers = ((Channel.EMAIL, "consent_email"), (Channel.SMS, "consent_sms"))
        source = self.cleaned_data.get("consent_source") or ConsentSource.DESK
        return [
            {"channel": channel, "given": self.cleaned_data[name] == "yes", "source": source}
            for channel, name in answers
            if self.cleaned_data.get(name)
        ]
