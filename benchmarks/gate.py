"""The technique gate, per patient: statements, and processor time of reading and of judging.

    python -m benchmarks.gate [--rounds 300] [--server postgres://…]

One patient with a long history (30 conditions, 20 drugs, 10 operations, 15 injuries, 12 screens of red flags, 40
visits asked about) among 2,000 others with a short one, each with an open episode. No wrong answer is timed: the
verdicts must be those that the history calls for. What is counted is the processor time of this process; the
database's own work shows in the statements. At the end the preview of a changed rule, over all open episodes.
"""

from __future__ import annotations

import argparse
import importlib
import os

import django
import psycopg

from benchmarks.house import House, a_server


def main() -> None:
    parser = argparse.ArgumentParser(description="The technique gate, per patient.")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--server")
    asked = parser.parse_args()
    with a_server(asked.server) as server:
        name = "tonus_bench_gate"
        with psycopg.connect(server, autocommit=True) as c:
            c.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            c.execute(f"CREATE DATABASE {name}")
        house = House(server, name)
        house.manage("migrate", "-v0")
        os.environ.update(house.environment)
        django.setup()
        importlib.import_module("benchmarks.gate_asked").measure(asked.rounds)


if __name__ == "__main__":
    main()
