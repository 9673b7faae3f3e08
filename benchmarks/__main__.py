"""Every benchmark, one after the other. `python -m benchmarks`."""

import subprocess
import sys

WORK = (
    ("benchmarks.start",),
    ("benchmarks.search",),
    ("benchmarks.availability", "--peers", "--growth"),
    ("benchmarks.booking", "--peers"),
    ("benchmarks.diary_feed", "--peers"),
    ("benchmarks.reminders",),
    ("benchmarks.gate",),
    ("benchmarks.timeline",),
    ("benchmarks.charting",),
)

if __name__ == "__main__":
    codes = [subprocess.run([sys.executable, "-m", *words], check=False).returncode for words in WORK]
    sys.exit(max(codes))
