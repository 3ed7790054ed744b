"""Files of vectors: read and written as word2vec, gensim and GloVe do, whole, damaged and hostile."""

import gzip
import json
import multiprocessing
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier import _core
from ranvier.text import KeyedVectors, VectorFileError

WORDS = ["the", ",", "naïve", "你好", "5", "e", "nan", "a" * 300, "ﬁ\u00a0x"]


def some_vectors(size: int = 6, dtype: Any = np.float32, words: Any = WORDS) -> KeyedVectors:
    numbers = np.random.default_rng(3).normal(size=(len(words), size)).astype(dtype)
    return KeyedVectors(size, keys=words, vectors=numbers)


def as_text(vectors: KeyedVectors, header: bool, end: str = "\n") -> bytes:
    """What word2vec and GloVe write, made here."""
    lines = [f"{len(vectors)} {vectors.vector_size}"] if header else []
    for word, row in zip(vectors.index_to_key, vectors.vectors, strict=True):
        lines.append(word + " " + " ".join(repr(float(x)) for x in row))
    return (end.join(lines) + end).encode()


def as_binary(vectors: KeyedVectors, end: bytes) -> bytes:
    """What word2vec.c writes (a line end after each record) or gensim (none), made here."""
    records = [
        word.encode() + b" " + struct.pack(f"<{len(row)}f", *row) + end
        for word, row in zip(vectors.index_to_key, vectors.vectors, strict=True)
    ]
    return f"{len(vectors)} {vectors.vector_size}\n".encode() + b"".join(records)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def check_same(a: KeyedVectors, b: KeyedVectors) -> None:
    assert a.index_to_key == b.index_to_key
    np.testing.assert_array_equal(a.vectors, b.vectors)


# --- Reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n", "\n\n"])
@pytest.mark.parametrize("size", [1, 6, 300])
def test_text(tmp_path: Path, end: str, size: int) -> None:
    vectors = some_vectors(size)
    word2vec = write(tmp_path / "v.txt", as_text(vectors, True, end))
    glove = write(tmp_path / "g.txt", as_text(vectors, False, end))
    check_same(KeyedVectors.load_word2vec_format(word2vec), vectors)
    check_same(KeyedVectors.load_word2vec_format(glove, no_header=True), vectors)
    check_same(KeyedVectors.load_glove(word2vec), vectors)
    check_same(KeyedVectors.load_glove(glove), vectors)
    cut = KeyedVectors.load_glove(write(tmp_path / "cut.txt", glove.read_bytes().rstrip()))
    check_same(cut, vectors)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_binary(tmp_path: Path, end: bytes) -> None:
    vectors = some_vectors()
    path = write(tmp_path / "v.bin", as_binary(vectors, end))
    check_same(KeyedVectors.load_word2vec_format(path, binary=True), vectors)
    check_same(KeyedVectors.load_word2vec_format(path, binary=True, limit=4), vectors.vectors_for_all(WORDS[:4]))


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_pieces_of_any_size_are_read_alike(threads: int) -> None:
    _core.set_num_threads(threads)
    words = [f"w{i}" for i in range(3000)]
    vectors = some_vectors(12, words=words)
    text, binary = as_text(vectors, False), as_binary(vectors, b"\n").split(b"\n", 1)[1]
    random = np.random.default_rng(0)
    for most in (1_000_000, 300_000, 5000, 61):
        for content, reader in (
            (text, _core.text.VectorLines(np.dtype("float32"), -1, -1, -1, 1, True)),
            (binary, _core.text.VectorRecords(np.dtype("float32"), 12, 3000, True, True)),
        ):
            at = 0
            while at < len(content):
                step = int(random.integers(1, most + 1))
                reader.feed(content[at : at + step])
                at += step
            reader.finish()
            assert reader.words("utf8", "strict") == words
            np.testing.assert_array_equal(reader.release(np.dtype("float32")), vectors.vectors)


