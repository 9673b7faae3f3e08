"""Forms of the owner's pages: an exercise of the library, a template of plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory

from clinic.forms import TonusForm
from patients.models.choices import Cause
from treatments import plans, starting
from treatments.drawings import DRAWINGS
from treatments.forms import plan_start
from treatments.forms.fields import blank_first, whole_number
from treatments.forms.plans import MOST_GOALS, MOST_MASSAGES, DoseGroup, MassageForm, dose_forms, dose_groups
from treatments.models import DosageUnit, Exercise, Measure, PlanTemplate, SameDay, TissueState


class LinesField(forms.CharField):
    """Several short texts, one on each line."""

    def __init__(self, *, most: int, longest: int, rows: int = 4, **kwargs: Any) -> None:
        self.most, self.longest = most, longest
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > self.most:
            raise ValidationError(f"At most {self.most} lines.")
        if any(len(line) > self.longest for line in lines):
            raise ValidationError(f"Each line has at most {self.longest} letters.")
        return lines


class ExerciseForm(TonusForm):
    """One exercise in the clinic's own words."""

    name = forms.CharField(max_length=80)
    group = forms.CharField(max_length=40, widget=forms.TextInput(attrs={"list": "groups", "autocomplete": "off"}))
    purpose = forms.CharField(max_length=200, help_text="What it is good for, in the patient's words")
    steps = LinesField(most=8, longest=300, help_text="One step on each line")
    take_care = forms.CharField(max_length=300, required=False, label="Take care")
    stop_if = forms.CharField(max_length=300, required=False, label="Stop if")
    progressions = LinesField(
        most=8,
        longest=200,
        rows=3,
        required=False,
        label="Harder ways",
        help_text="One on each line, the easiest first",
    )
    drawing = forms.ChoiceField(required=False)
    unit = forms.ChoiceField(choices=DosageUnit.choices, label="Counted in")
    usual_sets = whole_number("Usual sets", 1, 20)
    usual_amount = whole_number("Usual amount", 1, 600)
    usual_times_a_week = whole_number("Times a week", 1, 28)
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, name.replace("-", " ").capitalize()) for name in sorted(DRAWINGS)]
        self.fields["drawing"].choices = blank_first(names, "No drawing")  # type: ignore[attr-defined]


#: What the form of an exercise starts with when there is one.
def of_exercise(exercise: Exercise) -> dict[str, Any]:
    names = (
        "name", "group", "purpose", "steps", "take_care", "stop_if", "progressions", "drawing", "unit", "usual_sets",
        "usual_amount", "usual_times_a_week", "revision",
    )  # fmt: skip
    return {name: getattr(exercise, name) for name in names}


class MassageStartForm(MassageForm):
    """A massage of a template: regions and clearance are the patient's."""

    regions = None  # type: ignore[assignment]
    override_reason = None  # type: ignore[assignment]

    @property
    def part(self) -> Any:
        d = self.cleaned_data
        if not d.get("technique"):
            return None
        return starting.MassageStart(
            d["technique"], d["minutes"], d["sessions"], d["days_between"], d["pressure_cap"], d["instructions"]
        )


