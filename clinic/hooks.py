"""Doors for providers: what became of a message. Each request is signed, and counts once."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from clinic import receipts, sms, twilio
from clinic.access import View, public
from clinic.requests import TimedRequest

log = logging.getLogger(__name__)

SIGNED = "a provider's server, which signs what it says with the secret of our account"


def from_provider(view: Callable[..., HttpResponse]) -> View:
    """The request comes from our provider of text messages: it is signed over the address that is known outside."""

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not sms.answers_come_back():
            raise Http404
        secret = twilio.account(settings.SMS_URL).secret
        claimed = request.headers.get(twilio.SIGNATURE_HEADER, "")
        outside = settings.PUBLIC_URL + request.get_full_path()
        if not twilio.is_signed(outside, dict(request.POST.lists()), secret, claimed):
            log.warning("hooks: a request that our provider did not sign was refused")
            return HttpResponseForbidden("Not signed by our provider.\n", content_type="text/plain")
        return view(request, *args, **kwargs)

    return checked


@public(SIGNED)
@csrf_exempt
@require_POST
@from_provider
def sms_status(request: TimedRequest, uid: UUID) -> HttpResponse:
    """What became of a text message."""
    sid, status = request.POST.get("MessageSid", ""), request.POST.get("MessageStatus", "")
    if not sid or not status:
        return HttpResponseBadRequest("Which message, and what became of it?\n", content_type="text/plain")
    report = receipts.of_text(sid=sid, status=status, error_code=request.POST.get("ErrorCode", ""))
    receipts.take(message_uid=uid, report=report, now=request.now)
    return HttpResponse(status=204)


@public(SIGNED)
@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def mail(request: TimedRequest) -> HttpResponse:
    """What became of a mail: for the provider that this clinic's mail goes through, and no other."""
    from clinic import mail_receipts  # noqa: PLC0415 -- its libraries are slow to load, and few clinics need them

    view = mail_receipts.hook(settings.EMAIL_BACKEND)
    if view is None:
        raise Http404
    try:
        return view(request)
    except (ValueError, KeyError, TypeError):
        log.exception("hooks: a provider said of a mail what cannot be read")
        return HttpResponseBadRequest("That cannot be read.\n", content_type="text/plain")
