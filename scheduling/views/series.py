"""Series: the sheet of dates before booking, the series as a whole, and changing or calling off what is to come."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from clinic import audit, time
from clinic.access import Can, requires
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from scheduling import offering, recurrence, series, series_changes
from scheduling.availability import Ask
from scheduling.forms.booking import Pick
from scheduling.forms.series import COUNT, AlterForm, CallOffSeriesForm, DayTimeForm, RepeatForm, repeat_of
from scheduling.models import Appointment, Series
from scheduling.outlook import Common, Row
from scheduling.series import Plan
from scheduling.series_changes import Alteration
from scheduling.views import book as booking_page
from scheduling.views import places, series_sheet
from scheduling.views.series_sheet import Sheet
from scheduling.visits import BookingRefused

#: Buttons that book or change, and those that only look again.
ALL, GOOD = "all", "good"


# -- Before booking --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def new(request: StaffRequest) -> HttpResponse:
    """The rule stands in the address, what was decided about each date in the form. Only two buttons write."""
    location = places.chosen(request, places.locations())
    if location is None:
        return page(request, "scheduling/no_location.html")
    patient = booking_page.patient_in(request)
    if patient is None:
        return booking_page.choose_patient(request)
    desk = booking_page.desk_for(request, location, patient)
    if desk.service is None or desk.service.is_group:
        return go_to(request, f"{reverse('scheduling:book')}?{urlencode({'patient': patient.uid})}")
    typed = _typed(request, desk)
    form = RepeatForm(
        typed or None, location=location, service=desk.service, today=time.local_day(request.now, location.tz)
    )
    audit.viewed_once("series", by=request.user, now=request.now, patient_uid=patient.uid)
    shared = {"desk": desk, "patient": patient, "location": location, "zone": location.zone, "form": form}
    shared["here"] = f"{reverse('scheduling:series_new')}?{typed.urlencode()}"
    if not form.is_valid() or form.rule is None:
        return page(request, "scheduling/series_new.html", shared, status=422 if typed and form.errors else 200)
    return _look_or_book(request, _plan(desk, form, form.rule), shared)


def _typed(request: StaffRequest, desk: booking_page.Desk) -> QueryDict:
    """The rule in the address; at first the one that the plan, a clicked gap or the first free time suggest."""
    if "time" in request.GET:
        return request.GET
    found = QueryDict(mutable=True)
    start = _first_time(request, desk)
    if start is None or desk.service is None:
        return found
    pick, part = start, desk.part
    wall = pick.starts_at.astimezone(desk.location.tz)
    left = next((p.left for p in desk.parts if part and p.intervention == part), 0) if part else 0
    rule = recurrence.suggested(wall.date(), days_between=(part.days_between or 7) if part else 7, sessions=left or 6)
    found.update({
        "patient": str(desk.patient.uid), "part": str(part.uid) if part else "", "service": str(desk.service.uid),
        "location": str(desk.location.uid), "practitioner": str(pick.practitioner), "first": f"{wall:%Y-%m-%d}",
        "time": f"{wall:%H:%M}", "minutes": str(desk.minutes), "repeat": repeat_of(rule), "ends": COUNT,
        "count": str(rule.count), "room": "",
    })  # fmt: skip
    found.setlist("on", [str(day) for day in sorted(rule.weekdays)])
    return found


def _first_time(request: StaffRequest, desk: booking_page.Desk) -> Pick | None:
    """The gap that was clicked; else the best free time of the first day that has one."""
    if at := booking_page.clicked(request.GET.get("at", "")):
        return at
    assert desk.service is not None
    ask = Ask(
        desk.service,
        desk.location,
        offering.span_from(desk.day, desk.location, now=request.now),
        practitioners=frozenset({desk.practitioner.pk}) if desk.practitioner else None,
        minutes=desk.minutes,
        patient=desk.patient,
        now=request.now,
    )
    days = offering.days(ask, known=desk.familiar, now=request.now)
    offers = [offer for day in days[:1] for offer in day.offers]
    best = next((offer for offer in offers if offer.is_best), next(iter(offers), None))
    return Pick.parse(best.pick) if best else None


def _plan(desk: booking_page.Desk, form: RepeatForm, rule: recurrence.Recurrence) -> Plan:
    data = form.cleaned_data
    assert desk.service is not None
    common = Common(desk.patient, desk.service, desk.location, data["minutes"], data.get("room"), desk.part)
    return Plan(common, data["practitioner"], rule, data["time"])


def _look_or_book(request: StaffRequest, plan: Plan, shared: dict[str, Any]) -> HttpResponse:
    sheet = series_sheet.read(request, plan.wanted(), plan.common.location)
    key = places.uid_in(request, "request_key") or uuid.uuid4()
    note, refusal = request.POST.get("note", "")[:200], None
    if sheet.act in (ALL, GOOD):
        try:
            made = series.book(
                plan=plan,
                wanted=sheet.wanted,
                leave_rest=sheet.act == GOOD,
                note=note,
                request_key=key,
                by=request.user,
                now=request.now,
            )
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, _booked(made))
            return go_to(request, "scheduling:series", made.uid)
    rows = sheet.look(plan.common, now=request.now)
    shared |= {"request_key": key, "note": note, "rule": plan.rule, "wall": plan.wall, "what": "visit"}
    return _show(request, "scheduling/series_new.html", sheet, rows, shared=shared, refusal=refusal)


def _booked(made: Series) -> str:
    waiting = len(made.to_place)
    if not waiting:
        return "Booked as a series."
    return f"Booked. {waiting} date{' is' if waiting == 1 else 's are'} left on the desk to be placed."


def _show(
    request: StaffRequest,
    template: str,
    sheet: Sheet,
    rows: list[Row],
    *,
    shared: dict[str, Any],
    refusal: BookingRefused | None,
) -> HttpResponse:
    """The sheet, and what came of the button: 409 when somebody else was faster, 422 when something is not settled."""
    kept = [row for row in rows if row.is_kept]
    good = sum(row.is_settled for row in kept)
    context = shared | {
        "lines": sheet.lines(rows),
        "refusal": refusal,
        "kept": len(kept),
        "good": good,
        "unsettled": len(kept) - good,
        "left": len(rows) - len(kept),
        "fixable": sum(bool(row.fixes) for row in kept if not row.is_settled),
        "warned": sum(bool(row.unread and not row.blocks) for row in kept),
    }
    status = 409 if refusal else 422 if sheet.errors else 200
    return page(request, template, context, status=status, partial="sheet")


# -- A series --------------------------------------------------------------------------------------------


@require_safe
@requires(Can.SEE_DIARY)
def shown(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Its visits, by time; the days that wait to be placed; and what it was before it was changed."""
    one, line = _line(request, uid)
    visits = list(Appointment.objects.in_line(one.line).select_related("series__location").for_diary())
    coming = [visit for visit in visits if visit.status == "booked" and visit.starts_at > request.now]
    audit.viewed("series", by=request.user, now=request.now, patient_uid=one.patient.uid, subject=one)
    context = {
        "series": line[-1],
        "patient": one.patient,
        "zone": one.location.zone,
        "line": line,
        "visits": visits,
        "standing": [visit for visit in visits if visit.status != "cancelled"],
        "coming": coming,
        "to_place": [(rule, _days_to_place(rule)) for rule in line if rule.to_place],
    }
    return page(request, "scheduling/series.html", context)


