"""The messages of one day, added up; and messages found again, by who got them or where they went."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpResponse

from clinic import reckoning
from clinic import time as clocks
from clinic.access import Can, requires
from clinic.forms import TonusForm
from clinic.messages_views import frame, written_down
from clinic.messaging_states import Channel, MessagePurpose
from clinic.models import Location, OutboundMessage
from clinic.models.messages import OutboundMessageQuerySet
from clinic.pages import page
from clinic.requests import StaffRequest

#: More than these are not shown: who looks for one message narrows it down.
MOST = 100
#: A month back and a month ahead, unless said otherwise.
USUALLY = timedelta(days=31)
#: A telephone number, or the end of one, however it is written.
_NUMBER = re.compile(r"[\d\s()+./-]*\d[\d\s()+./-]*")


@requires(Can.SEE_MESSAGES)
def day(request: StaffRequest) -> HttpResponse:
    """What was due on a day by each channel, and what became of it; today when none is named."""
    place = Location.objects.active().order_by("pk").first()
    zone = place.tz if place else clocks.UTC
    today = clocks.local_day(request.now, zone)  # type: ignore[arg-type]
    on = _day(request.GET.get("on", "")) or today
    since, until = clocks.day_bounds(on, zone)  # type: ignore[arg-type]
    sums = reckoning.of_day(since=since, until=until)
    context = {
        "on": on,
        "is_today": on == today,
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "rows": [(Channel(name).label, one) for name, one in sums.channels.items()] + [("Together", sums.together)],
        "reasons": [(state.label, reason.label, count) for state, reason, count in sums.reasons],
        "channels": Channel.choices,
        **frame("day"),
    }
    return page(request, "messages/day.html", context)


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


class SearchForm(TonusForm):
    """Who or where, and between which days."""

    q = forms.CharField(label="Name, address or number", required=False, max_length=100)
    channel = forms.ChoiceField(label="By", required=False, choices=[("", "Any way"), *Channel.choices])
    purpose = forms.ChoiceField(label="What", required=False, choices=[("", "Anything"), *MessagePurpose.choices])
    since = forms.DateField(label="Due from", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="to", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("since") and said.get("until") and said["since"] > said["until"]:
            self.add_error("until", "The last day is before the first.")
        return said


@requires(Can.SEE_MESSAGES)
def search(request: StaffRequest) -> HttpResponse:
    """Find messages again. By POST, so that no name is in an address."""
    form = SearchForm(request.POST if request.method == "POST" else None)
    rows: list[OutboundMessage] = []
    asked = request.method == "POST" and form.is_valid()
    if asked:
        visible = OutboundMessage.objects.visible_to(request.user)
        rows = list(_found(visible, form.cleaned_data, request.now).for_list()[: MOST + 1])
        written_down(request, rows[:MOST])
    context = {"form": form, "rows": rows[:MOST], "asked": asked, "is_more": len(rows) > MOST, **frame("search")}
    return page(request, "messages/search.html", context, status=422 if form.errors else 200)


def _found(rows: OutboundMessageQuerySet, said: dict[str, Any], now: datetime) -> OutboundMessageQuerySet:
    """Between the days first: the rest is looked at only there."""
    place = Location.objects.active().order_by("pk").first()
    zone = place.tz if place else clocks.UTC
    since, until = said["since"], said["until"]
    first = clocks.day_bounds(since, zone)[0] if since else now - USUALLY  # type: ignore[arg-type]
    last = clocks.day_bounds(until, zone)[1] if until else max(now, first) + USUALLY  # type: ignore[arg-type]
    rows = rows.filter(due_at__gte=first, due_at__lt=last)
    for field in ("channel", "purpose"):
        if said[field]:
            rows = rows.filter(**{field: said[field]})
    if _NUMBER.fullmatch(said["q"]):
        return rows.filter(to_address__contains="".join(letter for letter in said["q"] if letter.isdigit()))
    for word in said["q"].split():
        rows = rows.filter(Q(to_name__icontains=word) | Q(to_address__icontains=word))
    return rows
