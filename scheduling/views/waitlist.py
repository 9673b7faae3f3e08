"""The waitlist at the desk: who waits, what is offered and until when, and everything that can be done about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import StaleRecord, add_refusal
from clinic.models import Practitioner
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients import search
from patients.models import Patient
from scheduling import freed, offering, offers, preferences, waitlist, waitlist_rows
from scheduling.booking import BookingRefused
from scheduling.forms.booking import Pick
from scheduling.forms.waitlist import WhyForm, WishForm
from scheduling.models import Appointment, GroupSession, Service, WaitlistEntry, WaitlistOffer
from scheduling.offers import OfferOver
from scheduling.views import places
from treatments.models import Intervention

#: The lists of the page.
LISTS = {"open": "On the list", "offered": "Offered a time", "ended": "Left the list"}
ROWS = 200


@require_safe
@requires(Can.SEE_DIARY)
def listing(request: StaffRequest) -> HttpResponse:
    """Who waits, in order; what is offered to whom, until when. Refreshes itself: 204 while nothing changed."""
    stamp = waitlist_rows.stamp()
    if request.GET.get("seen") == stamp:
        return HttpResponse(status=204)
    show = request.GET.get("show", "open")
    found = waitlist_rows.filtered(WaitlistEntry.objects.visible_to(request.user), show if show in LISTS else "open")
    service, who = places.uid_in(request, "service"), places.practitioner_in(request)
    if service is not None:
        found = found.filter(service__uid=service)
    if who is not None:
        found = found.by_whom(who)
    rows = waitlist_rows.rows_of(found.for_list()[:ROWS])
    seen = dict.fromkeys(row.entry.patient.survivor.uid for row in rows)
    audit.viewed_many("waitlist", by=request.user, now=request.now, patient_uids=seen)
    location = places.chosen(request, places.locations())
    context = {
        "rows": rows,
        "free": freed.known(now=request.now) if show != "ended" else [],
        "lists": LISTS,
        "show": show if show in LISTS else "open",
        "service": service,
        "who": who,
        "services": Service.objects.active().by_name(),
        "people": Practitioner.objects.active().by_name(),
        "zone": location.zone if location else "UTC",
        "stamp": stamp,
    }
    return page(request, "scheduling/waitlist.html", context, partial="rows")


# -- Put on, change --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def add(request: StaffRequest) -> HttpResponse:
    """Choose a patient, then what suits: what was decided on the page before is filled in."""
    patient = _patient(request)
    if patient is None:
        return _choose_patient(request)
    visit, part = _visit(request, patient), _part(request, patient)
    form = WishForm(posted(request), fixed=visit.service if visit else None, initial=_initial(request, patient, part))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            service = visit.service if visit else form.cleaned_data["service"]
            try:
                new = waitlist.put_on(
                    patient=patient, service=service, wish=form.wish(), intervention=part, earlier_than=visit,
                    by=request.user, now=request.now,
                )  # fmt: skip
            except BookingRefused as refusal:
                add_refusal(form, refusal)
                status = 409
            else:
                messages.success(request, f"{patient.display_name} is on the waitlist.")
                return go_to(request, "scheduling:waitlist_entry", new.uid)
    audit.viewed_once("waitlist", by=request.user, now=request.now, patient_uid=patient.uid)
    context = {"form": form, "patient": patient, "visit": visit, "part": part}
    return page(request, "scheduling/waitlist_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def change(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Other wishes; the place in the order stays."""
    shown = _entry(request, uid)
    form = WishForm(posted(request), fixed=shown.service, initial=WishForm.initial_of(shown))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            revision = form.cleaned_data["revision"]
            try:
                waitlist.change(entry=shown, wish=form.wish(), revision=revision, by=request.user, now=request.now)
            except (BookingRefused, StaleRecord) as refusal:
                add_refusal(form, refusal)
                status = 409
            else:
                messages.success(request, "Changed.")
                return go_to(request, "scheduling:waitlist_entry", uid)
    _looked(request, shown)
    context = {"form": form, "patient": shown.patient.survivor, "entry": shown, "visit": shown.earlier_than}
    return page(request, "scheduling/waitlist_form.html", context, status=status)


