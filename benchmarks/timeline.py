"""The timeline of a patient of many years: statements, and processor time of the page in one process.

    python -m benchmarks.timeline [--requests 200] [--server postgres://…]

One patient with 300 signed sessions, 240 measurements of four kinds, a diary of two years with 500 spasms and ten
drugs, among 200 others with a fifth of that. The page is asked through the whole stack (middleware, permissions, audit,
template) by Django's client, signed in as the therapist, after a warm-up. No wrong answer is timed: every curve must
have as many values as were written, and every session and spasm must be there. What is counted is the processor
time of this process; the database's own work shows in the statements.
"""

from __future__ import annotations

import argparse
import importlib
import os

import django
import psycopg

from benchmarks.house import House, a_server


def main() -> None:
    parser = argparse.ArgumentParser(description="The timeline of a patient of many years.")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--server")
    asked = parser.parse_args()
    with a_server(asked.server) as server:
        name = "tonus_bench_timeline"
        with psycopg.connect(server, autocommit=True) as c:
            c.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            c.execute(f"CREATE DATABASE {name}")
        house = House(server, name)
        house.manage("migrate", "-v0")
        house.manage("collectstatic", "--noinput", "-v0")
        os.environ.update(house.environment)
        django.setup()
        importlib.import_module("benchmarks.timeline_page").measure(asked.requests)


if __name__ == "__main__":
    main()
