"""The ways out of the house, in the hands of the desk: pause one, let it go on, try one that is away at once."""

from __future__ import annotations

from django import forms
from django.contrib import messages as flash
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from clinic import breaker
from clinic.access import Can, requires
from clinic.forms import TonusForm
from clinic.messaging_states import Channel
from clinic.pages import go_to
from clinic.requests import StaffRequest


class ChannelForm(TonusForm):
    channel = forms.ChoiceField(choices=Channel.choices)
    do = forms.ChoiceField(choices=[("pause", "Pause"), ("resume", "Go on")])


@requires(Can.SEE_MESSAGES)
@require_POST
def channel(request: StaffRequest) -> HttpResponse:
    """Nothing more leaves this way until somebody lets it; or it is tried again now."""
    form = ChannelForm(request.POST)
    if not form.is_valid():
        flash.error(request, "There is no such way of sending. Nothing was changed.")
        return go_to(request, "office:messages")
    way = Channel(form.cleaned_data["channel"])
    if form.cleaned_data["do"] == "pause":
        breaker.pause(channel=way, by=request.user, now=request.now)
        flash.success(request, f"{way.label} is paused. What waits stays until somebody lets it go on.")
    else:
        breaker.resume(channel=way, by=request.user, now=request.now)
        flash.success(request, f"{way.label} is tried again now.")
    return go_to(request, "office:messages")
