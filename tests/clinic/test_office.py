"""The owner's pages: staff come, change and leave; places; who did and who looked."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic import audit, places, second_factor, staff
from clinic.access import SYSTEM
from clinic.forms import StaleRecord
from clinic.models import AuditEvent, Clinic, Discipline, Location, OutboundMessage, Practitioner, Role, User
from patients.models import Patient
from tests.clinic.test_signin import enrol
from tests.factories.people import a_location, a_therapist, an_owner, front_desk

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def owner() -> User:
    return an_owner(name="Olivia Owner")


@pytest.fixture
def desk(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def facts(**changed) -> dict:
    base = {"name": "Tom Therapist", "email": "tom@clinic.example", "roles": ["therapist"], "discipline": "massage"}
    return {**base, **changed}


def of(user: User, **changed) -> dict:
    base = {"name": user.name, "email": user.email, "roles": user.roles, "revision": user.revision}
    return {**base, **changed}


# -- Staff ---------------------------------------------------------------------------------------------


def test_who_is_added_gets_an_invitation_and_can_do_nothing_before_it_is_accepted(desk, owner):
    response = desk.post(reverse("office:staff_add"), facts(title="LMT", npi="1234567893", licence_number="MT-1"))
    assert response.status_code == 303
    user = User.objects.get(email="tom@clinic.example")
    assert not user.has_usable_password()
    treats = user.practitioner
    assert (treats.discipline, treats.title, treats.npi) == (Discipline.MASSAGE, "LMT", "1234567893")
    mail = OutboundMessage.objects.get()
    assert (mail.to_address, mail.link_purpose) == ("tom@clinic.example", "password")
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["staff.added", "staff.invited"]
    assert "Invited" in desk.get(reverse("office:staff")).content.decode()


def test_one_person_may_hold_several_roles(desk):
    desk.post(reverse("office:staff_add"), facts(roles=["owner", "admin", "therapist"]))
    user = User.objects.get(email="tom@clinic.example")
    assert user.roles == ["admin", "owner", "therapist"]
    assert user.practitioner.is_active


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "required"),
        ({"name": "x" * 121}, "at most 120"),
        ({"name": "a\x00b"}, "Null characters"),
        ({"email": "no address"}, "valid email"),
        ({"email": "OLIVIA@clinic.example"}, "signs in with that e-mail already"),
        ({"roles": []}, "required"),
        ({"roles": ["superuser"]}, "valid choice"),
        ({"discipline": ""}, "Say what this therapist practises"),
        ({"npi": "12"}, "ten digits"),
        ({"npi": "12345678901"}, "at most 10"),
        ({"title": "x" * 41}, "at most 40"),
    ],
)
def test_what_cannot_be_is_said_and_kept(desk, owner, changed, said):
    User.objects.filter(pk=owner.pk).update(email="olivia@clinic.example")
    response = desk.post(reverse("office:staff_add"), facts(**changed))
    assert response.status_code == 422
    assert said in response.content.decode()
    assert "tom@clinic.example" in response.content.decode() or "email" in changed
    assert User.objects.count() == 1


def test_roles_are_changed_and_a_former_therapist_leaves_the_diary(desk):
    user = a_therapist()
    response = desk.post(reverse("office:staff_edit", args=[user.uid]), of(user, roles=["admin"]))
    assert response.status_code == 303
    user.refresh_from_db()
    assert user.roles == ["admin"]
    assert not Practitioner.objects.get(user=user).is_active


def test_of_two_who_change_one_person_the_second_is_told_and_loses_nothing(desk):
    user = front_desk(name="Fay Desk")
    old = of(user, name="Fay as the second typed it")
    desk.post(reverse("office:staff_edit", args=[user.uid]), of(user, name="Fay as the first typed it"))
    response = desk.post(reverse("office:staff_edit", args=[user.uid]), old)
    assert response.status_code == 422
    assert "Someone else changed this record" in response.content.decode()
    assert "Fay as the second typed it" in response.content.decode()
    user.refresh_from_db()
    assert user.name == "Fay as the first typed it"


def test_the_last_owner_stays_one(desk, owner):
    response = desk.post(reverse("office:staff_edit", args=[owner.uid]), of(owner, roles=["admin"]))
    assert response.status_code == 422
    assert "is the last owner" in response.content.decode()
    with pytest.raises(staff.StaffRefused, match="last owner"):
        staff.deactivate(uid=owner.uid, by=front_desk(), now=NOON)
    second = an_owner()
    staff.deactivate(uid=owner.uid, by=second, now=NOON)
    with pytest.raises(staff.StaffRefused, match="your own"):
        staff.deactivate(uid=second.uid, by=second, now=NOON)


def test_a_closed_owner_does_not_count_as_one(owner):
    second = an_owner()
    staff.deactivate(uid=second.uid, by=owner, now=NOON)
    assert staff.is_last_owner(owner)
    with pytest.raises(staff.StaffRefused, match="last owner"):
        staff.change(
            uid=owner.uid, revision=None, email=owner.email, name=owner.name, roles=[Role.ADMIN], credentials=None,
            by=owner, now=NOON,
        )  # fmt: skip


def test_closing_and_opening_a_sign_in_again(desk):
    user = a_therapist(name="Tom Therapist")
    assert desk.post(reverse("office:staff_deactivate", args=[user.uid])).status_code == 303
    user.refresh_from_db()
    assert (user.is_active, user.deactivated_at) == (False, NOON)
    assert not Practitioner.objects.get(user=user).is_active
    assert "Closed" in desk.get(reverse("office:staff_edit", args=[user.uid])).content.decode()
    desk.post(reverse("office:staff_reactivate", args=[user.uid]))
    user.refresh_from_db()
    assert user.is_active
    assert Practitioner.objects.get(user=user).is_active


def test_a_lost_phone_is_forgotten_and_the_next_sign_in_enrols_anew(desk):
    user = front_desk()
    enrol(user)
    desk.post(reverse("office:staff_start_over", args=[user.uid]))
    assert not second_factor.has_second_factor(user)
    assert AuditEvent.objects.filter(action="staff.second_factor_reset", subject_uid=user.uid).exists()


def test_an_invitation_sent_again_replaces_the_first(desk):
    user = front_desk()
    for _ in range(2):
        desk.post(reverse("office:staff_invite", args=[user.uid]))
    assert AuditEvent.objects.filter(action="staff.invited").count() == 2


@pytest.mark.parametrize("rows", [1, 4])
def test_the_staff_list_costs_the_same_however_many_they_are(desk, rows, django_assert_num_queries):
    for _ in range(rows):
        a_therapist()
    desk.get(reverse("office:staff"))
    with django_assert_num_queries(6):
        assert desk.get(reverse("office:staff")).status_code == 200


@pytest.mark.parametrize("action", ["deactivate", "reactivate", "invite", "start_over"])
def test_a_look_changes_nothing(desk, action):
    user = front_desk()
    assert desk.get(reverse(f"office:staff_{action}", args=[user.uid])).status_code == 405
    assert desk.post(reverse(f"office:staff_{action}", args=[uuid.uuid4()])).status_code == 404


# -- Places --------------------------------------------------------------------------------------------


def test_a_location_is_added_with_its_zone(desk):
    response = desk.post(
        reverse("office:location_add"),
        {"name": "Harbour", "zone": "Los Angeles", "country": "US", "phone": "2125550142"},
    )
    assert response.status_code == 303, response.content.decode()
    place = Location.objects.get(name="Harbour")
    assert (place.zone, place.phone) == ("America/Los_Angeles", "+12125550142")
    assert "09:00" in desk.get(reverse("office:locations")).content.decode(), "17:00 UTC is nine there"


def test_a_location_is_changed_under_its_revision(owner):
    place = a_location("Main Street")
    places.change_location(uid=place.uid, revision=1, by=owner, now=NOON, name="Main Street 5")
    with pytest.raises(StaleRecord):
        places.change_location(uid=place.uid, revision=1, by=owner, now=NOON, name="Other")
    with pytest.raises(places.PlaceRefused, match="exists already"):
        places.add_location(by=owner, now=NOON, name="main street 5", zone="UTC")
    event = AuditEvent.objects.get(action="location.changed")
    assert event.detail == {"changed": ["name"]}


def test_the_last_location_in_use_stays_in_use(desk):
    place = a_location("Main Street")
    response = desk.post(reverse("office:location_close", args=[place.uid]), follow=True)
    assert "only location in use" in response.content.decode()
    other = a_location("Harbour")
    desk.post(reverse("office:location_close", args=[place.uid]))
    assert list(Location.objects.active()) == [other]
    desk.post(reverse("office:location_reopen", args=[place.uid]))
    assert Location.objects.active().count() == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"zone": "Nowhere"}, "time zone from the list"),
        ({"zone": ""}, "required"),
        ({"phone": "1"}, "phone number"),
        ({"name": "x" * 81}, "at most 80"),
        ({"country": "XX"}, "valid choice"),
    ],
)
def test_what_a_location_cannot_be(desk, changed, said):
    base = {"name": "Harbour", "zone": "America/New_York", "country": "US"}
    response = desk.post(reverse("office:location_add"), {**base, **changed})
    assert response.status_code == 422
    assert said in response.content.decode()


def test_the_clinic_is_changed(desk):
    base = {"name": "New Name", "country": "US", "currency": "EUR", "phone": "", "email": "", "revision": 1}
    base |= {"messages_from": "08:00", "messages_until": "21:00", "texts_a_day": 3}
    assert desk.post(reverse("office:clinic"), base).status_code == 303
    assert (Clinic.the().name, Clinic.the().revision) == ("New Name", 2)
    stale = desk.post(reverse("office:clinic"), {**base, "name": "Second"})
    assert stale.status_code == 422
    assert Clinic.the().name == "New Name"


# -- The audit log -------------------------------------------------------------------------------------


def a_patient(owner: User) -> Patient:
    return Patient.objects.create(
        given_name="Ana", family_name="Zqnamed", born_on=date(1980, 1, 1), registered_at=NOON, registered_by=owner
    )


def test_it_says_who_did_and_who_looked_and_names_patients_by_number(desk, owner):
    patient = a_patient(owner)
    therapist = a_therapist(name="Tom Therapist")
    audit.record("plan.written", by=therapist, now=NOON, patient_uid=patient.uid, reason="because of the fall")
    audit.viewed_many("patient.list", by=therapist, now=NOON, patient_uids=[patient.uid])
    page = desk.get(reverse("office:audit")).content.decode()
    for word in ("plan.written", "patient.list.viewed", "Tom Therapist", patient.number_label, "because of the fall"):
        assert word in page
    assert "Zqnamed" not in page, "the log names no patient"


def test_reading_the_log_is_itself_written_down(desk, owner):
    desk.get(reverse("office:audit"))
    look = AuditEvent.objects.get(action="audit.viewed")
    assert (look.actor_uid, look.is_look) == (owner.uid, True)


def test_it_is_searched_by_patient_person_action_and_day(desk, owner):
    patient, other = a_patient(owner), a_patient(owner)
    tom, fay = a_therapist(name="Tom"), front_desk(name="Fay")
    audit.record("visit.booked", by=fay, now=NOON, patient_uid=patient.uid)
    audit.record("visit.moved", by=fay, now=NOON - timedelta(days=1), patient_uid=other.uid)
    audit.viewed_many("patient.list", by=tom, now=NOON, patient_uids=[patient.uid, other.uid])
    audit.record("messages.swept", by=SYSTEM, now=NOON)

    def found(**facts) -> set[str]:
        response = desk.post(reverse("office:audit"), facts, follow=True)
        assert response.status_code == 200
        if "patient" in facts:
            asked = parse_qs(urlsplit(response.redirect_chain[0][0]).query)
            assert facts["patient"] not in asked["patient"], "no number in an address"
        return {row["event"].action for row in response.context["rows"]} - {"audit.viewed"}

    assert found(patient=patient.number_label) == {"visit.booked", "patient.list.viewed"}
    assert found(patient=str(other.number)) == {"visit.moved", "patient.list.viewed"}
    assert found(who=str(tom.uid)) == {"patient.list.viewed"}
    assert found(who="system") == {"messages.swept"}
    assert found(action="visit.moved") == {"visit.moved"}
    assert found(on="2026-11-23") == {"visit.moved"}
    assert found(looks="looks") == {"patient.list.viewed"}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"patient": "P-99999"}, "No patient has that number"),
        ({"patient": "nonsense"}, "such as P-00042"),
        ({"patient": "9" * 40}, "No patient has that number"),
        ({"on": "the other day"}, "valid date"),
        ({"who": "nobody"}, "valid choice"),
    ],
)
def test_what_cannot_be_found_is_said(desk, facts, said):
    response = desk.post(reverse("office:audit"), facts)
    assert response.status_code == 422
    assert said in response.content.decode()


@pytest.mark.parametrize("query", ["patient=x", "who=x", "before=x", "on=x", "before=99999999999999999999", "looks=x"])
def test_a_mangled_address_shows_a_page_all_the_same(desk, query):
    assert desk.get(f"{reverse('office:audit')}?{query}").status_code == 200


def test_a_long_log_is_paged_and_every_entry_is_on_one_page(desk, owner):
    for number in range(120):
        audit.record("thing.done", by=owner, now=NOON, detail={"n": number})
    url, seen = f"{reverse('office:audit')}?action=thing.done", []
    while url:
        page = desk.get(url)
        seen += [row["event"].detail["n"] for row in page.context["rows"]]
        url = page.context["older"]
    assert seen == list(reversed(range(120)))


@pytest.mark.parametrize("rows", [1, 40])
def test_a_page_of_the_log_costs_the_same_however_full_it_is(desk, owner, rows, django_assert_max_num_queries):
    for _ in range(rows):
        audit.viewed("patient", by=owner, now=NOON, patient_uid=a_patient(owner).uid)
    desk.get(reverse("office:audit"))
    with django_assert_max_num_queries(14):
        desk.get(reverse("office:audit"))


def test_the_chain_is_checked_on_request_and_a_break_is_said(desk, owner):
    for _ in range(3):
        audit.record("thing.done", by=owner, now=NOON)
    audit.seal(now=NOON)
    assert "as they were written" in desk.get(reverse("office:audit_verify"), HTTP_HX_REQUEST="true").content.decode()


# -- The first page and the health of the machine ------------------------------------------------------


def test_the_first_page_says_what_a_new_clinic_still_needs(desk):
    page = desk.get(reverse("office:home")).content.decode()
    assert "Before the first paid visit" in page
    assert "Set prices" in page


def test_the_health_page_says_what_runs(desk):
    page = desk.get(reverse("office:health")).content.decode()
    assert "Messages leave the outbox" in page
    assert "PostgreSQL" in page


def test_only_the_owner_sees_the_office(client):
    for make in (front_desk, a_therapist):
        client.force_login(make())
        for name in ("home", "health", "staff", "staff_add", "locations", "clinic", "audit", "audit_verify"):
            assert client.get(reverse(f"office:{name}")).status_code == 403
