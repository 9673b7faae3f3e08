"""The one kind of no in billing; each verb raises its own, so that a reader knows which door it came from."""

from __future__ import annotations


class BillingRefused(Exception):
    """Carries a sentence fit for the person at the desk, and the field it is about, if it is about one."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field
