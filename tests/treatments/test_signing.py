"""Signing is done by somebody who has just shown that it is they; nothing typed is lost on the way."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse

from tests.factories import people
from tests.factories import treatments as make
from tests.treatments.test_pages import chart_post
from treatments.models import SessionNote

pytestmark = pytest.mark.django_db


@pytest.fixture
def therapist(as_):
    author = make.a_practitioner()
    client = as_(author.user)
    client.author = author
    return client


def some_minutes_ago(client, minutes):
    people.just_signed_in(client)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 60 * minutes}]
    session.save()


def sign_url(note):
    return reverse("treatments:sign", args=[note.uid])


def test_within_minutes_of_signing_in_one_is_not_asked_again(therapist):
    note = make.a_written_note(author=therapist.author)
    some_minutes_ago(therapist, 4)
    assert therapist.get(sign_url(note)).status_code == 200
    assert therapist.post(sign_url(note), {"revision": note.revision}).status_code == 303
    assert SessionNote.objects.get(pk=note.pk).is_signed


@pytest.mark.parametrize("minutes", [6, 200])
def test_later_one_shows_first_that_it_is_oneself_by_password_and_everything_typed_is_there(therapist, minutes):
    note = make.a_note(author=therapist.author)
    some_minutes_ago(therapist, minutes)
    said = chart_post(note, subjective="Typed just now", sign="1")
    answer = therapist.post(reverse("treatments:chart", args=[note.uid]), said, follow=True)
    asking, _ = answer.redirect_chain[-1]
    assert asking.startswith(reverse("account_reauthenticate"))
    assert "nothing you typed is lost" in answer.content.decode()
    back = therapist.post(asking, {"password": "not it", "next": sign_url(note)})
    assert back.status_code == 422
    shown = therapist.post(asking, {"password": people.PASSWORD, "next": sign_url(note)}, follow=True)
    assert "never changed" in shown.content.decode()
    assert "Typed just now" in shown.content.decode()
    note.refresh_from_db()
    therapist.post(sign_url(note), {"revision": note.revision})
    assert SessionNote.objects.get(pk=note.pk).is_signed


def test_a_post_alone_does_not_sign_when_nobody_has_vouched_lately(therapist):
    note = make.a_written_note(author=therapist.author)
    some_minutes_ago(therapist, 30)
    answer = therapist.post(sign_url(note), {"revision": note.revision})
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not SessionNote.objects.get(pk=note.pk).is_signed


def test_a_session_that_says_nothing_of_its_beginning_is_old(therapist):
    note = make.a_written_note(author=therapist.author)
    assert therapist.get(sign_url(note))["Location"].startswith(reverse("account_reauthenticate"))


def test_a_note_that_moved_on_is_shown_again_and_not_signed(therapist):
    note = make.a_written_note(author=therapist.author)
    people.just_signed_in(therapist)
    answer = therapist.post(sign_url(note), {"revision": note.revision - 1})
    assert answer.status_code == 409
    assert not SessionNote.objects.get(pk=note.pk).is_signed


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 30])
def test_a_revision_that_cannot_be_signs_nothing(therapist, revision):
    note = make.a_written_note(author=therapist.author)
    people.just_signed_in(therapist)
    assert therapist.post(sign_url(note), {"revision": revision}).status_code == 409
