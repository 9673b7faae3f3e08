"""Pages of session notes: the one that is started late, the signed one that is read, the lists of what waits."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.views.decorators.http import require_POST, require_safe

from clinic import accounts, audit, documents
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.models import Practitioner
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import cosigning, notes
from treatments import note_paper as paper
from treatments.forms.notes import AddendumForm, CoSignForm, LateNoteForm
from treatments.models import SessionNote
from treatments.views.scope import note_or_404, patient_or_404


@requires(Can.WRITE_NOTES)
def unsigned(request: StaffRequest) -> HttpResponse:
    """My notes that wait for my signature, and others' that wait for my co-signature; the oldest session first."""
    practitioner = request.user.practitioner_or_none
    rows = list(SessionNote.objects.unsigned_by(practitioner).for_list()) if practitioner else []
    waiting = _to_cosign(practitioner) if practitioner else []
    mine = SessionNote.objects.visible_to(request.user, Can.WRITE_NOTES, now=request.now)
    in_care = set(mine.filter(pk__in=[note.pk for note in rows]).values_list("pk", flat=True)) if rows else set()
    shown = dict.fromkeys(n.patient.uid for n in (*rows, *waiting))
    audit.viewed_many("note.unsigned", by=request.user, now=request.now, patient_uids=shown)
    context = {
        "notes": [(note, note.pk in in_care) for note in rows],
        "to_cosign": waiting,
        "practitioner": practitioner,
    }
    return page(request, "treatments/unsigned.html", context, partial="list")


def _to_cosign(practitioner: Practitioner) -> list[SessionNote]:
    return list(SessionNote.objects.to_cosign(practitioner).order_by("service_at", "pk").for_list())


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
    return _read(request, found, AddendumForm(posted(request)), CoSignForm())


@require_safe
@requires(Can.SEE_NOTES)
def note_paper(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The note as a PDF: the original, both signatures, and every addendum after it."""
    found = note_or_404(request, uid, Can.SEE_NOTES)
    audit.viewed("note.paper", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    return documents.answer(paper.paper(found), "session-note")


def unsaved_addendum(request: StaffRequest, uid: uuid.UUID, words: Sequence[str]) -> HttpResponse:
    """A note that was signed while somebody went on typing in it: their words wait in an addendum, nothing is lost."""
    form = AddendumForm(initial={"text": "\n".join(words), "reason": "Typed before it was signed"})
    return _read(request, note_or_404(request, uid, Can.WRITE_NOTES), form, CoSignForm(), status=409, came_late=True)


def _read(
    request: StaffRequest,
    found: SessionNote,
    form: AddendumForm,
    cosign_form: CoSignForm,
    *,
    status: int = 200,
    came_late: bool = False,
) -> HttpResponse:
    audit.viewed("note", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    context = {
        "note": found,
        "patient": found.patient,
        "form": form,
        "came_late": came_late,
        "cosign_form": cosign_form,
        "intact": notes.is_intact(found),
        "mine": notes.may_write(found, by=request.user),
        "may_cosign": cosigning.may_cosign(found, by=request.user),
        "show_first": ""
        if accounts.vouched_lately(request)
        else accounts.asked_at(resolve_url("treatments:note", found.uid)),
        "may_amend": (found.is_signed or form.is_bound) and _writes_here(request, found),
        "openings": list(found.openings.select_related("opened_by"))  # type: ignore[attr-defined]
        if found.author.user_id == request.user.pk
        else [],
    }
    return page(request, "treatments/note.html", context, status=422 if form.errors else status)


def _writes_here(request: StaffRequest, found: SessionNote) -> bool:
    return SessionNote.objects.visible_to(request.user, Can.WRITE_NOTES, now=request.now).filter(pk=found.pk).exists()


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
    return _read(request, found, form, CoSignForm())


@requires(Can.SEE_NOTES)
@require_POST
def cosign(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Vouch for a colleague's note as well."""
    found = note_or_404(request, uid, Can.SEE_NOTES)
    form = CoSignForm(request.POST)
    if not accounts.vouched_lately(request):
        form.add_error(None, "Show first that it is you: signing asks for it. Your remark is still here.")
    if form.is_valid():
        try:
            cosigning.cosign(found, remark=form.cleaned_data["remark"], by=request.user, now=request.now)
        except cosigning.CoSigningRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, f"Note of {found.author} co-signed.")
            return go_to(request, "treatments:unsigned")
    return _read(request, found, AddendumForm(), form, status=422)
