"""The words of a form that a clinic holds a licence for, as its owner brings them: read and examined, never shipped.

Plain text. What stands before the first section is the instruction; sections are parted by an empty line; the first
line of a section is its heading, and each line after it one statement, from no trouble (0 points) to the most.
"""

from __future__ import annotations

from dataclasses import dataclass

from treatments.outcomes.scoring import ODI_SECTIONS

STATEMENTS = 6
LONGEST = 400
MOST_TEXT = 20_000


class NotAForm(Exception):
    """Carries a sentence fit for the owner."""


@dataclass(frozen=True)
class Section:
    heading: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    instruction: str
    sections: tuple[Section, ...]

    @property
    def text(self) -> str:
        """As it is brought: reading it gives the same again."""
        parts = ["\n".join((section.heading, *section.statements)) for section in self.sections]
        return "\n\n".join([self.instruction, *parts])


def read(text: str) -> Words:
    """The words of an Oswestry form: an instruction, ten sections, six statements each. Raises NotAForm."""
    if len(text) > MOST_TEXT:
        raise NotAForm(f"This is longer than any such form: at most {MOST_TEXT} characters.")
    lines = [" ".join(line.split()) for line in text.replace("\ufeff", "").splitlines()]
    blocks = [block.split("\n") for block in "\n".join(lines).split("\n\n") if block.strip("\n")]
    parts = [[line for line in block if line] for block in blocks]
    if len(parts) != ODI_SECTIONS + 1:
        raise NotAForm(
            f"An instruction and {ODI_SECTIONS} sections, parted by empty lines, make the form; here are {len(parts)}."
        )
    return Words(" ".join(parts[0]), tuple(_section(number, part) for number, part in enumerate(parts[1:], start=1)))


def _section(number: int, lines: list[str]) -> Section:
    heading, *statements = lines
    if len(statements) != STATEMENTS:
        raise NotAForm(f"Section {number} ({heading[:40]}) has {len(statements)} statements instead of {STATEMENTS}.")
    if len(set(statements)) < STATEMENTS:
        raise NotAForm(f"Section {number} ({heading[:40]}) has the same statement twice.")
    if any(len(line) > LONGEST for line in lines):
        raise NotAForm(f"A line of section {number} is longer than {LONGEST} characters.")
    return Section(heading, tuple(statements))
