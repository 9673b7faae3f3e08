"""The owner's pages: staff, locations, the clinic."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic import geography, invitations, places, second_factor, staff
from clinic.access import Can, requires
from clinic.forms import StaleRecord, add_refusal
from clinic.models import Clinic, Location, User
from clinic.office_forms import ClinicForm, LocationForm, StaffForm
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest

REFUSALS = (staff.StaffRefused, places.PlaceRefused, StaleRecord)


def _answer(request: StaffRequest, template: str, form: Any, **more: Any) -> HttpResponse:
    return page(request, template, {"form": form, **more}, status=422 if form.errors else 200)


def _refuse(form: Any, refusal: Exception) -> None:
    add_refusal(form, refusal, getattr(refusal, "field", None))


# -- Staff ---------------------------------------------------------------------------------------------


@requires(Can.MANAGE_STAFF)
def staff_list(request: StaffRequest) -> HttpResponse:
    """Who works here, as what, and whether they can sign in."""
    people = list(staff.listed())
    secured = second_factor.enrolled_among(people)
    rows = [{"user": user, "practitioner": user.practitioner_or_none, "secured": user.pk in secured} for user in people]
    return page(request, "office/staff_list.html", {"rows": rows})


@requires(Can.MANAGE_STAFF)
def staff_add(request: StaffRequest) -> HttpResponse:
    """Add somebody; they get a mail with a link to choose a password."""
    form = StaffForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            user = staff.add(**form.facts(), by=request.user, now=request.now)
        except REFUSALS as refusal:
            _refuse(form, refusal)
        else:
            invitations.send(user, by=request.user, now=request.now)
            messages.success(request, f"{user.name} is on the staff. An invitation is on its way to {user.email}.")
            return go_to(request, "office:staff")
    return _answer(request, "office/staff_form.html", form)


@requires(Can.MANAGE_STAFF)
def staff_edit(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Correct who somebody is and what they are here for."""
    user = get_object_or_404(User.objects.select_related("practitioner"), uid=uid)
    form = StaffForm(posted(request), initial=StaffForm.initial_of(user))
    if request.method == "POST" and form.is_valid():
        try:
            user = staff.change(
                uid=uid, revision=form.cleaned_data["revision"], **form.facts(), by=request.user, now=request.now
            )
        except REFUSALS as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"{user.name} is changed.")
            return go_to(request, "office:staff")
    return _answer(
        request,
        "office/staff_form.html",
        form,
        person=user,
        secured=second_factor.has_second_factor(user),
        last_owner=staff.is_last_owner(user),
        accepted=user.has_usable_password(),
    )


@requires(Can.MANAGE_STAFF)
@require_POST
def staff_deactivate(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Close a sign-in, at once."""
    get_object_or_404(User, uid=uid)
    try:
        user = staff.deactivate(uid=uid, by=request.user, now=request.now)
    except staff.StaffRefused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, "office:staff_edit", uid)
    messages.success(request, f"{user.name} can no longer sign in. Open pages end with the next click.")
    return go_to(request, "office:staff")


@requires(Can.MANAGE_STAFF)
@require_POST
def staff_reactivate(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Let somebody sign in again."""
    get_object_or_404(User, uid=uid)
    user = staff.reactivate(uid=uid, by=request.user, now=request.now)
    messages.success(request, f"{user.name} can sign in again.")
    return go_to(request, "office:staff_edit", uid)


@requires(Can.MANAGE_STAFF)
@require_POST
def staff_invite(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Send the link to choose a password once more."""
    user = get_object_or_404(User, uid=uid, is_active=True)
    invitations.send(user, by=request.user, now=request.now)
    messages.success(request, f"A link to choose a password is on its way to {user.email}.")
    return go_to(request, "office:staff_edit", uid)


@requires(Can.MANAGE_STAFF)
@require_POST
def staff_start_over(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The phone is lost: a new second factor is enrolled at the next sign-in."""
    get_object_or_404(User, uid=uid)
    user = staff.start_over(uid=uid, by=request.user, now=request.now)
    messages.success(request, f"{user.name} enrols a new second factor at the next sign-in.")
    return go_to(request, "office:staff_edit", uid)


# -- Locations and the clinic --------------------------------------------------------------------------


@requires(Can.MANAGE_CLINIC)
def locations(request: StaffRequest) -> HttpResponse:
    """Where patients are treated."""
    return page(request, "office/locations.html", {"locations": places.listed()})


@requires(Can.MANAGE_CLINIC)
def location_add(request: StaffRequest) -> HttpResponse:
    """Add a place."""
    form = LocationForm(posted(request), initial={"country": Clinic.the().country})
    if request.method == "POST" and form.is_valid():
        try:
            location = places.add_location(**form.facts(), by=request.user, now=request.now)
        except REFUSALS as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"{location.name} is added.")
            return go_to(request, "office:locations")
    return _answer(request, "office/location_form.html", form, zones=geography.zones())


@requires(Can.MANAGE_CLINIC)
def location_edit(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Correct a place."""
    location = get_object_or_404(Location, uid=uid)
    form = LocationForm(posted(request), initial=LocationForm.initial_of(location))
    if request.method == "POST" and form.is_valid():
        try:
            places.change_location(
                uid=uid, revision=form.cleaned_data["revision"], **form.facts(), by=request.user, now=request.now
            )
        except REFUSALS as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"{form.cleaned_data['name']} is changed.")
            return go_to(request, "office:locations")
    return _answer(request, "office/location_form.html", form, zones=geography.zones(), location=location)


@requires(Can.MANAGE_CLINIC)
@require_POST
def location_close(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Take a place out of use."""
    get_object_or_404(Location, uid=uid)
    try:
        location = places.close_location(uid=uid, by=request.user, now=request.now)
    except places.PlaceRefused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, "office:location_edit", uid)
    messages.success(request, f"{location.name} is out of use. Visits already booked there stay.")
    return go_to(request, "office:locations")


@requires(Can.MANAGE_CLINIC)
@require_POST
def location_reopen(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Use a place again."""
    get_object_or_404(Location, uid=uid)
    location = places.reopen_location(uid=uid, by=request.user, now=request.now)
    messages.success(request, f"{location.name} is in use again.")
    return go_to(request, "office:locations")


@requires(Can.MANAGE_CLINIC)
def clinic(request: StaffRequest) -> HttpResponse:
    """What the clinic is called and how it is reached."""
    form = ClinicForm(posted(request), initial=ClinicForm.initial_of(Clinic.the()))
    if request.method == "POST" and form.is_valid():
        try:
            places.change_clinic(
                revision=form.cleaned_data["revision"], **form.facts(), by=request.user, now=request.now
            )
        except REFUSALS as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, "The clinic is changed.")
            return go_to(request, "office:clinic")
    return _answer(request, "office/clinic.html", form)
