"""What a patient says of a spasm."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.forms import TonusForm
from treatments.models import SpasmEntry
from treatments.models.spasms import Duration, Stopped, Trigger


class TapForm(TonusForm):
    """One tap of the spasm diary."""

    severity = forms.IntegerField(min_value=1, max_value=10)
    key = forms.UUIDField()


class SpasmForm(TonusForm):
    """What more there is to say of a spasm; only how bad and when must be there."""

    severity = forms.TypedChoiceField(
        label=_("How bad was it?"),
        coerce=int,
        choices=[(n, str(n)) for n in range(1, 11)],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a number from 1 to 10."),
            "invalid_choice": _("Choose a number from 1 to 10."),
        },
    )
    happened_at = forms.CharField(
        label=_("When?"), widget=forms.DateTimeInput(attrs={"type": "datetime-local", "autocomplete": "off"})
    )
    duration = forms.ChoiceField(
        label=_("How long did it last?"), choices=Duration.choices, required=False, widget=forms.RadioSelect
    )
    trigger = forms.ChoiceField(
        label=_("What set it off?"), choices=Trigger.choices, required=False, widget=forms.RadioSelect
    )
    stopped = forms.MultipleChoiceField(
        label=_("What did it stop you from doing?"),
        choices=Stopped.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    medication_taken = forms.TypedChoiceField(
        label=_("Did you take medication for it?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        required=False,
        coerce=lambda said: said == "yes",
        empty_value=None,  # type: ignore[arg-type]
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, entry: SpasmEntry, zone: str, **kwargs: Any) -> None:
        self.zone = ZoneInfo(zone)
        self.entry = entry
        said = {True: "yes", False: "no"}.get(entry.medication_taken, "")  # type: ignore[arg-type]
        initial = {
            "severity": entry.severity,
            "happened_at": f"{entry.happened_at.astimezone(self.zone):%Y-%m-%dT%H:%M}",
            "duration": entry.duration,
            "trigger": entry.trigger,
            "stopped": entry.stopped,
            "medication_taken": said,
        }
        super().__init__(*args, initial=initial, **kwargs)

    def clean_happened_at(self) -> datetime:
        """As the clock on the clinic's wall shows it; left as it is, to the second."""
        typed = self.cleaned_data["happened_at"]
        if typed == self.initial["happened_at"]:
            return self.entry.happened_at
        try:
            wall = datetime.fromisoformat(typed)
        except ValueError:
            raise ValidationError(_("Enter a day and an hour.")) from None
        return wall.replace(tzinfo=self.zone).astimezone(UTC)
