"""The owner's pages for what patients read: every template, its words, what they look like, and what they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from clinic import wording_preview, wordings
from clinic.access import Can, requires
from clinic.forms import TonusForm, add_refusal
from clinic.models import Clinic, MessageTemplate
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from clinic.wording import EMAIL, SMS, SPEECHES, Kind, Refused, Spot
from clinic.wording.checking import LONGEST, LONGEST_TITLE
from clinic.wording.comparing import Piece, compared
from clinic.wording.kinds import GROUPS, LABELS, LONGEST_VARIANT, OCCASIONS, OF_RULES, channels_of, is_variant
from clinic.wording_preview import Ground, Tried

#: Subject and text.
Words = tuple[str, str]
CHANNELS = {EMAIL: "E-mail", SMS: "Text message"}
#: So many versions the page shows; none is lost.
VERSIONS = 20


@dataclass(frozen=True)
class Place:
    """Which template, as its page shows it."""

    spot: Spot

    @property
    def label(self) -> str:
        kind = LABELS[self.spot.kind]
        return f"{kind}: {self.spot.variant}" if self.spot.variant else kind

    @property
    def occasion(self) -> str:
        return OCCASIONS[self.spot.kind]

    @property
    def channel(self) -> str:
        return CHANNELS[self.spot.channel]

    @property
    def language(self) -> str:
        return SPEECHES[self.spot.language].name

    @property
    def query(self) -> str:
        return f"?{urlencode({'variant': self.spot.variant})}" if self.spot.variant else ""

    @property
    def url(self) -> str:
        return _url("edit", self.spot) + self.query

    @property
    def reset_url(self) -> str:
        return _url("reset", self.spot) + self.query

    @property
    def other_url(self) -> str:
        return _url("other", self.spot)

    @property
    def url_of_version(self) -> str:
        """Its number is still to be put behind it."""
        return f"{self.url}{'&' if self.query else '?'}version="

    @property
    def preview_url(self) -> str:
        return _url("preview", self.spot)

    @property
    def has_variants(self) -> bool:
        return self.spot.kind in OF_RULES

    @property
    def channels(self) -> list[Place]:
        """The same by the other channel."""
        others = (each for each in channels_of(self.spot.kind) if each != self.spot.channel)
        return [Place(replace(self.spot, channel=each)) for each in others]

    @property
    def languages(self) -> list[Place]:
        """The same in the other languages."""
        return [Place(replace(self.spot, language=each)) for each in SPEECHES if each != self.spot.language]


def _url(name: str, spot: Spot) -> str:
    return reverse(f"office:wording_{name}", args=[spot.kind, spot.channel, spot.language])


def _place(request: StaffRequest, kind: str, channel: str, language: str) -> Place:
    if kind not in Kind.__members__.values() or language not in SPEECHES or channel not in channels_of(Kind(kind)):
        raise Http404
    variant = request.GET.get("variant", "").strip()
    if variant and not (kind in OF_RULES and is_variant(variant)):
        raise Http404
    return Place(Spot(Kind(kind), channel, language, variant))


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

    place: Place
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
    present = list(MessageTemplate.objects.present().select_related("written_by"))
    rows = {row.spot: row for row in present}
    variants = sorted({(row.kind, row.variant) for row in present if row.variant and not row.is_reset})
    on, private = wording_preview.ground(clinic, request.now), wordings.telling_words()

    def line(kind: Kind, variant: str = "") -> tuple[Place, list[Cell | None]]:
        spots = {channel: Spot(kind, channel, language, variant) for channel in channels_of(kind)}
        cells = [_cell(spots[each], rows, on, private) if each in spots else None for each in CHANNELS]
        return Place(next(iter(spots.values()))), cells

    groups = [
        (title, [line(kind, each) for kind, _, _ in kinds for each in ("", *(v for k, v in variants if k == kind))])
        for title, kinds in GROUPS
    ]
    context = {"groups": groups, "language": SPEECHES[language], "languages": SPEECHES.values()}
    return page(request, "wording/templates.html", context)


def _cell(spot: Spot, rows: Mapping[Spot, MessageTemplate], on: Ground, private: frozenset[str]) -> Cell:
    """With the words that are in force: the clinic's own, else the usual ones, else those that Tonus comes with."""
    row, passed_over = rows.get(spot), ""
    for each in (row, rows.get(spot.usual)):
        if each is None or each.is_reset:
            continue
        try:
            return Cell(Place(spot), row, wording_preview.of(wordings.checked(each, private=private), on), passed_over)
        except Refused as refused:
            passed_over = passed_over or str(refused)
    return Cell(Place(spot), row, wording_preview.of(wordings.as_it_comes(spot.usual), on), passed_over)


# -- One of them ---------------------------------------------------------------------------------------


