"""Finding a patient: a box, results while one types, everything by POST so that no name stands in an address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from clinic.access import Can, requires
from clinic.pages import page
from patients import search


@requires(Can.SEE_PATIENTS)
def find(request: HttpRequest) -> HttpResponse:
    """The page with the box, and below it whom the words fit."""
    typed = request.POST.get("q", "")[: search.LONGEST]
    results = search.find(typed, by=request.user, now=request.now) if request.method == "POST" else None
    context = {"typed": typed, "results": results, "longest": search.LONGEST}
    return page(request, "patients/search.html", context, partial="results")
