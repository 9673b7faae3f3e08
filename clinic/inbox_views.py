"""The inbox page of `make run`: what patients of the demo clinic would find in their mail."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from clinic import inbox
from clinic.access import public
from clinic.pages import page
from clinic.requests import TimedRequest

_WHY = "the mailbox of fictional patients; it exists only beside the local mail server of `make run`"


def _folder() -> Path:
    if not settings.INBOX_DIR:
        raise Http404
    return Path(settings.INBOX_DIR)


@public(_WHY)
@require_safe
def mails(request: TimedRequest) -> HttpResponse:
    words = request.GET.get("q", "")[:80]
    return page(request, "inbox/inbox.html", {"mails": inbox.newest(_folder(), containing=words), "q": words})


@public(_WHY)
@require_safe
def mail(request: TimedRequest, key: str) -> HttpResponse:
    found = inbox.read(_folder(), key)
    if found is None:
        raise Http404
    return page(request, "inbox/mail.html", {"mail": found})


@public(_WHY)  # type: ignore[arg-type]
@require_safe
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]
    {"default-src": [NONE], "style-src": ["'unsafe-inline'"], "img-src": ["data:"], "frame-ancestors": [SELF]}
)
def mail_html(_request: HttpRequest, key: str) -> HttpResponse:
    """The mail as its sender dressed it, in a frame that may run nothing."""
    found = inbox.read(_folder(), key)
    if found is None or not found.html:
        raise Http404
    return HttpResponse(found.html)
