"""Widgets that are written without a template: a chart has dozens of them, and its page must open at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

from django import forms
from django.utils.choices import BaseChoiceIterator
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from clinic.widgets import attributes


class Fixed(BaseChoiceIterator):
    """Choices that never change: forms share them instead of copying them row by row; each option is written once."""

    def __init__(self, choices: Iterable[tuple[Any, Any]]) -> None:
        self.known = [(str(value), str(label)) for value, label in choices]
        #: Of each value: its option, and its option when chosen.
        self.options = {
            value: (
                format_html('<option value="{}">{}</option>', value, label),
                format_html('<option value="{}" selected>{}</option>', value, label),
            )
            for value, label in self.known
        }

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.known)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class QuickSelect(forms.Select):
    """A list to choose from."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 -- the framework's
        said = "" if value is None else str(value)
        choices: Any = self.choices  # type: ignore[has-type]
        known = choices if isinstance(choices, Fixed) else Fixed(choices)
        inside = "".join(chosen if one == said else plain for one, (plain, chosen) in known.options.items())
        written = attributes(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return mark_safe(f"<select{written}>{inside}</select>")


class QuickInput(forms.TextInput):
    """A line, or a number with the pad of a phone."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 -- the framework's
        more = {"type": self.input_type, "name": name}
        if value not in (None, ""):
            more["value"] = str(self.format_value(value))
        return mark_safe(f"<input{attributes(self.build_attrs(self.attrs, {**(attrs or {}), **more}))}>")


class QuickNumber(QuickInput):
    input_type = "number"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "numeric", **(attrs or {})})
