"""Rows A1-A4 of the goals: free times among a million visits, as bare SQL and through Tonus's own page, in one run.

    python -m benchmarks.availability [--runs 60] [--growth] [--peers] [--server postgres://... [--keep]]

Without a server it starts the embedded PostgreSQL as `make run` does, in a folder that it removes again.

Both databases are filled by the rule of `diary_data` and read from the disk once. Each question goes to PostgreSQL
twice by psycopg (one statement over multiranges; two small selects and arithmetic on bits) and to Tonus's page "Find
a time" (gunicorn, two processes), signed in at the front desk. Every answer must be the oracle's, start for start, or
the run ends there. `--growth` asks A2 again in a clinic with ten times the history (long: nine million visits are
loaded); `--peers` asks django-appointment on the same data (see `peers`).
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable, Collection, Iterator
from typing import Any
from urllib.parse import urlencode

import psycopg

from benchmarks import diary_data as rule
from benchmarks import diary_house, peers
from benchmarks.diary_data import Start
from benchmarks.diary_house import Desk, Diary, Times, timed

SQL = """
WITH work AS (
  SELECT w.therapist_id, range_agg(tstzrange((day + w.opens) AT TIME ZONE 'UTC', (day + w.closes) AT TIME ZONE 'UTC')) AS mr
  FROM generate_series(%(first)s::date, %(first)s::date + 27, interval '1 day') day
  JOIN working_hours w ON w.isodow = extract(isodow FROM day)
  WHERE w.therapist_id = ANY(%(ids)s) GROUP BY 1),
taken AS (
  SELECT therapist_id, range_agg(during) AS mr FROM (
    SELECT therapist_id, during FROM appointment WHERE therapist_id = ANY(%(ids)s) AND status <> 'cancelled'
       AND lower(during) >= %(t0)s::timestamptz - interval '12 hours' AND lower(during) < %(t1)s AND upper(during) > %(t0)s
    UNION ALL
    SELECT therapist_id, during FROM time_off WHERE therapist_id = ANY(%(ids)s) AND during && tstzrange(%(t0)s, %(t1)s)) x
  GROUP BY 1),
free AS (
  SELECT therapist_id, unnest(work.mr - coalesce(taken.mr, '{}')) AS r FROM work LEFT JOIN taken USING (therapist_id))
