"""What the diary asks to be said, beside what the outbox holds: read for many visits at once, in a fixed number of
statements. The planner, the page of what goes out and the day's reckoning all read it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max

from clinic.messaging_states import CURABLE, STOPPABLE, State
from clinic.models import OutboundMessage
from clinic.models.messages import OutboundMessageQuerySet
from patients import consent
from patients.models import Patient
from scheduling import due
from scheduling.contact import Way, way_to
from scheduling.customs import Customs, longest
from scheduling.due import Asked, Held, Steps
from scheduling.models import Appointment
from scheduling.words import REMINDER, TOO_LATE

BATCH = 500


@dataclass
class Foreseen:
    """A visit, how its patient is reached, what it asks to be said, and what the outbox has of that."""

    visit: Appointment
    patient: Patient
    way: Way
    asks: list[Asked]
    rows: list[OutboundMessage] = field(default_factory=list)

    def steps(self, now: datetime) -> Steps:
        held = [_held(row) for row in self.rows]
        return due.steps(self.asks, held, channel=self.way.channel, is_blocked=bool(self.way.blocked), now=now)

    def row_of(self, ask: Asked) -> OutboundMessage | None:
        """What the outbox has of it: what counts before what was stopped."""
        mine = [row for row in self.rows if row.occasion == ask.occasion]
        return min(mine, key=lambda row: (_is_curable(row), -row.pk), default=None)


def reminders_of(visits: Sequence[Appointment]) -> OutboundMessageQuerySet:
    """All reminders of these visits, whichever version of them they speak of."""
    about = OutboundMessage.objects.filter(subject_uid__in=[visit.uid for visit in visits], purpose=REMINDER)
    if len(visits) == 1:
        about = about.filter(subject_version=visits[0].version)
    return about


def read(visits: Iterable[Appointment], customs: Customs) -> Iterator[Foreseen]:
    """These visits (with patient and location), in batches: two statements for each."""
    for some in _batches(visits):
        people = [visit.patient.survivor for visit in some]
        said = consent.agreed_of(people)
        found: dict[tuple[UUID, int], Foreseen] = {}
        for visit, patient in zip(some, people, strict=True):
            way = way_to(patient, said.get(patient.pk, {}))
            asks = customs.asks(visit, patient, way.channel)
            found[visit.uid, visit.version] = Foreseen(visit, patient, way, asks)
        for row in reminders_of(some).defer("text", "html", "calendar").order_by("pk"):
            if case := found.get((row.subject_uid, row.subject_version)):
                case.rows.append(row)
        yield from found.values()


def astray(customs: Customs, *, now: datetime, however_far: bool = False) -> Iterator[Foreseen]:
    """Visits of which the outbox does not hold what they ask for: soon enough for what is due next, or all ahead."""
    coming = Appointment.objects.awaited().filter(starts_at__gt=now + TOO_LATE)
    if not however_far:
        coming = coming.filter(starts_at__lt=now + max(customs.horizon, longest_lead()))
    for case in read(coming.for_telling().iterator(BATCH), customs):
        if case.steps(now):
            yield case


def longest_lead() -> timedelta:
    """The longest that a patient has chosen for themselves."""
    chosen = Patient.objects.aggregate(most=Max("lead_hours"))["most"]
    return longest([], [chosen] if chosen else [])


def _batches(visits: Iterable[Appointment]) -> Iterator[list[Appointment]]:
    some: list[Appointment] = []
    for visit in visits:
        some.append(visit)
        if len(some) == BATCH:
            yield some
            some = []
    if some:
        yield some


def _held(row: OutboundMessage) -> Held:
    return Held(
        uid=row.uid,
        occasion=row.occasion,
        channel=row.channel,
        due_at=row.due_at,
        is_by_rule=row.occasion == (due.occasion_of(row.rule_uid) if row.rule_uid else due.OWN_CHOICE),
        is_pending=row.state in STOPPABLE and row.says == REMINDER,
        is_curable=_is_curable(row),
        said_by=row.said_by_uid,
    )


def _is_curable(row: OutboundMessage) -> bool:
    return row.state == State.SUPPRESSED and row.reason in CURABLE
