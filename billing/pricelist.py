"""The price list: what a service costs from a day on."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from billing.models import Price
from billing.pricing import LARGEST
from billing.refusals import BillingRefused
from clinic import audit
from clinic.models import User
from clinic.money import money
from scheduling.models import Service


class PriceRefused(BillingRefused):
    """A price cannot be set like that."""


@transaction.atomic
def set_price(
    *, service_id: int, amount: Decimal, valid_from: date, by: User, now: datetime, tax_rate: Decimal = Decimal(0)
) -> Price:
    """From `valid_from` on the service costs this, until the next price already set, if any.

    The price before ends that day; one that began that very day is put right (its history keeps what it said).
    Charges keep the price they were made with.
    """
    service = Service.objects.select_for_update(no_key=True).get(pk=service_id)
    if amount < 0 or amount > LARGEST or amount != money(amount):
        raise PriceRefused(f"A price lies between 0.00 and {LARGEST:,}.", "amount")
    prices = Price.objects.filter(service=service)
    same_day = prices.filter(valid_from=valid_from).first()
    if same_day:
        same_day.amount, same_day.tax_rate, same_day.set_at, same_day.set_by = amount, tax_rate, now, by
        same_day.save(update_fields=["amount", "tax_rate", "set_at", "set_by"])
        price = same_day
    else:
        following = prices.filter(valid_from__gt=valid_from).order_by("valid_from").first()
        before = prices.on(valid_from).first()
        if before:
            before.valid_until = valid_from
            before.save(update_fields=["valid_until"])
        price = Price.objects.create(
            service=service,
            amount=amount,
            tax_rate=tax_rate,
            valid_from=valid_from,
            valid_until=following.valid_from if following else None,
            set_at=now,
            set_by=by,
        )
    audit.record(
        "price.set",
        by=by,
        now=now,
        subject=price,
        detail={"service": str(service.uid), "amount": str(amount), "from": valid_from.isoformat()},
    )
    return price


def price_on(service_id: int, day: date) -> Price | None:
    """What the service costs on a day; None when nobody has set it."""
    return Price.objects.on(day).filter(service=service_id).first()


class Prices:
    """The prices of several services, read once, asked by day."""

    def __init__(self, service_ids: set[int]) -> None:
        self._by_service: dict[int, list[Price]] = {}
        for price in Price.objects.filter(service__in=service_ids).order_by("valid_from"):
            self._by_service.setdefault(price.service_id, []).append(price)

    def on(self, service_id: int, day: date) -> Price | None:
        for price in self._by_service.get(service_id, ()):
            if price.valid_from <= day and (price.valid_until is None or day < price.valid_until):
                return price
        return None
