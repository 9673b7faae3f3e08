"""Pages of whether it helps: the timeline, a measure taken, questions and a diary by link."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from clinic.time import local_day
from patients.models import Patient
from treatments import asking, measuring, notes, spasms, timeline
from treatments.forms.outcomes import FORMS, AskForm, HowForm, StrikeForm, TakenForm, form_of
from treatments.measuring import MeasureRefused
from treatments.models import Episode, LicensedForm, Measurement, MeasureRequest, SpasmDiary, SpasmEntry
from treatments.outcomes.measures import LICENSED, MEASURES
from treatments.views.scope import may, patient_or_404, today_of


def _zone() -> ZoneInfo:
    return ZoneInfo(notes.house_zone())


def _episodes(patient: Patient) -> list[Episode]:
    return list(Episode.objects.for_patient(patient).newest_first())


def _chosen(request: StaffRequest, episodes: list[Episode]) -> Episode | None:
    """The episode that was asked for, else the newest open one."""
    wanted = request.GET.get("episode", "")
    return next((e for e in episodes if str(e.uid) == wanted), episodes[0] if episodes else None)


#: So many rows of a table are on the page at first; the curves hold all.
NEWEST = 24


@dataclass(frozen=True)
class Rows:
    """A table beside a curve: the newest first, and how many there are in all."""

    shown: list[Any]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.shown)


def _newest(request: StaffRequest, rows: Sequence[Any]) -> Rows:
    newest_first = list(reversed(rows))
    return Rows(newest_first if request.GET.get("all") == "1" else newest_first[:NEWEST], len(rows))


@requires(Can.SEE_NOTES)
def patient_timeline(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Each measure's curve with its verdict, what was done beside it, and what that suggests for the plan."""
    patient = patient_or_404(request, uid, Can.SEE_NOTES)
    audit.viewed("patient.timeline", by=request.user, now=request.now, patient_uid=patient.uid)
    episodes = _episodes(patient)
    episode, today = _chosen(request, episodes), today_of(request)
    found = timeline.of_patient(patient, episode, by=request.user, today=today, tz=_zone())
    context = {
        "patient": patient,
        "episode": episode,
        "episodes": episodes,
        "timeline": found,
        "curves": [(curve, _newest(request, curve.values)) for curve in found.curves],
        "sessions": _newest(request, found.sessions),
        "at_home": _newest(request, found.at_home),
        "figures": timeline.drawn(found, today=today),
        "measures": [m for m in MEASURES.values() if m.slug in FORMS],
        "requests": list(MeasureRequest.objects.for_patient(patient).open().newest_first()),
        "may_write": may(request, patient, Can.WRITE_NOTES),
    }
    return page(request, "treatments/timeline.html", context)


@requires(Can.SEE_NOTES)
def outcomes_panel(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """What a therapist needs to know before hands are laid on: how it stands, and the diary since last time."""
    patient = patient_or_404(request, uid, Can.SEE_NOTES)
    audit.viewed("patient.outcomes", by=request.user, now=request.now, patient_uid=patient.uid)
    episodes = _episodes(patient)
    tz = _zone()
    found = timeline.of_patient(patient, _chosen(request, episodes), by=request.user, today=today_of(request), tz=tz)
    last = found.sessions[-1].on if found.sessions else None
    since = [e for e in _entries(patient) if last is None or local_day(e.happened_at, tz) >= last]
    context = {"patient": patient, "timeline": found, "since": since, "last": last, "zone": tz.key}
    return page(request, "treatments/outcomes_panel.html", context, partial="panel")


# -- Taking a measure ----------------------------------------------------------------------------------


@requires(Can.WRITE_NOTES)
def measure_take(request: StaffRequest, uid: uuid.UUID, slug: str) -> HttpResponse:
    """Ask or measure in the clinic; the patient may answer on this screen."""
    if slug not in FORMS:
        raise Http404
    patient = patient_or_404(request, uid, Can.WRITE_NOTES)
    episodes = [episode for episode in _episodes(patient) if episode.is_open]
    first = {"episode": str(episodes[0].uid)} if episodes else {}
    taken = TakenForm(posted(request), today=today_of(request), episodes=episodes, initial=first)
    anew = "anew" in request.GET
    known = [] if slug != "psfs" or anew else measuring.activities_of(patient, _of(request, episodes))
    licensed = LicensedForm.objects.in_use().get(slug) if slug in LICENSED else None
    form = form_of(slug, posted(request), activities=known, licensed=licensed, by_score="score" in request.GET)
    if request.method == "POST" and taken.is_valid() & form.is_valid():
        try:
            _take(request, patient, form, taken)
        except MeasureRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, f"{form.measure.name} recorded.")
            return go_to(request, "treatments:timeline", patient.uid)
    audit.viewed("patient.measure", by=request.user, now=request.now, patient_uid=patient.uid)
    context = {"patient": patient, "form": form, "taken": taken, "measure": form.measure, "activities": known,
               "licensed": licensed, "by_score": "score" in request.GET}  # fmt: skip
    status = 422 if form.errors or taken.errors else 200
    return page(request, "treatments/measure_take.html", context, status=status)


