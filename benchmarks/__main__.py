"""Every benchmark, one after the other. `python -m benchmarks`."""

import subprocess
import sys

WORK = ("benchmarks.start", "benchmarks.search")

if __name__ == "__main__":
    codes = [subprocess.run([sys.executable, "-m", module], check=False).returncode for module in WORK]
    sys.exit(max(codes))
