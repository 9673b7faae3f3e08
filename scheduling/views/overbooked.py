"""The report of visits that were put on top of others, month by month."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from clinic import audit, time
from clinic.access import Can, requires
from clinic.pages import page
from clinic.requests import StaffRequest
from scheduling.models import Appointment
from scheduling.views import places


@require_safe
@requires(Can.SEE_DIARY)
def overbooked(request: StaffRequest) -> HttpResponse:
    """Who was squeezed in, when, why and by whom: a month of one location."""
    among = places.locations()
    location = places.chosen(request, among)
    if location is None:
        return page(request, "scheduling/no_location.html")
    month = _month(request.GET.get("month", ""), time.local_day(request.now, location.tz))
    after = (month + timedelta(days=32)).replace(day=1)
    start, end = time.first_instant(month, location.tz), time.first_instant(after, location.tz)
    rows = Appointment.objects.visible_to(request.user).at(location).within(start, end).exclude(overbook_reason="")
    visits = list(rows.for_diary().select_related("booked_by"))
    uids = dict.fromkeys(visit.patient.uid for visit in visits)
    audit.viewed_many("overbooked", by=request.user, now=request.now, patient_uids=uids)
    context = {
        "visits": visits, "location": location, "locations": among, "zone": location.zone,
        "month": month, "before": month - timedelta(days=1), "after": after,
    }  # fmt: skip
    return page(request, "scheduling/overbooked.html", context)


def _month(text: str, today: date) -> date:
    """The first day of the month in the address; of this month when there is none or it cannot be."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return month if 2000 <= month.year <= 2100 else today.replace(day=1)
