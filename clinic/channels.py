"""The ways out of the house that this clinic has: e-mail, and text messages once a provider is named."""

from __future__ import annotations

from django.conf import settings

from clinic import mail, sms
from clinic import messaging_states as states
from clinic.outgoing import Channel, Down, Envelope, Refused, Sought, Uncertain

__all__ = ["Channel", "Down", "Envelope", "Refused", "Sought", "Uncertain", "offered", "open_channels"]


def open_channels() -> dict[str, Channel]:
    """One of each channel that is configured. Nothing is dialled yet."""
    ways: dict[str, Channel] = {states.Channel.EMAIL: _email()}
    if settings.SMS_URL:
        ways[states.Channel.SMS] = sms.open_channel(settings.SMS_URL)
    return ways


def _email() -> Channel:
    if settings.EMAIL_BACKEND == mail.SMTP_BACKEND:
        return mail.SmtpChannel()
    from clinic import provider_mail  # noqa: PLC0415 -- its libraries are slow to load, and few clinics need them

    return provider_mail.BackendChannel()


def offered() -> frozenset[str]:
    """Which channels this clinic can use at all."""
    return frozenset(states.Channel if settings.SMS_URL else {states.Channel.EMAIL})
