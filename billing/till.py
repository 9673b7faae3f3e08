"""The day's takings: what came in, by whom and how, and the count of the till that closes the day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from billing import ledger
from billing.models import Account, EntryKind, Method, Payment, Posting, TillCount
from billing.pricing import LARGEST, ZERO
from billing.refusals import BillingRefused
from clinic import audit, time
from clinic.models import Location, User
from clinic.money import money


class TillRefused(BillingRefused):
    """The till cannot be counted like that."""


@dataclass
class Taken:
    """In and out under one heading."""

    label: str
    count: int = 0
    received: Decimal = ZERO
    refunded: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.received - self.refunded

    def add(self, payment: Payment) -> None:
        self.count += 1
        if payment.is_refund:
            self.refunded += payment.amount
        else:
            self.received += payment.amount


@dataclass
class Takings:
    """One day at one location. Void payments are listed and not summed."""

    location: Location
    day: date
    payments: list[Payment]
    by_method: dict[Method, Taken]
    by_person: list[Taken]
    total: Taken
    #: What the ledger says of the same day, by method; the page shows it when they disagree.
    ledger: dict[Method, Decimal]
    #: The till was counted that day: the latest count is last.
    counts: list[TillCount] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Payments and ledger say the same."""
        return all(self.by_method[method].total == self.ledger[method] for method in Method)

    @property
    def last_count(self) -> TillCount | None:
        return self.counts[-1] if self.counts else None

    @property
    def since_count(self) -> list[Payment]:
        """Payments after the last count: the till has to be counted again."""
        last = self.last_count
        return [one for one in self.payments if last and one.received_at > last.counted_at]

    @property
    def is_closed(self) -> bool:
        return self.last_count is not None and not self.since_count


def takings(location: Location, day: date) -> Takings:
    """All money in and out of one local day at one location, in a fixed number of queries."""
    begin, end = time.day_bounds(day, location.tz)
    payments = list(
        Payment.objects.filter(location=location, received_at__gte=begin, received_at__lt=end)
        .for_list()
        .order_by("received_at", "pk")
    )
    standing = [one for one in payments if not one.is_void]
    by_method = {method: Taken(method.label) for method in Method}
    by_person: dict[int, Taken] = {}
    total = Taken("All")
    for payment in standing:
        by_method[Method(payment.method)].add(payment)
        by_person.setdefault(payment.received_by_id, Taken(payment.received_by.name)).add(payment)
        total.add(payment)
    return Takings(
        location=location,
        day=day,
        payments=payments,
        by_method=by_method,
        by_person=sorted(by_person.values(), key=lambda one: one.label),
        total=total,
        ledger=_ledger_of(location, begin, end),
        counts=list(
            TillCount.objects.filter(location=location, day_on=day).select_related("counted_by").order_by("counted_at")
        ),
    )


def total_of(payments: Iterable[Payment]) -> Decimal:
    """In less out, void ones left aside."""
    return sum(((-one.amount if one.is_refund else one.amount) for one in payments if not one.is_void), ZERO)


@transaction.atomic
def count(
    *,
    location: Location,
    counted: Decimal,
    banked: Decimal,
    reason: str,
    key: UUID,
    by: User,
    now: datetime,
    seen_expected: Decimal | None = None,
) -> TillCount:
    """Count the till: book a difference with its reason, and what goes to the bank; the rest stays for tomorrow.

    Refused when money moved since the desk looked (`seen_expected`). The same `key` again returns the first count.
    """
    location = Location.objects.select_for_update(no_key=True).get(pk=location.pk)
    if again := TillCount.objects.filter(key=key).first():
        return again
    expected = ledger.cash_in_till(location)
    if seen_expected is not None and seen_expected != expected:
        raise TillRefused(f"Cash moved while you were counting: {expected} should be in the till now. Count again.")
    _check_count(counted=counted, banked=banked, expected=expected, reason=reason)
    row = TillCount.objects.create(
        key=key,
        location=location,
        day_on=time.local_day(now, location.tz),
        expected=expected,
        counted=counted,
        banked=banked,
        reason=reason,
        counted_at=now,
        counted_by=by,
    )
    ledger.post(
        EntryKind.TILL,
        [
            ledger.Side(Account.CASH, row.difference - banked, location=location),
            ledger.Side(Account.TILL_DIFFERENCE, -row.difference, location=location),
            ledger.Side(Account.BANK, banked, location=location),
        ],
        by=by,
        now=now,
    )
    audit.record(
        "till.counted",
        by=by,
        now=now,
        subject=row,
        reason=reason,
        detail={"expected": str(expected), "counted": str(counted), "banked": str(banked)},
    )
    return row


def _check_count(*, counted: Decimal, banked: Decimal, expected: Decimal, reason: str) -> None:
    for name, amount in (("counted", counted), ("banked", banked)):
        if not 0 <= amount <= LARGEST or amount != money(amount):
            raise TillRefused(f"An amount lies between 0.00 and {LARGEST:,}.", name)
    if banked > counted:
        raise TillRefused("More cannot go to the bank than was counted.", "banked")
    if counted != expected and not reason.strip():
        raise TillRefused("What was counted differs from what should be there. Say why, as far as you know.", "reason")


def _ledger_of(location: Location, begin: datetime, end: datetime) -> dict[Method, Decimal]:
    sums = dict(
        Posting.objects.filter(
            location=location,
            account__in=ledger.MONEY.values(),
            entry__posted_at__gte=begin,
            entry__posted_at__lt=end,
            entry__kind__in=[EntryKind.PAYMENT, EntryKind.REFUND, EntryKind.VOID],
        )
        .values_list("account")
        .annotate(s=Sum("amount"))
    )
    return {method: sums.get(account, ZERO) for method, account in ledger.MONEY.items()}
