"""The form of a letter: every part of it can be rewritten before it is final."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from clinic.forms import TonusForm
from treatments.forms.fields import PastDay
from treatments.letters import PARTS, TITLES

_LONGEST = {"planned": 4000, "sessions": 4000, "measures": 4000, "response": 4000}


class LetterForm(TonusForm):
    """A draft, part by part."""

    to_name = forms.CharField(max_length=160, required=False, label="To")
    to_address = forms.CharField(
        max_length=300, required=False, label="Address", widget=forms.Textarea(attrs={"rows": 3})
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["dated_on"] = PastDay(today=today, label="Dated")
        for part in PARTS:
            label = TITLES.get(part, part.replace("_", " ").capitalize())
            rows = 5 if part in ("opening", "planned", "response") else 3
            self.fields[part] = forms.CharField(
                max_length=_LONGEST.get(part, 2000), required=False, label=label,
                widget=forms.Textarea(attrs={"rows": rows}),
            )  # fmt: skip

    @property
    def parts(self) -> list[Any]:
        return [self[part] for part in PARTS]
