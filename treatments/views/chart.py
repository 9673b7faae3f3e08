"""The page a session is written down on: it saves itself, carries over, and leads to the signature."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import accounts, audit
from clinic.access import Can, requires
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import charting, notes, overview
from treatments import gate as gates
from treatments.charting import Reading
from treatments.content import CARRIED, LABELS, PARTS, content_of
from treatments.forms.chart import Chart
from treatments.models import SessionNote
from treatments.states import NotePrivacy
from treatments.views import copies
from treatments.views.notes import unsaved_addendum
from treatments.views.scope import note_or_404, today_of


@requires(Can.WRITE_NOTES)
def chart(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """POST keeps what was typed; `sign` goes on to the signature when nothing stands against it."""
    reading = _read(request, uid)
    form = _form(reading, posted(request))
    if not notes.may_write(reading.note, by=request.user):
        return _signed_meanwhile(request, reading.note, form)
    if request.method != "POST":
        audit.viewed(
            "note.chart", by=request.user, now=request.now, patient_uid=reading.note.patient.uid, subject=reading.note
        )
        return _page(request, reading, form)
    valid = form.is_valid()
    try:
        saved = _save(request, reading.note, form)
        if "sign" in request.POST and valid:
            notes.check_can_sign(saved, content_of(saved), by=request.user, now=request.now)
            return go_to(request, "treatments:sign", uid)
    except notes.NoteRefused as refusal:
        return _refused(request, uid, form, refusal)
    if not valid:
        return _page(request, _read(request, uid), form, status=422)
    messages.success(request, "Draft saved.")
    return go_to(request, "treatments:chart", uid)


def _read(request: StaffRequest, uid: uuid.UUID) -> Reading:
    reading = charting.read(uid, user=request.user, now=request.now)
    if reading is None:
        raise Http404
    return reading


def _form(reading: Reading, data: Any) -> Chart:
    note = reading.note
    return Chart(data, stored=content_of(note), revision=note.revision, catalogue=reading.catalogue)


def _save(request: StaffRequest, found: SessionNote, form: Chart) -> SessionNote:
    return notes.save_draft(
        found, content=form.content, revision=form.revision, looked=form.looked, by=request.user, now=request.now
    )


def _page(request: StaffRequest, reading: Reading, form: Chart, *, status: int = 200, **more: Any) -> HttpResponse:
    note = reading.note
    context = {
        "note": note,
        "patient": note.patient,
        "episode": note.episode,
        "chart": form,
        "lists": form.lists,
        "last": reading.last,
        "carried": [(part, LABELS[part]) for part in CARRIED if part in note.carried],
        "snippets": list(reading.snippets),
        "privacy_is_wide": note.privacy == NotePrivacy.CLINICIANS,
        "copy_name": copies.name(request, note, copies.CHART),
        "copy_key": copies.key(request, note, copies.CHART),
        **more,
    }
    return page(request, "treatments/chart.html", context, status=status)


def _refused(request: StaffRequest, uid: uuid.UUID, form: Chart, refusal: notes.NoteRefused) -> HttpResponse:
    """The page again with all that was typed: beside what another window stored, or beside what stands against it."""
    reading = _read(request, uid)
    if reading.note.is_signed:
        return _signed_meanwhile(request, reading.note, form)
    if isinstance(refusal, notes.NoteIsStale):
        return _page(request, reading, form, status=409, conflict=_differences(refusal.stored, form))
    return _page(request, reading, form, status=422, refusal=str(refusal))


def _signed_meanwhile(request: StaffRequest, note: SessionNote, form: Chart) -> HttpResponse:
    """The note as it was signed; what was typed and is not in it stands in its addendum, still to be added."""
    words: list[str] = []
    if request.method == "POST" and note.is_signed:
        form.is_valid()
        words = [f"{row['label']}: {row['mine']}" for row in _differences(note, form) if row["mine"]]
    return unsaved_addendum(request, note.uid, words) if words else go_to(request, "treatments:note", note.uid)


@requires(Can.WRITE_NOTES)
@require_POST
def autosave(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Keep what was typed so far; answers with the new revision, or with both versions when they differ."""
    reading = _read(request, uid)
    form = _form(reading, request.POST)
    form.is_valid()
    try:
        saved = _save(request, reading.note, form)
    except notes.NoteIsStale as stale:
        note = stale.stored
        audit.viewed("note.chart", by=request.user, now=request.now, patient_uid=note.patient.uid, subject=note)
        context = {"note": note, "conflict": _differences(note, form)}
        return page(request, "treatments/chart.html#conflict", context, status=409)
    except notes.NoteRefused as refusal:
        return JsonResponse({"refused": str(refusal), "signed": isinstance(refusal, notes.NoteIsSigned)}, status=422)
    at = request.now.astimezone(ZoneInfo(saved.zone))
    kept = {"revision": saved.revision, "at": f"{at:%H:%M:%S}", "unsaved": form.unsaved, "carried": saved.carried}
    return JsonResponse(kept)


