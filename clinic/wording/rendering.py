"""A checked template and the facts of one message become the words that a patient reads."""

from __future__ import annotations

import re
from dataclasses import replace

from clinic.wording import fields
from clinic.wording.checking import Wording
from clinic.wording.facts import Facts, Line
from clinic.wording.fields import Field
from clinic.wording.kinds import EMAIL
from clinic.wording.parse import Maybe, Template
from clinic.wording.speech import Speech

_ODD = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Lacking(ValueError):
    """A message was to be written without a fact that every template of its kind may name."""


def render(wording: Wording, speech: Speech, facts: Facts) -> tuple[str, str]:
    """Title and text. `{link}` still stands in it, once, and nothing else that looks like it."""
    kind, channel = wording.spot.kind, wording.spot.channel
    said = _said(speech, channel, facts)
    known = {field: said[field] for field in fields.allowed(kind, channel)}
    lacking = [f for f, words in known.items() if not words and f not in fields.may_be_empty(kind)]
    if lacking:
        raise Lacking(f"{wording.name} lacks {', '.join(lacking)}.")
    title = " ".join(_filled(wording.title, known).split()) if channel == EMAIL else ""
    return title, _filled(wording.text, known).strip() + ("\n" if channel == EMAIL else "")


def _filled(template: Template, known: dict[Field, str]) -> str:
    said = []
    for part in template:
        if isinstance(part, Maybe):
            if all(known[inner] for inner in part.parts if isinstance(inner, Field)):
                said.append(_filled(part.parts, known))
        else:
            said.append(known[part] if isinstance(part, Field) else part)
    return "".join(said)


def _said(speech: Speech, channel: str, facts: Facts) -> dict[Field, str]:
    """What stands for each field. Typed facts are written out by the language; names are only ever names."""
    lines = [_plain_line(line) for line in facts.lines]
    return {
        Field.LINK: "{link}",
        Field.NAME: _plain(facts.name),
        Field.NAMES: speech.listed([_plain(name) for name in facts.names]),
        Field.CLINIC: _plain(facts.clinic) or speech.nameless,
        Field.WHEN: speech.when(facts.when, channel) if facts.when else "",
        Field.LINES: speech.lines(lines, channel, every_one=facts.every_one),
        Field.COUNT: str(len(lines)) if lines else "",
        Field.PLACE: _plain(facts.place),
        Field.PHONE: _plain(facts.phone),
        Field.UNTIL: speech.until(facts.until, channel) if facts.until else "",
        Field.INSTEAD: speech.when(facts.instead, channel) if facts.instead else "",
        Field.AMOUNT: speech.sum(facts.amount, facts.currency) if facts.amount is not None else "",
        Field.NUMBER: _plain(facts.number),
        Field.DUE: speech.on(facts.due) if facts.due else "",
    }


def _plain(name: str) -> str:
    """On one line; and what holds `{link}` or the like is still only a name."""
    return _ODD.sub(" ", name).strip().replace("{", "(").replace("}", ")")


def _plain_line(line: Line) -> Line:
    return replace(line, who=_plain(line.who)) if line.who else line
