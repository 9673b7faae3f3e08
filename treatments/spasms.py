"""The spasm diary: opened for a patient, kept by link with one tap a spasm, corrected within a day, read at a visit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from clinic import audit, messaging
from clinic.access import LinkActor
from clinic.messaging_states import Reason
from clinic.models import ActionLink, User
from clinic.time import local_day
from patients import records
from patients.models import Patient
from treatments.models import SpasmDiary, SpasmEntry
from treatments.outcomes.scoring import rounded
from treatments.outcomes.verdicts import Count

#: A rate is reckoned over so many days: fewer would be noise, more would hide a change.
PERIOD = 14
#: The patient sees this many days of the diary.
SHOWN = timedelta(days=7)


class DiaryRefused(Exception):
    """Carries a sentence fit for whoever reads it."""


# -- The clinic ----------------------------------------------------------------------------------------


@transaction.atomic
def open_for(patient: Patient, *, by: User, now: datetime) -> SpasmDiary:
    """The diary this patient keeps from now on; the open one when there is one."""
    patient = records.lock(patient)
    kept = SpasmDiary.objects.for_patient(patient).open().first()
    if kept is not None:
        return kept
    diary = SpasmDiary.objects.create(patient=patient, opened_at=now, opened_by=by)
    audit.record("spasm_diary.opened", by=by, now=now, subject=diary, patient_uid=patient.uid)
    return diary


@transaction.atomic
def close(diary: SpasmDiary, *, by: User, now: datetime) -> SpasmDiary:
    """End the diary: its links are dead, what it says stays."""
    patient = records.lock(diary.patient)
    diary = SpasmDiary.objects.get(pk=diary.pk)
    if diary.closed_at is None:
        diary.closed_at, diary.closed_by = now, by
        diary.save(update_fields=["closed_at", "closed_by"])
        messaging.void_for(subject_uid=diary.uid, reason=Reason.TAKEN_BACK, now=now)
        audit.record("spasm_diary.closed", by=by, now=now, subject=diary, patient_uid=patient.uid)
    return diary


@transaction.atomic
def take_back_link(diary: SpasmDiary, *, by: User, now: datetime) -> None:
    """The link is in the wrong hands: none works any more; the diary itself stays open for a new one."""
    patient = records.lock(diary.patient)
    messaging.void_for(subject_uid=diary.uid, reason=Reason.TAKEN_BACK, now=now)
    audit.record("spasm_diary.link_revoked", by=by, now=now, subject=diary, patient_uid=patient.uid)


# -- The patient ---------------------------------------------------------------------------------------


def diary_of(link: ActionLink) -> SpasmDiary | None:
    """The diary that a link writes into, while it is open."""
    return SpasmDiary.objects.open().select_related("patient").filter(uid=link.subject_uid).first()


def note(*, link: ActionLink, severity: int, key: uuid.UUID, now: datetime) -> SpasmEntry:
    """One tap: a spasm, now, this bad. The same tap twice is one spasm."""
    if not 1 <= severity <= 10:
        raise DiaryRefused("Choose a number from 1 to 10.")
    try:
        with transaction.atomic():
            diary = SpasmDiary.objects.open().select_for_update(no_key=True).filter(uid=link.subject_uid).first()
            if diary is None:
                raise DiaryRefused("This diary is closed.")
            entry = SpasmEntry.objects.create(
                diary=diary,
                patient_id=diary.patient_id,
                key=key,
                happened_at=now,
                severity=severity,
                written_at=now,
            )
            _say("spasm.noted", entry, link, now)
            return entry
    except IntegrityError as exc:
        if getattr(getattr(exc.__cause__, "diag", None), "constraint_name", None) != "one_press_is_one_spasm":
            raise
        return SpasmEntry.objects.get(diary__uid=link.subject_uid, key=key)


@transaction.atomic
def correct(
    *,
    link: ActionLink,
    entry: SpasmEntry,
    severity: int,
    happened_at: datetime,
    duration: str,
    trigger: str,
    stopped: Sequence[str],
    medication_taken: bool | None,
    now: datetime,
) -> SpasmEntry:
    """Say more about a spasm, or put it right: within a day of writing it down."""
    entry = _mine(link, entry, now)
    if happened_at > now:
        raise DiaryRefused(_("That hour is still to come."))
    if happened_at < entry.diary.opened_at or happened_at < entry.written_at - timedelta(days=7):
        raise DiaryRefused(_("That is too long ago. Please tell us at your next visit."))
    entry.severity, entry.happened_at = severity, happened_at
    entry.duration, entry.trigger, entry.stopped = duration, trigger, sorted(stopped)
    entry.medication_taken = medication_taken
    entry.save(update_fields=["severity", "happened_at", "duration", "trigger", "stopped", "medication_taken"])
    _say("spasm.corrected", entry, link, now)
    return entry


@transaction.atomic
def remove(*, link: ActionLink, entry: SpasmEntry, now: datetime) -> SpasmEntry:
    """It was a mistake: the entry counts no more. Within a day of writing it down."""
    entry = _mine(link, entry, now)
    entry.removed_at = now
    entry.save(update_fields=["removed_at"])
    _say("spasm.removed", entry, link, now)
    return entry


def _mine(link: ActionLink, entry: SpasmEntry, now: datetime) -> SpasmEntry:
    mine = SpasmEntry.objects.select_for_update(no_key=True, of=("self",)).select_related("diary")
    found = mine.filter(pk=entry.pk, diary__uid=link.subject_uid).first()
    if found is None or not found.may_be_corrected(now):
        raise DiaryRefused(_("This entry can no longer be changed here. Please tell us at your next visit."))
    return found


def _say(act: str, entry: SpasmEntry, link: ActionLink, now: datetime) -> None:
    uid = entry.patient.survivor.uid
    audit.record(act, by=LinkActor(link.uid), now=now, subject=entry, patient_uid=uid)


# -- Reckoning -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """Some whole days of the diary: when they end, how often, how bad."""

    first: date
    last: date
    count: Count
    severity: Decimal | None


def stretches(
    diaries: Sequence[SpasmDiary], entries: Sequence[SpasmEntry], *, today: date, tz: ZoneInfo, days: int
) -> list[Stretch]:
    """Whole stretches of so many days in which a diary was kept, oldest first, the last one ending yesterday.

    The day a diary was opened and today are left out, as neither is whole. What is left over at the beginning is
    too short to be a stretch.
    """
    kept: set[date] = set()
    for diary in diaries:
        day = local_day(diary.opened_at, tz) + timedelta(days=1)
        end = local_day(diary.closed_at, tz) if diary.closed_at else today
        while day < end:
            kept.add(day)
            day += timedelta(days=1)
    by_day: dict[date, list[int]] = {}
    for entry in entries:
        by_day.setdefault(local_day(entry.happened_at, tz), []).append(entry.severity)
    ordered = sorted(kept)
    found = []
    for start in range(len(ordered) % days, len(ordered), days):
        these = ordered[start : start + days]
        severities = [s for day in these for s in by_day.get(day, ())]
        mean = rounded(Decimal(sum(severities)) / len(severities)) if severities else None
        found.append(Stretch(these[0], these[-1], Count(len(severities), len(these)), mean))
    return found
