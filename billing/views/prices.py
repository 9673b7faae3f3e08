"""The price list."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from billing import charges, pricelist
from billing.forms import PriceForm
from billing.models import Price
from billing.pricing import ZERO
from billing.views.rows import REFUSALS, currency, refuse, today_at
from clinic.access import Can, requires
from clinic.money import format_money
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from scheduling.models import Service


@requires(Can.SET_PRICES)
def price_list(request: StaffRequest) -> HttpResponse:
    """Every service, what it costs today, and what it will cost."""
    today = today_at(request)
    services = list(Service.objects.by_name().active())
    prices: dict[int, list[Price]] = {}
    for price in Price.objects.filter(service__in=services).order_by("valid_from"):
        prices.setdefault(price.service_id, []).append(price)
    rows = []
    for service in services:
        own = prices.get(service.pk, [])
        current = next((one for one in own if one.valid_from <= today and _holds(one, today)), None)
        rows.append({"service": service, "now": current, "coming": [one for one in own if one.valid_from > today]})
    context = {"rows": rows, "missing": sum(row["now"] is None for row in rows), "today": today}
    return page(request, "billing/price_list.html", context)


def _holds(price: Price, today: date) -> bool:
    return price.valid_until is None or price.valid_until > today


@requires(Can.SET_PRICES)
def set_price(request: StaffRequest, uid: UUID) -> HttpResponse:
    """What a service costs from a day on; charges that waited for it get it."""
    service = get_object_or_404(Service, uid=uid)
    today = today_at(request)
    current = pricelist.price_on(service.pk, today)
    initial = {"valid_from": today, "tax_rate": current.tax_rate if current else ZERO}
    form = PriceForm(posted(request), today=today, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            price = pricelist.set_price(service_id=service.pk, **form.cleaned_data, by=request.user, now=request.now)
        except REFUSALS as refusal:
            refuse(form, refusal)
        else:
            charges.pull(now=request.now, by=request.user)
            amount = format_money(price.amount, currency())
            messages.success(request, f"{service} costs {amount} from {price.valid_from:%-d %b %Y}.")
            return go_to(request, "billing:prices")
    context = {
        "service": service,
        "form": form,
        "current": current,
        "history": Price.objects.filter(service=service).select_related("set_by").newest_first(),
        "today": today,
    }
    return page(request, "billing/price.html", context, status=422 if form.errors else 200)
