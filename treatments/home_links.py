"""The patient's own page of exercises: one address for an episode, sent or shown, that works until it runs out.

It leads to the plan in force, so that a revision needs no new address. A new one ends the old one.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from clinic import audit, links, messaging, wordings
from clinic.links import Purpose
from clinic.messaging import Draft, Recipient, Subject
from clinic.messaging_states import Channel, MessagePurpose, Reason
from clinic.models import ActionLink, Clinic, User
from clinic.wording import Facts, Kind
from patients import records
from patients.models import Patient
from treatments import asking, home
from treatments.models import Episode, Plan

#: So long does an address work; a new one renews it.
HOME_FOR = timedelta(days=90)
TOO_LATE = timedelta(days=3)


class LinkRefused(Exception):
    """Carries a sentence fit for the therapist."""


@transaction.atomic
def show(plan: Plan, *, by: User, now: datetime) -> str:
    """An address to hand over in the clinic, shown once. Any earlier one stops working."""
    _check(plan)
    records.lock(plan.patient)
    _end_others(plan, now)
    token = links.issue(purpose=Purpose.HOME, subject_uid=plan.episode.uid, expires_at=now + HOME_FOR, now=now)
    audit.record("home.link_shown", by=by, now=now, subject=plan.episode, patient_uid=plan.patient.survivor.uid)
    return links.url_for(token, Purpose.HOME)


@transaction.atomic
def send(plan: Plan, *, by: User, now: datetime) -> None:
    """Send the address as the patient agreed to be written to. Any earlier one stops working."""
    _check(plan)
    patient = records.lock(plan.patient)
    channel = asking.channel_to(patient)
    if channel is None:
        raise LinkRefused("There is no address this patient agreed to be written to. Show the link instead.")
    _end_others(plan, now)
    messaging.enqueue(_draft(plan, patient, channel, now), now=now)
    audit.record("home.link_sent", by=by, now=now, subject=plan.episode, patient_uid=patient.uid)


@transaction.atomic
def revoke(plan: Plan, *, by: User, now: datetime) -> int:
    """End the address; returns how many worked."""
    records.lock(plan.patient)
    ended = _end_others(plan, now)
    audit.record("home.link_revoked", by=by, now=now, subject=plan.episode, patient_uid=plan.patient.survivor.uid)
    return ended


def _end_others(plan: Plan, now: datetime) -> int:
    """No earlier address works, also none that is still waiting to be sent; returns how many worked."""
    ended = links.revoke_for(plan.episode.uid, now)
    messaging.void_for(subject_uid=plan.episode.uid, reason=Reason.TAKEN_BACK, now=now)
    return ended


def standing(plan: Plan, now: datetime) -> ActionLink | None:
    """The address that works, if any."""
    return ActionLink.objects.about(plan.episode.uid).working(now).order_by("-issued_at").first()


def episode_of(link: ActionLink) -> Episode | None:
    """What the link was made for, while the episode is open."""
    return Episode.objects.open().select_related("patient").filter(uid=link.subject_uid).first()


def _check(plan: Plan) -> None:
    if home.plan_of(plan.episode) != plan:
        raise LinkRefused("Only the plan in force has a page for the patient.")
    if not home.prescriptions(plan):
        raise LinkRefused("The plan has no exercises.")


def _draft(plan: Plan, patient: Patient, channel: str, now: datetime) -> Draft:
    clinic, until = Clinic.objects.first(), now + HOME_FOR
    facts = Facts(name=patient.greeting_name, until=until.date(), phone=clinic.phone if clinic else "")
    said = wordings.say(Kind.HOME_PROGRAMME, channel, patient.language, facts, clinic=clinic)
    address = patient.email if channel == Channel.EMAIL else patient.phone
    return Draft(
        purpose=MessagePurpose.HOME_PROGRAMME,
        # Each sending is a message of its own: what went out before may be lost.
        occasion=uuid.uuid4().hex,
        about=Subject(plan.episode._meta.label_lower, plan.episode.uid),
        to=Recipient(channel, patient.display_name, address, said.language, patient.uid),
        title=said.title,
        text=said.text,
        wording=said.wording,
        due_at=now,
        too_late_at=now + TOO_LATE,
        link_purpose=Purpose.HOME,
        link_expires_at=until,
    )
