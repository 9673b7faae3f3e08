"""What suits a patient who waits, as said at the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import DateInput, TimeInput, TonusForm
from clinic.models import Location, Practitioner
from scheduling.forms.booking import ByUid
from scheduling.models import Service, TimePreference, Urgency, WaitlistEntry, Weekday
from scheduling.models.resources import LONGEST_VISIT
from scheduling.waitlist import Wish


class ManyByUid(forms.ModelMultipleChoiceField):
    """Choices whose values are random ids, so that numbers of rows stand in no page."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        super().__init__(queryset, to_field_name="uid", **kwargs)

    def _check_values(self, value: Any) -> Any:
        try:
            return super()._check_values(value)  # type: ignore[misc]
        except (ValidationError, ValueError, TypeError):
            raise ValidationError(self.error_messages["invalid_list"], code="invalid_list") from None


class PeopleByUid(ManyByUid):
    def label_from_instance(self, obj: Practitioner) -> str:
        return obj.user.name


class WishForm(TonusForm):
    """Of which service, with whom, where and when. What is left open may be anything."""

    service = ByUid(Service.objects.none(), label="Service", empty_label=None)
    minutes = forms.IntegerField(
        required=False, min_value=5, max_value=LONGEST_VISIT, label="Minutes", help_text="Empty: as the service takes."
    )
    practitioners = PeopleByUid(
        Practitioner.objects.none(), required=False, label="With", help_text="None ticked: anybody who does it."
    )
    locations = ManyByUid(Location.objects.none(), required=False, label="At", help_text="None ticked: anywhere.")
    weekdays = forms.TypedMultipleChoiceField(
        choices=Weekday.choices, coerce=int, required=False, widget=forms.CheckboxSelectMultiple, label="On",
        help_text="None ticked: any day.",
    )  # fmt: skip
    earliest = forms.TimeField(required=False, widget=TimeInput(), label="Not before")
    latest = forms.TimeField(required=False, widget=TimeInput(), label="Over by")
    first_on = forms.DateField(required=False, widget=DateInput(), label="From")
    last_on = forms.DateField(required=False, widget=DateInput(), label="Until", help_text="Then they leave the list.")
    urgency = forms.TypedChoiceField(
        choices=Urgency.choices, coerce=int, initial=Urgency.NORMAL, label="Asked", widget=forms.RadioSelect
    )
    note = forms.CharField(required=False, max_length=200, label="Note for the desk")
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, fixed: Service | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        services, people, places = (self.fields[name] for name in ("service", "practitioners", "locations"))
        services.queryset = Service.objects.active().by_name()  # type: ignore[attr-defined]
        people.queryset = Practitioner.objects.active().by_name()  # type: ignore[attr-defined]
        places.queryset = Location.objects.active().order_by("name")  # type: ignore[attr-defined]
        if fixed is not None:
            services.required, services.disabled = False, True
            services.queryset = Service.objects.filter(pk=fixed.pk)  # type: ignore[attr-defined]
            services.initial = fixed.uid
            people.queryset = people.queryset.filter(discipline=fixed.discipline)  # type: ignore[attr-defined]

    @classmethod
    def initial_of(cls, entry: WaitlistEntry) -> dict[str, Any]:
        names = ("minutes", "weekdays", "earliest", "latest", "first_on", "last_on", "urgency", "note", "revision")
        return {name: getattr(entry, name) for name in names} | {
            "practitioners": [one.uid for one in entry.practitioners.all()],
            "locations": [one.uid for one in entry.locations.all()],
        }

    @classmethod
    def initial_from(cls, said: TimePreference | None) -> dict[str, Any]:
        """When the patient likes to come, as was said before."""
        if said is None:
            return {}
        return {"weekdays": said.weekdays, "earliest": said.earliest, "latest": said.latest}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("earliest") and data.get("latest") and data["latest"] <= data["earliest"]:
            self.add_error("latest", "The hours end before they begin.")
        if data.get("first_on") and data.get("last_on") and data["last_on"] < data["first_on"]:
            self.add_error("last_on", "The last day is before the first.")
        if data.get("minutes") and data["minutes"] % 5:
            self.add_error("minutes", "Minutes come in fives.")
        service = data.get("service")
        chosen = data.get("practitioners") or ()
        if unable := [one.user.name for one in chosen if service and one.discipline != service.discipline]:
            self.add_error("practitioners", f"Not offered by {' or '.join(unable)}. Choose somebody who does it.")
        return data

    def wish(self) -> Wish:
        data = self.cleaned_data
        names = ("minutes", "earliest", "latest", "first_on", "last_on", "urgency", "note")
        return Wish(
            practitioners=tuple(data["practitioners"]),
            locations=tuple(data["locations"]),
            weekdays=tuple(data["weekdays"]),
            **{name: data[name] for name in names},
        )


class WhyForm(TonusForm):
    """Why somebody leaves the list, or an offer is taken back."""

    reason = forms.CharField(
        required=False, max_length=200, label="Why?", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
