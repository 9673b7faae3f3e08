"""The chart: S O A P on one screen, rows for what was done. What is typed is kept even before it is all valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory

from clinic.forms import TimeInput, TonusForm
from clinic.time import InGap, at_wall
from treatments import notes
from treatments.forms.fields import PastDay, PlainFields, blank_first, whole_number
from treatments.models import Exercise, Plan, Technique
from treatments.regions import Region

MOST_ROWS = 30
SCALE = [("", "not asked"), *((str(n), str(n)) for n in range(11))]


def _text(label: str, rows: int) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": rows, "maxlength": 4000})
    )


def _scale(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=SCALE, coerce=int, empty_value=None, required=False, widget=forms.RadioSelect
    )


class ChartForm(PlainFields, TonusForm):
    """What is said, found, judged and planned."""

    subjective = _text("Subjective", 4)
    objective = _text("Objective", 7)
    assessment = _text("Assessment", 3)
    next_steps = _text("Plan", 3)
    response = forms.CharField(label="Response to treatment", max_length=500, required=False)
    pain_before = _scale("Pain before")
    pain_after = _scale("Pain after")
    spasms_since_last = whole_number("Spasms since last time", 0, 999, required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress_fields()


class TechniqueForm(PlainFields, TonusForm):
    hints = True
    technique = forms.ChoiceField(choices=blank_first(Technique.choices, "Technique"))
    region = forms.ChoiceField(choices=blank_first(Region.choices, "Region"))
    minutes = whole_number("Minutes", 1, 240)
    pressure = forms.TypedChoiceField(
        choices=[("", "Pressure"), *((str(n), f"{n} of 5") for n in range(1, 6))],
        coerce=int,
        empty_value=None,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress_fields()

    @property
    def row(self) -> notes.Applied:
        d = self.cleaned_data
        return notes.Applied(d["technique"], d["region"], d["minutes"], d["pressure"])


class ExerciseForm(PlainFields, TonusForm):
    hints = True
    exercise = forms.ChoiceField()
    sets = whole_number("Sets", 1, 20)
    amount = whole_number("Amount", 1, 600)
    remark = forms.CharField(max_length=200, required=False, label="Remark")

    def __init__(self, *args: Any, catalogue: Mapping[str, Exercise], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.catalogue = catalogue
        choices = [(slug, exercise.name) for slug, exercise in catalogue.items()]
        self.fields["exercise"].choices = blank_first(choices, "Exercise")  # type: ignore[attr-defined]
        self.dress_fields()

    @property
    def row(self) -> notes.Done:
        d = self.cleaned_data
        return notes.Done(self.catalogue[d["exercise"]], d["sets"], d["amount"], d["remark"])


class Rows(BaseFormSet):
    """Rows of which none is owed: an empty one is left out, however many the page was opened with."""

    def initial_form_count(self) -> int:
        return 0

    def total_form_count(self) -> int:
        return super().total_form_count() if self.is_bound else len(self.initial or ()) + self.extra


TechniqueFormSet = formset_factory(
    TechniqueForm, Rows, extra=1, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS + 5, validate_max=True
)
ExerciseFormSet = formset_factory(
    ExerciseForm, Rows, extra=1, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS + 5, validate_max=True
)


class Chart:
    """The forms of one chart as one. `content` holds all that is valid, so that a half-typed row loses nothing else."""

    def __init__(self, data: Mapping[str, Any] | None, *, stored: notes.Content, revision: int) -> None:
        texts = {name: getattr(stored, name) for name in (*notes.TEXTS, *notes.NUMBERS)}
        catalogue = {e.slug: e for e in Exercise.objects.in_use()} | {
            e.exercise.slug: e.exercise for e in stored.exercises
        }
        self.stored = stored
        self.form = ChartForm(data, initial=texts | {"revision": revision})
        rows = [vars(row) for row in stored.techniques]
        done = [vars(row) | {"exercise": row.exercise.slug} for row in stored.exercises]
        self.techniques: BaseFormSet[Any] = TechniqueFormSet(data, prefix="technique", initial=None if data else rows)
        self.exercises: BaseFormSet[Any] = ExerciseFormSet(
            data, prefix="exercise", initial=None if data else done, form_kwargs={"catalogue": catalogue}
        )

    def is_valid(self) -> bool:
        answers = [part.is_valid() for part in (self.form, self.techniques, self.exercises)]
        return all(answers)

    @property
    def revision(self) -> int:
        """The one the typist's page was on; 0, which fits no note, when it was tampered with."""
        return int(self.form.cleaned_data.get("revision") or 0)

    @property
    def content(self) -> notes.Content:
        """Everything valid; a field that is not keeps what is stored."""
        cleaned = self.form.cleaned_data
        values = {
            name: cleaned[name] if name in cleaned else getattr(self.stored, name)
            for name in (*notes.TEXTS, *notes.NUMBERS)
        }
        return replace(self.stored, **values, techniques=_rows(self.techniques), exercises=_rows(self.exercises))

    @property
    def unsaved(self) -> list[str]:
        """What is not valid yet, in words: it stays on the page and is not stored."""
        said = [f"{self.form.fields[name].label}: {errors[0]}" for name, errors in self.form.errors.items()]
        for what, rows in (("Technique", self.techniques), ("Exercise", self.exercises)):
            for n, form in enumerate(rows.forms, start=1):
                if form.errors and not form.cleaned_data.get("DELETE"):
                    name, errors = next(iter(form.errors.items()))
                    said.append(f"{what} {n}, {form.fields[name].label or name}: {errors[0]}")
            said.extend(str(error) for error in rows.non_form_errors())
        return said


def _rows(formset: BaseFormSet[Any]) -> tuple[Any, ...]:
    filled = (form for form in formset.forms if form.is_valid() and form.has_changed())
    return tuple(form.row for form in filled if not form.cleaned_data.get("DELETE"))


class LateNoteForm(TonusForm):
    """A session that was not booked, or is written down later: when it happened, and for which plan."""

    service_time = forms.TimeField(label="At", widget=TimeInput())
    plan = forms.ModelChoiceField(
        queryset=Plan.objects.none(), required=False, empty_label="No plan", to_field_name="uid"
    )

    def __init__(self, *args: Any, patient: Any, now: datetime, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tz, self.now = ZoneInfo(zone), now
        today: date = now.astimezone(self.tz).date()
        self.fields["service_on"] = PastDay(today=today, label="Session on", initial=today)
        plans = Plan.objects.for_patient(patient).accepted().select_related("episode").newest_first()
        self.fields["plan"].queryset = plans  # type: ignore[attr-defined]
        self.order_fields(["service_on", "service_time", "plan"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        day, wall = cleaned.get("service_on"), cleaned.get("service_time")
        if day and wall:
            try:
                cleaned["service_at"] = at_wall(day, wall, self.tz)
            except InGap as gap:
                raise ValidationError({"service_time": str(gap)}) from None
            if cleaned["service_at"] > self.now:
                self.add_error("service_time", "That time is still to come.")
        return cleaned


class AddendumForm(TonusForm):
    text = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 3}), label="What is added")
    reason = forms.CharField(max_length=200, label="Why", widget=forms.TextInput(attrs={"autocomplete": "off"}))
