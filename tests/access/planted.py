"""Small views on the real models, right and wrong: each fault is one that was made somewhere in earnest.

Each fault is a URLconf of its own, made by `urlconf(name)`; the right ones are in `SOUND`.
"""

from __future__ import annotations

import sys
import types
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import include, path

from clinic import audit
from clinic.access import Can, allows, public, requires
from clinic.links import Purpose, by_link, by_secret, digest_of
from clinic.models import ActionLink
from clinic.requests import StaffRequest, TimedRequest
from patients.models import Injury, Patient
from scheduling import feeds
from scheduling.feed_entries import content_of
from scheduling.models import Appointment, CalendarFeed
from treatments.models import SessionNote


def _looked(request: StaffRequest, patient: Patient) -> None:
    audit.viewed("planted", by=request.user, now=request.now, patient_uid=patient.uid)


# -- As it should be -----------------------------------------------------------------------------------


@requires(Can.SEE_NOTES)
def sound_note(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(SessionNote.objects.visible_to(request.user, Can.SEE_NOTES, now=request.now), uid=uid)
    _looked(request, note.patient)
    return HttpResponse(note.subjective)


@requires(Can.SEE_HISTORY)
def sound_injury(request: StaffRequest, uid: uuid.UUID, record: uuid.UUID) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.user, Can.SEE_HISTORY, now=request.now), uid=uid)
    injury = get_object_or_404(Injury.objects.for_patient(patient), uid=record)
    _looked(request, patient)
    return HttpResponse(injury.mechanism)


@requires(Can.SEE_NOTES)
def sound_list(request: StaffRequest) -> HttpResponse:
    notes = list(SessionNote.objects.visible_to(request.user, Can.SEE_NOTES, now=request.now).select_related("patient"))
    uids = [note.patient.uid for note in notes]
    audit.viewed_many("planted", by=request.user, now=request.now, patient_uids=uids)
    return HttpResponse(" ".join(note.subjective for note in notes))


@by_link(Purpose.VISIT)
def sound_link(request: TimedRequest, link: ActionLink) -> HttpResponse:
    visit = Appointment.objects.select_related("patient").get(uid=link.subject_uid)
    audit.viewed("planted", by=request.actor, now=request.now, patient_uid=visit.patient.uid)  # type: ignore[attr-defined]
    return HttpResponse(visit.patient.given_name)


@by_secret("calendar", find=feeds.fetched)
def sound_secret(request: TimedRequest, feed: CalendarFeed) -> HttpResponse:
    return HttpResponse(f"{feed.label}: {len(content_of(feed, now=request.now).entries)}")


# -- Faults --------------------------------------------------------------------------------------------


