"""A template is text with {field} in it; what stands in [ ] is left out when a field in it is empty."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from clinic.wording.fields import MEANINGS, Field

_TOKEN = re.compile(r"\{([^{}\[\]\n]*)\}|([\[\]{}])|([^{}\[\]]+)")


class BadTemplate(Exception):
    """Carries a sentence fit for the person who writes the template."""


@dataclass(frozen=True)
class Maybe:
    """Left out whole when one of its fields is empty."""

    parts: tuple[str | Field, ...]


Part = str | Field | Maybe
Template = tuple[Part, ...]


def parse(text: str, known: Collection[Field]) -> Template:
    """The parts of a template. Raises BadTemplate for anything that is not one of the known fields."""
    parts: list[Part] = []
    inner: list[str | Field] | None = None
    for found in _TOKEN.finditer(text):
        name, sign, words = found.groups()
        here = parts if inner is None else inner
        if words is not None:
            here.append(words)
        elif name is not None:
            here.append(_field(name.strip(), known))
        elif sign == "[" and inner is None:
            inner = []
        elif sign == "]" and inner is not None:
            parts.append(_maybe(inner))
            inner = None
        else:
            raise BadTemplate(_unbalanced(sign))
    if inner is not None:
        raise BadTemplate("A [ is never closed: put ] where the words end that may be left out.")
    return tuple(parts)


def _field(name: str, known: Collection[Field]) -> Field:
    if name in {field.value for field in known}:
        return Field(name)
    if name in MEANINGS:
        raise BadTemplate(f"{{{name}}} may not stand in this message.")
    near = get_close_matches(name, [field.value for field in known], n=1)
    hint = f" Did you mean {{{near[0]}}}?" if near else ""
    raise BadTemplate(f"There is no field {{{name}}}.{hint}" if name else "There is nothing between { and }.")


def _maybe(inner: list[str | Field]) -> Maybe:
    if not any(isinstance(part, Field) for part in inner):
        raise BadTemplate("Words in [ ] need a field among them: they are left out when it is empty.")
    return Maybe(tuple(inner))


def _unbalanced(sign: str) -> str:
    return {
        "{": "A { is never closed: write {name} and the like.",
        "}": "A } has no { before it.",
        "[": "One [ ] cannot stand inside another.",
        "]": "A ] has no [ before it.",
    }[sign]


def fields_of(template: Template) -> Iterator[Field]:
    for part in template:
        if isinstance(part, Maybe):
            yield from (inner for inner in part.parts if isinstance(inner, Field))
        elif isinstance(part, Field):
            yield part


def always_there(template: Template) -> Iterator[Field]:
    """The fields outside [ ]."""
    return (part for part in template if isinstance(part, Field))


def words_of(template: Template) -> str:
    """What the writer typed, without the fields: each leaves a gap that no word reaches across."""
    parts = (inner for part in template for inner in (part.parts if isinstance(part, Maybe) else (part,)))
    return "".join("\n" if isinstance(part, Field) else part for part in parts)
