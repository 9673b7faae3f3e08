"""A rule of when patients are written to, as typed by whoever runs the clinic."""

from __future__ import annotations

from typing import Any

from django import forms

from clinic import wordings
from clinic.forms import TonusForm
from clinic.messaging_states import Channel, MessagePurpose
from clinic.models import Location
from scheduling.forms.booking import ByUid
from scheduling.models import MessageRule, Service
from scheduling.models.message_rules import ANCHORS, DAY, LONGEST_LEAD, Anchor, kind_of

UNITS = {"days": DAY, "hours": 60, "minutes": 1}
LONGEST_AFTER = 365 * DAY


def purpose_of(said: str) -> MessagePurpose:
    """What the address asks for; reminders when it says nothing that we know."""
    return MessagePurpose(said) if said in {str(purpose) for purpose in ANCHORS} else MessagePurpose.VISIT_REMINDER


class MessageRuleForm(TonusForm):
    """How long before or after what, and for whom. Reminders may be counted in hours, all else in days."""

    amount = forms.IntegerField(label="How long", min_value=0, max_value=999)
    unit = forms.ChoiceField(label="Days or hours", choices=[(name, name) for name in UNITS])
    anchor = forms.ChoiceField(label="Counted from", choices=Anchor.choices)
    service = ByUid(Service.objects.none(), label="Only for the service", required=False, empty_label="Any service")
    location = ByUid(Location.objects.none(), label="Only at", required=False, empty_label="Any location")
    channel = forms.ChoiceField(
        label="Only for those reached by",
        choices=[("", "Any way"), *Channel.choices],
        required=False,
        help_text="Where no rule speaks of a patient's way, they get what the others get.",
    )

    variant = forms.ChoiceField(
        label="In which words",
        required=False,
        help_text="Other words than the usual ones are written by an owner: Office, Wording.",
    )

    def __init__(self, *args: Any, purpose: MessagePurpose, rule: MessageRule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purpose, anchors = purpose, ANCHORS[purpose]
        self.is_reminder = purpose == MessagePurpose.VISIT_REMINDER
        self._only(anchors)
        self._words(anchors)
        if self.is_reminder and rule is None:
            self._choices("service", Service.objects.filter(is_active=True).order_by("name"))
            self._choices("location", Location.objects.active().order_by("name"))
        else:  # what a rule is for stays as it is
            del self.fields["service"], self.fields["location"]
        if rule is not None:
            unit = next(name for name, minutes in UNITS.items() if rule.minutes % minutes == 0)
            self.initial.update(amount=rule.minutes // UNITS[unit], unit=unit, anchor=rule.anchor, channel=rule.channel)
            self.initial.update(variant=rule.variant)

    def _only(self, anchors: tuple[Anchor, ...]) -> None:
        anchor, unit = self.fields["anchor"], self.fields["unit"]
        assert isinstance(anchor, forms.ChoiceField)
        assert isinstance(unit, forms.ChoiceField)
        anchor.choices = [(one.value, one.label) for one in anchors]
        if len(anchors) == 1:
            anchor.widget, anchor.initial = forms.HiddenInput(), anchors[0].value
        if not self.is_reminder:
            unit.choices, unit.initial, unit.widget = [("days", "days")], "days", forms.HiddenInput()
            self.fields["amount"].label = "How many days"

    def _words(self, anchors: tuple[Anchor, ...]) -> None:
        """The names of other words, where there are any."""
        names = wordings.variants(*(kind_of(self.purpose, anchor) for anchor in anchors))
        field = self.fields["variant"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "The usual words"), *((name, name) for name in names)]
        if not names:
            field.widget = forms.HiddenInput()

    def _choices(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if "amount" in typed and "unit" in typed:
            typed["minutes"] = typed["amount"] * UNITS[typed["unit"]]
            longest = LONGEST_LEAD if self.is_reminder else LONGEST_AFTER
            if typed["minutes"] > longest:
                self.add_error("amount", f"At most {longest // DAY} days.")
        return typed

    def facts(self) -> dict[str, Any]:
        """As the verb takes them."""
        data = self.cleaned_data
        return {
            "purpose": self.purpose,
            "anchor": data["anchor"],
            "minutes": data["minutes"],
            "service": data.get("service"),
            "location": data.get("location"),
            "channel": data["channel"],
            "variant": data["variant"],
        }


class WhichRulesForm(TonusForm):
    """For what visit one wants to know which rules hold."""

    service = ByUid(Service.objects.none(), label="Service", required=False, empty_label="Any service")
    location = ByUid(Location.objects.none(), label="Location", required=False, empty_label="Any location")
    channel = forms.ChoiceField(label="Reached by", choices=Channel.choices, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="which_%s", **kwargs)
        for name, rows in (
            ("service", Service.objects.filter(is_active=True).order_by("name")),
            ("location", Location.objects.active().order_by("name")),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
