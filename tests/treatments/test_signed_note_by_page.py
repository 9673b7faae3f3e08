"""Promise P3 at every door: no page, by no method and for nobody, changes a note that is signed."""

from __future__ import annotations

import json

import pytest
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from patients import care_team, merging
from patients.models import Joining, Patient
from tests.factories import people
from tests.factories import treatments as make
from tests.treatments.test_pages import chart_post
from tests.treatments.test_signed_notes import everything, with_findings
from treatments import bodychart, cosigning, notes
from treatments.body.marks import fingerprint
from treatments.models import Addendum, SessionNote

pytestmark = pytest.mark.django_db

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
#: What adds to a signed note, beside it.
ADDING = {"amend", "cosign"}
WHO = ("author", "colleague", "cosigner", "owner", "desk")


def doors():
    """The names of all pages about one note."""
    found = set()

    def walk(patterns, before=""):
        for one in patterns:
            route = before + str(one.pattern)
            if isinstance(one, URLResolver):
                walk(one.url_patterns, route)
            elif isinstance(one, URLPattern) and ("note/<uuid:uid>/" in route or "private-notes/<uuid:uid>/" in route):
                found.add(one.name)

    walk(get_resolver().url_patterns)
    return found


@pytest.fixture
def signed():
    author, colleague, senior = (make.a_practitioner(name=name) for name in ("Ada", "Bo", "Cy"))
    cosigning.agree(practitioner=author, cosigner=senior, by=people.an_owner(), now=make.NOW)
    plan, marks = make.a_plan(author=author), make.some_marks()
    care_team.join(patient=plan.patient, practitioner=colleague, why=Joining.ASSIGNED, by=author.user, now=make.NOW)
    note = with_findings(make.a_note(plan))
    bodychart.save(note, marks=marks, seen="", by=author.user, now=make.NOW)
    note = notes.sign(note, revision=note.revision, marks=fingerprint(marks), by=author.user, now=make.NOW)
    note.people = {
        "author": author.user, "colleague": colleague.user, "cosigner": senior.user,
        "owner": people.an_owner(), "desk": people.front_desk(),
    }  # fmt: skip
    return note


def everything_one_could_send(note):
    """The forms of the chart, the body, the signature and the addendum in one, and every column by its name."""
    columns = {field.attname: "1" for field in SessionNote._meta.concrete_fields}
    rows = {"seen": "", "marks": "", "mark-TOTAL_FORMS": 1, "mark-INITIAL_FORMS": 0, "mark-0-layer": "pain",
            "mark-0-region": "heel_left"}  # fmt: skip
    said = {"text": "More", "reason": "Forgotten", "remark": "", "looked_all": "1", "sign": "1"}
    return columns | rows | said | chart_post(note, privacy="private", status="draft")


def test_there_are_a_dozen_doors():
    assert {"note", "chart", "autosave", "carry", "sign", "discard", "amend", "cosign", "body_chart", "body_autosave",
            "body_carry", "chart_gate", "private_note"} <= doors()  # fmt: skip


@pytest.mark.parametrize("who", WHO)
def test_no_page_by_any_method_changes_a_signed_note(signed, as_, who):
    client, tries = as_(signed.people[who]), 0
    people.just_signed_in(client)
    before, canonical = everything(signed), notes.canonical(SessionNote.objects.get(pk=signed.pk))
    for name in sorted(doors()):
        for method in METHODS:
            data = everything_one_could_send(signed)
            body = {"data": json.dumps(data), "content_type": "application/json"} if method in ("put", "patch") else {}
            answer = getattr(client, method)(
                reverse(f"treatments:{name}", args=[signed.uid]), **(body or {"data": data})
            )
            assert answer.status_code < 500, (name, method)
            tries += 1
            if name not in ADDING:
                assert everything(signed) == before, (name, method)
            else:
                before = everything(signed)
    assert tries == len(doors()) * len(METHODS)
    note = SessionNote.objects.with_parts().get(pk=signed.pk)
    assert notes.canonical(note) == canonical
    assert notes.is_intact(note)


def test_what_is_sent_when_the_note_is_signed_already_waits_in_an_addendum(signed, as_):
    client = as_(signed.people["author"])
    late = client.post(reverse("treatments:chart", args=[signed.uid]), chart_post(signed, subjective="Typed too late"))
    assert late.status_code == 409
    text = late.content.decode()
    assert "signed while you were still typing" in text
    assert "Subjective: Typed too late" in text
    assert not Addendum.objects.filter(note=signed).exists(), "nothing is added by itself"
    marked = {"seen": "", "mark-TOTAL_FORMS": 1, "mark-INITIAL_FORMS": 0, "mark-0-layer": "pain",
              "mark-0-region": "Heel, left", "mark-0-intensity": "7"}  # fmt: skip
    late = client.post(reverse("treatments:body_chart", args=[signed.uid]), marked)
    assert late.status_code == 409
    assert "Pain 7 of 10: Heel, left" in late.content.decode()


def test_what_says_the_same_as_the_signed_note_leads_to_it(signed, as_):
    same = notes.content_of(SessionNote.objects.with_parts().get(pk=signed.pk))
    sent = {"revision": signed.revision, **{name: getattr(same, name) or "" for name in (*notes.TEXTS, *notes.NUMBERS)}}
    sent |= {"privacy": same.privacy}
    sent |= {f"{kind}-{form}_FORMS": 0 for kind in ("palpation", "motion", "strength", "technique", "exercise")
             for form in ("TOTAL", "INITIAL")}  # fmt: skip
    answer = as_(signed.people["author"]).post(reverse("treatments:chart", args=[signed.uid]), sent)
    assert answer["Location"] == reverse("treatments:note", args=[signed.uid])


def test_what_is_added_to_a_note_that_is_a_draft_again_stays_on_the_page(as_):
    draft = make.a_written_note()
    answer = as_(draft.author.user).post(
        reverse("treatments:amend", args=[draft.uid]), {"text": "Kept in the form", "reason": "Why"}
    )
    assert answer.status_code == 422
    assert "Kept in the form" in answer.content.decode()


def test_merging_its_patient_either_way_and_apart_again_changes_nothing_in_a_note(signed):
    before, owner = everything(signed), signed.people["owner"]
    other = make.a_patient(given_name="Anna")
    for kept, given_up in ((other, signed.patient), (signed.patient, other)):
        one, two = (Patient.objects.get(pk=side.pk) for side in (kept, given_up))
        merging.merge(survivor=one, duplicate=two, reason="One person", by=owner, now=make.NOW)
        assert everything(signed) == before
        merging.unmerge(Patient.objects.get(pk=two.pk), reason="Two people", by=owner, now=make.NOW)
        assert everything(signed) == before
    assert notes.altered() == []
