"""The thresholds and rules in force: the clinic's own, latest version, else what Tonus comes with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from clinic import audit
from clinic.models import User
from treatments.models import MeasureThreshold, OutcomeRules
from treatments.outcomes import thresholds
from treatments.outcomes.thresholds import Rules, Threshold

Thresholds = Mapping[tuple[str, str], Threshold]
_DEFAULTS = {(t.measure, t.detail): t for t in thresholds.DEFAULTS}
_FIELDS = [field.name for field in fields(Threshold)]


class ThresholdRefused(Exception):
    """Carries a sentence fit for the owner."""


def in_force() -> dict[tuple[str, str], Threshold]:
    """By measure and movement; one statement."""
    found = {key: _DEFAULTS.get(key, Threshold(*key)) for key in thresholds.all_keys()}
    for row in MeasureThreshold.objects.order_by("version").values(*_FIELDS):
        found[row["measure"], row["detail"]] = Threshold(**row)
    return found


def rules() -> Rules:
    latest = OutcomeRules.objects.order_by("-version").first()
    return Rules(**latest.values()) if latest else Rules()


def shipped(measure: str, detail: str) -> Threshold:
    """What Tonus comes with."""
    return _DEFAULTS.get((measure, detail), Threshold(measure, detail))


def history(measure: str, detail: str) -> list[MeasureThreshold]:
    """The clinic's versions, the newest first."""
    rows = MeasureThreshold.objects.filter(measure=measure, detail=detail).select_related("set_by")
    return list(rows.order_by("-version"))


@transaction.atomic
def set_threshold(
    *,
    measure: str,
    detail: str,
    mdc: Decimal | None,
    mic: Decimal | None,
    mic_percent: int | None,
    sure_from: Decimal | None,
    sure_to: Decimal | None,
    citation: str,
    seen: int,
    by: User,
    now: datetime,
) -> MeasureThreshold:
    """The clinic's next version, on top of the one the owner saw."""
    made = MeasureThreshold(
        measure=measure,
        detail=detail,
        version=_next(in_force()[measure, detail].version, seen),
        mdc=mdc,
        mic=mic,
        mic_percent=mic_percent,
        sure_from=sure_from,
        sure_to=sure_to,
        citation=citation,
        set_at=now,
        set_by=by,
    )
    return _keep(made, "threshold.set", by=by, now=now, detail={"measure": measure, "movement": detail})


@transaction.atomic
def set_rules(
    *,
    goal_times: int,
    visits_without_change: int,
    smallest_group: int,
    citation: str,
    seen: int,
    by: User,
    now: datetime,
) -> OutcomeRules:
    made = OutcomeRules(
        version=_next(rules().version, seen),
        goal_times=goal_times,
        visits_without_change=visits_without_change,
        smallest_group=smallest_group,
        citation=citation,
        set_at=now,
        set_by=by,
    )
    return _keep(made, "outcome_rules.set", by=by, now=now)


def _next(version: int, seen: int) -> int:
    if seen != version:
        raise ThresholdRefused("Somebody else changed this meanwhile. Look at it again.")
    return version + 1


def _keep(made: Any, act: str, *, by: User, now: datetime, detail: dict[str, Any] | None = None) -> Any:
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as exc:
        name = getattr(getattr(exc.__cause__, "diag", None), "constraint_name", "")
        if name not in ("threshold_versions_are_counted_once", "treatments_outcomerules_version_key"):
            raise
        raise ThresholdRefused("Somebody else changed this meanwhile. Look at it again.") from exc
    audit.record(act, by=by, now=now, detail={"version": made.version, **(detail or {})})
    return made
