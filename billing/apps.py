"""Billing as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        from billing import invoice_messages  # noqa: PLC0415 -- app ready

        invoice_messages.ready()
