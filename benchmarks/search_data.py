"""The data rule of the search benchmark: a million patients, the same for every system measured (seed 1).

Names follow a Zipf-like law (the commonest surname is 2.3 % of the people); the rule and its seed are those of the
raw-limit scripts, so that answers and times compare.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import time
import uuid
from collections.abc import Iterator

import psycopg

SYLLABLES = (
    "an ar ba be bel ber bo bri ca car che co da del di do el en er fa fer fi ga gar go ha har hi ja jo ka kel la le "
    "li lo ma mar mi mo na ne ni no o pa per po ra re ri ro sa ser shi so ta ter ti to va ver vi wa wil wo ya za"
)
TOP_LAST = (
    "smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson "
    "anderson thomas taylor moore jackson martin"
)
TOP_FIRST = (
    "james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph "
    "jessica thomas sarah"
)
Row = tuple[int, str, str, str, dt.date]

RAW_SCHEMA = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
DROP TABLE IF EXISTS patient;
CREATE TABLE patient (
  id int PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL, phone text NOT NULL, dob date NOT NULL);
"""
RAW_INDEXES = """
CREATE INDEX patient_trgm ON patient USING gin ((lower(first_name || ' ' || last_name || ' ' || phone)) gin_trgm_ops);
CREATE INDEX patient_last ON patient (lower(last_name) text_pattern_ops, lower(first_name) text_pattern_ops);
CREATE INDEX patient_phone ON patient (reverse(phone) text_pattern_ops);
CREATE INDEX patient_dob ON patient (dob, lower(last_name) text_pattern_ops);
"""
COLUMNS = (
    "uid, given_name, family_name, preferred_name, pronouns, sex, born_on, phone, other_phone, email, address_line, "
    "city, region, postal_code, country, preferred_channel, language, allergy_status, registered_at, "
    "deactivated_reason, revision"
)


def _pool(top: str, n: int, rnd: random.Random) -> list[str]:
    syllables, names = SYLLABLES.split(), top.split()
    seen = set(names)
    while len(names) < n:
        word = "".join(rnd.choices(syllables, k=rnd.choice((2, 3, 3, 4))))
        if word not in seen:
            seen.add(word)
            names.append(word)
    return names


def patients(n: int) -> Iterator[Row]:
    """(number, first name, last name, phone, date of birth) of n people."""
    rnd = random.Random(1)
    last, first = _pool(TOP_LAST, 20_000, rnd), _pool(TOP_FIRST, 3_000, rnd)
    weights_last = list(itertools.accumulate(1 / (i + 3) ** 0.9 for i in range(len(last))))
    weights_first = list(itertools.accumulate(1 / (i + 3) ** 0.9 for i in range(len(first))))
    lasts = rnd.choices(last, cum_weights=weights_last, k=n)
    firsts = rnd.choices(first, cum_weights=weights_first, k=n)
    born = dt.date(1930, 1, 1)
    for i in range(n):
        phone = f"+1{rnd.randrange(2_000_000_000, 9_999_999_999)}"
        yield i + 1, firsts[i].title(), lasts[i].title(), phone, born + dt.timedelta(rnd.randrange(34_000))


def load_raw(dsn: str, n: int) -> float:
    """The bare table of the raw limit; returns seconds."""
    started = time.perf_counter()
    with psycopg.connect(dsn, autocommit=True) as c:
        c.execute(RAW_SCHEMA)
        with c.cursor() as cursor, cursor.copy("COPY patient FROM STDIN") as copy:
            for row in patients(n):
                copy.write_row(row)
        c.execute(RAW_INDEXES)
        c.execute("VACUUM ANALYZE patient")
    return time.perf_counter() - started


def load_tonus(dsn: str, n: int) -> float:
    """Tonus's own table by COPY, every trigger and index of the product in place; returns seconds."""
    started = time.perf_counter()
    now = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    rnd = random.Random(3)
    with psycopg.connect(dsn, autocommit=True) as c:
        with c.cursor() as cursor, cursor.copy(f"COPY patients_patient ({COLUMNS}) FROM STDIN") as copy:
            for _, given, family, phone, born_on in patients(n):
                uid = uuid.UUID(int=rnd.getrandbits(128), version=4)
                copy.write_row(
                    (uid, given, family, "", "", "unknown", born_on, phone, "", "", "", "", "", "", "US", "none", "en",
                     "not_asked", now, "", 1)
                )  # fmt: skip
        took = time.perf_counter() - started
        c.execute("VACUUM ANALYZE patients_patient")
        c.execute("VACUUM ANALYZE patients_nameword")
    return took
