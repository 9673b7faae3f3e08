"""What a message says to a patient: the clinic's own words where it has any, else those that Tonus comes with.

Templates are read once and kept for as long as the clinic's stamp stays the same; the stamp is new after each change,
and comes with the clinic that the caller has read anyway. So nobody asks twice, and nobody speaks in old words.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from django.db import transaction

from clinic import audit
from clinic.forms import show_phone
from clinic.models import Clinic, MessageTemplate, User
from clinic.wording import SMS, SPEECHES, Facts, Kind, Refused, Spot, Wording, check, render, spoken
from clinic.wording.kinds import LABELS


@dataclass(frozen=True)
class Said:
    """What one message says. `{link}` in it stands for the link that is made at hand-over."""

    #: Of a text message nobody reads it but the desk.
    title: str
    text: str
    #: The language that it is in: the one that was wanted, where Tonus speaks it.
    language: str
    #: Which template said it: "visit_reminder/sms/en 3".
    wording: str


def say(
    kind: Kind | str, channel: str, language: str, facts: Facts, *, clinic: Clinic | None, variant: str = ""
) -> Said:
    """The words of one message, in the language wanted, else in the clinic's, else in English.

    `variant` names other words than the usual ones; where there are none, the usual ones are said. Raises
    clinic.wording.Lacking when a fact is missing that a template of this kind may name. The clinic's name is put in
    here; its phone and the place's are given as they are kept (E.164).
    """
    speech = spoken(language, clinic.language if clinic else "")
    spot, own = Spot(Kind(kind), channel, speech.code, variant), present(clinic)
    wording = own.get(spot) or own.get(spot.usual) or as_it_comes(spot.usual)
    named = replace(
        facts,
        clinic=facts.clinic or (clinic.sender if clinic else ""),
        phone=show_phone(facts.phone, clinic.country if clinic else "US"),
    )
    title, text = render(wording, speech, named)
    return Said(title or LABELS[spot.kind], text, speech.code, wording.name)


@lru_cache(maxsize=1024)
def as_it_comes(spot: Spot) -> Wording:
    """The template that Tonus comes with."""
    title, text = words_as_they_come(spot)
    return check(spot, title=title, text=text)


def words_as_they_come(spot: Spot) -> tuple[str, str]:
    speech = SPEECHES[spot.language]
    return ("", speech.texts[spot.kind]) if spot.channel == SMS else speech.mails[spot.kind]


# -- The clinic's own ----------------------------------------------------------------------------------


def present(clinic: Clinic | None) -> Mapping[Spot, Wording]:
    """The clinic's own templates of today; nothing is asked while all speak as Tonus comes."""
    return _read(clinic.wording_stamp) if clinic and clinic.wording_stamp else {}


@lru_cache(maxsize=4)
def _read(stamp: uuid.UUID) -> Mapping[Spot, Wording]:  # noqa: ARG001 -- what is kept goes by it
    """One statement. A template that would not be taken today, whoever wrote it, is passed over."""
    private = telling_words()
    found: dict[Spot, Wording] = {}
    for row in MessageTemplate.objects.present():
        if row.is_reset:
            continue
        try:
            wording = checked(row, private=private)
        except (Refused, ValueError):
            continue
        found[wording.spot] = wording
    return found


def checked(row: MessageTemplate, *, private: Collection[str]) -> Wording:
    """A version as it was written, if it may be said today. Raises Refused."""
    return check(row.spot, title=row.title, text=row.text, version=row.version, private=private)


#: Who names the clinic's own telling words: its services, above all. Registered by the rooms that have them.
_TELLING: list[Callable[[], Iterable[str]]] = []


def register_telling_words(words: Callable[[], Iterable[str]]) -> None:
    """These too no text message may say; asked when a template is saved and when templates are read."""
    _TELLING.append(words)


def telling_words() -> frozenset[str]:
    return frozenset(word for words in _TELLING for word in words())


class Stale(Exception):
    """Somebody else changed the template meanwhile. Carries a sentence."""


@transaction.atomic
def save(*, spot: Spot, title: str, text: str, seen: int, by: User, now: datetime) -> MessageTemplate:
    """A new version, in force from now on. `seen` is the version that the writer began with; 0 when there was none.

    Raises Refused when a clinic may not have it, Stale when it is not the newest any more.
    """
    title, text = title.strip(), text.replace("\r\n", "\n").strip()
    check(spot, title=title, text=text, private=telling_words())
    return _write(spot, title, text, seen=seen, by=by, now=now)


@transaction.atomic
def reset(*, spot: Spot, seen: int, by: User, now: datetime) -> MessageTemplate:
    """From now on it speaks as Tonus comes, also when a later Tonus comes with better words; a variant, as usual."""
    return _write(spot, "", "", seen=seen, by=by, now=now)


def _write(spot: Spot, title: str, text: str, *, seen: int, by: User, now: datetime) -> MessageTemplate:
    Clinic.objects.select_for_update(no_key=True).get()  # one change at a time
    newest = MessageTemplate.objects.at(spot).order_by("-version").first()
    if (newest.version if newest else 0) != seen:
        raise Stale("Somebody else changed these words meanwhile. Yours are still here: compare, then save again.")
    row = MessageTemplate.objects.create(
        kind=spot.kind, channel=spot.channel, language=spot.language, variant=spot.variant, version=seen + 1,
        title=title, text=text, written_at=now, written_by=by,
    )  # fmt: skip
    Clinic.objects.update(wording_stamp=uuid.uuid4())
    act = "wording.reset" if row.is_reset else "wording.changed"
    audit.record(act, by=by, now=now, detail={"template": spot.name, "version": row.version})
    return row


def variants(*kinds: Kind) -> list[str]:
    """The names of the other words that there are, in whatever language or channel."""
    rows = MessageTemplate.objects.present().filter(kind__in=kinds).exclude(variant="")
    return sorted({row.variant for row in rows if not row.is_reset})
