"""Two records of one person, as an alias that can be taken back."""

from __future__ import annotations

import random

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import AuditEvent, User
from patients import history, merging
from patients.merging import MergeRefused
from patients.models import Condition, Merge, Patient
from tests.factories.patients import NOW, a_patient


def roots() -> dict[int, int | None]:
    return dict(Patient.objects.values_list("pk", "merged_into"))


def test_the_survivor_shows_what_was_recorded_under_both(desk: User, owner: User) -> None:
    one, two = a_patient(), a_patient()
    history.add_condition(patient=one, name="Asthma", by=desk, now=NOW)
    history.add_condition(patient=two, name="Gout", by=desk, now=NOW)
    merging.merge(duplicate=two, survivor=one, reason="Same birthday and phone", by=owner, now=NOW)
    assert {c.name for c in Condition.objects.for_patient(one)} == {"Asthma", "Gout"}
    assert AuditEvent.objects.filter(action="patient.merged", patient_uid=one.uid).exists()


def test_taken_back_each_record_is_what_it_was(desk: User, owner: User) -> None:
    one, two = a_patient(), a_patient()
    history.add_condition(patient=two, name="Gout", by=desk, now=NOW)
    before = roots()
    merging.merge(duplicate=two, survivor=one, reason="Same", by=owner, now=NOW)
    merging.unmerge(two, reason="Two people", by=owner, now=NOW)
    assert roots() == before
    assert not Condition.objects.for_patient(one).exists()


def test_a_chain_of_merges_ends_at_one_survivor_and_comes_apart_where_it_is_cut(owner: User) -> None:
    a, b, c = a_patient(), a_patient(), a_patient()
    merging.merge(duplicate=a, survivor=b, reason="Same", by=owner, now=NOW)
    merging.merge(duplicate=b, survivor=c, reason="Same", by=owner, now=NOW)
    assert roots() == {a.pk: c.pk, b.pk: c.pk, c.pk: None}
    merging.unmerge(b, reason="Not c", by=owner, now=NOW)
    assert roots() == {a.pk: b.pk, b.pk: None, c.pk: None}


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_merge_and_its_undoing_need_a_reason(owner: User, reason: str) -> None:
    one, two = a_patient(), a_patient()
    with pytest.raises(MergeRefused, match="Say why"):
        merging.merge(duplicate=two, survivor=one, reason=reason, by=owner, now=NOW)
    merging.merge(duplicate=two, survivor=one, reason="Same", by=owner, now=NOW)
    with pytest.raises(MergeRefused, match="Say why"):
        merging.unmerge(two, reason=reason, by=owner, now=NOW)


def test_merging_into_itself_into_what_is_merged_or_twice_is_refused(owner: User) -> None:
    one, two, three = a_patient(), a_patient(), a_patient()
    with pytest.raises(MergeRefused, match="itself"):
        merging.merge(duplicate=one, survivor=one, reason="Same", by=owner, now=NOW)
    merging.merge(duplicate=two, survivor=one, reason="Same", by=owner, now=NOW)
    with pytest.raises(MergeRefused, match="meanwhile"):
        merging.merge(duplicate=two, survivor=three, reason="Same", by=owner, now=NOW)
    with pytest.raises(MergeRefused, match="meanwhile"):
        merging.merge(duplicate=three, survivor=two, reason="Same", by=owner, now=NOW)
    with pytest.raises(MergeRefused, match="not merged"):
        merging.unmerge(one, reason="Two", by=owner, now=NOW)


def test_even_sql_cannot_point_at_a_record_that_is_itself_merged(owner: User) -> None:
    one, two, three = a_patient(), a_patient(), a_patient()
    merging.merge(duplicate=two, survivor=one, reason="Same", by=owner, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for duplicate, target in ((three, two), (one, three)):
            with pytest.raises(IntegrityError, match="one that stands"), transaction.atomic():
                cursor.execute(
                    "UPDATE patients_patient SET merged_into_id = %s WHERE id = %s", [target.pk, duplicate.pk]
                )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_merges_undone_in_any_order_leave_the_records_as_they_were(owner: User, seed: int) -> None:
    rnd = random.Random(seed)
    with transaction.atomic():
        people = [a_patient() for _ in range(5)]
        before = {p.pk: None for p in people}
        merged: list[Patient] = []
        for _ in range(rnd.randrange(1, 5)):
            standing = [p for p in Patient.objects.filter(pk__in=before) if not p.merged_into_id]
            if len(standing) < 2:
                break
            duplicate, survivor = rnd.sample(standing, 2)
            merging.merge(duplicate=duplicate, survivor=survivor, reason="Same", by=owner, now=NOW)
            merged.append(duplicate)
            connection.check_constraints()
        rnd.shuffle(merged)
        for duplicate in merged:
            merging.unmerge(duplicate, reason="Two", by=owner, now=NOW)
            connection.check_constraints()
        assert {pk: root for pk, root in roots().items() if pk in before} == before
        assert not Merge.objects.in_force().filter(duplicate__in=before).exists()
