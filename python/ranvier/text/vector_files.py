"""Files of vectors as word2vec and GloVe write them: text or binary, compressed or not."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ranvier._core import text as native
from ranvier.saving.atomic import replacing
from ranvier.text.errors import VectorFileError

if TYPE_CHECKING:
    from ranvier._typing import Array
    from ranvier.text.vector_table import VectorTable

_CHUNK = 4 << 20  # bytes that are read at a time
_HEADER = re.compile(rb"\s*(\d{1,15})\s+(\d{1,15})\s*")
_LONGEST_HEADER = 100  # bytes
_LARGEST_VECTOR = 1 << 24
_ROWS = 4096  # that are written at a time
_DAMAGE = (EOFError, zlib.error, zipfile.BadZipFile, lzma.LZMAError, gzip.BadGzipFile)


@dataclass(frozen=True)
class Reading:
    """How a file is read: see `KeyedVectors.load_word2vec_format` and `load_glove`."""

    binary: bool = False
    header: bool | None = True  # None: where the first line looks like one
    limit: int | None = None
    encoding: str = "utf-8"
    unicode_errors: str = "strict"
    dtype: Any = np.float32
    check_finite: bool = True
    member: str | None = None


def read_vectors(path: str | os.PathLike[str], how: Reading) -> tuple[list[str], Array]:
    """The words of a file and their vectors; of a word that is there twice, the first.

    Raises: VectorFileError that names the line; OSError.
    """
    where, beginning = Path(path).name, b""
    if how.limit is not None and how.limit < 0:
        raise ValueError(f"[{where}] limit must be None or at least 0, got {how.limit}")
    dtype = np.dtype(how.dtype)
    if dtype not in ("float16", "float32", "float64"):
        raise TypeError(f"[{where}] datatype must be float16, float32 or float64, got {dtype}")
    try:
        with opened(Path(path), how.member) as (file, size), _chunks(file) as chunks:
            beginning = bytes(next(chunks, b""))
            reader, start = _reader(beginning, size, how, dtype)
            reader.feed(memoryview(beginning)[start:])
            for chunk in chunks:
                if reader.full:
                    break
                reader.feed(chunk)
            reader.finish()
        words = _decoded(reader, how)
    except UnicodeError:
        raise
    except _DAMAGE as error:
        raise VectorFileError(f"[{where}] is damaged: {error}") from None
    except ValueError as error:
        raise VectorFileError(f"[{where}] {error}{_hint(beginning, how.binary)}") from None
    return _without_repeats(words, reader.release(dtype), where)


def _reader(beginning: bytes, size: int | None, how: Reading, dtype: np.dtype[Any]) -> tuple[Any, int]:
    """Who reads the file, and where its vectors begin."""
    if not beginning:
        raise ValueError("line 1: the file is empty")
    found = _header(beginning) if how.header is not False else None
    if found is None and how.header:
        line = beginning.split(b"\n", 1)[0][:40].decode(errors="backslashreplace")
        raise ValueError(
            f"line 1: expected a header, the number of vectors and their size, as in '400000 300'; got {line!r}; "
            "no_header=True reads text without one"
        )
    limit = how.limit or None
    if found is None:
        return native.VectorLines(dtype, -1, -1, -1 if limit is None else limit, 1, how.check_finite), 0
    rows, columns, start = found
    if not 1 <= columns <= _LARGEST_VECTOR:
        raise ValueError(f"line 1: expected vectors of 1 to {_LARGEST_VECTOR} numbers, but the header says {columns}")
    wanted = rows if limit is None else min(rows, limit)
    least = wanted * (1 + (4 if how.binary else 2) * columns) - 1
    if size is not None and wanted and least > size - start:
        raise ValueError(
            f"line 1: the header promises {rows} vectors of {columns} numbers, and {wanted} of them need at least "
            f"{least} bytes, but there are {size - start}; the file is cut off, or its header wrong"
        )
    if how.binary:
        return native.VectorRecords(dtype, columns, wanted, wanted == rows and limit is None, how.check_finite), start
    return native.VectorLines(dtype, columns, rows, -1 if limit is None else limit, 2, how.check_finite), start


def _header(beginning: bytes) -> tuple[int, int, int] | None:
    """Number of vectors and their size as the first line says, and where the next begins, or None."""
    end = beginning.find(b"\n", 0, _LONGEST_HEADER)
    line = beginning[: end if end >= 0 else _LONGEST_HEADER]
    match = _HEADER.fullmatch(line)
    if match is None:
        return None
    return int(match[1]), int(match[2]), len(line) + 1


def looks_like_header(beginning: bytes) -> bool:
    """Whether the first line is a header and no vector: the second has as many numbers as it says."""
    found = _header(beginning)
    if found is None:
        return False
    fields = beginning[found[2] :].split(b"\n", 1)[0].split()
    return len(fields) > found[1] or (not fields and found[0] == 0)


def _decoded(reader: Any, how: Reading) -> list[str]:
    try:
        words: list[str] = reader.words(how.encoding, how.unicode_errors)
    except UnicodeDecodeError as error:
        row: int = error.word  # type: ignore[attr-defined]
        at = f"vector {row + 1}" if how.binary else f"line {reader.line_of(row)}"
        raise ValueError(
            f"{at}: the word {error.object!r:.100} is no {how.encoding}: {error.reason}; unicode_errors='replace' or "
            "'ignore' reads it all the same"
        ) from None
    return words


def _hint(beginning: bytes, binary: bool) -> str:
    looks_binary = b"\0" in beginning[:4096]
    if looks_binary and not binary:
        return "; it looks like a binary file: binary=True reads one"
    return "; it looks like a text file: binary=False reads one" if binary and not looks_binary and beginning else ""


def _without_repeats(words: list[str], vectors: Array, where: str) -> tuple[list[str], Array]:
    if len(set(words)) == len(words):
        return words, vectors
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    again = next(word for row, word in enumerate(words) if first[word] != row)
    warnings.warn(
        f"[{where}] {len(words) - len(first)} words are there more than once, such as {again!r:.100}: the first vector "
        "of each is kept",
        UserWarning,
        stacklevel=4,
    )
    kept = np.fromiter(first.values(), np.int64, len(first))
    for begin in range(0, len(kept), _ROWS):  # in place: rows only move up
        rows = kept[begin : begin + _ROWS]
        vectors[begin : begin + len(rows)] = vectors[rows]
    return list(first), vectors[: len(kept)]


@contextmanager
def opened(path: Path, member: str | None = None) -> Iterator[tuple[IO[bytes], int | None]]:
    """A file that may be compressed, by its name, open for reading; and its size, if that is known.

    Raises: OSError; VectorFileError where an archive does not say which file is meant.
    """
    opener = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(path.suffix.lower())
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            if member is None and len(names) == 1:
                member = names[0]
            if member not in names:
                raise VectorFileError(f"expected `member`, one of the archive's files {names}, got {member!r}")
            with archive.open(member) as file:
                yield file, None
    elif opener is not None:
        with opener(path, "rb") as file:  # type: ignore[operator]
            yield file, None
    else:
        with path.open("rb", buffering=0) as file:
            yield file, os.fstat(file.fileno()).st_size


@contextmanager
def _chunks(file: IO[bytes]) -> Iterator[Iterator[memoryview]]:
    """Pieces of a file, each read, and decompressed, while the one before is worked on."""
    buffers = [bytearray(_CHUNK), bytearray(_CHUNK)]

    def pieces(pool: ThreadPoolExecutor) -> Iterator[memoryview]:
        coming = pool.submit(file.readinto, buffers[0])  # type: ignore[attr-defined]
        while size := coming.result():
            ready = memoryview(buffers[0])[:size]
            buffers.reverse()
            coming = pool.submit(file.readinto, buffers[0])  # type: ignore[attr-defined]
            yield ready

    with ThreadPoolExecutor(1) as pool:
        yield pieces(pool)


def read_counts(path: str | os.PathLike[str], how: Reading) -> dict[str, int]:
    """Words and how often they occurred, one pair a line.

    Raises: VectorFileError that names the line.
    """
    where, counts = Path(path).name, {}
    try:
        with opened(Path(path)) as (file, _):
            lines = file.read().split(b"\n")
    except _DAMAGE as error:
        raise VectorFileError(f"[{where}] is damaged: {error}") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            word, count = line.decode(how.encoding, how.unicode_errors).rstrip().rsplit(maxsplit=1)
            counts[word] = int(count)
        except ValueError:
            raise VectorFileError(
                f"[{where}] line {number}: expected a word and its count, got {line[:60]!r}"
            ) from None
    return counts


@dataclass(frozen=True)
class Writing:
    """How a file is written: see `KeyedVectors.save_word2vec_format`."""

    binary: bool = False
    header: bool = True
    total: int | None = None
    prefix: str = ""
    append: bool = False


def write_vectors(path: str | os.PathLike[str], table: VectorTable, rows: Sequence[int] | Array, how: Writing) -> None:
    """Writes vectors in the order of `rows`, whole or not at all.

    Raises: ValueError for a word that could not be read back; OSError.
    """
    with _written(path, how.append) as file:
        if how.header:
            file.write(f"{len(table) if how.total is None else how.total} {table.vector_size}\n".encode())
        for begin in range(0, len(rows), _ROWS):
            block = rows[begin : begin + _ROWS]
            words = [how.prefix + table.index_to_key[row] for row in block]
            file.write(native.write_vectors(words, table.vectors[block], 0, how.binary))


def write_counts(
    path: str | os.PathLike[str], table: VectorTable, rows: Sequence[int] | Array, attr: str, how: Writing
) -> None:
    """Writes words and their counts, one pair a line."""
    counts = table.expandos[attr]
    with _written(path, how.append) as file:
        file.writelines(f"{how.prefix}{table.index_to_key[row]} {counts[row]}\n".encode() for row in rows)


@contextmanager
def _written(path: str | os.PathLike[str], append: bool) -> Iterator[IO[bytes]]:
    with replacing(path) as temporary:
        if append and Path(path).exists():
            shutil.copyfile(path, temporary)
        packed = gzip.open if Path(path).suffix.lower() == ".gz" else open
        with packed(temporary, "ab") as file:
            yield file  # type: ignore[misc]
