"""The owner's first page: what is still to be set up, how the clinic stands, whether Tonus is well.

A composition file: it counts in every app and lets each app's own pages do the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse

from billing.models import Price
from clinic import audit, messaging
from clinic.access import Can, requires
from clinic.models import AuditEvent, AuditSeal, Location, OutboundMessage, Practitioner, User
from clinic.pages import page
from clinic.requests import StaffRequest
from patients.models import BreakGlass, Patient
from scheduling import clock_law, turnout
from scheduling.models import Appointment, DayReckoned, OpeningHours, Room, Service


@dataclass(frozen=True)
class Task:
    """One line of the checklist of a new clinic."""

    title: str
    why: str
    url: str
    done: bool


@dataclass(frozen=True)
class Figure:
    """One number with what it counts, and where it leads."""

    label: str
    value: int
    url: str = ""
    warn: bool = False


@requires(Can.MANAGE_CLINIC)
def home(request: StaffRequest) -> HttpResponse:
    """What is still to do and how the clinic stands."""
    tasks = checklist()
    context = {
        "tasks": tasks,
        "tasks_left": sum(not task.done for task in tasks),
        "figures": figures(request.now),
        "turnouts": turnout.lately(now=request.now),
        "messages_lately": messaging.reconcile(since=request.now - turnout.OVER, until=request.now, now=request.now),
    }
    return page(request, "office/home.html", context)


def checklist() -> list[Task]:
    """What a clinic needs before the first paid visit, in the order in which one does it."""
    exists = {
        "staff": User.objects.filter(is_active=True).count() > 1 or Practitioner.objects.active().exists(),
        "working": _everybody_has_hours(),
        "rooms": Room.objects.filter(is_active=True).exists(),
        "hours": OpeningHours.objects.exists(),
        "services": Service.objects.filter(is_active=True).exists(),
        "prices": Price.objects.exists(),
        "patients": Patient.objects.exists(),
    }
    lines = (
        ("staff", "Add your staff", "Each gets a sign-in of their own and only what their role needs.", "office:staff"),
        ("hours", "Set the opening hours", "Visits are offered within them.", "scheduling:hours"),
        ("working", "Say who works when", "Nobody is offered outside their working hours.", "scheduling:working"),
        ("rooms", "Add the rooms", "A room is never booked twice at the same time.", "scheduling:rooms"),
        ("services", "Add services", "What can be booked, how long it takes and what it needs.", "scheduling:services"),
        ("prices", "Set prices", "Charges come from the signed note and the price of that day.", "billing:prices"),
        ("patients", "Register the first patient", "The front desk does it in two minutes.", "patients:register"),
    )
    return [Task(title, why, _url(name), exists[key]) for key, title, why, name in lines]


def _everybody_has_hours() -> bool:
    """Of those who treat: who has none is never offered."""
    treating = Practitioner.objects.active()
    return treating.exists() and not treating.filter(working_hours__isnull=True).exists()


def figures(now: datetime) -> list[Figure]:
    """The clinic in seven numbers."""
    week = Appointment.objects.not_begun().filter(starts_at__gte=now, starts_at__lt=now + timedelta(days=7))
    waiting = OutboundMessage.objects.needing_a_person(now).count()
    opened = BreakGlass.objects.unreviewed().count()
    return [
        Figure("visits in the next 7 days", week.count(), _url("scheduling:diary")),
        Figure("patients", Patient.objects.filter(merged_into=None).count(), _url("patients:search")),
        Figure("people on the staff", User.objects.filter(is_active=True).count(), _url("office:staff")),
        Figure("locations in use", Location.objects.active().count(), _url("office:locations")),
        Figure("messages that need a person", waiting, _url("office:messages"), warn=waiting > 0),
        Figure("opened records to review", opened, _url("patients:opened"), warn=opened > 0),
    ]


@requires(Can.MANAGE_CLINIC)
def health(request: StaffRequest) -> HttpResponse:
    """Whether what runs by itself still runs."""
    return page(request, "office/health.html", {"checks": checks(request.now), "demo": settings.DEMO})


@dataclass(frozen=True)
class Check:
    """One thing that should be so, and what it is now."""

    title: str
    fine: bool
    finding: str
    #: Where something can be done about it.
    url: str = ""


def checks(now: datetime) -> list[Check]:
    """What the owner can see of the machine: the outbox moves, the audit is sealed, sign-ins are guarded."""
    late = OutboundMessage.objects.due(now - timedelta(minutes=5)).count()
    stuck = OutboundMessage.objects.in_hand().filter(lease_until__lt=now).count()
    week = (now - timedelta(days=8)).date()
    short = DayReckoned.objects.filter(day__gte=week, written__lt=F("asked")).order_by("-day").first()
    unsealed = AuditEvent.objects.unsealed().filter(at__lt=now - timedelta(minutes=30)).count()
    seal = AuditSeal.objects.order_by("-position").first()
    return [
        Check("Messages leave the outbox", not late, f"{late} wait too long." if late else "None is late."),
        Check("No message hangs in a sender's hands", not stuck, f"{stuck} hang." if stuck else "None hangs."),
        Check(
            "The outbox has what the diary asks for",
            short is None,
            f"On {short.day:%-d %b %Y} it lacked {short.missing} of {short.asked}." if short
            else "Reckoned every morning for the day before; nothing was missing in the last week.",
        ),
        Check(
            "The audit log is being sealed",
            not unsealed,
            f"{unsealed} entries wait for more than half an hour." if unsealed
            else f"Sealed up to entry {seal.position}." if seal else "Nothing to seal yet.",
        ),
        Check(
            "Everyone needs a second factor", settings.REQUIRE_MFA,
            "Demanded at every sign-in." if settings.REQUIRE_MFA else "Only offered, not demanded.",
        ),
        _clocks(now),
        Check("The clinic is reached by https", settings.HTTPS, settings.PUBLIC_URL),
        Check("The database answers", True, _database()),
    ]  # fmt: skip


def _clocks(now: datetime) -> Check:
    """Whether a law changed the clock of a location after visits there were booked."""
    changed = ", ".join(law.book.zone for law in clock_law.laws(now=now))
    found = (
        f"{changed}: visits may show another hour than was agreed."
        if changed
        else "Every clock stands as it was known."
    )
    return Check("Nine o'clock stays nine o'clock", not changed, found, _url("scheduling:clocks") if changed else "")


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))")
        version, size = cursor.fetchone()
    return f"PostgreSQL {version}, {size}."


def _url(name: str) -> str:
    """A page of another room; a line without a link where there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@requires(Can.SEE_AUDIT)
def audit_verify(request: StaffRequest) -> HttpResponse:
    """Recompute the chain now, from the first entry to the last."""
    return page(request, "office/audit_chain.html", {"report": audit.verify()}, partial="report")
