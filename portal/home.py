"""The patient's own exercises by link: what to do, how; done or not, and how it felt.

This link is used as often as there are days, until it runs out, is renewed or taken back. GET shows, POST acts.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect

from clinic import audit, documents, links
from clinic.access import LinkActor
from clinic.links import Purpose, by_link
from clinic.models import ActionLink
from clinic.requests import LinkRequest
from clinic.time import local_day
from portal.home_forms import HomeForm
from portal.pages import page_for
from treatments import adherence, home, home_links, notes
from treatments.home import AtHome
from treatments.models import Plan


def _token(request: LinkRequest) -> str:
    assert request.resolver_match is not None
    return str(request.resolver_match.kwargs["token"])


def _today(request: LinkRequest) -> date:
    return local_day(request.now, ZoneInfo(notes.house_zone()))


def _plan_of(link: ActionLink) -> Plan | None:
    """The plan in force of the episode that the link is about."""
    episode = home_links.episode_of(link)
    return home.plan_of(episode) if episode else None


@by_link(Purpose.HOME)
def programme(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """The exercises with their drawings; below each, a button for today."""
    plan = _plan_of(link)
    if plan is None or not home.prescriptions(plan):
        return links.gone(request)
    today = _today(request)
    day = _chosen(request.GET.get("day", ""), today)
    form = HomeForm(request.POST or None, plan=plan, today=today)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        home.say(
            said["exercise"], on=said["on"], done=said["done"], pain=said["pain"],
            by=LinkActor(link.uid), now=request.now, today=today,
        )  # fmt: skip
        return redirect(f"{request.path}?day={said['on']}#exercise-{said['exercise'].position}")
    if request.method != "HEAD":
        uid = plan.patient.survivor.uid
        audit.viewed("home", by=request.actor, now=request.now, subject=plan, patient_uid=uid)
    context = _facts(home.at_home(plan, today=today), day=day, today=today) | {"form": form, "token": _token(request)}
    return page_for(plan.patient, request, "portal/home.html", context, status=422 if form.errors else 200)


@by_link(Purpose.HOME, methods=("GET", "HEAD"))
def paper(request: LinkRequest, link: ActionLink) -> HttpResponse:
    """The same as a PDF to print."""
    plan = _plan_of(link)
    if plan is None:
        return links.gone(request)
    audit.viewed("home.paper", by=request.actor, now=request.now, subject=plan, patient_uid=plan.patient.survivor.uid)
    return documents.answer(home.paper(plan, today=_today(request)), "exercise-programme")


def _chosen(typed: str, today: date) -> date:
    """The day that is looked at: one of the last seven, else today."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return today
    return day if adherence.can_tick(day, today) else today


def _facts(at_home: AtHome, *, day: date, today: date) -> dict[str, Any]:
    lines = [
        {"one": line.prescription, "exercise": line.prescription.exercise, "tick": dict(line.days).get(day),
         "done": line.done, "planned": line.planned}
        for line in at_home.lines
    ]  # fmt: skip
    return {
        "lines": lines,
        "day": day,
        "today": today,
        "days": [today - timedelta(days=back) for back in range(adherence.DAYS_OPEN)],
        "pains": range(11),
    }
