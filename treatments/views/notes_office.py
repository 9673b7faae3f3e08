"""Around notes: snippets, whose notes are co-signed, and notes that their authors keep private."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.models import Practitioner
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import cosigning, notes, openings, snippets
from treatments.forms.notes import OpenPrivateForm, SnippetForm, SupervisionForm
from treatments.models import SessionNote, Snippet, Supervision

# -- Snippets ------------------------------------------------------------------------------------------


@requires(Can.WRITE_NOTES)
def snippet_list(request: StaffRequest) -> HttpResponse:
    """The clinic's and one's own; a new one below."""
    me = request.user.practitioner_or_none
    form = SnippetForm(posted(request))
    if request.method == "POST" and form.is_valid() and me:
        d = form.cleaned_data
        try:
            snippets.write(
                short=d["short"], text=d["text"], author=me, for_all=d["for_all"], by=request.user, now=request.now
            )
        except snippets.SnippetRefused as refusal:
            form.add_error("short", str(refusal))
        else:
            messages.success(request, f"“.{d['short']}” is ready to be typed.")
            return go_to(request, "treatments:snippets")
    context = {"form": form, "snippets": list(_offered(me)), "practitioner": me}
    return page(request, "treatments/snippets.html", context, status=422 if form.errors else 200)


def _offered(me: Practitioner | None) -> Any:
    return Snippet.objects.offered_to(me).select_related("written_by") if me else Snippet.objects.none()


@requires(Can.WRITE_NOTES)
def snippet_edit(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Other words, or another short name. The clinic's may be changed by everybody who writes notes."""
    found = get_object_or_404(_offered(request.user.practitioner_or_none), uid=uid)
    initial = {"short": found.short, "text": found.text, "revision": found.revision}
    form = SnippetForm(posted(request), initial=initial)
    del form.fields["for_all"]
    if request.method == "POST" and form.is_valid():
        d = form.cleaned_data
        try:
            snippets.change(
                found, short=d["short"], text=d["text"], revision=d["revision"] or 0, by=request.user, now=request.now
            )
        except snippets.SnippetRefused as refusal:
            form.add_error("short", str(refusal))
        else:
            messages.success(request, "Snippet changed. What was inserted before stays as it is.")
            return go_to(request, "treatments:snippets")
    context = {"form": form, "snippet": found}
    return page(request, "treatments/snippet_form.html", context, status=422 if form.errors else 200)


@requires(Can.WRITE_NOTES)
@require_POST
def snippet_retire(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Take it out of use."""
    found = get_object_or_404(_offered(request.user.practitioner_or_none), uid=uid)
    snippets.retire(found, by=request.user, now=request.now)
    messages.success(request, f"“.{found.short}” is no longer offered.")
    return go_to(request, "treatments:snippets")


# -- Whose notes are co-signed ---------------------------------------------------------------------------


@requires(Can.MANAGE_STAFF)
def supervisions(request: StaffRequest) -> HttpResponse:
    """Whose notes need a second signature, and whose it is."""
    form = SupervisionForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = cosigning.agree(**form.cleaned_data, by=request.user, now=request.now)
        except cosigning.CoSigningRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, f"From now on {made.cosigner} co-signs the notes of {made.practitioner}.")
            return go_to(request, "treatments:supervisions")
    context = {"form": form, "rows": cosigning.in_force(), "orphans": cosigning.waiting_for_nobody()}
    return page(request, "treatments/supervisions.html", context, status=422 if form.errors else 200)


@requires(Can.MANAGE_STAFF)
@require_POST
def supervision_end(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Supervision.objects.current().for_list(), uid=uid)
    cosigning.end(found, by=request.user, now=request.now)
    messages.success(request, f"{found.cosigner} no longer co-signs the notes of {found.practitioner}.")
    return go_to(request, "treatments:supervisions")


# -- Notes that their authors keep private ----------------------------------------------------------------

#: The newest so many; older ones are found from their patient's page by their author.
ROWS = 100


@requires(Can.OPEN_PRIVATE_NOTES)
def private_notes(request: StaffRequest) -> HttpResponse:
    """That they are there: whose, by whom, of when. Not a word of what they say."""
    seen = SessionNote.objects.visible_for_opening(request.user, now=request.now)
    rows = list(seen.select_related("author__user", "patient").newest_first()[:ROWS])
    audit.viewed_many("private_notes", by=request.user, now=request.now, patient_uids={n.patient.uid for n in rows})
    return page(request, "treatments/private_notes.html", {"notes": rows, "rows": ROWS})


@requires(Can.OPEN_PRIVATE_NOTES)
def private_note(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Asks why; with a reason it is open to this owner for an hour."""
    seen = SessionNote.objects.visible_for_opening(request.user, now=request.now)
    found = get_object_or_404(seen.with_parts(), uid=uid)
    form = OpenPrivateForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            openings.open_note(found, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except openings.OpeningRefused as refusal:
            form.add_error("reason", str(refusal))
        else:
            return go_to(request, "treatments:private_note", found.uid)
    is_open = openings.is_open(found, to=request.user, now=request.now)
    if is_open:
        audit.viewed("private_note", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    context = {
        "note": found,
        "patient": found.patient,
        "form": form,
        "is_open": is_open,
        "intact": notes.is_intact(found) if is_open else None,
    }
    return page(request, "treatments/private_note.html", context, status=422 if form.errors else 200)
