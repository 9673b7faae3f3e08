"""What many tests of a module begin with, made once: every test meets it as it was made, and its own doings are undone.

It lies in a transaction around the tests' own, so it is for tests without real transactions, and for modules in which
every test begins with it: those that begin with empty tables have no place there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Generic, TypeVar

from django.db import transaction

T = TypeVar("T")


class Standing(Generic[T]):
    """A world that stands until the module is through."""

    def __init__(self, made: T) -> None:
        self._made = made

    def fresh(self) -> T:
        """Its objects as they were made, whatever other tests did to theirs."""
        return deepcopy(self._made)


@contextmanager
def standing(blocker: Any, build: Callable[[], T]) -> Iterator[Standing[T]]:
    """For a fixture of the module, which asks for `django_db_setup` and hands its `django_db_blocker` over."""
    around = transaction.atomic()
    with blocker.unblock():
        around.__enter__()
        try:
            made = build()
        except BaseException:
            transaction.set_rollback(True)
            around.__exit__(None, None, None)
            raise
    yield Standing(made)
    with blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)
