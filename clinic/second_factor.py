"""Whether someone has a second factor, and starting over when it is lost."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.mfa.models import Authenticator

from clinic.models import User

#: What counts as a second factor; recovery codes alone do not: they come with one of these.
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: User) -> bool:
    """Whether this person has an authenticator app or a passkey."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=SECOND_FACTORS).exists()


def others_than(authenticator: Authenticator) -> bool:
    """Whether its owner would still have a second factor without this one."""
    mine = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=SECOND_FACTORS)
    return mine.exclude(pk=authenticator.pk).exists()


def forget(user: User) -> None:
    """Take all second factors and codes away: the phone is lost. The next sign-in enrols anew."""
    Authenticator.objects.filter(user_id=user.pk).delete()


def enrolled_among(users: Iterable[User]) -> set[int]:
    """The keys of those who have a second factor."""
    mine = Authenticator.objects.filter(user__in=[user.pk for user in users], type__in=SECOND_FACTORS)
    return set(mine.values_list("user_id", flat=True))
