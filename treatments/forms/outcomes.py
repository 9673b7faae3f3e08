"""Forms that ask: one kind a measure, the same in the clinic and by link. Each knows what it has been answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import TonusForm
from treatments import measuring
from treatments.forms.fields import PastDay, PlainFields, whole_number
from treatments.models import Episode, LicensedForm
from treatments.outcomes import rmdq
from treatments.outcomes.measures import MEASURES, MOVEMENTS, Measure
from treatments.outcomes.scoring import ODI_LEAST, ODI_SECTIONS, PSFS_ACTIVITIES, NotScorable

#: What a form was answered: the movement (of a range of motion), and the answers as `measuring.score` reads them.
Reading = tuple[str, measuring.Answers]
CHOOSE = "Choose one number."


class MeasureForm(PlainFields, TonusForm):
    """What is common: whose measure, and that its answers make a score."""

    slug = ""
    template = ""

    def __init__(self, *args: Any, activities: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.activities = list(activities)
        self.build()
        self.dress_fields()

    def build(self) -> None:
        """Fields that depend on what was asked before."""

    @property
    def measure(self) -> Measure:
        return MEASURES[self.slug]

    def readings(self) -> list[Reading]:
        """What was answered, by variant: one scale, unless the measure says otherwise."""
        return [("", {"answer": self.cleaned_data["answer"]})]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            for _, answers in self.readings():
                try:
                    measuring.score(self.slug, answers)
                except NotScorable as sentence:
                    self.add_error(None, str(sentence))
        return cleaned


def _scale(label: str, low: int, high: int, **kwargs: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        coerce=int,
        choices=[(n, f"{n:+d}".replace("-", "−") if low < 0 and n else str(n)) for n in range(low, high + 1)],
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
        **kwargs,
    )


class NprsForm(MeasureForm):
    slug = "nprs"
    template = "treatments/measures/nprs.html"
    answer = _scale("How strong was your pain, on average, in the last 24 hours?", 0, 10)


class GrocForm(MeasureForm):
    slug = "groc"
    template = "treatments/measures/groc.html"
    answer = _scale("Since your treatment began, how have things changed overall?", -7, 7)


class RmdqForm(MeasureForm):
    slug = "rmdq"
    template = "treatments/measures/rmdq.html"
    ticked = forms.TypedMultipleChoiceField(
        label="Sentences that describe you today",
        coerce=int,
        required=False,
        choices=list(enumerate(rmdq.ITEMS, start=1)),
        widget=forms.CheckboxSelectMultiple,
    )
    instruction = rmdq.INSTRUCTION

    def readings(self) -> list[Reading]:
        return [("", {"ticked": sorted(self.cleaned_data["ticked"])})]


class PsfsForm(MeasureForm):
    """The first time the activities are named; from then on the same ones are rated."""

    slug = "psfs"
    template = "treatments/measures/psfs.html"

    def build(self) -> None:
        least, most = PSFS_ACTIVITIES
        for n in range(len(self.activities) or most):
            if not self.activities:
                self.fields[f"name_{n}"] = forms.CharField(
                    label=f"Activity {n + 1}",
                    max_length=80,
                    required=False,
                    widget=forms.TextInput(attrs={"autocomplete": "off"}),
                )
            label = self.activities[n] if self.activities else f"Activity {n + 1}, now"
            self.fields[f"rating_{n}"] = _scale(label, 0, 10, required=bool(self.activities), empty_value=None)
        self.least = least

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each activity: its name (a field, or words) and its scale."""
        for n in range(len(self.activities) or PSFS_ACTIVITIES[1]):
            yield {
                "name": None if self.activities else self[f"name_{n}"],
                "words": self.activities[n] if self.activities else "",
                "rating": self[f"rating_{n}"],
            }

    def readings(self) -> list[Reading]:
        rated = []
        for n in range(len(self.activities) or PSFS_ACTIVITIES[1]):
            name = self.activities[n] if self.activities else self.cleaned_data.get(f"name_{n}", "").strip()
            rating = self.cleaned_data.get(f"rating_{n}")
            if name or rating is not None:
                rated.append([name or f"Activity {n + 1}", rating])
        return [("", {"activities": rated})]


class OdiForm(MeasureForm):
    """The score of the clinic's own, licensed form."""

    slug = "odi"
    template = "treatments/measures/odi.html"
    points = whole_number("Points, all sections together", 0, 50, required=False)
    answered = whole_number("Sections answered", ODI_LEAST, ODI_SECTIONS, required=False, initial=ODI_SECTIONS)
    percent = forms.DecimalField(
        label="Or the score in per cent",
        required=False,
        max_digits=4,
        decimal_places=1,
        min_value=0,
        max_value=100,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits"),
            "Enter 0 to 100, with at most one decimal.",
        ),
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.1"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("points") is not None and cleaned.get("percent") is not None:
            self.add_error("percent", "Enter the points or the per cent, not both.")
        return cleaned

    def readings(self) -> list[Reading]:
        percent: Decimal | None = self.cleaned_data.get("percent")
        if percent is not None:
            return [("", {"percent": str(percent)})]
        answered = self.cleaned_data.get("answered") or ODI_SECTIONS
        return [("", {"points": self.cleaned_data.get("points"), "answered": answered})]


