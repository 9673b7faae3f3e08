"""The clinic's head on papers of treatment."""

from __future__ import annotations

from datetime import date

from clinic.forms import show_phone
from clinic.models import Clinic, Location

#: Countries that print on Letter; everyone else on A4.
LETTER = frozenset({"US", "CA", "MX", "PH", "CL", "CO", "VE", "GT", "CR", "PA", "DO", "PR"})


def issuer(clinic: Clinic | None) -> dict[str, object]:
    """Who writes: the clinic, where it is, how it is reached. No tax number: nothing is charged here."""
    if clinic is None:
        return {"name": "", "lines": [], "contact": "", "tax_number": ""}
    place = Location.objects.active().order_by("pk").first()
    phone = (place.phone if place else "") or clinic.phone
    contact = " · ".join(part for part in (phone and show_phone(phone, clinic.country), clinic.email) if part)
    lines = [part for part in (place.name, place.address) if part] if place else []
    return {"name": clinic.name, "lines": lines, "contact": contact, "tax_number": ""}


def paper_size(clinic: Clinic | None) -> str:
    return "us-letter" if clinic is None or clinic.country in LETTER else "a4"


def day(value: date) -> str:
    """Such as "Tue 24 Nov 2026"."""
    return f"{value:%a} {value.day} {value:%b %Y}"
