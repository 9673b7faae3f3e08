"""Public holidays of a country or state, taken over as closures: looked at with what they touch, then saved."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic import audit, time
from clinic.access import Can, requires
from clinic.models import Location
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from scheduling import public_holidays
from scheduling.forms.public_holidays import CalendarForm, TakeOverForm
from scheduling.views import places


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.MANAGE_RESOURCES)
def holidays(request: StaffRequest) -> HttpResponse:
    """The holidays from today on, which are closed days already, and which visits stand in the others."""
    among = places.locations()
    location = places.chosen(request, among)
    if location is None:
        return page(request, "scheduling/no_location.html")
    data, today = posted(request), time.local_day(request.now, location.tz)
    known = public_holidays.calendar_of(location)
    whose = CalendarForm(request.GET if data is None else data, known=known, today=today)
    lines = public_holidays.sheet(location, whose.holidays(), now=request.now)
    form = TakeOverForm(data, among=[line.holiday for line in lines])
    if request.method == "POST" and form.is_valid():
        made = public_holidays.take_over(
            location=location, country=whose.cleaned_data["country"], days=form.chosen(),
            subdivision=whose.cleaned_data.get("subdivision", ""), by=request.user, now=request.now,
        )  # fmt: skip
        messages.success(request, _said(location, len(made)))
        return go_to(request, f"{reverse('scheduling:hours')}?location={location.uid}")
    seen = dict.fromkeys(visit.patient.uid for line in lines for visit in line.visits)
    audit.viewed_many("visits_on_holidays", by=request.user, now=request.now, patient_uids=seen)
    ticked = None if data is None else set(data.getlist("days"))
    context = {
        "location": location, "locations": among, "zone": location.zone, "whose": whose, "form": form,
        "lines": [(line, _is_ticked(line, ticked)) for line in lines],
    }  # fmt: skip
    return page(request, "scheduling/setup/holidays.html", context, status=422 if request.method == "POST" else 200)


def _said(location: Location, count: int) -> str:
    if not count:
        return f"{location} was closed on these days already."
    return f"{location} is closed on {count} more day{'' if count == 1 else 's'}."


def _is_ticked(line: public_holidays.Line, ticked: set[str] | None) -> bool:
    """Whole days are proposed, half ones are not; what was ticked by hand stays."""
    return not line.holiday.is_half if ticked is None else line.holiday.day.isoformat() in ticked
