"""Row C1 of the goals: a week of twenty therapists out of a million visits, as bare SQL and through Tonus's diary.

    python -m benchmarks.diary_feed [--runs 60] [--peers] [--server postgres://... [--keep]]

Without a server it starts the embedded PostgreSQL as `make run` does, in a folder that it removes again.

Twenty of the two hundred therapists work at a house of their own (see `diary_data`). Their week is read by psycopg, as
rows and as JSON built by the server, and asked of Tonus's diary over HTTP, signed in at the front desk: the grid alone,
as a page that is open asks for it when something has changed; the question whether anything has; and the whole page.
Each visit of the week must be there, and none else. Everybody who is shown is written down in the audit, each time.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys

import psycopg

from benchmarks import diary_data as rule
from benchmarks import diary_house, peers
from benchmarks.diary_house import Desk, Diary, Times, timed

FROM = """FROM appointment a JOIN patient p ON p.id = a.patient_id
WHERE a.therapist_id = ANY(%(ids)s) AND lower(a.during) >= %(t0)s::timestamptz - interval '12 hours'
AND lower(a.during) < %(t1)s AND upper(a.during) > %(t0)s"""
ROWS = f"""SELECT a.id, a.therapist_id, a.room_id, lower(a.during), upper(a.during), a.status, p.first_name, p.last_name
{FROM}"""
JSON = f"""SELECT json_agg(json_build_object('id', a.id, 'therapist', a.therapist_id, 'room', a.room_id,
'start', lower(a.during), 'end', upper(a.during), 'status', a.status,
'title', p.first_name || ' ' || p.last_name))::text
{FROM}"""
VISIT = re.compile(r"/schedule/visit/([0-9a-f-]{36})/")
GOAL_P50, GOAL_P95, GOAL_PAGE = 12, 25, 60


def run(diary: Diary) -> bool:
    t0 = dt.datetime.combine(diary.base, dt.time(), dt.UTC)
    asked = {"ids": list(rule.SECOND_HOUSE), "t0": t0, "t1": t0 + dt.timedelta(7)}
    want = sum(rule.works(t, d) and rule.booked(t, d, h) for t in asked["ids"] for d in range(7) for h in rule.HOURS)
    with psycopg.connect(diary.raw, autocommit=True) as c:
        c.execute("SET timezone = 'UTC'")
        if not len(c.execute(ROWS, asked).fetchall()) == want == len(json.loads(_one(c, JSON, asked))):
            raise SystemExit("The bare tables do not hold the week of the rule.")
        print(f"\nC1  20 therapists × 1 week, {want} visits")
        runs = diary.asked.runs
        _say("bare tables, rows", timed(lambda: c.execute(ROWS, asked).fetchall(), runs=runs))
        _say("bare tables, JSON by the server", timed(lambda: _one(c, JSON, asked), runs=runs))
    with psycopg.connect(diary.house.url) as c:
        place = _one(c, "SELECT uid FROM clinic_location WHERE name = 'Second House'")
        rows = c.execute(
            "SELECT a.uid FROM scheduling_appointment a JOIN clinic_location l ON l.id = a.location_id"
            " WHERE l.name = 'Second House' AND starts_at >= %(t0)s AND starts_at < %(t1)s",
            asked,
        )
        right = {str(uid) for (uid,) in rows}
    if len(right) != want:
        raise SystemExit(f"Tonus holds {len(right)} visits of that week, {want} are the rule's.")
    return _ask_tonus(diary, f"/schedule/week/?location={place}&practitioner=all&day={diary.base}", right)


def _ask_tonus(diary: Diary, path: str, right: set[str]) -> bool:
    desk, runs, by_htmx = Desk(diary), diary.asked.runs, {"HX-Request": "true", "HX-Target": "diary"}

    def shows(status: int, body: str) -> str:
        if status != 200 or set(VISIT.findall(body)) != right:
            raise SystemExit(f"The diary answered {status} and shows {len(set(VISIT.findall(body)))} of {len(right)}.")
        return body

    seen = re.search(r"seen=([0-9a-f]+)", shows(*desk.get(path, **by_htmx)))
    grid = timed(lambda: shows(*desk.get(path, **by_htmx)), runs=runs)
    good = grid.p50 <= GOAL_P50 and grid.at(0.95) <= GOAL_P95
    _say("Tonus over HTTP, the grid", grid, good=good)
    if seen:
        url = f"{path}&seen={seen[1]}"
        _say(
            "Tonus over HTTP, nothing has changed",
            timed(lambda: desk.get(url, **by_htmx, **{"X-Passive": "1"}), runs=runs),
        )
    whole = timed(lambda: shows(*desk.get(path)), runs=runs)
    _say("Tonus over HTTP, the whole page", whole, good=whole.p50 <= GOAL_PAGE)
    return good and whole.p50 <= GOAL_PAGE


def _one(c: psycopg.Connection[tuple[str]], sql: str, values: dict[str, object] | None = None) -> str:
    row = c.execute(sql, values).fetchone()
    return row[0] if row else ""


def _say(name: str, times: Times, *, good: bool = True) -> None:
    print(
        f"    {name:44}p50 {times.p50:7.1f}  p95 {times.at(0.95):7.1f} ms{'' if good else '  GOAL MISSED'}", flush=True
    )


def main() -> None:
    parser = diary_house.arguments(__doc__)
    parser.add_argument("--peers", action="store_true", help="django-scheduler on the same data")
    asked = parser.parse_args()
    with diary_house.opened(asked) as diary:
        met = run(diary)
        with psycopg.connect(diary.house.url, autocommit=True) as c:
            visits = (
                "SELECT id FROM scheduling_appointment WHERE location_id = (SELECT id FROM clinic_location"
                " WHERE name = 'Second House') AND starts_at > %(t0)s::timestamptz - interval '12 hours'"
                " AND starts_at < %(t0)s::timestamptz + interval '7 days' AND ends_at > %(t0)s"
            )
            print("\nPlan:", *diary_house.plan(c, visits, {"t0": diary.base}), sep="\n    ")
        if asked.peers:
            with peers.opened(diary) as site:
                peers.feed(site)
    sys.exit(not met)


if __name__ == "__main__":
    main()
