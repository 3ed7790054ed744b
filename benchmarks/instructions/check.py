"""Counts the instructions of small workloads and fails where they grew by more than 3 %.

Time is noisy; instructions are not: valgrind's callgrind gives the same number whatever else the machine does. The
cost of starting is left out by counting two runs of different lengths. valgrind knows no AVX-512, and shows the same
processor to the program wherever it runs, so the AVX2 kernels are asked for and the numbers are those of every machine
that has AVX2. They depend on the compiler, so `baseline.json` holds them by compiler.

    python benchmarks/instructions/check.py build/dev/benchmarks/instructions/ranvier_instruction_workloads
    python benchmarks/instructions/check.py --update ...    # after a change that is worth its instructions
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BASELINE = Path(__file__).with_name("baseline.json")
TOLERANCE = 1.03
STEPS = 200
WORKLOADS = ("seed-step", "tabular-step", "one-row-predict")


def instructions(program: Path, workload: str, steps: int) -> int:
    """All instructions of one run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={folder}/out",
            str(program),
            workload,
            str(steps),
        ]
        environment = os.environ | {"RANVIER_ISA": "avx2", "RANVIER_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return int(found[1])


def per_step(program: Path, workload: str) -> int:
    """Instructions of one step, without those of starting."""
    return round((instructions(program, workload, 2 * STEPS) - instructions(program, workload, STEPS)) / STEPS)


def compiler_of(program: Path) -> str:
    """The compiler that made a program, as it wrote it into the file."""
    comment = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(GCC|clang)[^\n]*?(\d+\.\d+)", comment)
    return f"{found[1]} {found[2]}" if found else "unknown"


def main() -> int:
    """Prints a table; 1 if a workload takes more instructions than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--update", action="store_true", help="write the counts as the new baseline")
    options = parser.parse_args()

    if not shutil.which("valgrind"):
        print("valgrind is not installed: nothing is counted")
        return 0
    compiler = compiler_of(options.program)
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    counts = {workload: per_step(options.program, workload) for workload in WORKLOADS}
    if options.update or compiler not in baseline:
        baseline[compiler] = counts
        if options.update:
            BASELINE.write_text(json.dumps(baseline, indent=2, sort_keys=True) + "\n")
        else:
            print(f"no baseline for {compiler}: counts are shown, not checked")
    grown = 0
    for workload, count in counts.items():
        allowed = baseline[compiler][workload]
        verdict = "ok" if count <= allowed * TOLERANCE else "GREW"
        grown += verdict != "ok"
        change = f"{count / allowed - 1:+.1%} against {allowed} ({compiler})"
        print(f"{workload:16} {count:8} instructions, {change}: {verdict}")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
