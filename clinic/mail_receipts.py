"""What a provider tells of the mail it was given: django-anymail checks who says so and puts it into common words."""

from __future__ import annotations

import warnings
from typing import Any
from uuid import UUID

from anymail import urls as anymail_urls
from anymail.exceptions import AnymailInsecureWebhookWarning
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.dispatch import receiver

from clinic import receipts, time
from clinic.access import View
from clinic.messaging_states import Channel, Reason, State
from clinic.models import OptOut, OutboundMessage
from clinic.provider_mail import OUR_UID

MEANING = {
    EventType.SENT: State.ACCEPTED,
    EventType.QUEUED: State.ACCEPTED,
    EventType.DEFERRED: State.ACCEPTED,
    EventType.DELIVERED: State.DELIVERED,
    EventType.BOUNCED: State.BOUNCED,
    EventType.REJECTED: State.BOUNCED,
    EventType.FAILED: State.BOUNCED,
}
#: Who says one of these wants no more; nobody who says the contrary is written to again for it.
OPTS_OUT = {EventType.COMPLAINED: OptOut.Source.COMPLAINT, EventType.UNSUBSCRIBED: OptOut.Source.PROVIDER}
NO_SUCH_BOX = {RejectReason.INVALID, RejectReason.BOUNCED}


def hook(backend: str) -> View | None:
    """The door for the provider that this mail backend leads to; None when there is none, or anybody could use it."""
    package, _, rest = backend.partition("anymail.backends.")
    if package or not rest:
        return None
    name = rest.split(".", maxsplit=1)[0]
    doors = {pattern.name: pattern.callback for pattern in anymail_urls.urlpatterns}
    view = doors.get(f"{name}_tracking_webhook") or doors.get(f"{name}_webhook")
    return view if view is not None and _asks_who_it_is(view.view_class) else None


def _asks_who_it_is(view_class: Any) -> bool:
    """Either the provider signs, or it must know our ANYMAIL_WEBHOOK_SECRET."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AnymailInsecureWebhookWarning)
            view = view_class()
    except AnymailInsecureWebhookWarning:
        return False
    return bool(view.basic_auth) or not view.warn_if_no_basic_auth


@receiver(tracking, dispatch_uid="clinic.mail_receipts")
def take(event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """One event: opened and clicked ones say nothing that we ask for."""
    if event.event_type not in MEANING and event.event_type not in OPTS_OUT:
        return
    uid = _which(event)
    if uid is not None:
        receipts.take(message_uid=uid, report=_report(event, esp_name), now=time.now())


def _report(event: AnymailTrackingEvent, esp_name: str) -> receipts.Report:
    means = MEANING.get(event.event_type)
    bounced = means == State.BOUNCED
    no_such_box = event.reject_reason in NO_SUCH_BOX
    own_name = event.event_id or f"{event.message_id} {event.timestamp and event.timestamp.isoformat()}"
    return receipts.Report(
        event_id=f"{esp_name} {event.event_type} {own_name}",
        said=str(event.event_type),
        means=means,
        provider_id=str(event.message_id or ""),
        reason=(Reason.BAD_ADDRESS if no_such_box else Reason.REFUSED) if bounced else "",
        detail=str(event.reject_reason or "") if bounced else "",
        opted_out=OPTS_OUT.get(event.event_type, ""),
    )


def _which(event: AnymailTrackingEvent) -> UUID | None:
    """By our own uid, which goes with every mail; else by the provider's id among what went to that address."""
    try:
        return UUID(str((event.metadata or {})[OUR_UID]))
    except (KeyError, ValueError):
        pass  # a mail of before, or a provider that keeps no words of ours: its own id is looked for below
    if not event.message_id or not event.recipient:
        return None
    sent = OutboundMessage.objects.filter(channel=Channel.EMAIL, to_address=event.recipient)
    return sent.filter(provider_id=event.message_id).values_list("uid", flat=True).first()
