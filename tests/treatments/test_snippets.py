"""Snippets: the clinic's and one's own, under short names that can be typed."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import people
from tests.factories import treatments as make
from treatments import snippets
from treatments.models import Snippet

pytestmark = pytest.mark.django_db


def a_snippet(author, short="walk", text="Walks upright.", *, for_all=False):
    return snippets.write(short=short, text=text, author=author, for_all=for_all, by=author.user, now=make.NOW)


def offered(author):
    return [(one.short, one.text) for one in Snippet.objects.offered_to(author)]


def test_one_is_offered_ones_own_and_the_clinics():
    me, colleague = make.a_practitioner(), make.a_practitioner()
    a_snippet(me)
    a_snippet(colleague, "theirs")
    a_snippet(colleague, "ours", "The clinic's.", for_all=True)
    assert offered(me) == [("ours", "The clinic's."), ("walk", "Walks upright.")]


def test_a_short_name_is_taken_once_by_me_and_once_by_all():
    me = make.a_practitioner()
    a_snippet(me)
    a_snippet(me, for_all=True)
    for for_all in (False, True):
        with pytest.raises(snippets.SnippetRefused, match=r"“\.walk” is taken"):
            a_snippet(me, for_all=for_all)


def test_the_chart_offers_ones_own_before_the_clinics_of_that_name(as_):
    me = make.a_practitioner()
    a_snippet(me, text="The clinic's <b>", for_all=True)
    a_snippet(me, text="Mine </script>")
    note = make.a_note(author=me)
    shown = as_(me.user).get(reverse("treatments:chart", args=[note.uid])).content.decode()
    told = shown.split('<script id="snippets" type="application/json">')[1].split("</script>")[0]
    assert json.loads(told) == [{"short": "walk", "text": "Mine </script>", "own": True}]


def test_they_are_written_changed_and_retired_on_their_page(as_):
    me = make.a_practitioner()
    client, url = as_(me.user), reverse("treatments:snippets")
    assert client.post(url, {"short": "walk", "text": "Walks upright.", "for_all": ""}).status_code == 303
    one = Snippet.objects.get()
    edit = reverse("treatments:snippet_edit", args=[one.uid])
    assert client.post(edit, {"short": "walk", "text": "Walks.", "revision": 1}).status_code == 303
    stale = client.post(edit, {"short": "walk", "text": "Too late", "revision": 1})
    assert stale.status_code == 422
    assert "changed this snippet meanwhile" in stale.content.decode()
    assert "Too late" in stale.content.decode()
    client.post(reverse("treatments:snippet_retire", args=[one.uid]))
    assert offered(me) == []
    assert a_snippet(me).text == "Walks upright."


@pytest.mark.parametrize("short", ["", "two words", "Ä", "UPPER", "-dash", "a_b", "x" * 21])
def test_a_short_name_can_be_typed(as_, short):
    client = as_(make.a_practitioner().user)
    assert client.post(reverse("treatments:snippets"), {"short": short, "text": "x"}).status_code == 422
    assert not Snippet.objects.exists()


def test_anothers_own_snippet_is_not_found(as_):
    theirs = a_snippet(make.a_practitioner())
    client = as_(make.a_practitioner().user)
    for name in ("snippet_edit", "snippet_retire"):
        assert client.post(reverse(f"treatments:{name}", args=[theirs.uid]), {}).status_code == 404


def test_the_front_desk_has_none(as_):
    assert as_(people.front_desk()).get(reverse("treatments:snippets")).status_code == 403


def test_the_list_costs_the_same_with_one_row_and_with_four(as_):
    me = make.a_practitioner()
    client, url = as_(me.user), reverse("treatments:snippets")

    def costs():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        return len(asked)

    a_snippet(me)
    client.get(url)
    one = costs()
    for short in ("b", "c", "d"):
        a_snippet(me, short, for_all=short == "d")
    assert costs() == one
