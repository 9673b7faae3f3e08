"""Questions before a visit, answered by link: all on one page, once. GET shows, POST answers."""

from __future__ import annotations

from django.http import HttpResponse, QueryDict

from clinic import audit, links
from clinic.links import Purpose, by_link
from clinic.models import ActionLink
from clinic.requests import LinkRequest
from portal.pages import page_for
from treatments import asking
from treatments.forms.outcomes import MeasureForm, form_of
from treatments.measuring import MeasureRefused
from treatments.models import LicensedForm, MeasureRequest
from treatments.outcomes.measures import LICENSED


@by_link(Purpose.MEASURES)
def questions(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """The questions that were asked; answered together."""
    asked = _asked(link)
    if asked is None or link.used_at is not None or not asked.is_open(request.now):
        return _over(request, link, asked)
    forms = _forms(asked, request.POST if request.method == "POST" else None)
    valid = [form.is_valid() for form in forms]  # each, so that each says what it lacks
    if request.method == "POST" and all(valid):
        answers = {form.slug: form.readings()[0][1] for form in forms}
        try:
            asking.answer(link=link, answers=answers, now=request.now)
        except MeasureRefused:
            return _over(request, link, asked)
        return _thanks(request, asked)
    wrong = any(form.errors for form in forms)
    _looked_at(request, asked)
    # No score is shown: what it means is for the visit.
    context = {"forms": forms, "wrong": wrong}
    return page_for(asked.patient, request, "portal/questions.html", context, status=422 if wrong else 200)


def _asked(link: ActionLink) -> MeasureRequest | None:
    return MeasureRequest.objects.select_related("patient").filter(uid=link.subject_uid).first()


def _forms(asked: MeasureRequest, data: QueryDict | None) -> list[MeasureForm]:
    own = LicensedForm.objects.in_use() if set(asked.measures) & LICENSED else {}
    return [
        form_of(slug, data, prefix=slug, activities=asked.activities, licensed=own.get(slug)) for slug in asked.measures
    ]


def _over(request: LinkRequest, link: ActionLink, asked: MeasureRequest | None) -> HttpResponse:
    """A second press of the button that answered says thank you again; everything else is gone."""
    if asked is not None and asked.answered_at is not None and request.method == "POST" and link.used_for == "answer":
        return _thanks(request, asked)
    return links.gone(request)


def _thanks(request: LinkRequest, asked: MeasureRequest) -> HttpResponse:
    _looked_at(request, asked)
    return page_for(asked.patient, request, "portal/questions_done.html")


def _looked_at(request: LinkRequest, asked: MeasureRequest) -> None:
    if request.method != "HEAD":
        uid = asked.patient.survivor.uid
        audit.viewed("measure_request", by=request.actor, now=request.now, subject=asked, patient_uid=uid)
