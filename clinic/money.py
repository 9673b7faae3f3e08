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


def format_money(amount: Decimal, currency: str = "USD") -> str:
    """As people write it: $1,234.50, and -$5.00 for what goes out."""
    rounded = money(amount)
    sign = "-" if rounded < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{abs(rounded):,.2f}"
