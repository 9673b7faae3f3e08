"""The day's takings and the count of the till."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from billing import journal, ledger, till
from billing.forms import JournalForm, TillForm, remembered_location, renew
from billing.pricing import ZERO
from billing.views.rows import REFUSALS, currency, refuse, today_at
from clinic import audit
from clinic.access import Can, requires
from clinic.models import Location
from clinic.money import format_money
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest

#: No till of ours was opened before.
FIRST_DAY = date(2000, 1, 1)


@requires(Can.SEE_TAKINGS)
def takings(request: StaffRequest) -> HttpResponse:
    """One day at one location: by method, by person, payment by payment; and the count that closes it."""
    places = list(Location.objects.active().order_by("name"))
    asked = request.GET.get("location", "")
    place = next((one for one in places if str(one.uid) == asked), None) or remembered_location(request.user, places)
    if place is None:
        return page(request, "billing/takings.html", {"places": places})
    today = today_at(request, place)
    day = min(max(_day(request.GET.get("day", "")) or today, FIRST_DAY), today)
    form = TillForm(initial={"seen_expected": ledger.cash_in_till(place)})
    return _show(request, places, till.takings(place, day), form, today=today)


@requires(Can.SEE_TAKINGS)
def count(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Count the till of a location."""
    place = get_object_or_404(Location.objects.active(), uid=uid)
    form = TillForm(posted(request), initial={"seen_expected": ledger.cash_in_till(place)})
    if request.method == "POST" and form.is_valid():
        facts: dict[str, Any] = form.cleaned_data
        facts["banked"] = facts["banked"] or ZERO
        try:
            row = till.count(location=place, **facts, by=request.user, now=request.now)
        except REFUSALS as refusal:
            refuse(form, refusal)
            renew(form, seen_expected=ledger.cash_in_till(place))
        else:
            messages.success(request, f"The till of {place} is counted: {format_money(row.counted, currency())}.")
            return go_to(request, f"{reverse('billing:takings')}?location={place.uid}")
    places = list(Location.objects.active().order_by("name"))
    today = today_at(request, place)
    return _show(request, places, till.takings(place, today), form, today=today)


@requires(Can.SEE_TAKINGS)
def journal_file(request: StaffRequest) -> HttpResponse:
    """The ledger of some days for whoever keeps the books; by default of the last month that is over."""
    place = Location.objects.active().order_by("name").first()
    first, last = _last_month(today_at(request, place))
    form = JournalForm(request.GET if "first" in request.GET else None, initial={"first": first, "last": last})
    if place is None or not form.is_valid():
        status = 422 if form.errors else 200
        return page(request, "billing/journal.html", {"form": form, "place": place}, status=status)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    found = journal.postings(first, last, place=place)
    patients = {posting.patient.uid for posting in found if posting.patient}
    audit.viewed_many("billing.journal", by=request.user, now=request.now, patient_uids=patients)
    return HttpResponse(
        journal.as_csv(found, place=place, currency=currency()),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="journal-{first}-{last}.csv"', "Cache-Control": "no-store",
        },
    )  # fmt: skip


def _last_month(today: date) -> tuple[date, date]:
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _day(text: str) -> date | None:
    """A day as the browser writes it; nothing for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _show(
    request: StaffRequest, places: list[Location], day: till.Takings, form: TillForm, *, today: date
) -> HttpResponse:
    audit.viewed_many(
        "billing.takings", by=request.user, now=request.now, patient_uids={one.patient.uid for one in day.payments}
    )
    context = {
        "places": places,
        "takings": day,
        "expected": ledger.cash_in_till(day.location),
        "is_today": day.day == today,
        "today": today,
        "before": day.day - timedelta(days=1),
        "after": day.day + timedelta(days=1),
        "form": form,
    }
    return page(request, "billing/takings.html", context, status=422 if form.errors else 200)
