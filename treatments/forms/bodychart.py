"""The list form of the body chart: a row for each mark. The drawing fills the same rows, so the two are in step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory

from clinic.forms import TonusForm
from treatments.body import atlas
from treatments.body.marks import MOST, Layer, Mark
from treatments.forms.chart import Rows
from treatments.forms.fields import PlainFields, blank_first, whole_number

#: Every place at every layer is more than anybody marks.
MOST_MARKS = 300
NOWHERE = "Nowhere"
_BY_LABEL = {place.label.casefold(): name for name, place in atlas.PLACES.items()} | {NOWHERE.casefold(): atlas.NOWHERE}


class PlaceField(forms.CharField):
    """A place by its label, as the list of suggestions writes it; its name serves as well."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"list": "body-places", "autocomplete": "off"}))
        super().__init__(label="Where", max_length=60, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return atlas.label(value) if value in atlas.PLACES or value == atlas.NOWHERE else value

    def clean(self, value: Any) -> str:
        said = super().clean(value)
        name = said if said in atlas.PLACES else _BY_LABEL.get(" ".join(said.split()).casefold())
        if name is None:
            raise ValidationError("Choose a place from the list, with its side.")
        return name

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


class MarkForm(PlainFields, TonusForm):
    hints = True
    layer = forms.ChoiceField(label="What", choices=blank_first([(x.value, x.label) for x in Layer], "What"))
    region = PlaceField()
    intensity = whole_number(f"0 to {MOST}", 0, MOST, required=False)
    remark = forms.CharField(label="Note", max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress_fields()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        layer, rating = cleaned.get("layer"), cleaned.get("intensity")
        if layer and rating is not None and not Layer(layer).rated:
            self.add_error("intensity", f"{Layer(layer).label} is not rated: leave this empty.")
        elif rating is not None and cleaned.get("region") == atlas.NOWHERE:
            self.add_error("intensity", "What is nowhere is not rated: leave this empty.")
        return cleaned

    @property
    def mark(self) -> Mark:
        d = self.cleaned_data
        return Mark(d["region"], d["layer"], d["intensity"], d["remark"])


class MarkRows(Rows):
    """Rows that contradict each other are named, and the first of them counts."""

    def clean(self) -> None:
        super().clean()
        seen: dict[str, set[str]] = {}
        for form in self.forms:
            if not form.is_valid() or not form.has_changed() or form.cleaned_data.get("DELETE"):
                continue
            mark = form.mark
            places = seen.setdefault(mark.layer, set())
            if mark.region in places:
                form.add_error("region", "This is marked in another row already.")
            elif places and (mark.region == atlas.NOWHERE or atlas.NOWHERE in places):
                form.add_error("region", f"{Layer(mark.layer).label} is marked somewhere and nowhere: choose one.")
            else:
                places.add(mark.region)


MarkFormSet = formset_factory(
    MarkForm, MarkRows, extra=3, can_delete=True, max_num=MOST_MARKS, absolute_max=MOST_MARKS + 5, validate_max=True
)


class BodyForm:
    """The rows of one chart as one. `marks` holds all that is valid, so that a half-typed row loses nothing else."""

    def __init__(self, data: Mapping[str, Any] | None, *, stored: Sequence[Mark]) -> None:
        self.data = data
        self.rows: BaseFormSet[Any] = MarkFormSet(
            data, prefix="mark", initial=None if data else [vars(mark) for mark in stored]
        )

    def is_valid(self) -> bool:
        return self.rows.is_valid()

    @property
    def marks(self) -> list[Mark]:
        filled = (form for form in self.rows.forms if form.is_valid() and form.has_changed())
        return [form.mark for form in filled if not form.cleaned_data.get("DELETE")]

    @property
    def unsaved(self) -> list[str]:
        """What is not valid yet, in words: it stays on the page and is not stored."""
        said = [
            f"Mark {n}, {form.fields[name].label if name in form.fields else name}: {errors[0]}"
            for n, form in enumerate(self.rows.forms, start=1)
            if form.errors and not form.cleaned_data.get("DELETE")
            for name, errors in list(form.errors.items())[:1]
        ]
        return said + [str(error) for error in self.rows.non_form_errors()]
