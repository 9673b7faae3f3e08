"""The form of a plan: three kinds of treatment side by side, goals, and when to look again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory

from clinic.forms import TonusForm
from clinic.models import User
from patients.models import Medication
from treatments import plans
from treatments.forms import plan_start
from treatments.forms.fields import DayToCome, PastDay, PlainFields, RegionsField, blank_first, whole_number
from treatments.models import ConsentHow, Episode, Exercise, Measure, Plan, PlanTemplate, SameDay, Technique

MOST_MASSAGES, MOST_GOALS = plan_start.MOST_MASSAGES, plan_start.MOST_GOALS


class MassageForm(TonusForm):
    """One massage; an empty one is left out of the plan."""

    technique = forms.ChoiceField(choices=[("", "No massage"), *Technique.choices], required=False)
    minutes = whole_number("Minutes", 5, 240, required=False)
    pressure_cap = forms.TypedChoiceField(
        label="Pressure cap",
        choices=[("", "As the rules say"), *((str(n), f"{n} of 5") for n in range(1, 6))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    sessions = whole_number("Sessions", 1, 60, required=False)
    days_between = whole_number("Days apart", 0, 60, required=False)
    regions = RegionsField()
    instructions = forms.CharField(max_length=500, required=False, widget=forms.TextInput())
    override_reason = forms.CharField(
        max_length=300, required=False, label="Who cleared it, and why", widget=forms.TextInput()
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("technique"):
            for name in ("minutes", "sessions", "days_between"):
                if cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, "Enter a number.")
        return cleaned

    @property
    def part(self) -> plans.MassagePart | None:
        d = self.cleaned_data
        if not d.get("technique"):
            return None
        return plans.MassagePart(
            technique=d["technique"],
            minutes=d["minutes"],
            sessions=d["sessions"],
            days_between=d["days_between"],
            regions=tuple(d["regions"]),
            pressure_cap=d["pressure_cap"],
            instructions=d["instructions"],
            override_reason=d["override_reason"],
        )


class DoseForm(PlainFields, TonusForm):
    """One exercise of the catalogue: taken or not, and its dose."""

    exercise = forms.ModelChoiceField(queryset=Exercise.objects.in_use(), widget=forms.HiddenInput)
    chosen = forms.BooleanField(required=False)
    sets = whole_number("Sets", 1, 20)
    amount = whole_number("Amount", 1, 600)
    times_a_week = whole_number("Times a week", 1, 28)
    level = whole_number("Level", 1, 9, required=False)
    next_when = forms.CharField(
        max_length=200, required=False, label="Harder when", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    remark = forms.CharField(
        max_length=200, required=False, label="Remark", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    #: Set by PlanForms, so that a page of 24 exercises needs one query.
    shown: Exercise

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress_fields()

    def show(self, exercise: Exercise) -> None:
        """Which exercise it is about, and the levels it has."""
        self.shown = exercise
        if exercise.progressions:
            levels = [
                ("1", "1: as described"),
                *((str(n), f"{n}: {t}") for n, t in enumerate(exercise.progressions, 2)),
            ]
            self.fields["level"].widget = forms.Select(choices=levels, attrs={"class": "form-select"})

    @property
    def part(self) -> plans.Dose:
        d = self.cleaned_data
        return plans.Dose(
            d["exercise"], d["sets"], d["amount"], d["times_a_week"], d["remark"], d["level"] or 1, d["next_when"]
        )


class GoalForm(TonusForm):
    """One goal; an empty one is left out."""

    measure = forms.ChoiceField(choices=blank_first(Measure.choices, "No goal"), required=False)
    wording = forms.CharField(max_length=200, required=False, label="In words")
    baseline = forms.DecimalField(min_value=0, max_value=999, decimal_places=1, required=False, label="Now")
    target = forms.DecimalField(min_value=0, max_value=999, decimal_places=1, required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"] = DayToCome(today=today, required=False, label="By")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        measure = cleaned.get("measure")
        if not measure:
            if cleaned.get("wording") or cleaned.get("target") is not None:
                self.add_error("measure", "Choose how it is measured.")
            return cleaned
        if measure == Measure.OTHER:
            if not cleaned.get("wording"):
                self.add_error("wording", "Say in words what is to be reached.")
            return cleaned
        self._check_range(Measure(measure), cleaned)
        return cleaned

    def _check_range(self, measure: Measure, cleaned: dict[str, Any]) -> None:
        most = {Measure.NPRS: 10, Measure.PSFS: 10, Measure.RMDQ: 24}.get(measure, 999)
        if cleaned.get("target") is None and "target" not in self.errors:
            self.add_error("target", "Enter what is to be reached.")
        for name in ("baseline", "target"):
            if (cleaned.get(name) or Decimal(0)) > most:
                self.add_error(name, f"This measure ends at {most}.")
        if cleaned.get("baseline") is not None and cleaned.get("baseline") == cleaned.get("target"):
            self.add_error("target", "The target is what it is now already.")

    @property
    def part(self) -> plans.GoalPart | None:
        d = self.cleaned_data
        if not d.get("measure"):
            return None
        return plans.GoalPart(**{name: d[name] for name in ("measure", "wording", "baseline", "target", "due_on")})


class PlanForm(TonusForm):
    """What holds for the whole plan, and the physical therapy in it."""

    summary = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    same_day = forms.ChoiceField(label="When both fall on one day", choices=SameDay.choices, required=False)
    pt_minutes = whole_number("Minutes", 5, 240, required=False)
    pt_sessions = whole_number("Sessions", 1, 60, required=False)
    pt_days_between = whole_number("Days apart", 0, 60, required=False)
    pt_instructions = forms.CharField(max_length=500, required=False, label="Instructions", widget=forms.TextInput())
    medication = forms.ModelMultipleChoiceField(
        queryset=Medication.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        to_field_name="uid",
    )

    def __init__(self, *args: Any, today: date, episode: Episode, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["review_on"] = DayToCome(today=today, years=1, label="Review on")
        taken = Medication.objects.for_patient(episode.patient).current().newest_first()
        self.fields["medication"].queryset = taken  # type: ignore[attr-defined]


class AcceptForm(TonusForm):
    """The patient agreed, on that day."""

    read_out = forms.BooleanField(
        label="The words above were read or shown, and the patient agreed",
        error_messages={"required": "A plan starts with the patient's consent."},
    )
    how = forms.ChoiceField(
        label="How it was given", choices=ConsentHow.choices, initial=ConsentHow.READ_OUT, required=False
    )
    taken_by = forms.ModelChoiceField(
        queryset=User.objects.none(), label="Said to", to_field_name="uid", required=False
    )
    giver = forms.CharField(
        label="Agreed by, if not the patient", max_length=120, required=False,
        help_text="A parent or guardian, by name", widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["consented_on"] = PastDay(today=today, label="Consented on")
        treating = User.objects.filter(is_active=True, practitioner__is_active=True).order_by("name")
        self.fields["taken_by"].queryset = treating  # type: ignore[attr-defined]


class EndPlanForm(TonusForm):
    """Why the plan ends, and whether it did its work."""

    how = forms.ChoiceField(
        label="The plan", choices=[("completed", "is completed"), ("stopped", "is stopped")], widget=forms.RadioSelect
    )
    reason = forms.CharField(max_length=300, label="Because", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)


MassageFormSet = formset_factory(MassageForm, extra=0, max_num=MOST_MASSAGES, validate_max=True)
DoseFormSet = formset_factory(DoseForm, extra=0, max_num=400, absolute_max=500)
GoalFormSet = formset_factory(GoalForm, extra=0, max_num=MOST_GOALS, validate_max=True)


class PlanForms:
    """The forms of one plan page as one: valid together, one Proposal out."""

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        episode: Episode,
        today: date,
        from_plan: Plan | None = None,
        template: PlanTemplate | None = None,
    ) -> None:
        initial = plan_start.initial(episode, today, from_plan, template)
        catalogue = list(Exercise.objects.in_use())
        self.plan = PlanForm(data, today=today, episode=episode, initial=initial["plan"])
        self.massages: BaseFormSet[Any] = MassageFormSet(data, prefix="massage", initial=initial["massages"])
        self.goals: BaseFormSet[Any] = GoalFormSet(
            data, prefix="goal", initial=initial["goals"], form_kwargs={"today": today}
        )
        self.doses = dose_forms(data, catalogue, initial["doses"])

    @property
    def dose_groups(self) -> list[DoseGroup]:
        return dose_groups(self.doses)

    @property
    def all(self) -> tuple[Any, ...]:
        return (self.plan, self.massages, self.goals, self.doses)

    def is_valid(self) -> bool:
        answers = [forms.is_valid() for forms in self.all]
        valid = all(answers)
        if valid and any(f.cleaned_data.get("chosen") for f in self.doses.forms):
            for name in ("pt_minutes", "pt_sessions", "pt_days_between"):
                if self.plan.cleaned_data.get(name) is None:
                    self.plan.add_error(name, "Enter a number for the exercises chosen.")
                    valid = False
        return valid

    @property
    def summaries(self) -> list[Any]:
        """Every form with an error, for the summary on top."""
        every = [self.plan, *self.massages.forms, *self.doses.forms, *self.goals.forms]
        return [form for form in every if form.is_bound and form.errors]

    def refuse(self, refusal: plans.PlanRefused) -> None:
        """A refusal beside the field it is about."""
        if refusal.part in {"technique", "override_reason", "pressure_cap"}:
            taken = [form for form in self.massages.forms if form.cleaned_data.get("technique")]
            taken[refusal.position].add_error(refusal.part, str(refusal))
        else:
            self.plan.add_error(refusal.part if refusal.part in self.plan.fields else None, str(refusal))

    def proposal(self) -> plans.Proposal:
        d = self.plan.cleaned_data
        doses = tuple(form.part for form in self.doses.forms if form.cleaned_data.get("chosen"))
        return plans.Proposal(
            review_on=d["review_on"],
            summary=d["summary"],
            massages=tuple(part for f in self.massages.forms if (part := f.part)),
            exercises=plans.ExercisePart(
                d["pt_minutes"], d["pt_sessions"], d["pt_days_between"], doses, d["pt_instructions"]
            )
            if doses
            else None,
            medication=tuple(d["medication"]),
            goals=tuple(part for f in self.goals.forms if (part := f.part)),
            same_day=d["same_day"] or SameDay.ANY,
        )


@dataclass(frozen=True)
class DoseGroup:
    """The exercises of one group; open on the page when one of them is taken or wrong."""

    name: str
    doses: list[DoseForm]

    @property
    def is_open(self) -> bool:
        return any(dose["chosen"].value() or dose.errors for dose in self.doses)


def dose_groups(doses: BaseFormSet[Any]) -> list[DoseGroup]:
    groups = itertools.groupby(doses.forms, key=lambda form: str(form.shown.group))
    return [DoseGroup(name, list(several)) for name, several in groups]


def dose_forms(
    data: Mapping[str, Any] | None, catalogue: list[Exercise], taken: Mapping[int, Mapping[str, Any]]
) -> BaseFormSet[Any]:
    """A line for each exercise in use, with its usual dose or the one that is taken."""
    usual = (
        {"exercise": e.pk, "sets": e.usual_sets, "amount": e.usual_amount, "times_a_week": e.usual_times_a_week,
         "level": 1}
        for e in catalogue
    )  # fmt: skip
    lines: BaseFormSet[Any] = DoseFormSet(
        data, prefix="dose", initial=[{**row, **taken.get(int(row["exercise"]), {})} for row in usual]
    )
    for form, exercise in zip(lines.forms, catalogue, strict=False):
        form.show(exercise)
    return lines
