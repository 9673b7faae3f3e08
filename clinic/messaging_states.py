"""The states of an outbound message, why it ended as it did, and which step may follow which.

    planned → claimed → handing_over → accepted → delivered | bounced
    with the other ends failed(reason), suppressed(reason), unknown(reason)

`handing_over` is committed immediately before the content goes to the server. What is found there after a
crash may or may not have left the house: it becomes `unknown`, and is sent again only when a person says so, or when
the provider says that it never had it.
"""

from django.db.models import TextChoices


class Channel(TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "Text message"


class MessagePurpose(TextChoices):
    VISIT_BOOKED = "visit_booked", "Visit booked"
    VISIT_MOVED = "visit_moved", "Visit moved"
    VISIT_CANCELLED = "visit_cancelled", "Visit called off"
    VISIT_REMINDER = "visit_reminder", "Reminder"
    WAITLIST_OFFER = "waitlist_offer", "Free time offered"
    #: No visit is booked, and the plan is not finished.
    RECALL = "recall", "Invitation to book"
    PLAN_REVIEW = "plan_review", "Review of the plan is due"
    EXERCISE_NUDGE = "exercise_nudge", "Reminder of exercises"
    INVOICE = "invoice", "Invoice"
    #: What a text message of theirs is answered with.
    REPLY = "reply", "Answer to a message"
    #: The way to the patient's own page of exercises.
    HOME_PROGRAMME = "home_programme", "Page for home"
    #: To a page of the patient's own: questions, or a diary.
    QUESTIONS = "questions", "Questions for at home"
    #: To staff, about their own sign-in.
    INVITATION = "invitation", "Invitation to sign in"
    PASSWORD_RESET = "password_reset", "Forgotten password"
    SIGN_IN_NOTICE = "sign_in_notice", "Change to a sign-in"
    #: To owners: somebody opened a record outside their care.
    RECORD_OPENED = "record_opened", "Record opened with a reason"


class State(TextChoices):
    PLANNED = "planned", "Waiting"
    CLAIMED = "claimed", "Being prepared"
    HANDING_OVER = "handing_over", "Being handed over"
    ACCEPTED = "accepted", "Sent"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Not sent"
    UNKNOWN = "unknown", "Unknown"


class Reason(TextChoices):
    CANCELLED = "cancelled", "the visit was cancelled"
    MOVED = "moved", "the visit was moved"
    OVER = "over", "the visit has begun or is over"
    TAKEN_BACK = "taken_back", "what it says was taken back"
    OPTED_OUT = "opted_out", "the patient does not want messages"
    NO_CONSENT = "no_consent", "the patient has not agreed to messages on this channel"
    NO_ADDRESS = "no_address", "there is no address it could go to"
    BAD_ADDRESS = "bad_address", "the address cannot be right"
    NO_LONGER_NEEDED = "no_longer_needed", "what it asks for was done meanwhile"
    RULE_CHANGED = "rule_changed", "the rule that asked for it was changed"
    TOO_MANY = "too_many", "the person had as many messages that day as they may get"
    TOO_LATE = "too_late", "it could not be sent in time"
    QUIET_HOURS = "quiet_hours", "there was no decent hour before the visit"
    PAUSED = "paused", "sending was paused"
    DUPLICATE_CONTACT = "duplicate_contact", "another message to the same person says the same"
    RESTORED = "restored", "the clinic was restored from a backup in between"
    REFUSED = "refused", "the mail server refused it for good"
    UNSENDABLE = "unsendable", "it could not be made into a mail"
    WORKER_LOST = "worker_lost", "the sender was interrupted while handing it over"
    CONNECTION_LOST = "connection_lost", "the connection broke while handing it over"


class Resolution(TextChoices):
    CALLED = "called", "Told the patient by phone"
    SENT_ANYWAY = "sent_anyway", "Sent once more"
    LEFT = "left", "Nothing more to do"


#: Still ours to deal with; every other state is an end.
OPEN = frozenset({State.PLANNED, State.CLAIMED, State.HANDING_OVER})
#: Nothing has left the house yet: the message can still be stopped.
STOPPABLE = frozenset({State.PLANNED, State.CLAIMED})
#: Nobody outside has seen it.
NEVER_LEFT = STOPPABLE | {State.SUPPRESSED, State.FAILED}
#: A sender has it in hand, until its lease is over.
IN_HAND = frozenset({State.CLAIMED, State.HANDING_OVER})
#: A server has answered for it.
TAKEN = frozenset({State.ACCEPTED, State.DELIVERED, State.BOUNCED})

MESSAGE_TRANSITIONS: dict[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.CLAIMED, State.SUPPRESSED}),
    State.CLAIMED: frozenset({State.PLANNED, State.HANDING_OVER, State.SUPPRESSED, State.FAILED}),
    State.HANDING_OVER: frozenset({State.ACCEPTED, State.PLANNED, State.SUPPRESSED, State.FAILED, State.UNKNOWN}),
    State.ACCEPTED: frozenset({State.DELIVERED, State.BOUNCED}),
    State.DELIVERED: frozenset(),
    State.BOUNCED: frozenset(),
    State.FAILED: frozenset(),
    State.SUPPRESSED: frozenset({State.PLANNED}),
    #: By the sender that was only slow, or by what the provider says when it is asked (clinic.looking_up).
    State.UNKNOWN: frozenset({State.ACCEPTED, State.PLANNED, State.SUPPRESSED}),
}

