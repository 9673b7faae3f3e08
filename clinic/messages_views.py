"""Messages as the desk sees them: what went out, what waits, what needs a person; and what patients ask for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages as flash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic import audit, desk, messaging
from clinic import time as clocks
from clinic.access import Can, requires
from clinic.forms import TonusForm, add_refusal
from clinic.messaging import CannotResolve
from clinic.messaging_states import Resolution
from clinic.models import DeskTask, Location, OutboundMessage
from clinic.models.messages import OutboundMessageQuerySet
from clinic.pages import go_to, page
from clinic.requests import StaffRequest

ROWS = 50
#: How many of those to come the log shows before it leads to the list of what waits.
AHEAD = 20
#: The lists of the page, besides the first: what is to do.
LISTS = {"all": "Everything", "waiting": "Waiting", "sent": "Sent", "not_sent": "Not sent", "unknown": "Unknown"}


class NoteForm(TonusForm):
    """What a person did about it, in a few words."""

    note = forms.CharField(label="What was done", required=False, max_length=500)


class WhyForm(TonusForm):
    """Why something that may have arrived already is sent once more."""

    note = forms.CharField(
        label="Why is it sent once more?",
        max_length=500,
        error_messages={"required": "Say why: the patient may get it twice."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="why_%s", **kwargs)


@requires(Can.SEE_MESSAGES)
def to_do(request: StaffRequest) -> HttpResponse:
    """What needs a person now: messages that did not reach anyone, and what patients asked for."""
    tasks = list(DeskTask.objects.visible_to(request.user).open().for_list().order_by("subject_at", "pk")[:ROWS])
    needing = OutboundMessage.objects.visible_to(request.user).needing_a_person(request.now).for_list()
    needing_rows = list(needing.order_by("too_late_at", "pk")[:ROWS])
    written_down(request, [*tasks, *needing_rows])
    context = {
        "tasks": tasks,
        "rows": [(row, messaging.can_send_again(row, now=request.now)) for row in needing_rows],
        "today": _today(request),
        **frame("to_do"),
    }
    return page(request, "messages/to_do.html", context)


@requires(Can.SEE_MESSAGES)
def log(request: StaffRequest) -> HttpResponse:
    """What went out and what will, fifty at a time; of one patient or one visit when the address says so."""
    asked = request.GET.get("show", "all")
    shown = asked if asked in LISTS else "all"
    found = _of(OutboundMessage.objects.visible_to(request.user), shown)
    for name in ("patient", "visit"):
        if uid := _uid(request.GET.get(name)):
            found = found.filter(**{{"patient": "patient_uid", "visit": "subject_uid"}[name]: uid})
    sections = _sections(found, shown, _uid(request.GET.get("before")), request.now)
    written_down(request, [row for section in sections for row in section.rows])
    context = {
        "sections": [section for section in sections if section.rows],
        "patient": _uid(request.GET.get("patient")),
        "visit": _uid(request.GET.get("visit")),
        "today": _today(request),
        **frame(shown),
    }
    return page(request, "messages/log.html", context)


@requires(Can.SEE_MESSAGES)
def message(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """One message: its words, its way, what became of it."""
    return _show(request, _message(request, uid), why=WhyForm(), note=NoteForm())


@requires(Can.SEE_MESSAGES)
@require_POST
def resolve(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Somebody told the patient by phone, or nothing more is to be done."""
    found, form = _message(request, uid), NoteForm(request.POST)
    how = Resolution.LEFT if request.POST.get("how") == Resolution.LEFT else Resolution.CALLED
    if form.is_valid():
        try:
            messaging.resolve(
                message_uid=uid, how=how, note=form.cleaned_data["note"], by=request.user, now=request.now
            )
        except CannotResolve as refusal:
            add_refusal(form, refusal)
        else:
            flash.success(request, f"{how.label}: noted.")
            return go_to(request, "office:messages")
    return _show(request, found, why=WhyForm(), note=form, status=422)


