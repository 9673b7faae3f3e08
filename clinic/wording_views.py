"""The owner's pages for what patients read: every template, its words, what they look like, and what they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from clinic import wording_preview, wordings
from clinic.access import Can, requires
from clinic.forms import TonusForm, add_refusal
from clinic.models import Clinic, MessageTemplate
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from clinic.wording import EMAIL, SMS, SPEECHES, Kind, Refused
from clinic.wording.checking import LONGEST, LONGEST_TITLE
from clinic.wording.comparing import Piece, compared
from clinic.wording.kinds import GROUPS, LABELS, OCCASIONS, channels_of
from clinic.wording_preview import Ground, Tried

CHANNELS = {EMAIL: "E-mail", SMS: "Text message"}
#: So many versions the page shows; none is lost.
VERSIONS = 20


@dataclass(frozen=True)
class Spot:
    """Which template: its kind, channel and language."""

    kind: Kind
    channel: str
    language: str

    @property
    def key(self) -> tuple[Kind, str, str]:
        return self.kind, self.channel, self.language

    @property
    def label(self) -> str:
        return LABELS[self.kind]

    @property
    def occasion(self) -> str:
        return OCCASIONS[self.kind]

    @property
    def channel_label(self) -> str:
        return CHANNELS[self.channel]

    @property
    def language_label(self) -> str:
        return SPEECHES[self.language].name

    @property
    def others(self) -> list[Spot]:
        """The same message by the other channel and in the other languages."""
        channels = [Spot(self.kind, each, self.language) for each in channels_of(self.kind) if each != self.channel]
        languages = [Spot(self.kind, self.channel, each) for each in SPEECHES if each != self.language]
        return channels + languages


def _spot(kind: str, channel: str, language: str) -> Spot:
    if kind not in Kind.__members__.values() or language not in SPEECHES or channel not in channels_of(Kind(kind)):
        raise Http404
    return Spot(Kind(kind), channel, language)


class WordingForm(TonusForm):
    """The words of one template. Whether they will do is judged by clinic.wording."""

    title = forms.CharField(label="Subject", required=False, max_length=LONGEST_TITLE)
    text = forms.CharField(label="Words", strip=False, widget=forms.Textarea(attrs={"spellcheck": "true"}))
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, spot: Spot, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].widget.attrs |= {"rows": 16 if spot.channel == EMAIL else 6, "lang": spot.language}
        self.fields["title"].widget.attrs["lang"] = spot.language
        if spot.channel == SMS:
            del self.fields["title"]
            self.fields["text"].widget.attrs["maxlength"] = LONGEST[SMS]

    def refuse(self, refused: Refused) -> None:
        for field, sentence in refused.problems.items():
            self.add_error(field if field in self.fields else None, sentence)

    def renew(self, seen: int) -> None:
        """The writer has been told that there is a newer version: saving again is meant against that one."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["seen"] = str(seen)
        self.data = data


# -- All of them ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One template in the list."""

    spot: Spot
    row: MessageTemplate | None
    tried: Tried
    #: Why the clinic's own words are passed over, when they are.
    passed_over: str = ""

    @property
    def is_own(self) -> bool:
        return self.row is not None and not self.row.is_reset


@requires(Can.MANAGE_CLINIC)
def templates(request: StaffRequest) -> HttpResponse:
    """Every message that patients get, in one language."""
    clinic = Clinic.the()
    asked = request.GET.get("language", clinic.language)
    language = asked if asked in SPEECHES else "en"
    rows = {(row.kind, row.channel): row for row in MessageTemplate.objects.present().in_language(language)}
    on, private = wording_preview.ground(clinic, request.now), wordings.telling_words()

    def cell(kind: Kind, channel: str) -> Cell | None:
        spot = Spot(kind, channel, language)
        return _cell(spot, rows.get((kind, channel)), on, private) if channel in channels_of(kind) else None

    groups = [
        (title, [(label, occasion, [cell(kind, channel) for channel in CHANNELS]) for kind, label, occasion in kinds])
        for title, kinds in GROUPS
    ]
    context = {"groups": groups, "language": SPEECHES[language], "languages": SPEECHES.values()}
    return page(request, "wording/templates.html", context)


def _cell(spot: Spot, row: MessageTemplate | None, on: Ground, private: frozenset[str]) -> Cell:
    """With the clinic's own words where they are in force, else with those that Tonus comes with."""
    as_it_comes, passed_over = wordings.as_it_comes(*spot.key), ""
    if row is not None and not row.is_reset:
        try:
            return Cell(spot, row, wording_preview.of(wordings.checked(row, private=private), on))
        except Refused as refused:
            passed_over = str(refused)
    return Cell(spot, row, wording_preview.of(as_it_comes, on), passed_over)


