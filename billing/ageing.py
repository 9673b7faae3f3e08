"""Open items by age: who owes what, and for how long it has been due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billing.models import Invoice
from billing.pricing import ZERO
from patients.models import Patient

#: Upper bounds in days past due; the first band is not due yet, the last has no bound.
BANDS = ((0, "Not due yet"), (30, "1–30 days"), (60, "31–60 days"), (90, "61–90 days"), (None, "Over 90 days"))


def band(days_past_due: int) -> int:
    """Which band an invoice falls into: 0 while it is not past due."""
    for place, (most, _) in enumerate(BANDS):
        if most is None or days_past_due <= most:
            return place
    raise AssertionError


def labelled(amounts: list[Decimal]) -> list[tuple[str, Decimal]]:
    """(label of the band, amount)"""
    return [(label, amount) for (_, label), amount in zip(BANDS, amounts, strict=True)]


@dataclass
class Debtor:
    """One person's open invoices."""

    patient: Patient
    invoices: list[Invoice] = field(default_factory=list)
    by_band: list[Decimal] = field(default_factory=lambda: [ZERO] * len(BANDS))

    @property
    def total(self) -> Decimal:
        return sum(self.by_band, ZERO)

    @property
    def bands(self) -> list[tuple[str, Decimal]]:
        return labelled(self.by_band)


@dataclass
class Ageing:
    debtors: list[Debtor]
    by_band: list[Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.by_band, ZERO)

    @property
    def bands(self) -> list[tuple[str, Decimal]]:
        """(label, amount) of each band."""
        return labelled(self.by_band)


def age(invoices: Iterable[Invoice], today: date) -> Ageing:
    """Open invoices by person and age; whoever owes the most for the longest comes first.

    Wants invoices with patient (and whom it was merged into) and balance loaded.
    """
    debtors: dict[int, Debtor] = {}
    by_band = [ZERO] * len(BANDS)
    for invoice in invoices:
        assert invoice.due_on is not None
        place = band((today - invoice.due_on).days)
        person = invoice.patient.merged_into or invoice.patient
        debtor = debtors.setdefault(person.pk, Debtor(person))
        debtor.invoices.append(invoice)
        debtor.by_band[place] += invoice.open
        by_band[place] += invoice.open
    order = sorted(debtors.values(), key=lambda one: [*reversed(one.by_band)], reverse=True)
    return Ageing(debtors=order, by_band=by_band)
