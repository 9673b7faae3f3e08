"""Whom a message about visits reaches, and on which channel. Reads the patient; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clinic import channels
from clinic.messaging import Recipient
from clinic.messaging_states import Channel, Reason
from patients import consent
from patients.models import Patient


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
