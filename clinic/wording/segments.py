"""How many text messages a text is: each is paid for by itself.

Of GSM 03.38 (7 bits a character) 160 fit into one message, of a longer text 153 into each part, as the header takes the
rest. Ten characters of its extension table take two places, which no part may tear apart. A single character outside
both tables makes the whole text UCS-2: 70, or 67 a part, counted in 16-bit units; what takes two units (most emoji) is
not torn apart either.
"""

from __future__ import annotations

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
GSM, UCS2 = "GSM-7", "UCS-2"
#: Places in a message by itself, and in each part of a longer one.
ALONE = {GSM: 160, UCS2: 70}
IN_PARTS = {GSM: 153, UCS2: 67}


@dataclass(frozen=True)
class Count:
    """What sending a text comes to."""

    encoding: str
    #: Places taken, in characters of 7 bits or units of 16.
    places: int
    parts: int
    #: Places still free in the last part.
    left: int
    #: The characters that make it UCS-2, in the order in which they come.
    outside: tuple[str, ...] = ()


def count(text: str) -> Count:
    """A line break counts as one character however it was typed."""
    text = text.replace("\r\n", "\n")
    outside = tuple(dict.fromkeys(sign for sign in text if sign not in BASIC and sign not in EXTENDED))
    encoding = UCS2 if outside else GSM
    widths = [_width(sign, encoding) for sign in text]
    places = sum(widths)
    if places <= ALONE[encoding]:
        return Count(encoding, places, 1 if text else 0, ALONE[encoding] - places, outside)
    parts, taken = _pack(widths, IN_PARTS[encoding])
    return Count(encoding, places, parts, IN_PARTS[encoding] - taken, outside)


def _width(sign: str, encoding: str) -> int:
    if encoding == GSM:
        return 2 if sign in EXTENDED else 1
    return 2 if ord(sign) > 0xFFFF else 1


def _pack(widths: list[int], room: int) -> tuple[int, int]:
    """How many parts, and how much of the last is taken."""
    parts, taken = 1, 0
    for width in widths:
        if taken + width > room:
            parts, taken = parts + 1, 0
        taken += width
    return parts, taken