SELECT therapist_id, s FROM free, generate_series(lower(r), upper(r) - interval '60 min', interval '15 min') s
"""  # noqa: E501
CELLS = (
    "(extract(epoch FROM lower(during)) - %(e0)s)::int / 300, (extract(epoch FROM upper(during)) - %(e0)s)::int / 300"
)
TAKEN = f"""SELECT therapist_id, room_id, equipment_id, {CELLS} FROM appointment
WHERE (therapist_id = ANY(%(ids)s) OR room_id = ANY(%(rooms)s) OR equipment_id = ANY(%(devices)s))
AND status <> 'cancelled'
AND lower(during) >= %(t0)s::timestamptz - interval '12 hours' AND lower(during) < %(t1)s AND upper(during) > %(t0)s"""
TAKEN_BY_PEOPLE = TAKEN.replace(" OR room_id = ANY(%(rooms)s) OR equipment_id = ANY(%(devices)s)", "")
AWAY = f"""SELECT therapist_id, {CELLS} FROM time_off
WHERE therapist_id = ANY(%(ids)s) AND during && tstzrange(%(t0)s, %(t1)s)"""
WORK = """SELECT therapist_id, isodow, extract(epoch FROM opens)::int / 300, extract(epoch FROM closes)::int / 300
FROM working_hours WHERE therapist_id = ANY(%(ids)s)"""

DAY = 288  # cells of five minutes in a day
QUARTERS = sum(1 << cell for cell in range(0, DAY * rule.WINDOW_DAYS, 3))


# -- The raw limit -----------------------------------------------------------------------------------------


def values(base: dt.date, ids: Collection[int], rooms: Collection[int], devices: Collection[int]) -> dict[str, Any]:
    t0 = dt.datetime.combine(base, dt.time(), dt.UTC)
    t1 = t0 + dt.timedelta(rule.WINDOW_DAYS)
    return {
        "ids": list(ids), "rooms": list(rooms), "devices": list(devices), "first": base, "t0": t0, "t1": t1,
        "e0": t0.timestamp(),
    }  # fmt: skip


def by_sql(c: psycopg.Connection[Any], asked: dict[str, Any]) -> set[Start]:
    rows = c.execute(SQL, asked).fetchall()
    return {(t, (s - asked["t0"]).days, s.hour * 60 + s.minute) for t, s in rows}


def by_bits(c: psycopg.Connection[Any], asked: dict[str, Any]) -> list[tuple[int, int]]:
    """(therapist, cell): two or three small selects, then arithmetic on bits."""
    work: dict[int, int] = {}
    for t, weekday, opens, closes in c.execute(WORK, asked):
        for d in range(weekday - 1, rule.WINDOW_DAYS, 7):
            work[t] = work.get(t, 0) | _run(d * DAY + opens, d * DAY + closes)
    for t, a, b in c.execute(AWAY, asked):
        work[t] &= ~_run(a, b)
    rooms, devices = dict.fromkeys(asked["rooms"], -1), dict.fromkeys(asked["devices"], -1)
    for t, room, device, a, b in c.execute(TAKEN if rooms else TAKEN_BY_PEOPLE, asked):
        taken = ~_run(a, b)
        for of, which in ((work, t), (rooms, room), (devices, device)):
            if which in of:
                of[which] &= taken
    grid = QUARTERS
    for of in (rooms, devices):
        if of:
            grid &= _any(_starts(free) for free in of.values())
    return [(t, cell) for t, free in work.items() for cell in _cells(_starts(free) & grid)]


def _run(a: int, b: int) -> int:
    a, b = max(a, 0), min(b, DAY * rule.WINDOW_DAYS)
    return ((1 << (b - a)) - 1) << a if b > a else 0


def _starts(free: int) -> int:
    """Where twelve free cells begin."""
    free &= free >> 1
    free &= free >> 2
    free &= free >> 4
    return free & (free >> 4)


def _any(masks: Iterator[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _cells(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


# -- Tonus's page ------------------------------------------------------------------------------------------

ROW = re.compile(r'<th scope="row">Therapist (\d+)</th>(.*?)</tr>', re.DOTALL)
STRETCH = re.compile(r"@(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)Z\">\d\d:\d\d(?:–(\d\d):(\d\d))?</a>")


def sheet_of(diary: Diary, desk: Desk, ids: Collection[int], service: str) -> Callable[[], str]:
    """How the page is asked: as the desk's browser does when a choice is changed."""
    with psycopg.connect(diary.house.url) as c:
        uids = c.execute(
            "SELECT p.uid FROM clinic_practitioner p JOIN clinic_user u ON u.id = p.user_id WHERE u.name = ANY(%s)",
            [[f"Therapist {n}" for n in ids]],
        ).fetchall()
        found = c.execute("SELECT uid FROM scheduling_service WHERE name = %s", [service]).fetchone()
    fields = {"service": found[0] if found else "", "day": diary.base, "weeks": 4, "with": [uid for (uid,) in uids]}
    path = f"/schedule/find/?{urlencode(fields, doseq=True)}"

    def ask() -> str:
        status, body = desk.get(path, **{"HX-Request": "true", "HX-Target": "sheet"})
        if status != 200:
            raise SystemExit(f"The page answered {status}: {body[:400]}")
        return body

    return ask


def on_sheet(body: str, base: dt.date) -> set[Start]:
    """Every start that the sheet offers."""
    found = set()
    for number, fields in ROW.findall(body):
        for day, hour, minute, to_hour, to_minute in STRETCH.findall(fields):
            d = (dt.date.fromisoformat(day) - base).days
            first = int(hour) * 60 + int(minute)
            last = int(to_hour) * 60 + int(to_minute) if to_hour else first
            found |= {(int(number), d, m) for m in range(first, last + 1, 15)}
    return found


# -- The run -----------------------------------------------------------------------------------------------

QUESTIONS = (
    # row, what, therapists, rooms, devices, service, goal of p50, of p95
    ("A1", "1 therapist × 28 days", range(7, 8), (), (), "Examination", 10, None),
    ("A2", "50 therapists × 28 days", range(1, 51), (), (), "Examination", 35, 60),
    ("A3", "20 therapists, a room of 20, a device of 2", range(1, 21), rule.POOL_ROOMS, rule.DEVICES, "Pool", 70, None),
)


