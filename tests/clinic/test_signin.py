"""Signing in: what it takes, what it tells a stranger, how often one may try."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
import time_machine
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse

from clinic import checks, links, sealing, second_factor
from clinic import settings as declared
from clinic.links import Purpose
from clinic.models import AuditEvent, OutboundMessage, User
from tests.factories.people import PASSWORD, a_therapist, an_owner, front_desk

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    cache.clear()
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
    cache.clear()


def attempt(client: Client, email: str, password: str = PASSWORD, **extra):
    return client.post(reverse("account_login"), {"login": email, "password": password}, **extra)


def signed_in(client: Client) -> bool:
    return client.get(reverse("mfa_index")).status_code == 200


def enrol(user: User, secret: str = "JBSWY3DPEHPK3PXP") -> str:
    """An authenticator app for this user; returns its key."""
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": get_adapter().encrypt(secret)}
    )
    return secret


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


# -- The password --------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["ola@clinic.example", "OLA@Clinic.Example", " ola@clinic.example "])
def test_staff_sign_in_by_e_mail_whatever_its_capitals(client, typed):
    an_owner(email="Ola@clinic.example")
    assert attempt(client, typed).status_code == 302
    assert signed_in(client)


def test_passwords_are_kept_as_argon2():
    assert declared.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    assert Argon2PasswordHasher().encode("word", "saltsalt").startswith("argon2$argon2id$")


def test_a_wrong_password_is_told_beside_the_form_and_the_address_stays(client):
    user = front_desk()
    response = attempt(client, user.email, "wrong")
    assert response.status_code == 422
    page = response.content.decode()
    assert "do not go together" in page
    assert f'value="{user.email}"' in page
    assert not signed_in(client)


def test_there_is_no_way_to_make_an_account_of_ones_own(client):
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    for path in ("/account/signup/", "/account/2fa/keys/signup/"):
        assert client.get(path).status_code == 404


def test_a_closed_sign_in_says_so_only_to_who_knows_its_password(client):
    user = front_desk()
    User.objects.filter(pk=user.pk).update(is_active=False, deactivated_at=NOON)
    closed = attempt(client, user.email)
    assert closed.status_code == 302
    assert "has been closed" in client.get(closed["Location"]).content.decode()
    assert not signed_in(client)
    wrong = attempt(Client(), user.email, "wrong").content.decode()
    assert "has been closed" not in wrong
    assert "do not go together" in wrong


def test_the_sign_ins_of_the_demo_stand_on_its_page_and_on_no_other(client, settings):
    page = reverse("account_login")
    settings.DEMO = True
    assert "owner@tonus.example" in client.get(page).content.decode()
    an_owner()
    settings.DEMO = False
    assert "tonus.example" not in client.get(page).content.decode()


# -- What a stranger learns ----------------------------------------------------------------------------


class CountingHasher(Argon2PasswordHasher):
    """Argon2 as it is, with a count of how often it worked."""

    worked: ClassVar[list[str]] = []

    def encode(self, password, salt):
        self.worked.append("encode")
        return super().encode(password, salt)

    def verify(self, password, encoded):
        self.worked.append("verify")
        return super().verify(password, encoded)


def neutral(page: str, *names: str) -> str:
    """A page without what differs between any two requests."""
    for name in names:
        page = page.replace(name, "NAME")
    page = re.sub(r'("X-CSRFToken": )"[^"]+"', r"\1…", page)
    return re.sub(r'(nonce|value|data-csrf|content)="[A-Za-z0-9+/=_-]{16,}"', r"\1=…", page)


def test_known_and_unknown_addresses_are_answered_alike(client, settings):
    settings.PASSWORD_HASHERS = ["tests.clinic.test_signin.CountingHasher"]
    user = front_desk(email="known@clinic.example")
    answers, work = [], []
    for email in ("known@clinic.example", "nobody@clinic.example"):
        CountingHasher.worked.clear()
        response = attempt(Client(), email, "wrong")
        work.append(len(CountingHasher.worked))
        answers.append((response.status_code, neutral(response.content.decode(), email)))
    assert answers[0] == answers[1]
    assert work[0] == work[1] == 1, "one Argon2 each: the time tells nothing either"
    assert user.email


def test_forgetting_a_password_answers_known_and_unknown_alike_and_writes_to_the_known_alone(client):
    front_desk(email="known@clinic.example")
    answers = []
    for email in ("known@clinic.example", "nobody@clinic.example"):
        response = client.post(reverse("account_reset_password"), {"email": email})
        page = client.get(response["Location"])
        answers.append((response.status_code, response["Location"], neutral(page.content.decode(), email)))
    assert answers[0] == answers[1]
    assert [message.to_address for message in OutboundMessage.objects.all()] == ["known@clinic.example"]


# -- How often one may try -----------------------------------------------------------------------------


def test_five_wrong_passwords_close_an_address_for_five_minutes_even_to_the_right_one(client, clock):
    user = front_desk()
    for number in range(5):
        assert "do not go together" in attempt(client, user.email, f"wrong {number}").content.decode()
    refused = attempt(client, user.email)
    assert refused.status_code == 422
    assert "Too many tries" in refused.content.decode()
    other_network = attempt(Client(), user.email, REMOTE_ADDR="203.0.113.9")
    assert "Too many tries" in other_network.content.decode()
    clock.shift(timedelta(minutes=5, seconds=1))
    assert attempt(client, user.email).status_code == 302, "nobody is locked out for ever"


def test_guessing_from_many_networks_gets_five_tries_at_an_account(clock):
    user = front_desk()
    for number in range(60):
        attempt(Client(), user.email, f"guess {number}", REMOTE_ADDR=f"198.51.100.{number}")
    assert AuditEvent.objects.filter(action="sign_in.failed").count() == 5


def test_one_network_gets_twenty_wrong_tries_a_minute_over_all_accounts(client):
    users = [front_desk() for _ in range(8)]
    for number in range(24):
        attempt(client, users[number % 8].email, "wrong")
    assert AuditEvent.objects.filter(action="sign_in.failed").count() == 20


def test_a_second_factor_cannot_be_guessed_either(client):
    user = front_desk()
    enrol(user)
    attempt(client, user.email)
    said = [client.post(reverse("mfa_authenticate"), {"code": f"{n:06}"}).content.decode() for n in range(8)]
    assert "not right" in said[0]
    assert "Too many tries" in said[-1]


def test_the_limits_are_shared_by_all_processes_through_the_database(client):
    attempt(client, front_desk().email, "wrong")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shared_cache")
        assert cursor.fetchone()[0] > 0


def test_a_failed_try_is_written_down_without_what_was_typed(client):
    user = front_desk()
    attempt(client, user.email, "a-secret-word")
    attempt(client, "another-secret@clinic.example", "wrong")
    failed = AuditEvent.objects.filter(action="sign_in.failed").order_by("pk")
    assert [event.subject_uid for event in failed] == [user.uid, None]
    assert "secret" not in str([event.detail for event in failed])


# -- The second factor ---------------------------------------------------------------------------------


def test_with_a_second_factor_the_password_alone_opens_nothing(client, clock):
    user = a_therapist()
    secret = enrol(user)
    response = attempt(client, user.email)
    assert response["Location"] == reverse("mfa_authenticate")
    assert not signed_in(client)
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 422
    assert client.post(reverse("mfa_authenticate"), {"code": code_now(secret)}).status_code == 302
    assert signed_in(client)


def test_a_code_signs_in_once(client, clock):
    user = front_desk()
    secret = enrol(user)
    for browser, status in ((client, 302), (Client(), 422)):
        attempt(browser, user.email)
        assert browser.post(reverse("mfa_authenticate"), {"code": code_now(secret)}).status_code == status


def test_enrolling_shows_the_square_and_then_the_recovery_codes_once(client, clock):
    user = front_desk()
    attempt(client, user.email)
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200, "who has just typed the password is not asked for it again"
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page.content.decode())
    assert secret is not None
    response = client.post(reverse("mfa_activate_totp"), {"code": code_now(secret[1])})
    assert response["Location"] == reverse("mfa_view_recovery_codes")
    shown = re.findall(r"<code>(\d{8})</code>", client.get(response["Location"]).content.decode())
    assert len(shown) == 10
    again = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert not any(code in again for code in shown)
    assert second_factor.has_second_factor(user)

    client.post(reverse("account_logout"))
    for number, status in ((0, 302), (0, 422), (1, 302)):
        browser = Client()
        attempt(browser, user.email)
        code = browser.post(reverse("mfa_authenticate"), {"code": shown[number]})
        assert code.status_code == status, "each recovery code works once"


def test_changing_the_second_factor_later_asks_for_the_password_again(client, clock):
    user = front_desk()
    attempt(client, user.email)
    clock.shift(timedelta(minutes=6))
    response = client.get(reverse("mfa_activate_totp"))
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    wrong = client.post(response["Location"], {"password": "wrong"})
    assert wrong.status_code == 422
    right = client.post(response["Location"], {"password": PASSWORD, "next": reverse("mfa_activate_totp")})
    assert right["Location"] == reverse("mfa_activate_totp")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_secrets_in_the_database_are_sealed_and_survive_a_new_key(settings):
    user = front_desk()
    secret = enrol(user)
    stored = Authenticator.objects.get().data["secret"]
    assert secret not in str(stored)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a new key " * 5
    assert get_adapter().decrypt(stored) == secret
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(sealing.Unreadable):
        get_adapter().decrypt(stored)


def test_a_secret_sealed_for_one_purpose_opens_for_no_other():
    sealed = sealing.seal("word", purpose="mfa")
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(sealed, purpose="held input")


def test_a_code_that_opens_every_second_factor_stops_the_start(settings):
    settings.MFA_TOTP_INSECURE_BYPASS_CODE = "123456"
    assert "tonus.E005" in [found.id for found in checks.settings_are_sane()]


# -- Where the clinic demands one ----------------------------------------------------------------------


@pytest.fixture
def demanded(settings):
    settings.REQUIRE_MFA = True


@pytest.mark.parametrize("make", [an_owner, front_desk, a_therapist])
def test_where_it_is_demanded_every_role_is_led_to_enrol_first(client, demanded, make):
    user = make()
    attempt(client, user.email)
    for url in ("/", reverse("office:home"), reverse("office:staff")):
        response = client.get(url)
        assert (response.status_code, response["Location"]) == (302, reverse("mfa_activate_totp"))
    part = client.get(reverse("office:home"), HTTP_HX_REQUEST="true")
    assert (part.status_code, part["HX-Redirect"]) == (204, reverse("mfa_activate_totp"))
    enrol(user)
    assert client.get("/")["Location"] != reverse("mfa_activate_totp")


def test_where_it_is_demanded_the_last_one_cannot_be_removed(client, demanded):
    user = front_desk()
    attempt(client, user.email)
    enrol(user)
    key = Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "key"})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302, "another one is left"
    client.post(reverse("mfa_remove_webauthn", args=[key.pk]))
    assert second_factor.has_second_factor(user)
    assert "only second factor" in client.get(reverse("mfa_list_webauthn")).content.decode()


def test_notices_about_a_sign_in_take_the_outbox(client, clock, django_capture_on_commit_callbacks):
    user = front_desk()
    attempt(client, user.email)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page)
    assert secret is not None
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_activate_totp"), {"code": code_now(secret[1])})
    message = OutboundMessage.objects.get()
    assert message.to_address == user.email
    assert "authenticator app" in message.text.lower()


# -- The link to choose a password ---------------------------------------------------------------------


def a_link(user: User, hours: int = 1) -> str:
    token = links.issue(
        purpose=Purpose.PASSWORD, subject_uid=user.uid, expires_at=NOON + timedelta(hours=hours), now=NOON
    )
    return reverse("choose_password", args=[token])


def chosen(word: str = "quite another four words") -> dict[str, str]:
    return {"password1": word, "password2": word}


def test_a_link_sets_the_password_once_and_ends_what_was_signed_in(client):
    user = front_desk()
    attempt(client, user.email)
    url, visitor = a_link(user), Client()
    assert visitor.get(url).status_code == 200
    assert visitor.get(url).status_code == 200, "looking does not use it up: mail scanners look"
    assert visitor.post(url, chosen()).status_code == 303
    assert not signed_in(client)
    assert attempt(visitor, user.email, "quite another four words").status_code == 302
    assert Client().post(url, chosen("a third set of words")).status_code == 410
    assert Client().get(url).status_code == 410


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("short", "short", "too short"),
        ("password1234", "password1234", "too common"),
        ("quite another four words", "not the same words", "same password each time"),
        ("", "", "required"),
    ],
)
def test_a_poor_password_is_refused_with_a_sentence_and_the_link_still_works(client, first, second, said):
    user = front_desk()
    url = a_link(user)
    response = client.post(url, {"password1": first, "password2": second})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert client.post(url, chosen()).status_code == 303


def test_an_outdated_link_and_one_of_a_closed_sign_in_change_nothing(client, clock):
    user, closed = front_desk(), front_desk()
    before = user.password
    url, dead = a_link(user), a_link(closed)
    User.objects.filter(pk=closed.pk).update(is_active=False, deactivated_at=NOON)
    assert client.post(dead, chosen()).status_code == 410
    clock.shift(timedelta(hours=1))
    assert client.post(url, chosen()).status_code == 410
    user.refresh_from_db()
    assert user.password == before


def test_the_mail_of_a_reset_keeps_only_a_digest_of_its_link(client, clock):
    user = front_desk()
    client.post(reverse("account_reset_password"), {"email": user.email})
    message = OutboundMessage.objects.get()
    assert "{link}" in message.text
    assert message.link_purpose == Purpose.PASSWORD
    assert hashlib.sha256(b"").hexdigest() not in message.text


def test_who_has_lost_phone_and_codes_is_let_in_again_from_the_server(client, capsys):
    owner = an_owner()
    enrol(owner)
    attempt(client, owner.email)
    call_command("reset_sign_in", owner.email.upper())
    url = capsys.readouterr().out.splitlines()[-1]
    assert not second_factor.has_second_factor(owner)
    assert client.post(url[url.index("/account") :], chosen()).status_code == 303
    with pytest.raises(CommandError, match="Nobody"):
        call_command("reset_sign_in", "nobody@clinic.example")


def test_a_notice_says_what_was_changed_and_what_to_do_when_it_was_not_you(client, clock):
    user = front_desk(name="Fay Desk")
    attempt(client, user.email)
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, **chosen()})
    notice = OutboundMessage.objects.get()
    for words in ("Hello Fay,", "Back to Work Clinic", "password has been changed", "127.0.0.1", "tell the owner"):
        assert words in notice.text
