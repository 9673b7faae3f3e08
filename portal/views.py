"""What a patient sees and does by link: one visit, one question, one button. GET shows, POST acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from clinic import audit, links
from clinic.links import Purpose, by_link
from clinic.models import ActionLink, Clinic
from clinic.requests import LinkRequest
from portal import answers
from portal.answers import AlreadyAnswered, Answer
from portal.forms import OtherTimeForm, ReasonForm
from portal.pages import page_for
from scheduling import calendar_entries
from scheduling.booking import BookingRefused
from scheduling.models import Appointment


@by_link(Purpose.VISIT)
def visit(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """Are you coming? Confirm; or go on to the two other answers."""
    if request.method == "POST":
        return _answer(request, link, Answer.CONFIRM, lambda: answers.confirm(link=link, now=request.now))
    return _show(request, link, "portal/visit.html")


@by_link(Purpose.VISIT)
def cancel(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """You cannot come: say so, with a reason or without one."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return _answer(request, link, Answer.CANCEL, lambda: answers.cancel(link=link, reason=reason, now=request.now))
    return _show(request, link, "portal/cancel.html", {"form": form}, status=422 if form.errors else 200)


@by_link(Purpose.VISIT)
def move(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """You need another time: the desk will call or write."""
    form = OtherTimeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data["wish"]
        return _answer(request, link, Answer.MOVE, lambda: answers.ask_to_move(link=link, note=wish, now=request.now))
    return _show(request, link, "portal/move.html", {"form": form}, status=422 if form.errors else 200)


@by_link(Purpose.VISIT, methods=("GET", "HEAD"), after_use=answers.SAME_PRESS)
def calendar(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """The visit as an entry for the patient's own calendar; also for a while after the patient has confirmed."""
    seen = answers.visit_of(link)
    if seen is None or link.used_for not in ("", Answer.CONFIRM) or not answers.can_answer(seen, request.now):
        return links.gone(request)
    _looked_at(request, seen)
    named = {"Content-Disposition": f'attachment; filename="{calendar_entries.FILE_NAME}"'}
    entry = calendar_entries.entry_for(seen, Clinic.objects.first())
    return HttpResponse(entry, content_type="text/calendar; charset=utf-8", headers=named)


def _looked_at(request: LinkRequest, seen: Appointment) -> None:
    if request.method != "HEAD":
        audit.viewed(
            "appointment", by=request.actor, now=request.now, subject=seen, patient_uid=seen.patient.survivor.uid
        )


def _show(
    request: LinkRequest,
    link: ActionLink,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The visit, if the link can still answer for it. Every look is written down."""
    seen = answers.visit_of(link)
    if seen is None or link.used_at is not None or not answers.can_answer(seen, request.now):
        return links.gone(request)
    _looked_at(request, seen)
    facts = _facts(link, seen) | (context or {})
    return page_for(seen.patient, request, template, facts, location=seen.location, status=status)


def _answer(request: LinkRequest, link: ActionLink, answer: Answer, act: Callable[[], Appointment]) -> HttpResponse:
    """Act once. A second press of the same button shows what the first one did."""
    done = None
    if link.used_at is None:
        try:
            done = act()
        except (AlreadyAnswered, BookingRefused):
            link.refresh_from_db()
    if done is None and answers.is_same_press(link, answer, request.now):
        done = answers.visit_of(link)
    if done is None:
        return links.gone(request)
    audit.viewed("appointment", by=request.actor, now=request.now, subject=done, patient_uid=done.patient.survivor.uid)
    facts = _facts(link, done) | {"answer": answer.value}
    return page_for(done.patient, request, "portal/done.html", facts, location=done.location)


def _facts(link: ActionLink, seen: Appointment) -> dict[str, Any]:
    """Day, hour, place. Nothing about why the patient comes."""
    return {
        "link": link,
        "starts_at": seen.starts_at,
        "location": seen.location,
        "is_confirmed": seen.confirmed_at is not None,
    }