@requires(Can.SEE_MESSAGES)
@require_POST
def send_anyway(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Send once more what may have arrived already, with a reason."""
    found, form = _message(request, uid), WhyForm(request.POST)
    if form.is_valid():
        try:
            messaging.send_anyway(message_uid=uid, note=form.cleaned_data["note"], by=request.user, now=request.now)
        except CannotResolve as refusal:
            add_refusal(form, refusal)
        else:
            flash.success(request, "It goes out once more now.")
            return go_to(request, "office:messages")
    return _show(request, found, why=form, note=NoteForm(), status=422)


@requires(Can.SEE_MESSAGES)
def tasks_done(request: StaffRequest) -> HttpResponse:
    """What was seen to lately, by whom and how."""
    done = DeskTask.objects.visible_to(request.user).done().for_list().order_by("-done_at", "-pk")[:ROWS]
    written_down(request, list(done))
    return page(request, "messages/tasks_done.html", {"tasks": done, **frame("done")})


@requires(Can.SEE_MESSAGES)
@require_POST
def task_done(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Somebody has seen to what a patient asked for."""
    get_object_or_404(DeskTask.objects.visible_to(request.user), uid=uid)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            desk.finish(task_uid=uid, outcome=form.cleaned_data["note"], by=request.user, now=request.now)
        except desk.AlreadyDone as refusal:
            flash.info(request, str(refusal))
        else:
            flash.success(request, "Seen to.")
    else:
        flash.error(request, "A note has at most 500 characters. Nothing was changed.")
    return go_to(request, "office:messages")


# -- Parts -----------------------------------------------------------------------------------------------


def _message(request: StaffRequest, uid: uuid.UUID) -> OutboundMessage:
    rows = OutboundMessage.objects.visible_to(request.user).select_related("resolved_by")
    return get_object_or_404(rows, uid=uid)


def _show(
    request: StaffRequest, found: OutboundMessage, *, why: WhyForm, note: NoteForm, status: int = 200
) -> HttpResponse:
    audit.viewed("message", by=request.user, now=request.now, subject=found, patient_uid=found.patient_uid)
    context = {
        "message": found,
        "why": why,
        "note": note,
        "refusals": [*note.non_field_errors(), *why.non_field_errors()],
        **_together(request, found),
        "is_open_question": found.needs_person and found.resolved_at is None,
        "can_send_again": messaging.can_send_again(found, now=request.now),
        **frame(""),
    }
    return page(request, "messages/message.html", context, status=status)


def _together(request: StaffRequest, found: OutboundMessage) -> dict[str, list[OutboundMessage]]:
    """The message that says this one's words, and those whose words this one says."""
    rows = OutboundMessage.objects.visible_to(request.user).for_list()
    said_by = list(rows.filter(uid=found.said_by_uid)) if found.said_by_uid else []
    says_as_well = list(rows.filter(said_by_uid=found.uid))
    written_down(request, [*said_by, *says_as_well])
    return {"said_by": said_by, "says_as_well": says_as_well}


def _of(rows: OutboundMessageQuerySet, shown: str) -> OutboundMessageQuerySet:
    lists = {
        "waiting": rows.waiting,
        "sent": rows.gone_out,
        "not_sent": rows.not_sent,
        "unknown": rows.unknown,
    }
    return lists[shown]() if shown in lists else rows.all()


@dataclass(frozen=True)
class Section:
    """Rows under one heading, and whether there are more of them on another page, or in another list."""

    title: str
    rows: list[OutboundMessage]
    #: The word on the way to the rest, and from which message on it is; or the list that has it.
    more: str = ""
    after: uuid.UUID | None = None
    list: str = ""


def _sections(rows: OutboundMessageQuerySet, shown: str, before: uuid.UUID | None, now: datetime) -> list[Section]:
    """What needs a person, what just happened, what comes next. Of what waits, the next first; else the newest."""
    if shown == "waiting":
        return [_page(rows.from_here_on(before).soonest_first(), "", "Later")]
    if shown != "all":
        return [_page(rows.before_that(before).for_list(), "", "Older")]
    needing = rows.needing_a_person(now)
    others = rows.exclude(pk__in=needing.values("pk"))
    past = _page(others.before_that(before).filter(due_at__lte=now).for_list(), "Just now and before", "Older")
    if before:
        return [past]
    first = Section("Needs a person", list(needing.for_list().order_by("too_late_at", "pk")[:ROWS]))
    ahead = list(others.filter(due_at__gt=now).soonest_first()[: AHEAD + 1])
    coming = Section("To come, the next first", ahead[:AHEAD], "All that waits", list="waiting")
    return [first, past, coming if len(ahead) > AHEAD else Section(coming.title, ahead)]


def _page(rows: OutboundMessageQuerySet, title: str, more: str) -> Section:
    """Fifty of them; read by keyset: a page deep in a long log costs what the first does."""
    found = list(rows[: ROWS + 1])
    return Section(title, found[:ROWS], more, found[ROWS - 1].uid) if len(found) > ROWS else Section(title, found)


def frame(here: str) -> dict[str, Any]:
    return {"here": here, "lists": LISTS, "place": Location.objects.active().order_by("pk").first()}


def _today(request: StaffRequest) -> messaging.Reckoning:
    """The sum of this day at the first location."""
    place = Location.objects.active().order_by("pk").first()
    zone = place.tz if place else clocks.UTC
    since, until = clocks.day_bounds(clocks.local_day(request.now, zone), zone)  # type: ignore[arg-type]
    return messaging.reconcile(since=since, until=until, now=request.now)


def written_down(request: StaffRequest, rows: list[Any]) -> None:
    """Who was on the list, each once."""
    uids = {row.patient_uid for row in rows if row.patient_uid}
    audit.viewed_many("messages", by=request.user, now=request.now, patient_uids=sorted(uids))


def _uid(said: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(said) if said else None
    except ValueError:
        return None
