"""Whom a message about visits reaches, on which channel, and at which hours. Reads the patient; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from clinic import channels
from clinic.messaging import Recipient
from clinic.messaging_states import Channel, Reason
from patients import consent
from patients.models import Patient

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY_BEGINS, DAY_ENDS = time(8), time(21)
#: What falls into the night is said on the evening before.
EVENING = time(20, 30)


@dataclass(frozen=True)
class Way:
    """How a patient can be reached about visits, or why they cannot."""

    channel: str
    address: str = ""
    blocked: str = ""

    def recipient(self, patient: Patient) -> Recipient:
        """To whom and where; without an address when they may not be written to."""
        address = "" if self.blocked else self.address
        return Recipient(self.channel, patient.display_name, address, patient.language, patient.uid)


def way_to(patient: Patient, agreed: Mapping[str, bool] | None = None) -> Way:
    """The channel that the patient chose and agreed to; e-mail when this clinic cannot send text messages.

    Consent is read under the patient's lock, or was (`agreed`); taking it back later stops what is pending.
    """
    patient = patient.survivor
    wanted, offered = patient.preferred_channel, channels.offered()
    if patient.deactivated_at is not None or wanted not in Channel.values:
        return Way(Channel.EMAIL, blocked=Reason.OPTED_OUT)
    channel = wanted if wanted in offered else Channel.EMAIL
    address = {Channel.EMAIL: patient.email, Channel.SMS: patient.phone}[Channel(channel)]
    if not address:
        return Way(channel, blocked=Reason.NO_ADDRESS)
    said = (consent.agreed(patient) if agreed is None else agreed).get(channel)
    if said is None:
        return Way(channel, blocked=Reason.NO_CONSENT if channel == wanted else Reason.NO_ADDRESS)
    return Way(channel, address) if said else Way(channel, blocked=Reason.OPTED_OUT)


def day_before(starts_at: datetime, tz: ZoneInfo) -> datetime:
    """The same wall-clock time on the day before, where the visit takes place."""
    return (starts_at.astimezone(tz) - timedelta(days=1)).astimezone(starts_at.tzinfo)


def decent(at: datetime, tz: ZoneInfo) -> datetime:
    """The instant itself between 08:00 and 21:00 of the place, else the evening before it."""
    local = at.astimezone(tz)
    if DAY_BEGINS <= local.time() < DAY_ENDS:
        return at
    day = local.date() if local.time() >= DAY_ENDS else local.date() - timedelta(days=1)
    return datetime.combine(day, EVENING, tzinfo=tz).astimezone(at.tzinfo)


def next_decent(at: datetime, tz: ZoneInfo) -> datetime:
    """The instant itself between 08:00 and 21:00 of the place, else the next morning."""
    local = at.astimezone(tz)
    if DAY_BEGINS <= local.time() < DAY_ENDS:
        return at
    day = local.date() if local.time() < DAY_BEGINS else local.date() + timedelta(days=1)
    return datetime.combine(day, DAY_BEGINS, tzinfo=tz).astimezone(at.tzinfo)
