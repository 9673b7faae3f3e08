"""Whether a clinic may have a template: the same rules when it is saved and each time it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from clinic.wording import fields
from clinic.wording.defaults import SPEECHES
from clinic.wording.discreet import telling_word
from clinic.wording.fields import Field
from clinic.wording.kinds import EMAIL, SMS, Kind, Spot
from clinic.wording.parse import BadTemplate, Template, always_there, fields_of, parse, words_of

#: Longer than this no text message and no mail of ours needs to be.
LONGEST = {EMAIL: 4000, SMS: 480}
LONGEST_TITLE = 120


@dataclass(frozen=True)
class Wording:
    """The parsed words of one template. Whoever has one has one that was checked."""

    spot: Spot
    title: Template
    text: Template
    #: 0 is as Tonus comes.
    version: int = 0

    @property
    def name(self) -> str:
        """ "visit_reminder/sms/en 3": what the ledger keeps of it."""
        return f"{self.spot.name} {self.version}"


class Refused(Exception):
    """Carries a sentence for each field of the form that is wrong."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def check(spot: Spot, *, title: str, text: str, version: int = 0, private: Collection[str] = ()) -> Wording:
    """The template, parsed. `private` are the clinic's own telling words. Raises Refused."""
    problems: dict[str, str] = {}
    telling = {*SPEECHES[spot.language].telling, *private}
    parsed = {}
    for part, said in (("title", title), ("text", text)):
        try:
            parsed[part] = _checked(spot.kind, spot.channel, part, said, telling)
        except BadTemplate as bad:
            problems[part] = str(bad)
    if problems:
        raise Refused(problems)
    return Wording(spot, parsed["title"], parsed["text"], version)


def _checked(kind: Kind, channel: str, part: str, said: str, telling: Collection[str]) -> Template:
    if part == "title":
        return _title(kind, channel, said, telling)
    if not said.strip():
        raise BadTemplate("Write what it says.")
    if len(said) > LONGEST[channel]:
        raise BadTemplate(f"At most {LONGEST[channel]} characters: these are {len(said)}.")
    template = parse(said, fields.allowed(kind, channel))
    _holds_what_it_needs(kind, channel, template)
    if channel == EMAIL and Field.LINK in fields.needed(kind, channel) and not _link_stands_alone(said):
        raise BadTemplate("Put {link} on a line by itself, with an empty line before and after: it becomes a button.")
    if channel == SMS:
        _says_nothing_private("A text message", template, telling)
    return template


def _title(kind: Kind, channel: str, said: str, telling: Collection[str]) -> Template:
    if channel == SMS:
        if said:
            raise BadTemplate("A text message has no subject.")
        return ()
    if not said.strip():
        raise BadTemplate("Write a subject.")
    if "\n" in said or "\r" in said or len(said) > LONGEST_TITLE:
        raise BadTemplate(f"One line, at most {LONGEST_TITLE} characters.")
    template = parse(said, fields.in_title(kind, channel))
    _says_nothing_private("A subject shows on a locked phone, so it", template, telling)
    return template


def _holds_what_it_needs(kind: Kind, channel: str, template: Template) -> None:
    times = Counter(fields_of(template))
    there = set(always_there(template))
    for field in fields.needed(kind, channel):
        if field not in there:
            raise BadTemplate(f"{{{field}}} ({fields.MEANINGS[field]}) must stand in it, outside [ ].")
        if times[field] > 1:
            raise BadTemplate(f"{{{field}}} may stand in it only once.")
    for field in there & fields.may_be_empty(kind):
        raise BadTemplate(
            f"Some messages have no {{{field}}}: put it in [ ] with the words around it, which are then left out."
        )


def _link_stands_alone(said: str) -> bool:
    return any(block.strip() == "{link}" for block in said.replace("\r\n", "\n").split("\n\n"))


def _says_nothing_private(what: str, template: Template, telling: Collection[str]) -> None:
    word = telling_word(words_of(template), telling)
    if word is not None:
        raise BadTemplate(f"{what} may be read by others: it cannot say “{word}”.")