def test_compressed_files(tmp_path: Path) -> None:
    vectors = some_vectors()
    packed = write(tmp_path / "v.txt.gz", gzip.compress(as_text(vectors, True)))
    check_same(KeyedVectors.load_word2vec_format(packed), vectors)
    packed = write(tmp_path / "v.bin.gz", gzip.compress(as_binary(vectors, b"\n")))
    check_same(KeyedVectors.load_word2vec_format(packed, binary=True), vectors)
    for names in (["g.txt"], ["g.txt", "other.txt"]):
        with zipfile.ZipFile(tmp_path / "g.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, as_text(vectors, False))
        check_same(KeyedVectors.load_glove(tmp_path / "g.zip", member="g.txt"), vectors)
    with pytest.raises(VectorFileError, match=r"expected `member`, one of .*'g.txt', 'other.txt'.*, got None"):
        KeyedVectors.load_glove(tmp_path / "g.zip")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_are_rounded_correctly(tmp_path: Path, dtype: Any) -> None:
    numbers = ["0.1", "-1e-3", "+.5", "2.", "1E2", "0.30000000000000004441", "16777217", "1e-45", "-0"]
    path = write(tmp_path / "v.txt", ("w " + " ".join(numbers) + "\n").encode())
    read = KeyedVectors.load_glove(path, datatype=dtype, check_finite=False)
    assert read.dtype == dtype
    float64 = np.array([float(x) for x in numbers])
    with np.errstate(over="ignore"):
        expected = float64.astype(dtype)
    np.testing.assert_array_equal(read.vectors[0], expected)


def test_limit(tmp_path: Path) -> None:
    vectors = some_vectors()
    for content in (as_text(vectors, True), as_text(vectors, False)):
        path = write(tmp_path / "v.txt", content)
        for limit in (1, 4, 9, 20):
            check_same(KeyedVectors.load_glove(path, limit=limit), vectors.vectors_for_all(WORDS[:limit]))
        check_same(KeyedVectors.load_glove(path, limit=0), vectors)  # as in gensim


def test_words_with_spaces_as_in_glove_840b(tmp_path: Path) -> None:
    content = "the 1 2 3\n. . . 4 5 6\nat name@domain.com 7 8 9\n5 1 1 1\n\u2002 2 2 2\n"
    read = KeyedVectors.load_glove(write(tmp_path / "g.txt", content.encode()))
    assert read.index_to_key == ["the", ". . .", "at name@domain.com", "5", "\u2002"]
    assert read[". . ."].tolist() == [4, 5, 6]
    assert read["5"].tolist() == [1, 1, 1]
    first = KeyedVectors.load_glove(write(tmp_path / "g.txt", b". . . 4 5 6\nthe 1 2 3\n"))
    assert first.index_to_key == [". . .", "the"]


def test_other_encodings(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", "2 1\nnaïve 1\nplain 2\n".encode("latin-1"))
    assert KeyedVectors.load_word2vec_format(path, encoding="latin-1").index_to_key == ["naïve", "plain"]
    with pytest.raises(
        VectorFileError, match=r"v.txt\] line 2: the word b'na\\xefve' is no utf8: .*unicode_errors='repl"
    ):
        KeyedVectors.load_word2vec_format(path)
    assert KeyedVectors.load_word2vec_format(path, unicode_errors="ignore").index_to_key == ["nave", "plain"]


def test_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", b"2 1\na 1\nb 2\n")
    counts = write(tmp_path / "counts.txt", b"b 7\nc 3\n")
    read = KeyedVectors.load_word2vec_format(path, fvocab=counts)
    assert read.expandos["count"].tolist() == [0, 7]
    with pytest.raises(VectorFileError, match=r"counts.txt\] line 2: expected a word and its count, got b'c x'"):
        KeyedVectors.load_word2vec_format(path, fvocab=write(counts, b"b 7\nc x\n"))


def test_the_first_of_repeated_words_is_kept(tmp_path: Path) -> None:
    rows = [f"w{i % 5000} {i} 1" for i in range(9000)]
    path = write(tmp_path / "v.txt", ("\n".join(rows) + "\n").encode())
    with pytest.warns(UserWarning, match="4000 words are there more than once, such as 'w0'"):
        read = KeyedVectors.load_glove(path)
    assert read.index_to_key == [f"w{i}" for i in range(5000)]
    assert read.vectors[:, 0].tolist() == list(range(5000))


# --- What a file must not be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"bad.txt\] line 1: the file is empty"),
        (b"x y\n", "line 1: expected a header"),
        (b"2 3\na 1 2 3\n", "line 1: the header promises 2 vectors of 3 numbers, .* at least 13 bytes, but .* 8"),
        (b"2 2\naaaaaaaa 1 2\n", "line 3: the file ends after 1 vectors, but its header promises 2"),
        (b"1 2\na 1 2\n\nb 3 4\n", "line 4: the header promises 1 vectors, but there are more"),
        (b"2 2\na 1 2\nb 3\n", "line 3: expected a word and 2 numbers, got 1 number after 'b'"),
        (b"2 2\na 1 2\nb 3 4 5\n", "line 3: expected 2 numbers after the word, got 3 numbers"),
        (b"2 2\na 1 2\nb 3 4x\n", "line 3: expected 2 numbers after the word, but '4x' is none"),
        (b"2 2\na 1 2\nb 1,5 2\n", "line 3: expected 2 numbers after the word, but '1,5' is none"),
        (b"2 2\na 1 2\nb 1 nan\n", "line 3: number 2 of 'b' is not finite: 'nan'"),
        (b"2 2\na 1 2\nb -inf 1\n", "line 3: number 1 of 'b' is not finite: '-inf'"),
        (b"2 2\na 1 2\nb 1e99 1\n", "line 3: number 1 of 'b' is not finite: '1e99'"),
        (b"2 2\n\n\na 1 2\nb 3 \xff\n", r"line 5: .*'\\xff' is none"),
        (b"2 0\na\nb\n", "vectors of 1 to 16777216 numbers, but the header says 0"),
        (b"400000000000 300\na 1 2\n", "the header promises 400000000000 vectors of 300"),
        (b"1 999999999999\na 1 2\n", "vectors of 1 to 16777216 numbers"),
        (b"1 3 0\na 1 2 3\n", "line 1: expected a header"),
        (b"2 2\na 1 2\nb 3 4\0\n", r"'4\?' is none; it looks like a binary file: binary=True"),
    ],
)  # fmt: skip
def test_bad_text(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(VectorFileError, match=message):
        KeyedVectors.load_word2vec_format(write(tmp_path / "bad.txt", content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"just words\nand more\n", "line 1: expected a word and its numbers, got 'just words'"),
        (b"a 1 2\nb 1\n", "line 2: expected a word and 2 numbers, got 1 number after 'b'"),
        (b"\n\n", "line 3: the file ends without a vector"),
    ],
)
def test_bad_glove(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(VectorFileError, match=message):
        KeyedVectors.load_glove(write(tmp_path / "bad.txt", content))


def test_damaged_binary(tmp_path: Path) -> None:
    vectors, path = some_vectors(), tmp_path / "bad.bin"
    whole = as_binary(vectors, b"")

    def load(content: bytes) -> None:
        KeyedVectors.load_word2vec_format(write(path, content), binary=True)

    with pytest.raises(VectorFileError, match=r"bad.bin\] vector 9: the file ends within its numbers, but 9 vectors"):
        load(whole[:-3])
    with pytest.raises(VectorFileError, match="the header promises 9 vectors, but the file goes on"):
        load(whole + b"more")
    with pytest.raises(VectorFileError, match="the header promises 90000 vectors of 6 numbers"):
        load(whole.replace(b"9 6\n", b"90000 6\n", 1))
    with pytest.raises(VectorFileError, match="vector 1, 'the': number 3 is not finite: nan"):
        load(whole[:16] + struct.pack("<f", np.nan) + whole[20:])
    with pytest.raises(VectorFileError, match="vector 1: no word ends within 65536 bytes"):
        load(b"1 2\n" + b"a" * 70_000)
    with pytest.raises(VectorFileError, match="it looks like a text file: binary=False"):
        load(as_text(vectors, True))


def test_damaged_archives(tmp_path: Path) -> None:
    packed = gzip.compress(as_text(some_vectors(), True))
    for content in (packed[:-30], packed[:20] + b"\0\0" + packed[22:], b"no gzip"):
        with pytest.raises(VectorFileError, match=r"v.gz\] is damaged"):
            KeyedVectors.load_word2vec_format(write(tmp_path / "v.gz", content))
    with pytest.raises(VectorFileError, match="is damaged"):
        KeyedVectors.load_glove(write(tmp_path / "v.zip", b"no zip"))
    with pytest.raises(FileNotFoundError):
        KeyedVectors.load_glove(tmp_path / "absent.txt")


def test_a_header_takes_no_memory(tmp_path: Path) -> None:
    """The size of a compressed file says little, so nothing is taken before it has come."""
    lie = gzip.compress(b"900000000 16000000\na 1 2 3\n")
    with pytest.raises(VectorFileError, match="line 2: expected a word and 16000000 numbers"):
        KeyedVectors.load_word2vec_format(write(tmp_path / "v.gz", lie))
    long_then_short = b"a " + b"1 " * 500_000 + b"\n" + b"b 1\n" * 500_000
    with pytest.raises(VectorFileError, match="line 2: expected a word and 500000 numbers, got 1 number after 'b'"):
        KeyedVectors.load_glove(write(tmp_path / "v.txt", long_then_short))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_files_never_crash(data: st.DataObject) -> None:
    vectors = some_vectors(4)
    binary = data.draw(st.booleans())
    content = bytearray(as_binary(vectors, b"\n") if binary else as_text(vectors, data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        kind = data.draw(st.sampled_from(["change", "delete", "insert", "cut", "double"]))
        if kind == "change" and content:
            content[at] = data.draw(st.integers(0, 255))
        elif kind == "delete":
            del content[at : at + data.draw(st.integers(1, 20))]
        elif kind == "insert":
            content[at:at] = data.draw(
                st.sampled_from([b"\n", b" ", b"\0", b"nan", b"1e999", b"\xff", b"-", b"9" * 30])
            )
        elif kind == "cut":
            del content[at:]
        else:
            content += content[at:]
    import tempfile
    import warnings

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # repeated words
        path = write(Path(folder) / "v", bytes(content))
        for load in (KeyedVectors.load_glove, KeyedVectors.load_word2vec_format):
            arguments = {"binary": binary} if load == KeyedVectors.load_word2vec_format else {}
            try:
                read = load(path, **arguments)
            except VectorFileError:
                continue
            assert read.vectors.shape == (len(read), read.vector_size)
            assert np.isfinite(read.vectors).all()


# --- Writing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["v.txt", "v.txt.gz"])
def test_text_reads_back_as_it_was(tmp_path: Path, dtype: Any, name: str) -> None:
    vectors = some_vectors(5, dtype)
    vectors.vectors[0, :3] = [0, -0.0, 1e-40]
    vectors.save_word2vec_format(tmp_path / name)
    check_same(KeyedVectors.load_word2vec_format(tmp_path / name, datatype=dtype), vectors)
    content = (tmp_path / name).read_bytes()
    lines = (gzip.decompress(content) if name.endswith("gz") else content).decode().split("\n")
    assert lines[0] == "9 5"
    assert lines[3].startswith("naïve ")
    assert [dtype(x) for x in lines[3].split(" ")[1:]] == vectors["naïve"].tolist()


def test_binary_is_what_word2vec_writes(tmp_path: Path) -> None:
    vectors = some_vectors()
    vectors.save_word2vec_format(tmp_path / "v.bin", binary=True)
    assert (tmp_path / "v.bin").read_bytes() == as_binary(vectors, b"")


def test_order_counts_prefix_header_and_appending(tmp_path: Path) -> None:
    vectors = KeyedVectors(1, keys=["a", "b", "c"], vectors=np.array([[1], [2], [3]], np.float32), counts=[5, 9, 5])
    path, counts = tmp_path / "v.txt", tmp_path / "counts.txt"
    vectors.save_word2vec_format(path, fvocab=counts, prefix="x_")
    assert path.read_text() == "3 1\nx_b 2\nx_a 1\nx_c 3\n"
    assert counts.read_text() == "x_b 9\nx_a 5\nx_c 5\n"
    vectors.save_word2vec_format(path, write_header=False)
    assert path.read_text() == "b 2\na 1\nc 3\n"
    vectors.save_word2vec_format(path, total_vec=6)
    vectors.save_word2vec_format(path, prefix="y", write_header=False, append=True)
    assert KeyedVectors.load_word2vec_format(path).index_to_key == ["b", "a", "c", "yb", "ya", "yc"]
    with pytest.raises(ValueError, match="there is no attribute 'rank' to write"):
        vectors.save_word2vec_format(path, fvocab=counts, sort_attr="rank")


@pytest.mark.parametrize(
    ("word", "binary", "message"),
    [
        ("a\nb", False, "it has a line end in it"),
        ("", False, "it is empty"),
        ("windows 95", False, "its last part would be read as a number"),
        (" a", False, "it begins or ends with a blank"),
        ("a b", True, "it has a space in it"),
        ("a\nb", True, "it has a line end in it"),
    ],
)
def test_words_that_could_not_be_read_back(tmp_path: Path, word: str, binary: bool, message: str) -> None:
    path = write(tmp_path / "v.txt", b"before")
    vectors = some_vectors(2, words=["fine", word])
    with pytest.raises(ValueError, match=f"cannot be written: {message}"):
        vectors.save_word2vec_format(path, binary=binary)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["v.txt"]  # noqa: PTH208
    vectors.save(tmp_path / "v.safetensors")
    check_same(KeyedVectors.load(tmp_path / "v.safetensors"), vectors)


def test_words_with_spaces_come_back_from_text(tmp_path: Path) -> None:
    vectors = some_vectors(2, words=[". . .", "new york", "at name@domain.com"])
    vectors.save_word2vec_format(tmp_path / "v.txt")
    check_same(KeyedVectors.load_word2vec_format(tmp_path / "v.txt"), vectors)


# --- The native format ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("mmap", [None, "r"])
def test_saving_and_loading(tmp_path: Path, dtype: Any, mmap: str | None) -> None:
    vectors = some_vectors(5, dtype)
    vectors.expandos = {"count": np.arange(9), "weight": np.linspace(0, 1, 9)}
    vectors.save(path := tmp_path / "v.safetensors")
    read = KeyedVectors.load(path, mmap=mmap)
    check_same(read, vectors)
    assert read.dtype == dtype
    assert {name: values.tolist() for name, values in read.expandos.items()} == {
        name: values.tolist() for name, values in vectors.expandos.items()
    }
    assert read.most_similar("the") == vectors.most_similar("the")
    read["the"] = np.zeros(5)  # a mapped table becomes one of its own
    assert not read["the"].any()
    check_same(KeyedVectors.load(path), vectors)
    empty = KeyedVectors(3)
    empty.save(path)
    assert len(KeyedVectors.load(path, mmap=mmap)) == 0


def test_mapped_vectors_are_the_file(tmp_path: Path) -> None:
    some_vectors().save(path := tmp_path / "v.safetensors")
    one, two = KeyedVectors.load(path, mmap="r"), KeyedVectors.load(path, mmap="r")
    with pytest.raises(ValueError, match="read-only"):
        one.vectors[0] = 1
    size = int.from_bytes(path.read_bytes()[:8], "little")
    header = json.loads(path.read_bytes()[8 : 8 + size])
    with path.open("r+b") as file:
        file.seek(8 + size + header["vectors"]["data_offsets"][0])
        file.write(struct.pack("<f", 42))
    assert one.vectors[0, 0] == two.vectors[0, 0] == 42
    with pytest.raises(VectorFileError, match="does not match its checksum"):
        KeyedVectors.load(path)


ASK = """
import sys
from ranvier.text import KeyedVectors

vectors = KeyedVectors.load(sys.argv[1], mmap="r")
print(vectors.vectors.flags.writeable, flush=True)
for line in sys.stdin:
    print([(word, value.hex()) for word, value in vectors.most_similar(line.strip(), topn=20)], flush=True)
"""


def test_two_processes_share_a_mapped_file(tmp_path: Path) -> None:
    words = [f"w{i}" for i in range(3000)]
    vectors = some_vectors(50, words=words)
    vectors.save(path := tmp_path / "v.safetensors")
    before = path.read_bytes()
    command = [sys.executable, "-c", ASK, str(path)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as two,
    ):
        # Both have it open before either is asked.
        assert [process.stdout.readline() for process in (one, two)] == ["False\n", "False\n"]
        for word in ("w0", "w1234", "w2999"):
            for process in (one, two):
                process.stdin.write(word + "\n")
                process.stdin.flush()
            found = [process.stdout.readline() for process in (one, two)]
            expected = [(near, value.hex()) for near, value in vectors.most_similar(word, topn=20)]
            assert found == [f"{expected}\n"] * 2
        for process in (one, two):
            process.stdin.close()
    assert one.returncode == two.returncode == 0
    assert path.read_bytes() == before


def test_damage_to_the_native_format(tmp_path: Path) -> None:
    some_vectors(3, words=["a", "b", "c"]).save(path := tmp_path / "v.safetensors")
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    for _ in range(150):
        damaged = bytearray(whole)
        for at in random.integers(0, len(whole), int(random.integers(1, 4))):
            damaged[at] ^= int(random.integers(1, 256))
        path.write_bytes(damaged[: len(damaged) - int(random.integers(0, 3))])
        with pytest.raises(VectorFileError):
            KeyedVectors.load(path)
    with pytest.raises(ValueError, match="mmap must be one of None, 'r'"):
        KeyedVectors.load(path, mmap="w")
    import ranvier

    model = ranvier.Sequential([ranvier.layers.Input((2,)), ranvier.layers.Dense(1)])
    model.save(path)
    with pytest.raises(VectorFileError, match="expected a file of a vectors, got one of 'model'"):
        KeyedVectors.load(path)


def _half_of_the_file(path: str) -> None:
    os.environ["RANVIER_NUM_THREADS"] = "1"
    vectors = KeyedVectors(300, keys=map(str, range(20_000)), vectors=np.ones((20_000, 300), np.float32))
    while True:
        vectors.save_word2vec_format(path)


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", b"1 1\nold 1\n")
    process = multiprocessing.get_context("spawn").Process(target=_half_of_the_file, args=(str(path),))
    process.start()
    try:
        while len(os.listdir(tmp_path)) < 2:  # noqa: PTH208
            assert process.is_alive()
    finally:
        process.kill()
        process.join()
    assert len(KeyedVectors.load_word2vec_format(path)) in (1, 20_000)
