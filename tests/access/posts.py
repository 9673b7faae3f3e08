"""Forms as pages render them, sent with the ids of another patient, and with every column's name besides.

For each page that an actor may open on one patient, every form on it is sent as it stands; then with each id of that
patient's objects (in the body, the query, a formset's row, the address) replaced by the other patient's; then with
the name of every column of the house as one more parameter. What was written is read from the tables themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.http import SimpleCookie
from django.test import Client
from django.urls import Resolver404, resolve

from clinic.access import Can
from clinic.models import AuditEvent
from tests.access import pages, rows
from tests.access.machinery import Actor, Cell, Matrix, Route, Side, Violation, _all_text, _fill, _let_in, last_event
from tests.access.pages import Form, Pairs
from tests.access.rows import Change, House
from tests.factories.people import signed_in

#: Who may write which rows of a patient: any of these actions does. A table that is missing here is red.
_WRITERS: dict[tuple[Can, ...], str] = {
    (Can.REGISTER_PATIENTS, Can.MERGE_PATIENTS, Can.RECORD_HISTORY): "patients.Patient",
    (Can.REGISTER_PATIENTS,): "patients.ContactConsent patients.EmergencyContact patients.Identifier patients.Coverage",
    (Can.RECORD_HISTORY,): ("patients.Injury patients.Condition patients.Surgery patients.Allergy patients.Medication"),
    (Can.MERGE_PATIENTS,): "patients.Merge",
    (Can.ASSIGN_CARE, Can.BOOK): "patients.CareTeamMember",
    (Can.BREAK_GLASS,): "patients.BreakGlass",
    (Can.SEE_AUDIT,): "patients.GlassReview",
    (Can.OPEN_PRIVATE_NOTES,): "treatments.NoteOpening",
    (Can.ADD_DOCUMENTS,): "patients.Document",
    (Can.RECORD_REFERRALS, Can.WRITE_PLANS): "treatments.Episode",
    (Can.RECORD_REFERRALS,): "treatments.Diagnosis treatments.Referral",
    (Can.WRITE_PLANS,): (
        "treatments.Plan treatments.Intervention treatments.Goal treatments.SafetyOverride "
        "treatments.ExercisePrescription"
    ),
    (Can.WRITE_NOTES,): (
        "treatments.SessionNote treatments.TechniqueApplied treatments.ExerciseDone treatments.Addendum "
        "treatments.BodyMark treatments.Letter treatments.MeasureRequest treatments.Measurement treatments.SpasmDiary"
    ),
    (Can.BOOK, Can.SEE_MESSAGES, Can.REGISTER_PATIENTS, Can.BILL): "clinic.OutboundMessage",
    (Can.BOOK, Can.SEE_MESSAGES): "clinic.ActionLink clinic.DeskTask",
    (Can.MANAGE_RESOURCES,): "scheduling.MessageRule",
}
WRITERS = {label: can for can, labels in _WRITERS.items() for label in labels.split()}
#: And by room, where all rows of it are alike.
ROOM_WRITERS = {"scheduling": (Can.BOOK,), "billing": (Can.BILL,)}

#: Columns that no form may set by naming them: who, when, which, whose, how far along, how much, with what power.
PROTECTED = re.compile(
    r"^(uid|number|year|sequence|patient_id|patient_uid|merged_into_id|author_id|status|state|version|revision|digest"
    r"|roles|password|last_login|is_\w+|\w+_by_id|\w+_at|posted\w*|append_only)$"
)
#: Different each time by their nature: only a value that was sent is a fault.
_GENERATED = re.compile(r"^(uid|number|sequence|digest|password)$")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PLANTED_UID = "00000000-0000-4000-8000-00000000beef"
#: One picture that passes for a document.
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


@dataclass(frozen=True)
class Answer:
    """What came back, what was written, and who is on record as having looked."""

    status: int
    text: str
    seen: list[AuditEvent]
    changes: list[Change]
    mixed: list[str]
    body: str
    #: What was sent, which may come back.
    said: str = ""

    @property
    def accepted(self) -> bool:
        return self.status < 400 and bool(self.changes)


@dataclass
class Found:
    """A form, and the route that it is sent to."""

    form: Form
    route: Route


@dataclass
class Posts:
    """One actor at the forms of one patient, with another patient's ids at hand."""

    matrix: Matrix
    house: House
    actor: Actor
    mine: Side
    theirs: Side
    requests: int = 0
    forms: list[Found] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    swaps: int = 0

    def __post_init__(self) -> None:
        self.client = Client(raise_request_exception=False)
        if self.actor.user is not None:
            signed_in(self.client, self.actor.user)
        self.before = last_event()
        self.by_name = {route.name: route for route in self.matrix.routes()}
        self.uids, self.pks = _counterparts(self.mine, self.theirs)
        self.extra = extras(self.theirs)

    def run(self) -> list[Violation]:
        found: list[Violation] = []
        self.forms = list(self.collect())
        for each in self.forms:
            found.extend(self._try(each))
        return found

    # -- Which forms ---------------------------------------------------------------------------------------

    def collect(self) -> Iterator[Found]:
        """Every form on every page that this actor may open on this patient, each once; links with a query as well."""
        forms: set[Any] = set()
        queue = [url for route in self.matrix.routes() for url in self._addresses(route)]
        paths, seen = set(queue), {self._sort(url) for url in queue}
        while queue:
            url = queue.pop(0)
            answer = self.send("GET", url)
            page = pages.read(answer.body, url) if answer.status == 200 else pages.Page()
            for form in page.forms:
                home = self._route(form.action)
                if form.method == "post" and home is not None and form.key not in forms:
                    forms.add(form.key)
                    yield Found(form, home)
            for link in sorted(page.links):
                if urlsplit(link).path in paths and self._sort(link) not in seen:
                    seen.add(self._sort(link))
                    queue.append(link)

    def _sort(self, url: str) -> tuple[str, tuple[str, ...]]:
        """Pages of one address whose queries ask for the same things are of one sort."""
        return urlsplit(url).path, tuple(sorted({name for name, _ in pages.query_of(url)}))

    def _addresses(self, route: Route) -> Iterator[str]:
        if route.policy is None or route.policy.can is None:
            return
        if not route.parameters:
            if _let_in(self.actor, route, None):
                yield _fill(route, {})
        elif route.name in self.matrix.samples and _let_in(self.actor, route, self.mine):
            yield _fill(route, self.matrix.samples[route.name](self.mine))

    def label(self, form: Form) -> str:
        """The name of the route that the form is sent to."""
        home = self._route(form.action)
        return home.name if home else form.action

    def _route(self, url: str) -> Route | None:
        try:
            match = resolve(urlsplit(url).path, self.matrix.urlconf)
        except Resolver404:
            return None
        return self.by_name.get(match.view_name)

    # -- How they are sent ---------------------------------------------------------------------------------

    def _try(self, each: Found) -> Iterator[Violation]:
        pairs, honest = self.honest(each.form)
        yield from self._judged(each, honest, "as it stands")
        for words, url, body in self.swapped(each.form.action, pairs):
            self.swaps += 1
            yield from self._judged(each, self.send("POST", url, body, each.form), f"with {words} swapped")
        if honest.accepted:
            yield from self._named(each, pairs, honest)

    def honest(self, form: Form) -> tuple[Pairs, Answer]:
        """As rendered; when that does nothing, with ever more filled in."""
        tried: set[Pairs] = set()
        for pairs in form.attempts():
            if pairs not in tried:
                tried.add(pairs)
                answer = self.send("POST", form.action, pairs, form)
                if answer.accepted:
                    break
        (self.accepted if answer.accepted else self.refused).add(urlsplit(form.action).path)
        return pairs, answer

    def swapped(self, action: str, pairs: Pairs) -> Iterator[tuple[str, str, Pairs]]:
        """(what, address, body): all ids of the body, each alone when there are several, the query, the address."""
        path, _, query = action.partition("?")
        places = [at for at, (_, value) in enumerate(pairs) if self._others(value)]
        for at in places:
            for other in self._others(pairs[at][1]):
                yield pairs[at][0], action, (*pairs[:at], (pairs[at][0], other), *pairs[at + 1 :])
        if len(places) > 1:
            yield "every id", action, tuple((name, next(iter(self._others(value)), value)) for name, value in pairs)
        for asked, value in pages.query_of(action):
            if others := self._others(value):
                changed = [(a, next(iter(others)) if a == asked else v) for a, v in pages.query_of(action)]
                yield f"?{asked}", f"{path}?{urlencode(changed)}", pairs
        if self._in_words(path) != path:
            yield "the address", self._in_words(path) + (f"?{query}" if query else ""), pairs

    def _others(self, value: str) -> list[str]:
        """What the value would be for the other patient: a uid within it, or a whole number that is a key."""
        told = self._in_words(value)
        return [told] if told != value else self.pks.get(value, [])

    def _in_words(self, text: str) -> str:
        return _UUID.sub(lambda hit: self.uids.get(hit[0], hit[0]), text)

    def _named(self, each: Found, pairs: Pairs, honest: Answer) -> Iterator[Violation]:
        """No protected column differs from what the honest form wrote."""
        taken = {name for name, _ in pairs} | {field_.name for field_ in each.form.inputs}
        rowed = {
            name[: -len(hit[0])] + hit[0][: hit[0].rindex("-") + 1] for name in taken if (hit := _ROW.search(name))
        }
        more = [(name, value) for name, value in self.extra if name not in taken]
        more += [
            (f"{row}{name}", value)
            for row in sorted(rowed)[:3]
            for name, value in self.extra
            if PROTECTED.match(name) and f"{row}{name}" not in taken
        ]
        answer = self.send("POST", each.form.action, (*pairs, *more), each.form)
        sent = {value for _, value in self.extra if len(value) > 3}
        wrote = _protected(honest.changes)
        for key, value in _protected(answer.changes).items():
            if key not in wrote if not _GENERATED.match(key[-1]) else str(value) in sent:
                yield self._cell(each).red("named", f"set {key[0]}.{key[-1]} to {value!r}")
            elif not _GENERATED.match(key[-1]) and wrote[key] != value:
                yield self._cell(each).red("named", f"set {key[0]}.{key[-1]} to {value!r} instead of {wrote[key]!r}")

    # -- What is judged ------------------------------------------------------------------------------------

    def _cell(self, each: Found) -> Cell:
        return Cell(self.actor, each.route, "POST", self.mine)

    def _judged(self, each: Found, answer: Answer, how: str) -> Iterator[Violation]:
        cell = self._cell(each)
        if answer.status >= 500:
            yield cell.red("status", f"broke with {answer.status} {how}")
        for violation in self.matrix.judge(cell, answer.text, answer.seen, said=answer.said):
            yield Violation(**{**violation.__dict__, "what": f"{violation.what} {how}"})
        for both in answer.mixed:
            yield cell.red("swapped", f"{both} joins two people {how}")
        for change in answer.changes:
            if wrong := self._wrong(change):
                yield cell.red("swapped", f"{wrong}: {change} {how}")

    def _wrong(self, change: Change) -> str | None:
        for side in (self.mine, self.theirs):
            if side.patient_uid in change.patients:
                can = WRITERS.get(change.model) or ROOM_WRITERS.get(change.model.partition(".")[0])
                if can is None:
                    return "nobody says who may write it"
                if not any(self.actor.allowed_on(each_can, side) for each_can in can):
                    return f"not theirs to write for {side.label}"
        return None

    # -- One request -----------------------------------------------------------------------------------------

    def send(self, method: str, url: str, pairs: Pairs = (), form: Form | None = None) -> Answer:
        """Through the whole stack, in a savepoint that is rolled back."""
        self.requests += 1
        cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}
        written = rows.counters()
        with transaction.atomic():
            response = self._request(method, url, pairs, form)
            text = _all_text(response)
            if response.status_code >= 500:
                changes, joined, seen = [], [], []
            else:
                changes = list(self.house.changes(written)) if method == "POST" else []
                joined = rows.mixed(change.model for change in changes)
                seen = list(AuditEvent.objects.filter(pk__gt=self.before))
            transaction.set_rollback(True)
        self.client.cookies = SimpleCookie(cookies)
        body = "" if response.streaming else response.content.decode("utf-8", "replace")
        return Answer(response.status_code, text, seen, changes, joined, body, urlencode(pairs))

    def _request(self, method: str, url: str, pairs: Pairs, form: Form | None) -> Any:
        if method == "GET":
            return self.client.get(url)
        if form is not None and form.uploads:
            data: dict[str, Any] = {}
            for name, value in pairs:
                data.setdefault(name, []).append(value)
            for each in form.inputs:
                if each.kind == "file" and each.required:
                    data[each.name] = SimpleUploadedFile("paper.png", _PNG, "image/png")
            return self.client.post(url, data)
        return self.client.generic("POST", url, urlencode(pairs), content_type="application/x-www-form-urlencoded")