def run(diary: Diary) -> dict[str, Times]:
    """Asks each question here and there; the times of Tonus's page. Goals that are missed are said to be."""
    print(f"\n{'':52}{'raw: SQL':>10}{'bits':>8}{'Tonus over HTTP, ms':>30}{'to SQL':>9}")
    print(f"{'':52}{'p50':>10}{'p50':>8}{'least':>10}{'p50':>10}{'p95':>10}{'ratio':>9}")
    desk, took = Desk(diary), {}
    with psycopg.connect(diary.raw, autocommit=True) as c:
        c.execute("SET timezone = 'UTC'")
        for row, name, ids, rooms, devices, service, goal, goal95 in QUESTIONS:
            want = rule.free_with_places(ids, rooms, devices) if rooms else rule.free_starts(ids)
            asked = values(diary.base, ids, rooms, devices)
            _must_be(want, {(t, cell // DAY, cell % DAY * 5) for t, cell in by_bits(c, asked)}, f"{row}, bits")
            bits = timed(lambda asked=asked: by_bits(c, asked), runs=diary.asked.runs)
            limit = bits
            if not rooms:
                _must_be(want, by_sql(c, asked), f"{row}, SQL")
                limit = timed(lambda asked=asked: c.execute(SQL, asked).fetchall(), runs=diary.asked.runs)
            desk.come_back()
            ask = sheet_of(diary, desk, ids, service)
            right = ask()
            _must_be(want, on_sheet(right, diary.base), f"{row}, Tonus")
            page = took[row] = timed(_checked(ask, right), runs=diary.asked.runs)
            good = page.p50 <= goal and (goal95 is None or page.at(0.95) <= goal95)
            sql = "–" if rooms else f"{limit.p50:.1f}"
            print(
                f"{row:4}{name:48}{sql:>10}{bits.p50:8.1f}{page.at(0):10.1f}{page.p50:10.1f}{page.at(0.95):10.1f}"
                f"{page.p50 / limit.p50:9.1f}  {len(want)} starts, the oracle's{'' if good else '  GOAL MISSED'}",
                flush=True,
            )
    return took


def _checked(ask: Callable[[], str], right: str) -> Callable[[], None]:
    """An answer counts only when it is the one that was compared with the oracle."""

    def again() -> None:
        if ask() != right:
            raise SystemExit("The page answered something else than before.")

    return again


def _must_be(want: set[Start], got: set[Start], whose: str) -> None:
    if want != got:
        raise SystemExit(f"{whose}: {len(got)} starts, {len(want)} are free; {sorted(want ^ got)[:5]} differ.")


def _plans(diary: Diary) -> None:
    """How the two questions that grow with the clinic are answered."""
    asked = values(diary.base, range(1, 51), (), ())
    claims = (
        "SELECT resource_id, during FROM scheduling_claim WHERE resource_id = ANY(ARRAY(SELECT r.id FROM"
        " scheduling_resource r WHERE r.practitioner_id = ANY(%(ids)s))) AND lower(during) >"
        " %(t0)s::timestamptz - interval '12 hours' AND lower(during) < %(t1)s AND upper(during) > %(t0)s"
    )
    for name, url, sql in (("bare tables", diary.raw, TAKEN_BY_PEOPLE), ("Tonus's claims", diary.house.url, claims)):
        with psycopg.connect(url, autocommit=True) as c:
            print(f"  {name}:", *(f"    {line}" for line in diary_house.plan(c, sql, asked)), sep="\n")


def main() -> None:
    parser = diary_house.arguments(__doc__)
    parser.add_argument("--growth", action="store_true", help="A4: again with ten times the history")
    parser.add_argument("--peers", action="store_true", help="django-appointment on the same data")
    asked = parser.parse_args()
    with diary_house.opened(asked) as diary:
        took = run(diary)
        print("\nPlans:")
        _plans(diary)
        if asked.peers:
            with peers.opened(diary) as site:
                peers.free_times(site)
    missed = [row for row, _, _, _, _, _, goal, goal95 in QUESTIONS
              if took[row].p50 > goal or (goal95 and took[row].at(0.95) > goal95)]  # fmt: skip
    if asked.growth:
        asked.history_days *= 10
        with diary_house.opened(asked) as diary:
            grown = run(diary)["A2"].p50
        ratio = grown / took["A2"].p50
        print(f"A4  A2 with ten times the history: {ratio:.2f} × (goal 1.2){'  GOAL MISSED' if ratio > 1.2 else ''}")
        missed += ["A4"] if ratio > 1.2 else []
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
