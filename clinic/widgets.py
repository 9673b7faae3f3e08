"""Form fields drawn by hand: what Django's templates would write, to the letter, in a tenth of the time.

Django draws a field by a template of its own, includes another for its attributes, and two more for each option of a
list. The page of a plan has hundreds of fields and options: that was half of its time. What is not one of the plain
fields below is still drawn by its template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

_HERE = "django/forms/widgets/"
_OPTION = f"{_HERE}select_option.html"


class Renderer(DjangoTemplates):
    """Django's own, but for the plain fields."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        draw = _BY_HAND.get(template_name)
        drawn = draw(context["widget"]) if draw else None
        return super().render(template_name, context, request) if drawn is None else mark_safe(drawn)


def attributes(attrs: Mapping[str, Any]) -> str:
    """As attrs.html: False is left out, True has no value."""
    return "".join(
        f" {conditional_escape(name)}" + ("" if value is True else f'="{_escaped(value)}"')
        for name, value in attrs.items()
        if value is not False
    )


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{_escaped(widget["value"])}"'
    return f'<input type="{widget["type"]}" name="{_shown(widget["name"])}"{value}{attributes(widget["attrs"])}>'


def _textarea(widget: Mapping[str, Any]) -> str:
    typed = _shown(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{_shown(widget["name"])}"{attributes(widget["attrs"])}>\n{typed}</textarea>'


def _select(widget: Mapping[str, Any]) -> str | None:
    parts = []
    for group, options, _ in widget["optgroups"]:
        if group:
            parts.append(f'\n  <optgroup label="{_shown(group)}">')
        for option in options:
            if option["template_name"] != _OPTION:
                return None
            parts.append(
                f'\n  <option value="{_escaped(option["value"])}"{attributes(option["attrs"])}>'
                f"{_shown(option['label'])}</option>\n"
            )
        if group:
            parts.append("\n  </optgroup>")
    return f'<select name="{_shown(widget["name"])}"{attributes(widget["attrs"])}>{"".join(parts)}\n</select>'


def _escaped(value: Any) -> str:
    """As {{ value|stringformat:'s' }}."""
    return conditional_escape(value if isinstance(value, str) else str(value))


def _shown(value: Any) -> str:
    """As {{ value }}."""
    return conditional_escape(localize(value))


_INPUTS = ["input", "text", "number", "email", "url", "password", "hidden", "date", "datetime", "time", "checkbox"]
_BY_HAND: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    **{f"{_HERE}{name}.html": _input for name in _INPUTS},
    f"{_HERE}select.html": _select,
    f"{_HERE}textarea.html": _textarea,
}
