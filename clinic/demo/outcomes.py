"""Whether it helps: first and later measurements, some taken by link, and diaries of spasms."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from clinic import links
from clinic.links import Purpose
from clinic.models import ActionLink
from patients.models import Patient
from treatments import asking, measuring, spasms
from treatments.models import Plan
from treatments.models.spasms import Duration, Stopped, Trigger

#: So many days ago was pain asked about, and how it went; the last three are told apart by what they suggest.
DAYS = (20, 13, 6, 1)
COURSES = ((7, 6, 4, 3), (8, 7, 5, 4), (6, 6, 5, 4), (7, 5, 4, 3), (5, 5, 4, 4), (8, 6, 6, 5))
TOLD_APART = {0: (7, 4, 2, 1), 1: (5, 4, 4, 7), 2: (6, 6, 5, 6)}
ACTIVITIES = ("Lifting my son", "Sitting through a meeting", "Walking the dog")
MEASURED, DIARIES, KEPT_FOR = 48, 3, 34


def build(plans: Sequence[Plan], *, now: datetime) -> int:
    """Measurements for the first accepted plans, diaries for three patients; returns how many were measured."""
    chance = random.Random(11)
    chosen = [plan for plan in plans if plan.accepted_at][:MEASURED]
    for number, plan in enumerate(chosen):
        _course(number, plan, now=now, chance=chance)
    for number, plan in enumerate(chosen[:DIARIES]):
        _diary(number, plan, now=now, chance=chance)
    for plan in chosen[3:5]:
        asking.ask(patient=plan.patient, measures=["nprs", "groc"], episode=plan.episode, by=plan.author.user, now=now)
    return len(chosen)


def _course(number: int, plan: Plan, *, now: datetime, chance: random.Random) -> None:
    pain = TOLD_APART.get(number) or COURSES[number % len(COURSES)]
    for step, (days, strong) in enumerate(zip(DAYS, pain, strict=True)):
        at = now - timedelta(days=days, hours=chance.randint(0, 3))
        said: list[tuple[str, str, dict[str, Any]]] = [("nprs", "", {"answer": strong})]
        if step in (0, 3):
            ticked = sorted(chance.sample(range(1, 25), min(24, max(0, 2 * strong + chance.randint(-1, 1)))))
            said.append(("rmdq", "", {"ticked": ticked}))
        if number % 4 == 0 and step != 1:
            rated = [[name, max(0, min(10, 10 - strong + n - 1))] for n, name in enumerate(ACTIVITIES)]
            said.append(("psfs", "", {"activities": rated}))
        if number % 3 == 0 and step in (0, 3):
            said.append(("rom", "lumbar_flexion", {"degrees": 62 - 4 * strong}))
        if step == 3:
            said.append(("groc", "", {"answer": max(-7, min(7, pain[0] - strong))}))
        for measure, detail, answers in said:
            measuring.take(
                patient=plan.patient,
                measure=measure,
                detail=detail,
                answers=answers,
                episode=plan.episode,
                taken_at=at,
                by=plan.author.user,
                now=at,
            )


def _diary(number: int, plan: Plan, *, now: datetime, chance: random.Random) -> None:
    """Fewer and milder as the weeks go by; for the second patient more again lately."""
    patient: Patient = plan.patient
    opened = now - timedelta(days=KEPT_FOR)
    diary = spasms.open_for(patient, by=plan.author.user, now=opened)
    token = links.issue(
        purpose=Purpose.SPASM_DIARY, subject_uid=diary.uid, expires_at=now + timedelta(days=56), now=opened
    )
    link = ActionLink.objects.get(digest=links.digest_of(token))
    for day in range(KEPT_FOR - 1, 0, -1):
        lately = number == 1 and day < 9
        for _ in range(chance.choice((0, 1, 1, 2)) if day > 18 or lately else chance.choice((0, 0, 0, 1))):
            at = now - timedelta(days=day, minutes=chance.randint(0, 600))
            severity = chance.randint(4, 8) if day > 18 or lately else chance.randint(2, 5)
            entry = spasms.note(link=link, severity=severity, key=uuid.UUID(int=chance.getrandbits(128)), now=at)
            spasms.correct(
                link=link,
                entry=entry,
                severity=severity,
                happened_at=at,
                duration=chance.choice(Duration.values),
                trigger=chance.choice(Trigger.values),
                stopped=chance.sample(Stopped.values, chance.choice((0, 0, 1, 2))),
                medication_taken=severity > 6,
                now=at,
            )
