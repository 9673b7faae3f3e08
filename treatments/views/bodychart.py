"""Pages of the body chart: marked beside the note, compared between visits, summed up over a plan."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic import audit
from clinic.access import Can, requires
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from treatments import bodychart, notes
from treatments.body import atlas
from treatments.body.marks import Layer, Mark, asked, compare, fingerprint, heat
from treatments.forms.bodychart import BodyForm
from treatments.models import SessionNote
from treatments.views import copies
from treatments.views.notes import unsaved_addendum
from treatments.views.scope import note_or_404, patient_or_404, plan_or_404

#: So many charts on one page of a patient's history.
A_PAGE = 12
#: What a heat map is drawn of.
HEATED = (Layer.PAIN, Layer.SPASM, Layer.TRIGGER_POINT, Layer.NUMBNESS)


@requires(Can.WRITE_NOTES)
def body_chart(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The chart of one session as it is marked; a part of the note's page, or a page of its own."""
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    form = BodyForm(posted(request), stored=bodychart.marks_of(found))
    if not notes.may_write(found, by=request.user):
        return _signed_meanwhile(request, found, form)
    if request.method != "POST":
        audit.viewed("note.body", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
        return _editor(request, found, form)
    valid = form.is_valid()
    try:
        _save(request, found, form)
    except bodychart.ChartIsStale as stale:
        return _editor(request, found, form, status=409, stale=stale)
    except notes.NoteRefused:
        return _signed_meanwhile(request, note_or_404(request, uid, Can.WRITE_NOTES), form)
    if not valid:
        return _editor(request, note_or_404(request, uid, Can.WRITE_NOTES), form, status=422)
    messages.success(request, "Body chart saved.")
    return go_to(request, "treatments:body_chart", found.uid)


def _signed_meanwhile(request: StaffRequest, found: SessionNote, form: BodyForm) -> HttpResponse:
    """The note as it was signed; what was marked and is not in it stands in words in an addendum, still to be added."""
    stored = bodychart.marks_of(found)
    marked = form.marks if request.method == "POST" and found.is_signed else []
    words = [mark.words for mark in marked if mark not in stored]
    return unsaved_addendum(request, found.uid, words) if words else go_to(request, "treatments:note", found.uid)


def _save(request: StaffRequest, found: SessionNote, form: BodyForm) -> list[Mark]:
    return bodychart.save(found, marks=form.marks, seen=request.POST.get("seen", ""), by=request.user, now=request.now)


def _editor(
    request: StaffRequest,
    found: SessionNote,
    form: BodyForm,
    *,
    status: int = 200,
    stale: bodychart.ChartIsStale | None = None,
) -> HttpResponse:
    stored = stale.stored if stale else bodychart.marks_of(found)
    drawn = form.marks if form.data is not None else stored
    last = bodychart.last_chart(found)
    context = {
        "note": found,
        "patient": found.patient,
        "form": form,
        "stale": stale,
        "seen": fingerprint(stored),
        "marks": drawn,
        "layers": list(Layer),
        "places": [*atlas.PLACES.values()],
        "nowhere": atlas.label(atlas.NOWHERE),
        "ratings": range(11),
        "last": last,
        "copy_name": copies.name(request, found, copies.BODY),
        "copy_key": copies.key(request, found, copies.BODY),
        "changes": compare(bodychart.marks_of(last), drawn) if last and drawn else [],
    }
    return page(request, "treatments/body_chart.html", context, status=status, partial="editor")


@requires(Can.WRITE_NOTES)
@require_POST
def body_autosave(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Keep what is marked so far; answers with the new fingerprint, or with both charts when they differ."""
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    form = BodyForm(request.POST, stored=())
    form.is_valid()
    try:
        marks = _save(request, found, form)
    except bodychart.ChartIsStale as stale:
        audit.viewed("note.body", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
        words = {"seen": fingerprint(stale.stored), "theirs": [mark.words for mark in stale.stored]}
        return JsonResponse(words | {"mine": [mark.words for mark in form.marks]}, status=409)
    except notes.NoteRefused as refusal:
        return JsonResponse({"refused": str(refusal), "signed": isinstance(refusal, notes.NoteIsSigned)}, status=422)
    at = request.now.astimezone(ZoneInfo(found.zone))
    return JsonResponse({"seen": fingerprint(marks), "at": f"{at:%H:%M:%S}", "unsaved": form.unsaved})


@requires(Can.WRITE_NOTES)
@require_POST
def body_carry(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Take over from the last visit what stays until somebody looks again."""
    found = note_or_404(request, uid, Can.WRITE_NOTES)
    try:
        bodychart.carry(found, by=request.user, now=request.now)
    except notes.NoteRefused as refusal:
        messages.error(request, str(refusal))
    return go_to(request, "treatments:chart", found.uid)


# -- Read across visits ----------------------------------------------------------------------------------


@requires(Can.SEE_NOTES)
def body_history(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The charts of all visits of a patient, the newest first."""
    patient = patient_or_404(request, uid, Can.SEE_NOTES)
    pages = Paginator(_charted(request).for_patient(patient).newest_first(), A_PAGE)
    rows = pages.get_page(request.GET.get("page"))
    audit.viewed("body.history", by=request.user, now=request.now, patient_uid=patient.uid, subject=patient)
    charts = [(note, bodychart.marks_of(note)) for note in rows]
    context = {"patient": patient, "rows": rows, "charts": charts}
    return page(request, "treatments/body_history.html", context)


def _charted(request: StaffRequest) -> Any:
    seen = SessionNote.objects.visible_to(request.user, Can.SEE_NOTES, now=request.now)
    return seen.charted().select_related("author__user").prefetch_related("marks")


@requires(Can.SEE_NOTES)
def body_compare(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Two charts of one patient side by side, and as a table: what is new, gone, stronger, weaker."""
    patient = patient_or_404(request, uid, Can.SEE_NOTES)
    charted = _charted(request).for_patient(patient)
    visits = list(charted.newest_first().values_list("uid", "service_at", "zone"))
    before, after = _chosen(request, [row[0] for row in visits])
    context: dict[str, Any] = {"patient": patient, "visits": visits, "before": None, "after": None}
    if before and after:
        then, now = (get_object_or_404(charted, uid=chosen) for chosen in (before, after))
        marks = bodychart.marks_of(then), bodychart.marks_of(now)
        context |= {"before": then, "after": now, "sides": list(zip((then, now), marks, strict=True))}
        context["changes"] = compare(*marks)
    audit.viewed("body.compared", by=request.user, now=request.now, patient_uid=patient.uid, subject=patient)
    return page(request, "treatments/body_compare.html", context)


def _chosen(request: StaffRequest, newest_first: list[uuid.UUID]) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """The two visits asked for, or the last two; the earlier one first."""
    by_text = {str(one): one for one in newest_first}
    asked_for = [by_text[said] for name in ("before", "after") if (said := request.GET.get(name, "")) in by_text]
    two = asked_for if len(asked_for) == 2 else newest_first[:2]
    if len(two) < 2:
        return None, None
    after, before = sorted(two, key=newest_first.index)
    return before, after


@requires(Can.SEE_NOTES)
def body_heat(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Over a plan: at how many visits each place had pain, or spasm."""
    plan = plan_or_404(request, uid, Can.SEE_NOTES)
    layer = request.GET.get("layer", "")
    chosen = Layer(layer) if layer in {one.value for one in HEATED} else Layer.PAIN
    charts = [bodychart.marks_of(note) for note in _charted(request).filter(plan=plan).newest_first()]
    rows = heat(charts, chosen)
    audit.viewed("body.heat", by=request.user, now=request.now, patient_uid=plan.patient.uid, subject=plan)
    context = {
        "plan": plan,
        "patient": plan.patient,
        "layers": HEATED,
        "layer": chosen,
        "rows": rows,
        "places": {row.region: row for row in rows},
        "visits": len(charts),
        "asked": asked(charts, chosen),
    }
    return page(request, "treatments/body_heat.html", context)