def _line(request: StaffRequest, uid: uuid.UUID) -> tuple[Series, list[Series]]:
    rows = Series.objects.for_page().visible_to(request.user)
    one = get_object_or_404(rows, uid=uid)
    return one, list(rows.in_line(one.line))


def _days_to_place(rule: Series) -> list[datetime]:
    return [recurrence.instant(day, rule.wall, rule.location.tz).at for day in rule.to_place]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def rest(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Place the days that could not be had at first, or give them up."""
    one, _ = _line(request, uid)
    if not one.to_place:
        return go_to(request, "scheduling:series", one.uid)
    plan = series.plan_of(one)
    sheet = series_sheet.read(request, plan.wanted(one.to_place), one.location)
    refusal = None
    if sheet.act == ALL:
        try:
            series.place_rest(series=one, wanted=sheet.wanted, by=request.user, now=request.now)
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, "Placed.")
            return go_to(request, "scheduling:series", one.uid)
    audit.viewed_once("series", by=request.user, now=request.now, patient_uid=one.patient.uid)
    shared = {"series": one, "patient": one.patient, "location": one.location, "zone": one.location.zone}
    shared |= {"here": reverse("scheduling:series_rest", args=[one.uid]), "what": "day"}
    shared["people"] = DayTimeForm(location=one.location, service=one.service).people
    rows = sheet.look(plan.common, now=request.now)
    return _show(request, "scheduling/series_rest.html", sheet, rows, shared=shared, refusal=refusal)


# -- Change and call off ---------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def change(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """From one visit on, or all that have not begun: what becomes of each, then all or none."""
    one, line = _line(request, uid)
    since = _since(request, one)
    coming = series_changes.coming(one.line, since=since.starts_at if since else None, now=request.now)
    shared = {"series": line[-1], "patient": one.patient, "location": one.location, "zone": one.location.zone}
    shared |= {"since": since, "coming": coming, "alone": [visit for visit in coming if visit.is_changed_alone]}
    audit.viewed_once("series", by=request.user, now=request.now, patient_uid=one.patient.uid)
    if not coming:
        return page(request, "scheduling/series_change.html", shared)
    typed = _typed_change(request, coming, since)
    weekdays = frozenset(line[-1].weekdays) or frozenset({coming[0].starts_at.astimezone(one.location.tz).weekday()})
    form = AlterForm(typed, location=one.location, service=one.service, weekdays=weekdays)
    also = set(typed.getlist("also"))
    shared |= {
        "form": form,
        "also": also,
        "here": f"{reverse('scheduling:series_change', args=[one.uid])}?{typed.urlencode()}",
    }
    visits = [visit for visit in coming if not visit.is_changed_alone or str(visit.uid) in also]
    if not form.is_valid() or not visits:
        return page(request, "scheduling/series_change.html", shared, status=422 if form.errors else 200)
    data = form.cleaned_data
    to = Alteration(data["practitioner"], data["time"], data["minutes"], data.get("room"), data["shift"])
    return _look_or_change(request, to, visits, shared)


def _since(request: StaffRequest, one: Series) -> Appointment | None:
    """The visit from which on; None: all that have not begun."""
    wanted = places.uid_in(request, "from")
    return Appointment.objects.in_line(one.line).filter(uid=wanted).first() if wanted else None


def _typed_change(request: StaffRequest, coming: list[Appointment], since: Appointment | None) -> QueryDict:
    if "time" in request.GET:
        return request.GET
    found = QueryDict(mutable=True)
    rule = next((visit.series for visit in coming if not visit.is_changed_alone), coming[-1].series)
    assert rule is not None
    found.update({
        "from": str(since.uid) if since else "", "practitioner": str(rule.practitioner.uid),
        "time": f"{rule.wall:%H:%M}", "minutes": str(rule.minutes), "room": str(rule.room.uid) if rule.room else "",
        "shift": "0",
    })  # fmt: skip
    return found


def _look_or_change(
    request: StaffRequest, to: Alteration, visits: list[Appointment], shared: dict[str, Any]
) -> HttpResponse:
    sheet = series_sheet.read(request, to.wanted(visits), visits[0].location)
    refusal = None
    if _changed_since(request, visits):
        refusal = BookingRefused("Somebody changed this series a moment ago. Look at it as it is now.", stale=True)
    elif sheet.act in (ALL, GOOD):
        try:
            moved = series_changes.change(
                to=to, wanted=sheet.wanted, leave_rest=sheet.act == GOOD, by=request.user, now=request.now
            )
        except BookingRefused as why:
            refusal = why
        else:
            count = len(moved)
            messages.success(request, f"{count} visit{'' if count == 1 else 's'} changed. The patient is told once.")
            assert moved[0].series is not None
            return go_to(request, "scheduling:series", moved[0].series.uid)
    kept = {one.moving.pk for one in sheet.wanted if one.moving is not None and not one.is_left_out}
    rows = sheet.look(to.common(visits, kept), now=request.now)
    shared |= {"what": "visit", "seen": _seen(visits)}
    return _show(request, "scheduling/series_change.html", sheet, rows, shared=shared, refusal=refusal)


def _seen(visits: list[Appointment]) -> str:
    """The visits as they are on the page: one that was changed since makes it another."""
    return ",".join(f"{visit.uid}.{visit.version}" for visit in visits)


def _changed_since(request: StaffRequest, visits: list[Appointment]) -> bool:
    seen = request.POST.get("seen", "")
    return bool(seen) and seen != _seen(visits)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def call_off(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Asks once, which visits, by whom and why."""
    one, line = _line(request, uid)
    since = _since(request, one)
    coming = series_changes.coming(one.line, since=since.starts_at if since else None, now=request.now)
    plain = [f"{visit.uid}.{visit.version}" for visit in coming if not visit.is_changed_alone]
    form = CallOffSeriesForm(posted(request), visits=coming, initial={"visits": plain})
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            gone = series_changes.call_off(by=request.user, now=request.now, **form.cleaned_data)
        except BookingRefused as why:
            refusal = why
        else:
            messages.success(request, f"{len(gone)} called off. Their times are free again.")
            return go_to(request, "scheduling:series", one.uid)
    status = 409 if refusal else 422 if request.method == "POST" else 200
    chosen = set(form["visits"].value() or ())
    rows = [{"visit": visit, "key": key, "is_chosen": key in chosen} for key, visit in form.by_key.items()]
    context = {"series": line[-1], "patient": one.patient, "zone": one.location.zone, "form": form, "rows": rows}
    audit.viewed_once("series", by=request.user, now=request.now, patient_uid=one.patient.uid)
    return page(
        request, "scheduling/series_call_off.html", context | {"refusal": refusal, "since": since}, status=status
    )
