"""Acts on several visits that happen all or not at all: back to back as one errand, and changing places."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction

from clinic.access import Actor
from clinic.models import Location, Practitioner
from patients.models import Patient
from scheduling import booking, diaries, notices, preflight, writing
from scheduling.diaries import Places, Wish, once_more_after_deadlock
from scheduling.models import Appointment, Room, Service
from scheduling.notices import Change
from scheduling.placing import place
from scheduling.preflight import Proposal
from scheduling.rules import Finding
from scheduling.states import Side, Status
from scheduling.turns import Turn
from scheduling.visits import BookingRefused, check_step, check_version, locked
from treatments.models import Intervention


@dataclass(frozen=True)
class Part:
    """One of the services of a basket: with whom, perhaps where, for how long."""

    service: Service
    practitioner: Practitioner
    room: Room | None = None
    minutes: int | None = None
    intervention: Intervention | None = None

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes or self.service.minutes)


@once_more_after_deadlock
def book_together(
    *,
    patient: Patient,
    parts: Sequence[Part],
    location: Location,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    note: str = "",
    request_key: uuid.UUID | None = None,
    despite: Collection[str] = (),
) -> list[Appointment]:
    """Book services back to back, each with its own practitioner and room, or none of them. Raises BookingRefused.

    The patient gets one confirmation, for the first. The same `request_key` again returns what it booked before.
    """
    if not 2 <= len(parts) <= 6:
        raise BookingRefused("Choose two to six services.")
    if any(part.service.is_group for part in parts):
        raise BookingRefused("A group has sessions of its own and cannot be one of several services.")
    if before := _booked_before(request_key, patient, starts_at):
        return before
    proposals, at = [], starts_at
    for part in parts:
        proposals.append(
            Proposal(
                patient.survivor, part.service, part.practitioner, location, at, at + part.length, part.intervention
            )
        )
        at += part.length
    overruled = [writing.check(proposal, despite=despite, now=now) for proposal in proposals]
    basket = request_key or uuid.uuid4()

    def write(places: list[Places], turn: Turn) -> list[Appointment]:
        visits = [
            Appointment(
                patient=proposal.patient,
                intervention=proposal.intervention,
                note="" if number else note,
                basket=basket,
                request_key=None if number else request_key,
            )
            for number, proposal in enumerate(proposals)
        ]
        for visit, proposal, where in zip(visits, proposals, places, strict=True):
            writing.fill(visit, proposal, where, now=now)
        for visit, proposal, where, read in zip(visits, proposals, places, overruled, strict=True):
            is_first = visit is visits[0]
            writing.new_visit(
                visit, proposal, where, turn, by=by, now=now, overruled=read, confirm=is_first,
                parts=visits[1:] if is_first else (),
            )  # fmt: skip
        return visits

    wishes = [Wish(proposal, room=part.room) for proposal, part in zip(proposals, parts, strict=True)]
    try:
        return place(wishes, write, now=now, anew=True)
    except (BookingRefused, IntegrityError):
        if twins := _booked_before(request_key, patient, starts_at):
            return twins
        raise


def _booked_before(key: uuid.UUID | None, patient: Patient, starts_at: datetime) -> list[Appointment]:
    """The visits that this form booked; refuses when the form now asks for something else."""
    first = Appointment.objects.filter(request_key=key).first() if key else None
    if first is None:
        return []
    if (first.patient_id, first.starts_at) != (patient.survivor.pk, starts_at):
        raise BookingRefused("This form has already booked visits. Open a new one to book others.", stale=True)
    return list(Appointment.objects.filter(basket=first.basket).order_by("starts_at"))


@once_more_after_deadlock
def swap(
    *,
    one: Appointment,
    other: Appointment,
    by: Actor,
    now: datetime,
    versions: tuple[int, int] | None = None,
    despite: Collection[str] = (),
) -> tuple[Appointment, Appointment]:
    """Two visits change places: each takes the other's start, practitioner and room, and keeps its own length.

    Both or neither. `versions` are those that were seen; each visit's version rises and its patient is told.
    """
    if one.pk == other.pk:
        raise BookingRefused("A visit cannot change places with itself.")
    pair = (one, other)
    for visit, seen in zip(pair, versions or (one.version, other.version), strict=True):
        check_version(visit, seen)
        check_step(visit, moving=True)
        if visit.session_id is not None:
            raise BookingRefused("A place in a group cannot be swapped.")
    proposals = [_in_place_of(mine, theirs) for mine, theirs in (pair, pair[::-1])]
    wishes = [Wish(proposal, prefer=them.room) for proposal, them in zip(proposals, pair[::-1], strict=True)]
    _check_lengths(*wishes)
    overruled = [writing.check(p, despite=despite, now=now, only=writing.TIME_RULES) for p in proposals]

    def write(places: list[Places], _: Turn) -> tuple[Appointment, Appointment]:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS patient_is_not_in_two_places DEFERRED")
        # Always the older visit first, so that two swaps of one pair queue up.
        held = {visit.pk: locked(visit) for visit in sorted(pair, key=lambda visit: visit.pk)}
        for visit in pair:
            check_version(held[visit.pk], visit.version)
            check_step(held[visit.pk], moving=True)
            diaries.give_back(held[visit.pk])
        was = [{"from": v.starts_at.isoformat(), "from_practitioner": str(v.practitioner.uid)} for v in pair]
        moved = [
            writing.moved_visit(
                held[visit.pk], proposal, where, by=by, now=now, overruled=read, swapped_with=str(them.uid), **old
            )
            for visit, them, proposal, where, read, old in zip(
                pair, pair[::-1], proposals, places, overruled, was, strict=True
            )
        ]
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS patient_is_not_in_two_places IMMEDIATE")
        return moved[0], moved[1]

    return place(wishes, write, now=now)


@dataclass(frozen=True)
class Outcome:
    """What a swap would make of one of the two visits, and what speaks against it."""

    visit: Appointment
    proposal: Proposal
    findings: tuple[Finding, ...]
    #: Sentences about who or what is busy, or why it cannot be.
    busy: tuple[str, ...]

    @property
    def is_possible(self) -> bool:
        return not self.busy and not any(finding.blocks for finding in self.findings)


def preview(one: Appointment, other: Appointment, *, now: datetime) -> tuple[Outcome, Outcome]:
    """Both results of a swap before anybody presses a button. Writes nothing."""
    pair = (one, other)
    wishes = [Wish(_in_place_of(mine, theirs), prefer=theirs.room) for mine, theirs in (pair, pair[::-1])]
    together = ""
    try:
        _check_lengths(*wishes)
    except BookingRefused as refusal:
        together = str(refusal)
    found = []
    for visit, wish in zip(pair, wishes, strict=True):
        rules = preflight.findings(wish.proposal, now=now)
        busy = [one.sentence(wish.proposal) for one in diaries.who_is_busy(wish, now=now)]
        findings = tuple(finding for finding in rules if finding.rule in writing.TIME_RULES)
        found.append(Outcome(visit, wish.proposal, findings, tuple([*busy, together] if together else busy)))
    return found[0], found[1]


@once_more_after_deadlock
@transaction.atomic
def call_off(
    *, visits: Sequence[Appointment], side: str, reason: str, by: Actor, now: datetime, tell: bool = True
) -> list[Appointment]:
    """Several visits of one errand, all or none; the patient gets one message. Each as it was seen."""
    for visit in sorted(visits, key=lambda visit: visit.pk):
        locked(visit)
    told = [visit for visit in visits if visit.status == Status.BOOKED and visit.ends_at > now]
    off = [
        booking.cancel(appointment=visit, side=side, reason=reason, version=visit.version, tell=False, by=by, now=now)
        for visit in visits
    ]
    if tell and Side(side) is Side.CLINIC:
        known = {visit.pk for visit in told}
        notices.tell([Change(visit, visit.starts_at) for visit in off if visit.pk in known], by=by, now=now)
    return off


def companions(visit: Appointment) -> list[Appointment]:
    """The other visits of the same errand that still stand."""
    if visit.basket is None:
        return []
    others = Appointment.objects.active().filter(basket=visit.basket).exclude(pk=visit.pk)
    return list(others.for_page().order_by("starts_at"))


def _check_lengths(one: Wish, other: Wish) -> None:
    """Side by side and of different lengths, the longer would run into the shorter."""
    mine, theirs = one.proposal, other.proposal
    spans = []
    if mine.practitioner == theirs.practitioner:
        spans.append((one.window("practitioner"), other.window("practitioner")))
    if mine.patient == theirs.patient:
        spans.append(((mine.starts_at, mine.ends_at), (theirs.starts_at, theirs.ends_at)))
    if any(a[0] < b[1] and b[0] < a[1] for a, b in spans):
        raise BookingRefused("They cannot change places: they are not equally long, and one would run into the other.")


def _in_place_of(mine: Appointment, theirs: Appointment) -> Proposal:
    return Proposal(
        mine.patient.survivor,
        mine.service,
        theirs.practitioner,
        theirs.location,
        theirs.starts_at,
        theirs.starts_at + (mine.ends_at - mine.starts_at),
        mine.intervention,
        moving=mine,
        making_way=frozenset({theirs.pk}),
    )
