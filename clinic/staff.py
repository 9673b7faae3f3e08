"""Staff come, change what they do, leave and come back. The clinic never loses its last owner."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from clinic import audit, second_factor, sessions
from clinic.forms import check_revision
from clinic.models import Discipline, Practitioner, Role, User


class StaffRefused(Exception):
    """Carries a sentence fit for the owner, and the field that it belongs to."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        self.field = field
        super().__init__(sentence)


@dataclass(frozen=True)
class Credentials:
    """What a person is as a practitioner."""

    discipline: Discipline
    title: str = ""
    npi: str = ""
    licence_number: str = ""
    #: What services may ask for, in the clinic's own words.
    skills: tuple[str, ...] = ()
    #: Codes of clinic.models.Language.
    languages: tuple[str, ...] = ()


class Leaving(Protocol):
    """Takes back what somebody held; told who they are now, once their sign-in is closed or they no longer treat."""

    def __call__(self, *, user: User, by: User, now: datetime) -> None: ...


#: What other rooms do in the same transaction when somebody leaves: each puts itself here as it loads.
ON_LEAVING: list[Leaving] = []


def listed() -> QuerySet[User]:
    """Everyone who is or was here, those who work here now first."""
    return User.objects.select_related("practitioner").order_by("-is_active", "name", "pk")


@transaction.atomic
def add(
    *, email: str, name: str, roles: Iterable[Role], credentials: Credentials | None, by: User, now: datetime
) -> User:
    """A new sign-in without a password: the invitation lets its holder choose one."""
    roles = _checked(roles, credentials)
    if User.objects.filter(email__iexact=email).exists():
        raise StaffRefused("Someone here signs in with that e-mail already.", "email")
    try:
        with transaction.atomic():
            user = User.objects.create_user(email=email, name=name, roles=[*map(str, roles)])
    except IntegrityError as exc:
        raise StaffRefused("Someone here signs in with that e-mail already.", "email") from exc
    _set_credentials(user, credentials)
    audit.record("staff.added", by=by, now=now, subject=user, detail={"roles": sorted(map(str, roles))})
    return user


@transaction.atomic
def change(
    *,
    uid: uuid.UUID,
    revision: int | None,
    email: str,
    name: str,
    roles: Iterable[Role],
    credentials: Credentials | None,
    by: User,
    now: datetime,
) -> User:
    """Correct who this is and what they are here for; roles count from the next request on."""
    user = _locked(uid)
    check_revision(user, revision)
    roles = _checked(roles, credentials)
    if user.is_active and user.holds(Role.OWNER) and Role.OWNER not in roles:
        _keep_an_owner(user)
    if User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists():
        raise StaffRefused("Someone here signs in with that e-mail already.", "email")
    before: dict[str, Any] = {"roles": user.roles, "email_changed": user.email != email.lower()}
    user.email, user.name, user.roles = email.lower(), name, sorted(map(str, roles))
    user.revision += 1
    user.save(update_fields=["email", "name", "roles", "revision"])
    _set_credentials(user, credentials)
    if Role.THERAPIST in before["roles"] and Role.THERAPIST not in user.roles:
        _tell_of_leaving(user, by, now)
    audit.record("staff.changed", by=by, now=now, subject=user, detail={"was": before, "roles": user.roles})
    return user


@transaction.atomic
def deactivate(*, uid: uuid.UUID, by: User, now: datetime) -> User:
    """Close a sign-in and end its sessions at once. What the person wrote and did stays."""
    user = _locked(uid)
    if user.pk == by.pk:
        raise StaffRefused("You cannot close your own sign-in. Ask another owner.")
    if not user.is_active:
        return user
    if user.holds(Role.OWNER):
        _keep_an_owner(user)
    user.is_active, user.deactivated_at = False, now
    user.revision += 1
    user.save(update_fields=["is_active", "deactivated_at", "revision"])
    Practitioner.objects.filter(user=user).update(is_active=False)
    ended = sessions.end_all(user)
    _tell_of_leaving(user, by, now)
    audit.record("staff.deactivated", by=by, now=now, subject=user, detail={"sessions_ended": ended})
    return user


@transaction.atomic
def reactivate(*, uid: uuid.UUID, by: User, now: datetime) -> User:
    """Open a closed sign-in again, with the roles it had. Old sessions stay ended."""
    user = _locked(uid)
    if user.is_active:
        return user
    user.is_active, user.deactivated_at = True, None
    user.revision += 1
    user.save(update_fields=["is_active", "deactivated_at", "revision"])
    Practitioner.objects.filter(user=user).update(is_active=Role.THERAPIST in user.roles)
    sessions.end_all(user)
    audit.record("staff.reactivated", by=by, now=now, subject=user)
    return user


@transaction.atomic
def start_over(*, uid: uuid.UUID, by: User, now: datetime) -> User:
    """The phone is lost: take the second factors away and end all sessions. A new one is enrolled at sign-in."""
    user = _locked(uid)
    second_factor.forget(user)
    ended = sessions.end_all(user)
    audit.record("staff.second_factor_reset", by=by, now=now, subject=user, detail={"sessions_ended": ended})
    return user


def _tell_of_leaving(user: User, by: User, now: datetime) -> None:
    for take_back in ON_LEAVING:
        take_back(user=user, by=by, now=now)


def is_last_owner(user: User) -> bool:
    """Whether the clinic would be without an owner if this person were not one."""
    return user.is_active and user.holds(Role.OWNER) and not _other_owners(user).exists()


def _locked(uid: uuid.UUID) -> User:
    """Queue up behind anyone else changing staff: all owners are locked, in one order, with the one meant."""
    rows = User.objects.select_for_update(no_key=True).filter(
        Q(roles__contains=[Role.OWNER], is_active=True) | Q(uid=uid)
    )
    return {user.uid: user for user in rows.order_by("pk")}[uid]


def _other_owners(user: User) -> QuerySet[User]:
    return User.objects.owners().exclude(pk=user.pk)


def _keep_an_owner(user: User) -> None:
    if not _other_owners(user).exists():
        raise StaffRefused(f"{user.name} is the last owner. Make someone else an owner first.", "roles")


def _checked(roles: Iterable[Role], credentials: Credentials | None) -> list[Role]:
    chosen = sorted({Role(role) for role in roles})
    if not chosen:
        raise StaffRefused("Choose at least one role.", "roles")
    if Role.THERAPIST in chosen and credentials is None:
        raise StaffRefused("Say what this therapist practises.", "discipline")
    return chosen


def _set_credentials(user: User, credentials: Credentials | None) -> None:
    """A therapist has a row in the diary; who no longer treats keeps theirs, switched off."""
    treats = Role.THERAPIST in user.roles
    if credentials is None or not treats:
        Practitioner.objects.filter(user=user).update(is_active=False)
        return
    facts = {
        "discipline": credentials.discipline,
        "title": credentials.title,
        "npi": credentials.npi,
        "licence_number": credentials.licence_number,
        "skills": list(credentials.skills),
        "languages": list(credentials.languages),
        "is_active": user.is_active,
    }
    practitioner, created = Practitioner.objects.get_or_create(user=user, defaults=facts)
    if not created:
        for name, value in facts.items():
            setattr(practitioner, name, value)
        practitioner.revision += 1
        practitioner.save(update_fields=[*facts, "revision"])
