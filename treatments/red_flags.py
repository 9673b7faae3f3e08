"""Red flags asked about, cleared by a clinician, and what is asked when the patient comes. Everything is written once.

Possible cauda equina stops everything: `emergency` is what pages and verbs ask first.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction

from clinic import audit, prepared
from clinic.models import User
from patients import records
from patients.models import Patient
from treatments import rulebook, safety
from treatments.models import RedFlagClearance, RedFlagScreen, VisitCheck
from treatments.safety import About, Choice, Flag, Snapshot, Technique, Tissue, WayHome, redflags
from treatments.safety.redflags import Answer, State


class FlagRefused(Exception):
    """Carries a sentence fit for whoever asks, and which field it is about."""

    def __init__(self, sentence: str, *, part: str = "") -> None:
        super().__init__(sentence)
        self.part = part


_WHO = "patient_id IN (SELECT id FROM patients_patient WHERE id = %(who)s OR merged_into_id = %(who)s)"
_SAID = f"""
SELECT
  (SELECT jsonb_agg(jsonb_build_array(asked_at, answers) ORDER BY asked_at, id)
     FROM treatments_redflagscreen WHERE {_WHO}),
  (SELECT jsonb_agg(jsonb_build_array(recorded_at, flags)) FROM treatments_redflagclearance WHERE {_WHO})
"""  # noqa: S608 -- our own text


def state_of(patient: Patient) -> State:
    """What the answers and clearances of this person, all records of them, amount to: in one statement."""
    with prepared.ask(_SAID, {"who": patient.root_id}) as cursor:
        screens, clearances = (json.loads(found) if found else [] for found in cursor.fetchone())
    at = datetime.fromisoformat
    return redflags.state(
        [redflags.Screen(at(when), {Flag(f): Answer(a) for f, a in answers.items()}) for when, answers in screens],
        [redflags.Cleared(at(when), frozenset(map(Flag, flags))) for when, flags in clearances],
    )


def emergency(patient: Patient) -> frozenset[Flag]:
    """Signs of cauda equina that stand; while there is one, nobody is treated."""
    return state_of(patient).emergency


def hold(patient: Patient) -> str:
    """What stands, for a booking: "emergency", "held" until a clinician's clearance, or nothing."""
    state = state_of(patient)
    if state.emergency:
        return "emergency"
    if not state.standing:
        return ""
    by_flags = [rule for rule in rulebook.in_force() if {term.about for term in rule.when} == {About.RED_FLAG}]
    verdict = safety.verdict(replace(_UNKNOWN, red_flags=state.standing), Choice(Technique.GENTLE), by_flags)
    return "held" if verdict.blocks else ""


@transaction.atomic
def screen(
    patient: Patient, *, occasion: str, answers: Mapping[Flag, Answer], remark: str = "", by: User, now: datetime
) -> State:
    """Keep the answers to the questions that were asked. Returns what stands now."""
    patient = records.lock(patient)
    said = {flag.value: answer.value for flag, answer in answers.items() if answer is not Answer.NOT_ASKED}
    if not said:
        raise FlagRefused("Nothing was asked yet: answer at least one question.")
    row = RedFlagScreen.objects.create(
        patient=patient, occasion=occasion, answers=said, remark=remark.strip(), asked_at=now, asked_by=by
    )
    state = state_of(patient)
    audit.record(
        "red_flags.asked",
        by=by,
        now=now,
        subject=row,
        patient_uid=patient.uid,
        detail={"occasion": str(occasion), "asked": len(said), "emergency": bool(state.emergency)},
    )
    return state


@transaction.atomic
def clear(
    patient: Patient, *, flags: Collection[Flag], clinician: str, seen_on: date, words: str, by: User, now: datetime
) -> RedFlagClearance:
    """Keep a clinician's word on flags that stand: who, when they saw the patient, what they said.

    Of possible cauda equina it is what the emergency department found; it stands until it is asked again and denied.
    """
    patient = records.lock(patient)
    standing = state_of(patient).standing
    if not flags or set(flags) - standing:
        raise FlagRefused("One of these flags no longer stands. Look again.", part="flags")
    if not clinician.strip() or not words.strip():
        raise FlagRefused("Say which clinician, and what they said.", part="words")
    row = RedFlagClearance.objects.create(
        patient=patient,
        flags=sorted(flag.value for flag in flags),
        clinician=clinician.strip(),
        seen_on=seen_on,
        words=words.strip(),
        recorded_at=now,
        recorded_by=by,
    )
    audit.record(
        "red_flags.cleared", by=by, now=now, subject=row, patient_uid=patient.uid, detail={"flags": len(flags)}
    )
    return row


#: Of whom nothing is known but what is put in.
_UNKNOWN = Snapshot(False, False, Tissue.UNKNOWN, None, safety.Allergies.NOT_ASKED)


@dataclass(frozen=True)
class Asked:
    """What was asked when the patient came."""

    dose: str = Answer.NOT_ASKED
    last_dose_at: datetime | None = None
    way_home: str = WayHome.NOT_ASKED
    intoxicated: str = Answer.NOT_ASKED
    new_injury: str = Answer.NOT_ASKED
    fever: str = Answer.NOT_ASKED


@transaction.atomic
def ask_today(patient: Patient, *, asked: Asked, by: User, now: datetime) -> VisitCheck:
    """Keep what was asked at this visit; it holds for the day."""
    patient = records.lock(patient)
    if asked == Asked():
        raise FlagRefused("Nothing was asked yet: answer at least one question.")
    if asked.last_dose_at is not None and asked.last_dose_at > now:
        raise FlagRefused("That time is still to come.", part="last_dose")
    row = VisitCheck.objects.create(patient=patient, asked_at=now, asked_by=by, **vars(asked))
    audit.record("visit.asked", by=by, now=now, subject=row, patient_uid=patient.uid)
    return row
