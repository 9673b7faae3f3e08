"""What is certain while the diaries of an act are locked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic.access import SYSTEM
from clinic.models import Clinic
from patients import care_team, consent, persons
from patients.models import Channel, Patient
from scheduling import diaries, turns
from scheduling.diaries import Wish
from scheduling.preflight import Proposal
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Any:
    return make.a_small_clinic(practitioners=2)


def a_wish(place: Any, patient: Patient | None, hour: int = 10, **facts: Any) -> Wish:
    start = local(25, hour)
    return Wish(
        Proposal(patient, place.service, place.practitioner, place.location, start, start + timedelta(hours=1), **facts)
    )


def merged(into: Patient) -> Patient:
    other = make.a_patient()
    Patient.objects.filter(pk=other.pk).update(merged_into=into)
    return other


def test_the_person_is_as_the_record_says_now_under_whichever_name(place: Any) -> None:
    patient = make.a_reachable_patient()
    twin = merged(patient)
    consent.record(patient=twin, channel=Channel.SMS, given=True, by=SYSTEM, now=NOW)
    consent.record(patient=patient, channel=Channel.EMAIL, given=False, by=SYSTEM, now=NOW + timedelta(minutes=1))
    one, two = place.practitioners
    for record, who in ((patient, one), (twin, two)):
        care_team.join(patient=record, practitioner=who, why="plan", by=SYSTEM, now=NOW)
    care_team.leave(patient=patient, practitioner=two, by=place.desk, now=NOW)
    Patient.objects.filter(pk=patient.pk).update(phone="+12025550123")

    turn = turns.read([a_wish(place, patient)], records=True)

    person = turn.person(patient)
    assert person.patient.phone == "+12025550123"
    assert person.agreed == consent.agreed(patient) == {Channel.SMS: True, Channel.EMAIL: False}
    assert person.treated_by == {one.pk}
    assert turn.customs.clinic == Clinic.the()
    assert persons.lock(patient) == person


def test_whoever_was_merged_meanwhile_is_looked_up_again(place: Any) -> None:
    patient, survivor = make.a_patient(), make.a_patient()
    Patient.objects.filter(pk=patient.pk).update(merged_into=survivor)
    turn = turns.read([a_wish(place, patient)], records=True)
    assert turn.person(patient).patient == survivor


def test_visits_of_the_same_person_stand_in_the_way_unless_they_give_way(place: Any) -> None:
    patient = make.a_patient()
    visit = make.a_visit(place, local(25, 10), patient=patient)
    wishes = [
        a_wish(place, patient),
        a_wish(place, patient, 11),
        a_wish(place, patient, moving=visit),
        a_wish(place, patient, making_way=frozenset({visit.pk})),
        a_wish(place, make.a_patient()),
        a_wish(place, None),
    ]
    assert turns.read(wishes, records=False).elsewhere == {1}


@pytest.mark.parametrize("count", [1, 4])
def test_reading_and_locking_cost_a_statement_each_however_many_visits_are_wished(place: Any, count: int) -> None:
    patients = [make.a_reachable_patient() for _ in range(count)]
    wishes = [a_wish(place, patient, 9 + n) for n, patient in enumerate(patients)]
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        diaries.lock_diaries(resources=range(1, count + 1), patients=patients, records=True)
        turns.read(wishes, records=True)
    assert len(asked) == 2


@pytest.mark.parametrize("records", [False, True])
def test_everybody_in_the_queue_is_locked(place: Any, records: bool) -> None:
    patients = [make.a_patient() for _ in range(3)]
    diaries.lock_diaries(resources=[5, 6], patients=patients, records=records)
    with connection.cursor() as cursor:
        cursor.execute("SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        held = set(cursor.fetchall())
    assert held == {(7001, patient.pk) for patient in patients} | {(7002, 5), (7002, 6)}
