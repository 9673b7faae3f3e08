"""The body as pages draw it: the atlas once a page, then as many pictures of it as are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from treatments.body import atlas, drawing, marks
from treatments.body.marks import Layer, Mark
from treatments.models import SessionNote

register = template.Library()

#: Of several layers at one place the first one colours it; each has its sign there.
COLOURS = (Layer.AVOID, Layer.PAIN, Layer.SPASM, Layer.NUMBNESS, Layer.TRIGGER_POINT, Layer.SCAR, Layer.TECHNIQUE)
#: How each layer is drawn besides its colour, on a field from -5 to 5.
SIGNS = {
    Layer.PAIN: '<circle r="3.4" class="full"/>',
    Layer.SPASM: '<path d="M-4.2 2.6L-2 -2.8L0 2.6L2 -2.8L4.2 2.6"/>',
    Layer.TRIGGER_POINT: '<circle r="3.6"/><circle r="1.3" class="full"/>',
    Layer.SCAR: '<path d="M-3.2 -3.2L3.2 3.2M-3.2 3.2L3.2 -3.2"/>',
    Layer.NUMBNESS: '<path d="M-4 0H-2.6M-.7 0H.7M2.6 0H4M-2.4 -3H-1M1 -3H2.4M-2.4 3H-1M1 3H2.4"/>',
    Layer.AVOID: '<circle r="3.8"/><path d="M-2.6 -2.6L2.6 2.6"/>',
    Layer.TECHNIQUE: '<path d="M0 -4L4 0L0 4L-4 0Z" class="full"/>',
}
#: How far two signs stand apart.
APART = 8.4


@register.simple_tag
def body_atlas() -> SafeString:
    """Outlines, places and signs, to be referred to: once on each page that draws a body."""
    return _atlas()


@cache
def _atlas() -> SafeString:
    parts = []
    for view in drawing.views():
        for figure in view.figures:
            parts.append(
                f'<path id="bo-{figure.key}" d="{figure.outline}"/>'
                f'<clipPath id="bc-{figure.key}"><use href="#bo-{figure.key}"/></clipPath>'
            )
            parts.append(
                f'<g id="bp-{figure.key}">' + "".join(f'<path d="{shape.path}"/>' for shape in figure.shapes) + "</g>"
            )
        turned = ' transform="scale(-1 1)"' if view.turn < 0 else ""
        parts.append(f'<path id="bl-{view.key}" d="{"".join(view.lines)}"{turned}/>')
    parts.extend(f'<g id="bs-{layer.value}">{sign}</g>' for layer, sign in SIGNS.items())
    return mark_safe(
        f'<svg class="body-atlas" aria-hidden="true" focusable="false"><defs>{"".join(parts)}</defs></svg>'
    )


@register.simple_tag
def body_sign(layer: str) -> SafeString:
    """A layer's sign, beside its name."""
    return format_html(
        '<svg class="body-sign" viewBox="-6 -6 12 12" aria-hidden="true"><use href="#bs-{}" data-sign="{}"/></svg>',
        layer,
        layer,
    )


@register.simple_tag
def body_pictures(view_keys: str = "front back left right") -> list[drawing.View]:
    return [view for view in drawing.views() if view.key in view_keys.split()]


@register.simple_tag
def body_view_first(held: Iterable[Mark]) -> str:
    """Which side a narrow screen opens on: the one that shows most of what is marked; the back when none does."""
    rows = _at_places(held, "")
    counted = {view.key: sum(shape.name in rows for shape in view.shapes) for view in drawing.views()}
    return max(counted, key=lambda key: (counted[key], key == "back"))


@register.simple_tag
def body_places(figure: drawing.Figure, held: Iterable[Mark], only: str = "") -> SafeString:
    """The places of one figure as a script can upgrade them to buttons, coloured by what is marked."""
    rows = _at_places(held, only)
    return format_html_join(
        "",
        '<path d="{}" data-place="{}" data-x="{}" data-y="{}"{}><title>{}</title></path>',
        (
            (shape.path, shape.name, shape.x, shape.y, _colour(rows.get(shape.name)), _title(shape.name, rows))
            for shape in figure.shapes
        ),
    )


