"""Two desks at once: real transactions, real locks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection, connections

from clinic.access import SYSTEM
from patients import allergies, care_team, merging, registration
from patients.merging import MergeRefused
from patients.models import Allergy, AllergyStatus, CareTeamMember, Patient
from patients.records import RecordRefused
from patients.registration import LikelyDuplicates
from tests.factories.patients import NOW, a_patient
from tests.factories.people import a_therapist, an_owner

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Each act in a thread of its own, started together; what each returned or raised."""
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[], object]) -> None:
        connection.ensure_connection()
        gate.wait()
        try:
            results[number] = act()  # type: ignore[call-overload]
        except Exception as exc:
            results[number] = exc  # type: ignore[call-overload]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_of_two_desks_registering_the_same_person_at_once_one_is_asked() -> None:
    def register() -> Patient:
        return registration.register(
            given_name="Ana", family_name="Núñez", born_on=date(1984, 3, 7), by=SYSTEM, now=NOW
        )

    results = at_once(*[register] * 4)
    assert sorted(type(r).__name__ for r in results) == ["LikelyDuplicates"] * 3 + ["Patient"]
    assert Patient.objects.count() == 1
    assert any(isinstance(r, LikelyDuplicates) for r in results)


def test_none_known_and_a_named_allergy_at_once_never_both_stand() -> None:
    for _ in range(5):
        patient = a_patient()
        results = at_once(
            lambda patient=patient: allergies.say_none_known(patient=patient, by=SYSTEM, now=NOW),
            lambda patient=patient: allergies.add(patient=patient, substance="Latex", by=SYSTEM, now=NOW),
        )
        assert all(not isinstance(r, Exception) or isinstance(r, RecordRefused) for r in results)
        assert Patient.objects.get(pk=patient.pk).allergy_status == AllergyStatus.LISTED
        assert Allergy.objects.for_patient(patient).count() == 1


def test_merges_in_a_ring_at_once_leave_no_ring() -> None:
    owner = an_owner()
    for _ in range(3):
        a, b, c = a_patient(), a_patient(), a_patient()
        results = at_once(
            *(
                lambda d=duplicate, s=survivor: merging.merge(duplicate=d, survivor=s, reason="Same", by=owner, now=NOW)
                for duplicate, survivor in ((a, b), (b, c), (c, a))
            )
        )
        assert all(not isinstance(r, Exception) or isinstance(r, MergeRefused) for r in results)
        standing = Patient.objects.filter(pk__in=[a.pk, b.pk, c.pk], merged_into=None).count()
        assert standing == 1
        assert not Patient.objects.filter(merged_into__merged_into__isnull=False).exists()


def test_joining_a_care_team_from_two_places_at_once_is_joining_once() -> None:
    practitioner, patient = a_therapist().practitioner, a_patient()

    def join() -> CareTeamMember:
        return care_team.join(patient=patient, practitioner=practitioner, why="visit", by=SYSTEM, now=NOW)

    results = at_once(join, join, join)
    assert len({r.pk for r in results if isinstance(r, CareTeamMember)}) == 1
    assert CareTeamMember.objects.count() == 1


def test_new_words_learnt_by_many_at_once_do_not_deadlock() -> None:
    names = ["Alpha Bravo", "Bravo Alpha", "Charlie Alpha", "Alpha Charlie"]
    results = at_once(*(lambda name=name: a_patient(*name.split()) for name in names * 2))
    assert all(isinstance(r, Patient) for r in results)
