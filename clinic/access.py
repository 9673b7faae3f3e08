"""The one table of who may do what, and the doors that ask it.

POLICY answers the first half of "may she?": which roles may act at all, and on whose records.
`visible_to(actor, can)` on the querysets answers the second: which rows. A row that is not visible does not
exist (404); an action that no role of the actor allows is forbidden (403) and names no record.
Every URL declares what it needs by one of the decorators below; `clinic.checks` refuses to start otherwise.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from clinic.models import Role, User

View = Callable[..., HttpResponse]


class Can(Enum):
    """What a person may be allowed to do; the value is how a manager reads it."""

    SEE_PATIENTS = "see who the patients are and how to reach them"
    REGISTER_PATIENTS = "register patients and correct their particulars"
    SEE_PATIENT_CHANGES = "see what was changed in a patient's particulars, by whom and when"
    MERGE_PATIENTS = "merge two records of one patient, and take it back"
    ASSIGN_CARE = "decide who belongs to a patient's care team"
    SEE_HISTORY = "see injuries, conditions, allergies and medication"
    RECORD_HISTORY = "record injuries, conditions, allergies and medication"
    SEE_DOCUMENTS = "open a patient's documents"
    ADD_DOCUMENTS = "file documents for a patient"
    SEE_REFERRALS = "see diagnoses and referrals"
    RECORD_REFERRALS = "record a doctor's diagnosis and referral"
    SEE_PLANS = "see what is planned: kinds, sessions, spacing"
    WRITE_PLANS = "write and revise plans of care"
    SET_ASIDE_RULES = "set aside a safety rule that allows it, with a reason"
    SEE_NOTES = "read notes of treatment"
    WRITE_NOTES = "write and sign notes of treatment"
    OPEN_PRIVATE_NOTES = "open a note that its author keeps private, with a reason, for an hour"
    SEE_RESULTS = "see what helps here, over all patients, in numbers"
    SEE_LIBRARY = "see the clinic's exercises and templates of plans"
    SET_LIBRARY = "change the clinic's exercises and templates of plans"
    BREAK_GLASS = "open a record outside the care team, with a reason, for an hour"
    SEE_DIARY = "see the diary"
    BOOK = "book, move and cancel visits, and mark arrivals"
    OVERBOOK = "book a visit on top of another, with a reason"
    MANAGE_RESOURCES = "manage services, rooms, devices and hours"
    BILL = "charge, invoice and take payments"
    SEE_TAKINGS = "see the day's takings and open items"
    SET_PRICES = "set prices"
    MANAGE_RULES = "change the safety rules, and see where one was set aside"
    SEE_MESSAGES = "see what messages went out, and settle those that need a person"
    MANAGE_STAFF = "add staff and decide their roles"
    MANAGE_CLINIC = "change the clinic and its locations"
    SEE_AUDIT = "see who did and who looked at what"
    OWN_ACCOUNT = "manage one's own sign-in"


class Relation(Enum):
    """On whose records."""

    ANY = "any patient"
    CARE_TEAM = "patients in one's care"


ANY, CARE_TEAM = Relation.ANY, Relation.CARE_TEAM
OWNER, ADMIN, THERAPIST = Role.OWNER, Role.ADMIN, Role.THERAPIST

POLICY: dict[Can, dict[Role, Relation]] = {
    Can.SEE_PATIENTS: {OWNER: ANY, ADMIN: ANY, THERAPIST: ANY},
    Can.REGISTER_PATIENTS: {ADMIN: ANY, THERAPIST: ANY},
    Can.SEE_PATIENT_CHANGES: {OWNER: ANY, ADMIN: ANY, THERAPIST: ANY},
    Can.MERGE_PATIENTS: {OWNER: ANY, ADMIN: ANY},
    Can.ASSIGN_CARE: {OWNER: ANY, ADMIN: ANY},
    Can.SEE_HISTORY: {ADMIN: ANY, THERAPIST: CARE_TEAM},
    Can.RECORD_HISTORY: {ADMIN: ANY, THERAPIST: CARE_TEAM},
    Can.SEE_DOCUMENTS: {ADMIN: ANY, THERAPIST: CARE_TEAM},
    Can.ADD_DOCUMENTS: {ADMIN: ANY, THERAPIST: CARE_TEAM},
    Can.SEE_REFERRALS: {ADMIN: ANY, THERAPIST: CARE_TEAM},
    Can.RECORD_REFERRALS: {ADMIN: ANY, THERAPIST: CARE_TEAM},
    Can.SEE_PLANS: {ADMIN: ANY, THERAPIST: CARE_TEAM},
    Can.WRITE_PLANS: {THERAPIST: CARE_TEAM},
    Can.SET_ASIDE_RULES: {THERAPIST: CARE_TEAM},
    Can.SEE_NOTES: {THERAPIST: CARE_TEAM},
    Can.WRITE_NOTES: {THERAPIST: CARE_TEAM},
    Can.OPEN_PRIVATE_NOTES: {OWNER: ANY},
    Can.SEE_RESULTS: {OWNER: ANY},
    Can.SEE_LIBRARY: {OWNER: ANY, ADMIN: ANY, THERAPIST: ANY},
    Can.SET_LIBRARY: {OWNER: ANY},
    Can.BREAK_GLASS: {THERAPIST: ANY},
    Can.SEE_DIARY: {OWNER: ANY, ADMIN: ANY, THERAPIST: ANY},
    Can.BOOK: {ADMIN: ANY, THERAPIST: ANY},
    Can.OVERBOOK: {ADMIN: ANY},
    Can.MANAGE_RESOURCES: {OWNER: ANY, ADMIN: ANY},
    Can.BILL: {OWNER: ANY, ADMIN: ANY},
    Can.SEE_TAKINGS: {OWNER: ANY, ADMIN: ANY},
    Can.SET_PRICES: {OWNER: ANY},
    Can.MANAGE_RULES: {OWNER: ANY},
    Can.SEE_MESSAGES: {OWNER: ANY, ADMIN: ANY},
    Can.MANAGE_STAFF: {OWNER: ANY},
    Can.MANAGE_CLINIC: {OWNER: ANY},
    Can.SEE_AUDIT: {OWNER: ANY},
    Can.OWN_ACCOUNT: {OWNER: ANY, ADMIN: ANY, THERAPIST: ANY},
}


# -- Actors: who acts, at every door -------------------------------------------------------------------


@dataclass(frozen=True)
class LinkActor:
    """A patient (or who holds their phone) acting by a signed link: may do what the link says, nothing else."""

    uid: uuid.UUID
    name: str = "Patient by link"


@dataclass(frozen=True)
class SystemActor:
    """Tonus itself, in tasks and commands: may do what its code does, and is named in the audit."""

    name: str = "Tonus"


SYSTEM = SystemActor()
Actor = User | LinkActor | SystemActor


def allows(actor: object, action: Can) -> bool:
    """Whether any role of the actor allows the action on any record at all."""
    return relation(actor, action) is not None


def relation(actor: object, action: Can) -> Relation | None:
    """On whose records the actor may do this: the widest that one of the roles grants, or None."""
    if isinstance(actor, SystemActor):
        return ANY
    if not isinstance(actor, User) or not actor.is_active:
        return None
    granted = {POLICY[action][role] for role in map(Role, actor.roles) if role in POLICY[action]}
    return ANY if ANY in granted else CARE_TEAM if granted else None


# -- Doors: what a view declares -----------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """What a URL needs: an action, a link of a purpose, a standing secret, or (with a reason) nothing."""

    can: Can | None = None
    purpose: str | None = None
    #: What the secret opens, such as "calendar". See clinic.links.by_secret.
    secret: str | None = None
    public: str | None = None


def requires(action: Can) -> Callable[[View], View]:
    """The view is for those who may do this. Which rows they see, the view asks `visible_to`."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not allows(request.user, action):
                raise PermissionDenied(f"You may not {action.value}.")
            return view(request, *args, **kwargs)

        guarded.policy = Policy(can=action)  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(why: str) -> Callable[[View], View]:
    """The view needs no sign-in, for the reason given."""

    def decorate(view: View) -> View:
        open_view = login_not_required(view)
        open_view.policy = Policy(public=why)  # type: ignore[attr-defined]
        return open_view

    return decorate


