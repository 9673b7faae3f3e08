"""The ledger as a file for the bookkeeper: every posting of some days, debit and credit apart, in the order of events.

Patients are there by number: whoever keeps the books need not know why somebody came, nor who it was.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from defusedcsv import csv

from billing.models import Account, EntryKind, Posting
from clinic import time
from clinic.models import Location

HEAD = (
    "Entry", "Date", "Time", "Event", "Account", "Debit", "Credit", "Currency", "Invoice", "Receipt", "Patient number",
    "Location", "By",
)  # fmt: skip
Row = tuple[str, ...]
#: A quarter of a year at a time: what one answer can hold.
LONGEST = timedelta(days=92)


def postings(first: date, last: date, *, place: Location) -> list[Posting]:
    """Every posting from the first day to the last, both included, by the days of this place's clock. One query.

    Of each entry debits and credits add up to the same, so of the whole as well.
    """
    begin, _ = time.day_bounds(first, place.tz)
    _, end = time.day_bounds(last, place.tz)
    found = Posting.objects.filter(entry__posted_at__gte=begin, entry__posted_at__lt=end).select_related(
        "entry__posted_by", "entry__payment", "entry__invoice", "invoice", "patient__merged_into", "location"
    )
    return list(found.order_by("entry__posted_at", "entry_id", "pk"))


def _row(posting: Posting, place: Location, currency: str) -> Row:
    entry, debit = posting.entry, posting.amount > 0
    at: datetime = entry.posted_at.astimezone(place.tz)
    invoice = posting.invoice or entry.invoice
    return (
        str(entry.pk),
        f"{at:%Y-%m-%d}",
        f"{at:%H:%M}",
        EntryKind(entry.kind).label,
        Account(posting.account).label,
        _plain(posting.amount) if debit else "",
        "" if debit else _plain(-posting.amount),
        currency,
        (invoice.number if invoice else None) or "",
        (entry.payment.number if entry.payment else None) or "",
        str(posting.patient.survivor.number) if posting.patient else "",
        posting.location.name if posting.location else "",
        entry.posted_by.name,
    )


def _plain(amount: Decimal) -> str:
    """Two places after a point and nothing else, whatever the reader's country: 1234.50"""
    return f"{amount:.2f}"


def as_csv(found: Sequence[Posting], *, place: Location, currency: str) -> str:
    """As spreadsheets read it (RFC 4180, with a mark that it is UTF-8); no cell is ever run as a formula."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEAD)
    writer.writerows(_row(posting, place, currency) for posting in found)
    return "\ufeff" + file.getvalue()
