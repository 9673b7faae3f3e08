"""What benchmarks.charting runs inside Tonus: 300 notes by its own verbs, and its pages through all middleware."""

from __future__ import annotations

import json
import statistics
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment

from clinic import time as clock
from clinic.models import User
from treatments import notes
from treatments.models import Exercise, Plan, SessionNote


def measure(many: int, runs: int) -> None:
    """Prints what each page costs, as JSON."""
    setup_test_environment()
    therapist = User.objects.get(email="therapist@tonus.example")
    draft = _after_many_notes(therapist, many)
    client = Client()
    client.force_login(therapist, backend=settings.AUTHENTICATION_BACKENDS[-1])
    costs = [
        _cost(client, f"chart, {many} notes before it", f"/treatments/note/{draft.uid}/chart/", runs),
        _cost(client, "today", "/schedule/today/", runs),
        _cost(client, "beside the chart: the gate", f"/treatments/note/{draft.uid}/gate/", runs, beside=True),
    ]
    print(json.dumps(costs))


def _after_many_notes(therapist: User, many: int) -> SessionNote:
    """The draft of a session a moment ago, carried over from the last of many signed notes."""
    now = clock.now()
    plan = Plan.objects.filter(patient__care_team__practitioner__user=therapist).select_related("patient").first()
    if plan is None:
        raise SystemExit("The demo's therapist has no plan.")
    said = _content()
    for n in range(many):
        note = _draft(plan, therapist, now - timedelta(days=many + 1 - n), now)
        note = notes.save_draft(note, content=said, revision=note.revision, by=therapist, now=now)
        note = notes.sign(note, revision=note.revision, by=therapist, now=now)
        if n % 10 == 0 and not (notes.is_intact(note) and notes.content_of(note) == said):
            raise SystemExit("A note does not say what was written.")
    return notes.carry(_draft(plan, therapist, now - timedelta(minutes=20), now), by=therapist, now=now)


def _draft(plan: Plan, therapist: User, service_at: datetime, now: datetime) -> SessionNote:
    return notes.start(
        patient=plan.patient, plan=plan, practitioner=therapist.practitioner, visit_uid=None, service_at=service_at,
        by=therapist, now=now,
    )  # fmt: skip


def _content() -> notes.Content:
    return notes.Content(
        subjective="Slept better, two spasms in the morning.", objective="Tone high left of L4, guarded.",
        response="Moves more easily.", assessment="Settling.", next_steps="Same again.", pain_before=6, pain_after=3,
        spasms_since_last=2, palpations=(notes.Palpated("low_back_left", "spasm", 2),) * 3,
        motions=(notes.Moved("lumbar_flexion", 45), notes.Moved("leg_raise_left", 60)),
        strengths=(notes.Strength("great_toe_left", "4+"),),
        techniques=(notes.Applied("gentle", "low_back_left", 20, 2),) * 3,
        exercises=(notes.Done(Exercise.objects.in_use()[0], 3, 10),) * 3,
    )  # fmt: skip


def _cost(client: Client, page: str, url: str, runs: int, *, beside: bool = False) -> dict[str, object]:
    headers = {"HX-Request": "true"} if beside else {}
    for _ in range(10):
        client.get(url, headers=headers)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(url, headers=headers)
    statements = len(asked)  # the next request forgets them
    if answer.status_code != 200:
        raise SystemExit(f"{answer.status_code} {url}")
    walls, began = [], time.process_time()
    for _ in range(runs):
        at = time.perf_counter()
        client.get(url, headers=headers)
        walls.append(1000 * (time.perf_counter() - at))
    return {
        "page": page,
        "statements": statements,
        "bytes": len(answer.content),
        "processor": 1000 * (time.process_time() - began) / runs,
        "p50": statistics.median(walls),
        "p95": sorted(walls)[int(runs * 0.95)],
    }
