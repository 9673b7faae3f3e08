"""A figure of joints and angles, things to lean on, arrows of movement: what a drawing of an exercise is made of.

Pure: numbers in, SVG out. Angles are in degrees, 0 to the right and 90 up; lengths are the same in every drawing,
so that one person seems to do all the exercises. Everything stands on one floor line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from math import atan2, cos, degrees, hypot, radians, sin

WIDTH, FLOOR = 190, 112
#: The highest that a drawing may reach, and the lowest that its upper edge comes.
HIGHEST, LOWEST = -34.0, 34.0
HEAD = 8.5
TORSO, THIGH, SHIN, FOOT, UPPER_ARM, FOREARM = 44.0, 30.0, 30.0, 9.0, 20.0, 19.0

Point = tuple[float, float]


def away(start: Point, angle: float, length: float) -> Point:
    """The point so far from another in that direction; up is up, though SVG counts downwards."""
    return start[0] + length * cos(radians(angle)), start[1] - length * sin(radians(angle))


@dataclass(frozen=True)
class Limb:
    """Two bones: thigh and shin with a foot, or upper arm and forearm."""

    first: float
    second: float
    foot: float | None = None
    far: bool = False


@dataclass(frozen=True)
class Figure:
    """A person: where the hip is, how the trunk leans from it, how far it bends, and the limbs."""

    hip: Point
    torso: float
    legs: tuple[Limb, ...] = ()
    arms: tuple[Limb, ...] = ()
    #: How far the middle of the back stands off the straight line, to its left as seen from the hip.
    bend: float = 0.0
    #: The head's direction from the neck, when not in line with the trunk.
    head: float | None = None

    @property
    def neck(self) -> Point:
        return away(self.hip, self.torso, TORSO)

    @property
    def shoulder(self) -> Point:
        return away(self.hip, self.torso, TORSO - 5)

    @property
    def skull(self) -> Point:
        return away(self.neck, self.torso if self.head is None else self.head, HEAD + 4.5)

    def bones(self, limb: Limb, *, is_leg: bool) -> list[Point]:
        """The joints of a limb, from the trunk outwards."""
        first, second = (THIGH, SHIN) if is_leg else (UPPER_ARM, FOREARM)
        start = self.hip if is_leg else self.shoulder
        middle = away(start, limb.first, first)
        points = [start, middle, away(middle, limb.second, second)]
        return [*points, away(points[-1], limb.foot, FOOT)] if limb.foot is not None else points

    def joints(self) -> list[Point]:
        """Every point of the body, for who asks whether it fits the paper."""
        found = [self.hip, self.neck, self.skull]
        for limbs, is_leg in ((self.legs, True), (self.arms, False)):
            for limb in limbs:
                found += self.bones(limb, is_leg=is_leg)
        return found


@dataclass(frozen=True)
class Line:
    """Something that is not the body: a wall, a chair, a stick, a towel, a band."""

    points: tuple[Point, ...]
    width: float = 2.0
    dashed: bool = False


@dataclass(frozen=True)
class Disc:
    """A ball, a weight, a hand seen from the side."""

    centre: Point
    radius: float


@dataclass(frozen=True)
class Arrow:
    """Which way something moves, bowed to the left of its direction."""

    start: Point
    end: Point
    bow: float = 0.0
    both: bool = False


@dataclass(frozen=True)
class Panel:
    """One moment of an exercise."""

    figures: tuple[Figure, ...]
    things: tuple[Line | Disc, ...] = ()
    arrows: tuple[Arrow, ...] = ()

    def points(self) -> list[Point]:
        """All that must be on the paper, walls apart, which go on beyond it."""
        bodies = [point for figure in self.figures for point in figure.joints()]
        return bodies + [point for arrow in self.arrows for point in (arrow.start, arrow.end)]


@dataclass(frozen=True)
class Drawing:
    """An exercise in one or two moments, and in words what is to be seen."""

    seen: str
    panels: tuple[Panel, ...] = field(default=())

    @property
    def top(self) -> float:
        """The upper edge: as high as anybody in it, so that who lies down is not drawn small."""
        points = [point for panel in self.panels for point in panel.points()]
        return max(HIGHEST, min(LOWEST, min(y for _, y in points) - HEAD - 4))


def svg(drawing: Drawing, *, ink: str = "currentColor", accent: str = "currentColor") -> str:
    """The drawing as one SVG with a title. On a page it takes the colours of the text around it."""
    width, top = WIDTH * len(drawing.panels), drawing.top
    height = FLOOR + 6 - top
    parts = [
        f'<g transform="translate({WIDTH * number} 0)">{_panel(panel, ink, accent)}</g>'
        for number, panel in enumerate(drawing.panels)
    ]
    title = escape(drawing.seen)
    frame = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 {top:.0f} {width} {height:.0f}"'
    body = "".join(parts)
    return f'<svg {frame} class="drawing" role="img" aria-label="{title}"><title>{title}</title>{body}</svg>'


def _panel(panel: Panel, ink: str, accent: str) -> str:
    floor = f'<path d="M8 {FLOOR + 3}H{WIDTH - 8}" stroke="{ink}" stroke-width="1.5" opacity=".45"/>'
    things = "".join(_thing(thing, ink) for thing in panel.things)
    bodies = "".join(_figure(figure, ink) for figure in panel.figures)
    arrows = "".join(_arrow(arrow, accent) for arrow in panel.arrows)
    lines = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'
    return f'<g {lines}>{floor}{things}{bodies}<g class="moves">{arrows}</g></g>'


def _figure(figure: Figure, ink: str) -> str:
    limbs = [(limb, True) for limb in figure.legs] + [(limb, False) for limb in figure.arms]
    behind = "".join(_limb(figure, limb, ink, is_leg=leg) for limb, leg in limbs if limb.far)
    before = "".join(_limb(figure, limb, ink, is_leg=leg) for limb, leg in limbs if not limb.far)
    x, y = figure.skull
    skull = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{HEAD}" fill="{ink}"/>'
    return f'{behind}<path d="{_spine(figure)}" stroke="{ink}" stroke-width="8"/>{skull}{before}'


def _spine(figure: Figure) -> str:
    (hx, hy), (nx, ny) = figure.hip, figure.neck
    if not figure.bend:
        return f"M{hx:.1f} {hy:.1f}L{nx:.1f} {ny:.1f}"
    cx, cy = away(((hx + nx) / 2, (hy + ny) / 2), figure.torso + 90, figure.bend * 2)
    return f"M{hx:.1f} {hy:.1f}Q{cx:.1f} {cy:.1f} {nx:.1f} {ny:.1f}"


def _limb(figure: Figure, limb: Limb, ink: str, *, is_leg: bool) -> str:
    width, faint = (6 if is_leg else 5), ' opacity=".4"' if limb.far else ""
    path = _path(figure.bones(limb, is_leg=is_leg))
    return f'<path d="{path}" stroke="{ink}" stroke-width="{width}"{faint}/>'


def _path(points: list[Point] | tuple[Point, ...]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _thing(thing: Line | Disc, ink: str) -> str:
    if isinstance(thing, Disc):
        x, y = thing.centre
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{thing.radius}" stroke="{ink}" stroke-width="2" opacity=".7"/>'
    dash = ' stroke-dasharray="4 4"' if thing.dashed else ""
    return f'<path d="{_path(thing.points)}" stroke="{ink}" stroke-width="{thing.width}" opacity=".7"{dash}/>'


def _arrow(arrow: Arrow, accent: str) -> str:
    (sx, sy), (ex, ey) = arrow.start, arrow.end
    along = degrees(atan2(sy - ey, ex - sx))
    control = away(((sx + ex) / 2, (sy + ey) / 2), along + 90, arrow.bow * 2)
    stroke = f'stroke="{accent}" stroke-width="2.5"'
    curve = f'<path d="M{sx:.1f} {sy:.1f}Q{control[0]:.1f} {control[1]:.1f} {ex:.1f} {ey:.1f}" {stroke}/>'
    heads = _head(control, (ex, ey), stroke) + (_head(control, (sx, sy), stroke) if arrow.both else "")
    return curve + heads


def _head(origin: Point, tip: Point, stroke: str) -> str:
    if hypot(tip[0] - origin[0], tip[1] - origin[1]) == 0:
        return ""
    back = degrees(atan2(tip[1] - origin[1], origin[0] - tip[0]))
    left, right = away(tip, back + 28, 7), away(tip, back - 28, 7)
    return f'<path d="{_path([left, tip, right])}" {stroke}/>'
