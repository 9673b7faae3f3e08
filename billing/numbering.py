"""Numbers without gaps and without doubles."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from billing.models import Series


@dataclass(frozen=True)
class Number:
    series: Series
    year: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.series.value}-{self.year}-{self.sequence:05d}"


_TAKE = """
INSERT INTO billing_counter (series, year, last) VALUES (%s, %s, 1)
ON CONFLICT (series, year) DO UPDATE SET last = billing_counter.last + 1
RETURNING last
"""


def take(series: Series, *, year: int) -> Number:
    """The next number of a series. The counter's row stays locked until the transaction ends.

    So the next taker waits and sees whether this number was used; a rollback gives it back. Take it last: nothing
    else may be waited for while it is held. Why not a sequence: docs/adr/0031-numbers-come-from-a-locked-row.md.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A number is taken inside the transaction that uses it.")
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [series.value, year])
        (sequence,) = cursor.fetchone()
    return Number(series, year, sequence)
