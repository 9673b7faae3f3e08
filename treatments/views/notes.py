"""Pages of session notes: the chart that is typed in, the signed note that is read, the list of what is unsigned."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import notes, overview, plans
from treatments.forms.notes import AddendumForm, Chart, LateNoteForm
from treatments.models import Diagnosis, SessionNote
from treatments.views.scope import note_or_404, patient_or_404, today_of


@requires(Can.WRITE_NOTES)
def unsigned(request: StaffRequest) -> HttpResponse:
    """My notes that wait for my signature, the oldest session first."""
    practitioner = request.user.practitioner_or_none
    rows = list(SessionNote.objects.unsigned_by(practitioner).for_list()) if practitioner else []
    mine = SessionNote.objects.visible_to(request.user, Can.WRITE_NOTES, now=request.now)
    in_care = set(mine.filter(pk__in=[note.pk for note in rows]).values_list("pk", flat=True)) if rows else set()
    audit.viewed_many("note.unsigned", by=request.user, now=request.now, patient_uids=(n.patient.uid for n in rows))
    context = {"notes": [(note, note.pk in in_care) for note in rows], "practitioner": practitioner}
    return page(request, "treatments/unsigned.html", context, partial="list")


@requires(Can.WRITE_NOTES)
def note_new(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Start the note of a session that was not booked, or is written down late."""
    patient = patient_or_404(request, uid, Can.WRITE_NOTES)
    author = request.user.practitioner_or_none
    form = LateNoteForm(posted(request), patient=patient, now=request.now, zone=notes.house_zone())
    if request.method == "POST" and form.is_valid() and author:
        d = form.cleaned_data
        note = notes.start(
            patient=patient,
            plan=d["plan"],
            practitioner=author,
            visit_uid=None,
            service_at=d["service_at"],
            by=request.user,
            now=request.now,
        )
        return go_to(request, "treatments:chart", note.uid)
    context = {"form": form, "patient": patient, "author": author}
    return page(request, "treatments/note_new.html", context, status=422 if form.errors else 200)


