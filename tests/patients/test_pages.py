"""The pages about patients: what they show to whom, what they refuse, what they cost."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import AuditEvent, User
from patients import allergies, care_team, consent, documents, history, medication, merging, registration
from patients.models import Allergy, AllergyStatus, Condition, ContactConsent, Document, Injury, Medication, Patient
from tests.factories.patients import NOW, a_patient, a_pdf, an_upload, in_the_care_of

SignIn = Callable[[User], Client]


def at(name: str, *args: Any) -> str:
    return reverse(f"patients:{name}", args=args)


def intake(**typed: Any) -> dict[str, Any]:
    """What the desk types for Ana; every other field as the page sends it when left alone."""
    return {
        "given_name": "Ana",
        "family_name": "Núñez",
        "born_on": "7 Mar 1984",
        "sex": "female",
        "language": "es",
        "phone": "(212) 555-0142",
        "email": "ana@patients.example",
        "preferred_channel": "email",
        "consent_email": "yes",
        "consent_source": "desk",
        "country": "US",
        "allergy_status": "not_asked",
        "medication-TOTAL_FORMS": "3",
        "medication-INITIAL_FORMS": "0",
    } | typed


# -- Registering ---------------------------------------------------------------------------------------


def test_the_desk_registers_ana_on_one_page(desk: User, signed_in: SignIn) -> None:
    typed = intake(
        emergency_name="Rui",
        emergency_phone="212-555-0143",
        injury_cause="lifting",
        injury_when="Nov 2026",
        injury_mechanism="lifting a washing machine",
        allergy_status="listed",
        allergies="Penicillin - rash\nLatex",
        conditions="High blood pressure 2015\nAsthma",
        surgeries="Appendix 2011",
        **{
            "medication-0-name": "Cyclobenzaprine",
            "medication-0-dose_as_ordered": "5 mg at night",
            "medication-0-prescriber": "Dr. Osei",
        },
    )
    response = signed_in(desk).post(at("register"), typed)
    patient = Patient.objects.get()
    assert response.status_code == 303
    assert response["Location"] == at("patient", patient.uid)
    assert (patient.phone, patient.born_on) == ("+12125550142", date(1984, 3, 7))
    assert str(Injury.objects.get().happened) == "Nov 2026"
    assert {(a.substance, a.reaction) for a in Allergy.objects.all()} == {("Penicillin", "rash"), ("Latex", "")}
    assert {(c.name, str(c.since)) for c in Condition.objects.all()} == {
        ("High blood pressure", "2015"),
        ("Asthma", ""),
    }
    drug = Medication.objects.get()
    assert (drug.dose_as_ordered, drug.prescriber) == ("5 mg at night", "Dr. Osei")
    assert drug.drug_classes == ["muscle_relaxant"]
    assert ContactConsent.objects.get().recorded_by == desk


LONG = "x" * 400


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"family_name": ""}, "This field is required"),
        ({"family_name": LONG}, "at most 100"),
        ({"given_name": "A\x00na"}, "Null characters are not allowed"),
        ({"born_on": ""}, "This field is required"),
        ({"born_on": "31 Feb 1984"}, "no such day"),
        ({"born_on": "1984"}, "day, month and year are needed"),
        ({"born_on": "1 Jan 2999"}, "in the future"),
        ({"born_on": "1 Jan 1066"}, "too long ago"),
        ({"born_on": "soon"}, "Type a day like"),
        ({"phone": "12"}, "phone number"),
        ({"phone": "hello"}, "phone number"),
        ({"email": "ana at home"}, "valid email"),
        ({"email": ""}, "its address is needed"),
        ({"preferred_channel": "sms", "phone": "", "consent_sms": "yes"}, "mobile number is needed"),
        ({"preferred_channel": "pigeon"}, "not one of the available choices"),
        ({"consent_email": "no"}, "Without a yes"),
        ({"consent_email": ""}, "Without a yes"),
        ({"country": "XX"}, "not one of the available choices"),
        ({"sex": "robot"}, "not one of the available choices"),
        ({"emergency_name": "Rui"}, "Needed to reach them"),
        ({"injury_mechanism": "fell"}, "Choose the cause"),
        ({"injury_cause": "fall", "injury_when": "2999"}, "in the future"),
        ({"injury_cause": "magic"}, "not one of the available choices"),
        ({"allergy_status": "listed"}, "Name the allergy"),
        ({"allergy_status": "none_known", "allergies": "Nuts"}, "choose “Listed”"),
        ({"allergies": "x" * 300}, "longer than 200 letters"),
        ({"allergies": "x\n" * 40}, "No more than 30 lines"),
        ({"medication-0-dose_as_ordered": "5 mg"}, "Which drug?"),
        ({"medication-0-name": LONG}, "at most 200"),
        ({"payer_name": "Acme"}, "Needed to bill"),
        ({"payer_name": "Acme", "member_id": "1", "relationship": "spouse"}, "Whose insurance"),
    ],
)
def test_what_is_wrong_gets_a_sentence_and_nothing_typed_is_lost(
    desk: User, signed_in: SignIn, typed: dict[str, str], sentence: str
) -> None:
    response = signed_in(desk).post(at("register"), intake(**typed))
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert 'value="(212) 555-0142"' in page or "phone" in typed
    assert not Patient.objects.exists()


def test_who_may_be_the_same_person_is_shown_and_decided_upon(desk: User, signed_in: SignIn) -> None:
    first = a_patient("Ana", "Nunez")
    browser = signed_in(desk)
    response = browser.post(at("register"), intake())
    page = response.content.decode()
    assert response.status_code == 422
    assert "Is it one of these?" in page
    assert at("patient", first.uid) in page
    assert 'value="(212) 555-0142"' in page
    assert browser.post(at("register"), intake(not_the_same_as=str(first.uid))).status_code == 303
    assert Patient.objects.count() == 2


def test_likely_duplicates_appear_while_one_types(desk: User, signed_in: SignIn) -> None:
    first = a_patient("Ana", "Nunez")
    response = signed_in(desk).post(
        at("duplicates"),
        {"given_name": "Ana", "family_name": "Núñez", "born_on": "7 mar 1984"},
        headers={"HX-Request": "true"},
    )
    assert response.status_code == 200
    assert first.number_label in response.content.decode()
    assert "<html" not in response.content.decode()
    assert AuditEvent.objects.filter(action="patients.likely_duplicates.viewed").exists()


@pytest.mark.parametrize("garbage", ["medication-TOTAL_FORMS", "medication-INITIAL_FORMS"])
def test_a_broken_page_is_refused_not_an_accident(desk: User, signed_in: SignIn, garbage: str) -> None:
    for value in ("", "-1", "99999", "x"):
        assert signed_in(desk).post(at("register"), intake(**{garbage: value})).status_code in {303, 422}


# -- Finding -------------------------------------------------------------------------------------------


def test_the_search_page_answers_by_post_and_keeps_names_out_of_addresses(desk: User, signed_in: SignIn) -> None:
    patient = a_patient("Ana", "Núñez", phone="+12125550142")
    browser = signed_in(desk)
    page = browser.post(at("search"), {"q": "nunez"}).content.decode()
    assert "Núñez" in page
    assert patient.number_label in page
    assert "…0142" in page
    assert patient.number_label not in browser.get(f"{at('search')}?q=nunez").content.decode()


def test_the_bar_gets_links_and_the_page_gets_rows(desk: User, signed_in: SignIn) -> None:
    a_patient("Ana", "Núñez")
    browser = signed_in(desk)
    for target, mark in (("search-results", "<a href"), ("found", 'class="hits')):
        answer = browser.post(at("search"), {"q": "nun"}, headers={"HX-Request": "true", "HX-Target": target})
        assert mark in answer.content.decode()
        assert "<html" not in answer.content.decode()
        assert "HX-Request" in answer["Vary"]


def test_in_the_bar_a_name_is_text_and_only_an_active_patient_can_be_booked(desk: User, signed_in: SignIn) -> None:
    active, inactive = a_patient("<b>Ana", "O'Núñez"), a_patient("Rui", "O'Núñez")
    registration.deactivate(inactive, reason="Moved away", by=desk, now=NOW)
    headers = {"HX-Request": "true", "HX-Target": "search-results"}
    bar = signed_in(desk).post(at("search"), {"q": "nunez"}, headers=headers).content.decode()
    assert "&lt;b&gt;Ana O&#x27;Núñez" in bar
    assert "<b>" not in bar
    assert f"?patient={active.uid}" in bar
    assert f"{inactive.uid}/" in bar
    assert f"?patient={inactive.uid}" not in bar


def test_the_page_offers_the_records_opened_last(desk: User, signed_in: SignIn) -> None:
    patient = a_patient("Ana", "Núñez")
    browser = signed_in(desk)
    assert patient.number_label not in browser.get(at("search")).content.decode()
    browser.get(at("patient", patient.uid))
    assert patient.number_label in browser.get(at("search")).content.decode()


# -- The record ----------------------------------------------------------------------------------------


def with_history(desk: User, rows: int = 1) -> Patient:
    patient = a_patient("Ana", "Núñez")
    for number in range(rows):
        said: dict[str, Any] = {"patient": patient, "by": desk, "now": NOW}
        history.add_injury(cause="lifting", mechanism=f"CANARY-INJURY-{number}", **said)
        history.add_condition(name=f"CANARY-CONDITION-{number}", caution=f"CANARY-CAUTION-{number}", **said)
        history.add_surgery(name=f"CANARY-SURGERY-{number}", **said)
        allergies.add(substance=f"CANARY-ALLERGY-{number}", **said)
        medication.add(name=f"CANARY-DRUG-{number}", drug_classes=["opioid"], **said)
        documents.file(upload=an_upload(a_pdf()), title=f"CANARY-PAPER-{number}", **said)
        consent.record(channel="email", given=True, **said)
    return patient


def test_the_desk_sees_the_whole_record_and_it_is_written_down(desk: User, signed_in: SignIn) -> None:
    patient = with_history(desk)
    page = signed_in(desk).get(at("patient", patient.uid)).content.decode()
    for word in ("INJURY", "CONDITION", "CAUTION", "SURGERY", "ALLERGY", "DRUG", "PAPER"):
        assert f"CANARY-{word}-0" in page
    assert "Opioid: pain feedback" in page
    assert AuditEvent.objects.filter(
        action="patient.record.viewed", patient_uid=patient.uid, actor_uid=desk.uid
    ).exists()


def test_outside_the_care_team_a_therapist_sees_who_it_is_and_no_more(
    desk: User, therapist: User, signed_in: SignIn
) -> None:
    patient = with_history(desk)
    browser = signed_in(therapist)
    for name in ("patient", "changes", "care_team"):
        page = browser.get(at(name, patient.uid)).content.decode()
        assert "Núñez" in page
        assert "CANARY" not in page
    assert at("open", patient.uid) in browser.get(at("patient", patient.uid)).content.decode()
    assert AuditEvent.objects.filter(action="patient.particulars.viewed", actor_uid=therapist.uid).exists()


def test_the_owner_sees_who_it_is_and_no_more(desk: User, owner: User, signed_in: SignIn) -> None:
    patient = with_history(desk)
    browser = signed_in(owner)
    for name in ("patient", "changes", "care_team"):
        page = browser.get(at(name, patient.uid)).content.decode()
        assert "Núñez" in page
        assert "CANARY" not in page


def test_with_a_reason_the_record_opens_for_an_hour(desk: User, therapist: User, signed_in: SignIn) -> None:
    patient = with_history(desk)
    browser = signed_in(therapist)
    assert browser.post(at("open", patient.uid), {"reason": ""}).status_code == 422
    assert browser.post(at("open", patient.uid), {"reason": "Emergency, colleague is ill"}).status_code == 303
    page = browser.get(at("patient", patient.uid)).content.decode()
    assert "CANARY-DRUG-0" in page
    assert "open to you until" in page


def test_who_the_care_team_is_decides_what_a_therapist_may_write(
    desk: User, therapist: User, signed_in: SignIn
) -> None:
    patient = with_history(desk)
    condition = Condition.objects.get()
    browser = signed_in(therapist)
    closed = [
        at("condition_add", patient.uid),
        at("condition_correct", patient.uid, condition.uid),
        at("condition_void", patient.uid, condition.uid),
        at("document_file", patient.uid),
        at("document", patient.uid, Document.objects.get().uid),
    ]
    assert [browser.get(url).status_code for url in closed] == [404] * len(closed)
    assert browser.post(at("no_known_allergies", patient.uid)).status_code == 404
    in_the_care_of(therapist, patient)
    assert [browser.get(url).status_code for url in closed] == [200] * len(closed)


def test_an_entry_of_another_patient_is_not_reached_through_this_one(desk: User, signed_in: SignIn) -> None:
    patient, other = with_history(desk), a_patient()
    condition, document = Condition.objects.get(), Document.objects.get()
    browser = signed_in(desk)
    for url in (
        at("condition_correct", other.uid, condition.uid),
        at("condition_void", other.uid, condition.uid),
        at("medication_stop", other.uid, Medication.objects.get().uid),
        at("document", other.uid, document.uid),
        at("document_void", other.uid, document.uid),
    ):
        assert browser.get(url).status_code == 404
    assert patient.pk != other.pk


@pytest.mark.parametrize(
    "name", ["patient", "correct", "changes", "care_team", "consent", "deactivate", "merge_choose"]
)
def test_a_patient_who_does_not_exist_is_not_found(desk: User, signed_in: SignIn, name: str) -> None:
    assert signed_in(desk).get(at(name, uuid.uuid4())).status_code == 404


def test_a_merged_record_leads_to_the_one_that_stands(desk: User, owner: User, signed_in: SignIn) -> None:
    one, two = a_patient(), a_patient()
    merging.merge(duplicate=two, survivor=one, reason="Same", by=owner, now=NOW)
    response = signed_in(desk).get(at("patient", two.uid), follow=True)
    assert response.redirect_chain == [(at("patient", one.uid), 303)]
    assert f"{two.number_label} was merged into this record" in response.content.decode()


def test_the_record_costs_the_same_however_full_it_is(
    desk: User, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    browser = signed_in(desk)
    costs = {}
    for rows in (1, 4):
        patient = with_history(desk, rows)
        browser.get(at("patient", patient.uid))
        with django_assert_max_num_queries(30) as counted:
            browser.get(at("patient", patient.uid))
        costs[rows] = len(counted)
    assert costs[1] == costs[4]


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize(("page", "cost"), [("changes", 28), ("care_team", 20), ("merge_choose", 22)])
def test_the_other_pages_cost_the_same_however_full_they_are(  # noqa: PLR0917 -- what pytest hands over
    desk: User,
    owner: User,
    therapist: User,
    signed_in: SignIn,
    rows: int,
    page: str,
    cost: int,
    django_assert_max_num_queries: Any,
) -> None:
    patient = with_history(desk, rows)
    for _ in range(rows):
        merging.merge(duplicate=a_patient(), survivor=patient, reason="Same", by=owner, now=NOW)
        a_patient("Ana", "Núñez")
        care_team.break_glass(patient=patient, reason="Needed it badly", by=therapist, now=NOW)
    browser = signed_in(desk)
    browser.get(at(page, patient.uid))
    with django_assert_max_num_queries(cost):
        browser.get(at(page, patient.uid))


@pytest.mark.parametrize("rows", [1, 4])
def test_a_search_costs_the_same_however_many_it_finds(
    desk: User, signed_in: SignIn, rows: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(rows):
        a_patient("Ana", "Núñez")
    browser = signed_in(desk)
    with django_assert_max_num_queries(17):
        browser.post(at("search"), {"q": "nunez"}, headers={"HX-Request": "true", "HX-Target": "search-results"})


# -- Adding, correcting, striking ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("injury", {"cause": "fall", "happened": "2019", "mechanism": "on ice"}),
        ("allergy", {"substance": "Nuts", "kind": "food", "severity": "severe"}),
        ("medication", {"name": "Warfarin", "dose_as_ordered": "as the card says", "started": "Mar 2020"}),
        ("condition", {"name": "Gout", "since": "2 Jan 2020"}),
        ("surgery", {"name": "Knee", "done": "2001", "implant": "screw"}),
        ("emergency", {"name": "Rui", "phone": "212 555 0143"}),
        ("coverage", {"payer_name": "Acme", "member_id": "1", "relationship": "self", "priority": "1"}),
        ("identifier", {"kind": "record", "value": "A-1"}),
    ],
)
def test_every_list_can_be_added_to_corrected_and_struck(
    desk: User, signed_in: SignIn, kind: str, typed: dict[str, str]
) -> None:
    from patients.sections import EVERY

    patient, model, browser = a_patient(), EVERY[kind].model, signed_in(desk)
    assert browser.get(at(f"{kind}_add", patient.uid)).status_code == 200
    assert browser.post(at(f"{kind}_add", patient.uid), {}).status_code == 422
    assert browser.post(at(f"{kind}_add", patient.uid), typed).status_code == 303
    fact = model.objects.get()
    shown = browser.get(at(f"{kind}_correct", patient.uid, fact.uid))
    assert shown.status_code == 200
    unchanged = shown.context["form"]
    again = {name: unchanged[name].value() or "" for name in unchanged.fields}
    assert browser.post(at(f"{kind}_correct", patient.uid, fact.uid), again).status_code == 303
    assert model.objects.get().revision == 1
    first = next(name for name in typed if name not in {"kind", "cause", "phone", "relationship", "priority"})
    changed = "2018" if first == "happened" else "Changed"
    assert browser.post(at(f"{kind}_correct", patient.uid, fact.uid), again | {first: changed}).status_code == 303
    assert model.objects.get().revision == 2
    assert browser.post(at(f"{kind}_void", patient.uid, fact.uid), {"reason": ""}).status_code == 422
    assert browser.post(at(f"{kind}_void", patient.uid, fact.uid), {"reason": "Wrong"}).status_code == 303
    assert model.objects.get().is_void
    assert browser.get(at(f"{kind}_correct", patient.uid, fact.uid)).status_code == 404
    assert "Wrong" in browser.get(at("changes", patient.uid)).content.decode()


def test_the_second_of_two_at_one_record_is_told_and_loses_nothing(desk: User, signed_in: SignIn) -> None:
    patient = a_patient("Ana", "Núñez", phone="+12125550142")
    browser = signed_in(desk)
    opened = browser.get(at("correct", patient.uid)).context["form"]
    typed = {name: opened[name].value() or "" for name in opened.fields} | {"city": "Queens"}
    registration.correct(patient, phone="+12125550177", by=desk, now=NOW)
    response = browser.post(at("correct", patient.uid), typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert "They changed: Phone" in page
    assert 'value="Queens"' in page
    assert Patient.objects.get(pk=patient.pk).city == ""
    told = response.context["form"]
    again = {name: told[name].value() or "" for name in told.fields}
    assert browser.post(at("correct", patient.uid), again).status_code == 303
    assert Patient.objects.get(pk=patient.pk).city == "Queens"
    assert "by Fay Front" in browser.get(at("changes", patient.uid)).content.decode()


def test_nothing_beyond_the_form_can_be_written_through_it(desk: User, signed_in: SignIn) -> None:
    patient = a_patient("Ana", "Núñez")
    other = a_patient()
    browser = signed_in(desk)
    opened = browser.get(at("correct", patient.uid)).context["form"]
    typed = {name: opened[name].value() or "" for name in opened.fields}
    browser.post(
        at("correct", patient.uid),
        typed
        | {
            "merged_into": other.pk,
            "allergy_status": "none_known",
            "number": "7",
            "deactivated_reason": "x",
            "id": "1",
        },
    )
    after = Patient.objects.get(pk=patient.pk)
    assert (after.merged_into, after.allergy_status, after.number, after.deactivated_reason) == (
        None, AllergyStatus.NOT_ASKED, patient.number, "",
    )  # fmt: skip


def test_an_ended_drug_is_ended_on_its_page(desk: User, signed_in: SignIn) -> None:
    patient = a_patient()
    drug = medication.add(patient=patient, name="Ibuprofen", by=desk, now=NOW)
    browser = signed_in(desk)
    url = at("medication_stop", patient.uid, drug.uid)
    assert browser.post(url, {"ended_on": "2999-01-01"}).status_code == 422
    assert browser.post(url, {"ended_on": "2026-11-20", "reason": "stomach"}).status_code == 303
    assert not Medication.objects.current().exists()


def test_consent_is_recorded_with_the_words(desk: User, signed_in: SignIn) -> None:
    patient = a_patient(email="ana@patients.example")
    browser = signed_in(desk)
    assert "I can take this back at any time" in browser.get(at("consent", patient.uid)).content.decode()
    browser.post(at("consent_said", patient.uid), {"consent_email": "yes", "consent_source": "telephone"})
    said = ContactConsent.objects.get()
    assert (said.given, said.source, said.wording_version) == (True, "telephone", consent.WORDING_VERSION)
    assert browser.post(at("consent_said", patient.uid), {"consent_email": "maybe"}).status_code == 422
    browser.post(at("consent_said", patient.uid), {"consent_email": "no", "consent_source": "paper"})
    page = browser.get(at("consent", patient.uid)).content.decode().partition("Said so far")[2]
    assert page.index("On a signed form") < page.index("By telephone")


def test_a_record_is_deactivated_with_a_reason_and_taken_back(desk: User, signed_in: SignIn) -> None:
    patient = a_patient()
    browser = signed_in(desk)
    assert browser.post(at("deactivate", patient.uid), {"reason": ""}).status_code == 422
    assert browser.post(at("deactivate", patient.uid), {"reason": "Moved away"}).status_code == 303
    assert "Moved away" in browser.get(at("patient", patient.uid)).content.decode()
    assert browser.post(at("reactivate", patient.uid)).status_code == 303
    assert Patient.objects.get(pk=patient.pk).is_active


# -- Documents -----------------------------------------------------------------------------------------


def test_a_document_is_filed_and_handed_out_under_guard(desk: User, signed_in: SignIn) -> None:
    patient = a_patient()
    browser = signed_in(desk)
    typed = {"title": "Referral", "kind": "referral", "upload": an_upload(a_pdf(), "../../etc/passwd.html")}
    assert browser.post(at("document_file", patient.uid), typed).status_code == 303
    response = browser.get(at("document", patient.uid, Document.objects.get().uid))
    assert response.content == a_pdf()
    assert response["Content-Type"] == "application/pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert re.fullmatch(r'attachment; filename="document-[0-9a-f]{8}\.pdf"', response["Content-Disposition"])
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("data", "sentence"), [(b"MZ", "Only PDF"), (b"%PDF-1.4 cut", "cut off"), (b"<script>", "Only PDF")]
)
def test_a_wrong_file_is_refused_beside_its_field(desk: User, signed_in: SignIn, data: bytes, sentence: str) -> None:
    typed = {"title": "Referral", "kind": "referral", "upload": an_upload(data)}
    response = signed_in(desk).post(at("document_file", a_patient().uid), typed)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert 'value="Referral"' in response.content.decode()


def test_a_struck_document_is_handed_out_no_more(desk: User, signed_in: SignIn) -> None:
    patient = with_history(desk)
    document = Document.objects.get()
    browser = signed_in(desk)
    assert browser.post(at("document_void", patient.uid, document.uid), {"reason": "Wrong patient"}).status_code == 303
    assert browser.get(at("document", patient.uid, document.uid)).status_code == 404


def test_a_damaged_document_is_not_handed_out(desk: User, signed_in: SignIn) -> None:
    patient = with_history(desk)
    document = Document.objects.get()
    documents.path_of(document.uid).write_bytes(b"forged")
    response = signed_in(desk).get(at("document", patient.uid, document.uid))
    assert response.status_code == 409
    assert b"forged" not in response.content


# -- Care team and merging ------------------------------------------------------------------------------


def test_the_desk_decides_who_treats_and_a_therapist_does_not(desk: User, therapist: User, signed_in: SignIn) -> None:
    patient = a_patient()
    practitioner = therapist.practitioner
    browser = signed_in(therapist)
    assert browser.post(at("care_team_assign", patient.uid), {"practitioner": practitioner.uid}).status_code == 403
    browser = signed_in(desk)
    assert browser.post(at("care_team_assign", patient.uid), {"practitioner": practitioner.uid}).status_code == 303
    assert care_team.is_in_care(patient, practitioner)
    assert browser.post(at("care_team_leave", patient.uid, practitioner.uid)).status_code == 303
    assert not care_team.is_in_care(patient, practitioner)


def test_two_records_are_compared_merged_and_separated(desk: User, signed_in: SignIn) -> None:
    one, two = a_patient("Ana", "Núñez"), a_patient("Anna", "Nunez", phone="+12125550142")
    browser = signed_in(desk)
    assert at("merge", one.uid, two.uid) in browser.get(at("merge_choose", one.uid)).content.decode()
    page = browser.get(at("merge", one.uid, two.uid)).content.decode()
    assert "differs" in page
    assert browser.post(at("merge", one.uid, two.uid), {"survivor": str(one.uid), "reason": ""}).status_code == 422
    assert (
        browser.post(at("merge", one.uid, two.uid), {"survivor": str(uuid.uuid4()), "reason": "x"}).status_code == 422
    )
    assert browser.post(at("merge", one.uid, two.uid), {"survivor": str(one.uid), "reason": "Same"}).status_code == 303
    assert Patient.objects.get(pk=two.pk).merged_into == one
    assert "Also registered as" in browser.get(at("patient", one.uid)).content.decode()
    assert browser.post(at("unmerge", two.uid), {"reason": "Twins"}).status_code == 303
    assert Patient.objects.get(pk=two.pk).merged_into is None


def test_the_hour_of_a_broken_glass_ends_by_the_clock_of_the_request(
    desk: User, therapist: User, signed_in: SignIn
) -> None:
    from clinic import time

    patient = with_history(desk)
    care_team.break_glass(
        patient=patient, reason="An hour and more ago", by=therapist, now=time.now() - timedelta(minutes=61)
    )
    assert "CANARY" not in signed_in(therapist).get(at("patient", patient.uid)).content.decode()
