"""The spasm diary by link: one tap writes a spasm down; more may be said, and put right, within a day.

This link is used as often as there are spasms, until it runs out, is renewed or taken back.
"""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from clinic import audit, links
from clinic.links import Purpose, by_link
from clinic.models import ActionLink
from clinic.requests import LinkRequest
from clinic.time import local_day
from portal.diary_forms import SpasmForm, TapForm
from portal.pages import page_for
from treatments import notes, spasms
from treatments.models import SpasmDiary, SpasmEntry
from treatments.spasms import DiaryRefused


def _token(request: LinkRequest) -> str:
    assert request.resolver_match is not None
    return str(request.resolver_match.kwargs["token"])


@by_link(Purpose.SPASM_DIARY)
def diary(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """How bad was it? One tap; below it the last week."""
    kept = spasms.diary_of(link)
    if kept is None:
        return links.gone(request)
    if request.method == "POST":
        form = TapForm(request.POST)
        if form.is_valid():
            made = spasms.note(link=link, now=request.now, **form.cleaned_data)
            return redirect("portal:diary_entry", _token(request), made.uid)
        return _diary_page(request, kept, status=422)
    return _diary_page(request, kept)


def _diary_page(request: LinkRequest, kept: SpasmDiary, *, status: int = 200) -> HttpResponse:
    zone = ZoneInfo(notes.house_zone())
    since = request.now - spasms.SHOWN
    entries = list(SpasmEntry.objects.filter(diary=kept, happened_at__gte=since).standing().newest_first())
    _looked_at(request, kept)
    context = {
        "zone": str(zone),
        "key": uuid.uuid4(),
        "severities": range(1, 11),
        "wrong": status == 422,
        "entries": [(e, e.may_be_corrected(request.now)) for e in entries],
        "today": local_day(request.now, zone),
    }
    return page_for(kept.patient, request, "portal/diary.html", context, status=status)


@by_link(Purpose.SPASM_DIARY)
def entry(request: LinkRequest, link: ActionLink, entry: uuid.UUID) -> HttpResponse:
    """What more there is to say of one spasm; everything may be left empty."""
    found = _entry_of(link, entry)
    if found is None:
        return links.gone(request)
    if not found.may_be_corrected(request.now):
        return _too_late(request, found)
    form = SpasmForm(request.POST if request.method == "POST" else None, entry=found, zone=notes.house_zone())
    if request.method == "POST" and form.is_valid():
        try:
            spasms.correct(link=link, entry=found, now=request.now, **form.cleaned_data)
        except DiaryRefused as refusal:
            form.add_error("happened_at", _(str(refusal)))
        else:
            return redirect("portal:diary", _token(request))
    _looked_at(request, found.diary)
    context, status = {"form": form, "entry": found}, 422 if form.errors else 200
    return page_for(found.diary.patient, request, "portal/diary_entry.html", context, status=status)


@by_link(Purpose.SPASM_DIARY, methods=("POST",))
def remove(request: LinkRequest, link: ActionLink, entry: uuid.UUID) -> HttpResponse:
    """It was a mistake."""
    found = _entry_of(link, entry)
    if found is None:
        return links.gone(request)
    try:
        spasms.remove(link=link, entry=found, now=request.now)
    except DiaryRefused:
        return _too_late(request, found)
    return redirect("portal:diary", _token(request))


def _entry_of(link: ActionLink, uid: uuid.UUID) -> SpasmEntry | None:
    """An entry of this link's diary, while the diary is open; any other does not exist."""
    kept = spasms.diary_of(link)
    if kept is None:
        return None
    return SpasmEntry.objects.standing().select_related("diary__patient").filter(diary=kept, uid=uid).first()


def _too_late(request: LinkRequest, found: SpasmEntry) -> HttpResponse:
    _looked_at(request, found.diary)
    return page_for(found.diary.patient, request, "portal/diary_too_late.html", status=409)


def _looked_at(request: LinkRequest, kept: SpasmDiary) -> None:
    if request.method != "HEAD":
        uid = kept.patient.survivor.uid
        audit.viewed("spasm_diary", by=request.actor, now=request.now, subject=kept, patient_uid=uid)
