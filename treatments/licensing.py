"""The words of licensed forms: brought by the owner, used as long as the licence holds."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction

from clinic import audit
from clinic.models import User
from treatments import asking
from treatments.models import LicensedForm, MeasureRequest
from treatments.outcomes.licensed import Words

ONCE = "licensed_form_versions_are_counted_once"
SOMEBODY_ELSE = "Somebody else changed this meanwhile. Look at it again."


class FormRefused(Exception):
    """Carries a sentence fit for the owner."""


def history(measure: str) -> list[LicensedForm]:
    """The newest first: it alone counts."""
    return list(LicensedForm.objects.filter(measure=measure).newest_first())


@transaction.atomic
def bring(*, measure: str, words: Words, licence: str, seen: int, by: User, now: datetime) -> LicensedForm:
    """The next version of the words, on top of the one the owner saw. `licence` says by what right they are used."""
    sections = [asdict(section) for section in words.sections]
    made = LicensedForm(measure=measure, instruction=words.instruction, sections=sections, licence=licence.strip())
    return _keep(made, "licensed_form.brought", seen=seen, by=by, now=now)


@transaction.atomic
def stop(*, measure: str, why: str, seen: int, by: User, now: datetime) -> LicensedForm:
    """The words are no longer used. Questions with them that still wait are taken back; what was measured stays."""
    made = LicensedForm(measure=measure, licence=why.strip())
    _keep(made, "licensed_form.stopped", seen=seen, by=by, now=now)
    for waiting in MeasureRequest.objects.open().filter(measures__contains=[measure]).select_related("patient"):
        asking.withdraw(waiting, by=by, now=now)
    return made


def _keep(made: LicensedForm, act: str, *, seen: int, by: User, now: datetime) -> LicensedForm:
    before = history(made.measure)
    if seen != (before[0].version if before else 0):
        raise FormRefused(SOMEBODY_ELSE)
    made.version, made.set_at, made.set_by = seen + 1, now, by
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as exc:
        if getattr(getattr(exc.__cause__, "diag", None), "constraint_name", "") != ONCE:
            raise
        raise FormRefused(SOMEBODY_ELSE) from exc
    audit.record(act, by=by, now=now, detail={"measure": made.measure, "version": made.version})
    return made
