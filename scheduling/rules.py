"""What speaks against a visit before it is booked. Rules return findings; the booking verb decides. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum


class Severity(Enum):
    BLOCK = "block"
    #: May be booked all the same, by someone who has read it.
    WARN = "warn"


@dataclass(frozen=True)
class PlanFacts:
    """The part of the plan that the visit would be a session of."""

    accepted: bool
    same_patient: bool
    kind_matches: bool
    sessions: int
    spoken_for: int
    days_between: int
    #: Days to the nearest other session of this part, before or after; None: there is none.
    nearest_days: int | None = None
    referral_expires_on: date | None = None
    referral_sessions: int | None = None
    referral_used: int = 0
    #: How the visit stands to those of the other kind on its day: "", "order" or "apart".
    day_clash: str = ""
    #: Red flags of the patient that stand: "", "held" or "emergency".
    red_flags: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Everything the rules look at, read once."""

    day: date
    today: date
    practitioner: str
    location: str
    practitioner_active: bool
    has_the_skill: bool
    #: Whether the practitioner knows what the service asks for beyond the discipline.
    knows: bool
    skill: str
    at_work: bool
    away: bool
    open: bool
    closed_for: str | None
    patient_active: bool
    plan: PlanFacts | None = None


@dataclass(frozen=True)
class Finding:
    rule: str
    severity: Severity
    message: str

    @property
    def blocks(self) -> bool:
        return self.severity is Severity.BLOCK


#: How much each rule weighs: data, so that a clinic can weigh otherwise.
SEVERITY: dict[str, Severity] = {
    "BOOK-01": Severity.BLOCK,
    "BOOK-02": Severity.BLOCK,
    "BOOK-03": Severity.BLOCK,
    "BOOK-04": Severity.BLOCK,
    "BOOK-05": Severity.BLOCK,
    "BOOK-06": Severity.BLOCK,
    "BOOK-11": Severity.WARN,
    "BOOK-12": Severity.WARN,
    "BOOK-13": Severity.WARN,
    "BOOK-21": Severity.BLOCK,
    "BOOK-22": Severity.BLOCK,
    "BOOK-23": Severity.WARN,
    "BOOK-24": Severity.WARN,
    "BOOK-25": Severity.WARN,
    "BOOK-26": Severity.WARN,
    "BOOK-27": Severity.WARN,
    "BOOK-28": Severity.BLOCK,
    "BOOK-29": Severity.WARN,
    "BOOK-30": Severity.WARN,
}
EVERY_WARNING = frozenset(rule for rule, severity in SEVERITY.items() if severity is Severity.WARN)


def _day(value: date) -> str:
    return f"{value:%a} {value.day} {value:%b %Y}"


def the_day_is_not_past(s: Snapshot) -> str | None:
    return "That day is past. Visits can be booked for today and later." if s.day < s.today else None


def the_day_is_within_two_years(s: Snapshot) -> str | None:
    return "That is more than two years ahead." if (s.day - s.today).days > 731 else None


def the_patient_is_a_patient_here(s: Snapshot) -> str | None:
    return None if s.patient_active else "This patient's record is deactivated. Reactivate it before booking."


def the_practitioner_does_this(s: Snapshot) -> str | None:
    if not s.practitioner_active:
        return f"{s.practitioner} no longer takes visits."
    return None if s.has_the_skill else f"{s.practitioner} does not offer this service."


def the_practitioner_is_not_away(s: Snapshot) -> str | None:
    return f"{s.practitioner} is away then." if s.away else None


def the_location_is_not_closed(s: Snapshot) -> str | None:
    return f"{s.location} is closed that day: {s.closed_for}." if s.closed_for else None


def the_practitioner_works_then(s: Snapshot) -> str | None:
    if s.away or s.closed_for or s.at_work:
        return None
    return f"{s.practitioner} does not work at {s.location} then."


def the_location_is_open_then(s: Snapshot) -> str | None:
    return None if s.open or s.closed_for else f"{s.location} is not open then."


def the_practitioner_knows_how(s: Snapshot) -> str | None:
    if s.knows or not s.has_the_skill:
        return None
    return f"{s.practitioner} is not entered as knowing {s.skill}, which this service asks for."


def the_plan_is_agreed(s: Snapshot) -> str | None:
    if s.plan is None or s.plan.accepted:
        return None
    return "The patient has not accepted this plan, or it has ended. Sessions can be booked from an accepted plan."


