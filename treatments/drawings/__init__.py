"""Line drawings of exercises: our own, made of joints and angles, one style on screen and on paper."""

from treatments.drawings.kit import Drawing, svg
from treatments.drawings.poses import DRAWINGS

__all__ = ["DRAWINGS", "Drawing", "svg"]
