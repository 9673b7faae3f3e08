"""The desk's reminder that visits still stand where nobody can hold them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template

from clinic import time
from clinic.access import Can, allows
from clinic.models import Location
from clinic.templatetags.tonus import at, day
from scheduling.models import Absence
from scheduling.touched import Cause, unplaced

register = template.Library()


@register.inclusion_tag("scheduling/unplaced.html", takes_context=True)
def unplaced_visits(context: dict[str, Any]) -> dict[str, Any]:
    """For those who may move them; asks nothing for anybody else."""
    request = context["request"]
    return {"causes": unplaced(request.now) if allows(request.user, Can.BOOK) else []}


@register.filter
def from_until(of: Absence | Cause, place: Location | str) -> str:
    """Whole days are said as days, the last one included; else from when until when."""
    tz = ZoneInfo(place) if isinstance(place, str) else place.tz
    span = (Cause(of) if isinstance(of, Absence) else of).span
    first, end = (time.local_day(edge, tz) for edge in (span.start, span.end))
    if (span.start, span.end) != (time.first_instant(first, tz), time.first_instant(end, tz)):
        return f"{at(span.start, tz)} to {at(span.end, tz)}"
    last = end - timedelta(days=1)
    return day(first) if first == last else f"{day(first)} to {day(last)}"
