"""Who is signed in: the session and the person whose it is, read in one statement that is planned once.

Every request asks for both, and composing the two questions took longer than answering them. Nothing is decided here:
where anything is amiss, Django looks again in its own way. See docs/adr/0054-a-session-is-read-with-its-owner.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from clinic import prepared, time
from clinic.models import User
from clinic.rows import columns, from_row


class SessionStore(db.SessionStore):
    """Django's sessions in the database; each read brings its owner along, when the list of sign-ins knows one."""

    owner: User | None = None

    def _get_session_from_db(self) -> Session | None:
        with prepared.ask(_sql(), {"key": self.session_key, "now": time.now()}) as cursor:
            row: tuple[Any, ...] | None = cursor.fetchone()
        if row is None:
            self._session_key = None
            return None
        self.owner = from_row(User, row[3:])
        return Session(session_key=row[0], session_data=row[1], expire_date=row[2])


@cache
def _sql() -> str:
    return f"""
SELECT s.session_key, s.session_data, s.expire_date, {columns(User, "who")} FROM django_session s
  LEFT JOIN usersessions_usersession listed ON listed.session_key = s.session_key
  LEFT JOIN clinic_user who ON who.id = listed.user_id
 WHERE s.session_key = %(key)s AND s.expire_date > %(now)s"""  # noqa: S608 -- columns of a model


class ReadWithTheSession:
    """After Django's AuthenticationMiddleware: spares its question when the answer is there and beyond doubt."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        owner = known_owner(request.session)
        if owner is not None:
            request._cached_user = owner  # type: ignore[attr-defined]
        return self.get_response(request)


def known_owner(session: Any) -> User | None:
    """The owner who was read with the session, if Django would let exactly this person in; else None.

    That is: the session names them, they signed in by a way that still stands, they are active, and their password is
    the one that they signed in with.
    """
    named = session.get(SESSION_KEY)  # reads the session
    owner: User | None = getattr(session, "owner", None)
    if owner is None or named != str(owner.pk) or not owner.is_active:
        return None
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    if not constant_time_compare(session.get(HASH_SESSION_KEY, ""), owner.get_session_auth_hash()):
        return None
    return owner
