"""The front desk's day, and the lists behind it."""

from __future__ import annotations

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse

from billing import ageing, charges, till
from billing.forms import remembered_location
from billing.models import Charge, Invoice, Payment
from billing.pricing import ZERO
from billing.views.rows import today_at
from clinic import audit
from clinic.access import Can, requires
from clinic.models import Location
from clinic.pages import page
from clinic.requests import StaffRequest

#: Rows of a list on one page, and of each list of the day.
ROWS = 50
ROWS_OF_THE_DAY = 100


@requires(Can.BILL)
def day(request: StaffRequest) -> HttpResponse:
    """What is to be charged, what is to be collected, and what was taken today. Opening it pulls new charges."""
    charges.pull(now=request.now, by=request.user, signed_within=charges.LATELY)
    place = _place(request)
    today = today_at(request, place)
    waiting = charges.by_patient(
        Charge.objects.visible_to(request.user, Can.BILL).waiting().for_list()[: ROWS_OF_THE_DAY * 3]
    )
    to_collect = list(
        Invoice.objects.visible_to(request.user, Can.BILL)
        .collectible()
        .for_list()
        .order_by("due_on", "issued_at", "pk")[:ROWS_OF_THE_DAY]
    )
    context = {
        "waiting": waiting,
        "needs_price": sum(row.unpriced for row in waiting),
        "to_collect": [{"invoice": one, "is_overdue": one.is_overdue(today)} for one in to_collect],
        "to_collect_total": sum((one.open for one in to_collect), ZERO),
        "more_to_collect": len(to_collect) == ROWS_OF_THE_DAY,
        "takings": till.takings(place, today) if place else None,
        "today": today,
    }
    uids = {row.patient.uid for row in waiting} | {one.patient.uid for one in to_collect}
    audit.viewed_many("billing.day", by=request.user, now=request.now, patient_uids=sorted(uids))
    return page(request, "billing/day.html", context)


@requires(Can.BILL)
def invoice_list(request: StaffRequest) -> HttpResponse:
    """Invoices and credit notes, the latest first; `show` narrows them."""
    show = request.GET.get("show", "all")
    rows = Invoice.objects.visible_to(request.user, Can.BILL).for_list().newest_first()
    if show == "open":
        rows = rows.collectible()
    elif show == "drafts":
        rows = rows.drafts()
    elif show == "credit":
        rows = rows.issued().filter(corrects__isnull=False)
    found = _number(request, rows)
    sheet = _sheet(request, found)
    audit.viewed_many(
        "billing.invoices", by=request.user, now=request.now, patient_uids={one.patient.uid for one in sheet}
    )
    context = {"sheet": sheet, "show": show, "number": request.GET.get("number", ""), "today": today_at(request)}
    return page(request, "billing/invoice_list.html", context, partial="rows")


@requires(Can.BILL)
def receipt_list(request: StaffRequest) -> HttpResponse:
    """Payments and refunds, the latest first."""
    rows = Payment.objects.visible_to(request.user, Can.BILL).for_list().newest_first()
    sheet = _sheet(request, _number(request, rows))
    audit.viewed_many(
        "billing.receipts", by=request.user, now=request.now, patient_uids={one.patient.uid for one in sheet}
    )
    context = {"sheet": sheet, "number": request.GET.get("number", "")}
    return page(request, "billing/receipt_list.html", context, partial="rows")


@requires(Can.SEE_TAKINGS)
def open_items(request: StaffRequest) -> HttpResponse:
    """Who owes what, by age."""
    today = today_at(request)
    rows = (
        Invoice.objects.visible_to(request.user, Can.SEE_TAKINGS)
        .collectible()
        .for_list()
        .select_related("patient__merged_into")
        .oldest_first()
    )
    aged = ageing.age(rows, today)
    audit.viewed_many(
        "billing.open_items", by=request.user, now=request.now, patient_uids=[one.patient.uid for one in aged.debtors]
    )
    return page(request, "billing/open_items.html", {"aged": aged, "today": today})


def _place(request: StaffRequest) -> Location | None:
    """The location asked for, else where this person last took money."""
    places = list(Location.objects.active().order_by("name"))
    asked = request.GET.get("location", "")
    chosen = next((one for one in places if str(one.uid) == asked), None)
    return chosen or remembered_location(request.user, places)


def _number(request: StaffRequest, rows: QuerySet) -> QuerySet:
    """Narrowed to a number or a part of it; numbers are ours and say nothing about anyone."""
    asked = request.GET.get("number", "").strip().replace("\x00", "")[:30]
    return rows.filter(number__icontains=asked) if asked else rows


def _sheet(request: StaffRequest, rows: QuerySet) -> Page:
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))
