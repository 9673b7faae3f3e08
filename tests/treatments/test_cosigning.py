"""Whose notes need a second signature, and that the locked note stays locked for it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AuditEvent
from tests.factories import people
from tests.factories import treatments as make
from treatments import cosigning, notes
from treatments.models import CoSignature, SessionNote, Supervision

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair():
    """A practitioner whose notes are co-signed, and who does it."""
    junior, senior = make.a_practitioner(name="June Junior"), make.a_practitioner(name="Sara Senior")
    cosigning.agree(practitioner=junior, cosigner=senior, by=people.an_owner(), now=make.NOW)
    return junior, senior


def a_waiting_note(junior):
    return make.a_signed_note(make.a_plan(author=junior))


def test_a_note_waits_when_its_author_is_supervised_and_only_then(pair):
    junior, senior = pair
    waiting, other = a_waiting_note(junior), make.a_signed_note()
    assert waiting.needs_cosignature
    assert not other.needs_cosignature
    assert list(SessionNote.objects.to_cosign(senior)) == [waiting]


def test_notes_signed_before_do_not_wait():
    junior, senior = make.a_practitioner(), make.a_practitioner()
    before = a_waiting_note(junior)
    cosigning.agree(practitioner=junior, cosigner=senior, by=people.an_owner(), now=make.NOW)
    assert not SessionNote.objects.get(pk=before.pk).needs_cosignature


def test_a_cosignature_leaves_the_note_as_it_was_signed(pair):
    junior, senior = pair
    note = a_waiting_note(junior)
    before = notes.canonical(SessionNote.objects.with_parts().get(pk=note.pk))
    made = cosigning.cosign(note, remark="Discussed", by=senior.user, now=make.NOW)
    after = SessionNote.objects.with_parts().get(pk=note.pk)
    assert notes.canonical(after) == before
    assert (made.digest, after.cosigned, after.waits_for_cosignature) == (note.digest, made, False)
    assert notes.is_intact(after)
    assert AuditEvent.objects.filter(action="note.cosigned", actor_uid=senior.user.uid).count() == 1


def test_nobody_cosigns_twice_or_their_own_or_unasked(pair):
    junior, senior = pair
    note = a_waiting_note(junior)
    for other in (junior, make.a_practitioner()):
        with pytest.raises(cosigning.CoSigningRefused, match="does not wait for your"):
            cosigning.cosign(note, by=other.user, now=make.NOW)
    cosigning.cosign(note, by=senior.user, now=make.NOW)
    with pytest.raises(cosigning.CoSigningRefused, match="Sara Senior has co-signed it already"):
        cosigning.cosign(note, by=senior.user, now=make.NOW)
    with pytest.raises(cosigning.CoSigningRefused, match="their own"):
        cosigning.agree(practitioner=junior, cosigner=junior, by=people.an_owner(), now=make.NOW)


def test_the_database_takes_a_cosignature_only_for_what_waits(pair):
    junior, senior = pair
    waiting, free = a_waiting_note(junior), make.a_signed_note()
    draft = make.a_written_note(make.a_plan(author=junior))
    for note, who, digest in (
        (free, senior, free.digest), (draft, senior, "0" * 64), (waiting, junior, waiting.digest),
        (waiting, senior, "0" * 64),
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match="is co-signed when"), transaction.atomic():
            CoSignature.objects.create(note=note, signed_at=make.NOW, signed_by=who.user, digest=digest)
    made = CoSignature.objects.create(note=waiting, signed_at=make.NOW, signed_by=senior.user, digest=waiting.digest)
    with pytest.raises(DatabaseError), transaction.atomic():
        CoSignature.objects.filter(pk=made.pk).update(remark="Never said")
    with pytest.raises(DatabaseError), transaction.atomic():
        made.delete()


def test_the_cosigner_reads_it_until_it_is_signed_in_their_care_or_not(pair, as_):
    junior, senior = pair
    note = a_waiting_note(junior)
    client = as_(senior.user)
    people.just_signed_in(client)
    listed = client.get(reverse("treatments:unsigned")).content.decode()
    assert "To co-sign" in listed
    page = reverse("treatments:note", args=[note.uid])
    shown = client.get(page).content.decode()
    assert "Co-sign for June Junior" in shown
    assert "Tone high left of L4." in shown
    assert "Add to this note" not in shown
    assert client.post(reverse("treatments:cosign", args=[note.uid]), {"remark": ""}).status_code == 303
    assert client.get(page).status_code == 404
    assert "To co-sign" not in client.get(reverse("treatments:unsigned")).content.decode()


def test_a_second_signature_asks_who_it_is_as_the_first_does(pair, as_):
    junior, senior = pair
    note, client = a_waiting_note(junior), as_(senior.user)
    page, sign = (reverse(f"treatments:{name}", args=[note.uid]) for name in ("note", "cosign"))
    assert "Show that it is you" in client.get(page).content.decode()
    refused = client.post(sign, {"remark": "Typed already."})
    text = refused.content.decode()
    assert (refused.status_code, "Show first that it is you" in text, "Typed already." in text) == (422, True, True)
    assert f"{reverse('account_reauthenticate')}?next={page}" in text
    assert not CoSignature.objects.exists()
    people.just_signed_in(client)
    assert client.post(sign, {"remark": "Typed already."}).status_code == 303
    assert CoSignature.objects.get().remark == "Typed already."


def test_a_stranger_finds_no_waiting_note(pair, as_):
    note = a_waiting_note(pair[0])
    client = as_(make.a_practitioner().user)
    assert client.get(reverse("treatments:note", args=[note.uid])).status_code == 404
    assert client.post(reverse("treatments:cosign", args=[note.uid]), {}).status_code == 404
    assert not CoSignature.objects.exists()


def test_the_owner_says_whose_notes_are_cosigned(as_):
    junior, senior = make.a_practitioner(name="June Junior"), make.a_practitioner(name="Sara Senior")
    client = as_(people.an_owner())
    url = reverse("treatments:supervisions")
    said = {"practitioner": junior.uid, "cosigner": senior.uid}
    assert client.post(url, said).status_code == 303
    a_waiting_note(junior)
    shown = client.get(url).content.decode()
    assert "1 note waiting" in shown
    assert "co-signs for June Junior already" in client.post(url, said).content.decode()
    assert "Nobody co-signs their own" in client.post(url, said | {"cosigner": junior.uid}).content.decode()
    assert client.post(reverse("treatments:supervision_end", args=[Supervision.objects.get().uid])).status_code == 303
    assert "that nobody is asked for any more" in client.get(url).content.decode()
    assert cosigning.waiting_for_nobody() == 1


@pytest.mark.parametrize("who", [people.front_desk, people.a_therapist])
def test_only_who_manages_staff_decides_it(as_, who):
    assert as_(who()).get(reverse("treatments:supervisions")).status_code == 403


def test_the_lists_cost_the_same_with_one_row_and_with_four(pair, as_):
    junior, senior = pair
    owner = people.an_owner()

    def costs():
        found = []
        for user, name in ((senior.user, "unsigned"), (owner, "supervisions")):
            client = as_(user)
            client.get(reverse(f"treatments:{name}"))
            with CaptureQueriesContext(connection) as asked:
                assert client.get(reverse(f"treatments:{name}")).status_code == 200
            found.append(len(asked))
        return found

    a_waiting_note(junior)
    one = costs()
    for _ in range(3):
        a_waiting_note(junior)
        cosigning.agree(practitioner=make.a_practitioner(), cosigner=senior, by=owner, now=make.NOW)
    assert costs() == one
