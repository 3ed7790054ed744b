"""Word vectors: loading files and asking for neighbours, against gensim.

Both load the same files, made here, in processes of their own that take turns, so that their greatest memory can be
seen; queries are then asked in turns as well. `--python` names an interpreter that has gensim.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

LOADS = ("text", "glove", "binary", "native", "native, mapped")
QUERIES = (
    "one word",
    "one vector",
    "one word of the first 30000",
    "one word of the first 1000",
    "distances",
    "similarity",
    "doesnt_match",
    "1000 words",
    "analogies",
)


def make_files(folder: Path, rows: int, size: int) -> None:
    """Vectors as GloVe's are: numbers of about six digits, words of a few letters."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "glove.txt").open("wb") as glove, (folder / "vectors.txt").open("wb") as text:
        text.write(f"{rows} {size}\n".encode())
        for begin in range(0, rows, 4000):
            block = random.normal(0, 0.4, (min(4000, rows - begin), size))
            lines = [
                f"w{begin + i} " + " ".join(["%.5g"] * size) % tuple(row) + "\n" for i, row in enumerate(block.tolist())
            ]
            content = "".join(lines).encode()
            glove.write(content)
            text.write(content)
    words = random.integers(0, min(rows, 30000), (2000, 4))
    with (folder / "analogies.txt").open("w") as file:
        file.write(": all\n")
        file.writelines(" ".join(f"w{i}" for i in four) + "\n" for four in words)


def load(library: str, folder: Path, what: str) -> Any:
    """What a user would call."""
    path = {"glove": "glove.txt", "binary": "vectors.bin", "text": "vectors.txt"}.get(what)
    if library == "ranvier":
        from ranvier import text

        if path is None:
            return text.KeyedVectors.load(folder / "vectors.safetensors", mmap="r" if "mapped" in what else None)
        if what == "glove":
            return text.KeyedVectors.load_glove(folder / path)
        return text.KeyedVectors.load_word2vec_format(folder / path, binary=what == "binary")
    from gensim import models

    if path is None:
        return models.KeyedVectors.load(str(folder / "vectors.kv"), mmap="r" if "mapped" in what else None)
    return models.KeyedVectors.load_word2vec_format(folder / path, binary=what == "binary", no_header=what == "glove")


