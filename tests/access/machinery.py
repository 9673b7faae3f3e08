"""The access matrix: every URL, by every method, by every actor, on every patient's objects, as POLICY says.

It walks the resolver, so that it grows with every URL. For each request it decides from `clinic.access` alone what
may happen, sends it through the whole stack, and compares:

* the status: led to the sign-in, 403, 404, 410, or let through;
* the answer (body, PDF text, headers, address it leads to): no canary of a field class that this actor may not see;
* what was done: nothing, for who is kept out;
* the audit: whoever was shown a canary of a patient is on record as having looked, within that very request.

Each request runs in a savepoint that is rolled back, so that every one meets the same world.
"""

from __future__ import annotations

import io
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpResponse, SimpleCookie
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from clinic import access
from clinic.access import Can, Policy, Relation
from clinic.models import AuditEvent, User
from tests.factories.people import signed_in

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
LET_IN = ("GET", "POST")

#: Which action opens which class of fields.
CLASSES: dict[str, Can] = {
    "identity": Can.SEE_PATIENTS,
    "history": Can.SEE_HISTORY,
    "document": Can.SEE_DOCUMENTS,
    "referral": Can.SEE_REFERRALS,
    "plan": Can.SEE_PLANS,
    "clinical": Can.SEE_NOTES,
    "billing": Can.BILL,
    "diary": Can.SEE_DIARY,
}


_CANARY = re.compile("zq[0-9a-f]{12}")


def canary() -> str:
    """A word that nobody else writes."""
    return f"zq{uuid.uuid4().hex[:12]}"


@dataclass
class Side:
    """One patient with everything that belongs to them: objects by name, canaries by field class."""

    label: str
    patient_uid: uuid.UUID
    objects: dict[str, Any] = field(default_factory=dict)
    canaries: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    #: False for the id of one patient's record under another patient's: nothing that is.
    exists: bool = True

    def word(self, kind: str) -> str:
        """A new canary of a field class, to be written into a field of this patient's."""
        new = canary()
        self.canaries.setdefault(kind, []).append(new)
        return new


@dataclass(frozen=True)
class Actor:
    """Who sends the requests, and in whose care team they are."""

    label: str
    user: User | None = None
    cares_for: frozenset[uuid.UUID] = frozenset()
    #: For who acts by link: the token of which side, and whether it still works.
    link_of: str = ""
    link_works: bool = True
    #: For a program with a standing secret (a calendar's): of which side, and whether it still works.
    secret_of: str = ""
    secret_works: bool = True

    @property
    def signed_in(self) -> bool:
        return self.user is not None and self.user.is_active

    def allowed_on(self, can: Can, side: Side) -> bool:
        """What POLICY says about this action on this patient's records."""
        granted = access.relation(self.user, can) if self.signed_in else None
        return granted is Relation.ANY or (granted is Relation.CARE_TEAM and side.patient_uid in self.cares_for)

    def may_see(self, kind: str, side: Side) -> bool:
        if self.link_of:
            return self.link_works and self.link_of == side.label and kind == "identity"
        return self.allowed_on(CLASSES[kind], side)


@dataclass(frozen=True)
class Route:
    """One URL of the house."""

    name: str
    pattern: URLPattern
    path: str
    policy: Policy | None

    @property
    def parameters(self) -> list[str]:
        return list(self.pattern.pattern.regex.groupindex) or [
            part.rpartition(":")[2].rstrip(">") for part in self.path.split("<")[1:]
        ]


@dataclass(frozen=True)
class Violation:
    """One cell of the matrix that is not as the table says."""

    kind: str
    route: str
    method: str
    actor: str
    side: str
    what: str

    def __str__(self) -> str:
        return f"[{self.kind}] {self.method} {self.route} by {self.actor} on {self.side}: {self.what}"


def told(found: list[Violation]) -> str:
    """Readable when there are many: by URL, then each."""
    by_route = Counter(each.route for each in found)
    return f"{len(found)} cells of the matrix are not as POLICY says: {dict(by_route)}\n" + "\n".join(map(str, found))


@dataclass(frozen=True)
class Cell:
    """One question to the house: who, what, how, on whose objects."""

    actor: Actor
    route: Route
    method: str
    side: Side | None

    def red(self, kind: str, what: str) -> Violation:
        side = self.side.label if self.side else "-"
        return Violation(kind, self.route.name, self.method, self.actor.label, side, what)


#: Keyword arguments of a URL for one side; None: this URL has no object of that side.
Sample = Callable[[Side], dict[str, Any]]


