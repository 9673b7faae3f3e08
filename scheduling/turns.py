"""Our turn: what is certain while the diaries of an act are locked, read in one statement.

A statement sees what was committed before it began. So nothing can be read in the one that waits for the locks: it
would see the diaries as they were before whoever was first wrote in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from clinic import prepared
from clinic.rows import from_json
from patients import persons
from patients.models import Patient
from patients.persons import Person
from scheduling.customs import RULES_IN_FORCE, Customs
from scheduling.diaries import Wish
from scheduling.models.resources import LONGEST_CLAIM
from scheduling.states import HOLDS_TIME

_UNDER_THE_LOCKS = """
WITH family AS MATERIALIZED (
    SELECT id, CASE WHEN id = ANY(%(people)s) THEN id ELSE merged_into_id END AS person
      FROM patients_patient WHERE id = ANY(%(people)s) OR merged_into_id = ANY(%(people)s))
SELECT 'visit', w.number, v.id, NULL::text, NULL::bool, NULL::jsonb
  FROM unnest(%(whose)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
       WITH ORDINALITY AS w(person, starts_at, ends_at, number)
  JOIN family f ON f.person = w.person
  JOIN scheduling_appointment v ON v.patient_id = f.id AND v.status = ANY(%(holding)s)
   AND v.starts_at > w.starts_at - %(longest)s AND v.starts_at < w.ends_at AND v.ends_at > w.starts_at
UNION ALL
SELECT 'clinic', NULL, NULL, NULL, NULL, to_jsonb(c) FROM clinic_clinic c"""
_OF_THE_PEOPLE = """
UNION ALL
SELECT 'record', p.id, NULL, NULL, NULL, to_jsonb(p) FROM patients_patient p WHERE p.id = ANY(%(people)s)
UNION ALL
SELECT 'treated', f.person, m.practitioner_id, NULL, NULL, NULL
  FROM family f JOIN patients_careteammember m ON m.patient_id = f.id WHERE m.left_at IS NULL
UNION ALL
(SELECT DISTINCT ON (f.person, c.channel) 'said', f.person, NULL, c.channel, c.given AND NOT EXISTS (
        SELECT FROM clinic_optout o JOIN patients_patient p ON p.id = f.person
         WHERE o.lifted_at IS NULL AND o.channel = c.channel
           AND o.address = CASE c.channel WHEN 'email' THEN lower(p.email) ELSE p.phone END), NULL
  FROM family f JOIN patients_contactconsent c ON c.patient_id = f.id
 ORDER BY f.person, c.channel, c.recorded_at DESC, c.id DESC)"""


@dataclass
class Turn:
    """What an act finds under its locks."""

    #: Its rules only if the records were locked as well: else nobody is written to.
    customs: Customs = field(default_factory=Customs)
    #: By the id of the record. Empty unless the records were locked as well.
    people: dict[int, Person] = field(default_factory=dict)
    #: Numbers of the wishes whose patient is in another visit then.
    elsewhere: set[int] = field(default_factory=set)

    def person(self, patient: Patient) -> Person:
        """The patient as they are now, their record locked; of a merged one the record that stands."""
        known = self.people.get(patient.pk)
        if known is None or known.patient.merged_into_id is not None:
            known = self.people[patient.pk] = persons.lock(patient)
        return known


def read(wishes: Sequence[Wish], *, records: bool) -> Turn:
    """One statement, for all wishes of the act. With `records` the patients' rows are locked, and they are read."""
    turn = Turn()
    parts = _UNDER_THE_LOCKS + (f"{_OF_THE_PEOPLE} UNION ALL {RULES_IN_FORCE}" if records else "")
    with prepared.ask(f"SELECT found.* FROM ({parts}) AS found", _values(wishes)) as cursor:  # noqa: S608 -- ours
        for what, number, pk, channel, given, row in cursor.fetchall():
            if what == "visit" and pk not in wishes[number - 1].proposal.vacated:
                turn.elsewhere.add(number)
            elif what in ("clinic", "rule"):
                turn.customs.learn(what, row)
            elif what == "record":
                turn.people[number] = Person(from_json(Patient, row))
            elif what == "treated":
                turn.people[number].treated_by.add(pk)
            elif what == "said":
                turn.people[number].agreed[channel] = given
    return turn


def _values(wishes: Sequence[Wish]) -> dict[str, Any]:
    proposals = [wish.proposal for wish in wishes]
    whose = [proposal.patient.pk if proposal.patient else None for proposal in proposals]
    return {
        "people": sorted({pk for pk in whose if pk is not None}),
        "whose": whose,
        "starts": [proposal.starts_at for proposal in proposals],
        "ends": [proposal.ends_at for proposal in proposals],
        "longest": LONGEST_CLAIM,
        "holding": sorted(HOLDS_TIME),
    }
