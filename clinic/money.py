"""Money is Decimal; it is rounded here and nowhere else."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$", "CHF": "CHF "}


def money(amount: Decimal | int | str) -> Decimal:
    """The amount in whole cents, halves away from zero. Takes no float: it has lost cents already."""
    if isinstance(amount, float):
        raise TypeError("Money is Decimal, never float.")
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


def split_evenly(total: Decimal, parts: int) -> list[Decimal]:
    """`parts` amounts that differ by at most a cent, larger ones first, and add up to `total`.

    Raises ValueError when there is nothing to split into.
    """
    if parts < 1:
        raise ValueError("Split into at least one part.")
    cents = int(money(total) / CENT)
    low, more = divmod(abs(cents), parts)
    sign = -1 if cents < 0 else 1
    return [sign * (low + (1 if i < more else 0)) * CENT for i in range(parts)]


def format_money(amount: Decimal, currency: str = "USD") -> str:
    """As people write it: $1,234.50, and -$5.00 for what goes out."""
    rounded = money(amount)
    sign = "-" if rounded < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{abs(rounded):,.2f}"