@requires(Can.SEE_NOTES)
def note(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """A note as it is read, with everything that was added to it."""
    found = note_or_404(request, uid, Can.SEE_NOTES)
    audit.viewed("note", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    return _read(request, found, AddendumForm(posted(request)))


def _read(request: StaffRequest, found: SessionNote, form: AddendumForm) -> HttpResponse:
    context = {
        "note": found,
        "patient": found.patient,
        "form": form,
        "intact": notes.is_intact(found),
        "mine": notes.may_write(found, by=request.user),
    }
    return page(request, "treatments/note.html", context, status=422 if form.errors else 200)


@requires(Can.WRITE_NOTES)
@require_POST
def amend(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Add to a signed note."""
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    form = AddendumForm(request.POST)
    if form.is_valid():
        try:
            notes.amend(found, by=request.user, now=request.now, **form.cleaned_data)
        except notes.NoteRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, "Addendum added.")
            return go_to(request, "treatments:note", found.uid)
    return _read(request, found, form)


# -- The chart -----------------------------------------------------------------------------------------


@requires(Can.WRITE_NOTES)
def chart(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The page a session is written down on. POST keeps what was typed; `sign` asks once, then signs."""
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    if not notes.may_write(found, by=request.user):
        return go_to(request, "treatments:note", found.uid)
    charting = _charting(found, posted(request))
    if request.method != "POST":
        audit.viewed("note.chart", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
        return _chart_page(request, found, charting)
    valid = charting.is_valid()
    try:
        saved = _save(request, found, charting)
    except notes.NoteIsStale as stale:
        return _chart_page(request, stale.stored, charting, status=409, conflict=_differences(stale.stored, charting))
    if not valid:
        return _chart_page(request, saved, charting, status=422)
    if "sign" in request.POST:
        return _ask_to_sign(request, saved)
    messages.success(request, "Draft saved.")
    return go_to(request, "treatments:chart", found.uid)


def _charting(found: SessionNote, data: Any) -> Chart:
    return Chart(data, stored=notes.content_of(found), revision=found.revision)


def _save(request: StaffRequest, found: SessionNote, charting: Chart) -> SessionNote:
    return notes.save_draft(
        found,
        content=charting.content,
        revision=charting.revision,
        looked=notes.CARRIED,
        by=request.user,
        now=request.now,
    )


def _chart_page(
    request: StaffRequest, found: SessionNote, charting: Chart, *, status: int = 200, **more: Any
) -> HttpResponse:
    today = today_of(request)
    episode = found.episode
    if episode and episode.patient_id == found.patient_id:
        episode.patient = found.patient
    context = {
        "note": found,
        "patient": found.patient,
        "episode": episode,
        "chart": charting,
        "last": notes.last_signed(found),
        "diagnoses": list(Diagnosis.objects.filter(episode=episode).standing().newest_first()) if episode else [],
        "gate": overview.gate(plans.verdicts(episode, regions=episode.regions, today=today, now=request.now))
        if episode
        else None,
        **more,
    }
    return page(request, "treatments/chart.html", context, status=status)


@requires(Can.WRITE_NOTES)
@require_POST
def autosave(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Keep what was typed so far; answers with the new revision, or with both versions when they differ."""
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    charting = _charting(found, request.POST)
    charting.is_valid()
    try:
        saved = _save(request, found, charting)
    except notes.NoteIsStale as stale:
        audit.viewed("note.chart", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
        differing = _differences(stale.stored, charting)
        context = {"note": stale.stored, "conflict": differing}
        return page(request, "treatments/chart.html#conflict", context, status=409)
    except notes.NoteRefused as refusal:
        return JsonResponse({"refused": str(refusal)}, status=422)
    at = request.now.astimezone(ZoneInfo(saved.zone))
    return JsonResponse({"revision": saved.revision, "at": f"{at:%H:%M:%S}", "unsaved": charting.unsaved})


def _differences(stored: SessionNote, charting: Chart) -> list[dict[str, Any]]:
    """Field by field where the stored note and the typed one differ, both in words."""
    theirs, mine = notes.content_of(stored), charting.content
    labels = {name: str(field.label) for name, field in charting.form.fields.items()}
    labels |= {"techniques": "Techniques", "exercises": "Exercises"}
    return [
        {
            "name": name,
            "label": labels[name],
            "theirs": _words(getattr(theirs, name)),
            "mine": _words(getattr(mine, name)),
        }
        for name in (*notes.TEXTS, *notes.NUMBERS, "techniques", "exercises")
        if getattr(theirs, name) != getattr(mine, name)
    ]


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return "\n".join(row.words for row in value)
    return "" if value is None else str(value)


@requires(Can.WRITE_NOTES)
@require_POST
def carry(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Keep what was typed, then fill what is still empty from the last note, or from the plan."""
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    charting = _charting(found, request.POST)
    charting.is_valid()
    try:
        found = _save(request, found, charting)
        notes.carry(found, by=request.user, now=request.now)
    except notes.NoteIsStale as stale:
        return _chart_page(request, stale.stored, charting, status=409, conflict=_differences(stale.stored, charting))
    except notes.NoteRefused as refusal:
        messages.error(request, str(refusal))
    return go_to(request, "treatments:chart", found.uid)


def _ask_to_sign(request: StaffRequest, found: SessionNote) -> HttpResponse:
    """The note as it would stand, and the one question."""
    found = note_or_404(request, found.uid, Can.WRITE_NOTES)
    refusal = ""
    try:
        notes.check_can_sign(found, notes.content_of(found), by=request.user, now=request.now)
    except notes.NoteRefused as refused:
        refusal = str(refused)
    context = {"note": found, "patient": found.patient, "refusal": refusal}
    return page(request, "treatments/sign.html", context, status=422 if refusal else 200)


@requires(Can.WRITE_NOTES)
@require_POST
def sign(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Sign the draft as it was shown."""
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    revision = request.POST.get("revision", "")
    try:
        notes.sign(
            found,
            revision=int(revision) if revision.isdecimal() else 0,
            marks=request.POST.get("marks", ""),
            by=request.user,
            now=request.now,
        )
    except notes.NoteRefused as refusal:
        context = {"note": found, "patient": found.patient, "refusal": str(refusal)}
        return page(
            request, "treatments/sign.html", context, status=409 if isinstance(refusal, notes.NoteIsStale) else 422
        )
    messages.success(request, "Note signed.")
    return go_to(request, "treatments:note", found.uid)


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
