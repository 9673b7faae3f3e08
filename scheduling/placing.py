"""How a time is taken: choose, queue up, write; all of several visits or nothing. Used by the verbs of booking."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction

from patients.models import Patient
from scheduling import availability, diaries, turns
from scheduling.availability import Ask, Free
from scheduling.diaries import Busy, InTheWay, NothingFree, Places, Slot, Wish, lock_diaries
from scheduling.intervals import Interval
from scheduling.preflight import Proposal
from scheduling.rules import Finding
from scheduling.turns import Turn
from scheduling.visits import BookingRefused

R = TypeVar("R")
#: Given the places of each wish, in their order, and what is certain under the locks: what was written.
Write = Callable[[list[Places], Turn], R]

#: How often another room is tried when one was taken in the same moment: each time somebody else has got one, so as
#: many as may be at it at once, or somebody would be refused while rooms are free.
_TRIES = 32
#: How many ways to share rooms and devices among several visits are tried.
_WAYS = 200


class _Taken(Exception):
    """The person has a visit then under another of their records: seen under the lock, explained outside."""


def place(
    wishes: Sequence[Wish], write: Write[R], *, now: datetime, anew: bool = False, guests: Collection[Patient] = ()
) -> R:
    """Write what is wished in one transaction; when what was merely chosen is taken in the same moment, choose again.

    Raises BookingRefused with who is busy and what is free instead; nothing is left behind then. `anew`: all that is
    written is new, so the patients' records are locked and read at once; who rereads visits locks those first. The
    diaries of `guests` are locked as well: whether they are free is for `write` to see.
    """
    people = [*guests, *(wish.proposal.patient for wish in wishes if wish.proposal.patient is not None)]
    for _ in range(_TRIES):
        places = _chosen(wishes, now)
        resources = [slot.resource for place in places for slot in place.slots]
        try:
            with transaction.atomic():
                lock_diaries(resources=resources, patients=people, records=anew)
                turn = turns.read(wishes, records=anew)
                if turn.elsewhere:
                    raise _Taken
                return write(places, turn)
        except (IntegrityError, _Taken) as error:
            if isinstance(error, IntegrityError) and diaries.taken_by(error) is None:
                raise
            diaries.drop_run_out(resources, now=now)
    raise refused(wishes[0].proposal, "That time was taken a moment ago.", now=now)


def _chosen(wishes: Sequence[Wish], now: datetime) -> list[Places]:
    """Places for each, so that all have one: what is chosen for one is not chosen for the next."""
    left = _WAYS
    short: tuple[Wish, NothingFree] | None = None

    def rest(number: int, besides: tuple[Slot, ...]) -> list[Places] | None:
        nonlocal left, short
        if number == len(wishes):
            return []
        wish = replace(wishes[number], besides=besides)
        try:
            for places in diaries.ways(wish, now=now):
                left -= 1
                following = rest(number + 1, besides + places.slots)
                if following is not None or left <= 0:
                    return None if following is None else [places, *following]
        except NothingFree as nothing:
            short = short or (wishes[number], nothing)
        return None

    try:
        places = rest(0, ())
    except InTheWay as way:
        raise _busy(way.wish, way.busy, now=now, short=way.short) from None
    if places is not None:
        return places
    assert short is not None
    wish, nothing = short
    raise _busy(wish, (), now=now, short=nothing)


def _busy(wish: Wish, busy: Sequence[Busy], *, now: datetime, short: NothingFree | None = None) -> BookingRefused:
    """Says all that stands in the way, and whether an overflow seat would help."""
    sentences = [one.sentence(wish.proposal) for one in busy] + ([str(short)] if short else [])
    helps = not wish.squeeze and all(one.what != "patient" for one in busy) and (short is None or short.squeezable)
    return refused(wish.proposal, " ".join(sentences), now=now, squeezable=helps)


def refused(
    proposal: Proposal,
    sentence: str,
    *,
    now: datetime,
    warnings: Collection[Finding] = (),
    squeezable: bool = False,
) -> BookingRefused:
    """With the three nearest free times, the same practitioner's before others'."""
    whose = proposal.patient.display_name if proposal.patient else ""
    return BookingRefused(
        sentence, warnings=warnings, look_for=lambda: near(proposal, now=now), squeezable=squeezable, whose=whose
    )


def near(proposal: Proposal, *, now: datetime, count: int = 3) -> list[Free]:
    """The free times closest to what was wished, at most two weeks later."""
    early = max(now, proposal.starts_at - timedelta(days=3))
    ask = Ask(
        proposal.service,
        proposal.location,
        Interval(early, max(early, proposal.starts_at) + timedelta(days=14)),
        minutes=int((proposal.ends_at - proposal.starts_at).total_seconds()) // 60,
        patient=proposal.patient,
        ignoring=proposal.moving,
        now=now,
    )
    return availability.nearest(ask, proposal.starts_at, practitioner_id=proposal.practitioner.pk, count=count)