#: What `manage.py states` draws into docs/states.md.
TRANSITIONS = {"Message": MESSAGE_TRANSITIONS}

#: Which reasons an end may give; the other states give none.
REASONS: dict[State, frozenset[Reason]] = {
    State.SUPPRESSED: frozenset(
        {
            Reason.CANCELLED,
            Reason.MOVED,
            Reason.OVER,
            Reason.TAKEN_BACK,
            Reason.OPTED_OUT,
            Reason.NO_CONSENT,
            Reason.NO_ADDRESS,
            Reason.BAD_ADDRESS,
            Reason.NO_LONGER_NEEDED,
            Reason.RULE_CHANGED,
            Reason.TOO_MANY,
            Reason.TOO_LATE,
            Reason.QUIET_HOURS,
            Reason.PAUSED,
            Reason.DUPLICATE_CONTACT,
            Reason.RESTORED,
        }
    ),
    State.FAILED: frozenset({Reason.BAD_ADDRESS, Reason.REFUSED, Reason.UNSENDABLE}),
    State.BOUNCED: frozenset({Reason.BAD_ADDRESS, Reason.REFUSED}),
    State.UNKNOWN: frozenset({Reason.WORKER_LOST, Reason.CONNECTION_LOST, Reason.RESTORED}),
}

#: These can be taken back: the patient agrees, gives an address, the visit takes place after all. Only then may a
#: message that was not sent be planned again.
CURABLE = frozenset(
    {
        Reason.OPTED_OUT,
        Reason.NO_CONSENT,
        Reason.NO_ADDRESS,
        Reason.BAD_ADDRESS,
        Reason.CANCELLED,
        Reason.MOVED,
        Reason.OVER,
        Reason.TAKEN_BACK,
        Reason.NO_LONGER_NEEDED,
        Reason.RULE_CHANGED,
    }
)
#: Ends after which a person at the desk should know, because the patient does not.
WANTS_A_PERSON = frozenset(
    {
        Reason.NO_ADDRESS,
        Reason.BAD_ADDRESS,
        Reason.TOO_MANY,
        Reason.TOO_LATE,
        Reason.QUIET_HOURS,
        Reason.RESTORED,
        Reason.REFUSED,
        Reason.UNSENDABLE,
        Reason.WORKER_LOST,
        Reason.CONNECTION_LOST,
    }
)


#: These go out whatever the address has said: the answer to a message of theirs, and what staff are sent about their
#: own sign-in and their clinic.
WHATEVER_WAS_SAID = frozenset(
    {
        MessagePurpose.REPLY,
        MessagePurpose.INVITATION,
        MessagePurpose.PASSWORD_RESET,
        MessagePurpose.SIGN_IN_NOTICE,
        MessagePurpose.RECORD_OPENED,
    }
)


class WrongStep(Exception):
    """A message cannot go from the one state to the other."""


def check_transition(old: str, new: str) -> None:
    if State(new) not in MESSAGE_TRANSITIONS[State(old)]:
        raise WrongStep(f"A message that is {old} cannot become {new}.")
