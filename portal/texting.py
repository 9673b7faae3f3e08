"""What patients answer by text message: what they can by link, as far as a word says it; the rest is for the desk.

A text is written down with its first consequence (no more messages to this number) before anything else is done; what
it asks for besides is done under its lock, once, and found again by `answer_left` when a process dies in between.
See docs/algorithms/texts.md.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from clinic import audit, desk, messaging, opt_outs, replies, unsubscribing, wordings
from clinic.access import LinkActor
from clinic.forms import show_phone
from clinic.messaging import Draft, Recipient, Subject
from clinic.messaging_states import Channel, MessagePurpose
from clinic.models import Clinic, DeskTask, InboundText, Location, Meaning, OptOut
from clinic.wording import Facts, Kind
from patients.models import Patient
from scheduling import asked, booking, notices
from scheduling.asked import Asked
from scheduling.booking import BookingRefused
from scheduling.models import Appointment

log = logging.getLogger(__name__)

#: An answer that comes later than this only puzzles; the one to STOP has five minutes by 47 CFR 64.1200(a)(12).
OF_USE, OF_USE_AFTER_STOP = timedelta(minutes=30), timedelta(minutes=5)
#: Two machines that answer each other stop here: so many answers an hour, and one that says "passed on" in twelve.
MOST_ANSWERS, AN_HOUR = 5, timedelta(hours=1)
PASSED_ON_AGAIN = timedelta(hours=12)
#: What is written within this after a message to the desk goes to the same task.
SAME_TALK = timedelta(hours=12)
ENDS = frozenset({Meaning.STOP, Meaning.CANCEL})


def receive(*, provider_id: str, number: str, text: str, answered: bool, now: datetime) -> InboundText:
    """A text message came in. `answered`: the provider itself has answered STOP, START or HELP.

    The provider's id is what makes it count once, however often it is told.
    """
    inbound = _write_down(provider_id, number, text, now)
    act(inbound.pk, answered=answered, now=now)
    return inbound


@transaction.atomic
def _write_down(provider_id: str, number: str, text: str, now: datetime) -> InboundText:
    """Kept before it is acted upon; who wants no more messages is believed in the same transaction."""
    words = text.replace("\x00", "").strip()[:1600]
    known = asked.people_at(number)
    inbound, is_new = InboundText.objects.get_or_create(
        provider_id=provider_id,
        defaults={
            "from_number": number,
            "text": words,
            "meaning": replies.meaning_of(words),
            "received_at": now,
            "patient_uids": [patient.uid for patient in known],
        },
    )
    if is_new:
        audit.record(
            "text.received",
            by=_by(inbound),
            now=now,
            subject=inbound,
            patient_uid=known[0].uid if len(known) == 1 else None,
            detail={"meaning": inbound.meaning},
        )
        if inbound.meaning in ENDS:
            opt_outs.record(channel=Channel.SMS, address=number, source=OptOut.Source.TEXT, by=_by(inbound), now=now)
    return inbound


@transaction.atomic
def act(inbound_id: int, *, answered: bool = False, now: datetime) -> None:
    """Do what it asks for, once."""
    inbound = InboundText.objects.select_for_update().get(pk=inbound_id)
    if inbound.handled_at is not None:
        return
    people = asked.people_at(inbound.from_number)
    match Meaning(inbound.meaning):
        case Meaning.STOP | Meaning.CANCEL:
            _stop(inbound, people, answered=answered, now=now)
        case Meaning.START:
            lifted = opt_outs.lift(channel=Channel.SMS, address=inbound.from_number, by=_by(inbound), now=now)
            if lifted and not answered:
                _answer(inbound, Kind.REPLY_STARTED, people, now=now)
        case Meaning.HELP:
            if not answered:
                _answer(inbound, Kind.REPLY_HELP, people, now=now)
        case Meaning.CONFIRM:
            _confirm(inbound, people, now)
        case Meaning.MOVE:
            _ask_to_move(inbound, people, now)
        case Meaning.WORDS:
            _pass_on(inbound, people, now)
    inbound.handled_at = now
    inbound.save(update_fields=["handled_at", "about_uids"])


def answer_left(*, now: datetime, limit: int = 100) -> int:
    """What was written down and not acted upon, as a process died: do it now. Returns how many there were."""
    left = InboundText.objects.filter(handled_at__isnull=True, received_at__lt=now - timedelta(minutes=1))
    done = 0
    for pk in left.order_by("received_at").values_list("pk", flat=True)[:limit]:
        act(pk, now=now)
        done += 1
    return done


# -- One word each -------------------------------------------------------------------------------------


def _stop(inbound: InboundText, people: list[Patient], *, answered: bool, now: datetime) -> None:
    unsubscribing.stop_what_waits(channel=Channel.SMS, address=inbound.from_number, now=now)
    if inbound.meaning == Meaning.CANCEL:
        coming = asked.next_of(people, now)
        booked = f" Still booked: {asked.told(coming)}." if coming else ""
        _to_the_desk(inbound, people, f"Wrote {inbound.text[:60]}: may want to cancel the visit.{booked}", now)
    if not answered:
        _answer(inbound, Kind.REPLY_STOPPED, people, now=now, of_use=OF_USE_AFTER_STOP)


def _confirm(inbound: InboundText, people: list[Patient], now: datetime) -> None:
    found = asked.about(inbound.from_number, people, now=now, unconfirmed=True)
    if found.is_ambiguous:
        return _pass_on(inbound, people, now, why="It may mean several visits, or a time that was changed since: ")
    if not found.visits:
        return _answer(inbound, Kind.REPLY_NO_VISIT, people, now=now)
    try:
        with transaction.atomic():
            for visit in found.visits:
                booking.confirm(appointment=visit, by=_by(inbound), now=now, version=visit.version)
    except BookingRefused:
        return _pass_on(inbound, people, now, why="The visit was changed at that moment: ")
    inbound.about_uids = [visit.uid for visit in found.visits]
    return _answer(inbound, Kind.REPLY_CONFIRMED, people, now=now, visit=_only(found))


def _ask_to_move(inbound: InboundText, people: list[Patient], now: datetime) -> None:
    found = asked.about(inbound.from_number, people, now=now)
    if found.is_ambiguous:
        return _pass_on(inbound, people, now, why="It may mean several visits, or a time that was changed since: ")
    if not found.visits:
        return _answer(inbound, Kind.REPLY_NO_VISIT, people, now=now)
    for visit in found.first_of_each():
        note = "By text message."
        notices.ask_the_desk(DeskTask.Kind.MOVE_WANTED, visit, visit.patient.survivor, note, by=_by(inbound), now=now)
    inbound.about_uids = [visit.uid for visit in found.visits]
    return _answer(inbound, Kind.REPLY_OTHER_TIME, people, now=now, visit=_only(found))


def _only(found: Asked) -> Appointment | None:
    return found.visits[0] if len(found.visits) == 1 else None


def _pass_on(inbound: InboundText, people: list[Patient], now: datetime, *, why: str = "") -> None:
    """To a person; and, once in a while, a word that somebody will read it."""
    _to_the_desk(inbound, people, f"{why}{inbound.text}", now)
    lately = asked.answers_to(inbound.from_number, since=now - PASSED_ON_AGAIN)
    if not lately.filter(wording__startswith=Kind.REPLY_PASSED_ON).exists():
        _answer(inbound, Kind.REPLY_PASSED_ON, people, now=now)


def _to_the_desk(inbound: InboundText, people: list[Patient], note: str, now: datetime) -> None:
    """One task a talk: what is written soon after goes to it, and all of it stands on its page."""
    lately = InboundText.objects.from_number(inbound.from_number).filter(received_at__gt=now - SAME_TALK)
    open_tasks = DeskTask.objects.open().filter(kind=DeskTask.Kind.WROTE_BACK, subject_uid__in=lately.values("uid"))
    task = open_tasks.select_for_update().order_by("pk").last()
    if task is not None:
        task.note = f"{task.note}\n{note}"[-500:]
        task.save(update_fields=["note"])
        return
    coming = asked.next_of(people, now)
    place = coming.location if coming else Location.objects.active().order_by("pk").first()
    desk.ask(
        kind=DeskTask.Kind.WROTE_BACK,
        patient_uid=people[0].uid if len(people) == 1 else None,
        patient_name=asked.names(people) or show_phone(inbound.from_number),
        subject_kind="clinic.inboundtext",
        subject_uid=inbound.uid,
        subject_version=1,
        subject_at=coming.starts_at if coming else now,
        zone=place.zone if place else "UTC",
        note=note,
        by=_by(inbound),
        now=now,
    )


# -- Answers -------------------------------------------------------------------------------------------


def _answer(
    inbound: InboundText,
    kind: Kind,
    people: list[Patient],
    *,
    now: datetime,
    visit: Appointment | None = None,
    of_use: timedelta = OF_USE,
) -> None:
    """By the same road as every message; none to a number that wants no more, but the one that says so."""
    number = inbound.from_number
    ended = opt_outs.standing(Channel.SMS, number) is not None
    if ended and kind != Kind.REPLY_STOPPED:
        return
    if asked.answers_to(number, since=now - AN_HOUR).count() >= MOST_ANSWERS and kind != Kind.REPLY_STOPPED:
        log.info("texts: one number has had its answers for this hour")
        return
    messaging.enqueue(_draft(inbound, kind, people, visit=visit, until=now + of_use, now=now), now=now)


def _draft(
    inbound: InboundText,
    kind: Kind,
    people: list[Patient],
    *,
    visit: Appointment | None,
    until: datetime,
    now: datetime,
) -> Draft:
    clinic = Clinic.objects.first()
    patient = visit.patient.survivor if visit else people[0] if len(people) == 1 else None
    facts = Facts(phone=clinic.phone if clinic else "", name=patient.greeting_name if patient else "")
    if visit is not None:
        place = visit.location
        facts = replace(facts, when=visit.starts_at.astimezone(place.tz), phone=place.phone or facts.phone)
    speaks = patient or next(iter(people), None)
    language = speaks.language if speaks else ""
    said = wordings.say(kind, Channel.SMS, language, facts, clinic=clinic)
    return Draft(
        purpose=MessagePurpose.REPLY,
        occasion=kind.removeprefix("reply_"),
        about=Subject("clinic.inboundtext", inbound.uid),
        to=Recipient(
            Channel.SMS,
            patient.display_name if patient else asked.names(people),
            inbound.from_number,
            said.language,
            patient.uid if patient else None,
        ),
        title=said.title,
        text=said.text,
        wording=said.wording,
        due_at=now,
        too_late_at=until,
        needs_person=False,
    )


def _by(inbound: InboundText) -> LinkActor:
    """Whoever holds that telephone."""
    return LinkActor(inbound.uid, "Patient by text message")
