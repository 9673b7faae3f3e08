"""The chart: S O A P on one screen, rows for findings and work. What is typed is kept even before it is all valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

from django import forms
from django.forms import BaseFormSet, formset_factory

from clinic.forms import TonusForm
from treatments import content
from treatments.content import LABELS, Content
from treatments.findings import Degree, Grade, MuscleGroup, Palpation
from treatments.forms.fields import PlainFields, blank_first, whole_number
from treatments.forms.quick import Fixed, QuickInput, QuickNumber, QuickSelect
from treatments.models import Exercise, Technique
from treatments.outcomes.measures import MOVEMENTS
from treatments.regions import Region
from treatments.states import NotePrivacy

MOST_ROWS = 30
SCALE = Fixed([("", "not asked"), *((str(n), str(n)) for n in range(11))])


def _text(label: str, rows: int) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": rows, "maxlength": 4000, "data-words": ""}),
    )


def _scale(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=SCALE, coerce=int, empty_value=None, required=False, widget=forms.RadioSelect
    )


def _choice(label: str, choices: Iterable[tuple[Any, Any]], **kwargs: Any) -> forms.ChoiceField:
    kind = forms.TypedChoiceField if "coerce" in kwargs else forms.ChoiceField
    return kind(label=label, choices=Fixed(blank_first(choices, label)), widget=QuickSelect, **kwargs)


def _remark(most: int = 120) -> forms.CharField:
    attrs = {"maxlength": most, "autocomplete": "off"}
    return forms.CharField(label="Remark", max_length=most, required=False, widget=QuickInput(attrs))


class ChartForm(PlainFields, TonusForm):
    """What is said, found, judged and planned, and who may read it."""

    subjective = _text("Subjective", 4)
    objective = _text("Objective", 4)
    assessment = _text("Assessment", 3)
    next_steps = _text("Plan", 3)
    response = forms.CharField(
        label="Response to treatment",
        max_length=500,
        required=False,
        widget=QuickInput({"maxlength": 500, "autocomplete": "off", "data-words": ""}),
    )
    pain_before = _scale("Pain before")
    pain_after = _scale("Pain after")
    spasms_since_last = whole_number("Spasms since last time", 0, 999, required=False, widget=QuickNumber)
    privacy = forms.ChoiceField(
        label=LABELS["privacy"], choices=Fixed(NotePrivacy.choices), required=False, widget=QuickSelect
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress_fields()

    def clean_privacy(self) -> str:
        """A page that does not ask leaves it as it is."""
        return self.cleaned_data["privacy"] or str(self.initial["privacy"])


class RowForm(PlainFields, TonusForm):
    """One row of a list; what it says goes into the note as `kind`."""

    hints = True
    kind: ClassVar[type[Any]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress_fields()

    @property
    def row(self) -> Any:
        return self.kind(**{name: self.cleaned_data[name] for name in self.base_fields})


class PalpationForm(RowForm):
    kind = content.Palpated
    region = _choice("Region", Region.choices)
    finding = _choice("Finding", Palpation.choices)
    degree = _choice("Degree", Degree.choices, coerce=int, empty_value=None, required=False)
    remark = _remark()


class MotionForm(RowForm):
    kind = content.Moved
    movement = _choice("Movement", MOVEMENTS.items())
    degrees = whole_number("Degrees", 0, 360, widget=QuickNumber)
    remark = _remark()


class StrengthForm(RowForm):
    kind = content.Strength
    muscles = _choice("Muscles", MuscleGroup.choices)
    grade = _choice("0 to 5", Grade.choices)
    remark = _remark()


class TechniqueForm(RowForm):
    kind = content.Applied
    technique = _choice("Technique", Technique.choices)
    region = _choice("Region", Region.choices)
    minutes = whole_number("Minutes", 1, 240, widget=QuickNumber)
    pressure = _choice(
        "Pressure", [(str(n), f"{n} of 5") for n in range(1, 6)], coerce=int, empty_value=None, required=False
    )


class ExerciseForm(RowForm):
    exercise = forms.ChoiceField(widget=QuickSelect)
    sets = whole_number("Sets", 1, 20, widget=QuickNumber)
    amount = whole_number("Amount", 1, 600, widget=QuickNumber)
    remark = _remark(200)

    def __init__(self, *args: Any, catalogue: Mapping[str, Exercise], choices: Fixed, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.catalogue = catalogue
        self.fields["exercise"].choices = choices  # type: ignore[attr-defined]

    @property
    def row(self) -> content.Done:
        d = self.cleaned_data
        return content.Done(self.catalogue[d["exercise"]], d["sets"], d["amount"], d["remark"])


class Rows(BaseFormSet):
    """Rows of which none is owed: an empty one is left out, however many the page was opened with."""

    def initial_form_count(self) -> int:
        return 0

    def total_form_count(self) -> int:
        return super().total_form_count() if self.is_bound else len(self.initial or ()) + self.extra


#: Of each list: the form of a row, the prefix of its fields, what one row is called.
LISTS: dict[str, tuple[type[RowForm], str, str]] = {
    "palpations": (PalpationForm, "palpation", "Palpation"),
    "motions": (MotionForm, "motion", "Range of motion"),
    "strengths": (StrengthForm, "strength", "Strength"),
    "techniques": (TechniqueForm, "technique", "Technique"),
    "exercises": (ExerciseForm, "exercise", "Exercise"),
}
_SETS = {
    name: formset_factory(
        form, Rows, extra=0, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS + 5, validate_max=True
    )
    for name, (form, _, _) in LISTS.items()
}


@dataclass(frozen=True)
class RowList:
    """One list as the page draws it: its rows, and a spare one that a script copies and a browser without sees."""

    name: str
    prefix: str
    label: str
    rows: list[Any]
    spare: Any
    total: int


class Chart:
    """The forms of one chart as one. `content` holds all that is valid, so that a half-typed row loses nothing else."""

    def __init__(
        self, data: Mapping[str, Any] | None, *, stored: Content, revision: int, catalogue: Iterable[Exercise]
    ) -> None:
        self.stored, self.data = stored, data
        known = {e.slug: e for e in catalogue} | {e.exercise.slug: e.exercise for e in stored.exercises}
        self.form = ChartForm(data, initial={n: getattr(stored, n) for n in content.PLAIN} | {"revision": revision})
        self.sets: dict[str, BaseFormSet[Any]] = {}
        for name, (_, prefix, _) in LISTS.items():
            kept = [vars(row) for row in getattr(stored, name)]
            if name == "exercises":
                kept = [row | {"exercise": row["exercise"].slug} for row in kept]
            kwargs: dict[str, Any] = {"form_kwargs": _of_exercises(known)} if name == "exercises" else {}
            self.sets[name] = _SETS[name](data, prefix=prefix, initial=None if data else kept, **kwargs)

    @property
    def lists(self) -> dict[str, RowList]:
        """What the page draws."""
        return {name: self._list(name) for name in LISTS}

    def _list(self, name: str) -> RowList:
        form, prefix, label = LISTS[name]
        rows = self.sets[name]
        total = rows.total_form_count()
        spare = form(prefix=rows.add_prefix(total), **rows.get_form_kwargs(None))
        rows.add_fields(spare, total)
        drawn = [row for row in rows.forms if not rows.is_bound or row.has_changed()]
        return RowList(name, prefix, label, drawn, spare, total + 1)

    def is_valid(self) -> bool:
        answers = [self.form.is_valid(), *(rows.is_valid() for rows in self._sent)]
        return all(answers)

    @property
    def _sent(self) -> list[BaseFormSet[Any]]:
        """The lists that the page sent: one that knows nothing of a list leaves it as it is."""
        return [rows for rows in self.sets.values() if f"{rows.prefix}-TOTAL_FORMS" in (self.data or {})]

    @property
    def revision(self) -> int:
        """The one the typist's page was on; 0, which fits no note, when it was tampered with."""
        return int(self.form.cleaned_data.get("revision") or 0)

    @property
    def looked(self) -> list[str]:
        """What was carried over and the typist has looked at; all of it, or part by part."""
        if self.data is None:
            return []
        if self.data.get("looked_all"):
            return list(content.CARRIED)
        return self.data.getlist("looked") if hasattr(self.data, "getlist") else list(self.data.get("looked", ()))

    @property
    def content(self) -> Content:
        """Everything valid; a field that is not keeps what is stored."""
        cleaned = self.form.cleaned_data
        values: dict[str, Any] = {name: cleaned[name] for name in content.PLAIN if name in cleaned}
        sent = self._sent
        values |= {name: _rows(rows) for name, rows in self.sets.items() if rows in sent}
        return replace(self.stored, **values)

    @property
    def unsaved(self) -> list[str]:
        """What is not valid yet, in words: it stays on the page and is not stored."""
        said = [f"{self.form.fields[name].label}: {errors[0]}" for name, errors in self.form.errors.items()]
        for name, (_, _, label) in LISTS.items():
            if self.sets[name] not in self._sent:
                continue
            for n, form in enumerate(self.sets[name].forms, start=1):
                if form.errors and not form.cleaned_data.get("DELETE"):
                    field, errors = next(iter(form.errors.items()))
                    said.append(f"{label} {n}, {form.fields[field].label or field}: {errors[0]}")
            said.extend(str(error) for error in self.sets[name].non_form_errors())
        return said


def _of_exercises(known: Mapping[str, Exercise]) -> dict[str, Any]:
    return {"catalogue": known, "choices": _exercises(tuple((slug, one.name) for slug, one in known.items()))}


@lru_cache(maxsize=16)
def _exercises(named: tuple[tuple[str, str], ...]) -> Fixed:
    """A catalogue seldom changes from one page to the next."""
    return Fixed(blank_first(named, "Exercise"))


def _rows(formset: BaseFormSet[Any]) -> tuple[Any, ...]:
    filled = (form for form in formset.forms if form.is_valid() and form.has_changed())
    return tuple(form.row for form in filled if not form.cleaned_data.get("DELETE"))
