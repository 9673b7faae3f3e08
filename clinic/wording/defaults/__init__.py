"""The languages that Tonus speaks with patients."""

from __future__ import annotations

from collections.abc import Mapping

from clinic.wording.defaults.de import GERMAN
from clinic.wording.defaults.en import ENGLISH
from clinic.wording.defaults.es import SPANISH
from clinic.wording.defaults.fr import FRENCH
from clinic.wording.speech import Speech

SPEECHES: Mapping[str, Speech] = {speech.code: speech for speech in (ENGLISH, SPANISH, GERMAN, FRENCH)}


def spoken(*wanted: str) -> Speech:
    """The first of these languages that Tonus speaks, whatever the region after it; English when it speaks none."""
    for code in wanted:
        speech = SPEECHES.get(code.lower().partition("-")[0])
        if speech is not None:
            return speech
    return ENGLISH
