"""Secrets at rest: sealed with keys derived from SECRET_KEY, opened with it or an older one.

The keys are rotated as docs/operator.md says: the old SECRET_KEY goes to TONUS_OLD_SECRET_KEYS, where
what it sealed stays readable; whatever is sealed next uses the new one.
"""

from __future__ import annotations

import base64
import functools

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(ValueError):
    """Sealed with a key that is not known here, or altered."""


@functools.lru_cache(maxsize=16)
def _box(purpose: str, keys: tuple[str, ...]) -> MultiFernet:
    def derived(key: str) -> Fernet:
        hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"tonus.sealing", info=purpose.encode())
        return Fernet(base64.urlsafe_b64encode(hkdf.derive(key.encode())))

    return MultiFernet([derived(key) for key in keys])


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


def seal(text: str, *, purpose: str) -> str:
    """`text` in a form that only this clinic can read, and only for the same purpose."""
    return _box(purpose, _keys()).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """What was sealed. Raises Unreadable when no known key opens it."""
    try:
        return _box(purpose, _keys()).decrypt(sealed.encode()).decode()
    except InvalidToken as exc:
        raise Unreadable(f"A secret of kind {purpose} cannot be opened with the keys at hand.") from exc


def key_for(*names: str, purpose: str) -> bytes:
    """A key of 32 bytes that is always the same for these names, and known to nobody who does not know ours."""
    told = "\0".join((purpose, *names)).encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"tonus.keys", info=told).derive(
        settings.SECRET_KEY.encode()
    )
