"""Countries and time zones to choose from."""

from __future__ import annotations

import functools
import zoneinfo

from phonenumbers import SUPPORTED_REGIONS
from phonenumbers.geodata.locale import LOCALE_DATA

#: Zones that people live in; the rest of the IANA list are aliases and offsets.
_REGIONS = {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}


@functools.cache
def zones() -> tuple[str, ...]:
    """IANA zones by region and city, UTC last."""
    names = (name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _REGIONS)
    return (*sorted(names), "UTC")


@functools.cache
def countries() -> tuple[tuple[str, str], ...]:
    """(ISO code, English name) of every country that has phones, by name."""
    named = ((code, _english(LOCALE_DATA.get(code, {}))) for code in SUPPORTED_REGIONS)
    return tuple(sorted(((code, name) for code, name in named if name), key=lambda pair: pair[1]))


def _english(names: dict[str, str]) -> str:
    """The table writes "*xx" for "as in language xx"."""
    name = names.get("en", "")
    return names.get(name[1:], "") if name.startswith("*") else name