#: URLs of libraries, by name: what each needs. Only these are included in clinic.urls.
_SIGN_IN = Policy(public="how one signs in")
_OWN = Policy(can=Can.OWN_ACCOUNT)
LIBRARY_URLS: dict[str, Policy] = {
    "account_login": _SIGN_IN,
    "account_logout": _SIGN_IN,
    "account_reauthenticate": _OWN,
    "account_change_password": _OWN,
    "account_set_password": _OWN,
    "account_reset_password": _SIGN_IN,
    "account_reset_password_done": _SIGN_IN,
    "account_reset_password_from_key": _SIGN_IN,
    "account_reset_password_from_key_done": _SIGN_IN,
    "mfa_authenticate": _SIGN_IN,
    "mfa_trust": _SIGN_IN,
    "mfa_login_webauthn": _SIGN_IN,
    "mfa_index": _OWN,
    "mfa_reauthenticate": _OWN,
    "mfa_activate_totp": _OWN,
    "mfa_deactivate_totp": _OWN,
    "mfa_view_recovery_codes": _OWN,
    "mfa_generate_recovery_codes": _OWN,
    "mfa_download_recovery_codes": _OWN,
    "mfa_list_webauthn": _OWN,
    "mfa_add_webauthn": _OWN,
    "mfa_edit_webauthn": _OWN,
    "mfa_remove_webauthn": _OWN,
    "mfa_reauthenticate_webauthn": _OWN,
    "usersessions_list": _OWN,
}


def policy_of(name: str | None, callback: View) -> Policy | None:
    """What a URL declares, or None when it declares nothing."""
    declared = getattr(callback, "policy", None)
    return declared if isinstance(declared, Policy) else LIBRARY_URLS.get(name or "")
