"""The outbox: what is to be said to whom, written in the transaction of what it speaks about.

Rows come in by `enqueue`, are stopped by `void_for` and its kin, and leave by `deliver_due` (clinic.delivery).
The guarantees, and why each holds, are in docs/algorithms/outbox.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from clinic import audit, channels, links
from clinic.delivery import Delivered, deliver_all, deliver_due
from clinic.messaging_states import (
    CURABLE,
    NEVER_LEFT,
    OPEN,
    STOPPABLE,
    WANTS_A_PERSON,
    Reason,
    Resolution,
    State,
    check_transition,
)
from clinic.models import OutboundMessage, User
from clinic.models.messages import OutboundMessageQuerySet
from clinic.reckoning import Reckoning, reconcile
from clinic.sweeping import Swept, sweep

__all__ = [
    "AlreadyTold",
    "CannotResolve",
    "Delivered",
    "Draft",
    "Recipient",
    "Reckoning",
    "Subject",
    "Swept",
    "deliver_all",
    "deliver_due",
    "enqueue",
    "readdress",
    "reconcile",
    "resolve",
    "restore_for",
    "send_anyway",
    "sweep",
    "void_for",
    "void_for_address",
    "void_for_patient",
]


class CannotResolve(Exception):
    """Carries a sentence fit for the person at the desk."""


class AlreadyTold(Exception):
    """What was to be taken back has begun to leave the house."""


@dataclass(frozen=True)
class Subject:
    """What the message speaks about, and which version of it."""

    kind: str
    uid: uuid.UUID
    version: int = 1


@dataclass(frozen=True)
class Recipient:
    """Who gets it, and how. Without an address the message can only be recorded as not sent."""

    channel: str
    name: str
    address: str
    language: str = "en"
    patient_uid: uuid.UUID | None = None


@dataclass(frozen=True)
class Draft:
    """A message to be. `{link}` in the text stands for a link that is made when the message goes out."""

    purpose: str
    occasion: str
    about: Subject
    to: Recipient
    title: str
    text: str
    due_at: datetime
    too_late_at: datetime
    html: str = ""
    #: An iCalendar object to go along, as it stands.
    calendar: str = ""
    link_purpose: str = ""
    link_expires_at: datetime | None = None
    #: Whose words it speaks, where that is not its purpose; which template said it; which rule asked for it.
    says: str = ""
    wording: str = ""
    rule_uid: uuid.UUID | None = None
    #: The message that says this one's words as well, when it is not to go out itself; and what this one is called.
    said_by_uid: uuid.UUID | None = None
    uid: uuid.UUID = field(default_factory=uuid.uuid4)
    #: Why it will not be sent, when that is known already.
    suppressed: str = ""
    #: Whether the desk should know of that; by default as messaging_states.WANTS_A_PERSON says.
    needs_person: bool | None = None


def enqueue(*drafts: Draft, now: datetime) -> list[OutboundMessage]:
    """Write messages into the outbox, in the caller's transaction: they exist if and only if it commits.

    Saying it twice changes nothing: purpose, subject, version, occasion, channel and address are the key. What
    was not sent for a reason that has been taken back since (no consent, a cancelled visit) is planned again.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A message belongs in the transaction of what it speaks about.")
    rows = [message(draft, now=now) for draft in drafts]
    OutboundMessage.objects.bulk_create(rows, ignore_conflicts=True)
    kept = {row.uid: row for row in OutboundMessage.objects.filter(uid__in=[row.uid for row in rows])}
    return [
        mine if (mine := kept.get(row.uid)) and mine.state == row.state else _planned_before(row, now) for row in rows
    ]


#: With the address, what makes two messages the same one.
KEY = ("subject_uid", "subject_version", "purpose", "occasion", "channel")


