"""What can happen to a visit: one table, total over the states. `manage.py states` draws it into docs/states.md."""

from django.db.models import TextChoices


class Status(TextChoices):
    BOOKED = "booked", "Booked"
    ARRIVED = "arrived", "Arrived"
    IN_SESSION = "in_session", "In session"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "Did not come"


class Side(TextChoices):
    """Who called a visit off."""

    PATIENT = "patient", "Patient"
    CLINIC = "clinic", "Clinic"


#: Steps forward, as the day goes.
STEPS: dict[Status, frozenset[Status]] = {
    Status.BOOKED: frozenset({Status.ARRIVED, Status.IN_SESSION, Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW}),
    Status.ARRIVED: frozenset({Status.IN_SESSION, Status.COMPLETED, Status.CANCELLED}),
    Status.IN_SESSION: frozenset({Status.COMPLETED}),
    Status.COMPLETED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.NO_SHOW: frozenset(),
}

#: Where `undo` leads: a wrong click taken back. What gave its time away must find it still free.
UNDO: dict[Status, Status | None] = {
    Status.BOOKED: None,
    Status.ARRIVED: Status.BOOKED,
    Status.IN_SESSION: Status.ARRIVED,
    Status.COMPLETED: Status.ARRIVED,
    Status.CANCELLED: Status.BOOKED,
    Status.NO_SHOW: Status.BOOKED,
}

#: Every step that is allowed, taken back ones included.
VISIT_TRANSITIONS: dict[Status, frozenset[Status]] = {
    status: STEPS[status] | ({back} if (back := UNDO[status]) else frozenset()) for status in Status
}

#: States in which nobody else may have the time. A visit that was held keeps the time it took.
HOLDS_TIME = frozenset({Status.BOOKED, Status.ARRIVED, Status.IN_SESSION, Status.COMPLETED})
#: Still to come or under way.
ACTIVE = frozenset({Status.BOOKED, Status.ARRIVED, Status.IN_SESSION})
#: Can still be moved, confirmed or called off.
NOT_BEGUN = frozenset({Status.BOOKED, Status.ARRIVED})
#: Spoken for in a plan: held, or still to be held.
COUNTS_FOR_THE_PLAN = HOLDS_TIME


class Waiting(TextChoices):
    """How far somebody on the waitlist has got."""

    WAITING = "waiting", "Waiting"
    OFFERED = "offered", "Offered a time"
    TAKEN = "taken", "Has taken a time"
    WITHDRAWN = "withdrawn", "Taken off the list"
    EXPIRED = "expired", "Run out"


class Outcome(TextChoices):
    """What became of a time that was offered."""

    PENDING = "pending", "Waits for an answer"
    ACCEPTED = "accepted", "Taken"
    DECLINED = "declined", "Declined"
    LAPSED = "lapsed", "Not answered in time"
    TAKEN_BACK = "taken_back", "Taken back"


WAITLIST_TRANSITIONS: dict[Waiting, frozenset[Waiting]] = {
    Waiting.WAITING: frozenset({Waiting.OFFERED, Waiting.WITHDRAWN, Waiting.EXPIRED}),
    Waiting.OFFERED: frozenset({Waiting.WAITING, Waiting.TAKEN, Waiting.WITHDRAWN, Waiting.EXPIRED}),
    Waiting.TAKEN: frozenset(),
    # A wrong click: back to the old place in the order.
    Waiting.WITHDRAWN: frozenset({Waiting.WAITING}),
    Waiting.EXPIRED: frozenset(),
}
#: Still on the list.
ON_THE_LIST = frozenset({Waiting.WAITING, Waiting.OFFERED})

OFFER_TRANSITIONS: dict[Outcome, frozenset[Outcome]] = {
    Outcome.PENDING: frozenset(Outcome) - {Outcome.PENDING},
    Outcome.ACCEPTED: frozenset(),
    Outcome.DECLINED: frozenset(),
    Outcome.LAPSED: frozenset(),
    Outcome.TAKEN_BACK: frozenset(),
}

#: What `manage.py states` draws into docs/states.md.
TRANSITIONS = {
    "Visit": VISIT_TRANSITIONS,
    "Waitlist": WAITLIST_TRANSITIONS,
    "Offered time": OFFER_TRANSITIONS,
}