class GoalStartForm(TonusForm):
    """A goal of a template: by how many days instead of by which day."""

    measure = forms.ChoiceField(choices=blank_first(Measure.choices, "No goal"), required=False)
    wording = forms.CharField(max_length=200, required=False, label="In words")
    target = forms.DecimalField(min_value=0, max_value=999, decimal_places=1, required=False)
    due_in_days = whole_number("Within days", 1, 730, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        measure = cleaned.get("measure")
        if measure == Measure.OTHER and not cleaned.get("wording"):
            self.add_error("wording", "Say what is to be reached.")
        elif measure and measure != Measure.OTHER and cleaned.get("target") is None and "target" not in self.errors:
            self.add_error("target", "Enter the number to reach.")
        return cleaned

    @property
    def part(self) -> starting.GoalStart | None:
        d = self.cleaned_data
        if not d.get("measure"):
            return None
        target = "" if d["target"] is None else f"{d['target']:f}"
        return starting.GoalStart(d["measure"], target, d["wording"], d["due_in_days"])


class TemplateForm(TonusForm):
    """What a template is called, whom it suits, and what holds for the whole plan."""

    name = forms.CharField(max_length=80)
    suits = forms.CharField(max_length=200, label="Suits", help_text="For whom, in a sentence")
    causes = forms.MultipleChoiceField(
        choices=Cause.choices, required=False, label="Causes", widget=forms.CheckboxSelectMultiple
    )
    tissue_states = forms.MultipleChoiceField(
        choices=TissueState.choices[1:], required=False, label="Tissue", widget=forms.CheckboxSelectMultiple
    )
    summary = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    same_day = forms.ChoiceField(label="When both fall on one day", choices=SameDay.choices)
    review_in_days = whole_number("Review after days", 1, 366)
    pt_minutes = whole_number("Minutes", 5, 240, required=False)
    pt_sessions = whole_number("Sessions", 1, 60, required=False)
    pt_days_between = whole_number("Days apart", 0, 60, required=False)
    pt_instructions = forms.CharField(max_length=500, required=False, label="Instructions", widget=forms.TextInput())
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)


MassageStartFormSet = formset_factory(MassageStartForm, extra=0, max_num=MOST_MASSAGES, validate_max=True)
GoalStartFormSet = formset_factory(GoalStartForm, extra=0, max_num=MOST_GOALS, validate_max=True)


class TemplateForms:
    """The forms of one template as one."""

    def __init__(self, data: Mapping[str, Any] | None, *, template: PlanTemplate | None) -> None:
        start = starting.read(template.content) if template else starting.Start()
        plan = {**plan_start.general(start), "review_in_days": start.review_in_days}
        if template:
            plan |= {
                "name": template.name, "suits": template.suits, "causes": template.causes,
                "tissue_states": template.tissue_states, "revision": template.revision,
            }  # fmt: skip
        massages = [dict(vars(m)) for m in start.massages]
        goals = [{**vars(g), "target": g.target or None} for g in start.goals]
        self.plan = TemplateForm(data, initial=plan)
        self.massages: BaseFormSet[Any] = MassageStartFormSet(
            data, prefix="massage", initial=plan_start.filled(massages, MOST_MASSAGES)
        )
        self.goals: BaseFormSet[Any] = GoalStartFormSet(
            data, prefix="goal", initial=plan_start.filled(goals, MOST_GOALS)
        )
        self.doses = dose_forms(data, list(Exercise.objects.in_use()), plan_start.doses(start))

    @property
    def dose_groups(self) -> list[DoseGroup]:
        return dose_groups(self.doses)

    @property
    def _every(self) -> list[Any]:
        return [self.plan, *self.massages.forms, *self.doses.forms, *self.goals.forms]

    def is_valid(self) -> bool:
        answers = [forms.is_valid() for forms in (self.plan, self.massages, self.goals, self.doses)]
        return all(answers)

    @property
    def summaries(self) -> list[Any]:
        return [form for form in self._every if form.is_bound and form.errors]

    def facts(self) -> dict[str, Any]:
        """What `library.save_template` is told."""
        d = dict(self.plan.cleaned_data)
        named = {name: d.pop(name) for name in ("name", "suits", "causes", "tissue_states", "revision")}
        doses = tuple(_start(form.part) for form in self.doses.forms if form.cleaned_data.get("chosen"))
        return {
            **named,
            "start": starting.Start(
                massages=tuple(part for form in self.massages.forms if (part := form.part)),
                doses=doses,
                goals=tuple(part for form in self.goals.forms if (part := form.part)),
                **d,
            ),
        }


def _start(dose: plans.Dose) -> starting.DoseStart:
    return starting.DoseStart(
        dose.exercise.slug, dose.sets, dose.amount, dose.times_a_week, dose.level, dose.next_when, dose.remark
    )
