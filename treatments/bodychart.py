"""The body chart of a session: saved as it is marked, locked with its note, and read across visits.

What is marked is a value (treatments.body.marks). Its page saves by itself, apart from the note's words: `seen` is
the fingerprint of the chart that the page was opened on, as a note's revision is for its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from clinic.models import User
from treatments import notes
from treatments.body import atlas
from treatments.body.marks import STANDING, Layer, Mark, fingerprint, in_order
from treatments.models import BodyMark, SessionNote


class ChartRefused(notes.NoteRefused):
    """Carries a sentence fit for the therapist."""


class ChartIsStale(ChartRefused):
    """The chart was saved elsewhere meanwhile. Carries what is stored, so that both can be shown."""

    def __init__(self, stored: Sequence[Mark]) -> None:
        super().__init__("This body chart was saved in another window meanwhile. Both are here: nothing is lost.")
        self.stored = list(stored)


def marks_of(note: SessionNote) -> list[Mark]:
    return in_order(row.mark for row in note.marks.all())


# -- Mark ------------------------------------------------------------------------------------------------


@transaction.atomic
def save(note: SessionNote, *, marks: Sequence[Mark], seen: str, by: User, now: datetime) -> list[Mark]:
    """Keep the whole chart as it stands on the page. Only what differs is written.

    Raises ChartIsStale when another window saved meanwhile (unless it says the same), NoteRefused when the note is
    signed or another's, ChartRefused when a layer is marked twice at a place, or somewhere and nowhere.
    """
    note = _locked(note)
    notes.check_may_write(note, by=by)
    check_makes_sense(marks)
    stored = {row.mark: row for row in note.marks.all()}
    if set(stored) == set(marks):
        return in_order(marks)
    if fingerprint(stored) != seen:
        raise ChartIsStale(in_order(stored))
    note.marks.filter(pk__in=[row.pk for mark, row in stored.items() if mark not in marks]).delete()
    BodyMark.objects.bulk_create(
        BodyMark(note=note, region=m.region, layer=m.layer, intensity=m.intensity, remark=m.remark, atlas=atlas.EDITION)
        for m in in_order(marks)
        if m not in stored
    )
    note.written_at = now
    note.save(update_fields=["written_at"])
    return in_order(marks)


def check_makes_sense(marks: Sequence[Mark]) -> None:
    """Raise ChartRefused for what the database would refuse as well."""
    places = [(mark.layer, mark.region) for mark in marks]
    if len(set(places)) < len(places):
        raise ChartRefused("One layer is marked twice at the same place.")
    for layer in {layer for layer, region in places if region == atlas.NOWHERE}:
        if sum(layer == other for other, _ in places) > 1:
            raise ChartRefused(f"{Layer(layer).label} is marked somewhere and nowhere: choose one.")


@transaction.atomic
def carry(note: SessionNote, *, by: User, now: datetime) -> list[Mark]:
    """Take over from the last visit what stays until somebody looks again: never pain, never what hands did.

    Only layers of which this chart says nothing yet are filled.
    """
    note = _locked(note)
    notes.check_may_write(note, by=by)
    last = last_chart(note)
    if last is None:
        raise ChartRefused("There is no earlier body chart to start from.")
    own = marks_of(note)
    silent = {layer.value for layer in STANDING} - {mark.layer for mark in own}
    brought = [mark for mark in marks_of(last) if mark.layer in silent]
    return save(note, marks=[*own, *brought], seen=fingerprint(own), by=by, now=now)


def _locked(note: SessionNote) -> SessionNote:
    return SessionNote.objects.select_for_update(of=("self",)).select_related("author__user", "patient").get(pk=note.pk)


# -- Read ------------------------------------------------------------------------------------------------


def last_chart(note: SessionNote) -> SessionNote | None:
    """The newest earlier note of this person with a chart that its author may read."""
    earlier = SessionNote.objects.for_patient(note.patient).signed().filter(service_at__lt=note.service_at)
    charted = earlier.let_read_by(note.author.user).charted()
    return charted.newest_first().prefetch_related("marks").first()
