"""Finding a patient: a box, results while one types, everything by POST so that no name stands in an address."""

from __future__ import annotations

from html import escape

from django.http import HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from clinic.access import Can, requires
from clinic.pages import page
from clinic.requests import StaffRequest
from patients import search


@requires(Can.SEE_PATIENTS)
def find(request: StaffRequest) -> HttpResponse:
    """The page with the box, and below it whom the words fit."""
    typed = request.POST.get("q", "")[: search.LONGEST]
    results = search.find(typed, by=request.user, now=request.now) if request.method == "POST" else None
    recent = search.recent(by=request.user, now=request.now) if results is None else []
    context = {"typed": typed, "results": results, "recent": recent, "longest": search.LONGEST}
    if request.headers.get("HX-Target") != "search-results":
        return page(request, "patients/search.html", context, partial="results")
    context["rows"] = _in_the_bar(results, may_book=request.user.can(Can.BOOK)) if results else ""
    return page(request, "patients/search.html", context, partial="bar")


def _in_the_bar(results: search.Results, *, may_book: bool) -> SafeString:
    """A line for each hit. Not a template: this answers every letter typed, and a template took many times as long."""
    record, book = reverse("patients:search"), reverse("scheduling:book")
    lines = []
    for hit in results.hits:
        who, name = hit.patient, escape(hit.patient.full_name)
        lines.append(
            f'<div class="search-hit"><a href="{record}{who.uid}/"><strong>{name}</strong>'
            f' <span class="quiet tabular">{escape(hit.says)}</span></a>'
        )
        if may_book and not who.deactivated_at:
            lines.append(
                f'<a class="search-book" href="{book}?patient={who.uid}">Book'
                f'<span class="visually-hidden"> a visit for {name}</span></a>'
            )
        lines.append("</div>\n")
    return mark_safe("".join(lines))