def _differences(stored: SessionNote, form: Chart) -> list[dict[str, Any]]:
    """Field by field where the stored note and the typed one differ, both in words."""
    theirs, mine = content_of(stored), form.content
    return [
        {
            "name": name,
            "label": LABELS[name],
            "theirs": _words(name, getattr(theirs, name)),
            "mine": _words(name, getattr(mine, name)),
        }
        for name in PARTS
        if getattr(theirs, name) != getattr(mine, name)
    ]


def _words(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        return "\n".join(row.words for row in value)
    if name == "privacy":
        return str(NotePrivacy(value).label)
    return "" if value is None else str(value)


@requires(Can.WRITE_NOTES)
@require_POST
def carry(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Keep what was typed, then fill what is still empty from the last note, or from the plan."""
    reading = _read(request, uid)
    form = _form(reading, request.POST)
    form.is_valid()
    try:
        saved = _save(request, reading.note, form)
        notes.carry(saved, by=request.user, now=request.now)
    except notes.NoteRefused as refusal:
        return _refused(request, uid, form, refusal)
    return go_to(request, "treatments:chart", uid)


@requires(Can.WRITE_NOTES)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The note as it stands, and the one question; a POST signs it as it was shown.

    Who signed in more than a few minutes ago shows first that it is they: what was typed is stored by then.
    """
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    try:
        notes.check_can_sign(found, content_of(found), by=request.user, now=request.now)
        if not accounts.vouched_lately(request):
            return accounts.ask_again(resolve_url("treatments:sign", uid))
        if request.method == "POST":
            said = request.POST.get("revision", "")
            revision = int(said) if said.isdecimal() and len(said) < 10 else 0
            notes.sign(found, revision=revision, marks=request.POST.get("marks", ""), by=request.user, now=request.now)
            messages.success(request, "Note signed.")
            return go_to(request, "treatments:note", uid)
    except notes.NoteRefused as refusal:
        stale = isinstance(refusal, notes.NoteIsStale)
        return _sign_page(request, found, refusal=str(refusal), status=409 if stale else 422)
    return _sign_page(request, found)


def _sign_page(request: StaffRequest, found: SessionNote, *, refusal: str = "", status: int = 200) -> HttpResponse:
    audit.viewed("note.chart", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    context = {"note": found, "patient": found.patient, "refusal": refusal, "copy_names": copies.names(request, found)}
    return page(request, "treatments/sign.html", context, status=status)


@requires(Can.WRITE_NOTES)
@require_POST
def discard(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Take back an empty note."""
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    try:
        notes.discard(found, by=request.user, now=request.now)
    except notes.NoteRefused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, "treatments:chart", found.uid)
    messages.success(request, "The empty note is taken back.")
    return go_to(request, "treatments:unsigned")


@requires(Can.WRITE_NOTES)
@require_safe
def gate(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Above the chart: the cause, and what is said of each technique for this patient today."""
    seen = SessionNote.objects.visible_to(request.user, Can.WRITE_NOTES, now=request.now)
    found = get_object_or_404(seen.select_related("patient", "episode__patient"), uid=uid)
    audit.viewed("note.chart", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    episode = found.episode
    reading = gates.read(episode, today=today_of(request), now=request.now) if episode else None
    context = {
        "note": found,
        "patient": found.patient,
        "episode": episode,
        "reading": reading,
        "gate": overview.gate(reading.each(episode.regions)) if reading and episode else None,
    }
    return page(request, "treatments/chart_gate.html", context, partial="gate")
