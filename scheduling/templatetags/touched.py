"""The desk's reminder that visits still stand where nobody can hold them."""

from __future__ import annotations

from typing import Any

from django import template

from clinic.access import Can, allows
from scheduling.touched import unplaced

register = template.Library()


@register.inclusion_tag("scheduling/unplaced.html", takes_context=True)
def unplaced_visits(context: dict[str, Any]) -> dict[str, Any]:
    """For those who may move them; asks nothing for anybody else."""
    request = context["request"]
    return {"causes": unplaced(request.now) if allows(request.user, Can.BOOK) else []}
