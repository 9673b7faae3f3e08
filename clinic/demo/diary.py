"""Their visits: the days behind with signed notes, today in full swing, and the days ahead."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic import time as clock
from clinic.access import SYSTEM
from clinic.demo.places import MASSAGE, PHYSIO, Places
from clinic.models import OutboundMessage, Practitioner
from clinic.models.messages import State
from scheduling import attendance, booking
from scheduling.models import Appointment, ExtraHours, Service
from scheduling.rules import EVERY_WARNING
from scheduling.visits import BookingRefused
from treatments import bodychart, notes
from treatments.body.atlas import NOWHERE
from treatments.body.marks import Layer, Mark, fingerprint
from treatments.models import Exercise, Plan

PAST_DAYS, COMING_DAYS = 6, 12
#: Between these hours the usual times show a day in full swing.
BUSY = (time(10, 30), time(16, 45))
#: When visits may begin; the longest with its charting fits before the next.
SLOTS = (time(9), time(10, 15), time(11, 30), time(14), time(15, 15), time(16, 30))
SAID = (
    ("Two spasms since last time, both when getting up.", "High tone left of the lumbar spine, tender.", 2),
    ("Slept through for the first time in a week.", "Tone less than last time; bends to the knees.", 1),
    ("Stiff after a day of driving.", "Guarded movement, moderate tone on both sides.", 3),
    ("Carried shopping without trouble.", "Full bend, slight tenderness only.", 0),
)


def build(places: Places, made: list[Plan], *, now: datetime, today: date, chance: random.Random) -> list[Appointment]:
    """Visits of those with an accepted plan; what lies behind has happened, with all that goes with it."""
    plans = [plan for plan in made if plan.accepted_at]
    bridge = Exercise.objects.get(slug="bridge")
    visits: list[Appointment] = []
    turns: Counter[int] = Counter()
    for offset in range(-PAST_DAYS, COMING_DAYS + 1):
        day = today + timedelta(days=offset)
        for one in places.practitioners:
            mine = [plan for plan in plans if plan.author_id == one.pk] or plans
            times = list(_times(places, one, day, full=offset == 0, chance=chance))
            if offset == 0 and (alive := _around(now, places.at[one.pk].tz)):
                times = _extra(places, one, alive, now=now)
            for starts_at in times:
                plan = mine[turns[one.pk] % len(mine)]
                turns[one.pk] += 1
                visit = _book(places, one, plan, starts_at, now=now, chance=chance)
                if visit is None:
                    continue
                visits.append(visit)
                if starts_at < now:
                    _happens(visit, plan, bridge, places, now=now, today=offset == 0, chance=chance)
                else:
                    _awaits(visit, places, now=now, chance=chance)
    went_out(now)
    return visits


def _times(places: Places, one: Practitioner, day: date, *, full: bool, chance: random.Random) -> Iterator[datetime]:
    slots = SLOTS if full else sorted(chance.sample(SLOTS, 2 if one.discipline in (MASSAGE, PHYSIO) else 1))
    for slot in slots:
        yield clock.at_wall(day, slot, places.at[one.pk].tz)


def _around(now: datetime, zone: ZoneInfo) -> list[datetime]:
    """When today's visits begin if the clinic is first opened at an odd hour: some before now, some after; else none.

    Whoever looks at the demo in the evening or at night meets a day in full swing all the same.
    """
    local = now.astimezone(zone)
    if BUSY[0] <= local.time() < BUSY[1]:
        return []
    quarter = now - timedelta(minutes=local.minute % 15, seconds=local.second, microseconds=local.microsecond)
    times = [quarter + turn * timedelta(minutes=75) for turn in range(-3, 4)]
    return [at for at in times if clock.local_day(at, zone) == local.date()]


def _extra(places: Places, one: Practitioner, times: list[datetime], *, now: datetime) -> list[datetime]:
    """The practitioner works around these times today, and the location is open for it."""
    place = places.at[one.pk]
    midnight = clock.day_bounds(clock.local_day(now, place.tz), place.tz)[1]
    ExtraHours.objects.create(
        practitioner=one,
        location=place,
        starts_at=times[0],
        ends_at=min(times[-1] + timedelta(minutes=75), midnight),
        reason="A long day",
        recorded_at=now,
        recorded_by=places.desk,
    )
    return times


def _book(
    places: Places, one: Practitioner, plan: Plan, starts_at: datetime, *, now: datetime, chance: random.Random
) -> Appointment | None:
    service = _service(places, one, chance)
    intervention = plan.interventions.filter(kind=one.discipline).first()
    then = min(now, starts_at - timedelta(days=chance.randint(3, 9)))
    try:
        return booking.book(
            patient=plan.patient,
            service=service,
            practitioner=one,
            location=places.at[one.pk],
            starts_at=starts_at,
            intervention=intervention,
            by=places.desk,
            now=then,
            despite=EVERY_WARNING,
        )
    except BookingRefused:
        return None  # a day off, a busy room or patient: as at any desk, another time is taken


def _service(places: Places, one: Practitioner, chance: random.Random) -> Service:
    return chance.choice([service for service in places.services if service.discipline == one.discipline])


def _happens(
    visit: Appointment,
    plan: Plan,
    bridge: Exercise,
    places: Places,
    *,
    now: datetime,
    today: bool,
    chance: random.Random,
) -> None:
    """Most came and were treated; a few did not; of today's some wait, and some notes are not signed yet."""
    fate = chance.random()
    if fate < 0.06:
        after = min(now, visit.starts_at + timedelta(minutes=20))
        attendance.no_show(appointment=visit, by=places.desk, now=after)
        return
    came = min(now, visit.starts_at + timedelta(minutes=chance.randint(0, 4)))
    visit = attendance.arrive(appointment=visit, by=places.desk, now=came)
    if visit.ends_at > now:
        return
    user = visit.practitioner.user
    note = notes.start(
        patient=visit.patient,
        plan=plan,
        practitioner=visit.practitioner,
        visit_uid=visit.uid,
        service_at=visit.starts_at,
        zone=visit.location.zone,
        by=user,
        now=came,
    )
    said, seen, spasms = chance.choice(SAID)
    pain = chance.randint(3, 7)
    massage = visit.service.discipline == MASSAGE
    content = notes.Content(
        subjective=said,
        objective=seen,
        response="Moves more easily; no dizziness on rising.",
        assessment="Settling as expected.",
        next_steps="Continue as planned; walk daily.",
        pain_before=pain,
        pain_after=max(0, pain - chance.randint(1, 3)),
        spasms_since_last=spasms,
        techniques=(notes.Applied("gentle", plan.episode.regions[0], visit.service.minutes - 10, 2),)
        if massage
        else (),
        exercises=() if massage else (notes.Done(bridge, 3, 10),),
    )
    note = notes.save_draft(note, content=content, revision=note.revision, by=user, now=visit.ends_at)
    marks = _marks(plan, pain, spasms) if massage else []
    if marks:
        bodychart.save(note, marks=marks, seen="", by=user, now=visit.ends_at)
    attendance.complete(appointment=visit, by=user, now=visit.ends_at)
    lately = today or now - visit.ends_at < timedelta(days=2)
    if chance.random() < (0.6 if lately else 1):
        signed_at = visit.ends_at + timedelta(minutes=4)
        notes.sign(note, revision=note.revision, marks=fingerprint(marks), by=user, now=signed_at)