@dataclass
class Matrix:
    """A world, its actors and what each URL is tried on."""

    sides: list[Side]
    actors: list[Actor]
    samples: dict[str, Sample]
    urlconf: str | None = None
    not_crossed: frozenset[str] = frozenset()
    #: Only these URLs, when not all.
    only: frozenset[str] = frozenset()
    requests: int = 0
    cells: int = 0
    looks: int = 0

    def actor(self, label: str) -> Actor:
        return next(each for each in self.actors if each.label == label)

    def routes(self) -> Iterator[Route]:
        for route in _walk(get_resolver(self.urlconf), "", ""):
            if not self.only or route.name in self.only:
                yield route

    def undeclared(self) -> list[Violation]:
        """URLs that say nothing, or that nobody knows how to try: both are red."""
        found = []
        for route in self.routes():
            if route.policy is None:
                found.append(Violation("no policy", route.name, "-", "-", "-", "the view declares nothing"))
            elif route.parameters and route.name not in self.samples:
                found.append(Violation("no sample", route.name, "-", "-", "-", f"no object for {route.parameters}"))
        return found

    def run(self, actor: Actor, *, client: Client | None = None, methods: tuple[str, ...] = METHODS) -> list[Violation]:
        """Every URL by every method on every side, by one actor; with a client, in a session that is open already."""
        if client is None:
            client = Client(raise_request_exception=False)
            if actor.user is not None:
                signed_in(client, actor.user)
        before = last_event()
        found: list[Violation] = []
        for cell, url in self.cells_of(actor, methods=methods):
            self.cells += 1
            found.extend(self._try(client, cell, url, before))
        return found

    def cells_of(self, actor: Actor, *, methods: tuple[str, ...] = METHODS) -> Iterator[tuple[Cell, str]]:
        for route in self.routes():
            if route.policy is None:
                continue
            for side, kwargs in self._targets(route, actor):
                url = _fill(route, kwargs)
                # Who is let in gets by other methods what GET gets; who is not is kept out by each, tried on one side.
                short = _let_in(actor, route, side) or (side is not None and side is not self.sides[0])
                for method in methods:
                    if method in LET_IN or not short:
                        yield Cell(actor, route, method, side), url

    def _targets(self, route: Route, actor: Actor) -> Iterator[tuple[Side | None, dict[str, Any]]]:
        """The objects a URL is tried on: each side's own, and (with two ids) the ids of two sides crossed."""
        if not route.parameters:
            yield None, {}
            return
        sample = self.samples.get(route.name)
        if sample is None:
            return
        if route.policy and route.policy.purpose:
            yield from self._by_token(sample, actor.link_of, "" if actor.link_works else "expired")
            return
        if route.policy and route.policy.secret:
            yield from self._by_token(sample, actor.secret_of, "" if actor.secret_works else "revoked")
            return
        given = [(side, sample(side)) for side in self.sides]
        if all(kwargs == given[0][1] for _, kwargs in given):
            yield None, given[0][1]
            return
        yield from given
        if len(given[0][1]) > 1 and route.name not in self.not_crossed:
            mine, other = given[0][1], given[1][1]
            keys = list(mine)
            yield _crossed(given[0][0], given[1][0]), {**mine, keys[-1]: other[keys[-1]]}
            yield _crossed(given[1][0], given[0][0]), {**other, keys[-1]: mine[keys[-1]]}

    def _by_token(self, sample: Sample, holder_of: str, dead: str) -> Iterator[tuple[Side | None, dict[str, Any]]]:
        """Who holds a token tries that one, alive or dead; everybody else tries all."""
        for side in self.sides:
            if holder_of in ("", side.label):
                kwargs = sample(side)
                if holder_of and dead:
                    kwargs["token"] = side.links[dead]
                yield side, kwargs

    # -- One request -----------------------------------------------------------------------------------

    def _try(self, client: Client, cell: Cell, url: str, before: int) -> list[Violation]:
        self.requests += 1
        cookies = {name: morsel.value for name, morsel in client.cookies.items()}
        with transaction.atomic():
            response = client.generic(cell.method, url, **_extra(cell.method))
            text = _all_text(response)
            seen = list(AuditEvent.objects.filter(pk__gt=before))
            transaction.set_rollback(True)
        client.cookies = SimpleCookie(cookies)
        wrong = _wrong_status(cell, response)
        found = [cell.red("status", wrong)] if wrong else []
        if _kept_out(cell) and any(not event.is_look for event in seen):
            found.append(cell.red("write", f"did {', '.join(event.action for event in seen)} for who is kept out"))
        return found + self.judge(cell, text, seen)

    def judge(self, cell: Cell, text: str, seen: list[AuditEvent], *, said: str = "") -> list[Violation]:
        """Nothing in the answer that this actor may not see, and nothing of a patient that is not on record.

        What was `said` in the request itself may come back: its sender knew it.
        """
        found, words = [], set(_CANARY.findall(text)) - set(_CANARY.findall(said))
        for patient in self.sides:
            shown = {kind for kind, canaries in patient.canaries.items() if not words.isdisjoint(canaries)}
            forbidden = {kind for kind in shown if not self._open_to(cell, kind, patient)}
            found.extend(cell.red("canary", f"shows {kind} of {patient.label}") for kind in sorted(forbidden))
            if shown:
                self.looks += 1
                if not _recorded(seen, patient):
                    found.append(cell.red("audit", f"shows {patient.label} ({', '.join(sorted(shown))}) unrecorded"))
        return found

    @staticmethod
    def _open_to(cell: Cell, kind: str, patient: Side) -> bool:
        """A working token opens its own patient's identity to whoever holds it, signed in or not; a secret no field."""
        if cell.route.policy and cell.route.policy.secret:
            return False
        if cell.route.policy and cell.route.policy.purpose:
            mine = cell.side is not None and cell.side.label == patient.label
            return cell.actor.link_works and mine and kind in ("identity", "diary")
        return cell.actor.may_see(kind, patient)