def message(draft: Draft, *, now: datetime) -> OutboundMessage:
    """The draft as a row for the caller to write: of what is new itself, nothing can have been said before."""
    if bool(draft.link_purpose) != ("{link}" in draft.text):
        raise ValueError("A message with a link says where it goes, and no other does.")
    wants_person = draft.suppressed in WANTS_A_PERSON if draft.needs_person is None else draft.needs_person
    return OutboundMessage(
        uid=draft.uid,
        purpose=draft.purpose,
        occasion=draft.occasion,
        channel=draft.to.channel,
        patient_uid=draft.to.patient_uid,
        to_name=draft.to.name[:200],
        to_address=draft.to.address[:254],
        language=draft.to.language,
        subject_kind=draft.about.kind,
        subject_uid=draft.about.uid,
        subject_version=draft.about.version,
        says=draft.says or draft.purpose,
        wording=draft.wording,
        rule_uid=draft.rule_uid,
        said_by_uid=draft.said_by_uid,
        title=draft.title[:200],
        text=draft.text,
        html=draft.html,
        calendar=draft.calendar,
        link_purpose=draft.link_purpose,
        link_expires_at=draft.link_expires_at,
        planned_at=now,
        due_at=draft.due_at,
        too_late_at=draft.too_late_at,
        next_try_at=draft.due_at,
        state=State.SUPPRESSED if draft.suppressed else State.PLANNED,
        reason=draft.suppressed,
        settled_at=now if draft.suppressed else None,
        needs_person=bool(draft.suppressed) and wants_person,
    )


def say_instead(old: OutboundMessage, draft: Draft, *, now: datetime) -> None:
    """A locked message that has not left, or was left out beside another, says this from now on, and is pending.

    A sender that has it in hand with the old words loses it at the fence.
    """
    new = message(draft, now=now)
    if draft.suppressed:
        return leave_out(old, now=now, reason=draft.suppressed, said_by=draft.said_by_uid)
    if old.state == State.PLANNED and (old.text, old.due_at) == (new.text, new.due_at):
        return None
    return _live_again(old, new, now)


def leave_out(
    old: OutboundMessage,
    *,
    now: datetime,
    reason: str = Reason.DUPLICATE_CONTACT,
    said_by: uuid.UUID | None = None,
) -> None:
    """A locked message that has not left is not sent: another one says the same, or nobody asks for it any more."""
    mine = OutboundMessage.objects.filter(pk=old.pk)
    _stop(mine, reason, now)
    mine.not_sent().update(said_by_uid=said_by)


def _planned_before(new: OutboundMessage, now: datetime) -> OutboundMessage:
    """The row that holds this place already; it lives again when what stopped it was taken back."""
    key = {field: getattr(new, field) for field in (*KEY, "to_address")}
    old = OutboundMessage.objects.select_for_update().get(**key)
    if new.state == State.PLANNED and old.state == State.SUPPRESSED and old.reason in CURABLE:
        _live_again(old, new, now)
    return old


def _live_again(old: OutboundMessage, new: OutboundMessage, now: datetime) -> None:
    if old.state != State.PLANNED:
        check_transition(old.state, State.PLANNED)
    old.state, old.reason, old.settled_at, old.needs_person = State.PLANNED, "", None, False
    old.planned_at, old.due_at, old.next_try_at, old.too_late_at = now, new.due_at, new.due_at, new.too_late_at
    old.title, old.text, old.html, old.to_name = new.title, new.text, new.html, new.to_name
    old.says, old.wording, old.rule_uid, old.said_by_uid = new.says, new.wording, new.rule_uid, None
    old.language = new.language
    old.calendar, old.link_expires_at = new.calendar, new.link_expires_at
    old.void_reason, old.lease_until = "", None
    old.save()


# -- Stopping ------------------------------------------------------------------------------------------


def void_for(*, subject_uid: uuid.UUID, reason: str, now: datetime) -> int:
    """Stop everything pending about a subject and its links, in the caller's transaction; returns how many.

    Once the caller has committed, nothing about it begins to leave: a sender that has claimed a message finds
    it gone at the fence. What is being handed over at this very moment is not tried again should it be refused.
    """
    about = OutboundMessage.objects.about(subject_uid)
    stopped = _stop(about, reason, now) + _stop_what_others_say(about, reason, now)
    about.filter(needs_person=True).update(needs_person=False)
    links.revoke_for(subject_uid, now)
    return stopped