_ROW = re.compile(r".*\d+-(?=[^-]+$)")


def _counterparts(mine: Side, theirs: Side) -> tuple[dict[str, str], dict[str, list[str]]]:
    """By uid and by key: of each object of one patient, the other patient's of the same name."""
    uids, pks = {str(mine.patient_uid): str(theirs.patient_uid)}, dict[str, list[str]]()
    for name, thing in mine.objects.items():
        other = theirs.objects.get(name)
        if other is None or other.pk == thing.pk:
            continue
        if hasattr(thing, "uid"):
            uids[str(thing.uid)] = str(other.uid)
        known = pks.setdefault(str(thing.pk), [])
        if str(other.pk) not in known:
            known.append(str(other.pk))
    return uids, pks


def extras(theirs: Side) -> list[tuple[str, str]]:
    """The name of every column of the house, each with a value that it could hold."""
    found: dict[tuple[str, str], None] = {}
    for model in rows.house_models():
        for each in model._meta.concrete_fields:
            value = _could_hold(each, theirs)
            for name in {each.name, each.attname}:
                found[name, value] = None
    return list(found)


def _could_hold(column: models.Field[Any, Any], theirs: Side) -> str:
    if isinstance(column, models.ForeignKey):
        other = next((thing for thing in theirs.objects.values() if type(thing) is column.related_model), None)
        return str(
            other.pk if other else column.related_model._default_manager.values_list("pk", flat=True).last() or 1
        )
    if column.choices:
        return str(list(dict(column.flatchoices))[-1])
    kinds: list[tuple[type[models.Field[Any, Any]], str]] = [
        (models.BooleanField, "true"), (models.DecimalField, "7.77"), (models.IntegerField, "7007"),
        (models.DateTimeField, "2020-01-02 03:04:05"), (models.DateField, "2020-01-02"), (models.TimeField, "03:04"),
        (models.UUIDField, _PLANTED_UID), (models.JSONField, '{"planted": 1}'),
    ]  # fmt: skip
    if column.name == "roles":
        return "owner"
    return next((value for kind, value in kinds if isinstance(column, kind)), "zqplanted")


def _protected(changes: list[Change]) -> dict[tuple[Any, ...], Any]:
    """Protected columns as they were written: by row for what was changed, by turn for what was added."""
    told: dict[tuple[Any, ...], Any] = {}
    turns: dict[str, int] = {}
    added = {(change.model, change.pk) for change in changes if change.what == "added"}
    for change in sorted(changes, key=lambda each: (each.model, str(each.what), str(each.pk).zfill(20))):
        turn: Any = change.pk
        if change.what == "added":
            turn = turns[change.model] = turns.get(change.model, 0) + 1
        columns = {each.attname: each for each in _model(change.model)._meta.concrete_fields}
        for name, value in change.columns.items():
            column = columns[name]
            if PROTECTED.match(name) or isinstance(column, models.DecimalField):
                new = column.is_relation and (column.related_model._meta.label, value) in added
                told[change.model, change.what, turn, name] = "what was added with it" if new else value
    return told


def _model(label: str) -> type[models.Model]:
    from django.apps import apps

    return apps.get_model(label)
