"""Rules of the house that a start refuses to break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

from clinic import sms, twilio
from clinic.access import POLICY, Can, policy_of


def url_patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every URL of the house with its full name, namespaces included."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from url_patterns(pattern, inner)
        else:
            yield f"{prefix}{pattern.name}", pattern


@register(Tags.urls)
def every_url_declares_its_policy(**kwargs: Any) -> list[CheckMessage]:
    """A view without a decorator of clinic.access is a door without a lock."""
    return [
        Error(
            f"The URL {name} ({pattern.pattern}) does not say who may use it.",
            hint="Put @requires(Can.…), @by_link(…) or @public('why') on its view.",
            id="tonus.E001",
        )
        for name, pattern in url_patterns()
        if policy_of(pattern.name, pattern.callback) is None
    ]


@register()
def every_action_has_a_policy(**kwargs: Any) -> list[CheckMessage]:
    return [Error(f"Nobody decides on {can}.", id="tonus.E002") for can in Can if can not in POLICY]


@register()
def clinical_rows_are_protected(**kwargs: Any) -> list[CheckMessage]:
    """No cascade may delete what belongs to a patient's record or to the books."""
    wrong: list[CheckMessage] = []
    for model in apps.get_models():
        if model._meta.app_label not in {"clinic", "patients", "treatments", "scheduling", "billing"}:
            continue
        if hasattr(model, "pgh_tracked_model"):
            continue
        for field in model._meta.get_fields():
            remote = getattr(field, "remote_field", None)
            if not (field.concrete and remote and getattr(remote, "on_delete", None)):
                continue
            if remote.on_delete.__name__ == "CASCADE" and not getattr(model, "may_cascade", False):
                wrong.append(
                    Error(
                        f"{model._meta.label}.{field.name} would be deleted with what it points to.",
                        hint="Use on_delete=PROTECT, or say may_cascade = True where rows are drafts.",
                        id="tonus.E003",
                    )
                )
    return wrong


@register(Tags.security)
def settings_are_sane(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.TIME_ZONE != "UTC" or not settings.USE_TZ:
        found.append(Error("Instants must be UTC.", id="tonus.E004"))
    if getattr(settings, "MFA_TOTP_INSECURE_BYPASS_CODE", None):
        found.append(Error("A code that opens every second factor is set.", id="tonus.E005"))
    if settings.HTTPS and settings.DEBUG:
        found.append(Error("TONUS_DEBUG shows stack traces to everyone.", id="tonus.E006"))
    if settings.HTTPS and settings.DEMO:
        found.append(
            checks.Warning("The demo clinic, whose passwords are printed, is reachable by https.", id="tonus.W001")
        )
    if settings.HTTPS and not settings.DATABASE_OWNER_URL:
        found.append(
            checks.Warning(
                "One database role both owns the tables and runs the clinic.", hint="docs/operator.md", id="tonus.W002"
            )
        )
    return found


@register()
def text_messages_have_a_way_out(**kwargs: Any) -> list[CheckMessage]:
    """What SMS_URL says can be understood, and its secret does not travel in the open."""
    url = settings.SMS_URL
    if not url:
        return []
    if twilio.is_account(url):
        try:
            twilio.account(url)
        except twilio.NoAccount as refusal:
            return [Error(str(refusal), hint="docs/operator.md", id="tonus.E007")]
        return []
    if "{to}" not in url:
        said = "SMS_URL must say with {to} where the patient's number goes."
        return [Error(said, hint="docs/operator.md", id="tonus.E007")]
    if sms.provider_of_apprise(url, "+12075550100") is None:
        return [Error("Apprise does not understand SMS_URL.", hint="docs/operator.md", id="tonus.E007")]
    return []


@register()
def a_provider_of_mail_can_tell_what_became_of_it(**kwargs: Any) -> list[CheckMessage]:
    """Without a secret or a signature anybody could say that a mail bounced: so nobody is listened to."""
    backend = settings.EMAIL_BACKEND
    if not backend.startswith("anymail.backends."):
        return []
    from clinic import mail_receipts  # noqa: PLC0415 -- its libraries are slow to load, and few clinics need them

    if mail_receipts.hook(backend) is not None:
        return []
    said = "What becomes of mails is not heard of: the provider neither signs nor knows a secret of ours."
    return [checks.Warning(said, hint="Set ANYMAIL_WEBHOOK_SECRET; see docs/operator.md.", id="tonus.W003")]
