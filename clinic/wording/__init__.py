"""The words that patients read: typed templates in four languages. Pure; `clinic.wordings` knows the clinic's own.

A template can name only the facts that `fields` allows for its kind and channel, and `facts.Facts` has no place for a
service, a diagnosis or a part of the body. See docs/adr/0078-a-text-message-cannot-say-why.md.
"""

from clinic.wording.checking import Refused, Wording, check
from clinic.wording.defaults import SPEECHES, spoken
from clinic.wording.facts import Became, Facts, Line
from clinic.wording.fields import Field
from clinic.wording.kinds import EMAIL, SMS, Kind, Spot
from clinic.wording.rendering import Lacking, render

__all__ = [
    "EMAIL",
    "SMS",
    "SPEECHES",
    "Became",
    "Facts",
    "Field",
    "Kind",
    "Lacking",
    "Line",
    "Refused",
    "Spot",
    "Wording",
    "check",
    "render",
    "spoken",
]
