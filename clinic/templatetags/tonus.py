"""How pages write instants, days, money and people."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.forms import BaseForm
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from clinic import breaker, time
from clinic.forms import show_phone
from clinic.models import Location
from clinic.money import format_money

register = template.Library()


def _zone(place: Any) -> ZoneInfo:
    """Of a Location, a ZoneInfo or a zone's name; UTC when nothing is known."""
    if isinstance(place, ZoneInfo):
        return place
    return ZoneInfo(getattr(place, "zone", place) or "UTC")


@register.filter
def at(instant: datetime | None, place: Any = None) -> str:
    """Tue 24 Nov 2026, 14:30 on the wall of that place."""
    return f"{instant.astimezone(_zone(place)):%a %-d %b %Y, %H:%M}" if instant else ""


@register.filter
def clock(instant: datetime | None, place: Any = None) -> str:
    """14:30 on the wall of that place."""
    return f"{instant.astimezone(_zone(place)):%H:%M}" if instant else ""


@register.filter
def local_day(instant: datetime | None, place: Any = None) -> date | None:
    return time.local_day(instant, _zone(place)) if instant else None


@register.filter
def day(value: date | None) -> str:
    """Tue 24 Nov 2026"""
    return f"{value:%a %-d %b %Y}" if value else ""


@register.filter
def short_day(value: date | None) -> str:
    """24 Nov 2026"""
    return f"{value:%-d %b %Y}" if value else ""


@register.filter
def money(amount: Decimal | None, currency: str = "USD") -> str:
    return format_money(amount, currency or "USD") if amount is not None else ""


@register.filter
def phone(e164: str, country: str = "US") -> str:
    return show_phone(e164, country) if e164 else ""


@register.filter
def age(born_on: date | None, today: date | datetime | None = None) -> str:
    """Whole years on that day (today when none is given)."""
    if born_on is None:
        return ""
    if isinstance(today, datetime):
        today = today.date()
    return str(time.age_on(born_on, today or time.now().date()))


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the bundled set: decorative, or with a text of its own."""
    safe = "".join(c for c in name if c.isalnum() or c == "-")
    if label:
        from django.utils.html import escape  # noqa: PLC0415 -- only with a label

        return mark_safe(f'<i class="bi bi-{safe}" role="img" aria-label="{escape(label)}"></i>')
    return mark_safe(f'<i class="bi bi-{safe}" aria-hidden="true"></i>')


@register.filter
def error_links(form: BaseForm) -> list[tuple[str, str]]:
    """(id of the field or "", sentence) of every error, for the summary on top."""
    found: list[tuple[str, str]] = []
    for name, sentences in form.errors.items():
        target = "" if name == "__all__" else form[name].id_for_label or f"id_{form.add_prefix(name)}"
        label = "" if name == "__all__" else f"{form[name].label}: "
        found.extend((target, f"{label}{sentence}") for sentence in sentences)
    return found


@register.inclusion_tag("components/channel_trouble.html", takes_context=True)
def channel_trouble(context: Context) -> dict[str, Any]:
    """By which ways nothing goes out; read only when `clinic.has_trouble` says that there is something to read."""
    place = Location.objects.active().order_by("pk").first()
    csrf = {"csrf_token": context.get("csrf_token")}
    return {"troubles": breaker.troubles(context["now"]), "place": place, **csrf}
