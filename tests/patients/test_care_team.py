"""Who may open a clinical record: the care team, and whoever broke the glass, for an hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from clinic import messaging
from clinic.access import SYSTEM, Can
from clinic.messaging_states import MessagePurpose
from clinic.models import AuditEvent, OutboundMessage, Role, User
from patients import care_team, history, merging
from patients.care_team import CareRefused
from patients.models import BreakGlass, CareTeamMember, Condition, Patient
from tests.factories.patients import NOW, a_patient, in_the_care_of
from tests.factories.people import a_therapist, staff


def sees(user: User, patient: Patient, *, later: timedelta = timedelta()) -> bool:
    return Patient.objects.visible_to(user, Can.SEE_HISTORY, now=NOW + later).filter(pk=patient.pk).exists()


def test_a_therapist_reads_the_history_of_patients_in_their_care_only(therapist: User) -> None:
    mine, other = in_the_care_of(therapist, a_patient()), a_patient()
    assert sees(therapist, mine)
    assert not sees(therapist, other)
    assert Patient.objects.visible_to(therapist, Can.SEE_PATIENTS).count() == 2


def test_the_desk_reads_every_history_and_the_owner_none(desk: User, owner: User) -> None:
    patient = a_patient()
    assert sees(desk, patient)
    assert not sees(owner, patient)


def test_joining_twice_is_joining_once(therapist: User, desk: User) -> None:
    patient = a_patient()
    one = care_team.join(patient=patient, practitioner=therapist.practitioner, why="plan", by=desk, now=NOW)
    two = care_team.join(patient=patient, practitioner=therapist.practitioner, why="visit", by=desk, now=NOW)
    assert one == two
    assert AuditEvent.objects.filter(action="care_team.joined").count() == 1


def test_who_leaves_sees_the_record_no_more(therapist: User, desk: User) -> None:
    patient = in_the_care_of(therapist, a_patient())
    care_team.leave(patient=patient, practitioner=therapist.practitioner, by=desk, now=NOW)
    assert not sees(therapist, patient)
    assert not care_team.is_in_care(patient, therapist.practitioner)


def test_a_broken_glass_opens_the_record_for_an_hour(therapist: User) -> None:
    patient = a_patient()
    care_team.break_glass(patient=patient, reason="Covering for a colleague", by=therapist, now=NOW)
    assert sees(therapist, patient)
    assert sees(therapist, patient, later=timedelta(minutes=59))
    assert not sees(therapist, patient, later=timedelta(minutes=60))
    said = AuditEvent.objects.get(action="record.opened_with_reason")
    assert (said.reason, said.patient_uid) == ("Covering for a colleague", patient.uid)


def test_a_glass_broken_for_one_patient_opens_no_other_and_for_nobody_else(therapist: User) -> None:
    patient, other = a_patient(), a_patient()
    care_team.break_glass(patient=patient, reason="Covering for a colleague", by=therapist, now=NOW)
    assert not sees(therapist, other)
    assert not sees(a_therapist(), patient)


def test_breaking_the_glass_needs_a_reason_and_a_therapist(therapist: User, desk: User, owner: User) -> None:
    for reason in ("", "  x "):
        with pytest.raises(CareRefused, match="Say why"):
            care_team.break_glass(patient=a_patient(), reason=reason, by=therapist, now=NOW)
    for user in (desk, owner):
        with pytest.raises(CareRefused, match="Only who treats"):
            care_team.break_glass(patient=a_patient(), reason="Curious about it", by=user, now=NOW)


def test_a_broken_glass_is_never_mended(therapist: User) -> None:
    care_team.break_glass(patient=a_patient(), reason="Covering for a colleague", by=therapist, now=NOW)
    with pytest.raises(DatabaseError, match=r"are kept|permission denied"), transaction.atomic():
        BreakGlass.objects.all().delete()
    with pytest.raises(DatabaseError, match=r"are kept|permission denied"), transaction.atomic():
        BreakGlass.objects.update(expires_at=NOW + timedelta(days=9))


def test_care_of_a_merged_record_is_care_of_the_person(therapist: User, owner: User, desk: User) -> None:
    patient, other = a_patient(), in_the_care_of(therapist, a_patient())
    condition = history.add_condition(patient=patient, name="Gout", by=desk, now=NOW)
    merging.merge(duplicate=other, survivor=patient, reason="Same", by=owner, now=NOW)
    assert sees(therapist, patient)
    assert sees(therapist, other)
    seen = Condition.objects.for_patient(patient).visible_to(therapist, Can.SEE_HISTORY, now=NOW)
    assert list(seen) == [condition]
    care_team.join(patient=patient, practitioner=therapist.practitioner, why="visit", by=SYSTEM, now=NOW)
    assert CareTeamMember.objects.count() == 1


def test_a_deactivated_member_of_staff_sees_nothing(therapist: User) -> None:
    patient = in_the_care_of(therapist, a_patient())
    therapist.is_active = False
    assert not sees(therapist, patient)
    assert not Patient.objects.visible_to(therapist, Can.SEE_PATIENTS).exists()


def test_the_database_knows_a_practitioner_is_on_a_care_team_once(therapist: User) -> None:
    patient = in_the_care_of(therapist, a_patient())
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="once"), transaction.atomic():
        cursor.execute(
            "INSERT INTO patients_careteammember (uid, patient_id, practitioner_id, why, joined_at) "
            "VALUES (gen_random_uuid(), %s, %s, 'plan', now())",
            [patient.pk, therapist.practitioner.pk],
        )


# -- The owner reads it --------------------------------------------------------------------------------


@pytest.fixture
def glass(therapist: User, owner: User, desk: User) -> BreakGlass:
    return care_team.break_glass(patient=a_patient(), reason="Covering for a colleague", by=therapist, now=NOW)


def test_each_owner_gets_a_mail_that_names_no_patient_and_no_reason(glass: BreakGlass, owner: User) -> None:
    (written,) = OutboundMessage.objects.filter(purpose=MessagePurpose.RECORD_OPENED)
    assert (written.to_address, written.patient_uid) == (owner.email, None)
    assert "Theo Therapist" in written.text
    assert reverse("patients:opened") in written.text
    for word in (glass.patient.family_name, glass.patient.given_name, str(glass.patient.uid), glass.reason):
        assert word not in written.title + written.text


def test_the_mail_leaves_the_house(glass: BreakGlass, owner: User) -> None:
    messaging.deliver_due(now=NOW, limit=10)
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        ([f"Olga Owner <{owner.email}>"], "A record was opened with a reason")
    ]


def test_the_owner_reviews_an_opened_record_once(glass: BreakGlass, owner: User) -> None:
    review = care_team.review(glass_uid=glass.uid, note="Asked, and fine", by=owner, now=NOW)
    assert (review.reviewed_by, review.note) == (owner, "Asked, and fine")
    assert AuditEvent.objects.get(action="record.opening_reviewed").patient_uid == glass.patient.uid
    with pytest.raises(CareRefused, match="already"):
        care_team.review(glass_uid=glass.uid, by=owner, now=NOW)


def test_who_opened_a_record_does_not_review_it_while_another_owner_could(owner: User) -> None:
    both = staff(Role.OWNER, Role.THERAPIST)
    glass = care_team.break_glass(patient=a_patient(), reason="Nobody else was there", by=both, now=NOW)
    with pytest.raises(CareRefused, match="another owner"):
        care_team.review(glass_uid=glass.uid, by=both, now=NOW)
    User.objects.filter(pk=owner.pk).update(is_active=False, deactivated_at=NOW)
    assert care_team.review(glass_uid=glass.uid, by=both, now=NOW).reviewed_by == both


def test_the_desk_and_therapists_review_nothing(glass: BreakGlass, desk: User, therapist: User) -> None:
    for user in (desk, therapist):
        with pytest.raises(CareRefused, match="Only an owner"):
            care_team.review(glass_uid=glass.uid, by=user, now=NOW)


def test_a_review_is_never_changed_or_removed(glass: BreakGlass, owner: User) -> None:
    review = care_team.review(glass_uid=glass.uid, by=owner, now=NOW)
    for change in (lambda: type(review).objects.update(note="other"), lambda: type(review).objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_owner_reads_who_opened_whose_record_and_says_so(glass: BreakGlass, owner: User, signed_in) -> None:
    browser = signed_in(owner)
    page = browser.get(reverse("patients:opened")).content.decode()
    for word in ("Theo Therapist", glass.patient.full_name, "Covering for a colleague"):
        assert word in page
    refused = browser.post(reverse("patients:opened_review", args=[glass.uid]), {f"{glass.uid}-note": "x" * 301})
    assert refused.status_code == 422
    assert "x" * 301 in refused.content.decode()
    said = browser.post(reverse("patients:opened_review", args=[glass.uid]), {f"{glass.uid}-note": "fine"})
    assert said.status_code == 303
    assert "Nothing waits" in browser.get(reverse("patients:opened")).content.decode()
    again = browser.post(reverse("patients:opened_review", args=[glass.uid]))
    assert again.status_code == 303, "said twice, it stays said"


@pytest.mark.parametrize("rows", [1, 4])
def test_opened_records_cost_the_same_however_many(
    therapist: User, owner: User, signed_in, rows: int, django_assert_num_queries
) -> None:
    browser = signed_in(owner)
    for number in range(rows * 2):
        glass = care_team.break_glass(patient=a_patient(), reason="Covering today", by=therapist, now=NOW)
        if number % 2:
            care_team.review(glass_uid=glass.uid, by=owner, now=NOW)
    with django_assert_num_queries(15):  # four of them say that the owners' messages have waited too long
        browser.get(reverse("patients:opened"))
