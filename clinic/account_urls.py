"""One's own sign-in: the pages of django-allauth that Tonus uses (no sign-up, no mail addresses), and ours.

`clinic.access.LIBRARY_URLS` says what each page of the library needs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as usersessions
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache

from clinic import password_views, session_views
from clinic.pages import go_to

View = Callable[..., HttpResponse]


def ours(view: View) -> View:
    """A page of the library, answered as the house answers: labels say it all, 422 with the form, no cache."""

    @functools.wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        form = (getattr(response, "context_data", None) or {}).get("form")
        for field in getattr(form, "fields", {}).values():
            field.widget.attrs.pop("placeholder", None)
        if request.method == "POST" and response.status_code == 200 and form is not None and form.errors:
            response.status_code = 422
        return response

    return never_cache(answered)


def keeping_the_last(view: View) -> View:
    """Where a second factor is demanded, the last one is not removed."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        mine = Authenticator.objects.filter(pk=pk, user=request.user, type=Authenticator.Type.WEBAUTHN).first()
        if mine is not None and not get_adapter().can_delete_authenticator(mine):
            messages.error(request, get_adapter().error_messages["cannot_delete_authenticator"])
            return go_to(request, "mfa_list_webauthn")
        return view(request, pk=pk)

    return guarded


def demo_sign_ins() -> dict[str, Any]:
    """Who can sign in to the demo, for the sign-in page of the demo alone."""
    if not settings.DEMO:
        return {}
    from clinic.demo.sign_ins import PASSWORD, SIGN_INS  # noqa: PLC0415 -- only the demo has them

    return {"people": SIGN_INS, "password": PASSWORD}


login = account.LoginView.as_view(extra_context={"demo_sign_ins": demo_sign_ins})

urlpatterns = [
    path("login/", ours(login), name="account_login"),
    path("logout/", ours(account.logout), name="account_logout"),
    path("reauthenticate/", ours(account.reauthenticate), name="account_reauthenticate"),
    path("password/change/", ours(account.password_change), name="account_change_password"),
    path("password/set/", ours(account.password_set), name="account_set_password"),
    path("password/reset/", ours(account.password_reset), name="account_reset_password"),
    path("password/reset/done/", ours(account.password_reset_done), name="account_reset_password_done"),
    path("password/choose/<str:token>/", password_views.choose_password, name="choose_password"),
    path("2fa/", ours(mfa.index), name="mfa_index"),
    path("2fa/authenticate/", ours(mfa.authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", ours(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/app/activate/", ours(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/app/deactivate/", ours(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/codes/", ours(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("2fa/codes/generate/", ours(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("2fa/keys/", ours(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path("2fa/keys/add/", ours(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("2fa/keys/reauthenticate/", ours(webauthn.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("2fa/keys/<int:pk>/edit/", ours(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path("2fa/keys/<int:pk>/remove/", ours(keeping_the_last(webauthn.remove_webauthn)), name="mfa_remove_webauthn"),
    path("2fa/keys/login/", ours(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path("sessions/", ours(usersessions.list_usersessions), name="usersessions_list"),
    path("session/", session_views.session, name="session"),
    path("signed-off/", session_views.signed_off, name="signed_off"),
    path("held/", session_views.held, name="held"),
    path("held/<uuid:uid>/discard/", session_views.discard_held, name="discard_held"),
]
