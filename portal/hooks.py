"""The door for text messages of patients: the provider brings each as a signed request."""

from __future__ import annotations

import logging

from django.http import HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from clinic import twilio
from clinic.access import public
from clinic.hooks import SIGNED, from_provider
from clinic.requests import TimedRequest
from portal import texting

log = logging.getLogger(__name__)

#: Nothing is said in the answer to the request: answers go out as every message does.
NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


@public(SIGNED)
@csrf_exempt
@require_POST
@from_provider
def sms_in(request: TimedRequest) -> HttpResponse:
    """A patient wrote."""
    said = request.POST
    sid, number = said.get("MessageSid", "")[:64], said.get("From", "")
    if not sid or not number:
        return HttpResponseBadRequest("Which message, and from which number?\n", content_type="text/plain")
    if twilio.E164.fullmatch(number):
        answered = bool(said.get("OptOutType"))
        texting.receive(provider_id=sid, number=number, text=said.get("Body", ""), answered=answered, now=request.now)
    else:  # a short code: no patient has one, and no answer reaches it
        log.info("hooks: a text message that no telephone sent")
    return HttpResponse(NOTHING, content_type="text/xml; charset=utf-8")
