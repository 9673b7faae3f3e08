"""Rows B1 and B2 of the goals: bookings a second, and the race for one place, as bare SQL and through Tonus's own page.

    python -m benchmarks.booking [--bookings 4000] [--rounds 100] [--peers] [--server postgres://... [--keep]]

Without a server it starts the embedded PostgreSQL as `make run` does, in a folder that it removes again.

Both databases are filled by the rule of `diary_data`; what is booked lies in the empty weeks after its window. By
psycopg: one insert under three exclusion constraints, behind a sorted advisory lock. Through Tonus: the form of the
booking page, posted by eight people who have signed in, to gunicorn (two processes); permission, rules, room, claims,
care team, confirmation and reminder, history and audit are all part of it. What was stored is counted afterwards, and
the run ends when it is not what was answered.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors

from benchmarks import diary_data as rule
from benchmarks import diary_house, peers
from benchmarks.diary_house import Desk, Diary, Times

#: The sorted lock first, so that who clashes meets a committed row instead of a deadlock.
INSERT = """WITH queue AS MATERIALIZED (SELECT pg_advisory_xact_lock(1, %(t)s))
INSERT INTO appointment (therapist_id, room_id, equipment_id, patient_id, during)
SELECT %(t)s, %(t)s, NULL, 1, tstzrange(%(a)s, %(b)s) FROM queue"""
#: The first empty week after the window.
FIRST_DAY = 35
CLIENTS, RACERS = 8, 50
#: How the page answers htmx when a visit is booked: go on to it.
BOOKED = 204
GOAL_RATE, GOAL_P99, GOAL_ROUND, GOAL_WORST = 400, 60, 100, 500


@dataclass
class Booked:
    """What came of many tries: answers by status, and milliseconds, sorted."""

    answers: Counter[int]
    times: Times
    seconds: float


def slot(number: int) -> tuple[int, int]:
    """(day, hour) of the n-th hour in which everybody works, from the first empty week on."""
    weeks, rest = divmod(number, 35)
    day, hour = divmod(rest, 7)
    return FIRST_DAY + weeks * 7 + day, rule.HOURS[hour]


# -- The raw limit -----------------------------------------------------------------------------------------


def put(c: psycopg.Connection[Any], base: dt.date, t: int, number: int) -> int:
    """201 stored, 409 taken, 500 deadlock."""
    day, hour = slot(number)
    at = dt.datetime.combine(base + dt.timedelta(day), dt.time(hour), dt.UTC)
    try:
        c.execute(INSERT, {"t": t, "a": at, "b": at + dt.timedelta(hours=1)})
    except errors.ExclusionViolation:
        return 409
    except errors.DeadlockDetected:
        return 500
    return 201


def raw_rate(diary: Diary, count: int) -> Booked:
    connections = [psycopg.connect(diary.raw, autocommit=True) for _ in range(CLIENTS)]
    connections[0].execute("DELETE FROM appointment WHERE lower(during) > %s", [diary.base + dt.timedelta(28)])
    jobs = [
        [lambda c=c, t=t, n=n: put(c, diary.base, t, n) for t, n in of_client(w, count)]
        for w, c in enumerate(connections)
    ]
    came_to = together(jobs)
    for c in connections:
        c.close()
    return came_to


def raw_race(diary: Diary, rounds: int) -> list[Booked]:
    connections = [psycopg.connect(diary.raw, autocommit=True) for _ in range(RACERS)]
    connections[0].execute("DELETE FROM appointment WHERE lower(during) > %s", [diary.base + dt.timedelta(28)])
    came_to = [together([[lambda c=c, k=k: put(c, diary.base, 7, k)] for c in connections]) for k in range(rounds)]
    for c in connections:
        c.close()
    return came_to


def of_client(w: int, count: int) -> list[tuple[int, int]]:
    """(therapist, slot): no two the same, eight clients at a time; of the main house."""
    among = [t for t in range(1, rule.THERAPISTS + 1) if t not in rule.SECOND_HOUSE][w::CLIENTS]
    return [(among[i % len(among)], i // len(among)) for i in range(count // CLIENTS)]


def together(jobs: Sequence[Sequence[Callable[[], int]]]) -> Booked:
    """Each list of jobs by a thread of its own, all begun at the same moment."""
    gate = threading.Barrier(len(jobs) + 1)
    answers: Counter[int] = Counter()
    took: list[float] = []

    wrong: list[BaseException] = []

    def run(mine: Sequence[Callable[[], int]]) -> None:
        gate.wait()
        for job in mine:
            started = time.perf_counter()
            try:
                status = job()
            except (Exception, SystemExit) as what:  # said by the thread that waits, not lost with this one
                wrong.append(what)
                return
            took.append((time.perf_counter() - started) * 1e3)
            answers[status] += 1

    threads = [threading.Thread(target=run, args=(mine,)) for mine in jobs]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return Booked(answers, Times(sorted(took)), time.perf_counter() - began)


# -- Tonus's page ------------------------------------------------------------------------------------------


class Office:
    """Eight people at as many desks, and all that can be booked."""

    def __init__(self, diary: Diary) -> None:
        self.diary = diary
        self.headers = diary.house.signed_in_many(CLIENTS)
        self.people = diary.ids("clinic_practitioner")
        self.rooms = diary.ids("scheduling_room")
        with psycopg.connect(diary.house.url) as c:
            self.patients = [str(uid) for (uid,) in c.execute(
                "SELECT uid FROM patients_patient WHERE email <> '' ORDER BY id LIMIT 20000").fetchall()]  # fmt: skip
            self.services = dict(c.execute("SELECT name, uid FROM scheduling_service").fetchall())
            row = c.execute("SELECT uid FROM clinic_location WHERE name = 'Main Street'").fetchone()
        self.location = row[0] if row else None
        self.next_patient = 0

    def desk(self, number: int) -> Desk:
        return Desk(self.diary, self.headers[number % CLIENTS])

    def form(
        self, t: int, number: int, *, service: str = "Massage", room: int | None = None, shift: int = 0
    ) -> dict[str, Any]:
        """The booking form for that therapist and hour: pressed on an offered time, or typed with a room."""
        day, hour = slot(number)
        on = self.diary.base + dt.timedelta(day)
        self.next_patient = (self.next_patient + 1) % len(self.patients)
        fields = {
            "patient": self.patients[self.next_patient], "location": self.location, "service": self.services[service],
            "request_key": uuid.uuid4(),
        }  # fmt: skip
        if room is None:
            return fields | {"pick": f"{self.people[t - 1]}@{on}T{hour:02d}:{shift:02d}Z"}
        typed = {"practitioner": self.people[t - 1], "day": on, "time": f"{hour:02d}:{shift:02d}"}
        return fields | typed | {"room": self.rooms[room - 1]}

    def post(self, desk: Desk, fields: dict[str, Any]) -> int:
        by_htmx = {"HX-Request": "true", "HX-Target": "answer"}
        status, body = desk.post(f"/schedule/book/?patient={fields['patient']}", fields, **by_htmx)
        if status not in (BOOKED, 409):
            raise SystemExit(f"The page answered {status}: {body[:600]}")
        if status == 409 and "These are free" not in body:
            raise SystemExit("A refusal named no other times.")
        return status

    def clean(self) -> None:
        """Forget what earlier runs booked."""
        with psycopg.connect(self.diary.house.url) as c:
            c.execute("SET session_replication_role = replica")
            after = [self.diary.base + dt.timedelta(28)]
            c.execute(
                "DELETE FROM clinic_outboundmessage WHERE subject_uid IN"
                " (SELECT uid FROM scheduling_appointment WHERE starts_at > %s)",
                after,
            )
            c.execute("DELETE FROM scheduling_claim WHERE lower(during) > %s", after)
            c.execute("DELETE FROM scheduling_appointment WHERE starts_at > %s", after)
            c.execute("DELETE FROM patients_careteammember")
        tables = "scheduling_claim, scheduling_appointment, clinic_outboundmessage, patients_careteammember"
        with psycopg.connect(self.diary.house.url, autocommit=True) as c:
            c.execute(f"VACUUM ANALYZE {tables}")

    def stored(self) -> int:
        with psycopg.connect(self.diary.house.url) as c:
            row = c.execute(
                "SELECT count(*), (SELECT count(*) FROM scheduling_claim a JOIN scheduling_claim b ON a.id < b.id AND"
                " a.resource_id = b.resource_id AND a.seat = b.seat AND a.during && b.during AND lower(a.during) > %s)"
                " FROM scheduling_appointment WHERE starts_at > %s",
                [self.diary.base + dt.timedelta(28)] * 2,
            ).fetchone()
        if row is None or row[1]:
            raise SystemExit(f"{row} claims overlap.")
        return int(row[0])


def rate(office: Office, count: int, *, named: bool) -> Booked:
    """B1: eight people, different places; the room named as in the raw limit, or any that will do."""
    office.clean()
    jobs = []
    for w in range(CLIENTS):
        desk = office.desk(w)
        forms = [office.form(t, n, room=t if named else None) for t, n in of_client(w, count)]
        jobs.append([lambda d=desk, f=form: office.post(d, f) for form in forms])
    came_to = together(jobs)
    if came_to.answers[BOOKED] != office.stored():
        raise SystemExit(f"{came_to.answers} were answered, {office.stored()} are stored.")
    return came_to


#: What is raced for: how the form of racer n in round k looks, and how many can win.
RACES: dict[str, tuple[Callable[[Office, int, int], dict[str, Any]], int]] = {
    "one therapist": (lambda o, _, k: o.form(7, k), 1),
    "one room": (lambda o, n, k: o.form(1 + n, k, room=7), 1),
    "two devices": (lambda o, n, k: o.form(1 + n, k, service="Pool"), 2),
    # At nine and at one: an hour and the next are worked, so nothing is refused for another reason.
    "times that overlap in part": (lambda o, n, k: o.form(7, k // 2 * 7 + k % 2 * 3, shift=5 * (n % 8)), 1),
}


def race(office: Office, name: str, rounds: int) -> list[Booked]:
    """B2: fifty browsers press at the same moment, round after round."""
    office.clean()
    form, winners = RACES[name]
    desks = [office.desk(n) for n in range(RACERS)]
    came_to = []
    for k in range(rounds):
        forms = [form(office, n, k) for n in range(RACERS)]
        for desk in desks:
            desk.come_back()
        one = together([[lambda d=d, f=f: office.post(d, f)] for d, f in zip(desks, forms, strict=True)])
        if one.answers != Counter({BOOKED: winners, 409: RACERS - winners}):
            raise SystemExit(f"{name}, round {k}: {dict(one.answers)}")
        came_to.append(one)
    if office.stored() != rounds * winners:
        raise SystemExit(f"{name}: {office.stored()} are stored after {rounds} rounds.")
    return came_to


# -- The run -----------------------------------------------------------------------------------------------


def run(diary: Diary, count: int, rounds: int) -> bool:
    office, met = Office(diary), True
    print(f"\nB1  {count} bookings into different places, {CLIENTS} clients")
    limit = raw_rate(diary, count)
    _say_rate("bare tables, lock and three constraints", limit, count)
    alone = rate_of_one(office, min(count, 400))
    _say_rate("Tonus over HTTP, one client", alone, min(count, 400))
    for name, named in (("room named", True), ("any suitable room", False)):
        got = rate(office, count, named=named)
        good = count / got.seconds >= GOAL_RATE and got.times.at(0.99) <= GOAL_P99
        _say_rate(f"Tonus over HTTP, {name}", got, count, "" if good else "  GOAL MISSED")
        met &= good
    print(f"\nB2  {RACERS} browsers race, {rounds} rounds: one wins, the others are told what is free")
    _say_race("bare tables, lock and three constraints", raw_race(diary, rounds))
    for name in RACES:
        met &= _say_race(f"Tonus over HTTP, {name}", race(office, name, rounds), goal=True)
    office.clean()
    return met


def rate_of_one(office: Office, count: int) -> Booked:
    """One person after the other: what a booking costs when nobody else wants anything."""
    office.clean()
    desk = office.desk(0)
    forms = [office.form(1 + n % 100, n // 100) for n in range(count)]
    return together([[lambda f=form: office.post(desk, f) for form in forms]])


def _say_rate(name: str, got: Booked, count: int, verdict: str = "") -> None:
    times = got.times
    print(
        f"    {name:44}{count / got.seconds:8.0f}/s   p50 {times.p50:7.1f}  p99 {times.at(0.99):7.1f}"
        f"  max {times.at(1):7.1f} ms  {dict(got.answers)}{verdict}",
        flush=True,
    )


def _say_race(name: str, came_to: list[Booked], *, goal: bool = False) -> bool:
    took = sorted(one.seconds * 1e3 for one in came_to)
    good = not goal or (statistics.median(took) <= GOAL_ROUND and took[-1] <= GOAL_WORST)
    answers = sum((one.answers for one in came_to), Counter[int]())
    print(
        f"    {name:44}round p50 {statistics.median(took):7.1f}  max {took[-1]:7.1f} ms  {dict(answers)}"
        f"{'' if good else '  GOAL MISSED'}",
        flush=True,
    )
    return good


def main() -> None:
    parser = diary_house.arguments(__doc__)
    parser.add_argument("--bookings", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--peers", action="store_true", help="django-appointment on the same data")
    asked = parser.parse_args()
    with diary_house.opened(asked) as diary:
        met = run(diary, asked.bookings, asked.rounds)
        if asked.peers:
            with peers.opened(diary) as site:
                peers.bookings(site)
    sys.exit(not met)


if __name__ == "__main__":
    main()