def _marks(plan: Plan, pain: int, spasms: int | None) -> list[Mark]:
    """Where it hurt and what was done there; numbness and places to avoid were asked about, and are nowhere."""
    region = plan.episode.regions[0]
    spasm = [Mark(region, Layer.SPASM.value, min(10, spasms + 2))] if spasms else []
    asked = [Mark(NOWHERE, layer.value) for layer in (Layer.NUMBNESS, Layer.AVOID, Layer.SCAR)]
    return [Mark(region, Layer.PAIN.value, pain), *spasm, *asked, Mark(region, Layer.TECHNIQUE.value)]


def _awaits(visit: Appointment, places: Places, *, now: datetime, chance: random.Random) -> None:
    fate = chance.random()
    if fate < 0.45:
        booking.confirm(appointment=visit, by=SYSTEM, now=now)
    elif fate < 0.5:
        booking.cancel(appointment=visit, by=places.desk, now=now, side="patient", reason="Has a cold")


def went_out(now: datetime) -> None:
    """What was due before this moment has long been sent; nobody is written to by the demo's first start."""
    for message in OutboundMessage.objects.filter(state=State.PLANNED, due_at__lte=now).only("pk", "uid", "due_at"):
        OutboundMessage.objects.filter(pk=message.pk).update(
            state=State.ACCEPTED,
            attempt=1,
            handing_over_at=message.due_at,
            accepted_at=message.due_at,
            settled_at=message.due_at,
            provider_id=f"demo-{message.uid}",
        )
