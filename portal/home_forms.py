"""What a patient says of one exercise on one day."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.forms import TonusForm
from treatments.adherence import can_tick
from treatments.models import ExercisePrescription, Plan


class HomeForm(TonusForm):
    """One exercise on one day: done or not, and how it felt."""

    done = forms.TypedChoiceField(
        choices=[("yes", _("Done")), ("no", _("Not done"))], coerce=lambda said: said == "yes"
    )
    pain = forms.TypedChoiceField(
        choices=[("", _("not said")), *((n, str(n)) for n in range(11))], coerce=int, empty_value=None, required=False,
        error_messages={"invalid_choice": _("Pain is a number from 0 to 10.")},
    )  # fmt: skip

    def __init__(self, *args: Any, plan: Plan, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        mine = ExercisePrescription.objects.filter(intervention__plan=plan).select_related(
            "exercise", "intervention__plan__patient"
        )
        self.fields["exercise"] = forms.ModelChoiceField(
            queryset=mine, to_field_name="position",
            error_messages={"invalid_choice": _("That exercise is no longer in your plan.")},
        )  # fmt: skip
        self.fields["on"] = forms.DateField()

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if not can_tick(day, self.today):
            raise ValidationError(_("Only the last seven days can be ticked."))
        return day
