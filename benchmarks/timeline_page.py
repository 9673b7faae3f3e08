"""What `benchmarks.timeline` measures, once Django knows its database: the data, the page, the figures."""

from __future__ import annotations

import statistics
import time
import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import time as clock
from clinic.models import Clinic, Discipline, Location, Practitioner, Role, User
from patients.models import CareTeamMember, Medication, Patient
from treatments import timeline
from treatments.models import Episode, Measurement, SessionNote, SpasmDiary, SpasmEntry, TechniqueApplied
from treatments.timeline import Timeline

SESSIONS, SPASMS, DRUGS, OTHERS = 300, 500, 10, 200
TAKEN = {"nprs": 120, "rmdq": 60, "psfs": 40, "odi": 20}


def measure(requests: int) -> None:

    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = False
    patient, therapist = _load()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client()
    client.force_login(therapist, backend=settings.AUTHENTICATION_BACKENDS[0])
    address = reverse("treatments:timeline", args=[patient.uid])
    body = client.get(address)
    _check(body, patient, therapist)
    for _ in range(10):
        client.get(address)
    seen: list[str] = []
    with connection.execute_wrapper(lambda run, sql, *rest: (seen.append(sql), run(sql, *rest))[1]):
        client.get(address)
    spent = []
    for _ in range(requests):
        began = time.process_time()
        client.get(address)
        spent.append(1000 * (time.process_time() - began))
    floor = []
    for _ in range(requests):
        began = time.process_time()
        client.get("/alive/")
        floor.append(1000 * (time.process_time() - began))
    own = _own(patient, therapist)
    print(f"statements {len(seen)}, of them for the timeline itself {own}; {len(body.content) // 1000} kB")
    print(f"page: processor time p50 {_p(spent, 50):.1f} ms, p95 {_p(spent, 95):.1f} ms ({requests} requests)")
    print(f"nothing but the floor: p50 {_p(floor, 50):.1f} ms")
    print(f"gathering and judging alone: p50 {_gathering(patient, therapist):.1f} ms")


def _p(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _found(patient: Patient, by: User) -> Timeline:

    tz = ZoneInfo("America/New_York")
    episode = Episode.objects.for_patient(patient).get()
    return timeline.of_patient(patient, episode, by=by, today=clock.local_day(clock.now(), tz), tz=tz)


def _own(patient: Patient, therapist: User) -> int:

    with CaptureQueriesContext(connection) as seen:
        _found(patient, therapist)
    return len(seen) - 1  # the episode is read by the view


def _gathering(patient: Patient, therapist: User) -> float:
    spent = []
    for _ in range(30):
        began = time.process_time()
        _found(patient, therapist)
        spent.append(1000 * (time.process_time() - began))
    return _p(spent, 50)


def _check(body: HttpResponse, patient: Patient, therapist: User) -> None:
    found = _found(patient, therapist)
    curves = {curve.key: len(curve.values) for curve in found.curves}
    if body.status_code != 200 or {slug: curves[slug] for slug in TAKEN} != TAKEN:
        raise SystemExit(f"A wrong answer is not timed: {body.status_code}, {curves}")
    if (len(found.sessions), len(found.spasms), len(found.medicines)) != (SESSIONS, SPASMS, DRUGS):
        raise SystemExit("A wrong answer is not timed: sessions, spasms or drugs are missing.")


# -- What there is -------------------------------------------------------------------------------------------


def _load() -> tuple[Patient, User]:
    """By the models, in bulk: history and constraints are in place."""

    now = clock.now()
    Clinic.objects.get_or_create(is_the_one=True, defaults={"name": "Benchmark Clinic"})
    Location.objects.get_or_create(name="Main Street", defaults={"zone": "America/New_York"})
    user = User.objects.create_user(
        email="therapist@bench.example", name="Tara Therapist", roles=[Role.THERAPIST], password="four words x"
    )
    one = Practitioner.objects.create(user=user, discipline=Discipline.MASSAGE)
    patients = [_patient(n, one, user, now, share=1 if n == 0 else 5) for n in range(OTHERS + 1)]
    CareTeamMember.objects.create(patient=patients[0], practitioner=one, why="assigned", joined_at=now)
    return patients[0], user


def _patient(number: int, one: Practitioner, user: User, now: datetime, *, share: int) -> Patient:

    patient = Patient.objects.create(
        given_name="Ana", family_name=f"Bench{number}", born_on=date(1980, 1, 1), registered_at=now
    )
    episode = Episode.objects.create(patient=patient, title="Back spasms", opened_at=now, opened_by=user)
    notes = SessionNote.objects.bulk_create(
        SessionNote(
            patient=patient, episode=episode, author=one, service_at=now - timedelta(days=2 * n + 1),
            zone="America/New_York", started_at=now, started_by=user, written_at=now, pain_before=6, pain_after=4,
        )
        for n in range(SESSIONS // share)
    )  # fmt: skip
    TechniqueApplied.objects.bulk_create(
        TechniqueApplied(note=note, position=n, technique=technique, region="low_back_left", minutes=15)
        for note in notes
        for n, technique in enumerate(("gentle", "neuromuscular"))
    )
    SessionNote.objects.filter(pk__in=[note.pk for note in notes]).update(
        status="signed", signed_at=now, signed_by=user, digest="0" * 64
    )
    answers = {"psfs": {"activities": [["Walking", 4], ["Lifting", 4], ["Sleeping", 4]]}}
    Measurement.objects.bulk_create(
        Measurement(
            patient=patient, episode=episode, measure=slug, value=4 + n % 3, answers=answers.get(slug, {}),
            taken_at=now - timedelta(days=5 * n), recorded_at=now, recorded_by=user,
        )
        for slug, count in TAKEN.items()
        for n in range(count // share)
    )  # fmt: skip
    Medication.objects.bulk_create(
        Medication(
            patient=patient,
            name=f"Drug {n}",
            started_on=(now - timedelta(days=30 * n)).date(),
            recorded_at=now,
            started_precision="day",
        )
        for n in range(DRUGS // share)
    )
    diary = SpasmDiary.objects.create(patient=patient, opened_at=now - timedelta(days=730), opened_by=user)
    SpasmEntry.objects.bulk_create(
        SpasmEntry(
            diary=diary, patient=patient, key=uuid.uuid4(), severity=1 + n % 10, written_at=now,
            happened_at=now - timedelta(days=700 * n / SPASMS + 1),
        )
        for n in range(SPASMS // share)
    )  # fmt: skip
    return patient