def restore_for(
    *, subject_uid: uuid.UUID, version: int, undone: int, becomes: int, reason: str, stopped_at: datetime, now: datetime
) -> None:
    """A change of the subject was taken back, in the caller's transaction: what `void_for` stopped is pending again.

    Messages and links about `version` speak of `becomes` from now on, which is the same. Of what was written about the
    version that was taken back nothing goes out; AlreadyTold is raised when some of it has begun to leave.
    """
    about = OutboundMessage.objects.about(subject_uid)
    held = list(about.select_for_update().order_by("pk").values_list("subject_version", "state"))
    if any(of == undone and state not in NEVER_LEFT for of, state in held):
        raise AlreadyTold
    _stop(about.filter(subject_version=undone), reason, now)
    about.filter(subject_version=undone, needs_person=True).update(needs_person=False)
    mine = about.filter(subject_version=version)
    mine.filter(state__in=OPEN, void_reason=reason).update(void_reason="")
    mine.filter(state=State.SUPPRESSED, reason=reason, settled_at__gte=stopped_at).update(
        state=State.PLANNED, reason="", settled_at=None, void_reason=""
    )
    unseen = mine.filter(reason__in=WANTS_A_PERSON, resolved_at__isnull=True, too_late_at__gt=now)
    unseen.exclude(state__in=OPEN).update(needs_person=True)
    mine.update(subject_version=becomes)
    links.restore_for(subject_uid, version=version, becomes=becomes, revoked_at=stopped_at)


def void_for_patient(*, patient_uids: Collection[uuid.UUID], reason: str, now: datetime, channel: str = "") -> int:
    """The patient wants no more of this (on one channel, or on all): stop what is pending for them.

    All records of the person are named, as messages written before a merge still bear the other one.
    """
    theirs = OutboundMessage.objects.filter(patient_uid__in=patient_uids)
    theirs = theirs.filter(channel=channel) if channel else theirs
    return _stop(theirs, reason, now) + _stop_what_others_say(theirs, reason, now)


def void_for_address(*, channel: str, address: str, reason: str, now: datetime) -> int:
    """Nobody writes to this address any more, whoever shares it."""
    return _stop(OutboundMessage.objects.filter(channel=channel, to_address__iexact=address), reason, now)


def _stop(rows: OutboundMessageQuerySet, reason: str, now: datetime) -> int:
    """Lock what is open first: a row that a sender is putting back is met after it has been put back."""
    held = list(rows.waiting().select_for_update().order_by("pk").values_list("pk", "state"))
    stoppable = [pk for pk, state in held if state in STOPPABLE]
    leaving = [pk for pk, state in held if state not in STOPPABLE]
    OutboundMessage.objects.filter(pk__in=leaving).update(void_reason=reason)
    return OutboundMessage.objects.filter(pk__in=stoppable).update(
        state=State.SUPPRESSED, reason=reason, settled_at=now, lease_until=None, needs_person=False
    )


def _stop_what_others_say(rows: OutboundMessageQuerySet, reason: str, now: datetime) -> int:
    """Another message is to say these as well: it finds at the fence that it may not, and is composed anew."""
    return rows.left_to_another().update(reason=reason, settled_at=now, said_by_uid=None, needs_person=False)


