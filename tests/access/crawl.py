"""A person who follows every link and every search form, from the home page on, as one role."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve

from tests.access import pages
from tests.access.machinery import Actor, Matrix, Violation
from tests.factories.people import signed_in

#: However many there are: beyond these a person has seen enough.
MOST = 5_000


@dataclass
class Crawl:
    """Where one actor gets by links alone. Of one route with one set of questions, `each` pages are opened.

    However far it leads, or as far as so many `steps` from the first page.
    """

    matrix: Matrix
    actor: Actor
    each: int = 3
    steps: int | None = None
    seen: set[str] = field(default_factory=set)
    reached: Counter[str] = field(default_factory=Counter)

    def run(self, start: str = "/") -> list[Violation]:
        client = Client(raise_request_exception=False)
        assert self.actor.user is not None
        signed_in(client, self.actor.user)
        known = {route.name for route in self.matrix.routes()}
        found: list[Violation] = []
        queue, sorts = deque([(start, "the home page", 0)]), Counter[object]()
        while queue and len(self.seen) < MOST:
            url, came_from, step = queue.popleft()
            name = self._name(url)
            sort = (name, tuple(sorted({asked for asked, _ in pages.query_of(url)})))
            if url in self.seen or sorts[sort] >= self.each:
                continue
            self.seen.add(url)
            sorts[sort] += 1
            if name is None or name not in known:
                found.append(self._red("unknown", name or urlsplit(url).path, f"reached from {came_from}"))
                continue
            with transaction.atomic():
                response = client.get(url)
                body = "" if response.streaming else response.content.decode("utf-8", "replace")
                transaction.set_rollback(True)
            self.reached[name] += 1
            if response.status_code in (403, 404, 410) or response.status_code >= 500:
                found.append(self._red("status", name, f"{response.status_code} reached from {came_from}"))
            if response.status_code in (301, 302, 303):
                queue.append((response.headers["Location"], name, step))
            elif step != self.steps and response.headers.get("Content-Type", "").startswith("text/html"):
                queue.extend((target, name, step + 1) for target in self._ways(body, url))
        return found

    def _ways(self, body: str, url: str) -> Iterator[str]:
        page = pages.read(body, url)
        yield from sorted(page.links)
        for form in page.forms:
            if form.method == "get":
                yield f"{urlsplit(form.action).path}?{urlencode(form.pairs())}"

    def _name(self, url: str) -> str | None:
        try:
            return resolve(urlsplit(url).path, self.matrix.urlconf).view_name
        except Resolver404:
            return None

    def _red(self, kind: str, route: str, what: str) -> Violation:
        return Violation(kind, route, "GET", self.actor.label, "-", what)
