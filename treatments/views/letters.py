"""Letters to the referring doctor: drafted, edited, seen as they will look, made final."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from clinic import audit, documents
from clinic.access import Can, requires
from clinic.forms import StaleRecord, add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import letters
from treatments.forms.letters import LetterForm
from treatments.letters import PARTS, LetterRefused
from treatments.models import Letter, LetterKind
from treatments.views.scope import episode_or_404, today_of

FILED = "The letter is final and among the patient's documents. It has been sent to nobody."


def _letter_or_404(request: StaffRequest, uid: uuid.UUID, can: Can) -> Letter:
    return get_object_or_404(Letter.objects.visible_to(request.user, can, now=request.now).for_page(), uid=uid)


@require_POST
@requires(Can.WRITE_NOTES)
def start(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Draft a letter of this kind from the record, or go on with the draft there is."""
    episode = episode_or_404(request, uid, Can.WRITE_NOTES)
    author, kind = request.user.practitioner_or_none, request.POST.get("kind", "")
    if author is None or kind not in LetterKind.values:
        messages.error(request, "Choose a kind of letter. Only who treats patients writes them.")
        return go_to(request, "treatments:episode", episode.uid)
    made = letters.start(episode, kind=kind, author=author, by=request.user, now=request.now, today=today_of(request))
    return go_to(request, "treatments:letter", made.uid)


@requires(Can.SEE_NOTES)
def letter(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """A draft to edit, or what was made final."""
    found = _letter_or_404(request, uid, Can.WRITE_NOTES if request.method == "POST" else Can.SEE_NOTES)
    audit.viewed("letter", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    context = {"letter": found, "patient": found.patient, "episode": found.episode}
    if found.is_final:
        sections = [(title, getattr(found, part)) for part, title in letters.TITLES.items() if getattr(found, part)]
        return page(request, "treatments/letter_final.html", {**context, "sections": sections})
    names = ("to_name", "to_address", "dated_on", "revision", *PARTS)
    form = LetterForm(posted(request), today=today_of(request), initial={n: getattr(found, n) for n in names})
    if request.method == "POST" and form.is_valid():
        try:
            saved = letters.save(found, by=request.user, now=request.now, **form.cleaned_data)
            if request.POST.get("finalise"):
                saved = letters.finalise(saved, by=request.user, now=request.now)
        except (LetterRefused, StaleRecord) as refusal:
            add_refusal(form, refusal, getattr(refusal, "part", None))
        else:
            messages.success(request, FILED if saved.is_final else "Saved.")
            return go_to(request, "treatments:letter", saved.uid)
    return page(request, "treatments/letter_form.html", {**context, "form": form}, status=422 if form.errors else 200)


@require_safe
@requires(Can.SEE_NOTES)
def preview(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The draft as a PDF, marked as one."""
    found = _letter_or_404(request, uid, Can.SEE_NOTES)
    audit.viewed("letter", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    return documents.answer(letters.paper(found), "letter-draft")


@require_POST
@requires(Can.WRITE_NOTES)
def discard(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Throw a draft away."""
    found = _letter_or_404(request, uid, Can.WRITE_NOTES)
    try:
        letters.discard(found, by=request.user, now=request.now)
    except LetterRefused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, "treatments:letter", found.uid)
    messages.success(request, "The draft is thrown away.")
    return go_to(request, "treatments:episode", found.episode.uid)
