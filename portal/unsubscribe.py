"""No more mail to this address: by the button of a mail program (RFC 8058) or by a page, which also begins it again."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from clinic import links, opt_outs, unsubscribing
from clinic.access import LinkActor, public
from clinic.models import Clinic, OptOut, OutboundMessage
from clinic.pages import page
from clinic.requests import TimedRequest

_WHY = "the signed link of a mail: it ends, and begins again, mail to the one address that the mail went to"
#: What a mail program sends, and our own button too. Anything else that comes by POST changes nothing.
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@public(_WHY)
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("token")
def unsubscribe(request: TimedRequest, token: str) -> HttpResponse:
    """GET asks; POST, without cookies and without a form of ours, ends all mail to the address."""
    message = opt_outs.message_of(token)
    if message is None:
        return links.private(links.gone(request))
    if request.method == "POST" and request.POST.dict() | ONE_CLICK == request.POST.dict():
        unsubscribing.stop(
            channel=message.channel,
            address=message.to_address,
            source=OptOut.Source.LINK,
            by=LinkActor(message.uid),
            now=request.now,
        )
    return _page(request, message, token)


@public(_WHY)
@require_POST
@sensitive_variables("token")
def again(request: TimedRequest, token: str) -> HttpResponse:
    """Whoever has the mail box wants messages after all."""
    message = opt_outs.message_of(token)
    if message is None:
        return links.private(links.gone(request))
    opt_outs.lift(channel=message.channel, address=message.to_address, by=LinkActor(message.uid), now=request.now)
    return _page(request, message, token, began_again=True)


def _page(request: TimedRequest, message: OutboundMessage, token: str, *, began_again: bool = False) -> HttpResponse:
    """In the language of the mail; it names neither the address nor anybody."""
    clinic = Clinic.objects.first()
    context = {
        "clinic": clinic,
        "phone": clinic.phone if clinic else "",
        "token": token,
        "ended": opt_outs.standing(message.channel, message.to_address) is not None,
        "began_again": began_again,
    }
    spoken = {code for code, _ in settings.LANGUAGES}
    with translation.override(message.language if message.language in spoken else "en"):
        return links.private(page(request, "portal/unsubscribe.html", context))
