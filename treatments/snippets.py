"""Words that are typed often, under a short name: the clinic's, and each practitioner's own."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from clinic import audit
from clinic.models import Practitioner, User
from treatments.models import Snippet


class SnippetRefused(Exception):
    """Carries a sentence fit for the therapist."""


@transaction.atomic
def write(*, short: str, text: str, author: Practitioner, for_all: bool, by: User, now: datetime) -> Snippet:
    """A new one. One's own goes before the clinic's of the same short name."""
    owner = None if for_all else author
    Practitioner.objects.select_for_update(no_key=True).get(pk=author.pk)
    if Snippet.objects.in_use().filter(owner=owner, short=short).exists():
        raise SnippetRefused(f"“.{short}” is taken. Choose another short name, or change that one.")
    made = Snippet.objects.create(owner=owner, short=short, text=text, written_at=now, written_by=by)
    audit.record("snippet.written", by=by, now=now, subject=made)
    return made


@transaction.atomic
def change(snippet: Snippet, *, short: str, text: str, revision: int, by: User, now: datetime) -> Snippet:
    """Other words or another short name; what was inserted with it before stays as it is."""
    found = Snippet.objects.select_for_update(of=("self",)).in_use().get(pk=snippet.pk)
    if revision != found.revision:
        raise SnippetRefused(
            "Somebody changed this snippet meanwhile. What you typed is still here: compare, then save."
        )
    others = Snippet.objects.in_use().filter(owner=found.owner, short=short).exclude(pk=found.pk)
    if others.exists():
        raise SnippetRefused(f"“.{short}” is taken. Choose another short name, or change that one.")
    found.short, found.text, found.written_at, found.written_by = short, text, now, by
    found.revision += 1
    found.save(update_fields=["short", "text", "written_at", "written_by", "revision"])
    audit.record("snippet.changed", by=by, now=now, subject=found)
    return found


@transaction.atomic
def retire(snippet: Snippet, *, by: User, now: datetime) -> None:
    """Take it out of use."""
    found = Snippet.objects.select_for_update(of=("self",)).get(pk=snippet.pk)
    if found.retired_at is None:
        found.retired_at, found.retired_by = now, by
        found.save(update_fields=["retired_at", "retired_by"])
        audit.record("snippet.retired", by=by, now=now, subject=found)
