"""Booking: who, what, then one click on a free time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clinic import audit, time
from clinic.access import Can, allows, requires
from clinic.models import Location, Practitioner
from clinic.pages import go_to, is_htmx, page, posted
from clinic.requests import StaffRequest
from patients import search
from patients.models import Patient
from scheduling import booking, named, offering, preferences
from scheduling.availability import Ask
from scheduling.booking import BookingRefused
from scheduling.forms.booking import BookForm, OnTopForm, Pick
from scheduling.models import Appointment, Room, Service, TimePreference
from scheduling.named import Named
from scheduling.offering import Day, Part
from scheduling.views import groups, places
from treatments.models import Intervention

#: What was chosen in the diary, kept while the patient is looked for.
KEPT = {"at", "when", "practitioner", "room", "location", "service", "day", "minutes"}


@dataclass
class Desk:
    """What has been decided so far, from the address or the form."""

    location: Location
    patient: Patient
    part: Intervention | None
    service: Service | None
    practitioner: Practitioner | None
    minutes: int
    day: date
    #: Show all times of that one day.
    whole_day: bool
    #: Asked by a page alone: who books by one click waits for none of it.
    look_for_services: Callable[[], list[Service]]
    look_for_parts: Callable[[], list[Part]]
    #: A gap of a room that was clicked: when, and which room; with whom is still to be said.
    when: datetime | None = None
    room: Room | None = None

    @cached_property
    def services(self) -> list[Service]:
        return self.look_for_services()

    @cached_property
    def parts(self) -> list[Part]:
        return self.look_for_parts()

    @cached_property
    def familiar(self) -> set[int]:
        liked = {self.wish.practitioner_id} if self.wish and self.wish.practitioner_id else set()
        return offering.familiar(self.patient, self.part) | liked

    @cached_property
    def wish(self) -> TimePreference | None:
        return preferences.of(self.patient)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def book(request: StaffRequest) -> HttpResponse:
    """Choose a patient; then a free time; the rest is preselected. A refusal keeps everything and offers others."""
    names = named_in(request)
    location = location_for(request, names)
    if location is None:
        return page(request, "scheduling/no_location.html")
    patient = patient_in(request)
    if patient is None:
        return choose_patient(request)
    desk = desk_for(request, location, patient, names)
    if desk.service is None:
        return page(request, "scheduling/no_services.html", {"patient": patient})
    if desk.service.is_group:
        shared = {"desk": desk, "patient": patient, "location": location, "zone": location.zone}
        shared["locations"] = places.locations()
        return groups.join(
            request, patient=patient, service=desk.service, location=location, part=desk.part, shared=shared
        )
    form = _form(request, desk, names)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            visit = _book(request, desk, form.cleaned_data)
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, "Booked.")
            return go_to(request, "scheduling:visit", visit.uid)
    status = 409 if refusal else 422 if form.errors and request.method == "POST" else 200
    form.offer()
    answer = _answer(request, desk, form, refusal)
    if status != 200 and is_htmx(request):
        audit.viewed("booking", by=request.user, now=request.now, patient_uid=patient.uid)
        return page(request, "scheduling/book_answer.html", answer | {"alone": True}, status=status)
    whole = answer | _offers(request, desk) | {"locations": places.locations()}
    return page(request, "scheduling/book.html", whole, status=status)


def named_in(request: StaffRequest) -> Named | None:
    """What a form that was sent names; None on the way to one."""
    if request.method != "POST":
        return None
    pick = clicked(request.POST.get("squeeze") or request.POST.get("pick") or "")
    return named.read(
        location=places.uid_in(request, "location"),
        service=places.uid_in(request, "service"),
        practitioner=pick.practitioner if pick else places.uid_in(request, "practitioner"),
        room=places.uid_in(request, "room"),
    )


def location_for(request: StaffRequest, names: Named | None) -> Location | None:
    if names is None or names.location is None:
        return places.chosen(request, places.locations())
    places.remember(request, names.location)
    return names.location


def _form(request: StaffRequest, desk: Desk, names: Named | None) -> BookForm:
    services = desk.services if names is None or names.service is None else [names.service]
    initial = {} if names else _initial(request, desk)
    return BookForm(posted(request), location=desk.location, named=names, services=services, initial=initial)


def _book(request: StaffRequest, desk: Desk, data: dict[str, Any]) -> Appointment:
    return booking.book(
        patient=desk.patient,
        service=data["service"],
        practitioner=data["who"],
        location=desk.location,
        starts_at=data["starts_at"],
        minutes=data.get("minutes") or desk.minutes,
        room=data.get("room"),
        intervention=desk.part,
        note=data.get("note") or "",
        request_key=data.get("request_key"),
        despite=data["despite"],
        overbook=data.get("overbook") or "",
        by=request.user,
        now=request.now,
    )


def patient_in(request: StaffRequest) -> Patient | None:
    uid = places.uid_in(request, "patient")
    if uid is None:
        return None
    rows = Patient.objects.visible_to(request.user, Can.SEE_PATIENTS, now=request.now)
    return get_object_or_404(rows, uid=uid).survivor


def choose_patient(request: StaffRequest) -> HttpResponse:
    """No patient yet: search, by POST, with the chosen time kept in the way back."""
    typed = request.POST.get("q", "")[:100] if request.method == "POST" else ""
    results = search.find(typed, by=request.user, now=request.now) if typed.strip() else None
    keep = {k: v for k, v in request.GET.items() if k in KEPT}
    context = {"results": results, "typed": typed, "keep": keep}
    return page(request, "scheduling/choose_patient.html", context, partial="results")


def desk_for(request: StaffRequest, location: Location, patient: Patient, names: Named | None = None) -> Desk:
    names = names or Named()
    look_for_services = cache(lambda: list(Service.objects.active().by_name()))
    look_for_parts = cache(lambda: offering.parts_of(patient, by=request.user, now=request.now))
    service = names.service or _service(request, look_for_services)
    at = clicked(request.GET.get("at", ""))
    who = names.practitioner
    if who is None or who.uid != places.uid_in(request, "practitioner"):
        who = places.practitioner_in(request)
    part = _part(request, look_for_parts, service, who)
    if service is None:
        services = look_for_services()
        fitting = [s for s in services if who is None or s.discipline == who.discipline] or services
        service = offering.service_for(part, fitting) if part else offering.usual_service(patient, fitting)
    if who is None and part is not None and "practitioner" not in request.GET and at is None:
        who = Practitioner.objects.select_related("user").filter(pk=part.plan.author_id).first()
    if who is not None and service is not None and who.discipline != service.discipline:
        who = None if at is None else who
    first = offering.first_day(part, location, now=request.now)
    when = at.starts_at if at else places.instant_in(request, "when")
    if when is not None:
        first = time.local_day(when, location.tz)
    day = places.day_in(request, location) if "day" in request.GET else first
    return Desk(
        location=location,
        patient=patient,
        part=part,
        service=service,
        practitioner=who,
        minutes=places.minutes_in(request) or (part.minutes if part else None) or (service.minutes if service else 60),
        day=max(day, first) if "day" not in request.GET else day,
        whole_day=request.GET.get("whole_day") == "1",
        look_for_services=look_for_services,
        look_for_parts=look_for_parts,
        when=None if at else when,
        room=_room(request, location, names),
    )


def _service(request: StaffRequest, look_for_services: Callable[[], list[Service]]) -> Service | None:
    """The one in the address, by itself or by a session of its group."""
    uid, session = places.uid_in(request, "service"), places.uid_in(request, "session")
    if uid is None and session is None:
        return None
    services = look_for_services()
    found = next((s for s in services if s.uid == uid), None)
    if found is None and session is not None:
        found = next((s for s in services if s.is_group and s.sessions.filter(uid=session).exists()), None)
    return found


def _room(request: StaffRequest, location: Location, names: Named) -> Room | None:
    if names.room is None:
        return places.room_in(request, location)
    return names.room if names.room.location_id == location.pk else None


def _part(
    request: StaffRequest, look_for_parts: Callable[[], list[Part]], service: Service | None, who: Practitioner | None
) -> Intervention | None:
    """The part of the plan in the address; else, unless a service was chosen, the first with sessions left.

    A part of another kind than the chosen practitioner's is not a part for this booking.
    """
    wanted = places.uid_in(request, "part")
    if wanted is None and ("part" in request.GET or service is not None or request.method == "POST"):
        return None
    parts = [p for p in look_for_parts() if who is None or p.intervention.kind == who.discipline]
    if wanted is not None:
        return next((p.intervention for p in parts if p.intervention.uid == wanted), None)
    return next((p.intervention for p in parts if p.left), None)


def clicked(text: str) -> Pick | None:
    """A gap of the diary that was clicked, or an offered time: with whom and when."""
    from django.core.exceptions import ValidationError  # noqa: PLC0415 -- only here

    try:
        return Pick.parse(text)
    except ValidationError:
        return None


def _initial(request: StaffRequest, desk: Desk) -> dict[str, Any]:
    at = clicked(request.GET.get("at", ""))
    start = at.starts_at if at else desk.when
    wall = start.astimezone(desk.location.tz) if start else None
    who = at.practitioner if at else desk.practitioner.uid if desk.practitioner else None
    return {
        "service": desk.service.uid if desk.service else None,
        "practitioner": who,
        "day": wall.date() if wall else desk.day,
        "time": wall.time() if wall else None,
        "minutes": desk.minutes,
        "room": desk.room.uid if desk.room else None,
        "request_key": uuid.uuid4(),
    }


def _answer(request: StaffRequest, desk: Desk, form: BookForm, refusal: BookingRefused | None) -> dict[str, Any]:
    """What came of pressing the button, and what can be pressed instead."""
    tried = form.cleaned_data if refusal else {}
    return {
        "patient": desk.patient,
        "location": desk.location,
        "zone": desk.location.zone,
        "form": form,
        "refusal": refusal,
        "alternatives": offering.alternatives(refusal.alternatives) if refusal else [],
        "anyway": anyway(refusal, tried),
        "squeeze": squeeze(request, form, refusal),
        "is_manual": bool(form.errors) or clicked(request.GET.get("at", "")) is not None or desk.when is not None,
    }


def _offers(request: StaffRequest, desk: Desk) -> dict[str, Any]:
    """The rest of the page: what has been decided, and which times are free."""
    assert desk.service is not None
    ask = Ask(
        desk.service,
        desk.location,
        offering.span_from(desk.day, desk.location, now=request.now, only=desk.whole_day),
        practitioners=frozenset({desk.practitioner.pk}) if desk.practitioner else None,
        room=desk.room.pk if desk.room else None,
        minutes=desk.minutes,
        patient=desk.patient,
    )
    days: list[Day] = offering.days(
        ask, known=desk.familiar, now=request.now, only=desk.day if desk.whole_day else None, wish=desk.wish
    )
    at = clicked(request.GET.get("at", ""))
    then = offering.at_that_time(ask, desk.when) if desk.when else []
    return {"desk": desk, "days": days, "wanted": at, "wanted_pick": str(at) if at else "", "then": then}


def squeeze(request: StaffRequest, form: OnTopForm, refusal: BookingRefused | None) -> str:
    """What the button "Overbook" carries: the same time, on top of who has it. For who may; else nothing."""
    if not allows(request.user, Can.OVERBOOK):
        return ""
    if refusal is None:
        return str(form["squeeze"].value() or "")
    tried = form.cleaned_data
    if not refusal.squeezable or not tried.get("who"):
        return ""
    return str(Pick(tried["who"].uid, tried["starts_at"], tuple(sorted(tried.get("despite", ())))))


def anyway(refusal: BookingRefused | None, tried: dict[str, Any]) -> str:
    """What the button "Book all the same" carries: the same time, and the warnings now read."""
    if refusal is None or not refusal.warnings or not tried.get("who"):
        return ""
    rules = {*tried.get("despite", ()), *(finding.rule for finding in refusal.warnings)}
    return str(Pick(tried["who"].uid, tried["starts_at"], tuple(sorted(rules))))
