"""What Tonus decides where django-allauth asks: no public sign-up, sealed secrets, no way around MFA."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from clinic import audit, invitations, sealing, second_factor, sessions
from clinic.access import SYSTEM
from clinic.models import Clinic, User
from clinic.requests import TimedRequest

SHARED_DESK_COOKIE = "shared_desk"
SHOWN_BY_THE_PAGE = {
    "account/messages/logged_in.txt",
    "account/messages/logged_out.txt",
    "mfa/messages/totp_activated.txt",
    "mfa/messages/recovery_codes_generated.txt",
}
_A_YEAR = 365 * 24 * 60 * 60


def clinic_name() -> str:
    """The clinic's name for mails and authenticator apps; Tonus before the first start."""
    return Clinic.objects.values_list("name", flat=True).first() or "Tonus"


class SignInForm(LoginForm):  # type: ignore[misc]
    """E-mail and password; and whether others use this desk too, which the browser remembers."""

    shared_desk = forms.BooleanField(
        label="This is a shared desk",
        help_text="Signs you off after 5 minutes without use instead of 15.",
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail"
        for name in ("login", "password"):
            self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""
        self.fields["shared_desk"].initial = is_shared_desk(self.request)
        self.order_fields(["login", "password", "shared_desk"])

    def login(self, request: TimedRequest, redirect_url: str | None = None) -> HttpResponse:
        shared = self.cleaned_data["shared_desk"]
        request.session["shared_desk"] = shared
        response: HttpResponse = super().login(request, redirect_url=redirect_url)
        if shared:
            response.set_cookie(
                SHARED_DESK_COOKIE, "1", max_age=_A_YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax"
            )
        else:
            response.delete_cookie(SHARED_DESK_COOKIE, samesite="Lax")
        return response


def is_shared_desk(request: TimedRequest | None) -> bool:
    """As the checkbox said at the last sign-in from this browser."""
    return request is not None and request.COOKIES.get(SHARED_DESK_COOKIE) == "1"


def vouched_lately(request: TimedRequest) -> bool:
    """Whether this person has shown within the last minutes that it is they: by signing in, or once more since."""
    records = get_authentication_records(request, request.user)
    return bool(records) and request.now.timestamp() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def asked_at(url: str) -> str:
    """The page that asks for password, code or passkey, and leads from there to `url`."""
    return f"{resolve_url('account_reauthenticate')}?{urlencode({'next': url}, safe='/')}"


def ask_again(url: str) -> HttpResponse:
    return HttpResponseRedirect(asked_at(url), status=303)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Staff accounts are made by the owner, never by the visitor."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "That e-mail and password do not go together. Check both and try again.",
        "incorrect_password": "That is not your password.",
        "incorrect_code": "That code is not right, or its time is over. Enter the one shown now.",
        "too_many_login_attempts": "Too many tries. Wait five minutes, then try again.",
        "rate_limited": "Too many tries. Wait a few minutes, then try again.",
    }

    def is_open_for_signup(self, request: TimedRequest) -> bool:  # noqa: ARG002 -- the library's
        return False

    def login(self, request: TimedRequest, user: User) -> None:
        shared = request.session.pop("shared_desk", is_shared_desk(request))
        super().login(request, user)
        sessions.begin(request, shared_desk=bool(shared), now=request.now)
        audit.record("session.began", by=user, now=request.now, subject=user)

    def logout(self, request: TimedRequest) -> None:
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            audit.record("session.ended", by=user, now=request.now, subject=user, detail={"why": "signed out"})

    def add_message(self, request: TimedRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """What the next page shows by itself is not said once more above it."""
        template = kwargs.get("message_template", args[0] if args else None)
        if template not in SHOWN_BY_THE_PAGE:
            super().add_message(request, level, *args, **kwargs)

    def respond_user_inactive(self, request: TimedRequest, user: User) -> HttpResponse:  # noqa: ARG002 -- the library's
        """Only somebody who knows the password gets here, so it betrays nothing."""
        messages.error(request, "This sign-in has been closed. Ask the owner of the clinic.")
        return HttpResponseRedirect(resolve_url(settings.LOGIN_URL))

    def authentication_failed(self, request: TimedRequest, **credentials: Any) -> None:
        """Written down for known and unknown alike; what was typed is not: it may be a password."""
        known = User.objects.filter(email=str(credentials.get("email", "")).lower()).first()
        audit.record(
            "sign_in.failed", by=SYSTEM, now=request.now, subject=known, detail={"from": self.get_client_ip(request)}
        )

    def format_email_subject(self, subject: str) -> str:
        return f"{clinic_name()}: {subject}"

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:  # noqa: ARG002 -- the library's
        invitations.send_reset(user, now=self.request.now)

    def get_reset_password_from_key_url(self, key: str) -> str:  # noqa: ARG002 -- the library's
        """Unused: our mail carries a link of our own, whose digest alone is kept."""
        return ""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Notices about a sign-in take the outbox: enrolling must not fail because a mail server is away."""
        user = User.objects.filter(email=email.lower(), is_active=True).first()
        if user is not None:
            mail = self.render_mail(template_prefix, email, {**context, "clinic_name": clinic_name(), "user": user})
            invitations.notify(user, title=str(mail.subject), text=str(mail.body), now=self.request.now)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who signed in within the last five minutes has just shown that it is they."""
        return not vouched_lately(self.request) and bool(super().is_reauthentication_required(app=app, **kwargs))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: their secrets are sealed, and where one is demanded the last one stays."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": (
            "This is your only second factor and the clinic asks for one. Add another before you remove it."
        ),
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text, purpose="mfa")

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text, purpose="mfa")

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not settings.REQUIRE_MFA or second_factor.others_than(authenticator)

    def get_totp_issuer(self) -> str:
        return clinic_name()

    def _get_site_name(self) -> str:
        return clinic_name()
