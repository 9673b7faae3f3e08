"""When, where, with whom: one file a noun; everything can be imported from here."""

from scheduling.models.appointments import Appointment
from scheduling.models.claims import Claim, half_open
from scheduling.models.clock_books import ClockBook
from scheduling.models.displacements import Displacement
from scheduling.models.feeds import CalendarFeed, Shows
from scheduling.models.groups import GroupSession
from scheduling.models.holds import Hold
from scheduling.models.hours import (
    Absence,
    Closure,
    ExtraHours,
    HolidayCalendar,
    OpeningHours,
    Weekday,
    WorkingHours,
)
from scheduling.models.message_rules import Anchor, DayReckoned, MessageRule
from scheduling.models.moves import LastMove
from scheduling.models.preferences import TimePreference
from scheduling.models.resources import Colour, Device, Resource, ResourceKind, Room, Service
from scheduling.models.series import Frequency, Series
from scheduling.models.waitlist import FreedTime, Urgency, WaitlistEntry, WaitlistOffer

__all__ = [
    "Absence",
    "Anchor",
    "Appointment",
    "CalendarFeed",
    "Claim",
    "ClockBook",
    "Closure",
    "Colour",
    "DayReckoned",
    "Device",
    "Displacement",
    "ExtraHours",
    "FreedTime",
    "Frequency",
    "GroupSession",
    "Hold",
    "HolidayCalendar",
    "LastMove",
    "MessageRule",
    "OpeningHours",
    "Resource",
    "ResourceKind",
    "Room",
    "Series",
    "Service",
    "Shows",
    "TimePreference",
    "Urgency",
    "WaitlistEntry",
    "WaitlistOffer",
    "Weekday",
    "WorkingHours",
    "half_open",
]
