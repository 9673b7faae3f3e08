"""When and with whom a patient would rather come; written at the desk, used to order what is offered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time

from django.db import transaction

from clinic import audit
from clinic.access import Actor
from clinic.forms import check_revision
from clinic.models import Practitioner
from patients.models import Patient
from scheduling.models import TimePreference


def of(patient: Patient) -> TimePreference | None:
    """What the person has said, if anything. One query."""
    return TimePreference.objects.filter(patient=patient.survivor).select_related("practitioner__user").first()


@transaction.atomic
def say(
    *,
    patient: Patient,
    by: Actor,
    now: datetime,
    weekdays: Collection[int] = (),
    earliest: time | None = None,
    latest: time | None = None,
    practitioner: Practitioner | None = None,
    revision: int | None = None,
) -> TimePreference:
    """Write down what the person would rather have; nothing at all means that any time will do.

    Raises StaleRecord when somebody else wrote it down since the form was opened.
    """
    person = patient.survivor
    kept, _ = TimePreference.objects.select_for_update(of=("self",)).get_or_create(patient=person)
    check_revision(kept, revision, fields=["preferred times"])
    kept.weekdays, kept.earliest, kept.latest = sorted(set(weekdays)), earliest, latest
    kept.practitioner = practitioner
    kept.revision += 1
    kept.save()
    audit.record("patient.preferred_times_set", by=by, now=now, subject=person, patient_uid=person.uid)
    return kept