def removed_decorator(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    return HttpResponse(SessionNote.objects.get(uid=uid).subjective)


@requires(Can.SEE_NOTES)
def get_without_scope(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(SessionNote, uid=uid)
    _looked(request, note.patient)
    return HttpResponse(note.subjective)


@requires(Can.SEE_PATIENTS)
def weaker_action(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(SessionNote, uid=uid)
    _looked(request, note.patient)
    return HttpResponse(note.subjective)


@requires(Can.SEE_PATIENTS)
def refusal_with_the_record(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(SessionNote, uid=uid)
    _looked(request, note.patient)
    if not allows(request.user, Can.SEE_NOTES):
        return HttpResponseForbidden(f"Not for you: {note.subjective}")
    return sound_note(request, uid)


@requires(Can.SEE_NOTES)
def list_without_filter(request: StaffRequest) -> HttpResponse:
    notes = list(SessionNote.objects.select_related("patient"))
    uids = [note.patient.uid for note in notes]
    audit.viewed_many("planted", by=request.user, now=request.now, patient_uids=uids)
    return HttpResponse(" ".join(note.subjective for note in notes))


@requires(Can.SEE_NOTES)
def panel_without_audit(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(SessionNote.objects.visible_to(request.user, Can.SEE_NOTES, now=request.now), uid=uid)
    return HttpResponse(note.subjective)


@requires(Can.SEE_HISTORY)
def child_not_checked(request: StaffRequest, uid: uuid.UUID, record: uuid.UUID) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.user, Can.SEE_HISTORY, now=request.now), uid=uid)
    injury = get_object_or_404(Injury, uid=record)
    _looked(request, patient)
    return HttpResponse(injury.mechanism)


@requires(Can.SEE_DIARY)
def address_with_the_name(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(SessionNote.objects.select_related("patient"), uid=uid)
    _looked(request, note.patient)
    return HttpResponseRedirect(f"/?said={note.subjective}")


@requires(Can.SEE_DIARY)
def header_with_the_record(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(SessionNote.objects.select_related("patient"), uid=uid)
    _looked(request, note.patient)
    return HttpResponse("fine", headers={"X-Note": note.subjective})


def only_posts_are_guarded(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    if request.method == "POST":
        return sound_note(request, uid)
    return HttpResponse(SessionNote.objects.get(uid=uid).subjective)


only_posts_are_guarded.policy = sound_note.policy  # type: ignore[attr-defined]


@requires(Can.SEE_NOTES)
def acts_before_it_looks(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = SessionNote.objects.get(uid=uid)
    if request.method == "POST":
        audit.record("planted.changed", by=request.user, now=request.now, subject=note)
    return sound_note(request, uid)


@public("suggestions while typing")
def suggestions_for_everyone(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"names": list(Patient.objects.values_list("family_name", flat=True))})


@requires(Can.SEE_NOTES)
def forbidden_instead_of_absent(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(SessionNote, uid=uid)
    visible = SessionNote.objects.visible_to(request.user, Can.SEE_NOTES, now=request.now)
    if not visible.filter(pk=note.pk).exists():
        return HttpResponseForbidden("That exists, but not for you.")
    _looked(request, note.patient)
    return HttpResponse(note.subjective)


@by_link(Purpose.VISIT)
def link_that_opens_everything(request: TimedRequest, link: ActionLink) -> HttpResponse:
    for patient in Patient.objects.all():
        audit.viewed("planted", by=request.actor, now=request.now, patient_uid=patient.uid)  # type: ignore[attr-defined]
    return HttpResponse(" ".join(Patient.objects.values_list("given_name", flat=True)))


def link_that_never_ends(request: TimedRequest, token: str) -> HttpResponse:
    return HttpResponse("Welcome back")


link_that_never_ends.policy = sound_link.policy  # type: ignore[attr-defined]
link_that_never_ends.login_required = False  # type: ignore[attr-defined]


@by_secret("calendar", find=feeds.fetched)
def calendar_with_the_names(request: TimedRequest, feed: CalendarFeed) -> HttpResponse:
    visits = Appointment.objects.filter(practitioner=feed.practitioner).select_related("patient")
    uids = [visit.patient.uid for visit in visits]
    audit.viewed_many("planted", by=feed.issued_by, now=request.now, patient_uids=uids)
    return HttpResponse(" ".join(visit.patient.given_name for visit in visits))


@by_secret("calendar", find=lambda token, _request: CalendarFeed.objects.filter(digest=digest_of(token)).first())
def secret_that_outlives_its_end(request: TimedRequest, feed: CalendarFeed) -> HttpResponse:
    return HttpResponse(feed.label)


@requires(Can.SEE_NOTES)
def breaks_for_some(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = SessionNote.objects.visible_to(request.user, Can.SEE_NOTES, now=request.now).get(uid=uid)
    _looked(request, note.patient)
    return HttpResponse(note.subjective)


@requires(Can.SEE_NOTES)
def untried(request: StaffRequest, number: int) -> HttpResponse:
    return HttpResponse("nobody says what this is about")


NOTE, INJURY, LIST, TOKEN, NUMBER = "<uuid:uid>/", "<uuid:uid>/<uuid:record>/", "", "<str:token>/", "<int:number>/"
SECRET = "<str:token>.ics"

SOUND: dict[str, tuple[str, Any]] = {
    "note": (NOTE, sound_note),
    "injury": (INJURY, sound_injury),
    "list": (LIST, sound_list),
    "link": (TOKEN, sound_link),
    "secret": (SECRET, sound_secret),
}
#: Name → (pattern, view, the kind of violation that must be found).
FAULTS: dict[str, tuple[str, Any, str]] = {
    "removed decorator": (NOTE, removed_decorator, "no policy"),
    "nobody says what to try it on": (NUMBER, untried, "no sample"),
    "get without scope": (NOTE, get_without_scope, "status"),
    "weaker action than its content": (NOTE, weaker_action, "canary"),
    "refusal that still carries the record": (NOTE, refusal_with_the_record, "canary"),
    "list without filter": (LIST, list_without_filter, "canary"),
    "panel without audit": (NOTE, panel_without_audit, "audit"),
    "child of another patient not checked": (INJURY, child_not_checked, "canary"),
    "address that carries the record": (NOTE, address_with_the_name, "canary"),
    "header that carries the record": (NOTE, header_with_the_record, "canary"),
    "only posts are guarded": (NOTE, only_posts_are_guarded, "canary"),
    "acts before it looks": (NOTE, acts_before_it_looks, "write"),
    "suggestions for everyone": (LIST, suggestions_for_everyone, "canary"),
    "forbidden instead of absent": (NOTE, forbidden_instead_of_absent, "status"),
    "link that opens every patient": (TOKEN, link_that_opens_everything, "canary"),
    "link that never ends": (TOKEN, link_that_never_ends, "status"),
    "calendar that names its patients": (SECRET, calendar_with_the_names, "canary"),
    "secret that still opens when it is revoked": (SECRET, secret_that_outlives_its_end, "status"),
    "breaks on a record that is not theirs": (NOTE, breaks_for_some, "status"),
}


def urlconf(views: dict[str, tuple[str, Any]]) -> str:
    """A URLconf of these views beside the sign-in and the pages that the frame links to."""
    module = types.ModuleType(f"tests.access.planted_{uuid.uuid4().hex}")
    mine = [
        path(f"planted/{name.replace(' ', '-')}/{pattern}", view, name=name) for name, (pattern, view) in views.items()
    ]
    module.urlpatterns = [*mine, path("", include("clinic.urls"))]  # type: ignore[attr-defined]
    for handler in ("handler400", "handler403", "handler404", "handler500"):
        setattr(module, handler, f"clinic.landing.{_HANDLERS[handler]}")
    sys.modules[module.__name__] = module
    return module.__name__


_HANDLERS = {
    "handler400": "bad_request",
    "handler403": "forbidden",
    "handler404": "not_found",
    "handler500": "server_error",
}
