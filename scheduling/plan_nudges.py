"""What patients are written about a plan of care: to book the rest, that its review is near, how exercises go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from clinic import time as clocks
from clinic.links import Purpose
from clinic.messaging import Subject
from clinic.messaging_states import MessagePurpose
from clinic.models import ActionLink
from clinic.wording import Kind
from scheduling.models import Appointment
from scheduling.models.message_rules import DAY, MessageRule, in_words
from scheduling.nudges import Nudge, Setting, Source, register
from scheduling.states import ACTIVE, COUNTS_FOR_THE_PLAN, Status
from treatments.home_links import HOME_FOR
from treatments.models import HomeTick, Intervention, Plan

PLAN = "treatments.plan"
#: The same record, seen as the page of exercises that belongs to it.
AT_HOME = "treatments.episode"
#: A visit so shortly before the day of the review will do for it.
NEAR = timedelta(days=3)
#: So long after its day is an invitation still of use.
OF_USE = timedelta(days=7)
#: The day after a missed tick or two a reminder of exercises has lost its point.
SOON_STALE = timedelta(days=2)


@dataclass(frozen=True)
class Standing:
    """A person's visits: the last that was held, and the last that is still to come."""

    last_at: datetime | None
    coming_at: datetime | None


# -- Invitations to book -----------------------------------------------------------------------------------


def recalls(rules: Sequence[MessageRule], here: Setting, until: datetime) -> Iterator[Nudge]:
    """Nothing is booked and sessions are left: one for each person, about the first such plan of theirs."""
    plans = [plan for plan in _plans() if plan.left > 0]  # type: ignore[attr-defined]
    standing = _standing(plans, here.now)
    seen: set[int] = set()
    for plan in plans:
        patient = plan.patient.survivor
        stands = standing.get(patient.pk, Standing(None, None))
        if stands.coming_at is not None or patient.pk in seen:
            continue
        seen.add(patient.pk)
        since = max(filter(None, (stands.last_at, plan.accepted_at)))
        day = clocks.local_day(since, here.tz)
        for rule in rules:
            at = here.after(day, rule, patient)
            if at < until:
                what = "the last visit" if stands.last_at else "the plan was agreed on"
                why = f"{in_words(rule.minutes)} after {what}: sessions left, nothing booked"
                yield _nudge(rule, Kind.RECALL, plan, day, at, too_late_at=at + OF_USE, why=why)


# -- Reviews -----------------------------------------------------------------------------------------------


