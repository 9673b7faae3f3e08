"""What patients are written about, and by which channels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

EMAIL, SMS = "email", "sms"
CHANNELS = (EMAIL, SMS)


class Kind(StrEnum):
    """One template in each language for each of these and each of its channels.

    Where a purpose of clinic.messaging_states has one wording, it bears the purpose's name.
    """

    VISIT_BOOKED = "visit_booked"
    VISITS_BOOKED = "visits_booked"
    SERIES_BOOKED = "series_booked"
    VISIT_MOVED = "visit_moved"
    #: The clinic changed a visit, or called it off.
    VISIT_CHANGED = "visit_changed"
    VISITS_CHANGED = "visits_changed"
    VISIT_CANCELLED = "visit_cancelled"
    VISITS_CANCELLED = "visits_cancelled"
    VISIT_REMINDER = "visit_reminder"
    VISITS_REMINDER = "visits_reminder"
    #: Of several people who share an address.
    FAMILY_REMINDER = "family_reminder"
    WAITLIST_OFFER = "waitlist_offer"
    RECALL = "recall"
    PLAN_REVIEW = "plan_review"
    EXERCISE_NUDGE = "exercise_nudge"
    HOME_PROGRAMME = "home_programme"
    QUESTIONS = "questions"
    DIARY = "diary"
    INVOICE = "invoice"
    INVOICE_OVERDUE = "invoice_overdue"
    REPLY_CONFIRMED = "reply_confirmed"
    REPLY_OTHER_TIME = "reply_other_time"
    REPLY_NO_VISIT = "reply_no_visit"
    REPLY_PASSED_ON = "reply_passed_on"
    REPLY_HELP = "reply_help"
    REPLY_STOPPED = "reply_stopped"
    REPLY_STARTED = "reply_started"


#: What rules of the clinic ask for: each rule may do so in words of its own, which bear a name.
OF_RULES = frozenset(
    {
        Kind.VISIT_REMINDER, Kind.RECALL, Kind.PLAN_REVIEW, Kind.EXERCISE_NUDGE, Kind.INVOICE, Kind.INVOICE_OVERDUE,
    }
)  # fmt: skip
LONGEST_VARIANT = 30
_VARIANT = re.compile(r"\w[\w -]*")


def is_variant(name: str) -> bool:
    """Whether other words than the usual ones may bear this name."""
    return len(name) <= LONGEST_VARIANT and _VARIANT.fullmatch(name) is not None and name == name.strip()


@dataclass(frozen=True)
class Spot:
    """Which template: what about, by which channel, in which language; "" is the usual one of several."""

    kind: Kind
    channel: str
    language: str
    variant: str = ""

    @property
    def name(self) -> str:
        """ "visit_reminder/sms/en", or "visit_reminder:Last word/sms/en"."""
        variant = f":{self.variant}" if self.variant else ""
        return f"{self.kind}{variant}/{self.channel}/{self.language}"

    @property
    def usual(self) -> Spot:
        """Who speaks here when nobody has written anything."""
        return Spot(self.kind, self.channel, self.language)


#: As the owner finds them, each with when it is said.
GROUPS: tuple[tuple[str, tuple[tuple[Kind, str, str], ...]], ...] = (
    (
        "Visits",
        (
            (Kind.VISIT_BOOKED, "Visit booked", "at once, when a visit was booked"),
            (Kind.VISITS_BOOKED, "Several visits booked", "at once, when several services were booked in one go"),
            (Kind.SERIES_BOOKED, "Series booked", "at once, when a series was booked; the link is of its first visit"),
            (Kind.VISIT_REMINDER, "Reminder", "before a visit"),
            (Kind.VISITS_REMINDER, "Reminder of several visits", "before the first of several visits on one day"),
            (Kind.FAMILY_REMINDER, "Reminder for a family", "when several people share a phone or address"),
            (Kind.VISIT_MOVED, "Visit moved", "when a visit was given another time"),
            (Kind.VISIT_CHANGED, "Visit changed by the clinic", "when the clinic had to change a visit"),
            (Kind.VISITS_CHANGED, "Several visits changed by the clinic", "when the clinic had to change several"),
            (Kind.VISIT_CANCELLED, "Visit called off by the clinic", "when a visit cannot take place"),
            (Kind.VISITS_CANCELLED, "Several visits called off by the clinic", "when several cannot take place"),
            (Kind.WAITLIST_OFFER, "Free time offered", "when a time became free for somebody who waits"),
        ),
    ),
    (
        "Between visits",
        (
            (Kind.RECALL, "Invitation to book", "when nothing is booked and sessions are left"),
            (Kind.PLAN_REVIEW, "Review of the plan is due", "when it is time to look at the plan together"),
            (Kind.EXERCISE_NUDGE, "Reminder of exercises", "when nothing was ticked for some days"),
            (Kind.HOME_PROGRAMME, "Page for home", "with the way to the patient's own page"),
            (Kind.QUESTIONS, "Questions before a visit", "with the way to a few questions"),
            (Kind.DIARY, "Page for notes", "with the way to the patient's own notes"),
        ),
    ),
    (
        "Invoices",
        (
            (Kind.INVOICE, "Invoice", "when an invoice was issued"),
            (Kind.INVOICE_OVERDUE, "Invoice not paid yet", "when the day to pay by is past"),
        ),
    ),
    (
        "Answers to text messages",
        (
            (Kind.REPLY_CONFIRMED, "Confirmed", "to C"),
            (Kind.REPLY_OTHER_TIME, "Wants another time", "to R"),
            (Kind.REPLY_NO_VISIT, "No visit found", "to C or R, when no visit lies ahead"),
            (Kind.REPLY_PASSED_ON, "Passed on", "to whatever only a person can answer"),
            (Kind.REPLY_HELP, "Help", "to HELP"),
            (Kind.REPLY_STOPPED, "No more text messages", "to STOP"),
            (Kind.REPLY_STARTED, "Text messages again", "to START"),
        ),
    ),
)
#: To which page of the patient's own the link of a kind leads, by the purpose that clinic.links gives it.
LINKS = {
    **dict.fromkeys((Kind.VISITS_BOOKED, Kind.VISITS_REMINDER, Kind.FAMILY_REMINDER), "visits"),
    Kind.WAITLIST_OFFER: "waitlist",
    Kind.EXERCISE_NUDGE: "home",
    Kind.HOME_PROGRAMME: "home",
    Kind.QUESTIONS: "measures",
    Kind.DIARY: "spasm_diary",
}
LABELS = {kind: label for _, kinds in GROUPS for kind, label, _ in kinds}
OCCASIONS = {kind: occasion for _, kinds in GROUPS for kind, _, occasion in kinds}


def link_of(kind: Kind) -> str:
    return LINKS.get(kind, "visit")


def channels_of(kind: Kind) -> tuple[str, ...]:
    """Only a text message is answered by one."""
    return (SMS,) if kind.startswith("reply_") else CHANNELS
