"""National Provider Identifiers: ten digits that check themselves. Pure."""

from __future__ import annotations


def is_npi(text: str) -> bool:
    """Whether the ten digits carry the right check digit (Luhn over 80840 and the number)."""
    if len(text) != 10 or not (text.isascii() and text.isdigit()):
        return False
    total = 0
    for place, digit in enumerate(reversed(f"80840{text}")):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