@requires(Can.MANAGE_CLINIC)
def template(request: StaffRequest, kind: str, channel: str, language: str) -> HttpResponse:
    """Change the words of one template, and see at once what a patient would read."""
    place = _place(request, kind, channel, language)
    versions, usual = _versions(place.spot), _usual(place.spot)
    initial = _initial(versions, usual, request.GET.get("version", ""))
    form = WordingForm(posted(request), spot=place.spot, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        words = {"title": data.get("title", ""), "text": data["text"], "seen": data["seen"]}
        try:
            row = wordings.save(spot=place.spot, **words, by=request.user, now=request.now)
        except Refused as refused:
            form.refuse(refused)
        except wordings.Stale as stale:
            versions, status = _versions(place.spot), 409
            form.renew(versions[0].version)
            add_refusal(form, stale)
        else:
            messages.success(request, f"Version {row.version} of “{place.label}” is what patients read from now on.")
            return go_to(request, place.url)
    status = 422 if form.errors and status == 200 else status
    context = _context(request, place, form, versions) | {"versions": _compared(versions, usual)}
    return page(request, "wording/template.html", context, status=status)


def _versions(spot: Spot) -> list[MessageTemplate]:
    return list(MessageTemplate.objects.at(spot).newest_first()[: VERSIONS + 1])


def _usual(spot: Spot) -> Words:
    """What is said there while nothing else is written: the words of Tonus; of a variant, the clinic's usual ones."""
    row = MessageTemplate.objects.at(spot.usual).newest_first().first() if spot.variant else None
    return _words(row, wordings.words_as_they_come(spot))


def _initial(versions: list[MessageTemplate], usual: Words, wanted: str) -> dict[str, Any]:
    """The words in force, or those of an older version that is looked at again."""
    newest = versions[0] if versions else None
    row = next((row for row in versions if str(row.version) == wanted), newest)
    title, text = _words(None if wanted == "0" else row, usual)
    return {"title": title, "text": text, "seen": newest.version if newest else 0}


def _words(row: MessageTemplate | None, usual: Words) -> Words:
    return usual if row is None or row.is_reset else (row.title, row.text)


def _context(request: StaffRequest, place: Place, form: WordingForm, versions: list[MessageTemplate]) -> dict[str, Any]:
    spot, newest = place.spot, versions[0] if versions else None
    names = wordings.variants(spot.kind) if place.has_variants else []
    return {
        "place": place,
        "form": form,
        "palette": wording_preview.palette(spot.kind, spot.channel),
        "variants": [Place(replace(spot, variant=name)) for name in ["", *names] if name != spot.variant],
        "more": len(versions) > VERSIONS,
        "newest": newest,
        "is_own": newest is not None and not newest.is_reset,
        "tried": _tried(spot, form, wording_preview.ground(Clinic.the(), request.now)),
    }


def _compared(versions: list[MessageTemplate], usual: Words) -> list[tuple[MessageTemplate, list[Piece], list[Piece]]]:
    """Each version with what it changed in the one before it; the first in the usual words."""
    found = []
    for nth, row in enumerate(versions[:VERSIONS]):
        before = _words(versions[nth + 1] if nth + 1 < len(versions) else None, usual)
        title, text = (compared(*pair) for pair in zip(before, _words(row, usual), strict=True))
        found.append((row, title, text))
    return found


def _tried(spot: Spot, form: WordingForm, on: Ground) -> Tried:
    title = str(form["title"].value() or "") if "title" in form.fields else ""
    return wording_preview.try_out(spot, title=title, text=str(form["text"].value() or ""), on=on)


@requires(Can.MANAGE_CLINIC)
@require_POST
def preview(request: StaffRequest, kind: str, channel: str, language: str) -> HttpResponse:
    """What the words typed so far would say. Keeps nothing."""
    place = _place(request, kind, channel, language)
    form = WordingForm(request.POST, spot=place.spot)
    tried = _tried(place.spot, form, wording_preview.ground(Clinic.the(), request.now))
    return page(request, "wording/preview.html", {"place": place, "tried": tried})


@requires(Can.MANAGE_CLINIC)
@require_POST
def reset(request: StaffRequest, kind: str, channel: str, language: str) -> HttpResponse:
    """Speak as Tonus comes again; the clinic's own words stay among the versions."""
    place, seen = _place(request, kind, channel, language), request.POST.get("seen", "")
    try:
        wordings.reset(
            spot=place.spot, seen=int(seen) if seen.isdecimal() else 0, by=request.user, now=request.now
        )  # fmt: skip
    except wordings.Stale:
        messages.error(request, "Somebody else changed these words meanwhile: nothing was reset. Look at them first.")
    else:
        how = "in the usual words" if place.spot.variant else "as Tonus comes"
        messages.success(request, f"“{place.label}” speaks {how} again.")
    return go_to(request, Place(place.spot.usual).url)


@requires(Can.MANAGE_CLINIC)
@require_POST
def other_words(request: StaffRequest, kind: str, channel: str, language: str) -> HttpResponse:
    """Begin other words under a name. Nothing is kept before they are saved."""
    place, name = _place(request, kind, channel, language), request.POST.get("name", "").strip()
    if not place.has_variants:
        raise Http404
    if not is_variant(name):
        messages.error(request, f"A name is letters, digits and spaces, at most {LONGEST_VARIANT} of them.")
        return go_to(request, place.url)
    return go_to(request, Place(replace(place.spot, variant=name)).url)
