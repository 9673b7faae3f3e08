"""What goes out to patients on one day, and what does not."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from clinic import audit, time
from clinic.access import Can, requires
from clinic.messages_views import LISTS
from clinic.models import Location
from clinic.pages import page
from clinic.requests import StaffRequest
from scheduling import ahead as outlook
from scheduling.models import DayReckoned


@require_safe
@requires(Can.SEE_MESSAGES)
def ahead(request: StaffRequest) -> HttpResponse:
    """Tomorrow, or the day that the address says: to whom, when and why; and who gets nothing, and why not."""
    place = Location.objects.active().order_by("pk").first()
    today = time.local_day(request.now, place.tz) if place else request.now.date()
    day = _day(request.GET.get("day", "")) or today + timedelta(days=1)
    found = outlook.of_day(day, now=request.now)
    uids = sorted({line.patient_uid for line in found.lines if line.patient_uid})
    audit.viewed_many("messages", by=request.user, now=request.now, patient_uids=uids)
    context = {
        "found": found,
        "day": day,
        "today": today,
        "tomorrow": today + timedelta(days=1),
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "reckoned": DayReckoned.objects.filter(day=day).first() if day < today else None,
        "lists": LISTS,
        "here": "ahead",
    }
    return page(request, "scheduling/ahead.html", context)


def _day(said: str) -> date | None:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day <= date(2100, 1, 1) else None
