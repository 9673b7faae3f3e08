"""Which facts a template may name: exactly these, for each kind of message and each channel.

A text message is read over a shoulder and on a shared phone. It has no field for a service, a practitioner, a part of
the body, a diagnosis, a drug or an amount of money; `facts.Facts` has no place for most of these at all.
"""

from __future__ import annotations

from enum import StrEnum

from clinic.wording.kinds import SMS, Kind, channels_of


class Field(StrEnum):
    NAME = "name"
    NAMES = "names"
    CLINIC = "clinic"
    WHEN = "when"
    LINES = "lines"
    COUNT = "count"
    PLACE = "place"
    LINK = "link"
    PHONE = "phone"
    UNTIL = "until"
    INSTEAD = "instead"
    AMOUNT = "amount"
    NUMBER = "number"
    DUE = "due"


#: What each of them stands for, as the owner reads it.
MEANINGS = {
    Field.NAME: "first name",
    Field.NAMES: "first names of all whom it is for",
    Field.CLINIC: "what messages call the clinic",
    Field.WHEN: "day and time of the visit",
    Field.LINES: "the visits, one on a line",
    Field.COUNT: "how many visits",
    Field.PLACE: "address of the location",
    Field.LINK: "the patient's own link",
    Field.PHONE: "phone of the location or clinic",
    Field.UNTIL: "until when it is kept or works",
    Field.INSTEAD: "the visit that would be given up",
    Field.AMOUNT: "amount to pay",
    Field.NUMBER: "number of the invoice",
    Field.DUE: "day to pay by",
}
#: Of these a message may be without, so they stand in [ ]: the words there are left out with them.
_MAY_BE_EMPTY = frozenset({Field.PHONE, Field.PLACE, Field.INSTEAD, Field.DUE})
#: Who answers from a number that we do not know has no name and no visit.
_MAY_BE_EMPTY_IN_ANSWERS = _MAY_BE_EMPTY | {Field.NAME, Field.WHEN}
#: Never in a text message, whatever the kind.
NOT_BY_SMS = frozenset({Field.AMOUNT, Field.NUMBER, Field.DUE})

_EVERY = (Field.NAME, Field.CLINIC, Field.PHONE)
_VISIT = (*_EVERY, Field.WHEN, Field.PLACE, Field.LINK)
_VISITS = (*_EVERY, Field.LINES, Field.COUNT, Field.LINK)
_OFF = (*_EVERY, Field.LINES)
_PAGE = (*_EVERY, Field.LINK, Field.UNTIL)
_INVOICE = (*_EVERY, Field.AMOUNT, Field.NUMBER, Field.DUE)

_OF_KIND: dict[Kind, tuple[Field, ...]] = {
    Kind.VISIT_BOOKED: _VISIT,
    Kind.VISITS_BOOKED: _VISITS,
    Kind.SERIES_BOOKED: _VISITS,
    Kind.VISIT_MOVED: _VISIT,
    Kind.VISIT_CHANGED: (*_EVERY, Field.LINES, Field.LINK),
    Kind.VISITS_CHANGED: _VISITS,
    Kind.VISIT_CANCELLED: _OFF,
    Kind.VISITS_CANCELLED: (*_OFF, Field.COUNT),
    Kind.VISIT_REMINDER: _VISIT,
    Kind.VISITS_REMINDER: _VISITS,
    Kind.FAMILY_REMINDER: (Field.NAMES, *_VISITS[1:]),
    Kind.WAITLIST_OFFER: (*_VISIT, Field.UNTIL, Field.INSTEAD),
    Kind.RECALL: _EVERY,
    Kind.PLAN_REVIEW: _EVERY,
    Kind.EXERCISE_NUDGE: (*_EVERY, Field.LINK),
    Kind.HOME_PROGRAMME: _PAGE,
    Kind.QUESTIONS: _PAGE,
    Kind.DIARY: _PAGE,
    Kind.INVOICE: _INVOICE,
    Kind.INVOICE_OVERDUE: _INVOICE,
    Kind.REPLY_CONFIRMED: (*_EVERY, Field.WHEN, Field.PLACE),
    Kind.REPLY_OTHER_TIME: (*_EVERY, Field.WHEN),
    Kind.REPLY_NO_VISIT: _EVERY,
    Kind.REPLY_PASSED_ON: _EVERY,
    Kind.REPLY_HELP: _EVERY,
    Kind.REPLY_STOPPED: _EVERY,
    Kind.REPLY_STARTED: _EVERY,
}
#: Without these a message would not say what it is for.
_NEEDED = frozenset({Field.WHEN, Field.LINES, Field.LINK, Field.NUMBER})


def allowed(kind: Kind, channel: str) -> tuple[Field, ...]:
    """In the order in which an editor shows them."""
    if channel not in channels_of(kind):
        return ()
    return tuple(field for field in _OF_KIND[kind] if channel != SMS or field not in NOT_BY_SMS)


def needed(kind: Kind, channel: str) -> tuple[Field, ...]:
    """What a template must name, once; an answer need not repeat what it answers."""
    if kind.startswith("reply_"):
        return ()
    return tuple(field for field in allowed(kind, channel) if field in _NEEDED)


def may_be_empty(kind: Kind) -> frozenset[Field]:
    return _MAY_BE_EMPTY_IN_ANSWERS if kind.startswith("reply_") else _MAY_BE_EMPTY


def in_title(kind: Kind, channel: str) -> tuple[Field, ...]:
    """A subject line shows on a locked phone: it names the clinic and the time, and nobody."""
    return tuple(field for field in allowed(kind, channel) if field in {Field.CLINIC, Field.WHEN})