# -- One entry -------------------------------------------------------------------------------------------


@require_safe
@requires(Can.SEE_DIARY)
def entry(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """What suits, what was offered, what is free now and can be offered."""
    shown = _entry(request, uid)
    _looked(request, shown)
    among = places.locations()
    wanted = {one.pk for one in shown.locations.all()}
    among = [one for one in among if not wanted or one.pk in wanted] or among
    location = places.chosen(request, among)
    made = list(shown.offers.for_list())
    told = waitlist_rows.messages_about(made)
    waits = location is not None and shown.status == "waiting"
    seen = WaitlistEntry.objects.visible_to(request.user, Can.SEE_PLANS, now=request.now)
    context = {
        "entry": shown,
        "patient": shown.patient.survivor,
        "wishes": waitlist_rows.wishes_in_words(shown),
        "offers": [(one, told.get(one.uid)) for one in made],
        "out": next((one for one in made if one.is_pending), None),
        "locations": among,
        "location": location,
        "zone": location.zone if location else "UTC",
        "days": waitlist_rows.free_for(shown, location, now=request.now) if location and waits else [],
        "sessions": waitlist_rows.sessions_for(shown, now=request.now) if waits else [],
        "part": shown.intervention if shown.intervention_id and seen.filter(pk=shown.pk).exists() else None,
        "why": WhyForm(),
    }
    return page(request, "scheduling/waitlist_entry.html", context)


@require_POST
@requires(Can.BOOK)
def offer_now(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The desk chose a time: it is kept, and the patient is told."""
    shown = _entry(request, uid)
    place = _place(request)
    if place is None:
        messages.error(request, "Choose one of the times that are offered.")
        return go_to(request, "scheduling:waitlist_entry", uid)
    try:
        made = offers.make_by_hand(entry=shown, by=request.user, now=request.now, **place)
    except BookingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        told = "Call them now." if made.by_phone else "They are told by message."
        messages.success(request, f"The time is kept for {shown.patient.survivor.display_name}. {told}")
    return go_to(request, "scheduling:waitlist_entry", uid)


def _place(request: StaffRequest) -> dict[str, Any] | None:
    """The time of the button that was pressed, or the session."""
    if session_uid := places.uid_in(request, "session"):
        session = GroupSession.objects.visible_to(request.user).for_page().filter(uid=session_uid).first()
        if session is None:
            return None
        names = ("practitioner", "location", "starts_at")
        return {"session": session} | {name: getattr(session, name) for name in names}
    location = places.chosen(request, places.locations())
    try:
        pick = Pick.parse(request.POST.get("pick", ""))
    except Exception:
        return None
    who = Practitioner.objects.active().select_related("user").filter(uid=pick.practitioner).first()
    if who is None or location is None:
        return None
    return {"practitioner": who, "location": location, "starts_at": pick.starts_at}


@require_POST
@requires(Can.BOOK)
def withdraw(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    shown = _entry(request, uid)
    try:
        offers.withdraw(entry=shown, reason=_reason(request), by=request.user, now=request.now)
    except BookingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{shown.patient.survivor.display_name} is off the waitlist.")
    return go_to(request, "scheduling:waitlist_entry", uid)


@require_POST
@requires(Can.BOOK)
def again(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Taken off by mistake."""
    try:
        waitlist.take_up_again(entry=_entry(request, uid), by=request.user, now=request.now)
    except BookingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Back on the waitlist, at the old place.")
    return go_to(request, "scheduling:waitlist_entry", uid)


# -- One offer -------------------------------------------------------------------------------------------

OVER = "That offer is over: it was answered, taken back, or has run out."


def on_offer(act: Callable[[StaffRequest, WaitlistOffer], str]) -> Callable[..., HttpResponse]:
    """A view for one button about an offer that is out: do it, say so, go back to the entry."""

    @require_POST
    @requires(Can.BOOK)
    def pressed(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
        shown = get_object_or_404(WaitlistOffer.objects.visible_to(request.user).for_verb(), uid=uid)
        try:
            messages.success(request, act(request, shown))
        except OfferOver:
            messages.error(request, OVER)
        except BookingRefused as refusal:
            messages.error(request, str(refusal))
        return go_to(request, "scheduling:waitlist_entry", shown.entry.uid)

    return pressed


def _phoned(request: StaffRequest, shown: WaitlistOffer) -> str:
    offers.mark_phoned(offer=shown, by=request.user, now=request.now)
    return "Noted: called. The time is kept until it runs out."


def _taken(request: StaffRequest, shown: WaitlistOffer) -> str:
    offers.accept(offer=shown, by=request.user, now=request.now)
    return "Booked." if shown.entry.earlier_than_id is None else "Moved to the earlier time."


def _declined(request: StaffRequest, shown: WaitlistOffer) -> str:
    if not offers.decline(offer=shown, by=request.user, now=request.now):
        raise OfferOver
    return "Noted: they do not want it. The next is asked."


def _taken_back(request: StaffRequest, shown: WaitlistOffer) -> str:
    if not offers.take_back(offer=shown, why=_reason(request), by=request.user, now=request.now):
        raise OfferOver
    return "Taken back. Its time is free."


phoned, taken, declined, take_back = (on_offer(act) for act in (_phoned, _taken, _declined, _taken_back))


# -- Parts -----------------------------------------------------------------------------------------------


def _entry(request: StaffRequest, uid: uuid.UUID) -> WaitlistEntry:
    rows = WaitlistEntry.objects.visible_to(request.user).for_list()
    return get_object_or_404(rows.select_related("intervention__plan__episode", "visit", "asked_by"), uid=uid)


def _reason(request: StaffRequest) -> str:
    form = WhyForm(request.POST)
    return form.cleaned_data["reason"] if form.is_valid() else request.POST.get("reason", "")[:200]


def _looked(request: StaffRequest, shown: WaitlistEntry) -> None:
    uid = shown.patient.survivor.uid
    audit.viewed("waitlist", by=request.user, now=request.now, patient_uid=uid, subject=shown)


def _patient(request: StaffRequest) -> Patient | None:
    uid = places.uid_in(request, "patient")
    if uid is None:
        return None
    rows = Patient.objects.select_related("merged_into").visible_to(request.user, Can.SEE_PATIENTS, now=request.now)
    return get_object_or_404(rows, uid=uid).survivor


def _choose_patient(request: StaffRequest) -> HttpResponse:
    typed = request.POST.get("q", "")[:100] if request.method == "POST" else ""
    results = search.find(typed, by=request.user, now=request.now) if typed.strip() else None
    context = {"results": results, "typed": typed, "heading": "Put on the waitlist", "to": request.path}
    return page(request, "scheduling/choose_patient.html", context, partial="results")


def _visit(request: StaffRequest, patient: Patient) -> Appointment | None:
    """The visit that would be moved to an earlier time."""
    uid = places.uid_in(request, "visit")
    if uid is None:
        return None
    return get_object_or_404(Appointment.objects.visible_to(request.user).for_patient(patient).for_page(), uid=uid)


def _part(request: StaffRequest, patient: Patient) -> Intervention | None:
    wanted = places.uid_in(request, "part")
    if wanted is None:
        return None
    parts = offering.parts_of(patient, by=request.user, now=request.now)
    return next((one.intervention for one in parts if one.intervention.uid == wanted), None)


def _initial(request: StaffRequest, patient: Patient, part: Intervention | None) -> dict[str, Any]:
    said = WishForm.initial_from(preferences.of(patient))
    said["service"] = places.uid_in(request, "service")
    if part is not None:
        said["minutes"] = part.minutes
    if who := places.uid_in(request, "practitioner"):
        said["practitioners"] = [who]
    return said
