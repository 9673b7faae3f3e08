"""What the clinic offers and when: services, rooms, devices, hours, absences. For who runs the place."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import time
from clinic.access import Can, allows, requires
from clinic.forms import StaleRecord, TonusModelForm, add_refusal
from clinic.models import Location, Practitioner
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from scheduling import resources
from scheduling.forms.setup import (
    AbsenceForm,
    ClosureForm,
    DeviceForm,
    ExtraHoursForm,
    RoomForm,
    ServiceForm,
    WeekForm,
    initial_week,
)
from scheduling.models import Absence, Closure, Device, ExtraHours, OpeningHours, Room, Service, WorkingHours
from scheduling.resources import NotPossible
from scheduling.touched import Cause
from scheduling.views import places
from scheduling.views.touched import after_absence

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Shelf:
    """One kind of thing that is listed, added, changed, retired and brought back."""

    model: Any
    form: type[TonusModelForm]
    one: str
    many: str
    empty: str
    template: str = "scheduling/setup/form.html"

    @property
    def list_name(self) -> str:
        return f"scheduling:{self.many}"


SERVICES = Shelf(
    Service, ServiceForm, "service", "services", "What can be booked, how long it takes and what it needs.",
    template="scheduling/setup/service_form.html",
)  # fmt: skip
ROOMS = Shelf(Room, RoomForm, "room", "rooms", "Where patients are treated. A room is never booked twice at one time.")
DEVICES = Shelf(Device, DeviceForm, "device", "devices", "Machines that a service may take, and how many there are.")


def listing(shelf: Shelf) -> View:
    @require_safe
    @requires(Can.MANAGE_RESOURCES)
    def shown(request: StaffRequest) -> HttpResponse:
        """All of the kind, the retired ones last."""
        things = sorted(shelf.model.objects.by_name(), key=lambda thing: not thing.is_active)
        return page(request, f"scheduling/setup/{shelf.many}.html", {"shelf": shelf, "things": things})

    return shown


def adding(shelf: Shelf) -> View:
    @require_http_methods(["GET", "HEAD", "POST"])
    @requires(Can.MANAGE_RESOURCES)
    def added(request: StaffRequest) -> HttpResponse:
        """A new one."""
        return _edit(request, shelf, shelf.model())

    return added


def changing(shelf: Shelf) -> View:
    @require_http_methods(["GET", "HEAD", "POST"])
    @requires(Can.MANAGE_RESOURCES)
    def changed(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
        """Of a service the new length holds for visits booked from now on; what is booked stays."""
        return _edit(request, shelf, get_object_or_404(shelf.model, uid=uid))

    return changed


def _edit(request: StaffRequest, shelf: Shelf, thing: Any) -> HttpResponse:
    form = shelf.form(posted(request), instance=thing)
    if request.method == "POST" and form.is_valid():
        try:
            resources.keep(
                form.save(commit=False), by=request.user, now=request.now, revision=form.cleaned_data.get("revision")
            )
        except StaleRecord as stale:
            add_refusal(form, stale)
        else:
            messages.success(request, f"{thing} is saved.")
            return go_to(request, shelf.list_name)
    status = 422 if request.method == "POST" else 200
    return page(request, shelf.template, {"shelf": shelf, "thing": thing, "form": form}, status=status)


def switching(shelf: Shelf, verb: Callable[..., Any], done: str) -> View:
    @require_POST
    @requires(Can.MANAGE_RESOURCES)
    def switched(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
        """Offer it no longer, or again."""
        thing = get_object_or_404(shelf.model, uid=uid)
        try:
            verb(thing, by=request.user, now=request.now)
        except NotPossible as why:
            messages.error(request, str(why))
        else:
            messages.success(request, done.format(thing=thing))
        return go_to(request, shelf.list_name)

    return switched


# -- Hours -----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.MANAGE_RESOURCES)
def hours(request: StaffRequest) -> HttpResponse:
    """When a location is open, and the days on which it is shut."""
    among = places.locations()
    location = places.chosen(request, among)
    if location is None:
        return page(request, "scheduling/no_location.html")
    today = time.local_day(request.now, location.tz)
    rules = OpeningHours.objects.filter(location=location).valid_within(today, today + timedelta(days=366))
    now_valid = [rule for rule in rules if rule.valid_from <= today]
    form = WeekForm(posted(request), today=today, initial=initial_week(now_valid))
    if request.method == "POST" and form.is_valid():
        resources.set_week(
            OpeningHours, {"location": location}, form.stretches(),
            valid_from=form.cleaned_data["valid_from"], by=request.user, now=request.now,
        )  # fmt: skip
        messages.success(request, f"The opening hours of {location} are saved.")
        return go_to(request, f"{request.path}?location={location.uid}")
    context = {
        "form": form,
        "location": location,
        "locations": among,
        "later": [rule for rule in rules.in_order() if rule.valid_from > today],
        "closures": Closure.objects.filter(location=location, ends_on__gte=today).in_order(),
        "closure_form": ClosureForm(),
    }
    return page(request, "scheduling/setup/hours.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.MANAGE_RESOURCES)
def working(request: StaffRequest) -> HttpResponse:
    """When each practitioner works at a location."""
    among = places.locations()
    who = places.practitioner_in(request) or Practitioner.objects.active().by_name().first()
    location = places.chosen(request, among)
    if who is not None and "location" not in request.GET:
        location = places.of_work({who.pk}).get(who.pk, location)
    if location is None or who is None:
        return page(request, "scheduling/no_location.html" if location is None else "scheduling/no_people.html")
    data = posted(request)
    form = WeekForm(data, today=time.local_day(request.now, location.tz)) if data is not None else None
    if request.method == "POST" and form is not None and form.is_valid():
        resources.set_week(
            WorkingHours, {"location": location, "practitioner": who}, form.stretches(),
            valid_from=form.cleaned_data["valid_from"], by=request.user, now=request.now,
        )  # fmt: skip
        messages.success(request, f"The working hours of {who.user.name} at {location} are saved.")
        return go_to(request, f"{request.path}?location={location.uid}&practitioner={who.uid}")
    status = 422 if request.method == "POST" else 200
    return page(
        request, "scheduling/setup/working.html", _hours_of(request, among, location, who, form=form), status=status
    )


def _hours_of(
    request: StaffRequest,
    among: list[Location],
    location: Location,
    who: Practitioner,
    *,
    form: WeekForm | None = None,
    extra: ExtraHoursForm | None = None,
) -> dict[str, Any]:
    """What the page of one practitioner's hours shows; a form that was refused stands in for the empty one."""
    today = time.local_day(request.now, location.tz)
    mine = WorkingHours.objects.filter(location=location, practitioner=who)
    rules = list(mine.valid_within(today, today + timedelta(days=366)).in_order())
    now_valid = [rule for rule in rules if rule.valid_from <= today]
    return {
        "form": form or WeekForm(today=today, initial=initial_week(now_valid)),
        "extra_form": extra or ExtraHoursForm(location=location, today=today),
        "extra": ExtraHours.objects.filter(location=location, practitioner=who, ends_at__gt=request.now).in_order(),
        "location": location,
        "locations": among,
        "zone": location.zone,
        "people": list(Practitioner.objects.active().by_name()),
        "who": who,
        "later": [rule for rule in rules if rule.valid_from > today],
    }


