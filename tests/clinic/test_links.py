"""Links: 32 random bytes of which only the digest is kept; one thing, once, for a while. Promise P5."""

from __future__ import annotations

import logging
import random
import string
import uuid
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic import links
from clinic.links import Purpose
from clinic.logs import Discreet
from clinic.models import ActionLink
from clinic.wording import SPEECHES

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ALPHABET = string.ascii_letters + string.digits + "-_"

pytestmark = pytest.mark.django_db


def a_token(**changes) -> str:
    facts = {
        "purpose": Purpose.VISIT,
        "subject_uid": uuid.uuid4(),
        "expires_at": NOW + timedelta(days=1),
        "now": NOW,
    }
    return links.issue(**(facts | changes))


def test_a_token_is_long_and_is_not_kept():
    token = a_token()
    assert len(token) == links.TOKEN_LENGTH
    row = ActionLink.objects.values().get()
    assert token not in str(row)
    assert row["digest"] == links.digest_of(token)


def test_a_link_works_for_its_purpose_until_it_expires():
    token = a_token()
    assert links.resolve(token, Purpose.VISIT, NOW) is not None
    assert links.resolve(token, Purpose.PASSWORD, NOW) is None
    assert links.resolve(token, Purpose.VISIT, NOW + timedelta(days=1)) is None


def test_a_link_is_used_once():
    link = links.resolve(a_token(), Purpose.VISIT, NOW)
    assert links.use(link, used_for="confirm", now=NOW)
    assert not links.use(link, used_for="confirm", now=NOW)
    assert not links.use(link, used_for="cancel", now=NOW)
    link.refresh_from_db()
    assert not links.is_working(link, NOW)


def test_an_expired_link_cannot_be_used():
    link = links.resolve(a_token(), Purpose.VISIT, NOW)
    assert not links.use(link, used_for="confirm", now=NOW + timedelta(days=2))


def test_revoking_ends_every_link_about_a_subject_and_no_other():
    subject = uuid.uuid4()
    mine, again, other = a_token(subject_uid=subject), a_token(subject_uid=subject), a_token()
    assert links.revoke_for(subject, NOW) == 2
    assert [links.resolve(t, Purpose.VISIT, NOW) is not None for t in (mine, again, other)] == [False, False, True]


def test_a_hundred_thousand_mutated_tokens_are_refused():
    """Every token that differs in one character, and many random ones: not one digest is known."""
    chance = random.Random(2026)
    tokens = [a_token() for _ in range(20)]
    known = set(ActionLink.objects.values_list("digest", flat=True))
    tried = set()
    for token in tokens:
        for place in range(len(token)):
            tried.update(token[:place] + c + token[place + 1 :] for c in ALPHABET if c != token[place])
        tried.update(
            (token.swapcase(), token[::-1], token[:-1], token + "A", token.upper(), token.lower(), " " + token)
        )
    while len(tried) < 100_000:
        token = list(chance.choice(tokens))
        for _ in range(chance.randint(2, 6)):
            token[chance.randrange(len(token))] = chance.choice(ALPHABET)
        tried.add("".join(token))
    tried -= set(tokens)
    assert len(tried) >= 99_990
    assert not {links.digest_of(token) for token in tried} & known
    for token in chance.sample(sorted(tried), 300):
        assert links.resolve(token, Purpose.VISIT, NOW) is None


@pytest.mark.parametrize(
    "hostile",
    ["", "x", "a" * 43, "a" * 5000, "'; DROP TABLE clinic_actionlink; --", "\x00" * 43, "../" * 14, "\ud800" * 43],
)
def test_hostile_tokens_are_simply_unknown(hostile):
    assert links.resolve(hostile, Purpose.VISIT, NOW) is None


def test_the_database_keeps_nothing_but_digests():
    with pytest.raises(IntegrityError, match="link_keeps_only_a_digest"), transaction.atomic():
        ActionLink.objects.create(
            digest="in clear", purpose="visit", subject_uid=uuid.uuid4(), issued_at=NOW, expires_at=NOW + timedelta(1)
        )


def test_every_purpose_has_a_route_and_a_label():
    assert set(links.ROUTES) == set(Purpose)
    for speech in SPEECHES.values():
        assert set(speech.labels) == {"", *Purpose}
    for route in links.ROUTES.values():
        assert reverse(route, args=["t"])


# -- The door ----------------------------------------------------------------------------------------------


def test_after_thirty_wrong_tokens_in_a_minute_an_address_has_to_wait_and_others_do_not(client, settings):
    wrong = [reverse("portal:visit", args=["".join(random.choices(ALPHABET, k=43))]) for _ in range(40)]
    answers = [client.get(url, REMOTE_ADDR="203.0.113.5").status_code for url in wrong]
    assert answers == [410] * 30 + [429] * 10
    waiting = client.get(wrong[0], REMOTE_ADDR="203.0.113.5")
    assert waiting["Retry-After"] == "60"
    assert client.get(wrong[0], REMOTE_ADDR="203.0.113.6").status_code == 410


def test_an_address_of_the_next_generation_is_counted_by_its_network(client):
    url = reverse("portal:visit", args=["a" * 43])
    for n in range(30):
        assert client.get(url, REMOTE_ADDR=f"2001:db8:1:2::{n:x}").status_code == 410
    assert client.get(url, REMOTE_ADDR="2001:db8:1:2:ffff::1").status_code == 429
    assert client.get(url, REMOTE_ADDR="2001:db8:1:3::1").status_code == 410


def test_a_forged_forwarding_header_does_not_escape_the_limit(client):
    url = reverse("portal:visit", args=["b" * 43])
    for n in range(30):
        client.get(url, REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}")
    answer = client.get(url, REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="198.51.100.99")
    assert answer.status_code == 429


@pytest.mark.parametrize("route", ["portal:visit", "portal:cancel", "portal:move", links.ROUTES[Purpose.PASSWORD]])
def test_what_is_logged_of_a_link_does_not_open_it(client, settings, route):
    """Django says "Gone: <path>" of every link that does not work; the handler of the settings scrubs it."""
    token = a_token()
    said = StringIO()
    handler = logging.StreamHandler(said)
    handler.addFilter(Discreet())
    logging.getLogger("django.request").addHandler(handler)
    try:
        links.revoke_for(ActionLink.objects.get().subject_uid, NOW)
        assert client.get(reverse(route, args=[token])).status_code == 410
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert "Gone" in said.getvalue()
    assert token not in said.getvalue()
    assert [spec["filters"] for spec in settings.LOGGING["handlers"].values()] == [["discreet"]]
    assert settings.LOGGING["loggers"]["django"]["handlers"] == []
