"""Injuries, conditions and operations: what happened before and outside this clinic."""

from __future__ import annotations

from datetime import date, datetime

from clinic.access import Actor
from patients import records
from patients.dates import NOTHING_KNOWN, RoughDay
from patients.models import Condition, Injury, Patient, Surgery


def add_injury(
    *,
    patient: Patient,
    cause: str,
    mechanism: str = "",
    body_part: str = "",
    happened: RoughDay = NOTHING_KNOWN,
    by: Actor,
    now: datetime,
) -> Injury:
    """How it began. An unknown cause is a fact too."""
    return records.add(
        Injury,
        patient=patient,
        cause=cause,
        mechanism=mechanism,
        body_part=body_part,
        happened_on=happened.on,
        happened_precision=happened.precision,
        by=by,
        now=now,
    )


def add_condition(
    *,
    patient: Patient,
    name: str,
    caution: str = "",
    since: RoughDay = NOTHING_KNOWN,
    resolved_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Condition:
    """An illness or state, with what hands-on work must mind about it."""
    return records.add(
        Condition,
        patient=patient,
        name=name,
        caution=caution,
        since_on=since.on,
        since_precision=since.precision,
        resolved_on=resolved_on,
        by=by,
        now=now,
    )


def add_surgery(
    *,
    patient: Patient,
    name: str,
    implant: str = "",
    done: RoughDay = NOTHING_KNOWN,
    by: Actor,
    now: datetime,
) -> Surgery:
    """An operation and what it left in the body."""
    return records.add(
        Surgery,
        patient=patient,
        name=name,
        implant=implant,
        done_on=done.on,
        done_precision=done.precision,
        by=by,
        now=now,
    )
