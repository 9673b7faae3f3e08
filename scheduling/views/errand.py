"""Several services back to back: what, with whom; then one click on a time at which all of them fit."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clinic import audit, time
from clinic.access import Can, requires
from clinic.models import Location, Practitioner
from clinic.pages import go_to, page
from clinic.requests import StaffRequest
from patients.models import Patient
from scheduling import offering, together
from scheduling.errands import Errand, Wanted, errand_times
from scheduling.models import Service
from scheduling.together import Part
from scheduling.views import places
from scheduling.visits import BookingRefused

LEAST, MOST = 2, 6
DAYS, TIMES = 5, 8


@dataclass(frozen=True)
class Line:
    """One part as it was chosen; who could give it."""

    number: int
    service: Service
    practitioner: Practitioner | None
    people: list[Practitioner]
    #: The address without this part.
    without: str


@dataclass(frozen=True)
class Offer:
    pick: str
    starts_at: datetime
    words: str


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def errand(request: StaffRequest) -> HttpResponse:
    """The parts stand in the address; a click on a time books all of them, or none."""
    location = places.chosen(request, places.locations())
    services = list(Service.objects.active().filter(seats=1).by_name())
    uid = places.uid_in(request, "patient")
    if location is None or not services:
        return page(request, "scheduling/no_location.html" if location is None else "scheduling/no_services.html")
    if uid is None:
        return go_to(request, "scheduling:book")
    rows = Patient.objects.select_related("merged_into").visible_to(request.user, Can.SEE_PATIENTS, now=request.now)
    patient = get_object_or_404(rows, uid=uid).survivor
    lines = _lines(request, services)
    refusal = None
    if request.method == "POST":
        try:
            visits = _book(request, patient, location, lines)
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, f"{len(visits)} visits booked, back to back.")
            return go_to(request, "scheduling:visit", visits[0].uid)
    audit.viewed_once("booking", by=request.user, now=request.now, patient_uid=patient.uid)
    context = _context(request, patient, location, lines) | {"services": services, "refusal": refusal}
    return page(request, "scheduling/errand.html", context, status=409 if refusal else 200)


def _lines(request: StaffRequest, services: list[Service]) -> list[Line]:
    """Two parts at least; what is not known is the first service, with anybody."""
    by_uid = {str(service.uid): service for service in services}
    asked = [by_uid.get(text, services[0]) for text in request.GET.getlist("service")[:MOST]]
    asked += [services[0]] * (LEAST - len(asked))
    who = [*request.GET.getlist("with"), *[""] * MOST]
    everybody = list(Practitioner.objects.active().by_name())
    chosen = []
    for number, service in enumerate(asked):
        people = [one for one in everybody if one.discipline == service.discipline]
        practitioner = next((one for one in people if str(one.uid) == who[number]), None)
        chosen.append((service, practitioner, people))
    pairs = [(str(service.uid), str(practitioner.uid) if practitioner else "") for service, practitioner, _ in chosen]
    return [
        Line(number, *one, without=_address(request, [pair for n, pair in enumerate(pairs) if n != number]))
        for number, one in enumerate(chosen)
    ]


def _address(request: StaffRequest, pairs: list[tuple[str, str]]) -> str:
    kept = [(name, request.GET[name]) for name in ("patient", "location", "day") if request.GET.get(name)]
    for service, who in pairs:
        kept += [("service", service), ("with", who)]
    return f"?{urlencode(kept)}"


def _context(request: StaffRequest, patient: Patient, location: Location, lines: list[Line]) -> dict[str, Any]:
    day = max(places.day_in(request, location), time.local_day(request.now, location.tz))
    found = errand_times(
        [Wanted(line.service, line.practitioner.pk if line.practitioner else None) for line in lines],
        location,
        offering.span_from(day, location, now=request.now),
        patient=patient,
        familiar=offering.familiar(patient, None),
        now=request.now,
    )
    pairs = [(str(line.service.uid), str(line.practitioner.uid) if line.practitioner else "") for line in lines]
    more = [*pairs, (str(lines[-1].service.uid), "")]
    return {
        "patient": patient,
        "location": location,
        "zone": location.zone,
        "lines": lines,
        "day": day,
        "days": _days(found, location, request.now),
        "minutes": sum(line.service.minutes for line in lines),
        "add_url": _address(request, more) if len(lines) < MOST else "",
        "can_remove": len(lines) > LEAST,
        "request_key": request.POST.get("request_key") or uuid.uuid4(),
    }


def _days(found: list[Errand], location: Location, now: datetime) -> list[tuple[date, list[Offer], int]]:
    """The first days with their first times, spread over the day, and how many more there are."""
    people = Practitioner.objects.select_related("user").in_bulk({pk for one in found for pk in one.practitioners})
    by_day: dict[date, list[Errand]] = {}
    for one in found:
        if one.starts_at > now:
            by_day.setdefault(time.local_day(one.starts_at, location.tz), []).append(one)
    shown = []
    for day, times in list(by_day.items())[:DAYS]:
        spread = times[:: -(-len(times) // TIMES)]
        offers = [
            Offer(
                _pick([people[pk] for pk in one.practitioners], one.starts_at),
                one.starts_at,
                ", then ".join(dict.fromkeys(people[pk].user.name for pk in one.practitioners)),
            )
            for one in spread
        ]
        shown.append((day, offers, len(times) - len(spread)))
    return shown


def _pick(people: list[Practitioner], starts_at: datetime) -> str:
    """What a button carries: with whom each part, and when the first begins."""
    return f"{','.join(str(one.uid) for one in people)}@{starts_at.astimezone(UTC):%Y-%m-%dT%H:%M}Z"


def _book(request: StaffRequest, patient: Patient, location: Location, lines: list[Line]) -> list[Any]:
    who, _, at = request.POST.get("pick", "").partition("@")
    try:
        uids = [uuid.UUID(text) for text in who.split(",")]
        starts_at = datetime.strptime(at, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
        key = uuid.UUID(request.POST.get("request_key", ""))
    except ValueError:
        raise BookingRefused("Choose one of the times that are offered.") from None
    people = {one.uid: one for one in Practitioner.objects.active().select_related("user").filter(uid__in=uids)}
    if len(uids) != len(lines) or any(uid not in people for uid in uids):
        raise BookingRefused("Choose one of the times that are offered.")
    return together.book_together(
        patient=patient,
        parts=[Part(line.service, people[uid]) for line, uid in zip(lines, uids, strict=True)],
        location=location,
        starts_at=starts_at,
        note=request.POST.get("note", "").strip()[:200],
        request_key=key,
        by=request.user,
        now=request.now,
    )
