"""The page behind a message about several visits: each is answered by itself, by a link of its own within this one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from django.http import HttpResponse

from clinic import audit, links
from clinic.links import Purpose, by_link
from clinic.models import ActionLink
from clinic.pages import go_to
from clinic.requests import LinkRequest
from portal import answers
from portal.answers import AlreadyAnswered, Answer
from portal.pages import page_for
from scheduling.booking import BookingRefused
from scheduling.models import Appointment


@dataclass(frozen=True)
class Entry:
    """One visit of several: whose and when it is, what was answered, and the way to its own page."""

    visit: Appointment
    link: ActionLink
    token: str

    @property
    def answered(self) -> str:
        """What was answered by this link; empty while none was."""
        return self.link.used_for

    @property
    def is_open(self) -> bool:
        return not self.answered and not self.is_confirmed

    @property
    def first_name(self) -> str:
        return self.visit.patient.survivor.greeting_name

    @property
    def is_confirmed(self) -> bool:
        return self.visit.confirmed_at is not None


@by_link(Purpose.VISITS)
def visits(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """Which of you is coming to what? POST confirms one of them, or all; the two other answers have pages."""
    token = request.resolver_match.kwargs["token"] if request.resolver_match else ""
    entries = _entries(request, link, token)
    if not entries:
        return links.gone(request)
    if request.method == "POST":
        wanted = request.POST.get("visit", "")
        for entry in entries:
            if entry.is_open and wanted in ("all", str(entry.visit.uid)):
                _confirm(entry, request)
        return go_to(request, "portal:visits", token)
    if request.method != "HEAD":
        for entry in entries:
            audit.viewed(
                "appointment",
                by=request.actor,
                now=request.now,
                subject=entry.visit,
                patient_uid=entry.visit.patient.survivor.uid,
            )
    first = entries[0].visit
    context = {
        "entries": entries,
        "several_open": sum(entry.is_open for entry in entries) > 1,
        "is_family": len({entry.visit.patient.survivor.pk for entry in entries}) > 1,
    }
    return page_for(first.patient, request, "portal/visits.html", context, location=first.location)


def _confirm(entry: Entry, request: LinkRequest) -> None:
    """What somebody else has changed or answered meanwhile shows as it is now."""
    with contextlib.suppress(AlreadyAnswered, BookingRefused):
        answers.confirm(link=entry.link, now=request.now)


def _entries(request: LinkRequest, link: ActionLink, token: str) -> list[Entry]:
    """The visits that still are what the message said, in order of time; of what was answered, what with."""
    within = {child.subject_uid: child for child in links.within(link)}
    found = Appointment.objects.for_page().filter(uid__in=within).order_by("starts_at", "pk")
    entries = []
    for visit in found:
        child = within[visit.uid]
        stands = visit.version == child.subject_version and answers.can_answer(visit, request.now)
        if (stands and child.revoked_at is None) or child.used_for == Answer.CANCEL:
            entries.append(Entry(visit, child, links.token_within(token, visit.uid)))
    return entries
