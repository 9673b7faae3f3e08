"""First start for real: while nobody can sign in, every page leads here; afterwards this is gone.

A composition file: it opens the clinic through every app that needs something to begin with.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core import ratelimit
from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters

from clinic import first_start, geography
from clinic.access import public
from clinic.forms import TonusForm
from clinic.models import User
from clinic.pages import go_to, page
from clinic.requests import TimedRequest
from clinic.setup_forms import ClinicStep, CodeForm, HoursStep, LocationStep, OwnerStep, RoomsStep

#: Where the answers wait between the pages, in the session of who typed the code.
ANSWERS = "first_start"
WHY = "nobody can sign in yet; it asks for the code that the start printed"


@dataclass(frozen=True)
class Step:
    """One page of the first start."""

    slug: str
    title: str
    why: str
    form: type[TonusForm]


STEPS = (
    Step("clinic", "The clinic", "What your patients call you, and the currency of your prices.", ClinicStep),
    Step("location", "The location", "Where you treat. You can add more later.", LocationStep),
    Step("hours", "Opening hours", "Visits are offered within them. Leave a closed day empty.", HoursStep),
    Step("rooms", "Treatment rooms", "A room is never booked twice at the same time.", RoomsStep),
    Step("owner", "You", "The first sign-in. The second factor comes next.", OwnerStep),
)


class FirstStart:
    """While no user exists every URL leads to the set-up; what the page itself needs stays open."""

    def __init__(self, get_response: Callable[[TimedRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.done = False

    def __call__(self, request: TimedRequest) -> HttpResponse:
        if settings.DEMO or self.done or request.path.startswith(("/setup/", settings.STATIC_URL, "/alive/")):
            return self.get_response(request)
        # Users are never deleted: once there is one, it is not asked again.
        self.done = User.objects.exists()
        return self.get_response(request) if self.done else HttpResponseRedirect(reverse("setup"))


def _refuse_afterwards() -> None:
    if User.objects.exists():
        raise Http404


@public(WHY)
def begin(request: TimedRequest) -> HttpResponse:
    """Ask for the code, then go on to the first page."""
    _refuse_afterwards()
    form = CodeForm(request.POST if request.method == "POST" and settings.SETUP_CODE else None)
    if form.is_valid():
        if not ratelimit.consume(request, action="setup_code"):
            form.add_error("code", "Too many wrong codes. Wait ten minutes.")
        elif secrets.compare_digest(_plain(form.cleaned_data["code"]), _plain(settings.SETUP_CODE)):
            request.session.cycle_key()
            request.session[ANSWERS] = request.session.get(ANSWERS, {})
            return go_to(request, "setup_step", STEPS[0].slug)
        else:
            form.add_error("code", "That is not the code. It stands in the terminal where Tonus was started.")
    return page(
        request,
        "setup/begin.html",
        {"form": form, "has_code": bool(settings.SETUP_CODE), "steps": STEPS},
        status=422 if form.errors else 200,
    )


@public(WHY)
@sensitive_post_parameters("password")
def step(request: TimedRequest, slug: str) -> HttpResponse:
    """One page: what was typed is kept, going back keeps it, the last one opens the clinic."""
    _refuse_afterwards()
    answers = request.session.get(ANSWERS)
    if answers is None:
        return go_to(request, "setup")
    here = next((number for number, each in enumerate(STEPS) if each.slug == slug), None)
    if here is None:
        raise Http404
    missing = next((each for each in STEPS[:here] if each.slug not in answers), None)
    if missing is not None:
        return go_to(request, "setup_step", missing.slug)
    current = STEPS[here]
    form = _form(request, current, answers)
    if request.method == "POST" and form.is_valid():
        if current is STEPS[-1]:
            return _open(request, form, answers)
        answers[slug] = _as_typed(request, form)
        request.session[ANSWERS] = answers
        return go_to(request, "setup_step", STEPS[here + 1].slug)
    context = {
        "form": form, "step": current, "steps": STEPS, "number": here + 1, "done": set(answers),
        "back": STEPS[here - 1].slug if here else None, "zones": geography.zones() if slug == "location" else (),
    }  # fmt: skip
    return page(request, "setup/step.html", context, status=422 if form.errors else 200)


def _form(request: TimedRequest, current: Step, answers: dict[str, Any]) -> TonusForm:
    if request.method == "POST":
        return current.form(request.POST)
    return current.form(initial=answers.get(current.slug) or None)


def _as_typed(request: TimedRequest, form: TonusForm) -> dict[str, str]:
    """Text for the session; checked again when the clinic is opened."""
    return {name: request.POST.get(name, "") for name in form.fields}


def _open(request: TimedRequest, owner: TonusForm, answers: dict[str, Any]) -> HttpResponse:
    """Everything at once, or nothing; then sign the owner in and on to the second factor."""
    facts: dict[str, dict[str, Any]] = {}
    for each in STEPS[:-1]:
        form = each.form(answers[each.slug])
        if not form.is_valid():
            return go_to(request, "setup_step", each.slug)
        facts[each.slug] = form.cleaned_data
    try:
        user = first_start.open_clinic(**facts, owner=owner.cleaned_data, now=request.now)
    except first_start.AlreadyOpen:
        raise Http404 from None
    del request.session[ANSWERS]
    get_adapter(request).login(request, user)
    record_authentication(request, user, method="password", email=user.email)
    return go_to(request, "mfa_activate_totp")


def _plain(code: str) -> bytes:
    """Without the dashes and capitals that people get wrong."""
    return "".join(code.split()).replace("-", "").upper().encode()


urlpatterns = [
    path("", begin, name="setup"),
    path("<slug:slug>/", step, name="setup_step"),
]
