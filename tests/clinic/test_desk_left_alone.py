"""In a real browser: a desk is left alone, the screen clears, and what was typed is there after the next sign-in."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.models import Clinic, HeldInput
from tests.factories.people import PASSWORD, an_owner, front_desk
from tests.journeys.people import IN_A_BROWSER

pytestmark = list(IN_A_BROWSER)


@pytest.fixture
def desk(browser, live_server):
    """One browser, with what its console complained about."""
    context = browser.new_context(base_url=live_server.url)
    context.complaints = []
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: context.complaints.append(str(error)))
    page.on("console", lambda said: context.complaints.append(said.text) if "Content Security" in said.text else None)
    yield page
    assert not context.complaints
    context.close()


def sign_in(page, user, *, next_page: str = "") -> None:
    if "/account/login/" not in page.url:
        page.goto(reverse("account_login") + (f"?next={next_page}" if next_page else ""))
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda url: "/account/login/" not in url)


@pytest.mark.django_db(transaction=True)
def test_what_was_typed_when_a_desk_was_left_alone_is_there_again(desk, settings):
    settings.IDLE_SECONDS = 6
    owner = an_owner()
    office = reverse("office:clinic")
    sign_in(desk, owner, next_page=office)
    desk.goto(office)
    desk.fill("[name=name]", "Half a name, typed before the phone rang")
    second_tab = desk.context.new_page()
    second_tab.goto(reverse("office:staff"))

    desk.wait_for_selector("#session-ends[open]")
    desk.click("[data-stay]")
    desk.wait_for_selector("#session-ends", state="hidden")
    assert desk.url.endswith(office), "somebody was still there"

    desk.wait_for_url("**/account/signed-off/**", timeout=30_000)
    second_tab.wait_for_url("**/account/signed-off/**", timeout=30_000)
    assert "Half a name" not in desk.content()
    assert HeldInput.objects.get().user == owner
    second_tab.close()

    settings.IDLE_SECONDS = 900
    desk.click("main a.btn-primary")
    sign_in(desk, owner)
    assert desk.url.endswith(office)
    assert desk.input_value("[name=name]") == "Half a name, typed before the phone rang"
    desk.wait_for_selector(".held-banner")
    assert Clinic.the().name != "Half a name, typed before the phone rang"
    desk.click("main form.panel button[type=submit]")
    desk.wait_for_selector("text=The clinic is changed")
    assert not HeldInput.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_passkey_signs_in_by_itself(desk, settings):
    user = front_desk()
    devtools = desk.context.new_cdp_session(desk)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(desk, user, next_page=reverse("mfa_add_webauthn"))
    desk.check("[name=passwordless]")
    desk.click("#mfa_webauthn_add")
    desk.wait_for_selector(".recovery-codes")
    desk.goto(reverse("account_logout"))
    desk.click("main form button[type=submit]")
    desk.wait_for_url("**/account/login/**")
    desk.click("#passkey_login")
    desk.wait_for_url(lambda url: "/account/" not in url)
    assert desk.locator("[data-page-of]").count() == 1
