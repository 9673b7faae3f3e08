"""A time of the waitlist, answered by link: take it, or no, thank you. GET shows, POST acts, each link answers once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.http import HttpResponse

from clinic import audit, links
from clinic.access import SYSTEM, LinkActor
from clinic.links import Purpose, by_link
from clinic.models import ActionLink
from clinic.requests import LinkRequest
from portal.answers import AlreadyAnswered
from portal.pages import page_for
from scheduling import offers
from scheduling.booking import BookingRefused
from scheduling.diaries import once_more_after_deadlock
from scheduling.models import Appointment, WaitlistOffer
from scheduling.offers import OfferOver
from scheduling.states import Outcome

#: Who opens the link again after answering reads what became of it, until the visit.
STILL_SHOWN = timedelta(days=30)


class Answer(TextChoices):
    TAKE = "take", "Taken"
    NO = "no", "Declined"


@by_link(Purpose.WAITLIST, after_use=STILL_SHOWN)
def offer(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """What, when, where, until when; take it by POST."""
    if request.method == "POST":
        return _answered(request, link, Answer.TAKE, lambda shown: _take(link, shown, request.now))
    shown = _offer_of(link)
    if link.used_at is not None or not _can_answer(shown, request.now):
        return _over(request, shown)
    _looked_at(request, shown)
    return _page(request, "portal/offer.html", shown, link=link)


@by_link(Purpose.WAITLIST, methods=("POST",))
def decline(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """No, thank you: somebody else may have it. With `leave`, off the list as well."""
    leave = request.POST.get("leave") == "1"
    return _answered(request, link, Answer.NO, lambda shown: _decline(link, shown, request.now, leave=leave))


# -- Answering -------------------------------------------------------------------------------------------


@once_more_after_deadlock
@transaction.atomic
def _take(link: ActionLink, shown: WaitlistOffer, now: datetime) -> None:
    offers.accept(offer=shown, by=LinkActor(link.uid), now=now)
    _use_up(link, Answer.TAKE, now)


@once_more_after_deadlock
@transaction.atomic
def _decline(link: ActionLink, shown: WaitlistOffer, now: datetime, *, leave: bool) -> None:
    if not offers.decline(offer=shown, by=LinkActor(link.uid), now=now, leave=leave):
        raise OfferOver
    _use_up(link, Answer.NO, now)


def _use_up(link: ActionLink, answer: Answer, now: datetime) -> None:
    if not links.use(link, used_for=answer, now=now):
        raise AlreadyAnswered


def _answered(
    request: LinkRequest, link: ActionLink, answer: Answer, act: Callable[[WaitlistOffer], None]
) -> HttpResponse:
    """Act once. A second press of the same button shows what the first one did."""
    shown = _offer_of(link)
    if link.used_at is None:
        try:
            act(shown)
        except (AlreadyAnswered, OfferOver):
            pass  # another press, or the deadline, was first: what it did is read again and shown below
        except BookingRefused as refusal:
            return _impossible(request, link, shown, refusal)
        link.refresh_from_db()
        shown = _offer_of(link)
    if link.used_for != answer:
        return _over(request, shown)
    _looked_at(request, shown)
    return _page(request, "portal/offer_done.html", shown, link=link, answer=answer.value)


def _impossible(request: LinkRequest, link: ActionLink, shown: WaitlistOffer, refusal: BookingRefused) -> HttpResponse:
    """Something has come up since it was offered: it is taken back, and the desk sees why."""
    offers.take_back(offer=shown, why=f"Could not be booked: {refusal}", by=SYSTEM, now=request.now)
    return _over(request, _offer_of(link), status=409)


# -- Showing ---------------------------------------------------------------------------------------------


def _offer_of(link: ActionLink) -> WaitlistOffer:
    """Offers are never removed, so it is there."""
    return WaitlistOffer.objects.for_verb().select_related("entry__earlier_than__location").get(uid=link.subject_uid)


def _can_answer(shown: WaitlistOffer, now: datetime) -> bool:
    return shown.is_pending and shown.hold is not None and now < shown.expires_at


def _over(request: LinkRequest, shown: WaitlistOffer, *, status: int = 410) -> HttpResponse:
    """Too late, answered, or taken back: what that means for the patient, and whom to call."""
    _looked_at(request, shown)
    more = {"is_refused": status == 409, "stays": shown.entry.is_on_the_list}
    return _page(request, "portal/offer_over.html", shown, status=status, **more)


def _looked_at(request: LinkRequest, shown: WaitlistOffer) -> None:
    if request.method != "HEAD":
        uid = shown.entry.patient.survivor.uid
        audit.viewed("waitlist_offer", by=request.actor, now=request.now, subject=shown, patient_uid=uid)


def _page(request: LinkRequest, template: str, shown: WaitlistOffer, *, status: int = 200, **more: Any) -> HttpResponse:
    facts = _facts(shown) | more
    return page_for(shown.entry.patient, request, template, facts, location=shown.location, status=status)


def _facts(shown: WaitlistOffer) -> dict[str, Any]:
    """Day, hour, place, with whom, how long, until when. Nothing about why the patient comes."""
    entry = shown.entry
    visit: Appointment | None = entry.visit if shown.outcome == Outcome.ACCEPTED else None
    return {
        "starts_at": shown.starts_at,
        "location": shown.location,
        "with_whom": shown.practitioner.user.name,
        "minutes": shown.minutes,
        "until": shown.expires_at,
        "instead_of": entry.earlier_than if shown.is_pending else None,
        "is_taken": visit is not None,
        "left_the_list": not entry.is_on_the_list,
    }
