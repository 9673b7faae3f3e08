"""The place, its people and what the house keeps about itself."""

from clinic.models.audit import AuditEvent, AuditSeal
from clinic.models.channel_health import ChannelHealth
from clinic.models.held import HeldInput
from clinic.models.messages import ActionLink, DeskTask, OutboundMessage
from clinic.models.people import Clinic, Discipline, Language, Location, Practitioner, Role, User
from clinic.models.received import DeliveryEvent, InboundText, Meaning, OptOut
from clinic.models.wording import MessageTemplate

__all__ = [
    "ActionLink",
    "AuditEvent",
    "AuditSeal",
    "ChannelHealth",
    "Clinic",
    "DeliveryEvent",
    "DeskTask",
    "Discipline",
    "HeldInput",
    "InboundText",
    "Language",
    "Location",
    "Meaning",
    "MessageTemplate",
    "OptOut",
    "OutboundMessage",
    "Practitioner",
    "Role",
    "User",
]