def _of(request: StaffRequest, episodes: list[Episode]) -> Episode | None:
    wanted = request.POST.get("episode")
    if wanted is None:
        return episodes[0] if episodes else None
    return next((e for e in episodes if str(e.uid) == wanted), None)


def _take(request: StaffRequest, patient: Patient, form: Any, taken: TakenForm) -> None:
    day, today = taken.cleaned_data["taken_on"], today_of(request)
    noon = datetime.combine(day, time(12), tzinfo=_zone()).astimezone(UTC)
    for detail, answers in form.readings():
        measuring.take(
            patient=patient,
            measure=form.slug,
            detail=detail,
            answers=answers,
            episode=taken.cleaned_data["episode"],
            taken_at=request.now if day == today else noon,
            by=request.user,
            now=request.now,
        )


@requires(Can.WRITE_NOTES)
def measure_strike(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Strike out a measurement that was never true."""
    rows = Measurement.objects.visible_to(request.user, Can.WRITE_NOTES, now=request.now).standing()
    found = get_object_or_404(rows.select_related("patient"), uid=uid)
    form = StrikeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            measuring.strike(found, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except MeasureRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, "Struck out: it is off the curve.")
            return go_to(request, "treatments:timeline", found.patient.uid)
    audit.viewed("measurement", by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    context = {"patient": found.patient, "measurement": found, "form": form}
    return page(request, "treatments/measure_strike.html", context, status=422 if form.errors else 200)


# -- By link -------------------------------------------------------------------------------------------


@requires(Can.WRITE_NOTES)
def measures_ask(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Ask the patient from afar."""
    patient = patient_or_404(request, uid, Can.WRITE_NOTES)
    episodes = [episode for episode in _episodes(patient) if episode.is_open]
    channel = asking.channel_to(patient)
    first = {"how": "send" if channel else "show", "measures": ["nprs", "rmdq"]}
    form = AskForm(posted(request), initial=first, sendable=measuring.sendable())
    context: dict[str, Any] = {"patient": patient, "form": form, "channel": channel}
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                made = asking.ask(
                    patient=patient,
                    measures=form.cleaned_data["measures"],
                    episode=episodes[0] if episodes else None,
                    by=request.user,
                    now=request.now,
                )
                return _handed_over(request, made, form.cleaned_data["how"])
        except MeasureRefused as refusal:
            add_refusal(form, refusal)
    audit.viewed("patient.measures_ask", by=request.user, now=request.now, patient_uid=patient.uid)
    return page(request, "treatments/measures_ask.html", context, status=422 if form.errors else 200)


def _handed_over(request: StaffRequest, subject: MeasureRequest | SpasmDiary, how: str) -> HttpResponse:
    """The link is on its way, or is shown this once."""
    back = "treatments:spasm_diary" if isinstance(subject, SpasmDiary) else "treatments:timeline"
    if how == "send":
        asking.send(subject, by=request.user, now=request.now)
        messages.success(request, "The link is on its way.")
        return go_to(request, back, subject.patient.uid)
    url = asking.show(subject, by=request.user, now=request.now)
    until = asking.asked(subject, request.now).until
    context = {"patient": subject.patient, "url": url, "until": until, "diary": isinstance(subject, SpasmDiary)}
    return page(request, "treatments/link_shown.html", context)


@requires(Can.WRITE_NOTES)
@require_POST
def measures_withdraw(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Take questions back that still wait."""
    rows = MeasureRequest.objects.visible_to(request.user, Can.WRITE_NOTES, now=request.now)
    found = get_object_or_404(rows.select_related("patient"), uid=uid)
    try:
        asking.withdraw(found, by=request.user, now=request.now)
    except MeasureRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The questions are taken back: the link is dead.")
    return go_to(request, "treatments:timeline", found.patient.uid)


# -- The spasm diary -----------------------------------------------------------------------------------


def _entries(patient: Patient) -> list[SpasmEntry]:
    return list(SpasmEntry.objects.for_patient(patient).standing().newest_first()[:60])


@requires(Can.SEE_NOTES)
def spasm_diary(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """What the patient wrote down, how often that is a week, and the link they do it by."""
    patient = patient_or_404(request, uid, Can.SEE_NOTES)
    audit.viewed("patient.spasm_diary", by=request.user, now=request.now, patient_uid=patient.uid)
    return _diary_page(request, patient)


def _diary_page(request: StaffRequest, patient: Patient, *, refusal: str = "", status: int = 200) -> HttpResponse:
    tz = _zone()
    diaries = list(SpasmDiary.objects.for_patient(patient).order_by("opened_at"))
    entries = list(SpasmEntry.objects.for_patient(patient).standing().newest_first())
    weeks = spasms.stretches(diaries, entries, today=today_of(request), tz=tz, days=7)
    periods = spasms.stretches(diaries, entries, today=today_of(request), tz=tz, days=spasms.PERIOD)
    context = {
        "patient": patient,
        "diary": diaries[-1] if diaries and diaries[-1].is_open else None,
        "diaries": diaries,
        "entries": entries[:60],
        "weeks": weeks[::-1],
        "period": periods[-1] if periods else None,
        "zone": tz.key,
        "channel": asking.channel_to(patient),
        "may_write": may(request, patient, Can.WRITE_NOTES),
        "refusal": refusal,
    }
    return page(request, "treatments/spasm_diary.html", context, status=status)


@requires(Can.WRITE_NOTES)
@require_POST
def spasm_diary_link(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Open the diary if none is open, and give it a new link: earlier ones stop working."""
    patient = patient_or_404(request, uid, Can.WRITE_NOTES)
    form = HowForm(request.POST)
    if not form.is_valid():
        return _diary_page(request, patient, refusal="Send the link, or show it here.", status=422)
    try:
        with transaction.atomic():
            diary = spasms.open_for(patient, by=request.user, now=request.now)
            return _handed_over(request, diary, form.cleaned_data["how"])
    except MeasureRefused as refusal:
        return _diary_page(request, patient, refusal=str(refusal), status=422)


def _diary_or_404(request: StaffRequest, uid: uuid.UUID) -> SpasmDiary:
    rows = SpasmDiary.objects.visible_to(request.user, Can.WRITE_NOTES, now=request.now)
    return get_object_or_404(rows.select_related("patient"), uid=uid)


@requires(Can.WRITE_NOTES)
@require_POST
def spasm_diary_revoke(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The link is in the wrong hands."""
    diary = _diary_or_404(request, uid)
    spasms.take_back_link(diary, by=request.user, now=request.now)
    messages.success(request, "The link is dead. The diary stays open: give the patient a new one.")
    return go_to(request, "treatments:spasm_diary", diary.patient.uid)


@requires(Can.WRITE_NOTES)
@require_POST
def spasm_diary_close(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """The diary ends; what it says stays."""
    diary = _diary_or_404(request, uid)
    spasms.close(diary, by=request.user, now=request.now)
    messages.success(request, "The diary is closed. What it says stays.")
    return go_to(request, "treatments:spasm_diary", diary.patient.uid)
