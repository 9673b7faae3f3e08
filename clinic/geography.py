"""Countries and time zones to choose from."""

from __future__ import annotations

import functools
import importlib.util
import zoneinfo
from pathlib import Path

import phonenumbers
from phonenumbers import SUPPORTED_REGIONS

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
    names = _names()
    named = ((code, _english(names.get(code, {}))) for code in SUPPORTED_REGIONS)
    return tuple(sorted(((code, name) for code, name in named if name), key=lambda pair: pair[1]))


def _names() -> dict[str, dict[str, str]]:
    """The table of names alone: imported as a module it brings along where every number rings, 98 MB a process."""
    table = Path(phonenumbers.__file__).parent / "geodata" / "locale.py"
    spec = importlib.util.spec_from_file_location("phonenumbers.names.locale", table)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names: dict[str, dict[str, str]] = module.LOCALE_DATA
    return names


def _english(names: dict[str, str]) -> str:
    """The table writes "*xx" for "as in language xx"."""
    name = names.get("en", "")
    return names.get(name[1:], "") if name.startswith("*") else name
