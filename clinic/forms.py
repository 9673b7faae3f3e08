"""Forms of one kind: crispy layouts, sentences beside fields, and two people at one record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

import phonenumbers
from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from clinic.models import Clinic


class StaleRecord(Exception):
    """Somebody changed the record meanwhile. Carries what they changed, fit for the person at the desk."""

    def __init__(self, changed: Iterable[str] = ()) -> None:
        self.changed = list(changed)
        what = f" They changed: {', '.join(self.changed)}." if self.changed else ""
        super().__init__(
            f"Someone else changed this record while you were typing.{what} "
            "What you typed is still here: compare, then save again."
        )


def check_revision(record: models.Model, revision: int | None, *, fields: Iterable[str] = ()) -> None:
    """Raise StaleRecord unless the form was opened on the record as it is now (read under its lock).

    `fields` are the labels of what differs, as far as the caller knows.
    """
    if revision is not None and revision != record.revision:  # type: ignore[attr-defined]
        raise StaleRecord(fields)


class TonusFormMixin:
    """The house's layout: the template writes <form>, the token and the button; no browser bubbles."""

    helper: FormHelper

    def dress(self) -> None:
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.include_media = False
        self.helper.html5_required = False
        self.helper.form_show_errors = True


class TonusForm(TonusFormMixin, forms.Form):
    """A form for a verb."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress()


class TonusModelForm(TonusFormMixin, forms.ModelForm):
    """A form for a plain record. With a `revision` on the model it also carries the one it was opened on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and hasattr(self.instance, "revision"):
            self.fields["revision"] = forms.IntegerField(
                widget=forms.HiddenInput, initial=self.instance.revision, required=False
            )
        self.dress()

    def clean_revision(self) -> int | None:
        """The revision that the typist saw; kept apart from the instance, which a verb rereads under lock."""
        return self.cleaned_data.get("revision")

    def renew_revision(self, revision: int) -> None:
        """The typist has been told what changed meanwhile: saving again is meant against this revision."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("revision")] = str(revision)
        self.data = data


class DateInput(forms.DateInput):
    """The browser's own date field, always in ISO form."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)


class PhoneField(forms.CharField):
    """A number as people write it, kept as E.164: "(212) 555-0142" of a US clinic becomes +12125550142."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 30)
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "inputmode": "tel"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        return to_e164(typed) if typed else ""

    def prepare_value(self, value: Any) -> Any:
        return show_phone(value) if isinstance(value, str) and value.startswith("+") else value


class WordsField(forms.CharField):
    """Short words, separated by commas, kept in lower case and once each."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        words = list(dict.fromkeys(w.strip().lower() for w in typed.split(",") if w.strip()))
        if any(len(word) > 40 for word in words):
            raise ValidationError("Each is a word or two, at most 40 letters.")
        return words


def to_e164(typed: str, country: str | None = None) -> str:
    """The number in E.164. Raises ValidationError with a sentence when it cannot be one.

    Numbers without + are read as of the clinic's country.
    """
    region = country or Clinic.objects.values_list("country", flat=True).first() or "US"
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        raise ValidationError("Enter a phone number, such as (212) 555-0142 or +44 20 7946 0958.") from None
    if not phonenumbers.is_possible_number(number):
        raise ValidationError("That phone number has too few or too many digits.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=1024)
def show_phone(e164: str, country: str = "US") -> str:
    """As people at home write it; with the country's code when it is another country's."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    home = phonenumbers.country_code_for_region(country) == number.country_code
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def refuse_future(value: date, today: date, what: str = "That day") -> None:
    """Raise a sentence when a day that must be past lies ahead."""
    if value > today:
        raise ValidationError(f"{what} is in the future.")


def add_refusal(form: forms.BaseForm, refusal: Exception, field: str | None = None) -> None:
    """A domain refusal becomes a sentence on the form; what was typed stays."""
    form.add_error(field if field in form.fields else None, str(refusal))
