"""A free time offered to somebody on the waitlist: kept for them, told, and answered once. See waitlist, freed.

Locks go diaries, hold, patient, offer, entry, messages: in every verb here and in the booking that takes the hold.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from clinic import desk, messaging
from clinic.access import SYSTEM, Actor, LinkActor
from clinic.messaging_states import Reason
from clinic.models import DeskTask, Location, Practitioner, User
from patients import records
from scheduling import booking, contact, groups, holds, letters, replying, seats, waitlist
from scheduling import customs as house
from scheduling.diaries import once_more_after_deadlock
from scheduling.due import Hours
from scheduling.models import Appointment, GroupSession, Hold, WaitlistEntry, WaitlistOffer
from scheduling.replying import Reply
from scheduling.states import Outcome, Side, Waiting
from scheduling.visits import BookingRefused, staff

SUBJECT = "scheduling.waitlistoffer"
#: What the plan counts: the visit that makes way is still there when the new place in a group is taken.
_COUNTED_TWICE = ("BOOK-24", "BOOK-25", "BOOK-27")


class OfferOver(Exception):
    """The offer was answered, taken back, or the time to answer is over."""


# -- Making one ------------------------------------------------------------------------------------------


@transaction.atomic
def make(
    *,
    entry: WaitlistEntry,
    practitioner: Practitioner,
    location: Location,
    starts_at: datetime,
    reply: Reply,
    by: Actor,
    now: datetime,
    session: GroupSession | None = None,
) -> WaitlistOffer:
    """Keep the time, tell the patient (or ask the desk to call), all or nothing. Raises BookingRefused."""
    keep: dict[str, Any] = {
        "patient": entry.patient,
        "until": reply.until,
        "by": by,
        "now": now,
        "intervention": entry.intervention,
        "instead_of": entry.earlier_than,
    }
    if session is not None:
        kept = seats.hold(session=session, **keep)
    else:
        place: dict[str, Any] = {"practitioner": practitioner, "location": location, "starts_at": starts_at}
        kept = holds.hold(service=entry.service, minutes=entry.length, **place, **keep)
    way = contact.way_to(records.lock(entry.patient.survivor))
    row = waitlist.locked(entry)
    waitlist.step(row, Waiting.OFFERED, now=now)
    offer = _written(row, kept, reply, by_phone=reply.by_phone or bool(way.blocked), by=by, now=now)
    if offer.by_phone:
        _ask_the_desk(offer, by, now)
    else:
        messaging.enqueue(letters.offer(offer, way), now=now)
    waitlist.record(
        "offered", row, by=by, now=now, at=offer.starts_at.isoformat(), until=offer.expires_at.isoformat(),
        by_phone=offer.by_phone,
    )  # fmt: skip
    return offer


def _written(
    row: WaitlistEntry, kept: Hold, reply: Reply, *, by_phone: bool, by: Actor, now: datetime
) -> WaitlistOffer:
    try:
        return WaitlistOffer.objects.create(
            entry=row,
            hold=kept,
            practitioner=kept.practitioner,
            location=kept.location,
            room=kept.room,
            session=kept.session,
            starts_at=kept.starts_at,
            ends_at=kept.ends_at,
            made_at=now,
            made_by=staff(by),
            tell_at=reply.tell_at,
            expires_at=reply.until,
            by_phone=by_phone,
        )
    except IntegrityError as error:
        raise BookingRefused("Somebody else offered this a moment ago.", stale=True) from error


def time_to_answer(
    entry: WaitlistEntry, location: Location, starts_at: datetime, hours: Hours, *, now: datetime
) -> Reply | None:
    """When this patient hears of it, by their own clock, and until when it is kept; None: it begins too soon."""
    recipient = house.zone_of(entry.patient.survivor, location)
    return replying.window(starts_at, now=now, tz=location.tz, hours=hours, recipient=recipient)


def make_by_hand(
    *,
    entry: WaitlistEntry,
    practitioner: Practitioner,
    location: Location,
    starts_at: datetime,
    by: User,
    now: datetime,
    session: GroupSession | None = None,
) -> WaitlistOffer:
    """The desk chose the time. Raises BookingRefused, also when nobody could answer before it begins."""
    reply = time_to_answer(entry, location, starts_at, house.read().hours, now=now)
    if reply is None:
        raise BookingRefused("This begins too soon to be offered. Call the patient, then book it.")
    facts: dict[str, Any] = {
        "practitioner": practitioner,
        "location": location,
        "starts_at": starts_at,
        "session": session,
    }
    return make(entry=entry, reply=reply, by=by, now=now, **facts)


def _ask_the_desk(offer: WaitlistOffer, by: Actor, now: datetime) -> None:
    person = offer.entry.patient.survivor
    until = offer.expires_at.astimezone(offer.location.tz)
    desk.ask(
        kind=DeskTask.Kind.CALL_PATIENT,
        patient_uid=person.uid,
        patient_name=person.display_name,
        subject_kind=SUBJECT,
        subject_uid=offer.uid,
        subject_version=1,
        subject_at=offer.starts_at,
        zone=offer.location.zone,
        note=f"A time is kept for them until {until:%a} {until.day} {until:%b, %H:%M}. Do they take it?",
        by=by,
        now=now,
    )


# -- Answers ---------------------------------------------------------------------------------------------


@once_more_after_deadlock
@transaction.atomic
def accept(*, offer: WaitlistOffer, by: Actor, now: datetime, despite: Collection[str] = ()) -> Appointment:
    """The patient takes it: booked, or the present visit moved there, in one transaction. Twice is once.

    Raises OfferOver when it is too late, BookingRefused when something speaks against it that did not before.
    """
    offer = WaitlistOffer.objects.for_verb().get(pk=offer.pk)
    entry = offer.entry
    if offer.outcome == Outcome.ACCEPTED and entry.visit is not None:
        return entry.visit
    if not offer.is_pending or offer.hold is None or offer.expires_at <= now:
        raise OfferOver
    try:
        visit = _taken(offer, offer.hold, by=by, now=now, despite=despite)
    except BookingRefused as refusal:
        if refusal.stale and not Hold.objects.kept(now).filter(pk=offer.hold.pk).exists():
            raise OfferOver from refusal
        raise
    row = WaitlistOffer.objects.select_for_update(no_key=True).get(pk=offer.pk)
    if not row.is_pending:
        raise OfferOver
    _settled(row, Outcome.ACCEPTED, now=now, said="The patient has taken it.")
    waitlist.step(waitlist.locked(entry), Waiting.TAKEN, now=now, visit=visit)
    _say_no_more(row, by=by, now=now)
    waitlist.record("taken", entry, by=by, now=now, visit=str(visit.uid))
    return visit


def _taken(offer: WaitlistOffer, kept: Hold, *, by: Actor, now: datetime, despite: Collection[str]) -> Appointment:
    entry, present = offer.entry, offer.entry.earlier_than
    if offer.session is not None:
        read = (*despite, *_COUNTED_TWICE) if present else despite
        visit = groups.join(
            session=offer.session, patient=entry.patient, intervention=entry.intervention, request_key=offer.uid,
            hold=kept, despite=read, by=by, now=now,
        )  # fmt: skip
        if present is not None:
            reason = "Takes an earlier time"
            booking.cancel(appointment=present, side=Side.PATIENT, reason=reason, by=by, now=now)
        return visit
    place: dict[str, Any] = {
        "practitioner": offer.practitioner,
        "location": offer.location,
        "starts_at": offer.starts_at,
    }
    same: dict[str, Any] = {
        "room": offer.room,
        "minutes": offer.minutes,
        "hold": kept,
        "despite": despite,
        "by": by,
        "now": now,
    }
    if present is not None:
        return booking.move(appointment=present, **place, **same)
    return booking.book(
        patient=entry.patient, service=entry.service, intervention=entry.intervention, request_key=offer.uid,
        **place, **same,
    )  # fmt: skip


def decline(*, offer: WaitlistOffer, by: Actor, now: datetime, leave: bool = False) -> bool:
    """The patient does not want it; it goes to the next. They stay on the list, or leave it. False: it was over."""
    if leave:
        return end(offer, Outcome.DECLINED, by=by, now=now, entry_to=Waiting.WITHDRAWN, reason="Wants no time any more")
    return end(offer, Outcome.DECLINED, by=by, now=now)


def take_back(*, offer: WaitlistOffer, why: str, by: Actor, now: datetime) -> bool:
    """The house takes it back: its message is stopped, its link dead, the time free again. False: it was over."""
    return end(offer, Outcome.TAKEN_BACK, by=by, now=now, reason=why.strip() or "Taken back by the desk")


def lapse_due(*, now: datetime, limit: int = 200) -> int:
    """Whose time to answer is over; how many. Each by itself, so that none keeps the others."""
    due = WaitlistOffer.objects.over(now).for_verb().order_by("expires_at", "pk")[:limit]
    return sum(end(offer, Outcome.LAPSED, by=SYSTEM, now=now) for offer in due)


@transaction.atomic
def mark_phoned(*, offer: WaitlistOffer, by: User, now: datetime) -> WaitlistOffer:
    """Somebody has called; the patient thinks about it, or was not there."""
    row = WaitlistOffer.objects.select_for_update(no_key=True, of=("self",)).for_verb().get(pk=offer.pk)
    if not row.is_pending:
        raise OfferOver
    row.phoned_at, row.phoned_by = now, by
    row.save(update_fields=["phoned_at", "phoned_by"])
    desk.close_for(subject_uid=row.uid, outcome="Called.", now=now)
    WaitlistEntry.objects.filter(pk=row.entry_id).update(changed_at=now)
    waitlist.record("phoned", row.entry, by=by, now=now)
    return row


# -- Ends ------------------------------------------------------------------------------------------------


@once_more_after_deadlock
@transaction.atomic
def end(
    offer: WaitlistOffer,
    outcome: Outcome,
    *,
    by: Actor,
    now: datetime,
    entry_to: Waiting = Waiting.WAITING,
    reason: str = "",
) -> bool:
    """Settle it without a visit: the time is free for the next, and the entry goes on or ends. False: it was over."""
    kept = Hold.objects.select_for_update(of=("self",)).filter(pk=offer.hold_id).first() if offer.hold_id else None
    row = WaitlistOffer.objects.select_for_update(no_key=True, of=("self",)).for_verb().get(pk=offer.pk)
    if not row.is_pending or (outcome is Outcome.LAPSED and row.expires_at > now and row.hold_id is not None):
        return False
    entry = waitlist.locked(row.entry)
    if kept is not None:
        holds.release(hold=kept, by=by, now=now)
    row.why = reason[:200] if outcome is Outcome.TAKEN_BACK else ""
    _settled(row, outcome, now=now, said=f"{outcome.label}.")
    if outcome is not Outcome.LAPSED:  # too late to be sent by then
        _say_no_more(row, by=by, now=now)
    waitlist.step(entry, entry_to, now=now, ended_for=reason if entry_to is not Waiting.WAITING else "")
    if entry_to is Waiting.WAITING:
        waitlist.look_again(entry, now=now)
    waitlist.record(outcome, entry, by=by, now=now, reason=reason, at=row.starts_at.isoformat())
    return True


def _settled(row: WaitlistOffer, outcome: Outcome, *, now: datetime, said: str) -> None:
    row.outcome, row.settled_at = outcome, now
    row.save(update_fields=["outcome", "settled_at", "why"])
    desk.close_for(subject_uid=row.uid, outcome=said, now=now)


def _say_no_more(row: WaitlistOffer, *, by: Actor, now: datetime) -> None:
    """A message that has not left yet is stopped. Who answers by link has it, and may read there what became of it."""
    if not isinstance(by, LinkActor):
        messaging.void_for(subject_uid=row.uid, reason=Reason.TAKEN_BACK, now=now)


def withdraw(*, entry: WaitlistEntry, reason: str, by: Actor, now: datetime) -> bool:
    """Off the list; an offer that is out is taken back. False: was off it already."""
    return _off(entry, Waiting.WITHDRAWN, reason.strip() or "Taken off by the desk", by=by, now=now)


def expire_due(*, now: datetime, limit: int = 200) -> int:
    """Whose days are over, or whose present visit can no longer be moved; how many."""
    over = WaitlistEntry.objects.run_out(now).for_verb().order_by("pk")[:limit]
    return sum(_off(entry, Waiting.EXPIRED, _why_run_out(entry, now), by=SYSTEM, now=now) for entry in over)


def _why_run_out(entry: WaitlistEntry, now: datetime) -> str:
    present = entry.earlier_than
    if present is not None and not (present.can_be_moved and present.starts_at > now):
        return "The visit that was to be moved has begun or was called off"
    return "The days that suited are over"


@once_more_after_deadlock
@transaction.atomic
def _off(entry: WaitlistEntry, to: Waiting, reason: str, *, by: Actor, now: datetime) -> bool:
    """The offer first, as in every verb: hold, offer, entry."""
    out = WaitlistOffer.objects.pending().filter(entry=entry).first()
    if out is not None and end(out, Outcome.TAKEN_BACK, by=by, now=now, entry_to=to, reason=reason):
        return True
    row = waitlist.locked(entry)
    if row.status == Waiting.OFFERED:
        raise BookingRefused("A time was offered to this patient a moment ago. Look again, then decide.", stale=True)
    if not row.is_on_the_list:
        return False
    waitlist.step(row, to, now=now, ended_for=reason)
    waitlist.record(to, row, by=by, now=now, reason=reason)
    return True
