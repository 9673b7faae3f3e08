"""Choosing a password by a link from a mail."""

from __future__ import annotations

from allauth.account.forms import ResetPasswordKeyForm
from django.contrib import messages
from django.http import HttpResponse

from clinic import invitations, links
from clinic.links import Purpose, by_link
from clinic.models import ActionLink, User
from clinic.pages import go_to, page
from clinic.requests import TimedRequest


@by_link(Purpose.PASSWORD)
def choose_password(request: TimedRequest, link: ActionLink) -> HttpResponse:
    """GET shows the form, POST sets the password; the link is used up by it."""
    user = User.objects.filter(uid=link.subject_uid, is_active=True).first()
    if user is None or link.used_at is not None:
        return links.gone(request)
    form = ResetPasswordKeyForm(request.POST or None, user=user)
    form.fields["password1"].label, form.fields["password2"].label = "Password", "The same again"
    if request.method == "POST" and form.is_valid():
        if invitations.choose_password(link, password=form.cleaned_data["password1"], now=request.now) is None:
            return links.gone(request)
        messages.success(request, "Your password is set. Sign in with it.")
        return go_to(request, "account_login")
    return page(
        request, "account/choose_password.html", {"form": form, "person": user}, status=422 if form.errors else 200
    )
