"""The red-flag screen: its questions, and what follows from the answers given so far.

Questions after the AHCPR guideline's table (US government, NBK52120, table A34364); the group "blood vessels and
inner organs" after common lists of physical therapy. How much each flag weighs is a rule (RED-01 to RED-04), and
rules are data. Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from treatments.safety.facts import Flag

SOURCE = "AHCPR guideline 14, table of red flags (NBK52120)"


class Answer(StrEnum):
    """Three answers, because not having asked is not the same as no."""

    NOT_ASKED = "not_asked"
    NO = "no"
    YES = "yes"


class Group(StrEnum):
    CAUDA_EQUINA = "cauda_equina"
    FRACTURE = "fracture"
    TUMOUR_OR_INFECTION = "tumour_or_infection"
    VISCERAL = "visceral"


GROUPS = {
    Group.CAUDA_EQUINA: "Cauda equina: an emergency",
    Group.FRACTURE: "Fracture",
    Group.TUMOUR_OR_INFECTION: "Tumour or infection",
    Group.VISCERAL: "Blood vessels and inner organs",
}


class Question(NamedTuple):
    flag: Flag
    group: Group
    words: str
    #: It is about the past and stays true: what was cleared once stays cleared.
    lasting: bool = False


QUESTIONS: tuple[Question, ...] = (
    Question(Flag.SADDLE_NUMBNESS, Group.CAUDA_EQUINA, "Numbness between the legs, where one would sit on a saddle?"),
    Question(
        Flag.BLADDER_OR_BOWEL, Group.CAUDA_EQUINA,
        "New trouble with bladder or bowel: cannot pass water, passes it unnoticed or very often?",
    ),
    Question(Flag.LEG_DEFICIT, Group.CAUDA_EQUINA, "Severe or growing weakness or numbness in a leg?"),
    Question(Flag.SPHINCTER, Group.CAUDA_EQUINA, "Less feeling around the anus, or does it not close as before?"),
    Question(
        Flag.MOTOR_WEAKNESS, Group.CAUDA_EQUINA,
        "Major weakness: the thigh does not hold, the ankle gives way, the foot drops?",
    ),
    Question(Flag.MAJOR_TRAUMA, Group.FRACTURE, "A major blow: traffic accident, fall from a height?"),
    Question(
        Flag.MINOR_TRAUMA_FRAGILE, Group.FRACTURE,
        "A small fall or heavy lifting, at an older age or with bones that may be weak?",
    ),
    Question(
        Flag.STEROIDS_OR_OSTEOPOROSIS, Group.FRACTURE, "Steroids for a long time, or known osteoporosis?", lasting=True
    ),
    Question(Flag.CANCER_HISTORY, Group.TUMOUR_OR_INFECTION, "Cancer, now or in the past?", lasting=True),
    Question(Flag.WEIGHT_LOSS, Group.TUMOUR_OR_INFECTION, "Lost weight without knowing why?"),
    Question(Flag.FEVER, Group.TUMOUR_OR_INFECTION, "Fever or chills lately?"),
    Question(Flag.RECENT_INFECTION, Group.TUMOUR_OR_INFECTION, "A bacterial infection lately, such as of the bladder?"),
    Question(
        Flag.IMMUNE_OR_IV_DRUGS, Group.TUMOUR_OR_INFECTION,
        "Immune system held down (steroids, transplant, HIV), or drugs by needle?", lasting=True,
    ),
    Question(Flag.WORSE_LYING, Group.TUMOUR_OR_INFECTION, "Is the pain worse when lying on the back?"),
    Question(Flag.NIGHT_PAIN, Group.TUMOUR_OR_INFECTION, "Severe pain at night?"),
    Question(Flag.PULSATING_MASS, Group.VISCERAL, "Something that beats in the belly?"),
    Question(Flag.THROBBING_AT_REST, Group.VISCERAL, "Throbbing back pain at rest?"),
    Question(Flag.VASCULAR_HISTORY, Group.VISCERAL, "Known disease of the arteries?", lasting=True),
)  # fmt: skip
LASTING = frozenset(q.flag for q in QUESTIONS if q.lasting)
CAUDA_EQUINA = frozenset(q.flag for q in QUESTIONS if q.group is Group.CAUDA_EQUINA)
ASKED = tuple(q.flag for q in QUESTIONS)


@dataclass(frozen=True)
class Screen:
    """One time that somebody asked."""

    at: datetime
    answers: Mapping[Flag, Answer]


@dataclass(frozen=True)
class Cleared:
    """A clinician's word on flags, as of when it was recorded."""

    at: datetime
    flags: frozenset[Flag]


@dataclass(frozen=True)
class State:
    """What the answers so far amount to."""

    #: Said yes to last, whether cleared or not.
    yes: frozenset[Flag] = frozenset()
    #: Of these, what no clinician has cleared since.
    standing: frozenset[Flag] = frozenset()
    #: Never answered.
    unasked: frozenset[Flag] = frozenset(ASKED)
    #: When the oldest of the answers that count was given; None when a question was never answered.
    complete_at: datetime | None = None

    @property
    def emergency(self) -> frozenset[Flag]:
        return self.standing & CAUDA_EQUINA


def state(screens: Sequence[Screen], clearances: Iterable[Cleared]) -> State:
    """The last answer to each question counts; "not asked" never takes one back.

    A flag is lifted by a later "no" or by a clearance that came after the "yes". A flag of the past stays cleared
    when it is said again. Possible cauda equina takes both: a clinician's word, and after it an answer of "no".
    """
    last: dict[Flag, tuple[Answer, datetime]] = {}
    said_yes: dict[Flag, datetime] = {}
    for screen in sorted(screens, key=lambda s: s.at):
        for flag, answer in screen.answers.items():
            if answer is not Answer.NOT_ASKED:
                last[flag] = (answer, screen.at)
            if answer is Answer.YES:
                said_yes[flag] = screen.at
    words: dict[Flag, datetime] = {}
    for cleared in clearances:
        for flag in cleared.flags:
            words[flag] = max(cleared.at, words.get(flag, cleared.at))
    standing = {flag for flag in said_yes if not _lifted(flag, last[flag], said_yes[flag], words.get(flag))}
    unasked = frozenset(ASKED) - frozenset(last)
    return State(
        yes=frozenset(f for f, (answer, _) in last.items() if answer is Answer.YES),
        standing=frozenset(standing),
        unasked=unasked,
        complete_at=None if unasked else min(at for flag, (_, at) in last.items() if flag in ASKED),
    )


def _lifted(flag: Flag, last: tuple[Answer, datetime], said_yes: datetime, cleared: datetime | None) -> bool:
    answer, at = last
    if flag in CAUDA_EQUINA:
        return answer is Answer.NO and cleared is not None and said_yes <= cleared <= at
    if answer is Answer.NO:
        return True
    return cleared is not None and (flag in LASTING or cleared >= said_yes)
