"""Somebody signed in, as their page meets the clinic."""

from __future__ import annotations

import pytest


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
