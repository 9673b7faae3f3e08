"""How this clinic speaks to its patients: under which name, at which hours, and by which rules of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic import prepared
from clinic.models import Clinic, Location
from clinic.rows import from_json
from patients.models import Patient
from scheduling import due
from scheduling.due import Asked, Case, Hours
from scheduling.models import Appointment
from scheduling.models.message_rules import MessageRule

#: Beside the clinic's own row, in whatever statement reads it: as (kind, row).
RULES_IN_FORCE = """
SELECT 'rule', NULL::bigint, NULL::bigint, NULL::text, NULL::bool, to_jsonb(r) FROM scheduling_messagerule r
 WHERE r.retired_at IS NULL AND r.purpose = 'visit_reminder'"""
_READ = f"""
SELECT said.* FROM (
SELECT 'clinic', NULL::bigint, NULL::bigint, NULL::text, NULL::bool, to_jsonb(c) FROM clinic_clinic c
UNION ALL {RULES_IN_FORCE}) AS said"""  # noqa: S608 -- ours


@dataclass
class Customs:
    """Read once for an act; before the first start is done there is no clinic."""

    clinic: Clinic | None = None
    #: Those of reminders, in force.
    rules: list[MessageRule] = field(default_factory=list)

    @property
    def hours(self) -> Hours:
        """The decent ones."""
        return Hours(self.clinic.messages_from, self.clinic.messages_until) if self.clinic else Hours()

    def asks(self, visit: Appointment, patient: Patient, channel: str) -> list[Asked]:
        """The reminders that a visit is to have."""
        return due.asked(case_of(visit, patient, channel), self.rules, self.hours)

    @property
    def horizon(self) -> timedelta:
        """Further ahead nothing is due now: the longest lead, and the night that moves it earlier."""
        return longest(self.rules)

    def variant_of(self, rule_uid: UUID | None) -> str:
        """In which words the rule speaks; "" are the usual ones."""
        return next((rule.variant for rule in self.rules if rule.uid == rule_uid), "")

    def learn(self, kind: str, row: str) -> None:
        """One row of a statement that reads them among others."""
        if kind == "clinic":
            self.clinic = from_json(Clinic, row)
        elif kind == "rule":
            self.rules.append(from_json(MessageRule, row))


def longest(rules: Iterable[MessageRule], leads: Iterable[int] = ()) -> timedelta:
    minutes = [rule.minutes for rule in rules] + [hours * 60 for hours in leads]
    return timedelta(minutes=max(minutes, default=0)) + timedelta(days=2)


def read() -> Customs:
    """What holds now. One statement."""
    customs = Customs()
    with prepared.ask(_READ, {}) as cursor:
        for kind, _, _, _, _, row in cursor.fetchall():
            customs.learn(kind, row)
    return customs


def case_of(visit: Appointment, patient: Patient, channel: str) -> Case:
    """What decides when a visit's patient is written to."""
    return Case(
        starts_at=visit.starts_at,
        service_id=visit.service_id,
        location_id=visit.location_id,
        place=visit.location.tz,
        recipient=zone_of(patient, visit.location),
        channel=channel,
        lead_hours=patient.lead_hours,
    )


def zone_of(patient: Patient, location: Location) -> ZoneInfo:
    """By whose clock the patient sleeps."""
    return ZoneInfo(patient.zone) if patient.zone else location.tz