@require_POST
@requires(Can.MANAGE_RESOURCES)
def extra_hours_add(request: StaffRequest) -> HttpResponse:
    """Once, somebody works beyond the weekly hours."""
    among = places.locations()
    location, who = places.chosen(request, among), places.practitioner_in(request)
    if location is None or who is None:
        return page(request, "scheduling/no_location.html" if location is None else "scheduling/no_people.html")
    form = ExtraHoursForm(request.POST, location=location, today=time.local_day(request.now, location.tz))
    if not form.is_valid():
        context = _hours_of(request, among, location, who, extra=form)
        return page(request, "scheduling/setup/working.html", context, status=422)
    span = form.cleaned_data["span"]
    extra = ExtraHours(
        practitioner=who, location=location, starts_at=span.start, ends_at=span.end,
        reason=form.cleaned_data["extra_reason"], recorded_at=request.now, recorded_by=request.user,
    )  # fmt: skip
    resources.add_hours(extra, by=request.user, now=request.now)
    messages.success(request, f"{who.user.name} can be booked then.")
    return go_to(request, f"{reverse('scheduling:working')}?location={location.uid}&practitioner={who.uid}")


@require_POST
@requires(Can.MANAGE_RESOURCES)
def extra_hours_remove(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Not after all; what is booked then stays booked."""
    extra = get_object_or_404(ExtraHours.objects.select_related("practitioner", "location"), uid=uid)
    resources.end_hours(extra, by=request.user, now=request.now)
    messages.success(request, "The extra hours are taken back. What is booked then stays: look at the diary.")
    back = f"{reverse('scheduling:working')}?location={extra.location.uid}&practitioner={extra.practitioner.uid}"
    return go_to(request, back)


@require_POST
@requires(Can.MANAGE_RESOURCES)
def closure_add(request: StaffRequest) -> HttpResponse:
    """Whole days on which the location is shut."""
    location = places.chosen(request, places.locations())
    if location is None:
        return page(request, "scheduling/no_location.html")
    form = ClosureForm(request.POST, instance=Closure(location=location))
    if not form.is_valid():
        context = {"form": form, "location": location}
        return page(request, "scheduling/setup/closure.html", context, status=422)
    closure = form.save(commit=False)
    resources.add_hours(closure, by=request.user, now=request.now)
    messages.success(request, "The closure is saved.")
    if allows(request.user, Can.BOOK) and Cause(closure).visits(request.now).exists():
        return go_to(request, "scheduling:touched_by_closure", closure.uid)
    return go_to(request, "scheduling:hours")


@require_POST
@requires(Can.MANAGE_RESOURCES)
def closure_remove(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The location is open after all."""
    resources.end_hours(get_object_or_404(Closure, uid=uid), by=request.user, now=request.now)
    messages.success(request, "The closure is taken back.")
    return go_to(request, "scheduling:hours")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.MANAGE_RESOURCES)
def absences(request: StaffRequest) -> HttpResponse:
    """Who is away when; adding one leads to the visits that stand in it."""
    location = places.chosen(request, places.locations())
    if location is None:
        return page(request, "scheduling/no_location.html")
    form = AbsenceForm(posted(request), location=location)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        absence, touched = resources.add_absence(
            practitioner=data["practitioner"], kind=data["kind"], starts_at=data["away"].starts_at,
            ends_at=data["away"].ends_at, by=request.user, now=request.now,
        )  # fmt: skip
        return after_absence(request, absence, touched)
    coming = list(Absence.objects.filter(ends_at__gt=request.now).in_order())
    where = places.of_work({one.practitioner_id for one in coming})
    shown = [(one, where.get(one.practitioner_id, location)) for one in coming]
    context = {"form": form, "absences": shown, "location": location}
    return page(request, "scheduling/setup/absences.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@requires(Can.MANAGE_RESOURCES)
def absence_remove(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Not away after all."""
    resources.end_absence(get_object_or_404(Absence, uid=uid), by=request.user, now=request.now)
    messages.success(request, "The absence is taken back.")
    return go_to(request, "scheduling:absences")
