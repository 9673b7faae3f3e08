"""Sums: what a line costs, what an invoice comes to, how a payment is spread. Knows no database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from clinic.money import money

ZERO = Decimal("0.00")
#: No single amount in this clinic is larger; what is, is a slip of the keyboard.
LARGEST = Decimal("99999.99")
PER_CENT = Decimal(100)


@dataclass(frozen=True)
class Sums:
    """Net, tax and total; total is always net + tax."""

    net: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.net + self.tax

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.net + other.net, self.tax + other.tax)


NOTHING = Sums(ZERO, ZERO)


def line(*, quantity: int, unit_price: Decimal, discount: Decimal = ZERO, tax_rate: Decimal = ZERO) -> Sums:
    """One line: tax is rounded here, once per line, so that an invoice is the sum of what it shows.

    Raises ValueError when the discount is more than the line, or anything is negative.
    """
    gross = money(quantity * unit_price)
    net = gross - money(discount)
    if quantity < 1 or unit_price < 0 or discount < 0 or tax_rate < 0 or net < 0:
        raise ValueError("A line has a quantity, a price, and a discount no larger than both.")
    return Sums(net, money(net * tax_rate / PER_CENT))


def total(lines: Iterable[Sums]) -> Sums:
    """What an invoice comes to: the sum of its lines and nothing else."""
    result = NOTHING
    for one in lines:
        result = result + one
    return result


def part(whole: Sums, net: Decimal) -> Sums:
    """The part of a line that has this net amount, with its share of the tax; all of it for all of the net."""
    if net == whole.net:
        return whole
    return Sums(net, money(whole.tax * net / whole.net))


def spread(amount: Decimal, dues: Sequence[Decimal]) -> list[Decimal]:
    """The amount over what is due, first things first; what no due takes is left over.

    The parts never exceed their dues, and parts + rest = amount.
    """
    parts = []
    for due in dues:
        taken = max(ZERO, min(amount, due))
        parts.append(taken)
        amount -= taken
    return parts
