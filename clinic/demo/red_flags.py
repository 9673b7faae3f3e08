"""Red flags of the demo's patients: most were asked, one of a kind stands or was cleared, some were not asked yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from clinic.demo.places import Places
from treatments import red_flags
from treatments.models import Occasion, Plan
from treatments.safety import Flag
from treatments.safety.redflags import ASKED, Answer

#: Of every ten patients, by their place in the list: who said yes to what. Of the fifth and the tenth nobody asked.
SAID = {3: Flag.NIGHT_PAIN, 6: Flag.CANCER_HISTORY}
NOT_YET = (4, 9)


def build(places: Places, plans: Sequence[Plan], *, now: datetime) -> int:
    """Screens for the patients of these plans; how many."""
    asked = 0
    for number, plan in enumerate(plans):
        if number % 10 in NOT_YET:
            continue
        said = SAID.get(number % 10)
        then = now - timedelta(days=18 - number % 7)
        answers = {flag: Answer.YES if flag is said else Answer.NO for flag in ASKED}
        red_flags.screen(plan.patient, occasion=Occasion.INTAKE, answers=answers, by=places.desk, now=then)
        asked += 1
        if said is Flag.CANCER_HISTORY:
            red_flags.clear(
                plan.patient,
                flags=[said],
                clinician="Dr. Lucía Prado, oncologist",
                seen_on=(then - timedelta(days=3)).date(),
                words="Ten years without a finding. Massage is fine; not over the scar.",
                by=plan.author.user,
                now=then + timedelta(hours=1),
            )
    return asked