def the_plan_is_this_patients(s: Snapshot) -> str | None:
    return None if s.plan is None or s.plan.same_patient else "That plan belongs to another patient."


def the_service_is_what_was_planned(s: Snapshot) -> str | None:
    return None if s.plan is None or s.plan.kind_matches else "The plan asks for another kind of treatment."


def sessions_are_left(s: Snapshot) -> str | None:
    if s.plan is None or s.plan.spoken_for < s.plan.sessions:
        return None
    return f"All {s.plan.sessions} sessions of the plan are booked or done."


def sessions_are_spaced(s: Snapshot) -> str | None:
    if s.plan is None or s.plan.nearest_days is None or s.plan.nearest_days >= s.plan.days_between:
        return None
    near = {0: "on the same day", 1: "one day away"}.get(s.plan.nearest_days, f"{s.plan.nearest_days} days away")
    return f"The plan asks for {s.plan.days_between} days between sessions; another one is {near}."


def kinds_come_in_their_order(s: Snapshot) -> str | None:
    if s.plan is None or not s.plan.day_clash:
        return None
    if s.plan.day_clash == "apart":
        return "The plan asks for massage and exercises on different days; the other is on that day."
    return "The plan asks for the other order: of massage and exercises on one day, this would come at the wrong end."


def day_clash(same_day: str, kind: str, at: datetime, others: Iterable[tuple[datetime, str]]) -> str:
    """What the plan's order of one day says of a visit of this kind beside those others of that day."""
    different = [when for when, other in others if other != kind]
    if same_day == "apart":
        return "apart" if different else ""
    if same_day not in {"massage_first", "exercises_first"}:
        return ""
    comes_first = (kind == "massage") == (same_day == "massage_first")
    wrong = any(when < at if comes_first else when > at for when in different)
    return "order" if wrong else ""


def the_referral_still_holds(s: Snapshot) -> str | None:
    if s.plan is None or s.plan.referral_expires_on is None or s.day <= s.plan.referral_expires_on:
        return None
    return f"The referral ends on {_day(s.plan.referral_expires_on)}, before this visit."


def the_referral_covers_it(s: Snapshot) -> str | None:
    if s.plan is None or s.plan.referral_sessions is None or s.plan.referral_used < s.plan.referral_sessions:
        return None
    return f"The referral covers {s.plan.referral_sessions} sessions, and as many are booked or done."


def no_emergency_stands(s: Snapshot) -> str | None:
    if s.plan is None or s.plan.red_flags != "emergency":
        return None
    return "A red flag stands that is an emergency: no treatment. Open the patient's red flags."


def no_red_flag_holds_it(s: Snapshot) -> str | None:
    if s.plan is None or s.plan.red_flags != "held":
        return None
    return "A red flag holds hands-on work until a clinician's clearance is recorded. Ask the therapist."


RULES: dict[str, Callable[[Snapshot], str | None]] = {
    "BOOK-01": the_day_is_not_past,
    "BOOK-02": the_day_is_within_two_years,
    "BOOK-03": the_patient_is_a_patient_here,
    "BOOK-04": the_practitioner_does_this,
    "BOOK-05": the_practitioner_is_not_away,
    "BOOK-06": the_location_is_not_closed,
    "BOOK-11": the_practitioner_works_then,
    "BOOK-12": the_location_is_open_then,
    "BOOK-13": the_practitioner_knows_how,
    "BOOK-21": the_plan_is_this_patients,
    "BOOK-22": the_plan_is_agreed,
    "BOOK-23": the_service_is_what_was_planned,
    "BOOK-24": sessions_are_left,
    "BOOK-25": sessions_are_spaced,
    "BOOK-26": the_referral_still_holds,
    "BOOK-27": the_referral_covers_it,
    "BOOK-28": no_emergency_stands,
    "BOOK-29": no_red_flag_holds_it,
    "BOOK-30": kinds_come_in_their_order,
}


def findings(snapshot: Snapshot) -> list[Finding]:
    """Everything that speaks against the visit, what blocks it first."""
    found = [
        Finding(rule, SEVERITY[rule], message) for rule, ask in RULES.items() if (message := ask(snapshot)) is not None
    ]
    return sorted(found, key=lambda finding: not finding.blocks)
