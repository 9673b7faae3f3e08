"""What `benchmarks.gate` asks, once Django is set up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import Role, User
from patients.models import Condition, Injury, Medication, Patient, Surgery
from treatments import gate, rulebook, safety, screening
from treatments.models import Episode, RedFlagScreen, VisitCheck
from treatments.safety import Effect, Gate
from treatments.safety.redflags import ASKED

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
TODAY = date(2026, 11, 24)
OTHERS = 2000
WRITTEN = ("Osteoporosis", "Varicose veins", "Gout", "Sciatica", "Migraine", "pregnant, 20 weeks", "Asthma")


def measure(rounds: int) -> None:
    user = User.objects.create(email="bench@tonus.example", name="Bench", roles=[Role.OWNER, Role.THERAPIST])
    chance = random.Random(4)
    episode = a_patient(user, chance, long=True)
    for _ in range(OTHERS):
        a_patient(user, chance, long=False)
    connection.cursor().execute("ANALYZE")
    episode = Episode.objects.select_related("patient__merged_into").get(pk=episode.pk)
    verdicts = gate.read(episode, today=TODAY, now=NOW).each(episode.regions)
    assert verdicts["gentle"].word == "limits", verdicts["gentle"]
    assert verdicts["deep_tissue"].word == "blocked"
    assert {"MED-02", "CON-12", "RED-04"} <= {f.rule for f in verdicts["gentle"].findings}
    with CaptureQueriesContext(connection) as asked:
        reading = gate.read(episode, today=TODAY, now=NOW)
    print(f"rules in force: {len(reading.rules)}; statements of one reading: {len(asked)}")
    report("read one patient with a long history", rounds, lambda: gate.read(episode, today=TODAY, now=NOW))
    report("judge three techniques (pure)", rounds, lambda: reading.each(episode.regions))
    preview(episode)


def preview(one: Episode) -> None:
    present = list(Episode.objects.open().select_related("patient__merged_into").order_by("-pk"))
    rules = rulebook.in_force()
    block = Gate(Effect.BLOCK)
    changed = replace(next(rule for rule in rules if rule.id == "CON-12"), gates=(block, block, block))
    before = time.process_time()
    with CaptureQueriesContext(connection) as asked:
        read = screening.snapshots(present, today=TODAY, now=NOW)
    touched = rulebook.touched(changed, list(zip(present, read, strict=True)), rules)
    spent = time.process_time() - before
    expected = sum(safety.Concern.VARICOSE_VEINS in snapshot.known_concerns for snapshot in read)
    assert len({row.episode.pk for row in touched}) == expected
    print(f"preview over {len(present)} open episodes: {len(asked)} statements, {spent:.2f} s, {expected} touched")
    assert one.pk in {row.episode.pk for row in touched}


def a_patient(user: User, chance: random.Random, *, long: bool) -> Episode:
    patient = Patient.objects.create(
        given_name="Ana", family_name=f"N{chance.random():.9f}", born_on=date(1970, 5, 1), registered_at=NOW
    )
    made: dict[str, Any] = {"patient": patient, "recorded_at": NOW - timedelta(days=90)}
    many = 15 if long else 1
    names = [n for n in WRITTEN if "pregnant" not in n and n != "Sciatica"] if long else [chance.choice(WRITTEN)]
    Condition.objects.bulk_create(Condition(name=names[n % len(names)], **made) for n in range(2 * many))
    Medication.objects.bulk_create(
        Medication(name=f"Drug {n}", drug_classes=["anticoagulant" if n == 0 and long else "nsaid"], **made)
        for n in range(20 if long else 2)
    )
    if long:
        old = date(2019, 3, 1)
        Surgery.objects.bulk_create(Surgery(name="Knee", done_on=old, done_precision="day", **made) for _ in range(10))
        Injury.objects.bulk_create(
            Injury(cause="lifting", happened_on=old, happened_precision="day", **made) for _ in range(15)
        )
        answers = dict.fromkeys((flag.value for flag in ASKED), "no")
        RedFlagScreen.objects.bulk_create(
            RedFlagScreen(
                patient=patient, occasion="again", answers=answers, asked_at=NOW - timedelta(days=n), asked_by=user
            )
            for n in range(12)
        )
        VisitCheck.objects.bulk_create(
            VisitCheck(patient=patient, dose="no", asked_at=NOW - timedelta(days=n), asked_by=user) for n in range(40)
        )
    return Episode.objects.create(
        patient=patient, title="Back", cause="lifting", onset_on=date(2026, 10, 1), regions=["low_back_left"],
        tissue_state="active_spasm", tissue_seen_at=NOW, tissue_seen_by=user, opened_at=NOW, opened_by=user,
    )  # fmt: skip


def report(what: str, rounds: int, ask: Callable[[], object]) -> None:
    for _ in range(20):
        ask()
    spent = []
    for _ in range(rounds):
        before = time.process_time()
        ask()
        spent.append(1000 * (time.process_time() - before))
    spent.sort()
    print(f"{what}: median {spent[len(spent) // 2]:.2f} ms, p95 {spent[int(len(spent) * 0.95)]:.2f} ms processor time")