# -- One of them ---------------------------------------------------------------------------------------


@requires(Can.MANAGE_CLINIC)
def template(request: StaffRequest, kind: str, channel: str, language: str) -> HttpResponse:
    """Change the words of one template, and see at once what a patient would read."""
    spot = _spot(kind, channel, language)
    versions = list(MessageTemplate.objects.of(*spot.key).newest_first()[: VERSIONS + 1])
    form = WordingForm(posted(request), spot=spot, initial=_initial(spot, versions, request.GET.get("version", "")))
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            row = wordings.save(**_said(spot, form), by=request.user, now=request.now)
        except Refused as refused:
            form.refuse(refused)
        except wordings.Stale as stale:
            versions, status = list(MessageTemplate.objects.of(*spot.key).newest_first()[: VERSIONS + 1]), 409
            form.renew(versions[0].version)
            add_refusal(form, stale)
        else:
            messages.success(request, f"Version {row.version} of “{spot.label}” is what patients read from now on.")
            return go_to(request, "office:wording_edit", *spot.key)
    status = 422 if form.errors and status == 200 else status
    return page(request, "wording/template.html", _context(request, spot, form, versions), status=status)


def _said(spot: Spot, form: WordingForm) -> dict[str, Any]:
    data = form.cleaned_data
    kind, channel, language = spot.key
    words = {"title": data.get("title", ""), "text": data["text"], "seen": data["seen"]}
    return {"kind": kind, "channel": channel, "language": language, **words}


def _initial(spot: Spot, versions: list[MessageTemplate], wanted: str) -> dict[str, Any]:
    """The words in force, or those of an older version that is looked at again."""
    seen = versions[0].version if versions else 0
    row = next((row for row in versions if str(row.version) == wanted), versions[0] if versions else None)
    title, text = _words(spot, None if wanted == "0" else row)
    return {"title": title, "text": text, "seen": seen}


def _words(spot: Spot, row: MessageTemplate | None) -> tuple[str, str]:
    return wordings.words_as_they_come(*spot.key) if row is None or row.is_reset else (row.title, row.text)


def _context(request: StaffRequest, spot: Spot, form: WordingForm, versions: list[MessageTemplate]) -> dict[str, Any]:
    newest = versions[0] if versions else None
    return {
        "spot": spot,
        "form": form,
        "palette": wording_preview.palette(spot.kind, spot.channel),
        "versions": _compared(spot, versions),
        "more": len(versions) > VERSIONS,
        "newest": newest,
        "is_own": newest is not None and not newest.is_reset,
        "tried": _tried(spot, form, wording_preview.ground(Clinic.the(), request.now)),
    }


def _compared(spot: Spot, versions: list[MessageTemplate]) -> list[tuple[MessageTemplate, list[Piece], list[Piece]]]:
    """Each version with what it changed in the one before it; the first in what Tonus comes with."""
    found = []
    for nth, row in enumerate(versions[:VERSIONS]):
        before = _words(spot, versions[nth + 1] if nth + 1 < len(versions) else None)
        title, text = (compared(*pair) for pair in zip(before, _words(spot, row), strict=True))
        found.append((row, title, text))
    return found


def _tried(spot: Spot, form: WordingForm, on: Ground) -> Tried:
    return wording_preview.try_out(
        *spot.key, title=str(form["title"].value() or "") if "title" in form.fields else "",
        text=str(form["text"].value() or ""), on=on,
    )  # fmt: skip


@requires(Can.MANAGE_CLINIC)
@require_POST
def preview(request: StaffRequest, kind: str, channel: str, language: str) -> HttpResponse:
    """What the words typed so far would say. Keeps nothing."""
    spot = _spot(kind, channel, language)
    tried = _tried(spot, WordingForm(request.POST, spot=spot), wording_preview.ground(Clinic.the(), request.now))
    return page(request, "wording/preview.html", {"spot": spot, "tried": tried})


@requires(Can.MANAGE_CLINIC)
@require_POST
def reset(request: StaffRequest, kind: str, channel: str, language: str) -> HttpResponse:
    """Speak as Tonus comes again; the clinic's own words stay among the versions."""
    spot = _spot(kind, channel, language)
    seen = request.POST.get("seen", "")
    try:
        wordings.reset(
            kind=spot.kind, channel=channel, language=language, seen=int(seen) if seen.isdecimal() else 0,
            by=request.user, now=request.now,
        )  # fmt: skip
    except wordings.Stale:
        messages.error(request, "Somebody else changed these words meanwhile: nothing was reset. Look at them first.")
    else:
        messages.success(request, f"“{spot.label}” speaks as Tonus comes again.")
    return go_to(request, "office:wording_edit", *spot.key)
