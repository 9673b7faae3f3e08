"""The clinic of the reminder benchmark: 10,000 reminders that are due now, and a million of next month.

    python -m benchmarks.reminder_house fill COUNT FUTURE
    python -m benchmarks.reminder_house again
    python -m benchmarks.reminder_house work

`work` is one sender as a Celery task runs it: it says "ready", waits for a line, sends until nothing waits, and prints
the seconds of processor time that it took.
"""

from __future__ import annotations

import os
import sys
import time as machine
import uuid
from datetime import date, datetime, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

import django

django.setup()

from django.db import connection  # noqa: E402

from clinic import messaging, time, wordings  # noqa: E402
from clinic.models import ActionLink, Clinic, Location, OutboundMessage, Practitioner, User  # noqa: E402
from patients.consent import WORDING, WORDING_VERSION  # noqa: E402
from patients.models import ConsentSource, ContactConsent, Patient  # noqa: E402
from scheduling import words  # noqa: E402
from scheduling.contact import Way  # noqa: E402
from scheduling.models import Appointment, Service  # noqa: E402
from scheduling.words import REMINDER, Times  # noqa: E402

NAMES = ("Ana Ribeiro", "Ben Okafor", "Chloé Martin", "Dieter Weiß", "Elena Petrova", "Farid Haddad", "Grace O'Neill")
FUTURE = """
INSERT INTO clinic_outboundmessage (uid, purpose, says, channel, occasion, to_name, to_address, language,
    subject_kind, subject_uid, subject_version, title, text, html, link_purpose, link_expires_at, planned_at, due_at,
    too_late_at, next_try_at, state, reason, detail, attempt, provider_id, void_reason, needs_person, resolution,
    resolution_note)
SELECT gen_random_uuid(), 'visit_reminder', 'visit_reminder', 'email', 'rule', 'Somebody', 'f' || n || '@bench.example',
    'en', 'scheduling.appointment', gen_random_uuid(), 1, 'Reminder of your visit', repeat('words ', 60), '', 'visit',
    %(at)s, %(now)s, %(at)s, %(late)s, %(at)s, 'planned', '', '', 0, '', '', false, '', ''
FROM (SELECT n, 1 FROM generate_series(1, %(many)s) n) AS numbered"""


def fill(count: int, future: int) -> None:
    """Once: everybody with an address of their own, who agreed, and a visit tomorrow."""
    now = time.now()
    with connection.cursor() as cursor:  # by nobody's hand: no history, no claims, no triggers
        cursor.execute("SET session_replication_role = replica")
    offset = now.hour - 12
    location = Location.objects.create(name="Main Street", zone=f"Etc/GMT{offset:+d}", phone="+12025550100")
    clinic = Clinic.objects.create(name="Benchmark Clinic")
    user = User.objects.create_user(email="t@bench.example", name="Tess", roles=["therapist"], password=None)
    therapist = Practitioner.objects.create(user=user, discipline="massage")
    service = Service.objects.create(name="Massage", discipline="massage", minutes=60)
    people = [_patient(n) for n in range(count)]
    people = Patient.objects.bulk_create(people, batch_size=2000)
    ContactConsent.objects.bulk_create([_consent(patient, now) for patient in people], batch_size=2000)
    starts_at = now + timedelta(hours=24)
    visits = [
        Appointment(
            patient=patient, practitioner=therapist, service=service, location=location, starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1), booked_at=now, changed_at=now,
        )
        for patient in people
    ]  # fmt: skip
    visits = Appointment.objects.bulk_create(visits, batch_size=2000)
    _plan(clinic, visits, now)
    with connection.cursor() as cursor:
        at = now + timedelta(days=30)
        cursor.execute(FUTURE, {"now": now, "at": at, "late": at + timedelta(hours=20), "many": future})
        cursor.execute("VACUUM ANALYZE")


def _patient(number: int) -> Patient:
    given, family = NAMES[number % len(NAMES)].split(" ", 1)
    return Patient(
        uid=uuid.uuid4(), given_name=given, family_name=f"{family} {number}", born_on=date(1980, 1, 1),
        email=f"p{number}@bench.example", preferred_channel="email", registered_at=time.now(),
    )  # fmt: skip


def _consent(patient: Patient, now: datetime) -> ContactConsent:
    return ContactConsent(
        patient=patient, channel="email", given=True, source=ConsentSource.DESK, wording=WORDING["email"],
        wording_version=WORDING_VERSION, recorded_at=now,
    )  # fmt: skip


def again() -> None:
    """As if none of them had been sent."""
    OutboundMessage.objects.filter(due_at__lt=time.now()).delete()
    ActionLink.objects.all().delete()
    visits = list(Appointment.objects.select_related("patient", "location").order_by("pk"))
    _plan(Clinic.the(), visits, time.now())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE clinic_outboundmessage, clinic_actionlink")


def _plan(clinic: Clinic, visits: list[Appointment], now: datetime) -> None:
    """What the planner wrote when they were booked: a reminder each, due a minute ago."""
    due_at = now - timedelta(minutes=1)
    rows = []
    for visit in visits:
        way = Way("email", visit.patient.email)
        draft = words.draft(
            visit, visit.patient, clinic, way, purpose=REMINDER, words=REMINDER, due_at=due_at, now=now, times=Times()
        )
        rows.append(messaging.message(draft, now=now))
    OutboundMessage.objects.bulk_create(rows, batch_size=2000)


def work() -> None:
    """Until nothing waits."""
    wordings.__name__  # noqa: B018 -- loaded before the clock starts
    OutboundMessage.objects.first()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began, used = machine.perf_counter(), machine.process_time()
    while messaging.deliver_all(now=time.now(), channel="email").claimed:
        pass
    seconds = machine.perf_counter() - began
    sys.stdout.write(f"{seconds:.3f} {machine.process_time() - used:.3f}\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fill", count, future]:
            fill(int(count), int(future))
        case ["again"]:
            again()
        case _:
            work()