class OdiItemsForm(MeasureForm):
    """The clinic's own, licensed form, section by section."""

    slug = "odi"
    template = "treatments/measures/items.html"

    def __init__(self, *args: Any, form: LicensedForm, **kwargs: Any) -> None:
        self.version, self.words = form.version, form.words
        super().__init__(*args, **kwargs)

    def build(self) -> None:
        for n, section in enumerate(self.words.sections, start=1):
            self.fields[f"section_{n}"] = forms.TypedChoiceField(
                label=section.heading,
                coerce=int,
                empty_value=None,
                required=False,
                choices=list(enumerate(section.statements)),
                widget=forms.RadioSelect,
            )

    def readings(self) -> list[Reading]:
        points = [self.cleaned_data.get(name) for name in self.fields]
        answered = sum(one is not None for one in points)
        return [("", {"form": self.version, "sections": points, "answered": answered})]


class RomForm(MeasureForm):
    """As many movements as were measured."""

    slug = "rom"
    template = "treatments/measures/rom.html"

    def build(self) -> None:
        for movement, label in MOVEMENTS.items():
            self.fields[movement] = whole_number(label, 0, 360, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and not self.readings():
            raise ValidationError("Enter at least one movement.")
        return cleaned

    def readings(self) -> list[Reading]:
        return [
            (movement, {"degrees": self.cleaned_data[movement]})
            for movement in MOVEMENTS
            if self.cleaned_data.get(movement) is not None
        ]


FORMS: dict[str, type[MeasureForm]] = {
    form.slug: form for form in (NprsForm, RmdqForm, PsfsForm, RomForm, OdiForm, GrocForm)
}


def form_of(
    slug: str, *args: Any, by_score: bool = False, licensed: LicensedForm | None = None, **kwargs: Any
) -> MeasureForm:
    """The form that asks this measure: with the clinic's own words where it has brought a licensed form."""
    if licensed is not None and slug == licensed.measure and not by_score:
        return OdiItemsForm(*args, form=licensed, **kwargs)
    return FORMS[slug](*args, **kwargs)


class TakenForm(PlainFields, TonusForm):
    """When a measure was taken, and of which trouble: asked beside it in the clinic."""

    def __init__(self, *args: Any, today: date, episodes: Sequence[Episode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["taken_on"] = PastDay(today=today, label="Taken on", initial=today)
        self.episodes = {str(episode.uid): episode for episode in episodes}
        self.fields["episode"] = forms.ChoiceField(
            label="Of",
            required=False,
            choices=[*((str(e.uid), e.title) for e in episodes), ("", "No episode")],
        )
        self.dress_fields()

    def clean_episode(self) -> Episode | None:
        return self.episodes.get(self.cleaned_data["episode"])


class AskForm(PlainFields, TonusForm):
    """What to ask by link, and how the link gets to the patient."""

    measures = forms.MultipleChoiceField(
        label="Ask about",
        choices=[],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what to ask about."},
    )
    how = forms.ChoiceField(
        label="The link", choices=[("send", "Send it"), ("show", "Show it here once")], widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, sendable: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["measures"].choices = [(slug, MEASURES[slug].name) for slug in sendable]  # type: ignore[attr-defined]
        self.dress_fields()


class HowForm(PlainFields, TonusForm):
    """How the link of a diary gets to the patient."""

    how = forms.ChoiceField(choices=[("send", "Send it"), ("show", "Show it here once")])


class StrikeForm(TonusForm):
    reason = forms.CharField(label="Why it is struck out", max_length=200)


class ThresholdForm(TonusForm):
    """The clinic's own threshold: how much, and who says so."""

    mdc = forms.DecimalField(label="Reliable from (MDC)", required=False, max_digits=5, decimal_places=1)
    mic = forms.DecimalField(label="Important from (MIC)", required=False, max_digits=5, decimal_places=1)
    mic_percent = whole_number("Or important from so many per cent of the first value", 1, 100, required=False)
    sure_from = forms.DecimalField(label="Sure from a first value of", required=False, max_digits=5, decimal_places=1)
    sure_to = forms.DecimalField(label="Sure up to a first value of", required=False, max_digits=5, decimal_places=1)
    citation = forms.CharField(
        label="Source", max_length=400, widget=forms.Textarea(attrs={"rows": 2}), help_text="Who says so, and where."
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, measure: Measure, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measure = measure

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        span = self.measure.high - self.measure.low
        for name in ("mdc", "mic"):
            value = cleaned.get(name)
            if value is not None and not 0 < value <= span:
                self.add_error(name, f"Enter more than 0 and at most {span}.")
        for name in ("sure_from", "sure_to"):
            value = cleaned.get(name)
            if value is not None and not self.measure.holds(value):
                self.add_error(name, f"The scale runs from {self.measure.low} to {self.measure.high}.")
        return cleaned


class RulesForm(TonusForm):
    """When a plan is spoken of, and how small a group may be."""

    goal_times = whole_number("A goal holds after so many measurements in a row", 1, 5)
    visits_without_change = whole_number("Sessions without a reliable change, before a plan is looked at again", 1, 60)
    smallest_group = whole_number("Patients a group must have before its numbers are shown", 3, 50)
    citation = forms.CharField(label="Source", max_length=400, widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.IntegerField(widget=forms.HiddenInput)
