"""Widgets that are written without a template: a chart has dozens of them, and its page must open at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


@lru_cache(maxsize=64)
def _options(choices: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, str]]:
    """Of each value: its option, and its option when chosen; every text escaped once."""
    return {
        value: (
            format_html('<option value="{}">{}</option>', value, label),
            format_html('<option value="{}" selected>{}</option>', value, label),
        )
        for value, label in choices
    }


class QuickSelect(forms.Select):
    """A list to choose from."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 -- the framework's
        said = "" if value is None else str(value)
        known = _options(tuple((str(v), str(label)) for v, label in self.choices))  # type: ignore[has-type]
        inside = "".join(chosen if one == said else plain for one, (plain, chosen) in known.items())
        written = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return mark_safe(f"<select{written}>{inside}</select>")


class QuickInput(forms.TextInput):
    """A line, or a number with the pad of a phone."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 -- the framework's
        more = {"type": self.input_type, "name": name}
        if value not in (None, ""):
            more["value"] = str(self.format_value(value))
        return mark_safe(f"<input{flatatt(self.build_attrs(self.attrs, {**(attrs or {}), **more}))}>")


class QuickNumber(QuickInput):
    input_type = "number"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "numeric", **(attrs or {})})
