"""Episodes of care: opened from an injury, given a cause, a diagnosis and a referral, closed with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from clinic import audit
from clinic.access import Actor
from clinic.forms import check_revision
from clinic.models import User
from patients import changes, records
from patients.models import Cause, Document, Injury, Patient
from treatments.models import Diagnosis, DiagnosisCode, Episode, Plan, Referral, TissueState


class EpisodeRefused(Exception):
    """Carries a sentence fit for the person at the desk."""


@transaction.atomic
def begin(
    *,
    patient: Patient,
    title: str,
    cause: str = Cause.UNKNOWN,
    mechanism: str = "",
    onset_on: date | None = None,
    regions: Sequence[str] = (),
    injury: Injury | None = None,
    by: User,
    now: datetime,
) -> Episode:
    """Open an episode for one trouble; from an injury it is the injury's."""
    patient = records.lock(patient)
    if injury is not None and injury.patient.root_id != patient.pk:
        raise EpisodeRefused("That injury is another patient's.")
    episode = Episode.objects.create(
        patient=patient,
        injury=injury,
        title=title,
        cause=cause,
        mechanism=mechanism,
        onset_on=onset_on,
        regions=sorted(regions),
        opened_at=now,
        opened_by=by,
    )
    audit.record("episode.opened", by=by, now=now, subject=episode, patient_uid=patient.uid)
    return episode


@transaction.atomic
def describe(
    episode: Episode,
    *,
    title: str,
    cause: str,
    mechanism: str,
    onset_on: date | None,
    regions: Sequence[str],
    revision: int | None = None,
    by: User,
    now: datetime,
) -> Episode:
    """Put right what the episode says of its cause. With `revision`, only if nobody else did meanwhile."""
    episode = _reread(episode)
    _check(episode, revision)
    episode.title, episode.cause, episode.mechanism = title, cause, mechanism
    episode.onset_on, episode.regions = onset_on, sorted(regions)
    return _save(episode, "episode.described", ["title", "cause", "mechanism", "onset_on", "regions"], by=by, now=now)


@transaction.atomic
def examine(
    episode: Episode, *, tissue_state: str, regions: Sequence[str], revision: int | None = None, by: User, now: datetime
) -> Episode:
    """Record what hands and eyes found: the state of the tissue, and where."""
    episode = _reread(episode)
    _check(episode, revision)
    if tissue_state == TissueState.UNKNOWN:
        raise EpisodeRefused("Say what state the tissue is in.")
    episode.tissue_state, episode.tissue_seen_at, episode.tissue_seen_by = tissue_state, now, by
    episode.regions = sorted(regions)
    fields = ["tissue_state", "tissue_seen_at", "tissue_seen_by", "regions"]
    return _save(episode, "episode.examined", fields, by=by, now=now)


@transaction.atomic
def close(episode: Episode, *, reason: str, by: User, now: datetime) -> Episode:
    """The trouble is over, or treated elsewhere. Its plans must have ended."""
    episode = _reread(episode)
    if not reason.strip():
        raise EpisodeRefused("Say why the episode ends.")
    if Plan.objects.open().filter(episode=episode).exists():
        raise EpisodeRefused("Its plan is still open: complete or stop the plan first.")
    episode.closed_at, episode.closed_by, episode.close_reason = now, by, reason.strip()
    return _save(episode, "episode.closed", ["closed_at", "closed_by", "close_reason"], by=by, now=now)


@transaction.atomic
def diagnose(
    episode: Episode,
    *,
    code: DiagnosisCode,
    diagnosed_on: date,
    diagnosed_by: str,
    provider_npi: str = "",
    by: Actor,
    now: datetime,
) -> Diagnosis:
    """Record what a doctor found. The code must be one that can be billed and was in force that day."""
    episode = _reread(episode)
    if not code.is_billable:
        raise EpisodeRefused(f"{code.code} is a heading. Choose one of the codes below it.")
    if not code.was_valid_on(diagnosed_on):
        raise EpisodeRefused(f"{code.code} was retired before that day. Choose the code that took its place.")
    return records.add(
        Diagnosis,
        patient=episode.patient,
        episode=episode,
        code=code,
        diagnosed_on=diagnosed_on,
        diagnosed_by=diagnosed_by,
        provider_npi=provider_npi,
        by=by,
        now=now,
    )


@transaction.atomic
def refer(
    episode: Episode,
    *,
    provider_name: str,
    provider_npi: str = "",
    dated_on: date,
    asks_for: str,
    sessions_authorised: int | None = None,
    expires_on: date | None = None,
    document: Document | None = None,
    by: Actor,
    now: datetime,
) -> Referral:
    """Record a doctor's request for treatment, with the paper it came on."""
    episode = _reread(episode)
    if document is not None and document.patient.root_id != episode.patient.root_id:
        raise EpisodeRefused("That document is another patient's.")
    return records.add(
        Referral,
        patient=episode.patient,
        episode=episode,
        provider_name=provider_name,
        provider_npi=provider_npi,
        dated_on=dated_on,
        asks_for=asks_for,
        sessions_authorised=sessions_authorised,
        expires_on=expires_on,
        document=document,
        by=by,
        now=now,
    )


def void(fact: Diagnosis | Referral, *, reason: str, by: User, now: datetime) -> None:
    """Strike a diagnosis or a referral that was never true; it stays readable, with the reason."""
    records.void(fact, reason=reason, by=by, now=now)


def _reread(episode: Episode) -> Episode:
    """Under its own lock; a closed episode takes no more writing."""
    episode = Episode.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=episode.pk)
    if not episode.is_open:
        raise EpisodeRefused("This episode is closed.")
    return episode


def _check(episode: Episode, revision: int | None) -> None:
    if revision is not None and revision != episode.revision:
        check_revision(episode, revision, fields=changes.since(episode, revision))


def _save(episode: Episode, act: str, fields: list[str], *, by: User, now: datetime) -> Episode:
    episode.revision += 1
    episode.save(update_fields=[*fields, "revision"])
    audit.record(act, by=by, now=now, subject=episode, patient_uid=episode.patient.uid)
    return episode
