"""Staff choose their password by a link in a mail: when they are invited, and when they have forgotten it.

The mail goes through the outbox like every other: no request waits for a mail server, so that a known and an
unknown address are answered in the same time, and only the digest of the link is kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from clinic import audit, links, messaging, sessions
from clinic.access import SYSTEM, Actor
from clinic.links import Purpose
from clinic.messaging import Draft, Recipient, Subject
from clinic.messaging_states import Channel, MessagePurpose
from clinic.models import ActionLink, Clinic, User

INVITATION_LASTS = timedelta(days=3)
RESET_LASTS = timedelta(hours=2)

INVITATION = """Hello {name},

{by} has added you to the staff of {clinic} in Tonus. Choose a password here:

{{link}}

The link works until {until}, once. You sign in with this e-mail address; afterwards you are
asked for a second factor, such as an authenticator app on your phone.
"""
RESET = """Hello {name},

somebody, most likely you, asked to choose a new password for your sign-in at {clinic}:

{{link}}

The link works for two hours, once. If it was not you, do nothing: your password stays as it is.
"""


@transaction.atomic
def send(user: User, *, by: Actor, now: datetime) -> None:
    """Invite somebody to choose their first password; an earlier invitation stops working."""
    text = INVITATION.format(
        name=user.get_short_name(), by=by.name, clinic=_clinic(), until=f"{now + INVITATION_LASTS:%a %d %b, %H:%M} UTC"
    )
    title = f"Your sign-in at {_clinic()}"
    _send(user, MessagePurpose.INVITATION, title=title, text=text, lasts=INVITATION_LASTS, now=now)
    audit.record("staff.invited", by=by, now=now, subject=user)


@transaction.atomic
def send_reset(user: User, *, now: datetime) -> None:
    """A new password for who has forgotten theirs."""
    text = RESET.format(name=user.get_short_name(), clinic=_clinic())
    _send(user, MessagePurpose.PASSWORD_RESET, title="A new password", text=text, lasts=RESET_LASTS, now=now)
    audit.record("password.reset_asked_for", by=SYSTEM, now=now, subject=user)


@transaction.atomic
def notify(user: User, *, title: str, text: str, now: datetime) -> None:
    """Tell somebody that their sign-in was changed, so that they notice when it was not them."""
    until = now + timedelta(days=1)
    _enqueue(user, MessagePurpose.SIGN_IN_NOTICE, title=title, text=text, until=until, now=now)


@transaction.atomic
def choose_password(link: ActionLink, *, password: str, now: datetime) -> User | None:
    """Set the password that the link is for, and end what was signed in with the old one.

    None when the link was used meanwhile, or its holder may no longer sign in.
    """
    user = User.objects.select_for_update(no_key=True).filter(uid=link.subject_uid, is_active=True).first()
    if user is None or not links.use(link, used_for="password", now=now):
        return None
    user.set_password(password)
    user.save(update_fields=["password"])
    links.revoke_for(user.uid, now)
    sessions.end_all(user)
    audit.record("password.chosen", by=user, now=now, subject=user)
    return user


def _clinic() -> str:
    return Clinic.objects.values_list("name", flat=True).first() or "Tonus"


def _send(user: User, purpose: MessagePurpose, *, title: str, text: str, lasts: timedelta, now: datetime) -> None:
    """A mail with the one link that works from now on."""
    links.revoke_for(user.uid, now)
    _enqueue(user, purpose, title=title, text=text, until=now + lasts, now=now, link_purpose=Purpose.PASSWORD)


def _enqueue(
    user: User,
    purpose: MessagePurpose,
    *,
    title: str,
    text: str,
    until: datetime,
    now: datetime,
    link_purpose: str = "",
) -> None:
    draft = Draft(
        purpose=purpose,
        occasion=f"{now:%Y-%m-%d %H:%M:%S.%f}",
        about=Subject(kind="clinic.user", uid=user.uid),
        to=Recipient(channel=Channel.EMAIL, name=user.name, address=user.email),
        title=title,
        text=text,
        due_at=now,
        too_late_at=until,
        link_purpose=link_purpose,
        link_expires_at=until if link_purpose else None,
    )
    messaging.enqueue(draft, now=now)
