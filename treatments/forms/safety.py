"""Forms of safety: the red-flag screen, a clinician's clearance, what is asked at a visit, and a rule."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import TimeInput, TonusForm
from clinic.time import InGap, at_wall
from treatments.forms.fields import PastDay, PlainFields, whole_number
from treatments.models import Occasion
from treatments.models.safety import ANSWERS, WAYS
from treatments.red_flags import Asked
from treatments.regions import Region
from treatments.safety import Effect, Flag, Gate, Rule, Technique, Term
from treatments.safety.facts import Position
from treatments.safety.redflags import GROUPS, QUESTIONS, Answer
from treatments.safety.subjects import FLAGS, NUMBERS, SETS, About


def _three(label: str, choices: Any = ANSWERS) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, initial=choices[0][0], required=False, widget=forms.RadioSelect
    )


class ScreenForm(PlainFields, TonusForm):
    """Every red flag, each answered yes, no or not asked."""

    occasion = forms.ChoiceField(choices=Occasion.choices, label="Why now")
    remark = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in QUESTIONS:
            self.fields[question.flag.value] = _three(question.words)
        self.dress_fields()

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The questions under the heading of what they would mean."""
        return [(title, [self[q.flag.value] for q in QUESTIONS if q.group is group]) for group, title in GROUPS.items()]

    @property
    def answers(self) -> dict[Flag, Answer]:
        cleaned = self.cleaned_data
        return {q.flag: Answer(cleaned.get(q.flag.value) or Answer.NOT_ASKED) for q in QUESTIONS}


