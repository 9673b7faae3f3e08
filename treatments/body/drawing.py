"""From numbers to SVG paths: smooth outlines, places within them, and where a sign stands on a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from treatments.body import shapes
from treatments.body.atlas import PLACES
from treatments.body.shapes import Points

#: How far a line between two places bows, as a part of its length.
BOW: Final = 0.07


@dataclass(frozen=True)
class Shape:
    """One place as it is drawn: its path and the point where its signs stand."""

    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True)
class Figure:
    """One closed outline and the places within it."""

    key: str
    outline: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class View:
    """The body from one side, with a window of the drawing's own units."""

    key: str
    label: str
    box: tuple[int, int, int, int]
    figures: tuple[Figure, ...]
    lines: tuple[str, ...]
    #: -1 where the lines are to be mirrored.
    turn: int = 1

    @property
    def view_box(self) -> str:
        return " ".join(str(n) for n in self.box)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return tuple(shape for figure in self.figures for shape in figure.shapes)


@cache
def views() -> tuple[View, ...]:
    """Front, back, left, right: drawn once for a process."""
    before, behind = _whole(shapes.HALF_FRONT), _whole(shapes.HALF_BACK)
    front = Figure("front", closed_curve(before), tuple(_halves(shapes.FRONT, before, viewer_right="left")))
    back = Figure("back", closed_curve(behind), tuple(_halves(shapes.BACK, behind, viewer_right="right")))
    soles = [
        _sided_figure("sole", shapes.SOLE, shapes.SOLES, side, turn) for side, turn in (("right", 1), ("left", -1))
    ]
    return (
        View("front", "Front", (-100, 0, 200, 480), (front,), shapes.FRONT_LINES),
        View("back", "Back", (-100, 0, 200, 556), (back, *soles), shapes.BACK_LINES),
        _side("left", 1),
        _side("right", -1),
    )


def _side(side: str, turn: int) -> View:
    body = _sided_figure("body", shapes.SIDE_BODY, shapes.SIDE, side, turn)
    arm = _sided_figure("arm", shapes.SIDE_ARM, shapes.SIDE_ARM_PLACES, side, turn)
    box = (-20, 0, 140, 480) if turn == 1 else (-120, 0, 140, 480)
    return View(side, f"{side.capitalize()} side", box, (body, arm), shapes.SIDE_LINES, turn)


def _sided_figure(key: str, outline: Points, places: Mapping[str, Points], side: str, turn: int) -> Figure:
    curve = closed_curve(_turned(outline, turn))
    return Figure(f"{key}-{side}", curve, tuple(_sided(places, outline, side, turn)))


def _turned(points: Points, turn: int) -> Points:
    return tuple((turn * x, y) for x, y in points)


def _whole(half: Points) -> Points:
    """A half and its mirror as one outline; points on the middle line are there once."""
    other = tuple((-x, y) for x, y in reversed(half) if x)
    return half + other


def _halves(places: Mapping[str, Points], within: Points, *, viewer_right: str) -> Iterator[Shape]:
    other = "left" if viewer_right == "right" else "right"
    for stem, points in places.items():
        if stem in PLACES:
            yield _shape(stem, _whole_place(points), within)
        else:
            one = _shape(f"{stem}_{viewer_right}", points, within)
            yield one
            yield Shape(f"{stem}_{other}", bowed(_turned(points, -1)), -one.x, one.y)


def _whole_place(half: Points) -> Points:
    """A place across the middle line, which its half begins and ends on."""
    return half + tuple((-x, y) for x, y in reversed(half) if x)


def _sided(places: Mapping[str, Points], within: Points, side: str, turn: int) -> Iterator[Shape]:
    for stem, points in places.items():
        x, y = _middle(points, within)
        yield Shape(f"{stem}_{side}", bowed(_turned(points, turn)), turn * x, y)


def _shape(name: str, points: Points, within: Points) -> Shape:
    return Shape(name, bowed(points), *_middle(points, within))


#: So finely is a place looked at to find its middle.
_GRID: Final = 9


def _middle(points: Points, within: Points) -> tuple[float, float]:
    """The middle of what is seen of a place: as far as it lies within the outline, and on the place itself."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, right = max(min(xs), min(x for x, _ in within)), min(max(xs), max(x for x, _ in within))
    top, bottom = max(min(ys), min(y for _, y in within)), min(max(ys), max(y for _, y in within))
    steps = [(n + 0.5) / _GRID for n in range(_GRID)]
    grid = [(left + (right - left) * i, top + (bottom - top) * j) for j in steps for i in steps]
    seen = [point for point in grid if _holds(points, point) and _holds(within, point)]
    x, y = (sum(axis) / len(seen) for axis in zip(*seen, strict=True))
    if not _holds(points, (x, y)):
        x, y = min(seen, key=lambda point: (point[0] - x) ** 2 + (point[1] - y) ** 2)
    return round(x, 1), round(y, 1)


def _holds(points: Points, point: tuple[float, float]) -> bool:
    """Whether a point lies in a polygon: a ray to the right crosses its sides an odd number of times."""
    x, y = point
    inside = False
    ax, ay = points[-1]
    for bx, by in points:
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
        ax, ay = bx, by
    return inside


def bowed(points: Points) -> str:
    """A closed path whose sides bow a little. Two neighbours bow their common side alike, whoever draws it first."""
    said = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for one, other in zip(points, (*points[1:], points[0]), strict=True):
        (ax, ay), (bx, by) = sorted((one, other), key=lambda p: (abs(p[0]), p[1]))
        outward = 1 if (ax + bx) >= 0 else -1
        cx, cy = (ax + bx) / 2 - outward * BOW * (by - ay), (ay + by) / 2 + outward * BOW * (bx - ax)
        said.append(f"Q{_n(cx)} {_n(cy)} {_n(other[0])} {_n(other[1])}")
    return "".join(said) + "Z"


def closed_curve(points: Sequence[tuple[float, float]]) -> str:
    """A smooth closed line through all points (Catmull-Rom as cubic curves)."""
    count = len(points)
    said = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for i in range(count):
        (px, py), (ax, ay), (bx, by), (nx, ny) = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        said.append(
            f"C{_n(ax + (bx - px) / 6)} {_n(ay + (by - py) / 6)}"
            f" {_n(bx - (nx - ax) / 6)} {_n(by - (ny - ay) / 6)} {_n(bx)} {_n(by)}"
        )
    return "".join(said) + "Z"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0").replace("-0.0", "0")