def readdress(*, patient_uids: Collection[uuid.UUID], channel: str, address: str, now: datetime) -> int:
    """The patient has a new address: what is pending goes there; without one it is stopped and the desk told.

    A sender that has one in hand with the old address loses it at the fence.
    """
    pending = OutboundMessage.objects.filter(patient_uid__in=patient_uids, channel=channel).waiting()
    held = list(pending.select_for_update().order_by("pk").values_list("pk", "state"))
    mine = OutboundMessage.objects.filter(pk__in=[pk for pk, state in held if state in STOPPABLE])
    if not address:
        return mine.update(
            state=State.SUPPRESSED, reason=Reason.NO_ADDRESS, settled_at=now, lease_until=None, needs_person=True
        )
    same = OutboundMessage.objects.filter(to_address=address, **{f: OuterRef(f) for f in KEY}).exclude(
        pk=OuterRef("pk")
    )
    mine.filter(Exists(same)).update(
        state=State.SUPPRESSED, reason=Reason.DUPLICATE_CONTACT, settled_at=now, lease_until=None
    )
    return mine.exclude(state=State.SUPPRESSED).update(to_address=address, state=State.PLANNED, lease_until=None)


# -- What needs a person -------------------------------------------------------------------------------


@transaction.atomic
def resolve(*, message_uid: uuid.UUID, how: str, note: str, by: User, now: datetime) -> OutboundMessage:
    """A person has dealt with it: the patient was told by phone, or nothing more is to be done."""
    message = _to_resolve(message_uid)
    _write_resolution(message, Resolution(how), note, by, now)
    return message


@transaction.atomic
def send_anyway(*, message_uid: uuid.UUID, note: str, by: User, now: datetime) -> OutboundMessage:
    """Send the same once more, as a message of its own: a person decided that twice is better than never."""
    message = _to_resolve(message_uid)
    check_can_send_again(message, now=now)
    _write_resolution(message, Resolution.SENT_ANYWAY, note, by, now)
    OutboundMessage.objects.said_by([message.uid]).update(
        state=State.PLANNED, reason="", settled_at=None, said_by_uid=None, next_try_at=now
    )
    again = Draft(
        purpose=message.purpose,
        occasion=f"{message.occasion[:36]}+{message.attempt % 1000}",
        about=Subject(message.subject_kind, message.subject_uid, message.subject_version),
        to=Recipient(message.channel, message.to_name, message.to_address, message.language, message.patient_uid),
        title=message.title,
        text=message.text,
        html=message.html,
        calendar=message.calendar,
        due_at=now,
        too_late_at=message.too_late_at,
        link_purpose=message.link_purpose,
        link_expires_at=message.link_expires_at,
        says=message.says,
        wording=message.wording,
        rule_uid=message.rule_uid,
    )
    return enqueue(again, now=now)[0]


def _to_resolve(message_uid: uuid.UUID) -> OutboundMessage:
    message = OutboundMessage.objects.select_for_update().get(uid=message_uid)
    if not message.needs_person:
        raise CannotResolve("This message no longer needs anyone.")
    if message.resolved_at is not None:
        raise CannotResolve("Someone else has dealt with this message already.")
    return message


def check_can_send_again(message: OutboundMessage, *, now: datetime) -> None:
    """Raises a sentence when sending once more makes no sense."""
    if now >= message.too_late_at:
        raise CannotResolve("It is too late to send this message.")
    if not message.to_address:
        raise CannotResolve("There is no address to send this message to.")
    if message.channel not in channels.offered():
        raise CannotResolve("This clinic cannot send messages that way.")


def can_send_again(message: OutboundMessage, *, now: datetime) -> bool:
    return _holds(lambda: check_can_send_again(message, now=now))


def _holds(check: Callable[[], None]) -> bool:
    try:
        check()
    except CannotResolve:
        return False
    return True


def _write_resolution(message: OutboundMessage, how: Resolution, note: str, by: User, now: datetime) -> None:
    message.resolution, message.resolution_note = how, note[:500]
    message.resolved_at, message.resolved_by = now, by
    message.save(update_fields=["resolution", "resolution_note", "resolved_at", "resolved_by"])
    audit.record(
        "message.resolved",
        by=by,
        now=now,
        subject=message,
        patient_uid=message.patient_uid,
        reason=note,
        detail={"how": how, "state": message.state},
    )