def last_event() -> int:
    """The number of the latest entry in the audit; as requests are rolled back, it stays the latest one."""
    return AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _crossed(parent: Side, child: Side) -> Side:
    """The parent's id with the child's of another patient: nothing that exists."""
    return Side(f"{parent.label} with an id of {child.label}", uuid.uuid4(), exists=False)


def _walk(resolver: URLResolver, names: str, path: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, f"{names}{pattern.namespace}:" if pattern.namespace else names, here)
        else:
            policy = access.policy_of(pattern.name, pattern.callback)
            yield Route(f"{names}{pattern.name}", pattern, here, policy)


def _fill(route: Route, kwargs: dict[str, Any]) -> str:
    url, rest = "/", route.path
    while "<" in rest:
        plain, _, rest = rest.partition("<")
        name, _, rest = rest.partition(">")
        url += plain + str(kwargs[name.rpartition(":")[2]])
    return url + rest


def _extra(method: str) -> dict[str, Any]:
    if method in ("POST", "PUT"):
        return {"data": b"", "content_type": "application/x-www-form-urlencoded"}
    return {}


def _wrong_status(cell: Cell, response: HttpResponse) -> str | None:
    """What is not as POLICY says about this status, in words; None when it is."""
    status, policy, actor = response.status_code, cell.route.policy, cell.actor
    assert policy is not None
    if status >= 500:
        return f"broke with {status}"
    if policy.public is not None:
        return None
    if policy.purpose is not None:
        dead = bool(actor.link_of) and not actor.link_works
        return f"an expired link answers {status} instead of 410" if dead and status not in (410, 405) else None
    if policy.secret is not None:
        return _wrong_for_secret(cell, status)
    to_sign_in = status in (302, 303) and "/account/login/" in response.headers.get("Location", "")
    if not actor.signed_in:
        return None if to_sign_in or status == 401 else f"{status} instead of the sign-in"
    if to_sign_in:
        return "led to the sign-in although signed in"
    return _wrong_for_staff(cell, policy, status)


def _wrong_for_secret(cell: Cell, status: int) -> str | None:
    dead = bool(cell.actor.secret_of) and not cell.actor.secret_works
    if cell.method in ("GET", "HEAD"):
        wanted = 404 if dead else 200
        said = f"a {'revoked' if dead else 'working'} secret answers {status}, not {wanted}"
        return None if status == wanted else said
    return None if status == 405 else f"{status}, although a secret only reads"


def _let_in(actor: Actor, route: Route, side: Side | None) -> bool:
    """Whether POLICY opens this URL to this actor on this side."""
    can = route.policy.can if route.policy else None
    if can is None or not actor.signed_in:
        return False
    if side is None:
        return access.allows(actor.user, can)
    return side.exists and actor.allowed_on(can, side)


def _kept_out(cell: Cell) -> bool:
    """Whether POLICY asks for an action and this actor may not do it on this side: then nothing may be done."""
    policy = cell.route.policy
    return bool(policy and policy.can) and not _let_in(cell.actor, cell.route, cell.side)


def _wrong_for_staff(cell: Cell, policy: Policy, status: int) -> str | None:
    actor, side = cell.actor, cell.side
    assert policy.can is not None
    if status == 405:
        return None  # the method is not there for anybody, which tells nothing about a record
    if not access.allows(actor.user, policy.can):
        return None if status == 403 else f"{status} instead of 403"
    if side is not None and not (side.exists and actor.allowed_on(policy.can, side)):
        return None if status == 404 else f"{status} instead of 404 for a record that is not theirs"
    if status == 403:
        return "403 although the table allows it"
    if side is not None and status == 404 and cell.method in LET_IN:
        return "404 although it is theirs"
    return None


def _recorded(events: list[AuditEvent], patient: Side) -> bool:
    """Whether one of this request's own entries names the patient."""
    uid = patient.patient_uid
    return any(event.patient_uid == uid or str(uid) in event.detail.get("patients", []) for event in events)


def _all_text(response: HttpResponse) -> str:
    """All that reaches the other end: status line, headers, cookies, body; the text of a PDF."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    text = body.decode("utf-8", "replace")
    if body.startswith(b"%PDF"):
        from pypdf import PdfReader

        text += "".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{response.reason_phrase}\n{headers}\n{response.cookies.output()}\n{text}"