def high_water() -> float:
    """The greatest memory this process has had, in MB."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6


def measure_load(library: str, folder: Path, what: str) -> dict[str, float]:
    """Seconds, the share of them that a processor worked, and the memory that was taken for it."""
    __import__("ranvier.text.keyed_vectors" if library == "ranvier" else "gensim.models")
    before, begin, worked = high_water(), time.perf_counter(), time.process_time()
    vectors = load(library, folder, what)
    taken = time.perf_counter() - begin
    return {
        "seconds": taken,
        "processor seconds": time.process_time() - worked,
        "memory": high_water() - before,
        "array": vectors.vectors.nbytes / 1e6,
    }


def ask(vectors: Any, what: str, folder: Path) -> float:
    """Seconds of a question: the mean over a quarter of a second, after one that brings the process back."""
    answer(vectors, what, folder)
    begin, asked = time.perf_counter(), 0
    while (taken := time.perf_counter() - begin) < 0.25:
        asked += 1
        answer(vectors, what, folder)
    # Of a thousand words gensim is asked for a tenth, one after the other: there is no other way.
    return taken / asked * (10 if what == "1000 words" and "gensim" in type(vectors).__module__ else 1)


def answer(vectors: Any, what: str, folder: Path) -> None:
    """Asks once."""
    if what == "one word":
        vectors.most_similar("w77")
    elif what == "one vector":
        vectors.similar_by_vector(vectors.vectors[77])
    elif what.startswith("one word of the first "):
        vectors.most_similar("w77", restrict_vocab=int(what.rsplit(maxsplit=1)[-1]))
    elif what == "distances":
        vectors.distances("w77")
    elif what == "similarity":
        vectors.similarity("w77", "w78")
    elif what == "doesnt_match":
        vectors.doesnt_match(["w100", "w101", "w102", "w103", "w104"])
    elif what == "analogies":
        vectors.evaluate_word_analogies(str(folder / "analogies.txt"), restrict_vocab=30000)
    elif "gensim" in type(vectors).__module__:
        for i in range(100, 1100, 10):
            vectors.most_similar(f"w{i}")
    else:
        vectors.similar_by_word([f"w{i}" for i in range(100, 1100)])


def work(library: str, folder: Path) -> None:
    """A process with the vectors, which answers one question a line."""
    vectors = load(library, folder, "binary")
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(ask(vectors, line.strip(), folder)), flush=True)


def prepare(folder: Path) -> None:
    """The other forms of the file, written by Ranvier and, where it is there, by gensim."""
    vectors = load("ranvier", folder, "text")
    vectors.save_word2vec_format(folder / "vectors.bin", binary=True)
    vectors.save(folder / "vectors.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks/word_vectors"))
    parser.add_argument("--loads", nargs="*", default=LOADS)
    parser.add_argument("--queries", nargs="*", default=QUERIES)
    parser.add_argument("--python", type=Path, help="an interpreter with gensim")
    parser.add_argument("--do", nargs=2, metavar=("LIBRARY", "WHAT"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.do:
        library, what = told.do
        if what == "work":
            work(library, told.folder)
        elif what == "prepare":
            load("gensim", told.folder, "binary").save(str(told.folder / "vectors.kv"))
        else:
            print(json.dumps(measure_load(library, told.folder, what)))
        return

    if not (told.folder / "vectors.safetensors").exists():
        make_files(told.folder, told.rows, told.size)
        prepare(told.folder)
        if told.python:
            subprocess.run(command(told.python, told.folder, "gensim", "prepare"), check=True)
    contestants = {"ranvier": Path(sys.executable)} | ({"gensim": told.python} if told.python else {})
    for what in told.loads:
        results: dict[str, list[dict[str, float]]] = defaultdict(list)
        for _ in range(told.rounds):
            for library, python in contestants.items():
                output = subprocess.check_output(command(python, told.folder, library, what), text=True)
                results[library].append(json.loads(output.splitlines()[-1]))
        report(f"load {what}", {name: [r["seconds"] for r in rows] for name, rows in results.items()})
        for library, rows in results.items():
            best = min(rows, key=lambda row: row["memory"])
            print(
                f"    {library}: {min(r['processor seconds'] for r in rows):.2f} s of processors, "
                f"{best['memory']:.0f} MB for an array of {best['array']:.0f} MB"
            )
    if told.queries:
        ask_in_turns(contestants, told)


def command(python: Path, folder: Path, library: str, what: str) -> list[str | Path]:
    return [python, __file__, "--folder", folder, "--do", library, what]


def ask_in_turns(contestants: dict[str, Path], told: argparse.Namespace) -> None:
    """Starts both, and asks one after the other."""
    team = {
        library: subprocess.Popen(
            command(python, told.folder, library, "work"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for library, python in contestants.items()
    }
    for process in team.values():
        assert process.stdout
        process.stdout.readline()
    for what in told.queries:
        times: dict[str, list[float]] = defaultdict(list)
        for _ in range(told.rounds):
            for library, process in team.items():
                assert process.stdin
                assert process.stdout
                process.stdin.write(what + "\n")
                process.stdin.flush()
                times[library].append(json.loads(process.stdout.readline()))
        report(what, times)
    for process in team.values():
        process.communicate()


def report(what: str, times: dict[str, list[float]]) -> None:
    ours = times["ranvier"]
    text = ", ".join(f"{name} {1000 * statistics.median(values):.4g} ms" for name, values in times.items())
    if "gensim" in times:
        ratio = statistics.median(b / a for a, b in zip(ours, times["gensim"], strict=True))
        text += f"; ratio {ratio:.2f}"
    print(f"{what}: {text}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main()
