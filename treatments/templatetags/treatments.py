"""How pages of this room draw regions, techniques and verdicts."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString, mark_safe

from treatments import regions
from treatments.drawings import DRAWINGS, svg
from treatments.models import Exercise, Technique
from treatments.regions import Region

register = template.Library()

#: A verdict's word, what a page says for it, its colour and its icon: colour is never the only signal.
VERDICTS = {
    "indicated": ("Indicated", "success", "check-circle"),
    "allowed": ("Allowed", "secondary", "circle"),
    "limits": ("With limits", "warning", "exclamation-triangle"),
    "clearance": ("Needs clearance", "danger", "lock"),
    "blocked": ("Blocked", "danger", "slash-circle"),
}
SEVERITIES = {"info": "info-circle", "warn": "exclamation-triangle", "block": "slash-circle"}


class RegionRow(NamedTuple):
    """One place of the body with a box for each side it has."""

    name: str
    boxes: list[tuple[str, Any]]


@register.filter
def region_rows(field: BoundField) -> list[RegionRow]:
    """The boxes of a regions field, both sides of one place in one row."""
    rows: dict[str, RegionRow] = {}
    for box in field.subwidgets:
        name, _, side = str(box.choice_label).partition(", ")
        rows.setdefault(name, RegionRow(name, [])).boxes.append((side or "middle", box))
    return list(rows.values())


@register.filter
def region_labels(values: list[str]) -> str:
    return regions.labels(values)


@register.filter
def region_label(value: str) -> str:
    return str(Region(value).label)


@register.filter
def technique_label(value: str) -> str:
    return str(Technique(value).label)


@register.filter
def verdict_words(word: str) -> str:
    return VERDICTS[word][0]


@register.filter
def verdict_tone(word: str) -> str:
    return VERDICTS[word][1]


@register.filter
def verdict_icon(word: str) -> str:
    return VERDICTS[word][2]


@register.filter
def severity_icon(level: str) -> str:
    return SEVERITIES[level]


@register.simple_tag
def drawing(exercise: Exercise) -> SafeString:
    """The line drawing of an exercise, or nothing. Numbers and words of our own, escaped where they are written."""
    found = DRAWINGS.get(exercise.drawing)
    return mark_safe(svg(found) if found else "")


@register.filter
def of_key(mapping: dict[Any, Any], key: Any) -> Any:
    return mapping.get(key)
