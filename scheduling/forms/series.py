"""How visits repeat, and what becomes of those of a series, as chosen at the desk."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from clinic.forms import DateInput, TimeInput, TonusForm
from clinic.models import Location, Practitioner
from scheduling.forms.booking import ByUid
from scheduling.models import Appointment, Room, Service
from scheduling.models.resources import LONGEST_VISIT
from scheduling.recurrence import MOST, NAMES, WORKDAYS, Frequency, ImpossibleRule, Recurrence
from scheduling.states import Side

#: The choices of "Repeats": each is a frequency and a step. Only weekly ones ask for days.
REPEATS = {
    "week": (Frequency.WEEKLY, 1, "Every week on"),
    "weeks2": (Frequency.WEEKLY, 2, "Every 2 weeks on"),
    "weeks3": (Frequency.WEEKLY, 3, "Every 3 weeks on"),
    "weeks4": (Frequency.WEEKLY, 4, "Every 4 weeks on"),
    "weeks6": (Frequency.WEEKLY, 6, "Every 6 weeks on"),
    "weeks8": (Frequency.WEEKLY, 8, "Every 8 weeks on"),
    "weeks12": (Frequency.WEEKLY, 12, "Every 12 weeks on"),
    "workdays": (Frequency.WEEKLY, 1, "Every weekday, Monday to Friday"),
    "day": (Frequency.DAILY, 1, "Every day"),
    "days2": (Frequency.DAILY, 2, "Every 2 days"),
    "days3": (Frequency.DAILY, 3, "Every 3 days"),
}
COUNT, UNTIL = "count", "until"
#: Fields of the form by the field of the rule.
_FIELDS = {"weekdays": "on", "every": "repeat", "count": "count", "until": "until"}
_SHORT = [(str(n), name[:3]) for n, name in enumerate(NAMES)]


def repeat_of(rule: Recurrence) -> str:
    """The choice that says this rule, or the nearest longer one."""
    if rule.frequency is Frequency.WEEKLY and rule.every == 1 and rule.weekdays == WORKDAYS:
        return "workdays"
    same = {
        key: every
        for key, (frequency, every, _) in REPEATS.items()
        if frequency is rule.frequency and key != "workdays"
    }
    return min(same, key=lambda key: (same[key] < rule.every, same[key]))


class DayTimeForm(TonusForm):
    """At what time, with whom, where, how long."""

    practitioner = ByUid(Practitioner.objects.none(), label="With", empty_label="Choose …")
    time = forms.TimeField(widget=TimeInput(), label="Time")
    minutes = forms.IntegerField(min_value=5, max_value=LONGEST_VISIT, label="Minutes")
    room = ByUid(Room.objects.none(), required=False, label="Room", empty_label="Any suitable")

    def __init__(self, *args: Any, location: Location, service: Service, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Practitioner.objects.active().filter(working_hours__location=location, discipline=service.discipline)
        self.people = people.distinct().by_name()
        self.fields["practitioner"].queryset = self.people  # type: ignore[attr-defined]
        self.fields["room"].queryset = Room.objects.active().filter(location=location).order_by("name")  # type: ignore[attr-defined]


class RepeatForm(DayTimeForm):
    """The rule of a series to be. Read from the address: a preview can be sent on and looked at again."""

    first = forms.DateField(widget=DateInput(), label="First day")
    repeat = forms.ChoiceField(choices=[(key, label) for key, (_, _, label) in REPEATS.items()], label="Repeats")
    on = forms.MultipleChoiceField(choices=_SHORT, required=False, widget=forms.CheckboxSelectMultiple, label="Days")
    ends = forms.ChoiceField(
        choices=[(COUNT, "after so many visits"), (UNTIL, "on a day")], widget=forms.RadioSelect, label="Ends"
    )
    count = forms.IntegerField(required=False, min_value=1, max_value=MOST, label="Visits")
    until = forms.DateField(required=False, widget=DateInput(), label="Last day")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.rule: Recurrence | None = None

    def clean_first(self) -> date:
        first: date = self.cleaned_data["first"]
        if first < self.today:
            raise forms.ValidationError("That day is past. A series begins today or later.")
        if (first - self.today).days > 731:
            raise forms.ValidationError("That is more than two years ahead.")
        return first

    def clean(self) -> dict[str, Any]:
        """Fills `rule`."""
        data = super().clean() or self.cleaned_data
        first, repeat, ends = data.get("first"), data.get("repeat"), data.get("ends")
        if not first or not repeat or not ends or self.errors.keys() & {"count", "until", "on"}:
            return data
        if not data.get(ends):
            self.add_error(ends, "How many visits?" if ends == COUNT else "Until which day?")
            return data
        frequency, every, _ = REPEATS[repeat]
        days = WORKDAYS if repeat == "workdays" else frozenset(int(day) for day in data.get("on") or ())
        try:
            rule = Recurrence(
                first,
                frequency,
                every,
                days if frequency is Frequency.WEEKLY else frozenset(),
                count=data["count"] if ends == COUNT else None,
                until=data["until"] if ends == UNTIL else None,
            )
            rule.dates()
        except ImpossibleRule as impossible:
            self.add_error(_FIELDS.get(impossible.field, "repeat"), str(impossible))
        else:
            self.rule = rule
        return data


class AlterForm(DayTimeForm):
    """What becomes of visits of a series: another time, person, room, length, or some days earlier or later."""

    shift = forms.TypedChoiceField(coerce=int, label="Days")

    def __init__(self, *args: Any, weekdays: frozenset[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = (*range(7), *range(-1, -7, -1))
        self.fields["shift"].choices = [(n, _shifted(n, weekdays)) for n in steps]  # type: ignore[attr-defined]
        self.fields["room"].empty_label = "The same, or another that is free"  # type: ignore[attr-defined]


def _shifted(days: int, weekdays: frozenset[int]) -> str:
    """ "Thursday instead of Tuesday (2 days later)"."""
    if days == 0:
        return "The same days"
    step = f"{abs(days)} day{'' if abs(days) == 1 else 's'} {'later' if days > 0 else 'earlier'}"
    if len(weekdays) == 1:
        [day] = weekdays
        return f"{NAMES[(day + days) % 7]} instead of {NAMES[day]}, {step}"
    return step.capitalize()


class CallOffSeriesForm(TonusForm):
    """Which visits are called off, by whom and why."""

    side = forms.ChoiceField(
        choices=[(Side.PATIENT, "The patient"), (Side.CLINIC, "The clinic")],
        widget=forms.RadioSelect,
        label="Who calls them off?",
        initial=Side.PATIENT,
    )
    reason = forms.CharField(max_length=200, label="Why?", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    #: Each as it was seen: uid of the visit and its version.
    visits = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Visits",
        error_messages={"invalid_choice": "One of these visits was changed a moment ago. Look again."},
    )

    def __init__(self, *args: Any, visits: list[Appointment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {f"{visit.uid}.{visit.version}": visit for visit in visits}
        self.fields["visits"].choices = [(key, str(visit.uid)) for key, visit in self.by_key.items()]  # type: ignore[attr-defined]

    def clean_visits(self) -> list[Appointment]:
        chosen = self.cleaned_data["visits"]
        if not chosen:
            raise forms.ValidationError("Choose at least one visit.")
        return [self.by_key[key] for key in chosen]