def reviews(rules: Sequence[MessageRule], here: Setting, until: datetime) -> Iterator[Nudge]:
    """The day of the review is near, and no visit is booked at which it could be held."""
    first = here.today - OF_USE
    last = clocks.local_day(until, here.tz) + timedelta(days=max((rule.minutes // DAY for rule in rules), default=0))
    plans = [plan for plan in _plans() if first <= plan.review_on <= last]
    standing = _standing(plans, here.now)
    for plan in plans:
        patient = plan.patient.survivor
        coming = standing.get(patient.pk, Standing(None, None)).coming_at
        if coming and clocks.local_day(coming, here.tz) >= plan.review_on - NEAR:
            continue
        for rule in rules:
            at = here.morning_of(plan.review_on - timedelta(days=rule.minutes // DAY), patient)
            if at < until:
                when = f"{in_words(rule.minutes)} before" if rule.minutes else "on"
                why = f"{when} the day of the review ({plan.review_on:%-d %b}), no visit near it"
                end = here.morning_of(plan.review_on + OF_USE, patient)
                yield _nudge(rule, Kind.PLAN_REVIEW, plan, plan.review_on, at, too_late_at=end, why=why)


# -- Exercises -----------------------------------------------------------------------------------------------


def exercises(rules: Sequence[MessageRule], here: Setting, until: datetime) -> Iterator[Nudge]:
    """They have their page of exercises, and have said nothing on it for some days."""
    pages = _pages(here.now)
    plans = [plan for plan in _plans() if plan.episode.uid in pages]
    ticked: dict[int, date] = dict(
        HomeTick.objects.filter(prescription__intervention__plan__in=plans)
        .values_list("prescription__intervention__plan")
        .annotate(Max("on"))
    )
    having = set(
        Intervention.objects.filter(plan__in=plans, exercises__isnull=False).values_list("plan", flat=True).distinct()
    )
    for plan in plans:
        if plan.pk not in having:
            continue
        patient = plan.patient.survivor
        began = max(filter(None, (pages[plan.episode.uid], plan.accepted_at)))
        day = max(filter(None, (ticked.get(plan.pk), clocks.local_day(began, here.tz))))
        for rule in rules:
            at = here.after(day, rule, patient)
            if at < until:
                what = "the last entry" if plan.pk in ticked else "the page was given"
                yield Nudge(
                    rule=rule,
                    kind=Kind.EXERCISE_NUDGE,
                    patient=patient,
                    about=Subject(AT_HOME, plan.episode.uid),
                    since=f"{day:%Y%m%d}",
                    due_at=at,
                    too_late_at=at + SOON_STALE,
                    why=f"{in_words(rule.minutes)} after {what}, nothing ticked since",
                    link_purpose=Purpose.HOME,
                    link_for=HOME_FOR,
                    page=reverse("treatments:plan", args=[plan.uid]),
                )


def _pages(now: datetime) -> dict[UUID, datetime]:
    """Episodes whose page of exercises can be opened, and since when it first could."""
    working = ActionLink.objects.filter(purpose=Purpose.HOME).working(now)
    return dict(working.values_list("subject_uid", "issued_at").order_by("-issued_at"))


# -- Parts -----------------------------------------------------------------------------------------------


def _plans() -> list[Plan]:
    """The plans in force of people who are patients here, each with how many sessions are neither held nor booked."""
    plans = (
        Plan.objects.accepted()
        .select_related("patient__merged_into", "episode")
        .filter(episode__closed_at__isnull=True, patient__deactivated_at__isnull=True)
        .order_by("accepted_at", "pk")
    )
    planned = dict(Intervention.objects.bookable().order_by().values_list("plan").annotate(Sum("sessions")))
    taken = dict(
        Appointment.objects.filter(status__in=COUNTS_FOR_THE_PLAN, intervention__plan__in=plans.order_by())
        .order_by()
        .values_list("intervention__plan")
        .annotate(Count("pk"))
    )
    found = list(plans)
    for plan in found:
        plan.left = planned.get(plan.pk, 0) - taken.get(plan.pk, 0)  # type: ignore[attr-defined]
    return found


def _standing(plans: Iterable[Plan], now: datetime) -> dict[int, Standing]:
    """By the id of the record that stands for each person; over all records of theirs."""
    roots = {plan.patient.root_id for plan in plans}
    rows: Any = (
        Appointment.objects.filter(Q(patient__in=roots) | Q(patient__merged_into__in=roots))
        .order_by()
        .annotate(root=Coalesce("patient__merged_into_id", "patient_id"))
        .values_list("root")
        .annotate(
            last=Max("ends_at", filter=Q(status=Status.COMPLETED)),
            coming=Max("starts_at", filter=Q(status__in=ACTIVE, ends_at__gt=now)),
        )
    )
    return {root: Standing(last, coming) for root, last, coming in rows}


def _nudge(rule: MessageRule, kind: Kind, plan: Plan, day: date, at: datetime, **facts: Any) -> Nudge:
    return Nudge(
        rule=rule,
        kind=kind,
        patient=plan.patient.survivor,
        about=Subject(PLAN, plan.uid, plan.version),
        since=f"{day:%Y%m%d}",
        due_at=at,
        page=reverse("treatments:plan", args=[plan.uid]),
        **facts,
    )


def ready() -> None:
    """Called once, when the app is ready."""
    register(Source(MessagePurpose.RECALL, PLAN, recalls))
    register(Source(MessagePurpose.PLAN_REVIEW, PLAN, reviews))
    register(Source(MessagePurpose.EXERCISE_NUDGE, AT_HOME, exercises))
