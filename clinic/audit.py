"""Say what was done and who looked; seal it into a chain; prove the chain whole.

Events are written in the transaction of what they speak of and wait for no one. A separate step seals them in
order: each seal's digest covers its event and the seal before it, so that a changed, removed or reordered row
shows up in `verify()`. See docs/adr/0006-audit-is-sealed-behind-the-writers.md.
"""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError, connection, models, transaction

from clinic.access import Actor, LinkActor, SystemActor
from clinic.models import AuditEvent, AuditSeal
from clinic.models.audit import ActorKind

#: The request that is being answered, so that its events can be read together.
request_id: contextvars.ContextVar[uuid.UUID | None] = contextvars.ContextVar("request_id", default=None)

#: At whose records this request has looked so far, beside the request itself.
_looked_at: contextvars.ContextVar[tuple[uuid.UUID | None, frozenset[uuid.UUID]]] = contextvars.ContextVar(
    "looked_at", default=(None, frozenset())
)

_SEAL_LOCK = 0x746F6E7573  # "tonus": one sealer at a time
_GENESIS = bytes(32)
_DEADLOCK = "40P01"


class CannotRecord(Exception):
    """What was asked for cannot be written down now, so it is neither done nor shown: the page answers 503."""


def record(
    action: str,
    *,
    by: Actor,
    now: datetime,
    subject: models.Model | None = None,
    patient_uid: uuid.UUID | None = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
    is_look: bool = False,
) -> AuditEvent:
    """Write down one act, in the caller's transaction.

    `detail` holds ids and short facts, never clinical text. An act without an actor is refused by the database.
    """
    return write(
        event(
            action, by=by, now=now, subject=subject, patient_uid=patient_uid, reason=reason, detail=detail,
            is_look=is_look,
        )
    )  # fmt: skip


def event(
    action: str,
    *,
    by: Actor,
    now: datetime,
    subject: models.Model | None = None,
    patient_uid: uuid.UUID | None = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
    is_look: bool = False,
) -> AuditEvent:
    """What `record` writes, for the caller to write with other rows (clinic.rows)."""
    kind, actor_uid = _who(by)
    return AuditEvent(
        at=now,
        actor_kind=kind,
        actor_uid=actor_uid,
        actor_name=by.name,
        action=action,
        is_look=is_look,
        subject_kind=subject._meta.label_lower if subject is not None else "",
        subject_uid=getattr(subject, "uid", None),
        patient_uid=patient_uid,
        reason=reason[:500],
        detail=detail or {},
        request_id=request_id.get(),
    )


def write(event: AuditEvent) -> AuditEvent:
    with must_be_written(event.action):
        event.save(force_insert=True)
    return event


@contextlib.contextmanager
def must_be_written(action: str) -> Iterator[None]:
    """What writes events: when the database cannot, nothing is done or shown. A deadlock is not the audit's fault."""
    try:
        yield
    except (OperationalError, ProgrammingError, InternalError, InterfaceError) as exc:
        if getattr(exc.__cause__, "sqlstate", "") == _DEADLOCK:
            raise
        raise CannotRecord(f"{action} could not be written down.") from exc


def viewed(
    what: str,
    *,
    by: Actor,
    now: datetime,
    patient_uid: uuid.UUID | None = None,
    subject: models.Model | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write down one look at a record. If this fails, the page fails: nothing is shown unrecorded."""
    record(f"{what}.viewed", by=by, now=now, subject=subject, patient_uid=patient_uid, detail=detail, is_look=True)
    this = request_id.get()
    if patient_uid and this:
        _looked_at.set((this, _looked_in(this) | {patient_uid}))


def viewed_once(what: str, *, by: Actor, now: datetime, patient_uid: uuid.UUID) -> None:
    """For a part that many pages share: write the look down unless this request has done so already."""
    this = request_id.get()
    if this and patient_uid in _looked_in(this):
        return
    known = AuditEvent.objects.filter(patient_uid=patient_uid, at=now, request_id=this) if this else None
    if known is None or not known.exists():
        viewed(what, by=by, now=now, patient_uid=patient_uid)


def _looked_in(request: uuid.UUID) -> frozenset[uuid.UUID]:
    known, uids = _looked_at.get()
    return uids if known == request else frozenset()


def viewed_many(what: str, *, by: Actor, now: datetime, patient_uids: Iterable[uuid.UUID | str]) -> None:
    """One row for a list: who was on it. Nothing is written for an empty one."""
    uids = [str(uid) for uid in patient_uids]
    if uids:
        viewed(what, by=by, now=now, detail={"patients": uids})


def _who(by: Actor) -> tuple[ActorKind, uuid.UUID | None]:
    match by:
        case SystemActor():
            return ActorKind.SYSTEM, None
        case LinkActor(uid=uid):
            return ActorKind.LINK, uid
        case _:
            return ActorKind.STAFF, by.uid


# -- The chain -----------------------------------------------------------------------------------------


def digest(event: AuditEvent, previous: bytes) -> bytes:
    """SHA-256 over the previous digest and every fact of the event, in one canonical form."""
    facts = [
        str(event.uid), event.at.isoformat(), event.actor_kind, str(event.actor_uid), event.actor_name,
        event.action, event.is_look, event.subject_kind, str(event.subject_uid), str(event.patient_uid),
        event.reason, event.detail, str(event.request_id),
    ]  # fmt: skip
    return hashlib.sha256(previous + json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).digest()


@transaction.atomic
def seal(*, now: datetime, limit: int = 20_000) -> int:
    """Chain what is not sealed yet, oldest first; returns how many. Two at once queue up behind each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEAL_LOCK])
    last = AuditSeal.objects.order_by("-position").first()
    position, previous = (last.position, bytes(last.digest)) if last else (0, _GENESIS)
    seals = []
    for event in AuditEvent.objects.unsealed().order_by("pk")[:limit]:
        position, previous = position + 1, digest(event, previous)
        seals.append(AuditSeal(position=position, event=event, digest=previous, sealed_at=now))
    AuditSeal.objects.bulk_create(seals, batch_size=2_000)
    return len(seals)


@dataclass(frozen=True)
class ChainReport:
    """What `verify` found: how many seals hold, the first that does not, and the head to keep elsewhere."""

    sealed: int
    unsealed: int
    broken_at: int | None
    head: str

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def verify(*, anchor: tuple[int, str] | None = None) -> ChainReport:
    """Recompute the chain. `anchor` is a (position, head) kept outside: it also shows a cut-off tail."""
    previous, position, broken_at = _GENESIS, 0, None
    for mark in _seals():
        position += 1
        expected = digest(mark.event, previous)
        if mark.position != position or bytes(mark.digest) != expected:
            broken_at = position
            break
        previous = expected
        if anchor and anchor[0] == position and anchor[1] != previous.hex():
            broken_at = position
            break
    if broken_at is None and anchor and anchor[0] > position:
        broken_at = position + 1
    return ChainReport(
        sealed=position, unsealed=AuditEvent.objects.unsealed().count(), broken_at=broken_at, head=previous.hex()
    )


def _seals() -> Iterator[AuditSeal]:
    return AuditSeal.objects.select_related("event").order_by("position").iterator(chunk_size=5_000)