class ClearanceForm(TonusForm):
    """A clinician's word on flags that stand."""

    flags = forms.MultipleChoiceField(label="Cleared", widget=forms.CheckboxSelectMultiple)
    clinician = forms.CharField(max_length=120, label="Clinician", help_text="Name and role")
    words = forms.CharField(max_length=1000, label="In their words", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, today: date, standing: Collection[Flag], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(flag.value, FLAGS[flag.value].capitalize()) for flag in sorted(standing)]
        self.fields["flags"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.initial.setdefault("flags", [choices[0][0]])
        self.fields["seen_on"] = PastDay(today=today, label="Saw the patient on")
        self.order_fields(["flags", "clinician", "seen_on", "words"])


class AskedTodayForm(PlainFields, TonusForm):
    """What is asked when the patient comes."""

    dose = _three("A muscle relaxant, opioid or sedative in the last 12 hours?")
    last_dose = forms.TimeField(label="When was the last dose?", required=False, widget=TimeInput())
    way_home = _three("How does the patient get home?", WAYS)
    intoxicated = _three("Alcohol or drugs today?")
    new_injury = _three("A fall or new injury since the last visit?")
    fever = _three("Fever or feeling ill?")

    def __init__(self, *args: Any, now: datetime, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.tz = now, ZoneInfo(zone)
        self.dress_fields()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        wall = cleaned.get("last_dose")
        cleaned["last_dose_at"] = self._last(wall) if wall else None
        if wall and cleaned.get("dose") != Answer.YES:
            self.add_error("dose", "Say yes if there was a dose at that time.")
        return cleaned

    def _last(self, wall: time) -> datetime:
        """The last time the clock showed that: today, else yesterday."""
        today = self.now.astimezone(self.tz).date()
        try:
            at = at_wall(today, wall, self.tz)
            return at if at <= self.now else at_wall(today - timedelta(days=1), wall, self.tz)
        except InGap as gap:
            raise ValidationError({"last_dose": str(gap)}) from None

    @property
    def asked(self) -> Asked:
        d = self.cleaned_data
        names = ("dose", "way_home", "intoxicated", "new_injury", "fever")
        return Asked(last_dose_at=d["last_dose_at"], **{n: d.get(n) or Answer.NOT_ASKED.value for n in names})


# -- A rule --------------------------------------------------------------------------------------------

EFFECTS = [
    (Effect.NONE.value, "Nothing"),
    (Effect.INDICATED.value, "Indicated"),
    (Effect.LIMIT.value, "Allowed with limits"),
    (Effect.CLEARANCE.value, "Needs clearance"),
    (Effect.BLOCK.value, "Blocked"),
]
CAPS = [("", "No cap"), *((str(n), f"{n} of 5") for n in range(1, 6))]
POSITIONS = [
    (Position.ANY.value, "Any"),
    (Position.NOT_PRONE.value, "Not face down"),
    (Position.SIDE_LYING.value, "On the side"),
    (Position.HEAD_RAISED.value, "Head raised"),
    (Position.SUPPORTED.value, "Supported with cushions"),
]
ABOUTS = [(about.value, (SETS[about] if about in SETS else NUMBERS[about]).label) for about in About]


def values_of(about: About) -> list[tuple[str, str]]:
    """What a rule can ask of a subject, each in words."""
    if about is About.REGION:
        return [(region.value, str(region.label)) for region in Region]
    return [(value, words[:1].upper() + words[1:]) for value, words in SETS[about].values.items()]


class AboutForm(TonusForm):
    """What a new rule asks about."""

    about = forms.ChoiceField(choices=ABOUTS, label="It asks about")
    besides = forms.ChoiceField(choices=[("", "Nothing else"), *ABOUTS], required=False, label="And besides about")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("besides") and cleaned.get("besides") == cleaned.get("about"):
            self.add_error("besides", "Choose something else, or nothing.")
        return cleaned


class RuleForm(PlainFields, TonusForm):
    """One rule in typed fields: what it asks for, what it does to each technique, what it says and whence."""

    title = forms.CharField(max_length=80, label="Name")
    sentence = forms.CharField(
        max_length=300, widget=forms.Textarea(attrs={"rows": 2}), help_text="{what} stands for what was found"
    )
    source = forms.CharField(max_length=200)
    position = forms.ChoiceField(choices=POSITIONS, required=False, label="Position")
    minutes = whole_number("At most minutes", 5, 240, required=False)
    slow_rise = forms.BooleanField(required=False, label="Rise slowly from the table")
    off = forms.BooleanField(required=False, label="Switched off")
    why = forms.CharField(max_length=300, label="Why it changes", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        kwargs["initial"] = _initial(rule) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.rule = rule
        for technique in Technique:
            name = technique.value
            self.fields[f"{name}_effect"] = forms.ChoiceField(choices=EFFECTS, label="What happens")
            self.fields[f"{name}_cap"] = forms.TypedChoiceField(
                choices=CAPS, coerce=int, empty_value=None, required=False, label="Pressure at most"
            )
            self.fields[f"{name}_locally"] = forms.BooleanField(required=False, label="Only at the place")
        for n, term in enumerate(rule.when):
            self._add_term(n, term)
        self.dress_fields()

    def _add_term(self, n: int, term: Term) -> None:
        if term.about in NUMBERS:
            subject = NUMBERS[term.about]
            side = "at most" if subject.at_most else "at least"
            self.fields[f"t{n}_limit"] = whole_number(f"{side}, {subject.unit}", 0, 40000, required=False)
            self.fields[f"t{n}_unknown"] = forms.BooleanField(required=False, label="Also when nobody knows")
            return
        self.fields[f"t{n}_values"] = forms.MultipleChoiceField(
            choices=values_of(term.about), label="Any of", widget=forms.CheckboxSelectMultiple, required=False
        )
        self.fields[f"t{n}_least"] = whole_number("How many of them", 1, 50)
        self.fields[f"t{n}_unknown"] = forms.BooleanField(required=False, label="Also when nobody knows")

    @property
    def terms(self) -> list[dict[str, Any]]:
        """Each thing that the rule asks for, with its fields."""
        return [
            {
                "label": (SETS[t.about] if t.about in SETS else NUMBERS[t.about]).label,
                "fields": [self[name] for name in self.fields if name.startswith(f"t{n}_")],
            }
            for n, t in enumerate(self.rule.when)
        ]

    @property
    def columns(self) -> list[dict[str, Any]]:
        labels = ("Gentle massage", "Neuromuscular, sustained pressure", "Deep tissue")
        return [
            {"label": label, "fields": [self[f"{t.value}_{part}"] for part in ("effect", "cap", "locally")]}
            for t, label in zip(Technique, labels, strict=True)
        ]

    @property
    def changed(self) -> Rule:
        """The rule as it was typed."""
        d = self.cleaned_data
        gentle, neuromuscular, deep = (
            Gate(Effect(d[f"{t}_effect"]), d[f"{t}_cap"], bool(d[f"{t}_locally"])) for t in Technique
        )
        return replace(
            self.rule,
            title=d["title"],
            sentence=d["sentence"],
            source=d["source"],
            when=tuple(self._term(n, term) for n, term in enumerate(self.rule.when)),
            gates=(gentle, neuromuscular, deep),
            position=Position(d["position"]),
            minutes=d["minutes"],
            slow_rise=d["slow_rise"],
            off=d["off"],
        )

    def _term(self, n: int, term: Term) -> Term:
        d = self.cleaned_data
        unknown = bool(d[f"t{n}_unknown"])
        if term.about in NUMBERS:
            return replace(term, limit=d[f"t{n}_limit"], or_unknown=unknown)
        return replace(term, any_of=frozenset(d[f"t{n}_values"]), at_least=d[f"t{n}_least"], or_unknown=unknown)


def _initial(rule: Rule) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: getattr(rule, name) for name in ("title", "sentence", "source", "minutes", "slow_rise", "off")
    }
    values["position"] = rule.position.value
    for technique in Technique:
        gate = rule.gate(technique)
        values |= {
            f"{technique}_effect": gate.effect.value,
            f"{technique}_cap": gate.cap or "",
            f"{technique}_locally": gate.locally,
        }
    for n, term in enumerate(rule.when):
        values |= {
            f"t{n}_limit": term.limit,
            f"t{n}_values": sorted(term.any_of),
            f"t{n}_least": term.at_least,
            f"t{n}_unknown": term.or_unknown,
        }
    return values
