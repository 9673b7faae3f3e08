"""Row F of the goals: the chart of a patient with 300 notes, and a therapist's today page.

    python -m benchmarks.charting [--runs 200] [--server postgres://...]

Without a server it starts the embedded PostgreSQL as `make run` does, in a folder that it removes again.

The demo clinic, and 300 signed notes more of one patient, each with findings, techniques and exercises; every tenth is
read back and compared with what was written. Both pages are asked for as the therapist's browser asks, through all
middleware, signed in, permissions and audit on, in this process: so statements, bytes and processor time are those of
the page and of nothing else. The panels that a chart fetches beside itself are listed with their own figures.
"""

from __future__ import annotations

import argparse
import json
import sys

import psycopg

from benchmarks.house import House, a_server

NOTES = 300
MOST_MS, MOST_STATEMENTS, MOST_BYTES = 60, 12, 120_000


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--runs", type=int, default=200)
    asked.add_argument("--server")
    said = asked.parse_args()
    with a_server(said.server) as server:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS charting WITH (FORCE)")
            connection.execute("CREATE DATABASE charting")
        house = House(server, "charting")
        house.manage("migrate", "-v0")
        house.manage("seed")
        house.manage("collectstatic", "--noinput", "-v0")
        ask = f"from benchmarks import charting_pages; charting_pages.measure({NOTES}, {said.runs})"
        costs = json.loads(house.manage("shell", "-v0", "-c", ask))
    for cost in costs:
        print(
            f"{cost['page']:32} {cost['statements']:3} statements {cost['bytes'] / 1000:6.1f} kB"
            f"  processor {cost['processor']:5.1f} ms  p50 {cost['p50']:5.1f} ms  p95 {cost['p95']:5.1f} ms"
        )
    print(f"goal of chart and today: ≤ {MOST_STATEMENTS} statements, < {MOST_BYTES // 1000} kB, ≤ {MOST_MS} ms")
    return 0 if all(map(_good, costs[:2])) else 1


def _good(cost: dict[str, float]) -> bool:
    small = cost["statements"] <= MOST_STATEMENTS and cost["bytes"] < MOST_BYTES
    return small and cost["p50"] <= MOST_MS


if __name__ == "__main__":
    sys.exit(main())