@register.simple_tag
def body_marks(figure: drawing.Figure, held: Iterable[Mark], only: str = "") -> SafeString:
    """The places that are marked, for a picture that is only looked at."""
    rows = _at_places(held, only)
    return format_html_join(
        "",
        '<path d="{}"{}/>',
        ((shape.path, _colour(rows[shape.name])) for shape in figure.shapes if shape.name in rows),
    )


@register.simple_tag
def body_signs(view: drawing.View, held: Iterable[Mark], only: str = "") -> SafeString:
    """The signs of what is marked, side by side in the middle of each place."""
    rows = _at_places(held, only)
    placed = (
        (mark.layer, round(shape.x + APART * (n - (len(rows[shape.name]) - 1) / 2), 1), shape.y)
        for shape in view.shapes
        for n, mark in enumerate(rows.get(shape.name, ()))
    )
    return format_html_join(
        "", '<use href="#bs-{0}" data-sign="{0}" x="{1}" y="{2}"/>', ((layer, x, y) for layer, x, y in placed)
    )


@register.simple_tag
def body_heat(figure: drawing.Figure, heat: Mapping[str, marks.Heat]) -> SafeString:
    """The places of one figure in the depth of how often they had a layer."""
    return format_html_join(
        "",
        '<path d="{}" data-heat="{}"><title>{}: {} of {} visits</title></path>',
        (
            (shape.path, row.level, row.label, row.visits, row.asked)
            for shape in figure.shapes
            if (row := heat.get(shape.name))
        ),
    )


def _at_places(held: Iterable[Mark], only: str) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = {}
    for mark in held:
        if mark.is_there and (not only or mark.layer == only):
            for place in atlas.drawn(mark.region):
                found.setdefault(place, []).append(mark)
    return {place: _one_a_layer(several) for place, several in found.items()}


def _one_a_layer(several: list[Mark]) -> list[Mark]:
    """The strongest of each layer, in the order of their colours."""
    best: dict[str, Mark] = {}
    for mark in several:
        if mark.layer not in best or (mark.intensity or 0) > (best[mark.layer].intensity or 0):
            best[mark.layer] = mark
    return sorted(best.values(), key=lambda mark: COLOURS.index(Layer(mark.layer)))


def level(intensity: int | None) -> int:
    """One to five, for the depth of a colour; three for what is not rated."""
    return 3 if intensity is None else max(1, -(-intensity // 2))


def _colour(several: list[Mark] | None) -> SafeString:
    if not several:
        return mark_safe("")
    return format_html(' data-layer="{}" data-level="{}"', several[0].layer, level(several[0].intensity))


def _title(name: str, rows: Mapping[str, list[Mark]]) -> str:
    said = (f"{Layer(m.layer).label}{'' if m.intensity is None else f' {m.intensity}'}" for m in rows.get(name, ()))
    return ": ".join(part for part in (atlas.label(name), ", ".join(said)) if part)


# -- Words ---------------------------------------------------------------------------------------------


@register.filter
def body_of(note: SessionNote) -> list[Mark]:
    """What is marked in a note, in the order that it is read."""
    return marks.in_order(row.mark for row in note.marks.all())


@register.filter
def marks_seen(note: SessionNote) -> str:
    """The fingerprint of the chart as this page shows it: who signs vouches for that one."""
    return marks.fingerprint(row.mark for row in note.marks.all())


@register.filter
def by_layer(held: Iterable[Mark]) -> list[tuple[Layer, list[Mark]]]:
    rows: dict[Layer, list[Mark]] = {}
    for mark in marks.in_order(held):
        rows.setdefault(Layer(mark.layer), []).append(mark)
    return list(rows.items())


@register.filter
def place_label(name: str) -> str:
    return atlas.label(name)


@register.filter
def rated(change: Any) -> str:
    """Two ratings as one figure: "6 → 4"."""
    return f"{_said(change.before)} → {_said(change.after)}"


def _said(intensity: int | None) -> str:
    return "–" if intensity is None else str(intensity)


KIND_WORDS = {
    marks.Kind.NEW: "new",
    marks.Kind.STRONGER: "stronger",
    marks.Kind.WEAKER: "weaker",
    marks.Kind.GONE: "gone",
    marks.Kind.SAME: "the same",
    marks.Kind.STILL: "still there",
    marks.Kind.FIRST: "first asked",
    marks.Kind.SILENT: "not asked again",
}


@register.filter
def kind_words(change: marks.Change) -> str:
    return KIND_WORDS[change.kind]
