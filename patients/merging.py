"""Two records of one person become one, as an alias: nothing is moved, so it can be taken back.

Merges in force form a forest (a record has at most one); `Patient.merged_into` is the root of a record's tree,
recomputed whenever an edge appears or goes. Taking an edge away therefore restores exactly what was before it:
docs/algorithms/merging.md.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from clinic import audit
from clinic.models import User
from patients.models import Merge, Patient

#: Merges are rare and touch whole trees: one at a time in the house.
_ONE_MERGE = 0x6D65726765


class MergeRefused(Exception):
    """Carries a sentence fit for the person at the desk."""


@transaction.atomic
def merge(*, duplicate: Patient, survivor: Patient, reason: str, by: User, now: datetime) -> Merge:
    """From now on the duplicate, and all that was merged into it, is the survivor."""
    duplicate, survivor = _locked(duplicate, survivor)
    if duplicate.pk == survivor.pk:
        raise MergeRefused("A record cannot be merged into itself.")
    if not reason.strip():
        raise MergeRefused("Say why these two are the same person.")
    for record in (duplicate, survivor):
        if record.merged_into_id:
            raise MergeRefused(f"{record.number_label} has been merged into another record meanwhile.")
    edge = Merge.objects.create(
        duplicate=duplicate, survivor=survivor, reason=reason.strip(), merged_at=now, merged_by=by
    )
    _set_roots(duplicate)
    audit.record(
        "patient.merged",
        by=by,
        now=now,
        subject=edge,
        patient_uid=survivor.uid,
        reason=reason,
        detail={"duplicate": str(duplicate.uid), "survivor": str(survivor.uid)},
    )
    return edge


@transaction.atomic
def unmerge(duplicate: Patient, *, reason: str, by: User, now: datetime) -> Merge:
    """They were two people after all: the record, with all that was merged into it before, stands alone again."""
    edge = Merge.objects.in_force().filter(duplicate=duplicate.pk).first()
    if edge is None:
        raise MergeRefused("This record is not merged into another.")
    _locked(edge.duplicate, edge.survivor)
    edge = Merge.objects.select_for_update(no_key=True).select_related("duplicate", "survivor").get(pk=edge.pk)
    if edge.undone_at is not None:
        raise MergeRefused("This merge has been taken back meanwhile.")
    if not reason.strip():
        raise MergeRefused("Say why these are two people.")
    edge.undone_at, edge.undone_by, edge.undo_reason = now, by, reason.strip()
    edge.save(update_fields=["undone_at", "undone_by", "undo_reason"])
    _set_roots(edge.duplicate)
    audit.record(
        "patient.unmerged",
        by=by,
        now=now,
        subject=edge,
        patient_uid=edge.survivor.uid,
        reason=reason,
        detail={"duplicate": str(edge.duplicate.uid), "survivor": str(edge.survivor.uid)},
    )
    return edge


def _locked(*patients: Patient) -> list[Patient]:
    """Reread under lock, in one order whoever asks; no other merge is under way until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_MERGE])
    pks = sorted({patient.pk for patient in patients})
    rows = {p.pk: p for p in Patient.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")}
    return [rows[patient.pk] for patient in patients]


def _set_roots(changed: Patient) -> None:
    """Point the record, and every record in the tree below it, at the root that the merges in force give it."""
    edges = dict(Merge.objects.in_force().values_list("duplicate_id", "survivor_id"))
    root = changed.pk
    while root in edges:
        root = edges[root]
    below = _below(changed.pk, edges)
    Patient.objects.filter(pk__in=below - {root}).update(merged_into=root)
    Patient.objects.filter(pk=root).update(merged_into=None)


def _below(top: int, edges: dict[int, int]) -> set[int]:
    """The record and all that were merged into it, directly or not."""
    tree, frontier = {top}, {top}
    while frontier:
        frontier = {duplicate for duplicate, survivor in edges.items() if survivor in frontier} - tree
        tree |= frontier
    return tree
