"""Finding a patient: a box, results while one types, everything by POST so that no name stands in an address."""

from __future__ import annotations

from django.http import HttpResponse

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
    in_the_bar = request.headers.get("HX-Target") == "search-results"
    return page(request, "patients/search.html", context, partial="bar" if in_the_bar else "results")
