"""When, where, with whom: one file a noun; everything can be imported from here."""

from scheduling.models.appointments import Appointment, Claim, half_open
from scheduling.models.hours import Absence, Closure, OpeningHours, Weekday, WorkingHours
from scheduling.models.resources import Colour, Device, Resource, ResourceKind, Room, Service

__all__ = [
    "Absence",
    "Appointment",
    "Claim",
    "Closure",
    "Colour",
    "Device",
    "OpeningHours",
    "Resource",
    "ResourceKind",
    "Room",
    "Service",
    "Weekday",
    "WorkingHours",
    "half_open",
]
