"""The smallest Django site with django-appointment and django-scheduler, filled by the rule of `diary_data`.

Runs in the peers' own environment (see `peers`): as a site under gunicorn (`benchmarks.peer_site:app`), or to fill its
database: `python -m benchmarks.peer_site BASE HISTORY_DAYS`. No check is switched off but the one against forged
forms, which is in the peers' favour.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings

PLACE = urlsplit(os.environ["PEERS_DATABASE_URL"])
settings.configure(
    ROOT_URLCONF="benchmarks.peer_site",
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="only for a benchmark",
    USE_TZ=True,
    TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    STATIC_URL="/static/",
    LOGGING_CONFIG=None,
    APPOINTMENT_BASE_TEMPLATE="base_templates/base.html",
    APPOINTMENT_PAYMENT_URL=None,
    INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
        "django.contrib.messages", "django.contrib.staticfiles", "phonenumber_field", "appointment", "schedule",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": PLACE.path.strip("/"), "HOST": os.environ["PEERS_HOST"],
        "PORT": PLACE.port or "", "USER": PLACE.username, "PASSWORD": PLACE.password or "", "CONN_MAX_AGE": None,
    }},
)  # fmt: skip
django.setup()

from appointment.models import (  # noqa: E402 -- after set-up
    Appointment,
    AppointmentRequest,
    Config,
    DayOff,
    Service,
    StaffMember,
    Unavailability,
    WorkingHours,
)
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.urls import include, path  # noqa: E402
from schedule.models import Calendar, Event  # noqa: E402

from benchmarks import diary_data as rule  # noqa: E402

urlpatterns = [path("appointment/", include("appointment.urls")), path("schedule/", include("schedule.urls"))]
app = get_wsgi_application()
CLIENTS = 100


def fill(base: dt.date, history_days: int) -> str:
    """Everything by the rule; a session of somebody who is signed in."""
    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)  # one of them ships no migrations
    with transaction.atomic():
        staff, clients, service = _people(base)
        _visits(base, history_days, staff, clients, service)
        _events(base, history_days, staff)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    user = get_user_model().objects.get(pk=clients[0])
    session = SessionStore()
    session.update({
        SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    })  # fmt: skip
    session.create()
    return str(session.session_key)


def _people(base: dt.date) -> tuple[list[int], list[int], int]:
    User = get_user_model()  # noqa: N806 -- a class
    users = User.objects.bulk_create(
        User(username=f"t{n}", first_name=f"Therapist {n}", email=f"t{n}@bench.example")
        for n in range(1, rule.THERAPISTS + 1)
    )
    clients = User.objects.bulk_create(
        User(username=f"c{n}", email=f"c{n}@bench.example", password="!") for n in range(CLIENTS)
    )
    Config.objects.create(slot_duration=15, lead_time=dt.time(9), finish_time=dt.time(17), appointment_buffer_time=0)
    service = Service.objects.create(name="Massage", duration=dt.timedelta(hours=1), price=0)
    staff = []
    for user in users:
        one = StaffMember.objects.create(
            user=user, slot_duration=15, lead_time=dt.time(9), finish_time=dt.time(17), appointment_buffer_time=0
        )
        one.services_offered.add(service)
        WorkingHours.objects.bulk_create(
            WorkingHours(staff_member=one, day_of_week=day, start_time=dt.time(9), end_time=dt.time(17))
            for day in range(1, 6)
        )
        staff.append(one)
    DayOff.objects.bulk_create(
        DayOff(staff_member=staff[t - 1], start_date=base + dt.timedelta(d), end_date=base + dt.timedelta(d))
        for t, d in rule.days_off()
    )
    # The break: it knows one stretch of hours a day, so each day's noon is an unavailability.
    Unavailability.objects.bulk_create(
        Unavailability(staff_member=one, date=base + dt.timedelta(d), start_time=dt.time(12), end_time=dt.time(13))
        for one in staff
        for d in range(rule.WINDOW_DAYS)
        if d % 7 <= 4
    )
    return [one.pk for one in staff], [one.pk for one in clients], service.pk


def _visits(base: dt.date, history_days: int, staff: list[int], clients: list[int], service: int) -> None:
    stamp = f"{base}T00:00+00"
    given = ["id", "date", "start_time", "end_time", "service_id", "staff_member_id", "created_at", "updated_at"]
    requests = (
        (n, day, f"{h:02d}:00", f"{h + 1:02d}:00", service, staff[t - 1], stamp, stamp)
        for n, day, t, h in _numbered(base, history_days)
    )
    _copy(AppointmentRequest, given, requests)
    given = ["id", "client_id", "appointment_request_id", "created_at", "updated_at"]
    _copy(Appointment, given, ((n, clients[n % CLIENTS], n, stamp, stamp) for n, *_ in _numbered(base, history_days)))


def _events(base: dt.date, history_days: int, staff: list[int]) -> None:
    calendars = Calendar.objects.bulk_create(Calendar(name=f"T{n}", slug=f"t{n}") for n, _ in enumerate(staff, 1))
    given = ["id", "start", "end", "title", "calendar_id", "created_on", "updated_on"]
    stamp = f"{base}T00:00+00"
    rows = (
        (n, f"{day} {h:02d}:00+00", f"{day} {h + 1:02d}:00+00", "Visit", calendars[t - 1].pk, stamp, stamp)
        for n, day, t, h in _numbered(base, history_days)
    )
    _copy(Event, given, rows)


def _numbered(base: dt.date, history_days: int) -> Any:
    n = 0
    for d, some in rule.visits(history_days):
        day = base + dt.timedelta(d)
        for t, h in some:
            n += 1
            yield n, day, t, h


def _copy(model: type[models.Model], given: list[str], rows: Any) -> None:
    others = [f for f in model._meta.concrete_fields if f.column not in given and not isinstance(f, models.AutoField)]
    defaults = tuple(field.get_prep_value(field.get_default()) for field in others)
    columns = ", ".join(f'"{name}"' for name in [*given, *(f.column for f in others)])
    table = model._meta.db_table
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row + defaults)
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


if __name__ == "__main__":
    print(fill(dt.date.fromisoformat(sys.argv[1]), int(sys.argv[2])))
