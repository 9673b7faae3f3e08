"""The inbox page of `make run`: what patients of the demo clinic would find in their mail and on their telephones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django import forms
from django.conf import settings
from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from clinic import inbox, inbox_phones, twilio
from clinic.access import public
from clinic.forms import PhoneField, TonusForm
from clinic.inbox_phones import Text
from clinic.pages import go_to, page
from clinic.requests import TimedRequest

_WHY = "the mailbox of fictional patients; it exists only beside the local mail server of `make run`"
#: What a message asks to be answered with, at a press.
WORDS = ("C", "R", "HELP", "STOP", "START")


class WriteForm(TonusForm):
    """What the patient writes."""

    text = forms.CharField(
        label="Write as this patient",
        max_length=inbox_phones.LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Text message"}),
        error_messages={"required": "Write something first."},
    )


class NewNumberForm(WriteForm):
    """From a telephone that was never written to."""

    number = PhoneField(label="From", error_messages={"required": "Which number does it come from?"})
    field_order = ("number", "text")


def _folder() -> Path:
    if not settings.INBOX_DIR:
        raise Http404
    return Path(settings.INBOX_DIR)


def _phones() -> list[list[Text]]:
    return list(inbox_phones.conversations(_folder() / inbox.TEXTS)) if settings.INBOX_PHONES else []


@public(_WHY)
@require_safe
def mails(request: TimedRequest) -> HttpResponse:
    words = request.GET.get("q", "")[:80]
    context = {
        "mails": inbox.newest(_folder(), containing=words),
        "q": words,
        "talks": [(talk[-1], len(talk)) for talk in _phones() if _holds(talk, words)],
        "has_phones": settings.INBOX_PHONES,
        "form": NewNumberForm(),
    }
    return page(request, "inbox/inbox.html", context)


def _holds(talk: Sequence[Text], words: str) -> bool:
    return any(words.lower() in f"{text.phone} {text.body}".lower() for text in talk)


@public(_WHY)
@require_http_methods(["GET", "HEAD", "POST"])
def phone(request: TimedRequest, key: str) -> HttpResponse:
    """One telephone: what it was sent, and a place to answer as its owner."""
    talk = next((talk for talk in _phones() if talk[0].key == key), None)
    if talk is None:
        raise Http404
    form = WriteForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _written(request, form, talk[0].phone):
        return go_to(request, "inbox_phone", key)
    context = {"talk": talk, "phone": talk[0].phone, "key": key, "form": form, "words": WORDS}
    return page(request, "inbox/phone.html", context, status=422 if form.errors else 200)


@public(_WHY)
@require_http_methods(["POST"])
def new_number(request: TimedRequest) -> HttpResponse:
    """Write to the clinic from any number."""
    form = NewNumberForm(request.POST)
    if settings.INBOX_PHONES and form.is_valid() and _written(request, form, form.cleaned_data["number"]):
        return go_to(request, "inbox_phone", inbox_phones.key_of(form.cleaned_data["number"]))
    for sentences in form.errors.values():
        flash.error(request, " ".join(map(str, sentences)))
    return go_to(request, "inbox")


def _written(request: TimedRequest, form: WriteForm, number: str) -> bool:
    """The exchange takes it and tells the clinic by a signed request, as a provider does."""
    if inbox_phones.write(twilio.account(settings.SMS_URL), number, form.cleaned_data["text"]):
        return True
    flash.error(request, "The telephones do not answer at the moment. Try once more.")
    return False


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
